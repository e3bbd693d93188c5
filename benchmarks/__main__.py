"""`python -m benchmarks`: every benchmark in turn, and its output in results.md beside the machine it ran on."""

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jax

HERE = Path(__file__).parent
SEARCH = "smallest_width.py"
COMMANDS = (
    ("Smallest width, m = 256", SEARCH, "--m", "256", "--rounds", "1"),
    ("Smallest width, m = 1000", SEARCH, "--m", "1000", "--rounds", "1"),
    ("Smallest width, Theorem 2, every pair", SEARCH, "--of", "bernoulli", "--seeds", "8", "--rounds", "1"),
    ("Smallest width, Theorem 2, 99% of the pairs", SEARCH, "--of", "bernoulli", "--criterion", "q99", "--seeds", "8",
     "--rounds", "1"),
    ("All pairs of one network", "all_pairs.py"),
    ("Drawn events", "drawn_events.py"),
    ("A deep layer", "deep_layer.py"),
    ("Channels in JAX and in SciPy", "channel_layers.py"),
    ("Deep networks, time and memory", "deep_cost.py"),
    ("Theorem 8 in JAX and in SciPy", "deep_crossover.py"),
    ("A million features, 256 layers deep", "million.py"),
    ("Cost against size", "cost_against_size.py"),
    ("Compilation", "compilation.py"),
    ("Trained networks, eight seeds", "training.py"),
    ("Hours of the full profiles", "full_hours.py"),
)  # fmt: skip
"""Title, script and its arguments. `training.py` leaves PyTorch out where it is not installed."""


def machine() -> str:
    """The machine and the packages, one line each."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = {line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib", "numpy"))
    return "\n".join(
        (
            f"- {', '.join(sorted(names)) or platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB",
            f"- {', '.join(sorted({device.device_kind for device in jax.devices()}))} as JAX's device",
            f"- {platform.system()}, Python {platform.python_version()}, {packages}",
        )
    )


def main() -> None:
    """Run the benchmarks, or those whose script is named, and put each one's output into results.md when it ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scripts", nargs="*", help="such as all_pairs.py (default: all)")
    wanted = parser.parse_args().scripts
    for title, script, *arguments in COMMANDS:
        if wanted and script not in wanted:
            continue
        print(title, flush=True)
        command = [sys.executable, str(HERE / script), *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        print(done.stdout, flush=True)
        fence = "" if done.stdout.startswith("|") else "```\n"
        text = f"{fence}{done.stdout.rstrip()}\n{fence}".rstrip()
        put(title, f"`python benchmarks/{' '.join([script, *arguments])}`\n\n{text}")


def put(title: str, text: str) -> None:
    """Write one section of results.md. The others keep what their last run gave."""
    path = HERE / "results.md"
    _, *old = path.read_text().rstrip().split("\n\n## ") if path.exists() else [""]
    sections = {section.split("\n", 1)[0]: section for section in old} | {title: f"{title}\n\n{text}"}
    order = [name for name, *_ in COMMANDS if name in sections]
    head = (
        "# Benchmarks\n\nMade by `python -m benchmarks`. [README.md](README.md) says what is compared.\n\n" + machine()
    )
    path.write_text("\n\n## ".join([head, *(sections[name] for name in order)]) + "\n")


if __name__ == "__main__":
    main()

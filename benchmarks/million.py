"""A million features through 256 layers of a circuit, 1000 inputs: time and memory of one run on one core.

    python benchmarks/million.py [--small]

Channels with s = 3 and c = 4 in 65,536 neurons. "planted paths": the wires of whole layers are made, and gates with one
input on are among those that are read. "closed groups": only what active units are wired to is made. The limit is ten
minutes on two idle cores. CPU seconds do not depend on what else the machine does.
"""

import argparse
import resource
import subprocess
import sys
import time

import jax

from superposed.compiler.channels import Channels
from superposed.compiler.channels_on_demand import ClosedGroups, run_groups
from superposed.study.deep_runs import run_piece

S, C, WIDTH, SMALL = 3, 4, 2**16, (2**10, 3000, 4, 20)
SIZE = (WIDTH, 10**6 - 1, 256, 1000)
KINDS = ("planted paths", "closed groups")


def run(kind: str, width: int, m: int, depth: int, batch: int) -> tuple[int, int]:
    """(layers that were run, wrong bits in them)."""
    if kind == "closed groups":
        layers = list(run_groups(jax.random.key(0), ClosedGroups(m, S, depth, batch), width, C))
        return len(layers), sum(layer.wrong for layer in layers)
    cell = {"circuit": "paths", "width": width, "m": m, "s": S, "depth": depth, "batch": batch, "seed": 0}
    layers = run_piece({**cell, "first": 0, "layers": depth}, None, Channels(S, C), stop_at=10)["layers"]
    return len(layers), sum(layer["wrong"] for layer in layers)


def main() -> None:
    """One row a kind of circuit, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="only a small network, to see that it runs")
    parser.add_argument("--one", choices=KINDS, help="one row")
    args = parser.parse_args()
    size = SMALL if args.small else SIZE
    if args.one:
        layers, wrong = run(args.one, *size)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        width, m, depth, batch = size
        print(f"| {args.one} | {width:,} | {m:,} | {layers} of {depth} | {batch:,} | {wrong} | "
              f"{time.process_time():.0f} | {peak:.2f} |")  # fmt: skip
        return
    print("| circuit | d | m | layers | inputs | wrong bits | CPU seconds | peak GiB |", flush=True)
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for kind in KINDS:
        subprocess.run([sys.executable, __file__, "--one", kind, *["--small"] * args.small], check=True)


if __name__ == "__main__":
    main()

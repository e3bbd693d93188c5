"""Programs that experiments compile, and what a filled cache of compiled programs saves.

Each experiment runs twice in processes of their own, with an empty cache and then with that cache. Seconds are CPU
seconds of the whole process. Compilation is the time that JAX says it spent compiling or fetching programs.

Run: python benchmarks/compilation.py [NAME ...] [--profile quick]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

from superposed.study.loading import experiment_names

RUN = """
import json, sys, time
import jax
found = {"programs": 0, "compiling": 0.0}
def listen(event, seconds, **_):
    if event.endswith("backend_compile_duration"):
        found["programs"] += 1
        found["compiling"] += seconds
jax.monitoring.register_event_duration_secs_listener(listen)
from superposed.cli import main
status = main(sys.argv[1:])
print(json.dumps({**found, "seconds": time.process_time(), "status": status or 0}), file=sys.stderr)
"""


def run(name: str, profile: str, cache: str) -> dict:
    """What one run of an experiment took."""
    with tempfile.TemporaryDirectory() as out:
        environment = {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        command = [sys.executable, "-c", RUN, "run", name, "--profile", profile, "--out", out]
        done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    return json.loads(done.stderr.splitlines()[-1])


def main() -> None:
    """A line an experiment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=experiment_names())
    parser.add_argument("--profile", default="quick")
    args = parser.parse_args()
    print(f"| experiment, {args.profile} | programs | compiling, s | first run, s | second run, s | second / first |")
    print("|---|---|---|---|---|---|")
    for name in args.names:
        with tempfile.TemporaryDirectory() as cache:
            first, second = (run(name, args.profile, cache) for _ in range(2))
        ratio = second["seconds"] / first["seconds"]
        print(f"| {name} | {first['programs']} | {first['compiling']:.1f} | {first['seconds']:.1f} | "
              f"{second['seconds']:.1f} | {ratio:.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

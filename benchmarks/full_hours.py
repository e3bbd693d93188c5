"""What the `full` profile of every experiment takes on this machine, by `superposed plan`.

The plan times one block of each kind of question, and estimates the rest from the number of operations. Its hours are
right to a factor of two or three. Steps, such as trainings and compiled circuits, have no length that is known ahead.

Run: python benchmarks/full_hours.py [NAME ...] [--profile full]
"""

import argparse
import json
import subprocess
import sys

from superposed.study.loading import experiment_names


def plan(name: str, profile: str) -> dict:
    """What the plan of one experiment says."""
    command = [sys.executable, "-m", "superposed", "plan", name, "--profile", profile, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """A line an experiment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=experiment_names())
    parser.add_argument("--profile", default="full")
    args = parser.parse_args()
    print(f"| experiment, {args.profile} | networks | programs | GiB | hours of networks | steps of unknown length |")
    print("|---|---|---|---|---|---|")
    for name in args.names:
        found = plan(name, args.profile)
        kinds = [kind for kind in found["kinds"] if kind["kind"] != "steps"]
        networks, programs = (sum(kind[key] for kind in kinds) for key in ("networks", "programs"))
        memory = max((kind["memory"] for kind in kinds), default=0) / 2**30
        hours = "" if found["seconds"] is None else f"{found['seconds'] / 3600:.2g}"
        print(f"| {name} | {networks or ''} | {programs or ''} | {f'{memory:.2g}' if kinds else ''} | {hours} | "
              f"{found['steps of unknown length'] or ''} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

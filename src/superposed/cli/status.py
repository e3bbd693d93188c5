"""`superposed status`: what a folder of rows answers, and what it leaves open."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from superposed.cli import sweep
from superposed.cli.output import print_json
from superposed.cli.run import profile_of
from superposed.study.loading import load_experiment
from superposed.sweeping.record import Seen
from superposed.sweeping.store import read_folder, read_manifest
from superposed.sweeping.tasks import Task


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `status`."""
    status = commands.add_parser("status", description="How far the run in a folder has come.")
    status.add_argument("folder", type=Path, metavar="DIR")
    status.add_argument("--json", action="store_true", help="one JSON object on standard output")
    status.set_defaults(run=run_status)


def run_status(args: argparse.Namespace) -> None:
    """Rows, and questions answered and open."""
    name, profile, tasks = question_of(args.folder)
    seen = Seen(read_folder(args.folder))
    n_open = sum(bool(task.pending(seen)) for task in tasks)
    result = {"experiment": name, "profile": profile, "rows": len(seen), "questions": len(tasks), "open": n_open}
    if args.json:
        print_json(result)
        return
    print(f"{name}, profile {profile}: {len(seen)} rows, {len(tasks) - n_open} of {len(tasks)} questions answered")


def question_of(folder: Path) -> tuple[str, str, Sequence[Task]]:
    """(experiment, profile, tasks) of the run in a folder.

    Raises:
      ValueError: it is not the folder of a run, or the experiment is not here.
    """
    manifest = read_manifest(folder)
    name, profile = (manifest["configuration"].get(key) for key in ("experiment", "profile"))
    if not (isinstance(name, str) and isinstance(profile, str)):
        raise ValueError(f"{folder}: its manifest names no experiment; give a folder that `superposed run` made")
    if "command" in manifest:
        parser = argparse.ArgumentParser()
        sweep.add_commands(parser.add_subparsers())
        experiment = sweep.experiment_of(parser.parse_args(manifest["command"]))
    else:
        experiment = load_experiment(manifest.get("file", name))[1]
    return name, profile, experiment.tasks(profile_of(experiment, profile))

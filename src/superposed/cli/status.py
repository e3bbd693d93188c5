"""`superposed status`: what a folder of rows answers, and what it leaves open."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from superposed.cli import sweep
from superposed.cli.output import print_json
from superposed.cli.run import profile_of
from superposed.study.loading import load_experiment
from superposed.sweeping.failures import n_damaged, read_failures
from superposed.sweeping.record import Seen
from superposed.sweeping.store import read_folder, read_manifest, read_rows, read_sessions
from superposed.sweeping.task import Task


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `status`."""
    status = commands.add_parser("status", description="How far the run in a folder has come.")
    status.add_argument("folder", type=Path, metavar="DIR", help="a folder of rows, such as runs/NAME-PROFILE")
    status.add_argument("--json", action="store_true", help="one JSON object on standard output")
    status.set_defaults(run=run_status)


def run_status(args: argparse.Namespace) -> None:
    """Rows, questions answered and open, the rate, the time left, and what went wrong."""
    name, profile, tasks = question_of(args.folder)
    seen = Seen(read_folder(args.folder))
    is_open = [bool(task.pending(seen)) for task in tasks]
    rate = rows_a_second(args.folder)
    failed, damaged = read_failures(args.folder), n_damaged(args.folder)
    result = {
        "experiment": name, "profile": profile, "rows": len(seen), "questions": len(tasks), "open": sum(is_open),
        "rows_a_second": rate, "seconds_left": seconds_left(tasks, is_open, len(seen), rate),
        "failures": failed, "damaged_rows": damaged,
    }  # fmt: skip
    if args.json:
        print_json(result)
        return
    answered = f"{len(tasks) - sum(is_open)} of {len(tasks)} questions answered"
    print(f"{name}, profile {profile}: {len(seen)} rows, {answered}")
    if any(is_open) and rate:
        left = result["seconds_left"]
        print(f"{rate:.3g} rows a second" + ("" if left is None else f", about {left / 60:.3g} minutes left"))
    if failed:
        print(
            f"{len(failed)} failures, the last one {failed[-1]['time']} on {failed[-1]['host']}: {failed[-1]['error']}"
        )
    if damaged:
        print(f"{damaged} damaged rows set aside; their cells are measured again")


def rows_a_second(folder: Path) -> float | None:
    """Rows a second of the last session of each file, added up; None where no session has two rows.

    A session begins at its start and ends, so far, with the last row of its file.
    """
    total = 0.0
    for file, session in {session.get("file"): session for session in read_sessions(folder)}.items():
        path = folder / str(file)
        if not path.is_file():
            continue
        ids = [record.id for record in read_rows(path)]
        if session.get("first_row") not in ids:
            continue
        started = time.mktime(time.strptime(session["started"][:19], "%Y-%m-%dT%H:%M:%S"))
        seconds = path.stat().st_mtime - started
        rows = len(ids) - ids.index(session["first_row"])
        total += rows / seconds if rows > 1 and seconds > 0 else 0.0
    return total or None


def seconds_left(tasks: Sequence[Task], is_open: Sequence[bool], n_rows: int, rate: float | None) -> float | None:
    """The time that the open questions take at this rate, by their work; None before the first one is answered."""
    left = sum(task.cost() for task, open_ in zip(tasks, is_open, strict=True) if open_)
    done = sum(task.cost() for task in tasks) - left
    return n_rows / rate * left / done if rate and done else None


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

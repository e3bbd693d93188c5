"""`superposed run`: one experiment, measured until it is answered."""

import argparse
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from superposed.cli.children import end_with_parent
from superposed.cli.options import add_devices, check_folder, use_devices
from superposed.cli.output import note, print_json
from superposed.cli.progress import progress
from superposed.cli.words import pick
from superposed.study.experiment import Experiment, configuration
from superposed.study.loading import load_experiment
from superposed.sweeping.cluster import sweep_on_cluster
from superposed.sweeping.failures import note_failure
from superposed.sweeping.store import Store
from superposed.sweeping.sweep import shard_of, sweep
from superposed.sweeping.task import Task

PROFILES = ("tiny", "quick", "standard", "full")
UNFINISHED = 3
"""Exit status of a run that stopped at its time limit with questions left."""


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `run`."""
    run = commands.add_parser("run", description="Measure one experiment. Run the same command again to resume.")
    run.add_argument("name", metavar="NAME", help="an experiment in experiments/ by name, or the path of any file")
    run.add_argument("--profile", default="quick", help=f"{', '.join(PROFILES)}, or one of its own (default quick)")
    run.add_argument("--out", type=Path, help="folder of the rows (default runs/NAME-PROFILE)")
    add_limits(run)
    run.add_argument("--json", action="store_true", help="one JSON object on standard output")
    run.set_defaults(run=run_one, resumes=True)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """How much of the work, and for how long."""
    parser.add_argument(
        "--shard", type=shard, default=(1, 1), metavar="i/n",
        help="measure the i-th of n parts; each process its own part (default 1/1)",
    )  # fmt: skip
    parser.add_argument(
        "--time-limit", type=duration, help="stop after the block that ends then, such as 50m or 2h; exit status 3"
    )
    parser.add_argument("--cluster", metavar="ADDRESS", help="measure on a Dask cluster, such as tcp://scheduler:8786")
    add_devices(parser)


def duration(text: str) -> float:
    """Seconds from 90, 90s, 50m or 2h."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 50m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def shard(text: str) -> tuple[int, int]:
    """(i, n) from i/n with 1 <= i <= n."""
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no part; write i/n with 1 <= i <= n, such as 1/4")
    return int(match[1]), int(match[2])


def profile_of(experiment: Experiment, profile: str) -> object:
    """The profile; ValueError that suggests the nearest name."""
    return pick("profile", profile, experiment.profiles)


def run_one(args: argparse.Namespace) -> int:
    """Measure what one experiment still needs."""
    end_with_parent()
    use_devices(args)
    name, experiment = load_experiment(args.name)
    profile_of(experiment, args.profile)
    about = {"file": str(Path(args.name).resolve())} if args.name.endswith(".py") else None
    folder = args.out or Path("runs") / f"{name}-{args.profile}"
    check_folder("--out", folder)
    finished, rows = complete(name, experiment, args.profile, folder, args.shard, args.time_limit, about, args.cluster)
    if args.json:
        result = {"experiment": name, "profile": args.profile, "folder": str(folder)}
        print_json(result | {"finished": finished, "rows": rows})
    return say_how_far(name, folder, finished, rows, quiet=args.json)


def say_how_far(name: str, folder: Path, finished: bool, rows: int, quiet: bool) -> int:
    """Tell the person who waits whether everything is measured; the exit status."""
    if not finished:
        note(f"{name}: time limit reached with {rows} rows in {folder}; run the same command again to resume")
        return UNFINISHED
    if not quiet:
        note(f"{name}: every question of this part is answered, {rows} rows in {folder}")
    return 0


def complete(
    name: str,
    experiment: Experiment,
    profile: str,
    folder: Path,
    part: tuple[int, int] = (1, 1),
    time_limit: float | None = None,
    about: Mapping[str, object] | None = None,
    cluster: str | None = None,
) -> tuple[bool, int]:
    """Measure until every task of the part is answered or the time is up; (finished, rows in the folder)."""
    tasks = shard_of(experiment.tasks(experiment.profiles[profile]), *part)
    return measure_tasks(
        name, tasks, configuration(name, experiment, profile), folder, part, time_limit, about, cluster
    )


def measure_tasks(
    title: str,
    tasks: Sequence[Task],
    settings: dict,
    folder: Path,
    part: tuple[int, int] = (1, 1),
    time_limit: float | None = None,
    about: Mapping[str, object] | None = None,
    cluster: str | None = None,
) -> tuple[bool, int]:
    """Measure the tasks into a folder, with progress; (finished, rows in the folder)."""
    deadline = None if time_limit is None else time.monotonic() + time_limit
    with Store(folder, settings, f"{part[0]}of{part[1]}", about) as store, progress(title, len(tasks)) as shown:
        before = len(store.records)
        rows = sweep(tasks, store) if cluster is None else sweep_on_cluster(tasks, store, cluster)
        try:
            for number, _ in rows:
                shown.update(number, len(store.records) - before)
                if deadline is not None and time.monotonic() > deadline:
                    break
        except Exception as error:
            note_failure(folder, error)
            raise
        finished = not any(task.pending(store.records) for task in tasks)
        return finished, len(store.records)

"""`superposed run`, `reproduce`, `figures` and `status`: experiments, their figures, and the table of verdicts."""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from superposed.cli.options import check_folder, pick
from superposed.cli.output import note, print_json
from superposed.cli.progress import progress
from superposed.study.experiment import Analysis, Experiment, configuration, load_experiments
from superposed.sweeping.record import Seen
from superposed.sweeping.store import Store, read_folder, read_manifest
from superposed.sweeping.sweep import shard_of, sweep

PROFILES = ("tiny", "quick", "standard", "full")
UNFINISHED = 3
"""Exit status of a run that stopped at its time limit with questions left."""


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `reproduce`, `run`, `figures` and `status`."""
    every = commands.add_parser("reproduce", help="every experiment, its figure, and the table of verdicts")
    every.add_argument("--profile", default="quick", help=f"{', '.join(PROFILES)} (default quick)")
    every.add_argument("--runs", type=Path, default=Path("runs"), help="where rows are kept (default runs/)")
    every.add_argument("--figures", type=Path, default=Path("figures"), help="where figures go (default figures/)")
    every.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="experiments measured at once (default 2)"
    )
    every.add_argument("--json", action="store_true", help="one JSON object on standard output")
    every.set_defaults(run=run_reproduce)

    one = commands.add_parser("run", help="one experiment; run again to resume")
    one.add_argument("name", metavar="NAME", help="an experiment, by the name of its file in experiments/")
    one.add_argument("--profile", default="quick", help=f"{', '.join(PROFILES)}, or one of its own (default quick)")
    one.add_argument("--out", type=Path, help="folder of the rows (default runs/NAME-PROFILE)")
    one.add_argument(
        "--shard", default="1/1", help="i/n: measure the i-th of n parts; each process its own part (default 1/1)"
    )
    one.add_argument(
        "--time-limit",
        type=duration,
        help="stop before the next block after this long, such as 50m or 2h; exit status 3",
    )
    one.add_argument("--json", action="store_true", help="one JSON object on standard output")
    one.set_defaults(run=run_one)

    drawn = commands.add_parser("figures", help="draw figures again from the rows that are there")
    drawn.add_argument("names", nargs="*", metavar="NAME", help="experiments (default: all that have rows)")
    drawn.add_argument("--profile", default="quick", help=f"{', '.join(PROFILES)}, or one of its own (default quick)")
    drawn.add_argument("--runs", type=Path, default=Path("runs"), help="where rows are kept (default runs/)")
    drawn.add_argument("--figures", type=Path, default=Path("figures"), help="where figures go (default figures/)")
    drawn.set_defaults(run=run_figures)

    status = commands.add_parser("status", help="how far the run in a folder has come")
    status.add_argument("folder", type=Path, metavar="DIR")
    status.add_argument("--json", action="store_true", help="one JSON object on standard output")
    status.set_defaults(run=run_status)


def duration(text: str) -> float:
    """Seconds from 90, 90s, 50m or 2h."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 50m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def shard(text: str) -> tuple[int, int]:
    """(i, n) from i/n with 1 <= i <= n."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"--shard {text}: write i/n with 1 <= i <= n, such as 1/4")
    return int(match[1]), int(match[2])


def profile_of(name: str, experiment: Experiment, profile: str) -> object:
    """The profile; ValueError that suggests the nearest name."""
    return pick("profile", profile, experiment.profiles)


def run_one(args: argparse.Namespace) -> int:
    """Measure what one experiment still needs."""
    experiment = pick("experiment", args.name, load_experiments())
    profile_of(args.name, experiment, args.profile)
    index, n_shards = shard(args.shard)
    folder = args.out or Path("runs") / f"{args.name}-{args.profile}"
    check_folder("--out", folder)
    deadline = None if args.time_limit is None else time.monotonic() + args.time_limit
    finished, rows = complete(args.name, experiment, args.profile, folder, index, n_shards, deadline)
    if args.json:
        print_json(
            {
                "experiment": args.name,
                "profile": args.profile,
                "folder": str(folder),
                "finished": finished,
                "rows": rows,
            }
        )
    elif finished:
        note(f"{args.name}: every question of this part is answered, {rows} rows in {folder}")
    if not finished:
        note(f"{args.name}: time limit reached with {rows} rows in {folder}; run the same command again to resume")
    return 0 if finished else UNFINISHED


def complete(
    name: str,
    experiment: Experiment,
    profile: str,
    folder: Path,
    index: int = 1,
    n_shards: int = 1,
    deadline: float | None = None,
) -> tuple[bool, int]:
    """Measure until every task of the shard is answered or the deadline has passed; (finished, rows in the folder)."""
    tasks = shard_of(experiment.tasks(experiment.profiles[profile]), index, n_shards)
    settings = configuration(name, experiment, profile)
    with Store(folder, settings, f"{index}of{n_shards}") as store, progress(name, len(tasks)) as shown:
        before = len(store.records)
        for number, _ in sweep(tasks, store):
            shown.update(number, len(store.records) - before)
            if deadline is not None and time.monotonic() > deadline:
                break
        finished = not any(task.pending(store.records) for task in tasks)
        return finished, len(store.records)


def run_reproduce(args: argparse.Namespace) -> None:
    """Every experiment in turn, then the verdicts."""
    experiments = load_experiments()
    if args.jobs < 1:
        raise ValueError(f"--jobs {args.jobs}: measure one experiment at a time or more")
    check_folder("--runs", args.runs)
    check_folder("--figures", args.figures)
    results = {}
    for name, experiment in experiments.items():
        profile_of(name, experiment, args.profile)
    started = time.perf_counter()
    with ThreadPoolExecutor(min(args.jobs, len(experiments))) as pool:
        folder = lambda name: args.runs / f"{name}-{args.profile}"
        measured = {
            name: pool.submit(run_apart, name, args.profile, folder(name))
            for name in longest_first(experiments, args.profile)
        }
        for name, finished in measured.items():
            finished.result()
            results[name] = figure(name, experiments[name], args.profile, args.runs, args.figures)
            note(f"{name}: {args.figures / name}.png, {time.perf_counter() - started:.0f} s since the start")
    if args.json:
        print_json({name: [vars(finding) for finding in analysis.findings] for name, analysis in results.items()})
        return
    print(verdict_table(results))


def longest_first(experiments: dict[str, Experiment], profile: str) -> list[str]:
    """Names by how many questions an experiment asks, so that none is left alone at the end."""
    return sorted(experiments, key=lambda name: -len(experiments[name].tasks(experiments[name].profiles[profile])))


CHILDREN: list[subprocess.Popen] = []
"""Processes of `run_apart`."""


def stop_children() -> None:
    """End what `run_apart` started, when this process is interrupted: Ctrl-C reaches them too, but a signal to one process not."""
    for child in CHILDREN:
        if child.poll() is None:
            child.terminate()


def run_apart(name: str, profile: str, folder: Path) -> None:
    """`superposed run` in a process of its own: compiling keeps hardly more than one core busy.

    Raises:
      ValueError: it failed; its own message has been printed.
    """
    words = [sys.executable, "-m", "superposed", "run", name, "--profile", profile, "--out", str(folder)]
    CHILDREN.append(child := subprocess.Popen(words))
    status = child.wait()
    if status:
        raise ValueError(
            f"{name}: `superposed run {name} --profile {profile}` ended with status {status}; what it measured is kept"
        )


def verdict_table(results: dict[str, Analysis]) -> str:
    """The findings of all experiments, two lines each."""
    lines = []
    for name in sorted(results):
        lines.append(f"\n{name}")
        for finding in results[name].findings:
            lines.append(f"  {finding.verdict:>12}  {finding.question}")
            lines.append(f"{'':16}{finding.measured}   ({finding.range})")
    return "\n".join(lines)


def figure(name: str, experiment: Experiment, profile: str, runs: Path, figures: Path) -> Analysis:
    """Analyse the rows of a run and write its figure."""
    from superposed.figures.save import save

    folder = runs / f"{name}-{profile}"
    settings = read_manifest(folder)
    seen = Seen(read_folder(folder))
    if any(task.pending(seen) for task in experiment.tasks(experiment.profiles[profile])):
        raise ValueError(f"{folder}: questions are left open; `superposed run {name} --profile {profile}` answers them")
    analysis = experiment.analyse(experiment.profiles[profile], seen)
    save(name, experiment, profile, analysis, {k: v for k, v in settings.items() if k != "configuration"}, figures)
    return analysis


def run_figures(args: argparse.Namespace) -> None:
    """Draw again what has rows."""
    experiments = load_experiments()
    names = args.names or [name for name in experiments if (args.runs / f"{name}-{args.profile}").is_dir()]
    if not names:
        raise ValueError(
            f"--runs {args.runs}: no rows of profile {args.profile} here; `superposed reproduce` measures them"
        )
    for name in names:
        experiment = pick("experiment", name, experiments)
        profile_of(name, experiment, args.profile)
        figure(name, experiment, args.profile, args.runs, args.figures)
        print(args.figures / f"{name}.png")


def run_status(args: argparse.Namespace) -> None:
    """Rows, and questions answered and open."""
    settings = read_manifest(args.folder)["configuration"]
    name, profile = settings.get("experiment"), settings.get("profile")
    experiment = pick("experiment", name, load_experiments())
    seen = Seen(read_folder(args.folder))
    tasks = experiment.tasks(profile_of(name, experiment, profile))
    n_open = sum(bool(task.pending(seen)) for task in tasks)
    result = {"experiment": name, "profile": profile, "rows": len(seen), "questions": len(tasks), "open": n_open}
    if args.json:
        print_json(result)
        return
    print(f"{name}, profile {profile}: {len(seen)} rows, {len(tasks) - n_open} of {len(tasks)} questions answered")

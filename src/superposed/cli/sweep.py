"""`superposed sweep`: the smallest width of a construction along m, from rows to figure."""

import argparse
from pathlib import Path

from superposed.bad_input import InputError
from superposed.cli.constructions import add_construction, construction_of
from superposed.cli.measure import add_criterion
from superposed.cli.options import add_sampling, check_folder, sampling_of, use_devices
from superposed.cli.output import note, print_json
from superposed.cli.run import UNFINISHED, add_limits, measure_tasks
from superposed.cli.words import exponent, pick, span, whole
from superposed.fitting import Report, render
from superposed.measuring.criteria import CRITERIA
from superposed.networks.problem import Problem
from superposed.study.experiment import Experiment, configuration
from superposed.study.width_sweep import WidthSweep, ladder_of
from superposed.sweeping.record import Seen
from superposed.sweeping.store import read_folder
from superposed.sweeping.sweep import shard_of

NAME = "widths"
"""What the files of the figure are called."""
PROFILE = "sweep"


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `sweep`."""
    parser = commands.add_parser(
        "sweep",
        description="The smallest width along m, for each seed: rows, table, fit and figure in one folder. "
        "Run the same command again to resume.",
    )
    add_construction(parser)
    parser.add_argument("--m", type=span, required=True, metavar="LOW:HIGH", help="features, such as 64:65536")
    parser.add_argument("--step", type=float, default=2.0, help="ratio of neighbouring values of m (default 2)")
    parser.add_argument("--s", type=whole, required=True, help="active features of an input, exactly")
    add_sampling(parser)
    add_criterion(parser)
    parser.add_argument("--claim", type=exponent, default=2 / 3, help="the exponent in question (default 2/3)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where rows, table and figure go")
    add_limits(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_sweep, resumes=True)


def experiment_of(args: argparse.Namespace) -> Experiment:
    """The experiment that the flags describe, with one profile."""
    from superposed.figures.width_sweep import draw_width_sweep

    pick("criterion", args.criterion, dict.fromkeys(CRITERIA))
    ms = ladder_of(*args.m, args.step)
    if len(ms) < 2:
        raise InputError("m", ":".join(f"{m:g}" for m in args.m), "a law needs two values of m or more; lower --step")
    sweep = WidthSweep(
        construction_of(args), ms, args.s, args.eps, args.criterion, args.seeds,
        sampling_of(args, Problem(max(ms), args.s)), args.mode, args.claim,
    )  # fmt: skip
    return Experiment(
        claim=f"{args.construction}: {sweep.name}",
        meaning="How the smallest width of this construction grows with the number of features.",
        profiles={PROFILE: sweep},
        tasks=WidthSweep.tasks,
        analyse=WidthSweep.analyse,
        draw=draw_width_sweep,
    )


def run_sweep(args: argparse.Namespace) -> int:
    """Measure, and once every question is answered write table, fit and figure."""
    from superposed.figures.save import plain, save

    use_devices(args)
    check_folder("--out", args.out)
    experiment = experiment_of(args)
    sweep = experiment.profiles[PROFILE]
    tasks = sweep.tasks()
    settings = configuration(NAME, experiment, PROFILE)
    about = {"command": args.words}
    finished, rows = measure_tasks(
        "sweep", shard_of(tasks, *args.shard), settings, args.out, args.shard, args.time_limit, about, args.cluster
    )
    seen = Seen(read_folder(args.out))
    if any(task.pending(seen) for task in tasks):
        left = "this part is measured, others are left" if finished else "time limit reached, run it again to resume"
        note(f"sweep: {left}; {rows} rows in {args.out}")
        return 0 if finished else UNFINISHED
    analysis = sweep.analyse(seen)
    paths = save(NAME, experiment, PROFILE, analysis, args.out)
    (fitted,) = analysis.fits.values()
    if args.json:
        files = [str(path) for path in paths]
        fit = plain(fitted)
        print_json({"rows": rows, "files": files, "findings": [vars(f) for f in analysis.findings], "fit": fit})
        return 0
    print(render(fitted) if isinstance(fitted, Report) else f"no fit: {fitted.reason}")
    note(f"sweep: {rows} rows; {', '.join(str(path) for path in paths)}")
    return 0

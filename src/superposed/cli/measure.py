"""`superposed measure` and `superposed width`: the errors at one width, and the smallest width."""

import argparse
import time

import numpy as np

from superposed.cli.constructions import add_construction, construction_of
from superposed.cli.options import add_devices, add_sampling, sampling_of, use_devices
from superposed.cli.output import note, print_json, table
from superposed.cli.progress import LINE_EVERY
from superposed.cli.words import pick, whole
from superposed.measuring.cell import Cell, describe
from superposed.measuring.criteria import CRITERIA, check_criterion, passes
from superposed.measuring.errors import Errors, pooled
from superposed.measuring.measure import measure, problem_of
from superposed.sweeping.record import Seen
from superposed.sweeping.size import check_size
from superposed.sweeping.smallest import by_verdicts, search_for, searched


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `measure` and `width`."""
    at = commands.add_parser("measure", description="The errors of a construction at one width.")
    add_construction(at)
    _add_problem(at)
    at.add_argument("--width", type=whole, required=True, help="neurons d")
    add_sampling(at)
    add_devices(at)
    at.add_argument("--eps", type=float, help="also say how many seeds have every error below eps")
    at.add_argument("--json", action="store_true", help="one JSON object on standard output")
    at.set_defaults(run=run_measure)

    least = commands.add_parser("width", description="The smallest width that meets a criterion, as an interval.")
    add_construction(least)
    _add_problem(least)
    add_sampling(least)
    add_criterion(least)
    add_devices(least)
    least.add_argument("--json", action="store_true", help="one JSON object on standard output")
    least.set_defaults(run=run_width)


def _add_problem(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--m", type=whole, required=True, help="features, such as 256 or 1e12")
    parser.add_argument("--s", type=whole, required=True, help="active features of an input, exactly")


def add_criterion(parser: argparse.ArgumentParser) -> None:
    """When a width counts as wide enough."""
    parser.add_argument("--eps", type=float, required=True, help="tolerance of a read-off's error")
    parser.add_argument("--criterion", default="max", help=f"{', '.join(CRITERIA)} (default max)")
    parser.add_argument("--success", type=float, default=0.5, help="fraction of the seeds that must pass (default 0.5)")


def run_measure(args: argparse.Namespace) -> None:
    """Print the errors by stratum."""
    use_devices(args)
    construction = construction_of(args)
    problem = problem_of(construction, args.m, args.s)
    sampling = sampling_of(args, problem)
    check_size(args.width, problem, construction, sampling, args.mode)
    if args.eps is not None:
        check_criterion("max", args.eps)
    started = time.perf_counter()
    cells = [Cell(construction, args.m, args.s, args.width, seed, sampling, args.mode) for seed in range(args.seeds)]
    by_seed = measure(cells)
    result = {
        "problem": describe(problem), "construction": describe(construction), "width": args.width, "mode": args.mode,
        "seeds": args.seeds, "seconds": time.perf_counter() - started, "strata": strata(pooled(by_seed)),
    }  # fmt: skip
    if args.eps is not None:
        passed = sum(passes(errors, "max", args.eps) for errors in by_seed)
        result["success"] = {"eps": args.eps, "passed": passed, "seeds": args.seeds}
    if args.json:
        print_json(result)
        return
    keys = ("active", "count", "mean", "rms", "std", "min", "max", "q50", "q90", "q99")
    problem = f"m = {args.m}, s = {args.s}, {args.seeds} seeds, {args.mode}"
    print(f"error = read-off - truth at width {args.width}, {problem}; q: quantiles of |error|")
    print(table(keys, [[stratum[key] for key in keys] for stratum in result["strata"]]))
    if args.eps is not None:
        print(f"{passed} of {args.seeds} seeds have every error looked at below {args.eps:g}")


def strata(errors: Errors) -> list[dict]:
    """The statistics of each stratum as plain JSON; strata without an event have a count of 0 and nulls."""
    columns = {
        "mean": errors.mean, "rms": errors.rms, "std": errors.std, "min": errors.low, "max": errors.high,
        "max_abs": errors.max_abs,
        "q50": errors.quantile(0.5), "q90": errors.quantile(0.9), "q99": errors.quantile(0.99),
    }  # fmt: skip
    return [
        {"active": j, "count": int(n)}
        | {name: float(c[j]) if np.isfinite(c[j]) else None for name, c in columns.items()}
        for j, n in enumerate(errors.count)
    ]


def run_width(args: argparse.Namespace) -> None:
    """Search the ladder until neighbouring rungs enclose the smallest passing width."""
    use_devices(args)
    pick("criterion", args.criterion, dict.fromkeys(CRITERIA))
    construction = construction_of(args)
    problem = problem_of(construction, args.m, args.s)
    asked_for = search_for(
        construction, args.m, args.s, args.eps, criterion=args.criterion, success=args.success,
        seeds=args.seeds, sampling=sampling_of(args, problem), mode=args.mode,
    )  # fmt: skip
    task, seen = by_verdicts(asked_for), Seen()
    last_line = time.monotonic()
    for cell in searched(task, seen):
        if time.monotonic() - last_line > LINE_EVERY:
            last_line = time.monotonic()
            note(f"measuring width {cell.width}, after {len(task.tried(seen))} other widths")
    width, tried = task.brackets(seen)[0], task.tried(seen)
    if args.json:
        print_json(
            {
                "problem": describe(problem), "construction": describe(task.construction),
                "mode": args.mode, "seeds": args.seeds,
                "width": {"low": width.low, "best": width.best, "high": width.high}, "criterion": args.criterion,
                "eps": args.eps, "success": args.success,
                "tried": [{"width": w, "passed": n} for w, n in tried.items()],
            }
        )  # fmt: skip
        return
    asked = f"{args.criterion} < {args.eps:g} for {args.success:.0%} of {args.seeds} seeds"
    if width.high is None:
        print(f"no width up to {width.low} passes {asked}")
    else:
        print(f"smallest width {width.best:.0f}, in ({width.low}, {width.high}]: {asked}")
    print(table(("width", "passed"), [[w, f"{n}/{args.seeds}"] for w, n in tried.items()]))

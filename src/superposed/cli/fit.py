"""`superposed fit` and `superposed power`: what a table of widths says about its exponent, and what a planned one could."""

import argparse
import math

import numpy as np

from superposed.cli.output import print_json
from superposed.cli.words import exponent, span
from superposed.fitting.crossover import Crossover
from superposed.fitting.design import Power, power_of
from superposed.fitting.laws import power, power_log
from superposed.fitting.read import read_csv
from superposed.fitting.render import render
from superposed.fitting.reports import report

MOST_POINTS = 10_000
"""Values of m in a design that `power` looks at."""


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `fit` and `power`."""
    _add_fit(commands)
    _add_power(commands)


def _add_fit(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "fit",
        help="fit width laws to a CSV file and judge an exponent",
        description="Fit rival laws to measured widths (CSV columns m and width, or m, low and high; optionally seed, s, eps, L) "
        "and say whether the data support, contradict or leave open the claimed exponent.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="CSV files with a header line")
    parser.add_argument(
        "--claim", type=exponent, default=2 / 3, help="the exponent in question, such as 2/3 (default) or 0.5"
    )
    parser.add_argument("--along", default="m", help="the column whose exponent is in question (default m)")
    parser.add_argument("--response", default="width", help="the column of exactly known responses (default width)")
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="COLUMN",
        help="fit each value of this column on its own (repeatable)",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        type=condition,
        metavar="COLUMN=VALUE",
        help="only rows with this text (repeatable)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_fit)


def _add_power(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "power",
        help="could a design decide between two exponents?",
        description="Say before measuring whether a range of m and a number of seeds could tell two exponents apart, when the law "
        "that is fitted leaves them open.",
    )
    parser.add_argument(
        "--law", choices=("power", "power-log", "crossover"), default="power-log", help="the law that would be fitted"
    )
    parser.add_argument("--m", type=span, required=True, metavar="LOW:HIGH", help="range of m, such as 64:65536")
    parser.add_argument("--step", type=float, default=2.0, help="ratio of neighbouring values of m (default 2)")
    parser.add_argument("--seeds", type=int, default=20, help="independent draws at each m (default 20)")
    parser.add_argument(
        "--exponents", type=exponent, nargs=2, default=(2 / 3, 1 / 2), metavar=("TRUE", "RIVAL"), help="default 2/3 1/2"
    )
    parser.add_argument(
        "--scatter", type=float, default=0.1, help="standard deviation of log width between seeds (default 0.1)"
    )
    parser.add_argument("--rung", type=float, default=1.1, help="ratio of neighbouring widths tried (default 1.1)")
    parser.add_argument("--needs", type=float, nargs=3, default=(20.0, 2.0, 8.0), metavar=("BYSTANDERS", "COMMON", "KINK"),
                        help="crossover: widths the three error terms would need alone at m = 1 (default 20 2 8)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_power)


def condition(text: str) -> tuple[str, str]:
    """COLUMN=VALUE as two texts.

    Raises:
      argparse.ArgumentTypeError: it is not.
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is no condition; write COLUMN=VALUE, such as mode=drawn")
    return name, value


def run_fit(args: argparse.Namespace) -> None:
    """Print a report for each setting in each file."""
    tables = [
        table for path in args.files for table in read_csv(path, args.along, args.by, args.response, dict(args.where))
    ]
    reports = []
    for table in tables:
        try:
            reports.append(report(table.sample, args.claim))
        except ValueError as error:
            raise ValueError(f"{table.title}: {error}") from None
    if args.json:
        print_json(
            {
                "reports": [
                    {"file": t.path, "setting": dict(t.setting)} | r.to_json()
                    for t, r in zip(tables, reports, strict=True)
                ]
            }
        )
        return
    print("\n\n".join(f"{table.title}\n{render(found)}" for table, found in zip(tables, reports, strict=True)))


def run_power(args: argparse.Namespace) -> None:
    """Print what the design could decide."""
    if not 1 < args.step < math.inf:
        raise ValueError(f"--step {args.step:g}: neighbouring values of m need a ratio above 1; use --step 2")
    if not 1 <= args.rung < math.inf:
        raise ValueError(f"--rung {args.rung:g}: neighbouring widths have a ratio of at least 1; use --rung 1.1")
    if not 0 < args.scatter < math.inf:
        raise ValueError(f"--scatter {args.scatter:g}: needs a standard deviation above 0; use --scatter 0.1")
    if args.seeds < 1:
        raise ValueError(f"--seeds {args.seeds}: needs at least one draw; use --seeds 8")
    if not all(0 < need < math.inf for need in args.needs):
        raise ValueError(
            f"--needs {' '.join(f'{need:g}' for need in args.needs)}: widths are above 0; use --needs 20 2 8"
        )
    low, high = args.m
    if math.log(high / low) > MOST_POINTS * math.log(args.step):
        raise ValueError(f"--step {args.step:g}: more than {MOST_POINTS} values of m; use --step 2")
    values = low * args.step ** np.arange(int(math.log(high / low) / math.log(args.step) + 1e-9) + 1)
    truth, rival = args.exponents
    if truth == rival:
        raise ValueError(f"--exponents {truth:g} {rival:g}: two different ones are needed; use --exponents 2/3 1/2")
    law, coef = {
        "power": (power(), (0.0, truth)),
        "power-log": (power_log(), (0.0, truth, 0.0)),
        "crossover": (Crossover(), (*(math.log(need) for need in args.needs), truth)),
    }[args.law]
    found = power_of(law, coef, values.tolist(), args.seeds, rival, args.scatter, args.rung)
    if args.json:
        print_json(found.to_json() | {"m": values.tolist(), "scatter": args.scatter, "rung": args.rung})
        return
    print(_sentences(found))


def _sentences(found: Power) -> str:
    lines = [
        f"{'decides' if found.decides else 'does not decide'}: law {found.law}, m up to {found.largest:g} ({found.points} values), {found.seeds} seeds",
        f"  exponent {found.truth:.4g}: 95% interval +-{found.half_width:.3g}; it would exclude {found.rival:.4g} with probability {found.power:.3f}",
        f"  seeds needed at these m: {found.seeds_needed or 'more than a million'}",
        f"  largest m needed with these seeds: {'beyond 2^200' if found.largest_needed is None else f'{found.largest_needed:g}'}",
        "  to decide is to exclude the rival with probability 0.9 and to know the exponent to 0.05",
    ]
    return "\n".join(lines)

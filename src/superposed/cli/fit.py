"""`superposed fit` judges an exponent from a table of widths; `superposed power` says what a table could decide."""

import argparse
import math

import numpy as np

from superposed.bad_input import InputError
from superposed.cli.output import print_json
from superposed.cli.words import exponent, span
from superposed.fitting.crossover import Crossover
from superposed.fitting.design import Design, Power, power_of
from superposed.fitting.fits import NotFitted
from superposed.fitting.models import power, power_log
from superposed.fitting.read import Table, read_csv
from superposed.fitting.render import render
from superposed.fitting.reports import Report, report

MOST_POINTS = 10_000
"""Values of m in a design that `power` looks at."""


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `fit` and `power`."""
    _add_fit(commands)
    _add_power(commands)


def _add_fit(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "fit",
        help="fit width models to a CSV file and judge an exponent",
        description="Fit rival models to measured widths and say whether the data support, contradict or leave open "
        "the claimed exponent. The CSV columns are m and width, or m, low and high; optionally seed, s, eps, L.",
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
        "--from",
        dest="least",
        type=float,
        default=0.0,
        metavar="VALUE",
        help="only rows with at least this value of the column in question, such as 1e4",
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
        description="Say before measuring whether a range of m and a number of seeds could tell two exponents apart. "
        "The model that is fitted leaves both open.",
    )
    parser.add_argument(
        "--model",
        choices=("power", "power-log", "crossover"),
        default="power-log",
        help="the model that would be fitted",
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
    parser.add_argument(
        "--needs",
        type=float,
        nargs=3,
        default=(20.0, 2.0, 8.0),
        metavar=("BYSTANDERS", "COMMON", "KINK"),
        help="crossover: widths the three error terms would need alone at m = 1 (default 20 2 8)",
    )
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
    where = dict(args.where)
    tables = [
        table for path in args.files for table in read_csv(path, args.along, args.by, args.response, where, args.least)
    ]
    reports = [report(table.sample, args.claim, closed=table.closed) for table in tables]
    for table, answer in zip(tables, reports, strict=True):
        if isinstance(answer, NotFitted) and len(tables) == 1:
            raise ValueError(f"{table.title}: {answer.reason}")
    if args.json:
        print_json({"reports": [_json(table, answer) for table, answer in zip(tables, reports, strict=True)]})
        return
    print("\n\n".join(_text(table, answer) for table, answer in zip(tables, reports, strict=True)))


def _json(table: Table, answer: Report | NotFitted) -> dict[str, object]:
    plain = {"not_fitted": answer.reason} if isinstance(answer, NotFitted) else answer.to_json()
    return {"file": table.path, "setting": dict(table.setting)} | plain


def _text(table: Table, answer: Report | NotFitted) -> str:
    return f"{table.title}\n" + (f"NOT FITTED: {answer.reason}" if isinstance(answer, NotFitted) else render(answer))


def run_power(args: argparse.Namespace) -> None:
    """Print what the design could decide."""
    _check_design(args)
    low, high = args.m
    values = low * args.step ** np.arange(int(math.log(high / low) / math.log(args.step) + 1e-9) + 1)
    truth, rival = args.exponents
    model, coef = {
        "power": (power(), (0.0, truth)),
        "power-log": (power_log(), (0.0, truth, 0.0)),
        "crossover": (Crossover(), (*(math.log(need) for need in args.needs), truth)),
    }[args.model]
    answer = power_of(Design(model, np.array(coef), args.scatter, args.rung), values, args.seeds, rival)
    if isinstance(answer, NotFitted):
        raise ValueError(answer.reason)
    if args.json:
        print_json(answer.to_json() | {"m": values.tolist(), "scatter": args.scatter, "rung": args.rung})
        return
    print(_sentences(answer))


def _check_design(args: argparse.Namespace) -> None:
    """Raises InputError for what no design can be."""
    (low, high), (truth, rival), inf = args.m, args.exponents, math.inf
    few = not args.step > 1 or math.log(high / low) <= MOST_POINTS * math.log(args.step)
    positive = all(0 < need < inf for need in args.needs)
    for fine, name, value, rule in (
        (1 < args.step < inf, "step", args.step, "neighbouring values of m need a ratio above 1; use --step 2"),
        (1 <= args.rung < inf, "rung", args.rung, "neighbouring widths have a ratio of at least 1; use --rung 1.1"),
        (0 < args.scatter < inf, "scatter", args.scatter, "needs a standard deviation above 0; use --scatter 0.1"),
        (args.seeds >= 1, "seeds", args.seeds, "needs at least one draw; use --seeds 8"),
        (positive, "needs", " ".join(map("{:g}".format, args.needs)), "widths are above 0; use --needs 20 2 8"),
        (truth != rival, "exponents", f"{truth:g} {rival:g}", "two different ones are needed; use 2/3 1/2"),
        (few, "step", args.step, f"more than {MOST_POINTS} values of m; use --step 2"),
    ):
        if not fine:
            raise InputError(name, value if isinstance(value, str) else f"{value:g}", rule)


def _sentences(answer: Power) -> str:
    largest = "beyond 2^200" if answer.largest_needed is None else f"{answer.largest_needed:g}"
    decides = "decides" if answer.decides else "does not decide"
    return f"""{decides}: model {answer.model}, m up to {answer.largest:g} ({answer.points} values), \
{answer.seeds} seeds
  exponent {answer.truth:.4g}: 95% interval +-{answer.half_width:.3g}; it would exclude {answer.rival:.4g} with \
probability {answer.power:.3f}
  seeds needed at these m: {answer.seeds_needed or "more than a million"}
  largest m needed with these seeds: {largest}
  to decide is to exclude the rival with probability 0.9 and to know the exponent to 0.05"""

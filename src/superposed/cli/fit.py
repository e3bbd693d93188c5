"""`superposed fit`: what a table of widths says about its exponent."""

import argparse

from superposed.cli.output import print_json
from superposed.fitting.read import read_csv
from superposed.fitting.render import render
from superposed.fitting.report import report


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `fit`."""
    parser = commands.add_parser(
        "fit",
        help="fit width laws to a CSV file and judge an exponent",
        description="Fit rival laws to measured widths (CSV columns m and width, or m, low and high; optionally seed, s, eps, L) "
        "and say whether the data support, contradict or leave open the claimed exponent.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="CSV files with a header line")
    parser.add_argument("--claim", type=exponent, default=2 / 3, help="the exponent in question, such as 2/3 (default) or 0.5")
    parser.add_argument("--along", default="m", help="the column whose exponent is in question (default m)")
    parser.add_argument("--response", default="width", help="the column of exactly known responses (default width)")
    parser.add_argument("--by", action="append", default=[], metavar="COLUMN", help="fit each value of this column on its own (repeatable)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_fit)


def exponent(text: str) -> float:
    """A number or a fraction p/q.

    Raises:
      argparse.ArgumentTypeError: it is neither.
    """
    try:
        top, _, bottom = text.partition("/")
        value = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        value = float("nan")
    if not abs(value) < 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no exponent; write a number such as 0.5 or a fraction such as 2/3")
    return value


def run_fit(args: argparse.Namespace) -> None:
    """Print a report for each setting in each file."""
    tables = [table for path in args.files for table in read_csv(path, args.along, args.by, args.response)]
    reports = []
    for table in tables:
        try:
            reports.append(report(table.sample, args.claim))
        except ValueError as error:
            raise ValueError(f"{table.title}: {error}") from None
    if args.json:
        print_json({"reports": [{"file": t.path, "setting": dict(t.setting)} | r.to_json() for t, r in zip(tables, reports, strict=True)]})
        return
    print("\n\n".join(f"{table.title}\n{render(found)}" for table, found in zip(tables, reports, strict=True)))

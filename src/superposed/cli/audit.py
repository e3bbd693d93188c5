"""`superposed audit`: cells of a finished run measured again and compared."""

import argparse
import json
import random
from pathlib import Path

from superposed.bad_input import InputError
from superposed.cli.options import check_seed
from superposed.cli.output import note, print_json
from superposed.cli.status import question_of
from superposed.measuring.cell import canonical
from superposed.sweeping.record import Seen
from superposed.sweeping.store import read_folder


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `audit`."""
    parser = commands.add_parser(
        "audit",
        description="Measure random cells of a run again and compare with their rows. Exit status 0: the same; 1: not.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of rows, such as runs/NAME-PROFILE")
    parser.add_argument(
        "--fraction", type=float, default=0.05, help="part of the rows to measure again, at least one (default 0.05)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which rows are chosen (default 0)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_audit)


def run_audit(args: argparse.Namespace) -> int:
    """Measure again, compare every number, change nothing."""
    if not 0 < args.fraction <= 1:
        raise InputError("fraction", args.fraction, "a fraction of the rows lies in (0, 1]; use --fraction 0.05")
    check_seed(args.seed)
    _, _, tasks = question_of(args.folder)
    seen = Seen(read_folder(args.folder))
    measured = {cell.id: (task, cell) for task in tasks for cell in task.answered(seen)}
    if not measured:
        raise ValueError(f"{args.folder}: no rows to measure again; `superposed run` measures some")
    chosen = random.Random(args.seed).sample(sorted(measured), max(1, round(args.fraction * len(measured))))
    differ = []
    for cell_id in chosen:
        task, cell = measured[cell_id]
        if json.loads(canonical(task.measure([cell])[0])) != seen[cell_id].seen:
            differ.append(cell.to_json())
            note(f"{args.folder}: differs at {canonical(cell.to_json())}")
    if args.json:
        print_json({"rows": len(measured), "measured_again": len(chosen), "differ": differ})
    else:
        print(f"{len(chosen)} of {len(measured)} rows measured again, {len(differ)} differ")
    return 1 if differ else 0

"""`superposed suite`: the frozen suite of compiled networks, made or checked."""

import argparse
from pathlib import Path

from superposed.bad_input import InputError
from superposed.cli.options import check_folder
from superposed.cli.output import note
from superposed.cli.words import pick
from superposed.scoring.suite import DIGESTS, SUITE, make, name_of


def add_commands(commands) -> None:
    """Registers `suite`."""
    members = "; ".join(f"{name}: {member.about}" for name, member in SUITE.items())
    command = commands.add_parser(
        "suite",
        help="the frozen suite of compiled networks: make it, or check files of it",
        description="Makes the networks of the suite. Beside each it writes a card, a page that describes it. "
        f"{members}. Files of the suite that are there already are kept. Exit status 1: a network made here has "
        "another digest than the suite's.",
    )
    command.add_argument("names", nargs="*", metavar="NAME", help="networks to make (default: all)")
    command.add_argument("-o", "--out", help="the folder to write to")
    command.add_argument("--check", nargs="+", metavar="FILE", help="say which network of the suite each file holds")
    command.set_defaults(run=run_suite)


def run_suite(args: argparse.Namespace) -> int:
    """Makes or checks; 0, 1 where a digest differs, or ValueError and OSError for bad input."""
    if (args.out is None) == (args.check is None):
        raise ValueError("give -o DIR to make the suite, or --check FILE ... to check files of it")
    if args.check is not None:
        for path in args.check:
            print(f"{path}: {name_of(Path(path))}")
        return 0
    names = args.names or list(SUITE)
    for name in names:
        pick("network of the suite", name, SUITE)
    folder = Path(args.out)
    check_folder("--out", folder)
    files = {name: folder / f"{name}.safetensors" for name in names}
    there = {name: path for name, path in files.items() if path.exists()}
    for name, path in there.items():
        if name_of(path) != name:
            raise InputError(
                "file", str(path), f"is in the way of the suite's {name}; move it, or choose another folder"
            )
    folder.mkdir(parents=True, exist_ok=True)
    differing = 0
    for name, path in files.items():
        if name in there:
            print(f"{path}: kept")
        elif (made := make(name, path)) == DIGESTS[name]:
            print(f"{path}: made, {SUITE[name].about}, {path.stat().st_size / 1e6:.1f} MB")
        else:
            note(f"{path}: has digest {made}, the suite's is {DIGESTS[name]}; do not compare scores with others'")
            differing += 1
    return 1 if differing else 0

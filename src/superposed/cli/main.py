"""`superposed`: parse, run one command, and answer bad input with one line."""

import argparse
import sys
from collections.abc import Sequence

from superposed.cli import compile

COMMANDS = (compile,)


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are one line on standard error and exit status 2."""

    def error(self, message: str):
        self.exit(2, f"superposed: {message} (see `{self.prog} --help`)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 2 bad input, 130 interrupted."""
    parser = Parser(prog="superposed", description="Measure how many neurons a network needs to compute in superposition.")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_commands(commands)
    args = parser.parse_args(argv)
    try:
        return args.run(args) or 0
    except (ValueError, OSError) as error:
        if args.debug:
            raise
        print(f"superposed: {error}", file=sys.stderr)
        return 2

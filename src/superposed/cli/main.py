"""`superposed`: parse, run one command, and answer bad input with one line."""

import argparse
import os
import sys
import threading
import warnings
from collections.abc import Callable, Sequence

import jax

from superposed.cli import compile, doctor, fit, measure, run, sample, score

COMMANDS = (run, measure, fit, compile, sample, score, doctor)


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are one line on standard error and exit status 2."""

    def error(self, message: str):
        self.exit(2, f"superposed: {message} (see `{self.prog} --help`)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 2 bad input, 3 time limit reached, 130 interrupted."""
    parser = Parser(
        prog="superposed", description="Measure how many neurons a network needs to compute in superposition."
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_commands(commands)
    args = parser.parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: print(f"superposed: warning: {message}", file=sys.stderr)
            return interruptible(lambda: args.run(args) or 0)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ValueError, OSError) as error:
        if args.debug:
            raise
        known = isinstance(error, OSError) and error.filename is not None and error.strerror
        print(
            f"superposed: {f'{error.filename}: {error.strerror}; check the path' if known else error}", file=sys.stderr
        )
        return 2
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        if args.debug or not (isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)):
            raise
        print(
            "superposed: out of memory; measure less at once: a smaller --m, --width, --d-in or --inputs-per-seed",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        run.stop_children()
        line = " ".join(sys.argv[1:] if argv is None else argv)
        print(f"superposed: interrupted; every finished row is on disk. To resume: superposed {line}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)


def interruptible(function: Callable[[], int]) -> int:
    """function() in a thread of its own, so that Ctrl-C is answered at once however long a compiled program takes."""
    outcome: list[int | BaseException] = []

    def work() -> None:
        try:
            outcome.append(function())
        except BaseException as error:  # handed on to the caller's thread below
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.2)
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]

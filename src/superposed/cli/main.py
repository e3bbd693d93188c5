"""`superposed`: parse, run one command, and answer bad input with one line."""

import argparse
import os
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from superposed import __version__
from superposed.bad_input import InputError
from superposed.cli.children import stop_children
from superposed.cli.compile_cache import keep_programs

COMMANDS = {
    "reproduce": ("reproduce", "every experiment, its figure, and the table of verdicts"),
    "run": ("run", "one experiment; run again to resume"),
    "plan": ("plan", "what a profile of an experiment takes on this device"),
    "figures": ("reproduce", "draw figures again from the rows that are there"),
    "status": ("status", "how far the run in a folder has come"),
    "sweep": ("sweep", "the smallest width along m: rows, table, fit and figure"),
    "audit": ("audit", "measure some rows of a run again and compare"),
    "measure": ("measure", "the errors of a construction at one width"),
    "width": ("measure", "the smallest width that meets a criterion, as an interval"),
    "fit": ("fit", "fit width laws to a CSV file and judge an exponent"),
    "power": ("fit", "could a design decide between two exponents?"),
    "deep": ("deep", "how many features a deep network with error correction bears, at any width"),
    "circuit": ("circuit", "a circuit to compile: a random one, or one from words, facts or rules"),
    "compile": ("compile", "a circuit to a plain ReLU network with more features than neurons"),
    "verify": ("compile", "recompute what a compiled network's file claims"),
    "sample": ("sample", "activations of a compiled network, with the features that are on in them"),
    "export": ("export", "a compiled network for PyTorch, ONNX or SAELens"),
    "score": ("score", "what a tool recovered from a compiled network, against its ground truth"),
    "suite": ("suite", "the frozen suite of compiled networks: make it, or check files of it"),
    "doctor": ("doctor", "check that this machine measures rightly, and say how fast it is"),
}
"""Each command: the module of this folder that has it, and its line in `superposed --help`. A module is imported only
when its command is asked for, so that the help answers without JAX."""
FLAGS = {"measure": {"inputs": "inputs-per-seed"}, "width": {"inputs": "inputs-per-seed"}}
"""Flags of a command that do not carry the name of the value they set."""


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are one line on standard error and exit status 2."""

    def error(self, message: str):
        self.exit(2, f"superposed: {message} (see `{self.prog} --help`)\n")


class Stopped(BaseException):
    """A signal asked this process to end."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done; 1 a check failed; 2 bad input; 3 time limit reached; 130, 143 or 129 stopped by Ctrl-C, SIGTERM or SIGHUP.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    keep_programs()
    args = parser_for(words).parse_args(words)
    args.words = words
    try:
        with warnings.catch_warnings(), signals_raise():
            warnings.showwarning = lambda message, *_: print(f"superposed: warning: {message}", file=sys.stderr)
            return interruptible(lambda: args.run(args) or 0)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Stopped as stopped:
        stop_children()
        kept = f"every finished row is on disk. To resume: superposed {shlex.join(words)}"
        print(
            f"superposed: stopped; {kept if getattr(args, 'resumes', False) else 'nothing was written'}",
            file=sys.stderr,
        )
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(128 + stopped.number)
    except Exception as error:
        if args.debug or (line := line_of(error, args)) is None:
            raise
        print(f"superposed: {line}", file=sys.stderr)
        return 2


def parser_for(words: Sequence[str]) -> Parser:
    """The parser, with the arguments of the command that the words name."""
    parser = Parser(
        prog="superposed", description="Measure how many neurons a network needs to compute in superposition."
    )
    parser.add_argument("--version", action="version", version=f"superposed {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in words if not word.startswith("-")), None)
    if chosen in COMMANDS:
        import_module(f"superposed.cli.{COMMANDS[chosen][0]}").add_commands(commands)
    else:
        for name, (_, line) in COMMANDS.items():
            commands.add_parser(name, help=line)
    return parser


def line_of(error: Exception, args: argparse.Namespace) -> str | None:
    """Bad input in one line; None for an error that is a defect of this program."""
    if isinstance(error, InputError) and hasattr(args, error.name):
        return (
            f"--{FLAGS.get(args.command, {}).get(error.name, error.name).replace('_', '-')} {error.value}: {error.rule}"
        )
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        return "out of memory; measure less at once: a smaller --m, --width, --d-in or --inputs-per-seed"
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}; check the path"
    return str(error) if isinstance(error, (ValueError, OSError)) else None


@contextmanager
def signals_raise() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise `Stopped` in the main thread. What is ignored, as under nohup, stays so."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {n: signal.signal(n, stop) for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interruptible(function: Callable[[], int]) -> int:
    """function() in a thread of its own, so that a signal is answered at once while a compiled program runs."""
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

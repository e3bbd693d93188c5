"""`python -m superposed`: the command line."""

import os
import signal
import sys


def run() -> None:
    """The command line. From its first line on, a signal is answered with one line and no traceback."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop_early)
    from superposed.cli import main

    sys.exit(main())


def _stop_early(number: int, _frame: object) -> None:
    os.write(2, b"superposed: stopped before anything was measured\n")
    os._exit(128 + number)


if __name__ == "__main__":
    run()

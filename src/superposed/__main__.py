"""`python -m superposed`: the command line."""

import os
import sys


def run() -> None:
    """The command line from its first import on, so that Ctrl-C is answered with one line then too."""
    try:
        from superposed.cli import main

        sys.exit(main())
    except KeyboardInterrupt:
        print("superposed: interrupted before anything was measured", file=sys.stderr)
        os._exit(130)


if __name__ == "__main__":
    run()

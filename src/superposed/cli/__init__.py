"""The command line. Each module has its commands; `main` turns bad input into one line and exit status 2."""

from superposed.cli.main import main

__all__ = ["main"]

"""What went wrong in a run's folder: errors that ended a process, and rows that were set aside."""

import json
import socket
import time
from contextlib import suppress
from pathlib import Path

from superposed.measuring.cell import canonical

FAILURES = "failures.jsonl"
LONGEST = 300
"""Characters of an error that are kept."""


def note_failure(folder: Path, error: Exception) -> None:
    """Add a line for an error that ended a run; nothing where the folder can't be written any more."""
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "host": socket.gethostname()}
    line["error"] = f"{type(error).__name__}: {error}"[:LONGEST]
    with suppress(OSError), open(folder / FAILURES, "a") as file:
        file.write(canonical(line) + "\n")


def read_failures(folder: Path) -> list[dict]:
    """The errors that ended runs, oldest first; a line that is none is passed over."""
    path, failures = folder / FAILURES, []
    for text in path.read_text(errors="replace").splitlines() if path.exists() else ():
        with suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict) and {"time", "host", "error"} <= line.keys():
                failures.append(line)
    return failures


def n_damaged(folder: Path) -> int:
    """How many rows were found damaged and set aside."""
    return sum(len(path.read_bytes().splitlines()) for path in folder.glob("rows-*.jsonl.damaged"))

"""Processes that a command starts, and their end with it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

PARENT = "SUPERPOSED_PARENT"
"""Environment variable that tells a child which process it must not outlive."""
_CHILDREN: list[subprocess.Popen] = []


def run_child(words: Sequence[str]) -> int:
    """`superposed WORDS...` in a process of its own; its exit status."""
    command = [sys.executable, "-m", "superposed", *words]
    child = subprocess.Popen(command, env=os.environ | {PARENT: str(os.getpid())})
    _CHILDREN.append(child)
    return child.wait()


def stop_children() -> None:
    """End what `run_child` started. Ctrl-C reaches the children too, but a signal to one process does not."""
    for child in _CHILDREN:
        if child.poll() is None:
            child.terminate()


def end_with_parent() -> None:
    """In a child: end when the parent is gone, even when it was killed. Rows are written whole, so none is torn."""
    if PARENT in os.environ:
        threading.Thread(target=_watch, args=(os.environ[PARENT],), daemon=True).start()


def _watch(parent: str) -> None:
    while str(os.getppid()) == parent:
        time.sleep(0.5)
    os._exit(143)

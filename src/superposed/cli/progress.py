"""How far long work has come: a bar with the time left on a terminal, a plain line every 30 s elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from superposed.cli.output import note

LINE_EVERY = 30.0


class Lines:
    """A plain line now and then, for logs."""

    def __init__(self, title: str, total: int):
        self.title, self.total, self.started = title, total, time.monotonic()
        self.last = self.started

    def update(self, done: int, rows: int) -> None:
        """Say how many questions are answered, at most every 30 s."""
        now = time.monotonic()
        if now - self.last < LINE_EVERY:
            return
        self.last = now
        left = (now - self.started) / done * (self.total - done) if done else None
        estimate = "" if left is None else f", about {left:.0f} s left"
        note(f"{self.title}: question {done + 1} of {self.total}, {rows} new rows{estimate}")


class Bar:
    """A bar on a terminal."""

    def __init__(self, progress: Progress, title: str, total: int):
        self.progress = progress
        self.task = progress.add_task(title, total=total)

    def update(self, done: int, rows: int) -> None:
        """Show how many questions are answered."""
        self.progress.update(self.task, completed=done)


@contextmanager
def progress(title: str, total: int) -> Iterator[Lines | Bar]:
    """Progress over `total` questions of an experiment."""
    if not sys.stderr.isatty():
        yield Lines(title, total)
        return
    words = TextColumn("{task.description}")
    columns = words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown, title, total)

"""What a task is: the contract with everything that measures one."""

from collections.abc import Hashable, Sequence
from typing import Protocol, runtime_checkable

from superposed.sweeping.record import Seen


@runtime_checkable
class Task(Protocol):
    """A question that rows answer. Its state is the rows themselves, so that asking again resumes."""

    block: int
    """How many pending cells one call of `measure` takes at most."""

    def pending(self, seen: Seen) -> Sequence:
        """The cells to measure next; none when the question is answered."""

    def measure(self, cells: Sequence) -> list[dict]:
        """What is seen at a few of the pending cells, as plain JSON."""

    def answered(self, seen: Seen) -> Sequence:
        """The cells of this question that have rows."""

    def split(self, parts: int) -> "Sequence[Task]":
        """The same question in at most so many pieces that do not depend on each other."""

    def networks(self) -> Hashable:
        """Tasks with the same value look at the same networks, so one process should measure them all."""

    def cost(self) -> float:
        """About how much work there is, in multiply-adds."""

"""Tasks that bring their own measurement: independent steps, and chains of steps."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from superposed.measuring.cell import content_id
from superposed.sweeping.record import Seen

COST_OF_A_STEP = 1e10
"""Multiply-adds that one step is taken for when work is handed out: about a second of one core."""


@dataclass(frozen=True)
class Step:
    """One piece of work, described by plain JSON.

    Args:
      cell: everything the result depends on.
      before: what the previous step of a chain saw. It is not part of the id, because the earlier cells determine it.
    """

    cell: dict
    before: dict | None = None

    @cached_property
    def id(self) -> str:
        """SHA-256 of the cell."""
        return content_id(self.cell)

    def to_json(self) -> dict:
        """The cell itself."""
        return self.cell


@dataclass(frozen=True)
class Steps:
    """Independent steps.

    Args:
      cells: everything a result depends on (seed included), one dict a step.
      run: cell -> dict of what is seen there. Both are plain JSON.
    """

    cells: tuple[dict, ...]
    run: Callable[[dict], dict]
    block = 1

    @classmethod
    def grid(cls, run: Callable[[dict], dict], **axes: Iterable) -> "Steps":
        """A step for every combination of the axes' values. The last axis varies fastest."""
        return cls(tuple(dict(zip(axes, values, strict=True)) for values in product(*axes.values())), run)

    def pending(self, seen: Seen) -> list[Step]:
        return [step for step in map(Step, self.cells) if step.id not in seen]

    def measure(self, cells: Sequence[Step]) -> list[dict]:
        return [self.run(step.cell) for step in cells]

    def answered(self, seen: Seen) -> list[Step]:
        return [step for step in map(Step, self.cells) if step.id in seen]

    def split(self, parts: int) -> "list[Steps]":
        return [Steps((cell,), self.run) for cell in self.cells]

    def networks(self) -> Hashable:
        return tuple(step.id for step in map(Step, self.cells))

    def cost(self) -> float:
        return COST_OF_A_STEP * len(self.cells)

    def results(self, seen: Seen) -> list[dict]:
        """What was seen, in the order of the cells."""
        return [seen[step.id].seen for step in map(Step, self.cells)]


@dataclass(frozen=True)
class Chain:
    """Steps that go on from one another: a long run in pieces, or a ladder that is climbed until something fails.

    Args:
      cells: everything a result depends on, one dict a step, in order.
      run: (cell, what the previous step saw) -> dict. The first step gets None. A dict with "ended" true is the last.
    """

    cells: tuple[dict, ...]
    run: Callable[[dict, dict | None], dict]
    block = 1

    def pending(self, seen: Seen) -> list[Step]:
        done = self.results(seen)
        if len(done) == len(self.cells) or (done and done[-1].get("ended")):
            return []
        return [Step(self.cells[len(done)], done[-1] if done else None)]

    def measure(self, cells: Sequence[Step]) -> list[dict]:
        return [self.run(step.cell, step.before) for step in cells]

    def answered(self, seen: Seen) -> list[Step]:
        done = self.results(seen)
        return (
            [Step(cell, before) for cell, before in zip(self.cells, [None, *done[:-1]], strict=False)] if done else []
        )

    def split(self, parts: int) -> "list[Chain]":
        return [self]

    def networks(self) -> Hashable:
        return tuple(step.id for step in map(Step, self.cells))

    def cost(self) -> float:
        return COST_OF_A_STEP * len(self.cells)

    def results(self, seen: Seen) -> list[dict]:
        """What was seen so far, in order."""
        results = []
        for step in map(Step, self.cells):
            if step.id not in seen or (results and results[-1].get("ended")):
                break
            results.append(seen[step.id].seen)
        return results


def rows_of(task: Steps | Chain, seen: Seen, **labels: object) -> list[dict]:
    """One dict a step: the labels, its cell, and what was seen."""
    return [{**labels, **cell, **result} for cell, result in zip(task.cells, task.results(seen), strict=True)]

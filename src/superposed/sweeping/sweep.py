"""The loop that measures until every task is answered. Rows are kept as soon as they are seen."""

from collections.abc import Hashable, Iterator, Sequence

from superposed.sweeping.record import Record
from superposed.sweeping.store import Store
from superposed.sweeping.task import Task


def sweep(tasks: Sequence[Task], store: Store) -> Iterator[tuple[int, Record]]:
    """Measure what the tasks still need, block by block.

    Yields the task's number and each new row. All rows of a block are on disk before its first one is yielded, so
    whoever stops the loop loses nothing.
    """
    for number, task in enumerate(tasks):
        while cells := task.pending(store.records):
            for start in range(0, len(cells), task.block):
                block = cells[start : start + task.block]
                records = [Record(cell.to_json(), seen) for cell, seen in zip(block, task.measure(block), strict=True)]
                for record in records:
                    store.append(record)
                for record in records:
                    yield number, record


def shard_of(tasks: Sequence[Task], index: int, n_shards: int) -> list[Task]:
    """What the index-th (1-based) of n processes measures.

    Tasks are split by seed. The dearest parts are handed out first, each to the process that has the least to do.
    Parts that look at the same networks stay together, because the rows of one answer part of the others.
    """
    if n_shards == 1:
        return list(tasks)
    together: dict[Hashable, list[Task]] = {}
    for part in (part for task in tasks for part in task.split(n_shards)):
        together.setdefault(part.networks(), []).append(part)
    load, mine = [0.0] * n_shards, []
    for parts in sorted(together.values(), key=lambda parts: -max(part.cost() for part in parts)):
        least = load.index(min(load))
        load[least] += max(part.cost() for part in parts)
        mine += parts if least == index - 1 else []
    return mine

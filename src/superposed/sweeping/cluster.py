"""The loop of `sweep` with the measuring done by the workers of a Dask cluster. This process alone writes rows."""

import sys
from collections.abc import Iterator, Sequence

from superposed.bad_input import InputError
from superposed.sweeping.record import Record
from superposed.sweeping.store import Store
from superposed.sweeping.task import Task

CONNECT_SECONDS = 20


def sweep_on_cluster(tasks: Sequence[Task], store: Store, address: str) -> Iterator[tuple[int, Record]]:
    """Measure what the tasks still need, every pending block of every open task side by side.

    A block is a pure function of its cells. So Dask computes the blocks of a lost worker again on another one, and the
    rows are those of a single process. Yields what `sweep` yields, in the order in which blocks end.

    Args:
      address: of the scheduler, such as tcp://host:8786. The workers need this package.

    Raises:
      InputError: `distributed` is not installed, or no scheduler answers.
    """
    client = _connected(address)
    from distributed import as_completed

    _send_loaded_files()
    with client:
        running: dict[object, tuple[int, list]] = {}
        in_flight: set[str] = set()
        finished = as_completed()

        def submit(number: int) -> None:
            task = tasks[number]
            cells = [cell for cell in task.pending(store.records) if cell.id not in in_flight]
            for start in range(0, len(cells), task.block):
                block = cells[start : start + task.block]
                future = client.submit(_measure, task, block, pure=False)
                running[future] = (number, block)
                in_flight.update(cell.id for cell in block)
                finished.add(future)

        for number in range(len(tasks)):
            submit(number)
        for future in finished:
            number, block = running.pop(future)
            in_flight.difference_update(cell.id for cell in block)
            records = [Record(cell.to_json(), seen) for cell, seen in zip(block, future.result(), strict=True)]
            for record in records:
                store.append(record)
            for record in records:
                yield number, record
            busy = {number for number, _ in running.values()}
            for idle in (n for n in range(len(tasks)) if n not in busy):
                submit(idle)


def _connected(address: str):
    """A client of the scheduler; raises InputError as `sweep_on_cluster` does."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("cluster", address, "needs Dask: pip install 'superposed[cluster]'") from None
    try:
        return Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        rule = f"no scheduler answers ({error}); start one with `dask scheduler`"
        raise InputError("cluster", address, rule) from None


def _measure(task: Task, cells: list) -> list[dict]:
    return task.measure(cells)


def _send_loaded_files() -> None:
    """Code that was loaded from a path travels with the work, because workers have no such file."""
    from distributed.protocol.pickle import cloudpickle

    for name, module in list(sys.modules.items()):
        if name.startswith("superposed_file_"):
            cloudpickle.register_pickle_by_value(module)

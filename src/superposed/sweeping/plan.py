"""What a profile will take: networks, compilations, memory, and hours on this device, from blocks that are timed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from superposed.measuring.measure import BLOCK, bucket
from superposed.measuring.sampling import Sampling
from superposed.sweeping.cost import RUNGS_A_SEARCH, network_cost
from superposed.sweeping.record import Seen
from superposed.sweeping.size import bytes_to_build
from superposed.sweeping.task import Task
from superposed.sweeping.tasks import AtWidths, SmallestWidth

MOST_SAMPLE = 2e9
"""Multiply-adds of the largest block that is timed: a tenth of a second of one core."""
Kind = tuple[str, str]
"""The construction's class, and the mode: what is timed together."""


@dataclass(frozen=True)
class Plan:
    """One kind of question of a profile.

    Args:
      kind: the construction and the mode, or "steps".
      questions: how many are open.
      networks: how many networks, or steps, they measure. Where a search decides, an estimate.
      programs: that are compiled, at least.
      memory: bytes of the largest block that is known ahead.
      seconds: on this device, with compilation; None where the work of a step is not known ahead.
    """

    kind: str
    questions: int
    networks: int
    programs: int
    memory: int
    seconds: float | None


def plan(tasks: Sequence[Task], timed: bool = True) -> list[Plan]:
    """A line for each kind of question.

    The seconds come from one block of each kind that is measured twice here: the first time has the compilation. They
    go with the multiply-adds, and a search is taken for RUNGS_A_SEARCH widths. So they are right to a factor of two or
    three.

    Args:
      timed: false measures nothing and leaves the seconds open.
    """
    kinds: dict[Kind | None, list[Task]] = {}
    for task in tasks:
        kinds.setdefault(_kind(task), []).append(task)
    return [_steps(alike) if kind is None else _networks(kind, alike, timed) for kind, alike in kinds.items()]


def _kind(task: Task) -> Kind | None:
    if not isinstance(task, AtWidths | SmallestWidth):
        return None
    return type(getattr(task.construction, "inner", task.construction)).__name__, task.mode


def _steps(tasks: Sequence[Task]) -> Plan:
    return Plan("steps", len(tasks), sum(len(task.cells) for task in tasks), 0, 0, None)


def _networks(kind: Kind, tasks: Sequence[AtWidths | SmallestWidth], timed: bool) -> Plan:
    programs = {_program(task, width) for task in tasks for width in _widths(task)}
    memory = max(_memory(task) for task in tasks)
    networks = sum(
        task.seeds * (len(_widths(task)) if isinstance(task, AtWidths) else RUNGS_A_SEARCH) for task in tasks
    )
    seconds = None
    if timed:
        compiling, per_multiply_add = _time(tasks)
        seconds = len(programs) * compiling + per_multiply_add * sum(task.cost() for task in tasks)
    return Plan(", ".join(kind), len(tasks), networks, len(programs), memory, seconds)


def _widths(task: AtWidths | SmallestWidth) -> tuple[int, ...]:
    return task.widths if isinstance(task, AtWidths) else (max(round(task.start), 1),)


def _program(task: AtWidths | SmallestWidth, width: int) -> tuple:
    if task.mode == "drawn":
        return task.construction, -(-task.s // 4), task.sampling
    rows = getattr(task, "rows", None) or bucket(width, task.construction.least_rows)
    return task.construction, task.m, rows, task.sampling, -(-task.s // 4)


def _memory(task: AtWidths | SmallestWidth) -> int:
    if task.mode == "drawn":
        return 4 * 3 * (task.sampling.inputs or 1) * (task.s + 2) ** 2
    return bytes_to_build(max(_widths(task)), task.m, task.construction)


def _time(tasks: Sequence[AtWidths | SmallestWidth]) -> tuple[float, float]:
    """(seconds of one compilation, seconds of a multiply-add), from the largest question of which a block is small."""
    block = lambda task: BLOCK * network_cost(min(_widths(task)), task.m, task.s, task.sampling, task.mode)
    small = [task for task in tasks if block(task) <= MOST_SAMPLE] or [min(tasks, key=block)]
    chosen = max(small, key=block)
    if isinstance(chosen, AtWidths):
        chosen = replace(chosen, widths=(min(chosen.widths),))
    if block(chosen) > MOST_SAMPLE and chosen.sampling.inputs:
        fewer = max(int(chosen.sampling.inputs * MOST_SAMPLE / block(chosen)), 1)
        chosen = replace(chosen, sampling=Sampling(fewer, chosen.sampling.idle))
    cells = chosen.pending(Seen())[:BLOCK]
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        chosen.measure(cells)
        seconds.append(time.perf_counter() - started)
    work = sum(network_cost(cell.width, cell.m, cell.s, cell.sampling, cell.mode) for cell in cells)
    return max(seconds[0] - seconds[1], 0), seconds[1] / work

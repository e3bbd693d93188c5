"""What an experiment asks, and the loop that measures until it is answered. Rows are kept as soon as they are seen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Protocol, runtime_checkable

from superposed.measuring.cell import Cell, content_id
from superposed.measuring.criteria import passes
from superposed.measuring.errors import Errors
from superposed.measuring.measure import BLOCK, measure
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem
from superposed.sweeping.record import Record, Seen
from superposed.sweeping.search import STEPS, Bracket, bracket, ladder, next_width
from superposed.sweeping.store import Store


@runtime_checkable
class Task(Protocol):
    """A question that rows answer. Its state is the rows themselves, so that asking again resumes."""

    def pending(self, seen: Seen) -> Sequence:
        """The cells to measure next; none when the question is answered."""

    def measure(self, cells: Sequence) -> list[dict]:
        """What is seen at a few of the pending cells, as plain JSON."""


@dataclass(frozen=True)
class AtWidths:
    """The errors at given widths.

    Args:
      construction, m, s: what is built.
      widths: neurons.
      seeds: number of networks a width.
      sampling: which inputs and pairs are looked at.
      mode: "built" or "drawn".
      first_seed: seeds count from here. Networks of one seed are nested from width to width; tasks whose seeds are disjoint
        have draws of their own, as `fitting.fit_success` asks for.
      rows: rows of the padded networks, at least the widest of `widths`, so that several tasks share one compiled program;
        None takes the bucket of each block. No result depends on it.
    """

    construction: object
    m: int
    s: int
    widths: tuple[int, ...]
    seeds: int
    sampling: Sampling
    mode: str = "built"
    first_seed: int = 0
    rows: int | None = None

    def cells(self, width: int) -> list[Cell]:
        """One cell a seed."""
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        return [Cell(self.construction, self.m, self.s, width, seed, self.sampling, self.mode) for seed in seeds]

    def pending(self, seen: Seen) -> list[Cell]:
        return [cell for width in self.widths for cell in self.cells(width) if cell.id not in seen]

    def measure(self, cells: Sequence[Cell]) -> list[dict]:
        return [errors.to_json() for errors in measure(cells, self.rows)]

    def errors(self, seen: Seen, width: int) -> list[Errors]:
        """What was seen at one width, a seed each."""
        return [seen[cell.id].errors for cell in self.cells(width)]


@dataclass(frozen=True)
class SmallestWidth:
    """The smallest width that meets a criterion, as an interval between neighbouring rungs of the ladder.

    Args:
      construction, m, s, seeds, sampling, mode: as for `AtWidths`.
      criterion, eps: what counts as passing (`criteria.passes`).
      success: None searches for each seed by itself; a fraction searches once, and a rung passes when at least that
        fraction of the seeds does.
      start: a guess of the answer.
      most: the widest network to try.
      steps: rungs an octave.
    """

    construction: object
    m: int
    s: int
    seeds: int
    sampling: Sampling
    criterion: str
    eps: float
    success: float | None = None
    start: float = 256
    most: int = 2**16
    mode: str = "built"
    steps: int = STEPS

    def cell(self, width: int, seed: int) -> Cell:
        """The network of one width and seed."""
        return Cell(self.construction, self.m, self.s, width, seed, self.sampling, self.mode)

    def passed(self, seen: Seen, seed: int) -> dict[int, bool]:
        """Whether the rungs measured with one seed meet the criterion; a width the construction refuses does not."""
        rungs = set(ladder(self.most, self.steps))
        rows = seen.by_width(self.cell(1, seed)).items()
        measured = {width: passes(row.errors, self.criterion, self.eps) for width, row in rows if width in rungs}
        return dict.fromkeys(self._refused(), False) | measured

    def tried(self, seen: Seen) -> dict[int, int]:
        """How many seeds pass at each rung that all seeds were measured at."""
        by_seed = [self.passed(seen, seed) for seed in range(self.seeds)]
        common = set.intersection(*(set(passed) for passed in by_seed))
        return {width: sum(passed[width] for passed in by_seed) for width in sorted(common)}

    def pending(self, seen: Seen) -> list[Cell]:
        if self.success is not None:
            width = next_width(self._rungs(seen), self.start, self.most, self.steps)
            wanted = [] if width is None else [self.cell(width, seed) for seed in range(self.seeds)]
        else:
            widths = [
                next_width(self.passed(seen, seed), self.start, self.most, self.steps) for seed in range(self.seeds)
            ]
            wanted = [self.cell(width, seed) for seed, width in enumerate(widths) if width is not None]
        return sorted((cell for cell in wanted if cell.id not in seen), key=lambda cell: cell.width)

    def measure(self, cells: Sequence[Cell]) -> list[dict]:
        return [errors.to_json() for errors in measure(cells)]

    def brackets(self, seen: Seen) -> list[Bracket]:
        """The interval of each seed, or the one of all seeds where `success` is given."""
        if self.success is not None:
            return [bracket(self._rungs(seen))]
        return [bracket(self.passed(seen, seed)) for seed in range(self.seeds)]

    def _refused(self) -> list[int]:
        check = getattr(self.construction, "check", lambda problem, width: None)
        return [width for width in ladder(self.most, self.steps) if _raises(check, Problem(self.m, self.s), width)]

    def _rungs(self, seen: Seen) -> dict[int, bool]:
        return {width: n >= self.success * self.seeds for width, n in self.tried(seen).items()}


@dataclass(frozen=True)
class Step:
    """One independent piece of work of an experiment that brings its own measurement."""

    cell: dict

    @cached_property
    def id(self) -> str:
        """The identity of its content."""
        return content_id(self.cell)

    def to_json(self) -> dict:
        """The cell itself."""
        return self.cell


@dataclass(frozen=True)
class Steps:
    """Work that is not a block of networks: `run` turns each cell, plain JSON, into what is seen there, plain JSON.

    Args:
      cells: everything a result depends on (seed included), one dict a step.
      run: cell -> dict.
    """

    cells: tuple[dict, ...]
    run: Callable[[dict], dict]

    def pending(self, seen: Seen) -> list[Step]:
        return [step for step in map(Step, self.cells) if step.id not in seen]

    def measure(self, cells: Sequence[Step]) -> list[dict]:
        return [self.run(step.cell) for step in cells]

    def results(self, seen: Seen) -> list[dict]:
        """What was seen, in the order of the cells."""
        return [seen[step.id].seen for step in map(Step, self.cells)]


@dataclass(frozen=True)
class Next(Step):
    """A step of a chain with what the step before saw; that belongs to no identity, for the cells before determine it."""

    before: dict | None = None


@dataclass(frozen=True)
class Chain:
    """Steps that go on from one another: a long run in pieces, or a ladder that is climbed until something fails.

    Args:
      cells: everything a result depends on, one dict a step, in order.
      run: (cell, what the step before saw, None at the first) -> dict; a dict with "ended" true is the chain's last.
    """

    cells: tuple[dict, ...]
    run: Callable[[dict, dict | None], dict]

    def pending(self, seen: Seen) -> list[Next]:
        done = self.results(seen)
        if len(done) == len(self.cells) or (done and done[-1].get("ended")):
            return []
        return [Next(self.cells[len(done)], done[-1] if done else None)]

    def measure(self, cells: Sequence[Next]) -> list[dict]:
        return [self.run(step.cell, step.before) for step in cells]

    def results(self, seen: Seen) -> list[dict]:
        """What was seen so far, in order."""
        found = []
        for step in map(Step, self.cells):
            if step.id not in seen or (found and found[-1].get("ended")):
                break
            found.append(seen[step.id].seen)
        return found


def _raises(check: Callable[[Problem, int], None], problem: Problem, width: int) -> bool:
    try:
        check(problem, width)
    except ValueError:
        return True
    return False


def pooled(errors: Sequence[Errors]) -> Errors:
    """The errors of several networks as one."""
    return reduce(add, errors)


def sweep(tasks: Sequence[Task], store: Store) -> Iterator[tuple[int, Record]]:
    """Measure what the tasks still need, block by block; yields the task's number and each new row once it is on disk."""
    for number, task in enumerate(tasks):
        while cells := task.pending(store.records):
            size = 1 if isinstance(task, Steps) else BLOCK
            for start in range(0, len(cells), size):
                block = cells[start : start + size]
                for cell, seen in zip(block, task.measure(block), strict=True):
                    record = Record(cell.to_json(), seen)
                    store.append(record)
                    yield number, record


def shard_of(tasks: Sequence[Task], index: int, n_shards: int) -> list[Task]:
    """Every n-th task from the index-th (1-based) on: what one of n processes measures."""
    return list(tasks[index - 1 :: n_shards])

"""What an experiment asks of networks: questions that rows answer."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from superposed.bad_input import InputError
from superposed.measuring.cell import Cell
from superposed.measuring.criteria import check_criterion, passes
from superposed.measuring.errors import Errors
from superposed.measuring.measure import BLOCK, bucket, measure
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem
from superposed.sweeping.cost import RUNGS_A_SEARCH, network_cost
from superposed.sweeping.record import Seen
from superposed.sweeping.search import STEPS, Bracket, bracket, ladder, next_width

NEIGHBOURS = 2
"""Rungs measured on either side of the one that a search asks for, where networks are nested."""


@dataclass(frozen=True)
class AtWidths:
    """The errors at given widths.

    Args:
      construction, m, s: what is built.
      widths: neurons.
      seeds: number of networks a width.
      sampling: which inputs and pairs are looked at.
      mode: "built" or "drawn".
      first_seed: seeds count from here. Networks of one seed are nested from width to width. Tasks with disjoint seeds
        have draws of their own, as `fitting.fit_success` asks for.
      rows: rows of the padded networks, at least the widest of `widths`, so that several tasks share one compiled
        program. None takes the bucket of each block. No result depends on it.

    Raises:
      InputError: a value breaks its rule.
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
    block = BLOCK

    def __post_init__(self):
        _check_seeds(self.seeds)
        if not self.widths:
            raise InputError("widths", self.widths, "at least one width is measured")
        if self.rows is not None and self.rows < max(self.widths):
            raise InputError("rows", self.rows, f"a network of width {max(self.widths)} needs as many rows, or more")
        self._cell(max(self.widths), self.first_seed)

    def _cell(self, width: int, seed: int) -> Cell:
        return Cell(self.construction, self.m, self.s, width, seed, self.sampling, self.mode)

    def cells(self, width: int) -> list[Cell]:
        """One cell a seed."""
        return [self._cell(width, self.first_seed + n) for n in range(self.seeds)]

    def pending(self, seen: Seen) -> list[Cell]:
        return [cell for width in self.widths for cell in self.cells(width) if cell.id not in seen]

    def measure(self, cells: Sequence[Cell]) -> list[dict]:
        return [errors.to_json() for errors in measure(cells, self.rows)]

    def answered(self, seen: Seen) -> list[Cell]:
        return [cell for width in self.widths for cell in self.cells(width) if cell.id in seen]

    def split(self, parts: int) -> "list[AtWidths]":
        return _split_by_seed(self, parts)

    def networks(self) -> Hashable:
        return (self.construction, self.m, self.s, self.sampling, self.mode, self.first_seed, self.seeds)

    def cost(self) -> float:
        return self.seeds * sum(network_cost(width, self.m, self.s, self.sampling, self.mode) for width in self.widths)

    def errors(self, seen: Seen, width: int) -> list[Errors]:
        """What was seen at one width, a seed each."""
        return [seen[cell.id].errors for cell in self.cells(width)]


@dataclass(frozen=True)
class SmallestWidth:
    """The smallest width that meets a criterion, as an interval between neighbouring rungs of the ladder.

    Args:
      construction, m, s, seeds, sampling, mode, first_seed: as for `AtWidths`.
      criterion, eps: what counts as passing (`criteria.passes`).
      success: None searches for each seed by itself. A fraction searches once, and a rung passes when at least that
        fraction of the seeds does.
      start: a guess of the answer.
      most: the widest network to try.
      steps: rungs an octave.

    Raises:
      InputError: a value breaks its rule.
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
    first_seed: int = 0

    def __post_init__(self):
        _check_seeds(self.seeds)
        check_criterion(self.criterion, self.eps)
        if self.success is not None and not 0 < self.success <= 1:
            raise InputError("success", self.success, "a fraction of the seeds lies in (0, 1]; try 0.5")
        if self.most < 1:
            raise InputError("most", self.most, "the widest network has one neuron or more")
        if self.steps < 1:
            raise InputError("steps", self.steps, "an octave has one rung or more; try 8")
        self.cell(self.most, self.first_seed)

    def cell(self, width: int, seed: int) -> Cell:
        """The network of one width and seed."""
        return Cell(self.construction, self.m, self.s, width, seed, self.sampling, self.mode)

    @property
    def block(self) -> int:
        """Cells measured together."""
        return BLOCK * (2 * NEIGHBOURS + 1) if self._one_pass else BLOCK

    @property
    def seed_range(self) -> range:
        """The seeds that are searched."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def needed(self) -> int:
        """How many seeds must pass where `success` is given. 0.28 of 25 is 7, whatever the float product says."""
        return math.ceil(round(self.success * self.seeds, 6))

    def measured(self, seen: Seen, seed: int) -> dict[int, bool]:
        """Whether the rungs measured with one seed meet the criterion."""
        rungs = set(ladder(self.most, self.steps))
        rows = seen.by_width(self.cell(1, seed)).items()
        return {width: passes(row.errors, self.criterion, self.eps) for width, row in rows if width in rungs}

    def tried(self, seen: Seen) -> dict[int, int]:
        """How many seeds pass at each rung that all seeds were measured at."""
        by_seed = [self.measured(seen, seed) for seed in self.seed_range]
        common = set.intersection(*map(set, by_seed))
        return {width: sum(passed[width] for passed in by_seed) for width in sorted(common)}

    def pending(self, seen: Seen) -> list[Cell]:
        if self.success is not None:
            width = self._next(self._rungs(seen))
            wanted = [] if width is None else [self.cell(width, seed) for seed in self.seed_range]
        else:
            widths = {seed: self._next(self.measured(seen, seed)) for seed in self.seed_range}
            wanted = [self.cell(width, seed) for seed, width in widths.items() if width is not None]
        if self._one_pass:
            # One pass over the widest network measures its neighbours too, and the answer is nearly always among them.
            wanted = [self.cell(width, cell.seed) for cell in wanted for width in self._around(cell.width)]
            return sorted((cell for cell in wanted if cell.id not in seen), key=lambda cell: cell.seed)
        return sorted((cell for cell in wanted if cell.id not in seen), key=lambda cell: cell.width)

    def measure(self, cells: Sequence[Cell]) -> list[dict]:
        return [errors.to_json() for errors in measure(cells, self._rows(cells))]

    def answered(self, seen: Seen) -> list[Cell]:
        return [self.cell(width, seed) for seed in self.seed_range for width in sorted(self.measured(seen, seed))]

    def split(self, parts: int) -> "list[SmallestWidth]":
        return [self] if self.success is not None else _split_by_seed(self, parts)

    def networks(self) -> Hashable:
        return (self.construction, self.m, self.s, self.sampling, self.mode, self.first_seed, self.seeds)

    def cost(self) -> float:
        return self.seeds * RUNGS_A_SEARCH * network_cost(self.start, self.m, self.s, self.sampling, self.mode)

    def brackets(self, seen: Seen) -> list[Bracket]:
        """The interval of each seed, or the one of all seeds where `success` is given. Refused widths fail."""
        searches = (
            [self._rungs(seen)] if self.success is not None else [self.measured(seen, n) for n in self.seed_range]
        )
        return [bracket(dict.fromkeys(self._refused, False) | passed) for passed in searches]

    def _next(self, passed: dict[int, bool]) -> int | None:
        """The rung to measure next. Where a pass measures its neighbours too, windows of rungs follow one another."""
        width = next_width(passed, self.start, self.most, self.steps, self._refused)
        if width is None or not (self._one_pass and passed) or len(set(passed.values())) == 2:
            return width
        rungs = [rung for rung in ladder(self.most, self.steps) if rung not in self._refused]
        known = [n for n, rung in enumerate(rungs) if rung in passed]
        beyond = min(known) - NEIGHBOURS - 1 if any(passed.values()) else max(known) + NEIGHBOURS + 1
        return rungs[min(max(beyond, 0), len(rungs) - 1)]

    @property
    def _one_pass(self) -> bool:
        """Whether one pass over a network measures narrower ones too (`measure`)."""
        return self.construction.nested and self.mode == "built" and self.sampling.idle is None

    def _rows(self, cells: Sequence[Cell]) -> int:
        """Rows of the padded networks: at most twice those needed, so that networks a little narrower than the first
        ones take their compiled program."""
        first = self._next({})
        rows_for = lambda widths: bucket(max(widths), self.construction.least_rows)
        needed = rows_for(cell.width for cell in cells)
        return max(needed, min(2 * needed, rows_for(self._around(first) if self._one_pass else [first])))

    def _around(self, width: int) -> list[int]:
        """The rung with its NEIGHBOURS on either side, less those that the construction refuses."""
        rungs = [rung for rung in ladder(self.most, self.steps) if rung not in self._refused]
        place = rungs.index(width)
        return rungs[max(place - NEIGHBOURS, 0) : place + NEIGHBOURS + 1]

    @cached_property
    def _refused(self) -> frozenset[int]:
        check = self.construction.check
        rungs = ladder(self.most, self.steps)
        return frozenset(width for width in rungs if _raises(check, Problem(self.m, self.s), width))

    def _rungs(self, seen: Seen) -> dict[int, bool]:
        return {width: n >= self.needed for width, n in self.tried(seen).items()}


def _check_seeds(seeds: int) -> None:
    if seeds < 1:
        raise InputError("seeds", seeds, "measure one network or more")


def _split_by_seed(task: AtWidths | SmallestWidth, parts: int) -> list:
    edges = [task.first_seed + task.seeds * n // parts for n in range(parts + 1)]
    pieces = [(first, last - first) for first, last in zip(edges, edges[1:], strict=False) if first < last]
    return [replace(task, first_seed=first, seeds=seeds) for first, seeds in pieces]


def _raises(check: Callable[[Problem, int], None], problem: Problem, width: int) -> bool:
    try:
        check(problem, width)
    except ValueError:
        return True
    return False

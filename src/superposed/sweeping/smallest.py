"""The smallest width of one problem, asked in one call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from superposed.constructions.base import Construction
from superposed.measuring.cell import Cell
from superposed.measuring.measure import problem_of
from superposed.measuring.sampling import Sampling
from superposed.measuring.verdicts import can_judge, judge
from superposed.sweeping.record import Record, Seen
from superposed.sweeping.search import STEPS, Bracket
from superposed.sweeping.size import check_seeds, check_size, most_width
from superposed.sweeping.tasks import SmallestWidth

ALL_PAIRS_UP_TO = 4096
"""The largest m at which all pairs are looked at unless a caller says otherwise."""
START = 256
"""Where a search starts without a guess and without a closed form."""


def default_sampling(m: int, mode: str) -> Sampling:
    """16 inputs, with all pairs up to m = 4096 and those among 64 idle features beyond; 4096 events where drawn."""
    if mode == "drawn":
        return Sampling(4096)
    return Sampling(16, 64 if m > ALL_PAIRS_UP_TO else None)


def search_for(
    construction: Construction,
    m: int,
    s: int,
    eps: float,
    *,
    criterion: str = "max",
    success: float | None = 0.5,
    seeds: int = 8,
    sampling: Sampling | None = None,
    mode: str = "built",
    start: float | None = None,
    most: int | None = None,
    steps: int = STEPS,
) -> SmallestWidth:
    """The search that `smallest_width` makes, with every default filled in.

    Args and Raises: as there.
    """
    problem = problem_of(construction, m, s)
    check_seeds(seeds)
    sampling = default_sampling(m, mode) if sampling is None else sampling
    most = most_width(problem, construction, mode) if most is None else most
    check_size(most, problem, construction, sampling, mode)
    guess = construction.predicted_width(problem, eps, criterion) if start is None else start
    start = START if guess is None else min(guess, most)
    return SmallestWidth(construction, m, s, seeds, sampling, criterion, eps, success, start, most, mode, steps)


@dataclass(frozen=True)
class Verdicts(SmallestWidth):
    """The search for the smallest width where nothing but its answer is wanted.

    A network is left at the first input on which it fails. So a row is a verdict on this criterion and this eps, and
    not a measurement. Such rows must not be stored.
    """

    def measured(self, seen: Seen, seed: int) -> dict[int, bool]:
        return {width: row.seen["passed"] for width, row in seen.by_width(self.cell(1, seed)).items()}

    def measure(self, cells: Sequence[Cell]) -> list[dict]:
        return [{"passed": passed} for passed in judge(cells, self.criterion, self.eps, self._rows(cells))]


def searched(task: SmallestWidth, seen: Seen) -> Iterator[Cell]:
    """Measure until the question is answered, into `seen`; yields a cell of every block before it is measured."""
    while cells := task.pending(seen):
        yield cells[0]
        for cell, result in zip(cells, task.measure(cells), strict=True):
            seen.add(Record(cell.to_json(), result))


def by_verdicts(task: SmallestWidth) -> SmallestWidth:
    """The search by verdicts where that gives the same answer sooner, and else the search itself."""
    if not can_judge(task.cell(task.most, task.first_seed), task.criterion):
        return task
    return Verdicts(**{field.name: getattr(task, field.name) for field in fields(SmallestWidth)})


def smallest_width(construction: Construction, m: int, s: int, eps: float, **options: object) -> Bracket:
    """The smallest width at which a construction computes every AND of m features, s of them active, as an interval.

        bracket = smallest_width(Rademacher(), m=64, s=3, eps=0.5)
        bracket.low, bracket.best, bracket.high     # high is None where no width passed

    Args:
      construction: a frozen dataclass that builds a `Network`.
      m, s: features, and how many of them are active.
      eps: tolerance of a read-off's error.
      criterion: "max" (the default), "q99", "rms" or "decode"; see `passes`.
      success: fraction of the seeds that must pass (default 0.5).
      seeds: networks a width (default 8).
      sampling: inputs and pairs that are looked at (default `default_sampling`).
      mode: "built" (the default) or "drawn".
      start: a guess of the answer (default: the closed form where there is one, else 256).
      most: the widest network to try (default: 2^16 built and 2^34 drawn, less where they do not fit into memory).
      steps: rungs an octave (default 8: neighbouring widths differ by 9%).

    Raises:
      InputError: a value breaks its rule, or the network does not fit into memory.
    """
    task, seen = by_verdicts(search_for(construction, m, s, eps, **options)), Seen()
    for _ in searched(task, seen):
        pass
    return task.brackets(seen)[0]

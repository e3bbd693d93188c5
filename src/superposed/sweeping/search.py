"""Which width to measure next, on a ladder that all searches share. Plain functions of what has been seen."""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

STEPS = 8
"""Rungs an octave unless a search asks for more: neighbours differ by 9%."""


@lru_cache
def ladder(most: int, steps: int = STEPS) -> tuple[int, ...]:
    """The widths 2^(n/steps), rounded, each once, up to `most`. Searches with the same `steps` share their rungs."""
    rungs, n = [], 0
    while (width := round(2 ** (n / steps))) <= most:
        if not rungs or width > rungs[-1]:
            rungs.append(width)
        n += 1
    return tuple(rungs)


@dataclass(frozen=True)
class Bracket:
    """The smallest passing width lies in (low, high].

    Args:
      low: the widest rung below `high` that fails; 0 where the narrowest network passes.
      high: the narrowest rung seen to pass; None where nothing passed.
    """

    low: int
    high: int | None

    @property
    def best(self) -> float | None:
        """The geometric middle; None where nothing passed."""
        return None if self.high is None else (max(self.low, 1) * self.high) ** 0.5


def bracket(passed: Mapping[int, bool]) -> Bracket:
    """What is known of the smallest passing width.

    Errors are nearly, not strictly, monotone. So a failure above a passing width does not count.
    """
    high = min((w for w, ok in passed.items() if ok), default=None)
    low = max((w for w, ok in passed.items() if not ok and (high is None or w < high)), default=0)
    return Bracket(low, high)


def next_width(
    passed: Mapping[int, bool], start: float, most: int, steps: int = STEPS, refused: Collection[int] = ()
) -> int | None:
    """The rung to measure next, or None when the search is over.

    It is over when neighbouring rungs enclose the smallest passing width, or when the ladder ends. The search begins at
    the rung nearest above `start`. It strides 1, 2, 4, ... rungs, one octave at most, until it has a failing and a
    passing width. Then it halves the rungs between them.

    Args:
      passed: whether each measured rung passed. Rungs that another search measured on the far side of `start`
        lengthen no stride.
      start: a guess of the answer.
      most: the widest network to try.
      steps: rungs an octave.
      refused: rungs that the construction refuses. They are never measured and lengthen no stride.
    """
    rungs = [width for width in ladder(most, steps) if width not in refused]
    if not rungs:
        return None
    index = {width: n for n, width in enumerate(rungs)}
    measured = {width: ok for width, ok in passed.items() if width in index}
    first, last = min(bisect_left(rungs, start), len(rungs) - 1), len(rungs) - 1
    if not measured:
        return rungs[first]
    known = bracket(measured)
    stride = lambda n: min(2 ** (n - 1), steps)
    if known.high is None:
        low = index[known.low]
        if low < first:
            return rungs[first]
        failing = sum(width >= rungs[first] for width in measured)
        return None if low == last else rungs[min(low + stride(failing), last)]
    high = index[known.high]
    if not known.low:
        if high > first:
            return rungs[first]
        passing = sum(ok for width, ok in measured.items() if width <= rungs[first])
        return None if high == 0 else rungs[max(high - stride(passing), 0)]
    low = index[known.low]
    return None if high - low == 1 else rungs[(low + high) // 2]

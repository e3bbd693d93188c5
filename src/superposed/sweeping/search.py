"""Which width to measure next, on a ladder shared by all searches. Plain functions of what has been seen."""

from bisect import bisect_left
from collections.abc import Mapping
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
      low: the widest rung below `high` seen to fail; 0 where the narrowest network passes.
      high: the narrowest rung seen to pass; None where nothing passed.
    """

    low: int
    high: int | None

    @property
    def best(self) -> float | None:
        """The geometric middle; None where nothing passed."""
        return None if self.high is None else (max(self.low, 1) * self.high) ** 0.5


def bracket(passed: Mapping[int, bool]) -> Bracket:
    """What is known of the smallest passing width. Failures above it (errors are nearly, not strictly, monotone) don't count."""
    high = min((w for w, ok in passed.items() if ok), default=None)
    low = max((w for w, ok in passed.items() if not ok and (high is None or w < high)), default=0)
    return Bracket(low, high)


def next_width(passed: Mapping[int, bool], start: float, most: int, steps: int = STEPS) -> int | None:
    """The rung to measure next, or None when neighbouring rungs enclose the smallest passing width or the ladder ends.

    From the rung nearest above `start` the search strides 1, 2, 4, ... rungs until it has a failing and a passing
    width, then halves the rungs between. Rungs that other searches measured on the far side of `start` lengthen no stride.

    Args:
      passed: whether each measured rung passed.
      start: a guess of the answer.
      most: the widest network to try.
      steps: rungs an octave.
    """
    rungs = ladder(most, steps)
    index = {width: n for n, width in enumerate(rungs)}
    known = bracket({w: ok for w, ok in passed.items() if w in index})
    first = min(bisect_left(rungs, start), len(rungs) - 1)
    if not passed:
        return rungs[first]
    low = index[known.low] if known.low else None
    high = index[known.high] if known.high is not None else None
    if high is None:
        if low < first:
            return rungs[first]
        failing = sum(not ok for width, ok in passed.items() if width >= rungs[first])
        return None if low == len(rungs) - 1 else rungs[min(low + 2 ** (failing - 1), len(rungs) - 1)]
    if low is None:
        if high > first:
            return rungs[first]
        passing = sum(ok for width, ok in passed.items() if width <= rungs[first])
        return None if high == 0 else rungs[max(high - 2 ** (passing - 1), 0)]
    return None if high - low == 1 else rungs[(low + high) // 2]

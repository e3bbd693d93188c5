"""The smallest width of one construction along m: what is asked, and what the rows say."""

import math
from dataclasses import dataclass

from superposed.bad_input import InputError
from superposed.constructions.base import Construction
from superposed.fitting import through
from superposed.measuring.measure import problem_of
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis
from superposed.study.series import curve_rows, local_exponents, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.smallest import search_for
from superposed.sweeping.tasks import SmallestWidth

MOST_POINTS = 100
"""Values of m of one sweep."""


@dataclass(frozen=True)
class WidthSweep:
    """What is measured: for each m and each seed the smallest width that meets the criterion.

    Args:
      construction, s, seeds, sampling, mode, criterion, eps, steps: as for `sweeping.tasks.SmallestWidth`.
      m: numbers of features.
      claim: the exponent of m that is judged.
    """

    construction: Construction
    m: tuple[int, ...]
    s: int
    eps: float
    criterion: str
    seeds: int
    sampling: Sampling
    mode: str
    claim: float
    steps: int = 8

    @property
    def name(self) -> str:
        """What legends and the table call the series."""
        return f"{self.criterion} < {self.eps:g}, {self.mode}, s = {self.s}"

    def tasks(self) -> list[SmallestWidth]:
        """One search for each m."""
        return [
            search_for(
                self.construction, m, self.s, self.eps, criterion=self.criterion, success=None, seeds=self.seeds,
                sampling=self.sampling, mode=self.mode, steps=self.steps,
            )
            for m in self.m
        ]  # fmt: skip

    def analyse(self, seen: Seen) -> Analysis:
        """Widths, local exponents and every model. The closed form is one of them where the construction knows one."""
        series = smallest_widths(self.name, self.tasks(), seen, s=self.s, criterion=self.criterion, mode=self.mode)
        curve = self.predicted()
        fitted = series.report(self.claim, closed=through(curve.items(), self.claim) if len(curve) > 1 else None)
        table = series.rows() + local_exponents(self.name, fitted) + curve_rows(curve, self.claim, s=self.s)
        question = f"{self.name}: width grows as m^({self.claim:.3g})?"
        return Analysis(table, [series.finding(question, fitted)], {self.name: fitted})

    def predicted(self) -> dict[int, float]:
        """{m: width} by the construction's closed form; empty where it has none."""
        width = {
            m: self.construction.predicted_width(problem_of(self.construction, m, self.s), self.eps, self.criterion)
            for m in self.m
        }
        return {m: w for m, w in width.items() if w is not None and math.isfinite(w)}


def ladder_of(low: float, high: float, ratio: float) -> tuple[int, ...]:
    """Whole numbers from low to high, each about `ratio` times the last.

    Raises:
      InputError: the ratio is not above 1, or there are too many values.
    """
    if not 1 < ratio < math.inf:
        raise InputError("step", ratio, "neighbouring values of m have a ratio above 1; use --step 2")
    n = int(math.log(high / low) / math.log(ratio) + 1e-9) + 1
    if n > MOST_POINTS:
        raise InputError("step", ratio, f"more than {MOST_POINTS} values of m; use --step 2")
    return tuple(dict.fromkeys(round(low * ratio**k) for k in range(n)))

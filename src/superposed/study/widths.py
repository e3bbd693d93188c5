"""Smallest widths as data: the intervals the searches of one series found, as a sample for fits and as table rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from superposed.fitting import Report, Sample, from_records, sample
from superposed.study.experiment import Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import SmallestWidth


@dataclass(frozen=True, eq=False)
class WidthSeries:
    """Intervals of the smallest width along m (or s, or eps), everything else held fixed.

    Args:
      name: what legends and reports call it.
      labels: what is held fixed (criterion, mode, s).
      records: dicts with m, seed, low and high; low = 0 or high = inf where the search ended on one side.
      along: "m", or "s" or "eps", which then take the place of m in the records.
    """

    name: str
    labels: dict
    records: tuple[dict, ...]
    along: str = "m"

    @property
    def sample(self) -> Sample:
        """The intervals as the fits take them; a unit is one seed at one m or s, or one seed at every eps it was asked at."""
        if self.along != "eps":
            return from_records(self.records, self.along, covariates=(self.along,))
        low, high, seed, eps = ([r[key] for r in self.records] for key in ("low", "high", "seed", "eps"))
        return sample(low, high, unit=seed, along="eps", eps=eps)

    def above(self, least: float) -> "WidthSeries":
        """The part with m >= least."""
        return replace(self, records=tuple(r for r in self.records if r[self.along] >= least))

    def median(self) -> list[tuple[float, float]]:
        """(m, median over seeds of the interval's geometric middle), for each m."""
        ms = sorted({r[self.along] for r in self.records})
        middle = lambda r: np.sqrt(float(max(r["low"], 1)) * float(r["high"]))
        return [(m, float(np.median([middle(r) for r in self.records if r[self.along] == m]))) for m in ms]

    def rows(self) -> list[dict]:
        """Table rows of kind "width"."""
        return [{"kind": "width", **self.labels, **record} for record in self.records]

    def local_rows(self, found: Report) -> list[dict]:
        """Table rows of kind "local exponent"."""
        return [
            {
                "kind": "local exponent",
                **self.labels,
                self.along: e.middle,
                "low": e.low,
                "best": e.best,
                "high": e.high,
            }
            for e in found.local
        ]


def series_of(name: str, tasks: Sequence[SmallestWidth], seen: Seen, along: str = "m", **labels: object) -> WidthSeries:
    """The answers to searches at several m (or s, or eps)."""
    records = [
        {
            along: getattr(task, along),
            "seed": seed,
            "low": found.low,
            "high": float("inf") if found.high is None else found.high,
        }
        for task in tasks
        for seed, found in enumerate(task.brackets(seen))
    ]
    return WidthSeries(name, labels, tuple(records), along)


def finding_of(question: str, found: Report, seeds: int) -> Finding:
    """A report's line in the table of verdicts."""
    column = found.sample.covariates[found.sample.along]
    span = f"{found.sample.along} = {column.min():.4g} to {column.max():.4g}, {seeds} seeds"
    return Finding(question, span, interval_text(found), found.verdict.word, found.verdict.why)


def interval_text(found: Report) -> str:
    """The exponent with its 95% interval, by the best adequate law that fits one; the best law of all where that fits none;
    and what all credible laws together leave to the exponent where that is more.
    """
    free = next((e for e in found.entries if e.candidate.adequate and not e.candidate.fixed), None)
    best = found.best.fitted.law.name
    if free is None:
        return f"no law that fits an exponent is adequate; best: {best}"
    low, middle, high = free.candidate.exponent
    name, region = free.fitted.law.name, found.verdict.region
    said = f"{middle:.3f} [{low:.3f}, {high:.3f}] by {name}" + ("" if name == best else f"; best: {best}")
    wider = region is not None and (region[0] < low - 5e-4 or region[1] > high + 5e-4)
    return said + (f"; all credible laws [{region[0]:.3f}, {region[1]:.3f}]" if wider else "")

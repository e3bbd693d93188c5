"""Measured series along m, d, s or eps: the models fitted to them, and their line in the table of verdicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf, log, sqrt

import numpy as np
from jaxtyping import Array

from superposed.constructions.base import Construction
from superposed.fitting import NotFitted, Report, Sample, report, sample
from superposed.fitting.models import LOG_POWER
from superposed.measuring.errors import Errors
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths, SmallestWidth


@dataclass(frozen=True, eq=False)
class Series:
    """Intervals of one quantity (a smallest width, a largest m, an error) along one axis, everything else held fixed.

    Args:
      name: what legends, fits and the table call it.
      along: the axis: "m", "d", "s" or "eps".
      records: dicts with the axis, seed, low and high; low = 0 or high = inf where the search ended on one side.
      labels: what is held fixed; columns of the table.
      covariates: other columns of the records that vary; each enters every model as a free power.
      nested: networks of one seed share their draws along the axis, so that a seed is one unit of independence.
    """

    name: str
    along: str
    records: tuple[dict, ...]
    labels: Mapping[str, object] = field(default_factory=dict)
    covariates: tuple[str, ...] = ()
    nested: bool = False

    @classmethod
    def exact(cls, name: str, along: str, rows: Sequence[dict], value: str, **labels: object) -> "Series":
        """Values that are known exactly: the column `value` of the rows."""
        return cls(name, along, tuple({**row, "low": row[value], "high": row[value]} for row in rows), labels)

    @property
    def sample(self) -> Sample:
        """The intervals as the fits take them; without those that are open on both sides, which say nothing."""
        records = [r for r in self.records if r["low"] > 0 or r["high"] < inf]
        units = [r["seed"] if self.nested else f"{r[self.along]} {r['seed']}" for r in records]
        columns = {key: [r[key] for r in records] for key in ("low", "high", self.along, *self.covariates)}
        return sample(unit=units, along=self.along, **columns)

    @property
    def span(self) -> str:
        """The measured range and the number of seeds, in words."""
        values, seeds = [r[self.along] for r in self.records], {r["seed"] for r in self.records}
        return f"{self.along} = {number(min(values))} to {number(max(values))}, {len(seeds)} seeds"

    def above(self, least: float) -> "Series":
        """The part whose axis is at least `least`."""
        return replace(self, records=tuple(r for r in self.records if r[self.along] >= least))

    def report(self, claim: float | int, **options: object) -> Report | NotFitted:
        """Every model fitted to the series (`fitting.report`); the reason where none can be."""
        return report(self.sample, claim=claim, **options)

    def finding(self, question: str, fitted: Report | NotFitted) -> Finding:
        """The report's line in the table of verdicts."""
        return finding(question, self.span, fitted)

    def formula_finding(self, question: str, fitted: Report | NotFitted) -> Finding:
        """Whether the series follows the report's closed form, as a line in the table of verdicts."""
        if isinstance(fitted, NotFitted) or fitted.formula is None:
            reason = fitted.reason if isinstance(fitted, NotFitted) else "the closed form could not be fitted"
            return Finding(question, self.span, "no fit", "inconclusive", reason)
        formula = fitted.formula
        fits = "" if formula.fits is None else f"; lack of fit of the closed form: p = {formula.fits:.2g}"
        return Finding(question, self.span, str(formula), formula.word, formula.why + fits)

    def medians(self) -> dict[float, float]:
        """{value of the axis: median over seeds of `middles`}, along the axis."""
        middles = self.middles(self.along)
        return {x: float(np.median(middles[x])) for x in sorted(middles)}

    def middles(self, column: str) -> dict[float, list[float]]:
        """{value of a column: the geometric middle of each interval there, or its one finite end}."""
        middles: dict[float, list[float]] = {}
        for r in self.records:
            low, high = (r["low"] or r["high"]), (r["high"] if r["high"] < inf else r["low"])
            middles.setdefault(r[column], []).append(float(low) ** 0.5 * float(high) ** 0.5)
        return middles

    def rows(self, kind: str = "width") -> list[dict]:
        """Table rows: every interval (of the given kind), then the medians over seeds (kind "median")."""
        return self.interval_rows(kind) + self.median_rows()

    def interval_rows(self, kind: str) -> list[dict]:
        """Table rows of every interval."""
        return [{"kind": kind, "series": self.name, **self.labels, **record} for record in self.records]

    def median_rows(self, kind: str = "median") -> list[dict]:
        """Table rows of the medians over seeds."""
        shared = {"kind": kind, "series": self.name, **self.labels}
        return [{**shared, self.along: x, "best": y} for x, y in self.medians().items()]


def drawn_search(
    construction: Construction, m: int, s: int, eps: float, profile: object, start: float, most: float = 2**34
) -> SmallestWidth:
    """For each seed, the smallest width at which 99% of the drawn read-offs of the worst stratum err by less than eps.

    Args:
      profile: of an experiment, with its `seeds`, `events` a stratum, and `steps` of the search.
      start, most: where the search starts, and the widest network it looks at.
    """
    return SmallestWidth(construction, m, s, profile.seeds, Sampling(profile.events), "q99", eps, start=start,
                         most=most, mode="drawn", steps=profile.steps)  # fmt: skip


def smallest_widths(
    name: str, tasks: Sequence[SmallestWidth], seen: Seen, along: str = "m", **labels: object
) -> Series:
    """The answers to searches at several m (or s, or eps). Searches at several eps look at the same networks."""
    records = [
        {
            along: getattr(task, along),
            "seed": seed,
            "low": bracket.low,
            "high": inf if bracket.high is None else bracket.high,
        }
        for task in tasks
        for seed, bracket in enumerate(task.brackets(seen))
    ]
    return Series(name, along, tuple(records), labels, nested=along == "eps")


def errors_along_width(
    name: str, task: AtWidths, seen: Seen, error: Callable[[Errors], float | Array], **labels: object
) -> Series:
    """One error of every network along d. Networks of one seed share their neurons, so a seed is one unit."""
    records = [
        {"d": d, "seed": seed, "low": (value := float(error(errors))), "high": value}
        for d in task.widths
        for seed, errors in enumerate(task.errors(seen, d))
    ]
    return Series(name, "d", tuple(records), labels, nested=True)


def finding(question: str, span: str, fitted: Report | NotFitted) -> Finding:
    """A report's line in the table of verdicts; "inconclusive" with the reason where nothing could be fitted.

    Two values of the axis give a slope. No model can be told from another by them, so they get no verdict.
    """
    if isinstance(fitted, NotFitted):
        return Finding(question, span, "no fit", "inconclusive", fitted.reason)
    if len(np.unique(fitted.sample.covariates[fitted.sample.along])) < 3:
        return Finding(question, span, interval_text(fitted), "measured", "two values give a slope, and no verdict")
    return Finding(question, span, interval_text(fitted), fitted.verdict.word, fitted.verdict.why)


def local_exponents(name: str, fitted: Report | NotFitted, **labels: object) -> list[dict]:
    """Table rows of the exponents between neighbouring values of the axis."""
    if isinstance(fitted, NotFitted):
        return []
    along = fitted.sample.along
    return [
        {"kind": "local exponent", "series": name, **labels, along: e.middle, "start": e.start, "stop": e.stop,
         "low": e.low, "best": e.best, "high": e.high}
        for e in fitted.local
    ]  # fmt: skip


def slopes_between(curve: Mapping[float, float]) -> dict[float, float]:
    """Exponents between neighbouring points of a curve {x: y}, each at the geometric mean of its two x."""
    return {sqrt(a * b): log(curve[b] / curve[a]) / log(b / a) for a, b in pairwise(sorted(curve))}


def curve_rows(points: Mapping[float, float], exponent: float | int, along: str = "m", **labels: object) -> list[dict]:
    """Table rows, kind "computed", of a curve {x: y} and the exponent it tends to; `superposed fit` reads them."""
    return [{"kind": "computed", **labels, along: x, "best": y, "exponent": exponent} for x, y in points.items()]


def exponent_text(fitted: Report | NotFitted) -> str:
    """The exponent with its 95% interval, for legends."""
    if isinstance(fitted, NotFitted):
        return "not fitted"
    exponent = fitted.verdict.exponent
    return "no exponent fits" if exponent is None else triple(exponent)


def interval_text(fitted: Report) -> str:
    """The exponent with the interval that the verdict rests on, and the models it comes from.

    The best model is named where it is another. The interval under bounded log powers follows where it is narrower.
    """
    verdict, best = fitted.verdict, fitted.best.candidate.name
    if verdict.exponent is None:
        return f"no credible model fits an exponent; best: {best}"
    names = [c.name for c in verdict.widest]
    text = f"{triple(verdict.exponent)} by {' and '.join(names)}" + ("" if best in names else f"; best: {best}")
    bounded = fitted.bounded.exponent
    if bounded is None or bounded[2] - bounded[0] > 0.9 * (verdict.exponent[2] - verdict.exponent[0]):
        return text
    return f"{text}; log power within +-{LOG_POWER:g}: {triple(bounded)}, {fitted.bounded.word}"


def triple(value: tuple[float, float, float], form: str = ".3f") -> str:
    """best [low, high]."""
    low, best, high = (format(x, form) for x in value)
    return f"{best} [{low}, {high}]"


def number(x: float) -> str:
    """A plain number: 131,072; 0.0625; 1.1e+12."""
    return f"{x:,.0f}" if x == round(x) and abs(x) < 1e7 else f"{x:.3g}"

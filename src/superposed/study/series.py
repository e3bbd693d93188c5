"""Measured series along m, d, s or eps: the models fitted to them, and their line in the table of verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from superposed.fitting import Entry, Report, Sample, report, sample
from superposed.study.experiment import Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import SmallestWidth


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

    @property
    def sample(self) -> Sample:
        """The intervals as the fits take them."""
        units = [r["seed"] if self.nested else f"{r[self.along]} {r['seed']}" for r in self.records]
        columns = {key: [r[key] for r in self.records] for key in ("low", "high", self.along, *self.covariates)}
        return sample(unit=units, along=self.along, **columns)

    @property
    def span(self) -> str:
        """The measured range and the number of seeds, in words."""
        values, seeds = [r[self.along] for r in self.records], {r["seed"] for r in self.records}
        return f"{self.along} = {number(min(values))} to {number(max(values))}, {len(seeds)} seeds"

    def above(self, least: float) -> "Series":
        """The part whose axis is at least `least`."""
        return replace(self, records=tuple(r for r in self.records if r[self.along] >= least))

    def report(self, claim: float | int, **options: object) -> Report | str:
        """Every model fitted to the series (`fitting.report`); the reason where none can be."""
        try:
            return report(self.sample, claim=claim, **options)
        except ValueError as reason:
            return str(reason)

    def finding(self, question: str, found: Report | str) -> Finding:
        """The report's line in the table of verdicts."""
        return finding(question, self.span, found)

    def medians(self) -> dict[float, float]:
        """{value of the axis: median over seeds of the interval's geometric middle, or of its one finite end}."""
        middles: dict[float, list[float]] = {}
        for r in sorted(self.records, key=lambda r: r[self.along]):
            low, high = (r["low"] or r["high"]), (r["high"] if r["high"] < float("inf") else r["low"])
            middles.setdefault(r[self.along], []).append(float(low) ** 0.5 * float(high) ** 0.5)
        return {x: float(np.median(values)) for x, values in middles.items()}

    def rows(self, kind: str = "width") -> list[dict]:
        """Table rows: every interval (of the given kind), then the medians over seeds (kind "median")."""
        shared = {"series": self.name, **self.labels}
        medians = [{"kind": "median", **shared, self.along: x, "best": y} for x, y in self.medians().items()]
        return [{"kind": kind, **shared, **record} for record in self.records] + medians


def smallest_widths(
    name: str, tasks: Sequence[SmallestWidth], seen: Seen, along: str = "m", **labels: object
) -> Series:
    """The answers to searches at several m (or s, or eps). Searches at several eps look at the same networks."""
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
    return Series(name, along, tuple(records), labels, nested=along == "eps")


def finding(question: str, span: str, found: Report | str) -> Finding:
    """A report's line in the table of verdicts; "inconclusive" with the reason where nothing could be fitted."""
    if isinstance(found, str):
        return Finding(question, span, "no fit", "inconclusive", found)
    return Finding(question, span, interval_text(found), found.verdict.word, found.verdict.why)


def edge(ladder: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """(last m that passes before any fails, first m that fails) of rungs (m, passed); 0 or inf where a side is open."""
    low = 0.0
    for m, passed in sorted(ladder):
        if not passed:
            return low, float(m)
        low = float(m)
    return low, float("inf")


def local_exponents(name: str, found: Report | str, **labels: object) -> list[dict]:
    """Table rows of the exponents between neighbouring values of the axis."""
    if isinstance(found, str):
        return []
    along = found.sample.along
    return [
        {"kind": "local exponent", "series": name, **labels, along: e.middle, "start": e.start, "stop": e.stop,
         "low": e.low, "best": e.best, "high": e.high}
        for e in found.local
    ]  # fmt: skip


def curve_rows(points: Mapping[float, float], along: str = "m", **labels: object) -> list[dict]:
    """Table rows of a computed curve {x: y}, kind "computed"."""
    return [{"kind": "computed", **labels, along: x, "best": y} for x, y in points.items()]


def free_entry(found: Report) -> Entry | None:
    """The best adequate model that fits an exponent; None where only models that state theirs are adequate."""
    return next((e for e in found.entries if e.candidate.adequate and not e.candidate.fixed), None)


def exponent_text(found: Report | str) -> str:
    """The exponent with its 95% interval, for legends."""
    if isinstance(found, str):
        return "not fitted"
    entry = free_entry(found)
    return "no exponent fits" if entry is None else triple(entry.candidate.exponent)


def interval_text(found: Report) -> str:
    """The exponent with its 95% interval, and the model it belongs to.

    The best model is named where it is another, and the interval of all credible models where it is wider.
    """
    entry, best = free_entry(found), found.best.fitted.law.name
    if entry is None:
        return f"no law that fits an exponent is adequate; best: {best}"
    low, _, high = entry.candidate.exponent
    name, region = entry.fitted.law.name, found.verdict.region
    text = f"{triple(entry.candidate.exponent)} by {name}" + ("" if name == best else f"; best: {best}")
    wider = region is not None and (region[0] < low - 5e-4 or region[1] > high + 5e-4)
    return text + (f"; all credible laws [{region[0]:.3f}, {region[1]:.3f}]" if wider else "")


def triple(value: tuple[float, float, float], form: str = ".3f") -> str:
    """best [low, high]."""
    low, best, high = (format(x, form) for x in value)
    return f"{best} [{low}, {high}]"


def number(x: float) -> str:
    """A plain number: 131,072; 0.0625; 1.1e+12."""
    return f"{x:,.0f}" if x == round(x) and abs(x) < 1e7 else f"{x:.3g}"

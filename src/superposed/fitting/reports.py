"""Everything a sample says about an exponent: each model's fit, the rivals side by side, and the verdict."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from superposed.bad_input import InputError
from superposed.fitting.data import Sample
from superposed.fitting.design import would_decide
from superposed.fitting.fits import AnyModel, Fit, NotFitted, fit
from superposed.fitting.formula import Formula, follow
from superposed.fitting.goodness import HeldOut, LocalExponent, collinearity, held_out, lack_of_fit, local_exponents
from superposed.fitting.models import Model
from superposed.fitting.points import Points, fit_points
from superposed.fitting.profile import intervals, joint_region
from superposed.fitting.rivals import default_models
from superposed.fitting.verdict import Candidate, Verdict, judge


@dataclass(frozen=True, eq=False)
class Entry:
    """One model in a report: its fit, coefficient intervals, standing among its rivals, and prediction held out."""

    candidate: Candidate

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The 95% interval of every coefficient."""
        return intervals(self.fitted)

    @cached_property
    def held_out(self) -> HeldOut | None:
        """How well the fit without the largest value of `along` predicts it."""
        return held_out(self.fitted)

    @property
    def fitted(self) -> Fit:
        """The fit itself."""
        return self.candidate.fitted

    def to_json(self) -> dict[str, object]:
        """Plain numbers: coefficients with (low, best, high), scatter, log likelihood, rivals' measures."""
        f, c = self.fitted, self.candidate
        return {
            "model": c.name,
            "coefficients": {
                name: {"best": best, "low": self.intervals[name][0], "high": self.intervals[name][1]}
                for name, best in f.coef.items()
            },
            "exponent": dict(zip(("low", "best", "high"), c.exponent, strict=True)) | {"stated": c.fixed},
            "sigma": f.sigma,
            "log_likelihood": f.loglik,
            "rows_in_effect": f.n,
            "degrees_of_freedom": f.dof,
            "delta_aicc": c.delta,
            "goodness_of_fit_p": c.fits,
            "held_out": None if self.held_out is None else asdict(self.held_out),
            "correlation_exponent_log_power": collinearity(f),
        }


@dataclass(frozen=True, eq=False)
class Report:
    """All models fitted to one sample, best first, with what they say together.

    Attributes:
      claim: the exponent in question.
      entries: one per model that could be fitted, by corrected Akaike criterion.
      left_out: (model, why) for those that could not.
      points: a mean of its own at every point, or why there is none.
      verdict: the word and why.
      formula: whether the responses follow the closed form; None where none was given or fitted.
    """

    sample: Sample
    claim: float
    entries: tuple[Entry, ...]
    left_out: tuple[tuple[str, str], ...]
    points: Points | NotFitted
    verdict: Verdict
    formula: Formula | None

    @cached_property
    def bounded(self) -> Verdict:
        """The verdict when every power of the logarithm is limited to |b| <= `models.LOG_POWER`."""
        along, scatter = self.sample.along, None if isinstance(self.points, NotFitted) else self.points.scatter
        fits = {e.candidate.name: e.fitted for e in self.entries}
        limited = {
            name: fit(f.model.bounded(along), self.sample, scatter) if f"log log {along}" in f.model.free else f
            for name, f in fits.items()
        }
        gaps = [name for name, f in limited.items() if isinstance(f, NotFitted)]
        entries = _entries([f for f in limited.values() if isinstance(f, Fit)], self.points)
        missing = [*gaps, *(name for name, _ in self.left_out)]
        return judge([e.candidate for e in entries], self.claim, self.sample.decades, missing)

    @property
    def best(self) -> Entry:
        """The adequate model with the smallest corrected Akaike criterion; if none is adequate, the smallest of all."""
        return next((e for e in self.entries if e.candidate.adequate), self.entries[0])

    @property
    def local(self) -> tuple[LocalExponent, ...]:
        """Local exponents between neighbours; none where there are no seeds to see the scatter by."""
        return () if isinstance(self.points, NotFitted) else local_exponents(self.points)

    @property
    def region(self) -> Float[np.ndarray, "k 2"] | None:
        """The curve around the joint 95% region of exponent and log power; None where it is absent or unbounded."""
        for e in self.entries:
            if collinearity(e.fitted) is not None:
                curve = joint_region(e.fitted, f"log {self.sample.along}", f"log log {self.sample.along}")
                return None if isinstance(curve, NotFitted) else curve
        return None

    @property
    def scatter_slope(self) -> float:
        """How the log scatter changes with log `along`, on average; 0 where that was not fitted."""
        return 0.0 if isinstance(self.points, NotFitted) else self.points.slope

    @property
    def would_decide(self) -> dict[str, float | None] | None:
        """What would narrow the interval enough to decide (`design.would_decide`)."""
        return would_decide(self.verdict, self.sample)

    def entry(self, name: str) -> Entry:
        """The entry of a model by its name.

        Raises:
          ValueError: no model of that name was fitted.
        """
        for e in self.entries:
            if e.candidate.name == name:
                return e
        raise ValueError(
            f"no model {name!r} in this report: it has {', '.join(e.candidate.name for e in self.entries)}"
        )

    def to_json(self) -> dict[str, object]:
        """A plain dictionary of full-precision numbers, for `json.dump`; an infinite end is a side without a bound."""
        column, region = self.sample.covariates[self.sample.along], self.region
        triple = lambda verdict: None if verdict.exponent is None else list(verdict.exponent)
        return {
            "along": self.sample.along,
            "range": [float(column.min()), float(column.max())],
            "rows": len(column),
            "units": len(np.unique(self.sample.unit)),
            "open_rows": int(np.sum(~self.sample.bounded)),
            "claim": self.claim,
            "verdict": self.verdict.word,
            "why": self.verdict.why,
            "exponent": triple(self.verdict),
            "excluded_exponents": list(self.verdict.excluded),
            "would_decide": self.would_decide,
            "bounded_log_power": {
                "verdict": self.bounded.word,
                "why": self.bounded.why,
                "exponent": triple(self.bounded),
            },
            "formula": None if self.formula is None else asdict(self.formula),
            "best_model": self.best.candidate.name,
            "models": [e.to_json() for e in self.entries],
            "left_out": [{"model": name, "why": why} for name, why in self.left_out],
            "scatter_slope": self.scatter_slope,
            "local_exponents": [asdict(local) | {"others": dict(local.others)} for local in self.local],
            "joint_region": None if region is None else region.tolist(),
        }


def report(
    sample: Sample, claim: float | int = 2 / 3, models: Sequence[AnyModel] | None = None, closed: Model | None = None
) -> Report | NotFitted:
    """Fit every model and judge the claim that the asymptotic exponent of `sample.along` is `claim`.

    Args:
      sample: the measurements.
      claim: the exponent predicted.
      models: which models compete; None takes `default_models`.
      closed: a closed form (`models.closed_form`, `models.through`). It competes as a model that states its exponent,
        and the report says how far the responses follow it (`Formula`).

    Returns:
      The report, or why there is none: no model can be fitted (a single value of `along`, no scatter left).

    Raises:
      InputError: the claim is no finite number.
    """
    if not np.isfinite(claim):
        raise InputError("claim", claim, "an exponent is a finite number, such as 2/3")
    if len(np.unique(sample.covariates[sample.along])) < 2:
        return NotFitted(
            f"one value of {sample.along}: an exponent is not identified; measure at least two, better five"
        )
    points = fit_points(sample)
    scatter = None if isinstance(points, NotFitted) else points.scatter
    chosen = [*(default_models(claim, sample) if models is None else models), *([] if closed is None else [closed])]
    fits = {model.name: fit(model, sample, scatter) for model in chosen}
    left_out = tuple((name, f.reason) for name, f in fits.items() if isinstance(f, NotFitted))
    fitted = [f for f in fits.values() if isinstance(f, Fit)]
    if not fitted:
        return NotFitted(left_out[0][1])
    entries = _entries(fitted, points)
    return Report(
        sample,
        float(claim),
        entries,
        left_out,
        points,
        judge([e.candidate for e in entries], claim, sample.decades, [name for name, _ in left_out]),
        None if closed is None else follow(closed, sample, points, scatter),
    )


def _entries(fits: Sequence[Fit], points: Points | NotFitted) -> tuple[Entry, ...]:
    """Every fit with its rivals' measures, by corrected Akaike criterion."""
    effect = 1.0 if isinstance(points, NotFitted) else max(points.effect, 1.0)
    least = min(f.aicc(effect) for f in fits), min(f.aic(effect) for f in fits)
    return tuple(_entry(f, points, effect, least) for f in sorted(fits, key=lambda f: f.aicc(effect)))


def _entry(fitted: Fit, points: Points | NotFitted, effect: float, least: tuple[float, float]) -> Entry:
    name, offset = fitted.model.exponent(fitted.sample.along)
    exponent = (offset, offset, offset)
    if name is not None:
        low, high = intervals(fitted, (name,))[name]
        exponent = (max(low + offset, fitted.model.least_exponent), fitted.coef[name] + offset, high + offset)
    delta = fitted.aicc(effect) - least[0] if np.isfinite(least[0]) else 0.0
    return Entry(Candidate(fitted, lack_of_fit(fitted, points), delta, fitted.aic(effect) - least[1], exponent))

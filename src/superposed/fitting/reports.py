"""Everything a sample says about an exponent: each law's fit, the rivals side by side, and the verdict."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from superposed.fitting import laws as families
from superposed.fitting.crossover import Crossover
from superposed.fitting.data import Sample
from superposed.fitting.fits import AnyLaw, Fit, fit
from superposed.fitting.goodness import (
    Collinearity,
    HeldOut,
    LocalExponent,
    collinearity,
    held_out,
    lack_of_fit,
    local_exponents,
)
from superposed.fitting.points import saturated
from superposed.fitting.profile import intervals, joint_region
from superposed.fitting.resampling import DRAWS, bootstrap
from superposed.fitting.scatter import scatter_of
from superposed.fitting.verdict import Candidate, Verdict, judge


@dataclass(frozen=True, eq=False)
class Entry:
    """One law in a report: its fit, coefficient intervals, standing among its rivals, and prediction held out."""

    candidate: Candidate
    intervals: dict[str, tuple[float, float]]
    bootstrap: dict[str, tuple[float, float]] | None
    held_out: HeldOut | None
    collinearity: Collinearity

    @property
    def fitted(self) -> Fit:
        """The fit itself."""
        return self.candidate.fitted

    def to_json(self) -> dict[str, object]:
        """Plain numbers: coefficients with (low, best, high), scatter, log likelihood, rivals' measures."""
        f, c = self.fitted, self.candidate
        return {
            "law": f.law.name,
            "coefficients": {
                name: {
                    "best": best,
                    "low": self.intervals[name][0],
                    "high": self.intervals[name][1],
                    "bootstrap": None if self.bootstrap is None else list(self.bootstrap[name]),
                }
                for name, best in f.coef.items()
            },
            "fixed": dict(f.law.fixed),
            "exponent": dict(zip(("low", "best", "high"), c.exponent, strict=True)) | {"fixed": c.fixed},
            "sigma": f.sigma,
            "log_likelihood": f.loglik,
            "rows_in_effect": f.n,
            "degrees_of_freedom": f.dof,
            "delta_aicc": c.delta,
            "goodness_of_fit_p": c.fits,
            "held_out": None if self.held_out is None else asdict(self.held_out),
            "variance_inflation": self.collinearity.inflation,
            "correlation_exponent_log_power": self.collinearity.correlation,
        }


@dataclass(frozen=True, eq=False)
class Report:
    """All laws fitted to one sample, best first, with what they say together.

    Attributes:
      claim: the exponent in question.
      entries: one per law that could be fitted, by corrected Akaike criterion.
      left_out: (law, why) for those that could not.
      local: local exponents between neighbours.
      region: (exponent, log power) curve of the joint 95% region, None where the law with both is absent or unbounded.
      scatter_slope: how log scatter changes with log `along`; 0 where it is constant.
      verdict: the word and why.
    """

    sample: Sample
    claim: float
    entries: tuple[Entry, ...]
    left_out: tuple[tuple[str, str], ...]
    local: tuple[LocalExponent, ...]
    region: Float[np.ndarray, "k 2"] | None
    scatter_slope: float
    verdict: Verdict

    @property
    def best(self) -> Entry:
        """The adequate law with the smallest corrected Akaike criterion; where none is adequate, the smallest of all."""
        return next((e for e in self.entries if e.candidate.adequate), self.entries[0])

    def entry(self, name: str) -> Entry:
        """The entry of a law by its name.

        Raises:
          ValueError: no law of that name was fitted.
        """
        for e in self.entries:
            if e.fitted.law.name == name:
                return e
        raise ValueError(f"no law {name!r} in this report: it has {', '.join(e.fitted.law.name for e in self.entries)}")

    def to_json(self) -> dict[str, object]:
        """A plain dictionary of full-precision numbers, for `json.dump`; infinite ends say that a side is not bounded."""
        column = self.sample.covariates[self.sample.along]
        both = next((e.collinearity for e in self.entries if e.collinearity.correlation is not None), None)
        return {
            "along": self.sample.along,
            "range": [float(column.min()), float(column.max())],
            "rows": len(column),
            "units": len(np.unique(self.sample.unit)),
            "open_rows": int(np.sum((self.sample.low == 0) | np.isinf(self.sample.high))),
            "claim": self.claim,
            "verdict": self.verdict.word,
            "why": self.verdict.why,
            "exponent_region": None if self.verdict.region is None else list(self.verdict.region),
            "excluded_exponents": list(self.verdict.excluded),
            "would_decide": self.verdict.would_decide,
            "best_law": self.best.fitted.law.name,
            "laws": [e.to_json() for e in self.entries],
            "left_out": [{"law": name, "why": why} for name, why in self.left_out],
            "collinearity": None if both is None else both.statement(self.sample.along),
            "scatter_slope": self.scatter_slope,
            "local_exponents": [asdict(local) | {"others": dict(local.others)} for local in self.local],
            "joint_region": None if self.region is None else self.region.tolist(),
        }


def default_laws(claim: float, sample: Sample) -> tuple[AnyLaw, ...]:
    """Power; the claim with a free log power; both free; logarithm only; and the crossover for widths along m.

    Covariates besides `along` that vary enter every law as a free power. The crossover is that of theory (3d), whose
    other terms reach m^(1/2), so it joins only for claims above 1/2.
    """
    along = sample.along
    more = tuple(f"log {name}" for name, values in sample.covariates.items() if name != along and np.ptp(values) > 0)
    chosen: list[AnyLaw] = [
        families.power(along, *more),
        families.fixed_power_log(claim, along, *more),
        families.power_log(along, *more),
    ]
    if claim != 0:
        chosen.append(families.logarithm(along, *more))
    if along == "m" and claim > 1 / 2:
        chosen.append(Crossover(terms=more))
    return tuple(chosen)


def report(
    sample: Sample,
    claim: float | int = 2 / 3,
    laws: Sequence[AnyLaw] | None = None,
    more_laws: Sequence[AnyLaw] = (),
    draws: int = DRAWS,
) -> Report:
    """Fit every law and judge the claim that the asymptotic exponent of `sample.along` is `claim`.

    Args:
      sample: the measurements.
      claim: the exponent predicted.
      laws: which laws compete; None takes `default_laws`.
      more_laws: further ones, such as a closed finite-size law.
      draws: bootstrap resamples a law; 0 leaves the bootstrap out.

    Raises:
      ValueError: no law can be fitted (a single value of `along`, no scatter left), in one line.
    """
    if len(np.unique(sample.covariates[sample.along])) < 2:
        raise ValueError(
            f"one value of {sample.along}: an exponent is not identified; measure at least two, better five"
        )
    log_scatter, sloped = scatter_of(sample)
    chosen = (*(default_laws(claim, sample) if laws is None else laws), *more_laws)
    fits, left_out = [], []
    for law in chosen:
        try:
            fits.append(fit(law, sample, log_scatter, sloped))
        except ValueError as error:
            left_out.append((law.name, str(error)))
    if not fits:
        raise ValueError(left_out[0][1])
    points = points_of(sample, log_scatter)
    effect = 1.0 if points is None else max(points.design_effect(list(range(len(points.at) - 1))), 1.0)
    least = (min(f.aicc(effect) for f in fits), min(f.aic(effect) for f in fits))
    entries = [_entry(f, points, effect, least, draws) for f in sorted(fits, key=lambda f: f.aicc(effect))]
    return Report(
        sample,
        float(claim),
        tuple(entries),
        tuple(left_out),
        local_exponents(points) if points is not None else (),
        _region(fits),
        _slope(sample, log_scatter) if sloped else 0.0,
        judge([e.candidate for e in entries], claim),
    )


def points_of(sample: Sample, log_scatter: Float[np.ndarray, " n"]) -> Fit | None:
    """The fit of a mean of its own at every point; None where no seeds are left over to see scatter by."""
    try:
        return fit(saturated(sample), sample, log_scatter)
    except ValueError:
        return None


def _entry(fitted: Fit, points: Fit | None, effect: float, least: tuple[float, float], draws: int) -> Entry:
    found = intervals(fitted)
    name, offset = fitted.law.exponent(fitted.sample.along)
    if name is None:
        exponent = (offset, offset, offset)
    else:
        low, high = found[name]
        exponent = (max(low + offset, fitted.law.least_exponent), fitted.coef[name] + offset, high + offset)
    delta = fitted.aicc(effect) - least[0] if np.isfinite(least[0]) else 0.0
    candidate = Candidate(fitted, lack_of_fit(fitted, points), delta, fitted.aic(effect) - least[1], exponent)
    return Entry(candidate, found, _bootstrap(fitted, draws), held_out(fitted), collinearity(fitted))


def _bootstrap(fitted: Fit, draws: int) -> dict[str, tuple[float, float]] | None:
    if draws == 0:
        return None
    try:
        resampled = bootstrap(fitted, draws)
    except ValueError:
        return None
    return {name: resampled.interval(name) for name in fitted.law.free}


def _region(fits: Sequence[Fit]) -> Float[np.ndarray, "k 2"] | None:
    for f in fits:
        pair = (f"log {f.sample.along}", f"log log {f.sample.along}")
        if all(name in f.law.free for name in pair):
            try:
                return joint_region(f, *pair)
            except (ValueError, np.linalg.LinAlgError):
                return None
    return None


def _slope(sample: Sample, log_scatter: Float[np.ndarray, " n"]) -> float:
    return float(np.polyfit(np.log(sample.covariates[sample.along]), log_scatter, 1)[0])

"""The probability that a network of width d passes: binomial intervals, and a logistic or probit curve in log width."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_expit, log_ndtr, logit, ndtri

from superposed.bad_input import InputError
from superposed.fitting.fits import NotFitted

LINKS: dict[str, tuple[Callable, Callable]] = {"logit": (log_expit, logit), "probit": (log_ndtr, ndtri)}
STEEPEST = 1e4  # transitions sharper than this many units of the link per e-fold of width are steps
FLATTEST = 1e-3


def proportion_interval(passed: int, total: int) -> tuple[float, float]:
    """The exact 95% interval of a binomial proportion, which never undercovers (Clopper & Pearson 1934).

    Raises:
      InputError: not 0 <= passed <= total with total >= 1.
    """
    _check_counts(passed, total)
    ends = scipy.stats.binomtest(int(passed), int(total)).proportion_ci(0.95, "exact")
    return float(ends.low), float(ends.high)


@dataclass(frozen=True)
class Success:
    """P(pass at width d) = link^-1(sharpness (log d - log half)), fitted to counts.

    Attributes:
      link: "logit" or "probit".
      half, high: widths at which half and 95 in a hundred pass, each (low, best, high).
      sharpness: link units per e-fold of width, (low, best, high); infinite where passes and failures do not overlap.
      log_likelihood: at the maximum.
    """

    link: str
    half: tuple[float, float, float]
    high: tuple[float, float, float]
    sharpness: tuple[float, float, float]
    log_likelihood: float

    def probability(self, width: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        """The fitted P(pass) at these widths."""
        slope = min(self.sharpness[1], STEEPEST)
        return np.exp(LINKS[self.link][0](slope * (np.log(width) - np.log(self.half[1]))))


def fit_success(
    width: Float[np.ndarray, " k"],
    passed: Float[np.ndarray, " k"],
    total: Float[np.ndarray, " k"],
    link: str = "logit",
) -> Success | NotFitted:
    """The transition from failing to passing, by maximum likelihood with 95% profile-likelihood intervals.

        passed_k ~ Binomial(total_k, F(g (log d_k - log d_half)))

    Every count must come from separate draws. Where the same seeds are tried at every width, their passes are nested.
    Then the interval data of `Sample` with the model ("1",) are the right ones.

    Returns:
      The curve; or why there is none: all pass, all fail, or passing does not become likelier with width.

    Raises:
      InputError: an unknown link, or widths or counts out of range.
    """
    if link not in LINKS:
        raise InputError("link", link, f"choose {' or '.join(LINKS)}")
    if not (np.all(np.isfinite(width)) and np.all(width > 0)):
        raise InputError("width", width[~(np.isfinite(width) & (width > 0))][0], "widths are finite and above 0")
    for some, of in zip(passed.tolist(), total.tolist(), strict=True):
        _check_counts(some, of)
    if passed.sum() == 0 or passed.sum() == total.sum():
        word, way = ("fails", "wider") if passed.sum() == 0 else ("passes", "narrower")
        return NotFitted(f"every draw {word}: no transition to fit; measure {way} networks")
    curve = _Curve(np.log(width), passed, total, link)
    _, log_slope, top = curve.maximum(0.5)
    if log_slope <= np.log(FLATTEST) + 1e-3:
        return NotFitted("passing does not become likelier with width: no transition to fit; add widths or seeds")
    drop = float(scipy.stats.chi2.ppf(0.95, 1)) / 2
    slope = np.exp(log_slope) if curve.gap is None else np.inf
    return Success(
        link,
        _width_interval(curve, 0.5, top - drop),
        _width_interval(curve, 0.95, top - drop),
        _slope_interval(curve, top - drop, float(slope)),
        float(top),
    )


def ratio_interval(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float, float]:
    """(low, best, high) of b/a for independent positive estimates, each (low, best, high) at one level.

        log low = log b - log a - sqrt((log b - log b_low)^2 + (log a_high - log a)^2),  and likewise above

    Source: Zou & Donner 2008. NaN where an estimate itself is zero or infinite.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        (a_low, a_best, a_high), (b_low, b_best, b_high) = np.log(a), np.log(b)
        best = b_best - a_best
        low, high = best - np.hypot(b_best - b_low, a_high - a_best), best + np.hypot(b_high - b_best, a_best - a_low)
        return float(np.exp(low)), float(np.exp(best)), float(np.exp(high))


@dataclass(frozen=True, eq=False)
class _Curve:
    """The binomial log likelihood as a function of one quantile of the transition and its log slope."""

    x: np.ndarray
    passed: np.ndarray
    total: np.ndarray
    link: str

    def loglik(self, quantile: np.ndarray, probability: float, log_slope: np.ndarray) -> np.ndarray:
        """At each quantile (or slope) of an array."""
        log_cdf, inverse = LINKS[self.link]
        eta = np.exp(log_slope)[..., None] * (self.x - np.asarray(quantile)[..., None]) + inverse(probability)
        return np.asarray((self.passed * log_cdf(eta) + (self.total - self.passed) * log_cdf(-eta)).sum(-1))

    @property
    def gap(self) -> tuple[float, float] | None:
        """(last width that failed, first that passed) where the two do not overlap: the transition is a step."""
        fails, passes = self.x[self.passed < self.total].max(), self.x[self.passed > 0].min()
        return (float(fails), float(passes)) if fails < passes else None

    def over_slopes(self, quantile: float, probability: float) -> tuple[float, float]:
        """(log slope, log likelihood) at the best slope for a given quantile."""
        grid = np.linspace(np.log(FLATTEST), np.log(STEEPEST), 33)
        values = self.loglik(np.full(len(grid), quantile), probability, grid)
        return _polish(grid, values, lambda g: float(self.loglik(np.array(quantile), probability, np.array(g))))

    def over_quantiles(self, probability: float, log_slope: float) -> tuple[float, float]:
        """(quantile, log likelihood) at the best quantile for a given slope."""
        grid = self.range()
        values = self.loglik(grid, probability, np.full(len(grid), log_slope))
        return _polish(grid, values, lambda q: float(self.loglik(np.array(q), probability, np.array(log_slope))))

    def range(self) -> np.ndarray:
        """Where quantiles are looked for: the widths seen, and twice their span to either side."""
        low, high = self.x.min(), self.x.max()
        span = max(high - low, 1.0)
        return np.unique(np.concatenate([np.linspace(low - 2 * span, high + 2 * span, 21), np.linspace(low, high, 21)]))

    def maximum(self, probability: float) -> tuple[float, float, float]:
        """(quantile, log slope, log likelihood) at the maximum."""
        grid = self.range()
        if self.gap is not None:
            middle = sum(self.gap) / 2
            return (
                middle,
                float(np.log(STEEPEST)),
                float(self.loglik(np.array(middle), probability, np.log([STEEPEST]))[0]),
            )
        values = np.array([self.over_slopes(q, probability)[1] for q in grid])
        best, top = _polish(grid, values, lambda q: self.over_slopes(q, probability)[1])
        return best, self.over_slopes(best, probability)[0], top


def _polish(grid: np.ndarray, values: np.ndarray, function: Callable[[float], float]) -> tuple[float, float]:
    """The maximum near the best grid point."""
    k = int(np.argmax(values))
    optimum = minimize_scalar(
        lambda z: -function(z),
        bounds=(grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return (float(optimum.x), float(-optimum.fun)) if -optimum.fun > values[k] else (float(grid[k]), float(values[k]))


def _width_interval(curve: _Curve, probability: float, floor: float) -> tuple[float, float, float]:
    best, _, _ = curve.maximum(probability)
    grid = curve.range()
    profile = lambda q: curve.over_slopes(q, probability)[1] - floor  # noqa: E731
    low, high = _crossings(profile, best, float(grid[0]), float(grid[-1]))
    return (0.0 if np.isinf(low) else float(np.exp(low)), float(np.exp(best)), float(np.exp(high)))


def _slope_interval(curve: _Curve, floor: float, best: float) -> tuple[float, float, float]:
    profile = lambda g: curve.over_quantiles(0.5, g)[1] - floor  # noqa: E731
    centre = float(np.log(min(best, STEEPEST)))
    low, high = _crossings(profile, centre, float(np.log(FLATTEST)), float(np.log(STEEPEST)))
    return (0.0 if np.isinf(low) else float(np.exp(low)), best, float(np.exp(high)))


def _crossings(profile: Callable[[float], float], best: float, least: float, most: float) -> tuple[float, float]:
    """Where a profile falls below zero on either side of its maximum; infinite if it does not within [least, most]."""
    low = -np.inf if profile(least) > 0 else brentq(profile, least, best, xtol=1e-8)
    high = np.inf if profile(most) > 0 else brentq(profile, best, most, xtol=1e-8)
    return float(low), float(high)


def _check_counts(passed: float | int, total: float | int) -> None:
    if not (total >= 1 and 0 <= passed <= total):
        raise InputError("passed", f"{passed:g} of {total:g}", "needs 0 <= passed <= total and at least one draw")

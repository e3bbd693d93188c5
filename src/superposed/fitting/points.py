"""One mean for every point of the design: models are tested against it, and local exponents are read from it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from jaxtyping import Float
from scipy.optimize import minimize

from superposed.fitting.data import Sample
from superposed.fitting.fits import NotFitted, Scatter, rows_in_effect
from superposed.fitting.likelihood import row_terms
from superposed.fitting.maximise import Rows, rows_of, scatter_bounds

SEEDS_NEEDED = 3.0  # mean units a point below which the scatter's shape is not looked for
PRIOR = 0.5  # standard deviation of the shape's coefficients before anything is seen
STEEPEST = 3.0  # bound on the shape's coefficients: scatter changes at most e^6 times along the design
REACH = 1e3  # how many sigma a point's mean may lie beyond its data before it counts as unbounded


@dataclass(frozen=True, eq=False)
class Points:
    """Fit of  log d*_i = mean_k(i) + sigma h_i noise_i  with a mean of its own at every point k.

    The relative scatter is a parabola in x = log m, centred and scaled to [-1, 1] over the design:

        log h_i = slope x_i + bend (x_i^2 - mean of x^2),      slope and bend with the prior N(0, 1/2^2)

    The prior is needed on coarse ladders. All seeds of a point may then fall between the same two rungs. Without
    the prior such a point gets all the weight, and 95% intervals covered 70% on rungs of two sigma.

    Attributes:
      sample: what was fitted.
      scatter: log h of each row; slope and bend count as fitted where seeds allowed it.
      slope: how log h changes with log m, on average over the design.
      log_sigma: log standard deviation of log d* where the relative scatter is 1.
      mean: log response at every point.
      loglik: the maximised log likelihood.
      n, dof: rows in effect, and what is left of them for the scatter.
      effect: mean design effect of the points; 1 for independent rows.
    """

    sample: Sample
    scatter: Scatter
    slope: float
    log_sigma: float
    mean: Float[np.ndarray, " c"]
    loglik: float
    n: float
    dof: float
    effect: float

    @property
    def unit_dof(self) -> float:
        """dof, at most units - 1 where units have several rows."""
        return min(self.dof, len(np.unique(self.sample.unit)) - 1.0) if self.sample.dependent else self.dof

    @cached_property
    def interval(self) -> tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]]:
        """The 95% interval of every point's mean; an end is infinite where every row is open on that side."""
        rows = rows_of(self.sample, self.scatter.log)
        threshold = scipy.stats.t.ppf(0.975, self.unit_dof) ** 2 * self.n / self.dof * self.effect
        low, high = (_edge(rows, self.log_sigma, self.mean, threshold, side) for side in (-1, 1))
        return low, high


def fit_points(sample: Sample) -> Points | NotFitted:
    """A mean at every point and the scatter's shape by maximum likelihood, at a cost linear in the rows.

    The shape is fitted wherever there are three units a point and five points, whether or not it looks needed. So no
    choice made after looking narrows later intervals. A sample with known scatter keeps it.

    Returns:
      The fit, or why there is none: one row a point leaves nothing to see the scatter by.
    """
    if sample.one_sided:
        return NotFitted("every row is open on the same side; measure wider and narrower until some do not pass")
    n_points = len(sample.points[sample.along])
    x = np.log(sample.points[sample.along])
    x = (x - (x.max() + x.min()) / 2) / max(np.ptp(x) / 2, 1e-300)
    seen = len(np.unique(np.stack([sample.unit, sample.point]), axis=1).T) >= SEEDS_NEEDED * n_points
    fitted = 2 if sample.scatter is None and seen and len(np.unique(x)) >= 5 else 0
    shape = np.stack([x, x**2 - np.mean(x[sample.point] ** 2)], axis=1)[:, :fitted]
    known = np.zeros(len(sample.low)) if sample.scatter is None else np.log(sample.scatter)
    log_sigma, coefficients = _scatter(sample, known, shape)
    scatter = Scatter(known + (shape @ coefficients)[sample.point], fitted)
    rows = rows_of(sample, scatter.log)
    mean, loglik = _means(rows, log_sigma)
    n = rows_in_effect(sample, mean[sample.point], log_sigma + scatter.log)
    dof = n - n_points - fitted
    if dof < 0.5:
        return NotFitted(f"{n:.1f} rows at {n_points} points leave nothing to see the scatter by; add seeds")
    effect = _effect(sample, mean, log_sigma + scatter.log)
    slope = float(np.polyfit(np.log(sample.covariates[sample.along]), scatter.log, 1)[0]) if fitted else 0.0
    return Points(sample, scatter, slope, log_sigma, mean, loglik, n, dof, effect)


def _scatter(sample: Sample, known: np.ndarray, shape: np.ndarray) -> tuple[float, np.ndarray]:
    """log sigma and the shape's coefficients that maximise the likelihood, means profiled out."""
    floor, ceiling = scatter_bounds(sample, known)
    flat = rows_of(sample, known)
    shape = shape[flat.point]

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        rows = flat._replace(log_scatter=flat.log_scatter + shape @ theta[1:])
        mean, loglik = _means(rows, theta[0])
        terms = row_terms(rows.low, rows.high, mean[None, rows.point], (theta[0] + rows.log_scatter)[None])
        by_row = terms.t[0] * rows.weight
        prior = theta[1:] / PRIOR**2
        gradient = -np.append(by_row.sum(), by_row @ shape - prior)  # the means' own gradient vanishes at their maximum
        return float(prior @ theta[1:] / 2 - loglik), gradient

    spread = (
        sample.log_middle - (np.bincount(sample.point, sample.log_middle) / np.bincount(sample.point))[sample.point]
    )
    start = np.append(np.clip(np.log(np.std(spread) + 1e-300), floor, ceiling), np.zeros(shape.shape[1]))
    bounds = [(floor, ceiling), *[(-STEEPEST, STEEPEST)] * shape.shape[1]]
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(best[0]), best[1:]


def _means(rows: Rows, log_sigma: float) -> tuple[Float[np.ndarray, " c"], float]:
    """The most likely mean of every point at a given scatter, and the log likelihood, by Newton's method.

    Each point's likelihood is concave in its mean, so a step that is cut back where it overshoots cannot fail.
    """
    starts = np.flatnonzero(np.r_[True, np.diff(rows.point) > 0])
    total = lambda values: np.add.reduceat(values * rows.weight, starts)
    scale = np.exp(log_sigma + total(rows.log_scatter) / total(np.ones(len(rows.low))))
    finite = np.where(np.isinf(rows.low), rows.high, rows.low)
    middle = (finite + np.where(np.isinf(rows.high), finite, rows.high)) / 2
    mean = total(middle) / total(np.ones(len(middle)))
    bound = REACH * scale
    lowest, highest = mean - bound, mean + bound

    def expand(mu: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        terms = row_terms(rows.low, rows.high, mu[None, rows.point], (log_sigma + rows.log_scatter)[None])
        return total(terms.value[0]), total(terms.mu[0]), total(np.maximum(-terms.mu_mu[0], 0.0))

    value, score, curve = expand(mean)
    for _ in range(100):
        step = np.clip(score / np.maximum(curve, 1e-3 / scale**2), -8 * scale, 8 * scale)
        if np.max(np.abs(score * step)) < 1e-12:
            break
        for _ in range(30):
            trial = np.clip(mean + step, lowest, highest)
            new = expand(trial)
            worse = new[0] < value - 1e-12 * np.abs(value)
            if not worse.any():
                break
            step = np.where(worse, step / 2, step)
        mean, (value, score, curve) = trial, new
    return mean, float(value.sum())


def _edge(
    rows: Rows, log_sigma: float, mean: Float[np.ndarray, " c"], threshold: float, side: int
) -> Float[np.ndarray, " c"]:
    """Where each point's likelihood ratio reaches the threshold on one side (bisection); infinite if it never does."""
    starts = np.flatnonzero(np.r_[True, np.diff(rows.point) > 0])

    def ratio(at: np.ndarray) -> np.ndarray:
        both = np.stack([mean, at])[:, rows.point]
        value = row_terms(rows.low, rows.high, both, (log_sigma + rows.log_scatter)[None] + np.zeros((2, 1))).value
        return 2 * np.add.reduceat((value[0] - value[1]) * rows.weight, starts)

    weight = np.add.reduceat(rows.weight, starts)
    scale = np.exp(log_sigma + np.add.reduceat(rows.log_scatter * rows.weight, starts) / weight)
    widest = np.add.reduceat(np.where(np.isfinite(rows.high - rows.low), rows.high - rows.low, 0), starts)
    inside, outside = np.zeros(len(mean)), REACH * scale + widest
    unbounded = ratio(mean + side * outside) <= threshold
    for _ in range(50):
        middle = (inside + outside) / 2
        within = ratio(mean + side * middle) <= threshold
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    return np.where(unbounded, side * np.inf, mean + side * inside)


def _effect(sample: Sample, mean: Float[np.ndarray, " c"], log_sigma: Float[np.ndarray, " n"]) -> float:
    """By how much dependence within units inflates the points' variances, on average; 1 for independent rows."""
    if not sample.dependent:
        return 1.0
    terms = row_terms(sample.log_low, sample.log_high, mean[None, sample.point], log_sigma[None])
    pairs, pair = np.unique(np.stack([sample.point, sample.unit]), axis=1, return_inverse=True)
    squares = np.bincount(pairs[0], np.bincount(pair.reshape(-1), terms.mu[0]) ** 2, minlength=len(mean))
    curve = np.bincount(sample.point, np.maximum(-terms.mu_mu[0], 0.0), minlength=len(mean))
    units = len(np.unique(sample.unit))
    known = curve > 0
    return float(max(np.mean(squares[known] / curve[known]) * units / max(units - 1, 1), 1e-6))

"""Does a model fit at all? Lack of fit against one mean a point, local exponents, held-out predictions."""

from dataclasses import dataclass

import numpy as np
import scipy

from superposed.fitting.fits import Fit, NotFitted, Scatter, fit
from superposed.fitting.points import Points


@dataclass(frozen=True)
class LocalExponent:
    """The slope of log d between two neighbouring values of `along`, other covariates equal.

    It is `best`, with the interval [low, high], and belongs to `middle`.
    """

    start: float
    stop: float
    middle: float
    low: float
    best: float
    high: float
    others: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class HeldOut:
    """Error in predicting the largest value of `along` from the others: measured less predicted log d, in e-folds.

    z is the error in units of its standard error, prediction and measurement together.
    """

    at: float
    error: float
    z: float


def lack_of_fit(fitted: Fit, points: Points | NotFitted) -> float | None:
    """p-value of the model against a mean of its own at every point.

        F = [exp(2 (l_points - l_model)/n) - 1] nu/q
        q = points - coefficients that move the model,   nu = dof of points

    Without censoring this is the exact F test of lack of fit. On a ladder too coarse to see the scatter it errs on the
    model's side. Without seeds to see scatter by, only a sample with known scatter can be tested, by the chi-squared of
    the residuals on n - p degrees of freedom. None where nothing can be tested.
    """
    sample = fitted.sample
    if isinstance(points, NotFitted):
        return None if sample.scatter is None else float(scipy.stats.chi2.sf(fitted.n * fitted.sigma**2, fitted.dof))
    q = len(points.mean) - int(fitted.moving.sum())
    if q <= 0:
        return None
    ratio = 2 * (points.loglik - fitted.loglik) / points.effect
    statistic = np.expm1(np.clip(ratio / points.n, 0.0, 500.0)) * points.dof / q
    return float(scipy.stats.f.sf(statistic, q, points.unit_dof))


def local_exponents(points: Points) -> tuple[LocalExponent, ...]:
    """Slopes between neighbouring points of one series, with the 95% intervals of two independent means combined.

    high = best + sqrt((high_2 - mean_2)^2 + (mean_1 - low_1)^2) / log(m_2/m_1),   low likewise      (Zou & Donner 2008)
    """
    columns, along = points.sample.points, points.sample.along
    others = [name for name in columns if name != along]
    low_mean, high_mean = points.interval
    below, above = points.mean - low_mean, high_mean - points.mean
    result = []
    for i, j in zip(range(len(points.mean) - 1), range(1, len(points.mean)), strict=True):
        if any(columns[name][i] != columns[name][j] for name in others):
            continue
        start, stop = float(columns[along][i]), float(columns[along][j])
        slopes = np.array([-np.hypot(below[j], above[i]), 0.0, np.hypot(above[j], below[i])])
        low, best, high = (points.mean[j] - points.mean[i] + slopes) / np.log(stop / start)
        held = tuple((name, float(columns[name][i])) for name in others)
        result.append(LocalExponent(start, stop, (start * stop) ** 0.5, float(low), float(best), float(high), held))
    return tuple(result)


def held_out(fitted: Fit) -> HeldOut | None:
    """Fit the model without the largest value of `along`, and predict that; None if the rest does not identify it.

    The measured log d is the mean of the intervals' middles. Its standard error is that of the mean of as many draws.
    """
    sample = fitted.sample
    column = sample.covariates[sample.along]
    rest = column < column.max()
    if not rest.any():
        return None
    less = fit(fitted.model, sample.take(rest), Scatter(fitted.log_scatter[rest]))
    if isinstance(less, NotFitted):
        return None
    top = np.flatnonzero(sample.points[sample.along] == column.max())
    predicted, error = less.predict({name: values[top] for name, values in sample.points.items()})
    rows = [sample.point == k for k in top]
    measured = np.array([sample.log_middle[row].mean() for row in rows])
    noise = [np.exp(fitted.log_scatter[row]).mean() * fitted.sigma / np.sqrt(row.sum()) for row in rows]
    difference = measured - predicted
    return HeldOut(float(column.max()), float(difference.mean()), float(np.mean(difference / np.hypot(error, noise))))


def collinearity(fitted: Fit) -> float | None:
    """Correlation of the estimates of exponent and log power; None where the model lacks one of them.

    At correlation r, the exponent's interval is 1/sqrt(1 - r^2) times as wide as in a model without the log power.
    """
    names, along = list(fitted.model.free), fitted.sample.along
    pair = (f"log {along}", f"log log {along}")
    if not all(name in names for name in pair):
        return None
    i, j = (names.index(name) for name in pair)
    covariance = fitted.covariance
    return float(covariance[i, j] / np.sqrt(covariance[i, i] * covariance[j, j]))

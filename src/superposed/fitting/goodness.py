"""Does a law fit at all? Lack of fit against a mean of its own at every point, local exponents, held-out predictions."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as f_distribution

from superposed.fitting.fits import Fit, fit
from superposed.fitting.profile import intervals


@dataclass(frozen=True)
class LocalExponent:
    """The slope of log d between neighbouring values of `along`, other covariates equal: at `middle`, low <= best <= high."""

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


def lack_of_fit(fitted: Fit, points: Fit | None) -> float | None:
    """p-value of the law against a mean of its own at every point (`points`, the fit of `saturated(sample)`).

        F = [exp(2 (l_points - l_law)/n) - 1] nu/q,   q = points - coefficients that move the law,   nu = n - points;

    without censoring this is the exact F test of lack of fit. On a ladder too coarse to see the scatter it errs on the
    law's side. Without seeds to see scatter by (points = None) only a sample with known scatter can be tested, by the
    chi-squared of the residuals on n - p degrees of freedom. None where nothing can be tested.
    """
    if points is None:
        known = fitted.sample.scatter is not None
        return float(chi2.sf(fitted.n * fitted.sigma**2, fitted.dof)) if known else None
    q = len(points.at) - 1 - int(fitted.moving.sum())
    if q <= 0:
        return None
    ratio = 2 * (points.loglik - fitted.loglik) / points.design_effect(list(range(len(points.at) - 1)))
    statistic = np.expm1(np.clip(ratio / points.n, 0.0, 500.0)) * points.dof / q
    return float(f_distribution.sf(statistic, q, points.unit_dof))


def local_exponents(points: Fit, level: float = 0.95) -> tuple[LocalExponent, ...]:
    """Slopes between neighbours with profile-likelihood intervals, from the fit of `saturated(sample)`."""
    cells, _ = points.sample.cells()
    along = points.sample.along
    slopes = tuple(name for name, (start, _) in zip(points.law.free, points.law.ends, strict=True) if start >= 0)
    found = intervals(points, slopes, level)
    result = []
    for name in slopes:
        i, j = points.law.ends[points.law.free.index(name)]
        start, stop = float(cells[along][i]), float(cells[along][j])
        others = tuple((key, float(cells[key][i])) for key in cells if key != along)
        low, high = found[name]
        result.append(LocalExponent(start, stop, float(np.sqrt(start * stop)), low, points.coef[name], high, others))
    return tuple(result)


def held_out(fitted: Fit) -> HeldOut | None:
    """Fit the law without the largest value of `along` and predict it; None where what is left does not identify the law.

    The measured log d is the mean of the intervals' middles; its standard error that of the mean of as many draws.
    """
    sample = fitted.sample
    column = sample.covariates[sample.along]
    kept = column < column.max()
    try:
        less = fit(fitted.law, sample.take(kept), fitted.log_scatter[kept])
    except ValueError:
        return None
    cells, cell = sample.cells()
    top = np.flatnonzero(cells[sample.along] == column.max())
    predicted, error = less.predict({name: values[top] for name, values in cells.items()})
    measured = np.array([sample.log_middle[cell == k].mean() for k in top])
    noise = np.array(
        [np.exp(fitted.log_scatter[cell == k]).mean() * fitted.sigma / np.sqrt(np.sum(cell == k)) for k in top]
    )
    difference = measured - predicted
    return HeldOut(float(column.max()), float(difference.mean()), float(np.mean(difference / np.hypot(error, noise))))


@dataclass(frozen=True)
class Collinearity:
    """How well a design tells the law's terms apart.

    Attributes:
      correlation: of the estimates of the exponent and of the log power (None where the law lacks one).
      inflation: by which factor the variance of each coefficient exceeds that of a design with orthogonal terms,
        1/(1 - R^2) of its column on the others.
    """

    correlation: float | None
    inflation: dict[str, float]

    def statement(self, along: str) -> str:
        """One sentence for a person."""
        if self.correlation is None:
            return "exponent and log power are not both free"
        worst = self.inflation[f"log {along}"]
        return (
            f"the estimates of exponent and log power are correlated {self.correlation:+.3f}: fitting both widens the "
            f"exponent's interval {np.sqrt(worst):.1f} times over an orthogonal design"
        )


def collinearity(fitted: Fit) -> Collinearity:
    """Correlation of exponent and log power, and variance inflation of each coefficient but the constant's."""
    along, names = fitted.sample.along, list(fitted.law.free)
    covariance = fitted.covariance
    pair = (f"log {along}", f"log log {along}")
    correlation = None
    if all(name in names for name in pair):
        i, j = (names.index(name) for name in pair)
        correlation = float(covariance[i, j] / np.sqrt(covariance[i, i] * covariance[j, j]))
    cells, cell = fitted.sample.cells()
    columns = fitted.law.log_response(fitted.at[None, :-1], cells)[1][0][cell]
    centred = columns - columns.mean(0)
    inflation = {}
    for k, name in enumerate(names):
        rest = np.delete(centred, k, axis=1)
        total = centred[:, k] @ centred[:, k]
        if total > 1e-12:
            left = centred[:, k] - rest @ np.linalg.lstsq(rest, centred[:, k], rcond=None)[0]
            inflation[name] = float(total / max(left @ left, 1e-12 * total))
    return Collinearity(correlation, inflation)

"""A model fitted to interval data by maximum likelihood; the degrees of freedom and design effect of its intervals."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Bool, Float

from superposed.fitting.crossover import Crossover
from superposed.fitting.data import Sample
from superposed.fitting.likelihood import row_terms
from superposed.fitting.maximise import Optimum, Rows, maximise, rows_of, scatter_bounds
from superposed.fitting.models import Covariates, Model

AnyModel = Model | Crossover
MOST_STARTS, MOST_ROWS = 3, 500  # beyond both, starts are tried on a part of the rows and only the best go on


@dataclass(frozen=True)
class NotFitted:
    """Why there is no fit, in one sentence. Not being able to fit is evidence for nothing and against nothing."""

    reason: str


class Scatter(NamedTuple):
    """log h_i of each row, the relative scatter, and how many numbers were fitted to the same data to know it."""

    log: Float[np.ndarray, " n"]
    fitted: int = 0


@dataclass(frozen=True, eq=False)
class Fit:
    """Maximum-likelihood fit of  log d*_i = model(x_i; coef) + sigma h_i noise_i,  noise_i independent standard normal.

    h_i is the relative scatter (`points.fit_points`). Rows enter by their intervals: prod_i [Phi(b_i) - Phi(a_i)].

    Attributes:
      model, sample, log_scatter: what was fitted, to what, with which log h.
      rows: the sample's distinct rows.
      parameters: fitted coefficients in the order of model.free, then log sigma.
      loglik: the maximised log likelihood.
      information: negative Hessian at the maximum (Gauss-Newton in the mean).
      n: rows in effect: an open row counts for the information on the mean it retains.
      dof: n less the fitted coefficients, and less what was fitted to know the scatter's shape.
    """

    model: AnyModel
    sample: Sample
    log_scatter: Float[np.ndarray, " n"]
    rows: Rows
    parameters: Float[np.ndarray, " q"]
    loglik: float
    information: Float[np.ndarray, "q q"]
    n: float
    dof: float

    @property
    def coef(self) -> dict[str, float]:
        """Fitted coefficients by name."""
        return dict(zip(self.model.free, self.parameters[:-1].tolist(), strict=True))

    @property
    def sigma(self) -> float:
        """Standard deviation of log d* about the model, where the relative scatter is 1."""
        return float(np.exp(self.parameters[-1]))

    def aic(self, effect: float = 1.0) -> float:
        """Akaike criterion -2 l/effect + 2 k, k = coefficients + 1.

        `effect` is the design effect of the sample (`Points.effect`), where rows of one unit depend on each other. The
        criterion is then a quasi-likelihood's (Burnham & Anderson 2002, section 2.5).
        """
        return -2 * self.loglik / effect + 2 * len(self.parameters)

    def aicc(self, effect: float = 1.0) -> float:
        """Corrected Akaike criterion -2 l/effect + 2 k n/(n - k - 1), k = coefficients + 1; inf where n <= k + 1."""
        k = len(self.parameters)
        return -2 * self.loglik / effect + 2 * k * self.n / (self.n - k - 1) if self.n > k + 1 else float("inf")

    @cached_property
    def inverse(self) -> Float[np.ndarray, "q q"]:
        """Inverse of the information."""
        return np.linalg.pinv(self.information, rcond=1e-13, hermitian=True)

    @property
    def naive_covariance(self) -> Float[np.ndarray, "p p"]:
        """Inverse information of the coefficients as if every row were a unit, times n/dof for the fitted scale."""
        return self.inverse[:-1, :-1] * self.n / self.dof

    @property
    def unit_dof(self) -> float:
        """Degrees of freedom of a variance over units: dof, but at most units - 1 where units have several rows."""
        return min(self.dof, len(np.unique(self.sample.unit)) - 1.0) if self.sample.dependent else self.dof

    @cached_property
    def covariance(self) -> Float[np.ndarray, "p p"]:
        """Covariance of the coefficients; where a unit has several rows, the sandwich over units."""
        if not self.sample.dependent:
            return self.naive_covariance
        units, unit = np.unique(self.sample.unit, return_inverse=True)
        totals = np.stack([np.bincount(unit, column) for column in self._scores().T])
        meat = totals @ totals.T * (len(units) / max(len(units) - 1, 1)) * (self.n / self.dof)
        return (self.inverse @ meat @ self.inverse)[:-1, :-1]

    def design_effect(self, indices: list[int]) -> float:
        """By how much dependence within units inflates the variance of these coefficients; 1 for independent rows.

        The mean eigenvalue of V_naive^-1 V_robust, by which a likelihood ratio is divided (Rotnitzky & Jewell 1990).
        """
        naive, robust = (v[np.ix_(indices, indices)] for v in (self.naive_covariance, self.covariance))
        return float(max(np.trace(np.linalg.pinv(naive) @ robust) / len(indices), 1e-6))

    def threshold(self, level: float, indices: list[int]) -> float:
        """The likelihood ratio 2 (l_max - l) that bounds a region of that level for q coefficients.

            n log(1 + q F_{level; q, dof}/dof) * design effect

        Exact for normal data without censoring, where the profile likelihood ratio is n log(1 + q F/dof); tends to the
        usual chi-squared quantile as n grows.
        """
        q = len(indices)
        quantile = scipy.stats.f.ppf(level, q, self.unit_dof)
        return float(self.n * np.log1p(q * quantile / self.dof) * self.design_effect(indices))

    @property
    def moving(self) -> Bool[np.ndarray, " p"]:
        """Which coefficients still move the model somewhere in the data; an error term that has faded does not."""
        return np.abs(self.model.log_response(self.parameters[None, :-1], self.sample.points)[1][0]).max(0) > 1e-3

    def predict(self, x: Covariates) -> tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]]:
        """log d of the model at the covariates x, and its standard error."""
        mean, jacobian = self.model.log_response(self.parameters[None, :-1], x)
        return mean[0], np.sqrt(np.maximum(np.einsum("cp,pr,cr->c", jacobian[0], self.covariance, jacobian[0]), 0.0))

    def constrained(self, start: Float[np.ndarray, "b q"], held: np.ndarray) -> Optimum:
        """Maxima over the other parameters with the `held` ones where `start` puts them: points of a profile."""
        return _maximise(self.model, self.sample, self.log_scatter, self.rows, start, held)

    def _scores(self) -> Float[np.ndarray, "n q"]:
        """Gradient of each row's log likelihood in all parameters."""
        sample, point = self.sample, self.sample.point
        mean, jacobian = self.model.log_response(self.parameters[None, :-1], sample.points)
        log_sigma = self.parameters[None, -1:] + self.log_scatter
        terms = row_terms(sample.log_low, sample.log_high, mean[:, point], log_sigma)
        return np.concatenate([terms.mu[0][:, None] * jacobian[0][point], terms.t[0][:, None]], axis=1)


def fit(model: AnyModel, sample: Sample, scatter: Scatter | None = None) -> Fit | NotFitted:
    """The model's coefficients and the scatter that make the observed intervals most likely.

    Args:
      model: what is fitted.
      sample: to what.
      scatter: the rows' relative scatter; None takes the sample's own, or the same for all.

    Returns:
      The fit; or why there is none. The model may not be defined at some point, or no maximum may have been reached. Or
      the data do not identify it: fewer points than coefficients, collinear terms, no rows left for the scatter.

    Raises:
      InputError: the model names a covariate that the sample lacks.
    """
    if scatter is None:
        scatter = Scatter(np.zeros(len(sample.low)) if sample.scatter is None else np.log(sample.scatter))
    reason = _not_identified(model, sample)
    if reason:
        return NotFitted(f"model {model.name!r}: {reason}")
    rows = rows_of(sample, scatter.log)
    best = _maximise(model, sample, scatter.log, rows, _starts(model, sample, scatter.log, len(rows.low)))
    usable = best.converged & np.isfinite(best.loglik) & np.isfinite(best.information).all((1, 2))
    if not usable.any():
        way = f"drop a term or add values of {sample.along}"
        return NotFitted(f"model {model.name!r}: no maximum of the likelihood was reached; {way}")
    top = int(np.argmax(np.where(usable, best.loglik, -np.inf)))
    parameters = best.parameters[top]
    mean = model.log_response(parameters[None, :-1], sample.points)[0][0]
    n = rows_in_effect(sample, mean[sample.point], parameters[-1] + scatter.log)
    dof = n - len(model.free) - scatter.fitted
    if dof < 0.5:
        return NotFitted(
            f"model {model.name!r}: {len(model.free)} coefficients leave nothing of {n:.1f} rows for the scatter; "
            f"add seeds or values of {sample.along}"
        )
    return Fit(model, sample, scatter.log, rows, parameters, float(best.loglik[top]), best.information[top], n, dof)


def _starts(model: AnyModel, sample: Sample, log_scatter: np.ndarray, n_rows: int) -> Float[np.ndarray, "b q"]:
    """Where the search begins. Many starts on many rows are tried on a part of the rows, and the best go on."""
    middle = np.bincount(sample.point, sample.log_middle) / np.bincount(sample.point)
    start = model.starts(sample.points, middle)
    residuals = sample.log_middle[None] - model.log_response(start, sample.points)[0][:, sample.point]
    start = np.concatenate([start, np.log(np.maximum(np.std(residuals, axis=1), 1e-3))[:, None]], axis=1)
    if len(start) <= MOST_STARTS or n_rows <= MOST_ROWS:
        return start
    chosen = np.argsort(sample.point, kind="stable")[:: len(sample.low) // MOST_ROWS]
    part, part_scatter = sample.take(chosen), log_scatter[chosen]
    rough = _maximise(model, part, part_scatter, rows_of(part, part_scatter), start)
    return rough.parameters[np.argsort(-rough.loglik)[:MOST_STARTS]]


def rows_in_effect(
    sample: Sample, mean: Float[np.ndarray, " n"], log_sigma: Float[np.ndarray, " n"] | np.floating
) -> float:
    """Bounded rows count 1, open rows the fraction of the information on the mean they keep."""
    terms = row_terms(sample.log_low, sample.log_high, mean[None], np.broadcast_to(log_sigma, mean.shape)[None])
    kept = np.clip(-terms.mu_mu[0] * np.exp(2 * log_sigma), 0.0, 1.0)
    return float(np.where(sample.bounded, 1.0, kept).sum())


def _maximise(model, sample, log_scatter, rows, start, held=None) -> Optimum:
    floor, ceiling = scatter_bounds(sample, log_scatter)
    lower, upper = model.bounds(sample.log_middle)
    mean = lambda coef: model.log_response(coef, sample.points)
    return maximise(mean, rows, start, np.append(lower, floor), np.append(upper, ceiling), held)


def _not_identified(model: AnyModel, sample: Sample) -> str | None:
    """Why these data cannot determine the model; None where they can."""
    if sample.one_sided:
        return "every row is open on the same side; measure wider and narrower until some do not pass"
    p, n_points = len(model.free), len(sample.points[sample.along])
    if n_points < p:
        return (
            f"{p} coefficients are not identified by {n_points} distinct values of {', '.join(sample.points)}; "
            "add values or drop terms"
        )
    middle, jacobian = (part[0] for part in model.log_response(np.ones((1, p)), sample.points))
    defined = np.isfinite(middle) & np.isfinite(jacobian).all(1)
    if not defined.all():
        return f"it is not defined at {sample.along} = {sample.points[sample.along][~defined][0]:g}; drop that value"
    if isinstance(model, Model):
        singular = np.linalg.svd(jacobian / np.linalg.norm(jacobian, axis=0), compute_uv=False)
        if singular[-1] < 1e-9 * singular[0]:
            return f"its terms {', '.join(model.free)} are collinear in these data; vary what they name or drop one"
    return None

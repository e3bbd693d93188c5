"""A law fitted to interval data by maximum likelihood, with what its intervals need: degrees of freedom and design effect."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import f as f_distribution

from superposed.fitting.crossover import Crossover
from superposed.fitting.data import Sample
from superposed.fitting.laws import Covariates, Law
from superposed.fitting.likelihood import row_terms
from superposed.fitting.maximise import Optimum, Rows, maximise
from superposed.fitting.points import Saturated

AnyLaw = Law | Crossover | Saturated
RESOLUTION = 0.1  # scatter below this fraction of the median interval cannot be seen and is not claimed


@dataclass(frozen=True, eq=False)
class Fit:
    """Maximum-likelihood fit of  log d*_i = law(x_i; coef) + sigma h_i noise_i,  noise standard normal, rows independent.

    h_i is the relative scatter (`scatter.py`). Rows enter by their intervals: prod_i [Phi(b_i) - Phi(a_i)].

    Attributes:
      law, sample, log_scatter: what was fitted, to what, with which log h.
      at: fitted coefficients in the order of law.free, then log sigma.
      loglik: the maximised log likelihood.
      information: negative Hessian at `at` (Gauss-Newton in the mean).
      n: rows in effect: an open row counts for the information on the mean it retains.
      dof: n less the fitted coefficients (less one when the scatter's own slope was fitted).
    """

    law: AnyLaw
    sample: Sample
    log_scatter: Float[np.ndarray, " n"]
    at: Float[np.ndarray, " q"]
    loglik: float
    information: Float[np.ndarray, "q q"]
    n: float
    dof: float

    @property
    def coef(self) -> dict[str, float]:
        """Fitted coefficients by name."""
        return dict(zip(self.law.free, self.at[:-1].tolist(), strict=True))

    @property
    def sigma(self) -> float:
        """Standard deviation of log d* about the law, at the geometric mean of the covariate."""
        return float(np.exp(self.at[-1]))

    def aic(self, effect: float = 1.0) -> float:
        """Akaike criterion -2 l/effect + 2 k, k = coefficients + 1.

        `effect` is the design effect (`design_effect`) of the same sample's saturated fit, where rows of one unit depend on each
        other: the criterion is then a quasi-likelihood's (Burnham & Anderson 2002, section 2.5).
        """
        return -2 * self.loglik / effect + 2 * len(self.at)

    def aicc(self, effect: float = 1.0) -> float:
        """Corrected Akaike criterion -2 l/effect + 2 k n/(n - k - 1), k = coefficients + 1; inf where n <= k + 1."""
        k = len(self.at)
        return -2 * self.loglik / effect + 2 * k * self.n / (self.n - k - 1) if self.n > k + 1 else float("inf")

    @property
    def naive_covariance(self) -> Float[np.ndarray, "p p"]:
        """Inverse information of the coefficients, as if every row were a unit; corrected for the fitted scale by n/dof."""
        return np.linalg.pinv(self.information, rcond=1e-13, hermitian=True)[:-1, :-1] * self.n / self.dof

    @property
    def unit_dof(self) -> float:
        """Degrees of freedom of a variance estimated from units: dof, at most units - 1 where units have several rows."""
        units = len(np.unique(self.sample.unit))
        return self.dof if units == len(self.sample.unit) else min(self.dof, units - 1.0)

    @property
    def covariance(self) -> Float[np.ndarray, "p p"]:
        """Covariance of the coefficients; where a unit has several rows, the sandwich over units."""
        unit, size = np.unique(self.sample.unit, return_counts=True)
        if size.max() == 1:
            return self.naive_covariance
        bread = np.linalg.pinv(self.information, rcond=1e-13, hermitian=True)
        totals = np.stack([np.bincount(np.searchsorted(unit, self.sample.unit), column) for column in _scores(self).T])
        meat = totals @ totals.T * (len(unit) / max(len(unit) - 1, 1)) * (self.n / self.dof)
        return (bread @ meat @ bread)[:-1, :-1]

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
        quantile = f_distribution.ppf(level, q, self.unit_dof)
        return float(self.n * np.log1p(q * quantile / self.dof) * self.design_effect(indices))

    @property
    def moving(self) -> Bool[np.ndarray, " p"]:
        """Which coefficients still move the law somewhere in the data; an error term that has faded does not."""
        cells, _ = self.sample.cells()
        return np.abs(self.law.log_response(self.at[None, :-1], cells)[1][0]).max(0) > 1e-3

    def predict(self, x: Covariates) -> tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]]:
        """log d of the law at the covariates x, and its standard error."""
        mean, jacobian = self.law.log_response(self.at[None, :-1], x)
        return mean[0], np.sqrt(np.maximum(np.einsum("cp,pr,cr->c", jacobian[0], self.covariance, jacobian[0]), 0.0))

    def constrained(self, at: Float[np.ndarray, "b q"], held: np.ndarray) -> Optimum:
        """Maxima over the other parameters with the `held` ones where `at` puts them: points of a profile."""
        cells, _ = self.sample.cells()
        return _maximise(self.law, self.sample, cells, self.log_scatter, at, held)


def fit(
    law: AnyLaw, sample: Sample, log_scatter: Float[np.ndarray, " n"] | None = None, scatter_fitted: bool = False
) -> Fit:
    """The law's coefficients and the scatter that make the observed intervals most likely.

    Args:
      law: what is fitted.
      sample: to what.
      log_scatter: log relative scatter of each row; None takes the sample's own, or the same for all.
      scatter_fitted: whether log_scatter has a slope estimated from these data (costs a degree of freedom).

    Raises:
      ValueError: the data do not identify the law (fewer distinct points than coefficients, collinear terms, no rows
        left for the scatter), or no maximum was reached.
    """
    cells, cell = sample.cells()
    if log_scatter is None:
        log_scatter = np.zeros(len(cell)) if sample.scatter is None else np.log(sample.scatter)
    _check_identified(law, sample, cells)
    middle = np.bincount(cell, sample.log_middle) / np.bincount(cell)
    start = law.starts(cells, middle)
    spread = np.log(
        np.maximum(np.std(sample.log_middle[None] - law.log_response(start, cells)[0][:, cell], axis=1), 1e-3)
    )
    best = _maximise(law, sample, cells, log_scatter, np.concatenate([start, spread[:, None]], axis=1))
    if not best.converged.any():
        raise ValueError(
            f"law {law.name!r}: no maximum of the likelihood was reached; drop a term or add values of {sample.along}"
        )
    top = int(np.argmax(np.where(best.converged, best.loglik, -np.inf)))
    n = _rows_in_effect(sample, law, cells, cell, best.at[top], log_scatter)
    dof = n - len(law.free) - scatter_fitted
    if dof < 0.5:
        raise ValueError(
            f"law {law.name!r}: {len(law.free)} coefficients leave nothing of {n:.1f} rows for the scatter; add seeds or values of {sample.along}"
        )
    return Fit(law, sample, log_scatter, best.at[top], float(best.loglik[top]), best.information[top], n, dof)


def _maximise(
    law: AnyLaw, sample: Sample, cells: Covariates, log_scatter: np.ndarray, start: np.ndarray, held=None, weights=None
):
    """`maximise` on the distinct rows: seeds that fall between the same rungs at the same point count together."""
    keys = np.stack([sample.cells()[1], sample.log_low, sample.log_high, log_scatter], axis=1)
    rows, which = np.unique(keys, axis=0, return_inverse=True)
    belongs = np.zeros((len(keys), len(rows)))
    belongs[np.arange(len(keys)), which.reshape(-1)] = 1.0
    weights = belongs.sum(0)[None] if weights is None else weights @ belongs
    lower, upper = law.bounds(sample.log_middle)
    widths = (sample.log_high - sample.log_low)[(sample.low > 0) & np.isfinite(sample.high)]
    level = float(np.median(log_scatter))
    floor = np.log(max(RESOLUTION * float(np.median(widths)), 1e-9)) - level
    ceiling = np.log(np.ptp(sample.log_middle) + float(np.max(widths)) + 1.0) + 2.0 - level
    data = Rows(rows[:, 1], rows[:, 2], rows[:, 0].astype(np.int64), rows[:, 3][None])
    lower, upper = np.append(lower, floor), np.append(upper, ceiling)
    return maximise(lambda coef: law.log_response(coef, cells), data, start, lower, upper, weights, held)


def _check_identified(law: AnyLaw, sample: Sample, cells: Covariates) -> None:
    p, points = len(law.free), len(next(iter(cells.values())))
    if points < p:
        raise ValueError(
            f"law {law.name!r}: {p} coefficients are not identified by {points} distinct values of {', '.join(cells)}; add values or drop terms"
        )
    if isinstance(law, Law):
        columns = law.log_response(np.zeros((1, p)), cells)[1][0]
        singular = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), compute_uv=False)
        if singular[-1] < 1e-9 * singular[0]:
            raise ValueError(
                f"law {law.name!r}: its terms {', '.join(law.free)} are collinear in these data; vary what they name or drop one"
            )


def _rows_in_effect(
    sample: Sample, law: AnyLaw, cells: Covariates, cell: np.ndarray, at: np.ndarray, log_scatter: np.ndarray
) -> float:
    """Bounded rows count 1, open rows the fraction of the information on the mean they keep."""
    mean = law.log_response(at[None, :-1], cells)[0]
    terms = row_terms(sample.log_low, sample.log_high, mean[:, cell], at[None, -1:] + log_scatter)
    kept = np.clip(-terms.mu_mu[0] * np.exp(2 * (at[-1] + log_scatter)), 0.0, 1.0)
    bounded = (sample.low > 0) & np.isfinite(sample.high)
    return float(np.where(bounded, 1.0, kept).sum())


def _scores(fitted: Fit) -> Float[np.ndarray, "n q"]:
    """Gradient of each row's log likelihood in all parameters."""
    cells, cell = fitted.sample.cells()
    mean, jacobian = fitted.law.log_response(fitted.at[None, :-1], cells)
    sample = fitted.sample
    terms = row_terms(sample.log_low, sample.log_high, mean[:, cell], fitted.at[None, -1:] + fitted.log_scatter)
    return np.concatenate([terms.mu[0][:, None] * jacobian[0][cell], terms.t[0][:, None]], axis=1)


def refit(fitted: Fit, weights: Float[np.ndarray, "b n"]) -> tuple[Optimum, Float[np.ndarray, "b p"]]:
    """The law refitted with b sets of row weights from the fit's own maximum, and the standard errors each would quote."""
    cells, _ = fitted.sample.cells()
    start = np.repeat(fitted.at[None], len(weights), axis=0)
    found = _maximise(fitted.law, fitted.sample, cells, fitted.log_scatter, start, weights=weights)
    variance = np.linalg.pinv(found.information, rcond=1e-13, hermitian=True)[
        :, range(start.shape[1] - 1), range(start.shape[1] - 1)
    ]
    return found, np.sqrt(np.maximum(variance, 0.0) * fitted.n / fitted.dof)

"""The crossover model: several error terms compete, and the asymptotic exponent shows only once the last takes over."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from superposed.fitting.models import Covariates, term

FADED = 30.0  # a term whose own width is e^-30 of the measured ones is absent: its share is below 1e-6


@dataclass(frozen=True)
class ErrorTerm:
    """An error that falls as d^-falls and alone would need the width need * m^exponent (exponent None: fitted)."""

    falls: float
    exponent: float | None


# Three errors of Bernoulli U-AND behind a superposed code, at fixed eps, s and L = d p^2: bystanders wired by chance
# ~ d^-1/2, the common mode of the code ~ m^1/2 d^-1, and cross-talk at the kink of the ReLU ~ m^1/2 d^-3/4.
# Only the last gives m^(2/3), and it takes over last.
BERNOULLI = (ErrorTerm(1 / 2, 0.0), ErrorTerm(1.0, 1 / 2), ErrorTerm(3 / 4, None))


@dataclass(frozen=True, eq=False)
class Crossover:
    """The width at which competing error terms add up to the tolerance:

        sum_j (need_j m^a_j / d)^q_j = 1,      need_j > 0,

    The sum is over terms j of the error, which fall as d^-q_j; need_j m^a_j is the width term j would need alone. Where
    term j dominates, the local exponent is a_j. In between it is the mean of the a_j weighted by the terms' shares.
    More `terms` (log s, say) multiply d as a whole.

    Source: theory (3d) and (14b) for the error terms of the Bernoulli construction on superposed inputs
    (Hänni et al. 2024, Theorem 2; Busch 2025, Cor. 4.35).

    Args:
      name: what reports call it.
      errors: the competing terms; the last one is the asymptotic one.
      asymptotic: the exponent of terms whose own is None; None fits it.
      along: the covariate.
      terms: further terms of log d, as in `Model`.
    """

    name: str = "crossover"
    errors: tuple[ErrorTerm, ...] = BERNOULLI
    asymptotic: float | None = None
    along: str = "m"
    terms: tuple[str, ...] = ()

    @property
    def free(self) -> tuple[str, ...]:
        """log need of each term, then the asymptotic exponent unless it is given, then the further terms."""
        needs = tuple(f"log need {j}" for j in range(1, len(self.errors) + 1))
        fitted = ("exponent",) if self.asymptotic is None else ()
        return (*needs, *fitted, *self.terms)

    def exponent(self, along: str) -> tuple[str | None, float]:
        """(coefficient, offset), as `Model.exponent`."""
        if along != self.along:
            return (f"log {along}" if f"log {along}" in self.free else None), 0.0
        return ("exponent", 0.0) if self.asymptotic is None else (None, self.asymptotic)

    @property
    def least_exponent(self) -> float:
        """The largest exponent of the other terms: nothing below it can be asymptotic."""
        return max((e.exponent for e in self.errors if e.exponent is not None), default=0.0)

    def log_response(
        self, coef: Float[np.ndarray, "b p"], x: Covariates
    ) -> tuple[Float[np.ndarray, "b c"], Float[np.ndarray, "b c p"]]:
        """log d at c combinations of covariates for b vectors of coefficients, and its derivatives in them.

        The implicit derivative of log d in log need_j is the share of term j,
        q_j (need_j m^a_j/d)^q_j / sum_i q_i (need_i m^a_i/d)^q_i.
        """
        k, log_m = len(self.errors), term(f"log {self.along}", x)
        alone = coef[:, None, :k] + log_m[None, :, None] * self._exponents(coef)[:, None, :]
        solution, share = _balance(alone, np.array([e.falls for e in self.errors]))
        columns = [share[..., j] for j in range(k)]
        if self.asymptotic is None:
            last = [j for j, e in enumerate(self.errors) if e.exponent is None]
            columns.append(share[..., last].sum(-1) * log_m)
        for name in self.terms:
            column = term(name, x)
            solution = solution + coef[:, [len(columns)]] * column
            columns.append(np.broadcast_to(column, solution.shape))
        return solution, np.stack(columns, axis=-1)

    def contains(self, other: object) -> bool:
        """No other model is taken for a special case of it: the exponents of its other terms are given, not free."""
        return False

    def bounded(self, along: str) -> "Crossover":
        """Itself: it has no power of a logarithm."""
        return self

    def shares(self, coef: Float[np.ndarray, " p"], x: Covariates) -> Float[np.ndarray, "c k"]:
        """The share of each error term in the local exponent, at each combination of covariates; rows sum to 1."""
        return self.log_response(coef[None], x)[1][0, :, : len(self.errors)]

    def starts(self, x: Covariates, y: Float[np.ndarray, " c"]) -> Float[np.ndarray, "b p"]:
        """Starts for every set of terms that could dominate, at several exponents, as the likelihood is not concave."""
        log_m, k = term(f"log {self.along}", x), len(self.errors)
        guesses = (0.5, 2 / 3, 0.9) if self.asymptotic is None else (self.asymptotic,)
        distinct, index = np.unique(log_m, return_inverse=True)
        curve = distinct, np.bincount(index.reshape(-1), y) / np.bincount(index.reshape(-1))
        starts = []
        for guess in guesses:
            exponents = np.array([guess if e.exponent is None else e.exponent for e in self.errors])
            for present in range(1, 2**k):
                on = np.array([present >> j & 1 for j in range(k)], bool)
                anchor = np.linspace(0.2, 0.8, k)  # earlier terms matter at smaller m
                log_anchor = np.quantile(log_m, anchor)
                need = np.interp(log_anchor, *curve) - exponents * log_anchor - np.where(on, np.log(on.sum()), 6.0)
                fitted = [guess] if self.asymptotic is None else []
                starts.append([*need, *fitted, *np.zeros(len(self.terms))])
        return np.array(starts)

    def bounds(self, y: Float[np.ndarray, " c"]) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
        """A need is at least a faded term's; the asymptotic exponent is at least every other term's, and at most 5."""
        k, fitted = len(self.errors), int(self.asymptotic is None)
        rest = len(self.free) - k - fitted
        low = [*[y.min() - FADED] * k, *[self.least_exponent] * fitted, *[-np.inf] * rest]
        high = [*[y.max() + FADED] * k, *[5.0] * fitted, *[np.inf] * rest]
        return np.array(low), np.array(high)

    def _exponents(self, coef: Float[np.ndarray, "b p"]) -> Float[np.ndarray, "b k"]:
        k = len(self.errors)
        given = self.asymptotic if self.asymptotic is not None else coef[:, k]
        return np.stack(
            [np.broadcast_to(given if e.exponent is None else e.exponent, len(coef)) for e in self.errors], axis=1
        )


def _balance(alone: Float[np.ndarray, "b c k"], falls: Float[np.ndarray, " k"]) -> tuple[np.ndarray, np.ndarray]:
    """log d with sum_j exp(q_j (alone_j - log d)) = 1, and the share of each term, by Newton's method.

    log-sum-exp is convex and falling in log d, so Newton's method from the left of the root rises to it monotonically.
    """
    u = alone.max(-1)
    for _ in range(60):
        errors = np.exp(falls * (alone - u[..., None]))  # their sum is at least 1 on the way up, so its log is safe
        share = falls * errors
        total = errors.sum(-1)
        step = np.log(total) * total / share.sum(-1)
        u = u + step
        if np.max(np.abs(step)) < 1e-12:
            break
    return u, share / share.sum(-1, keepdims=True)

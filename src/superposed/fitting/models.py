"""Models: how the log of a response depends on m, s, eps and whatever else was varied. Small values, no data."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from superposed.bad_input import InputError

Covariates = Mapping[str, np.ndarray]
LOG_POWER = 2.0
"""Theory gives log powers between -1 and 2 for every width here; a `bounded` model allows |b| <= 2 and no more."""


def term(name: str, x: Covariates) -> Float[np.ndarray, " c"]:
    """The column a term names: "1", "log m", "log log m", "log log(1/eps)", "m", with any covariate in place of m.

    NaN where the log of a number <= 0 is asked for.

    Raises:
      InputError: the term is not understood or names no covariate.
    """
    if name == "1":
        return np.ones(len(next(iter(x.values()))))
    parts = re.fullmatch(r"((?:log\s+)*?)(?:(log\s*)?\(\s*1\s*/\s*(\w+)\s*\)|(\w+))", name.strip())
    if parts is None:
        raise InputError("term", name, "not understood; write 1, log m, log log m or log log(1/eps)")
    outer, inner, inverse, plain = parts.groups()
    covariate = inverse or plain
    if covariate not in x:
        raise InputError("term", name, f"the data have no covariate {covariate!r}, only {', '.join(x)}")
    column = 1 / x[covariate] if inverse else x[covariate]
    for _ in range(outer.count("log") + (1 if inner else 0)):
        column = np.log(np.where(column > 0, column, np.nan))
    return column


@dataclass(frozen=True, eq=False)
class Model:
    """A model linear in its coefficients:  log d = sum_t coef_t term_t(x) + log closed(x).

    Args:
      name: what reports call it.
      terms: names of its terms (`term`), each once.
      fixed: coefficients that are not fitted, by term, e.g. {"log m": 2/3}.
      closed: None, or a function of the covariates that returns the response a theory predicts. With terms ("1",) the
        model is the closed form with one free constant.
      closed_exponent: the exponent the closed form tends to as the covariate grows; None without a closed form.
      limits: the largest absolute value a coefficient may take, by term; no entry, no limit.
    """

    name: str
    terms: tuple[str, ...]
    fixed: Mapping[str, float] = field(default_factory=dict)
    closed: Callable[[Covariates], np.ndarray] | None = None
    closed_exponent: float | None = None
    limits: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self):
        stray = [name for name in (*self.fixed, *self.limits) if name not in self.terms]
        if stray:
            raise InputError("terms", ", ".join(self.terms), f"{stray[0]!r} is fixed or limited but missing; add it")
        if (self.closed is None) != (self.closed_exponent is None):
            raise InputError("closed_exponent", self.closed_exponent, "closed and closed_exponent come together")

    @property
    def least_exponent(self) -> float:
        """No exponent is ruled out by the model's form."""
        return -np.inf

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the fitted coefficients, in order."""
        return tuple(name for name in self.terms if name not in self.fixed)

    def exponent(self, along: str) -> tuple[str | None, float]:
        """(coefficient, offset): the asymptotic exponent of `along` is their sum; the coefficient None counts as 0."""
        name = f"log {along}"
        return (name if name in self.free else None), self.fixed.get(name, 0.0) + (self.closed_exponent or 0.0)

    def log_response(
        self, coef: Float[np.ndarray, "b p"], x: Covariates
    ) -> tuple[Float[np.ndarray, "b c"], Float[np.ndarray, "b c p"]]:
        """log d at c combinations of covariates for b vectors of coefficients, and its derivatives in them."""
        columns = np.stack([term(name, x) for name in self.free], axis=1)
        offset = sum((value * term(name, x) for name, value in self.fixed.items()), np.zeros(len(columns)))
        if self.closed is not None:
            values = np.asarray(self.closed(x), float)
            offset = offset + np.log(np.where(values > 0, values, np.nan))
        return coef @ columns.T + offset, np.broadcast_to(columns, (len(coef), *columns.shape))

    def starts(self, x: Covariates, y: Float[np.ndarray, " c"]) -> Float[np.ndarray, "b p"]:
        """The least-squares solution: the one start a model linear in its coefficients needs."""
        at_zero, columns = self.log_response(np.zeros((1, len(self.free))), x)
        return np.linalg.lstsq(columns[0], y - at_zero[0], rcond=None)[0][None]

    def bounds(self, y: Float[np.ndarray, " c"]) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
        """The limits of the coefficients, infinite where there are none."""
        most = np.array([self.limits.get(name, np.inf) for name in self.free])
        return -most, most

    def contains(self, other: object) -> bool:
        """Whether the other is a model too, and its curves are all among this one's: the same form, more free terms."""
        return (
            isinstance(other, Model)
            and self.closed is other.closed
            and not self.fixed
            and not other.fixed
            and set(other.terms) < set(self.terms)
        )

    def bounded(self, along: str) -> "Model":
        """The same model with its power of log `along` limited to |b| <= `LOG_POWER`; itself where it has none."""
        name = f"log log {along}"
        if name not in self.free:
            return self
        return replace(self, limits={**self.limits, name: LOG_POWER})


def power(along: str = "m", *more: str) -> Model:
    """d = c m^a: a straight line in log-log."""
    return Model("power", ("1", f"log {along}", *more))


def power_log(along: str = "m", *more: str) -> Model:
    """d = c m^a (log m)^b, both free: exponent and log power are nearly collinear, which the joint region shows."""
    return Model("power and log", ("1", f"log {along}", f"log log {along}", *more))


def fixed_power_log(exponent: float = 2 / 3, along: str = "m", *more: str) -> Model:
    """d = c m^exponent (log m)^b: the claimed exponent with a free log power."""
    fraction = Fraction(exponent).limit_denominator(4)
    name = str(fraction) if abs(fraction - exponent) < 1e-9 else f"{exponent:g}"
    return Model(f"{name} and log", ("1", f"log {along}", f"log log {along}", *more), {f"log {along}": exponent})


def logarithm(along: str = "m", *more: str) -> Model:
    """d = c (log m)^b: no power at all."""
    return Model("logarithm only", ("1", f"log log {along}", *more))


def closed_form(name: str, closed: Callable[[Covariates], np.ndarray], exponent: float) -> Model:
    """d = c closed(x), one free constant; the closed form tends to the given exponent."""
    return Model(name, ("1",), closed=closed, closed_exponent=exponent)


def through(
    points: Iterable[tuple[float, float]], exponent: float, along: str = "m", name: str = "closed form"
) -> Model:
    """`closed_form` of a response that is costly to compute: straight in log-log between the (x, response) given.

    Beyond the first and the last point it goes on with the slope it has there; it is never flat by default.

    Raises:
      InputError: fewer than two different x, or a number that is not positive and finite.
    """
    table = np.array(sorted(points), float).reshape(-1, 2)
    if not (np.all(np.isfinite(table)) and np.all(table > 0)):
        raise InputError(along, table[~(np.isfinite(table) & (table > 0)).all(1)][0].tolist(), "needs numbers above 0")
    if len(np.unique(table[:, 0])) < max(len(table), 2):
        raise InputError("points", len(table), f"a curve goes through two points or more, each at its own {along}")
    log_x, log_d = np.log(table).T

    def closed(x: Covariates) -> np.ndarray:
        log_along = np.log(x[along])
        piece = np.clip(np.searchsorted(log_x, log_along) - 1, 0, len(log_x) - 2)
        slope = np.diff(log_d)[piece] / np.diff(log_x)[piece]
        return np.exp(log_d[piece] + slope * (log_along - log_x[piece]))

    return closed_form(name, closed, exponent)

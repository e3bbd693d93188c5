"""Laws: how the log of a response depends on m, s, eps and whatever else was varied. Small values, no data."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

Covariates = Mapping[str, np.ndarray]


def term(name: str, x: Covariates) -> Float[np.ndarray, " c"]:
    """The column a term names: "1", "log m", "log log m", "log log(1/eps)", "m", with any covariate in place of m.

    Raises:
      ValueError: the term names no covariate, or takes the log of a number that is not positive.
    """
    some = next(iter(x.values()))
    if name == "1":
        return np.ones(len(some))
    parts = re.fullmatch(r"((?:log\s+)*?)(?:(log\s*)?\(\s*1\s*/\s*(\w+)\s*\)|(\w+))", name.strip())
    if parts is None:
        raise ValueError(f"term {name!r}: not understood; write 1, log m, log log m or log log(1/eps)")
    outer, inner, inverse, plain = parts.groups()
    covariate = inverse or plain
    if covariate not in x:
        raise ValueError(f"term {name!r}: the data have no covariate {covariate!r}, only {', '.join(x)}")
    column = 1 / x[covariate] if inverse else x[covariate]
    for _ in range(outer.count("log") + (1 if inner else 0)):
        if np.any(column <= 0):
            raise ValueError(
                f"term {name!r}: the log of a number <= 0 for {covariate} = {x[covariate][column <= 0][0]:g}; drop it"
            )
        column = np.log(column)
    return column


@dataclass(frozen=True, eq=False)
class Law:
    """A law linear in its coefficients:  log d = sum_t coef_t term_t(x) + log closed(x).

    Args:
      name: what reports call it.
      terms: names of its terms (`term`), each once.
      fixed: coefficients that are not fitted, by term, e.g. {"log m": 2/3}.
      closed: None, or a function of the covariates that returns the response a theory predicts; with terms ("1",) this is
        the closed finite-size law with one free constant, with ("1", "log m") the coefficient of log m measures how far
        the exponent is from the theory's.
      closed_exponent: the exponent the closed law tends to as the covariate grows; None without a closed law.
    """

    name: str
    terms: tuple[str, ...]
    fixed: Mapping[str, float] = field(default_factory=dict)
    closed: Callable[[Covariates], np.ndarray] | None = None
    closed_exponent: float | None = None

    def __post_init__(self):
        stray = [name for name in self.fixed if name not in self.terms]
        if stray:
            raise ValueError(f"law {self.name!r}: {stray[0]!r} is fixed but not among its terms; add it to terms")
        if (self.closed is None) != (self.closed_exponent is None):
            raise ValueError(f"law {self.name!r}: closed and closed_exponent come together")

    @property
    def least_exponent(self) -> float:
        """No exponent is ruled out by the law's form."""
        return -np.inf

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the fitted coefficients, in order."""
        return tuple(name for name in self.terms if name not in self.fixed)

    def exponent(self, along: str) -> tuple[str | None, float]:
        """(coefficient, offset): the asymptotic exponent of `along` is that coefficient (or 0 for None) plus the offset."""
        name = f"log {along}"
        return (name if name in self.free else None), self.fixed.get(name, 0.0) + (self.closed_exponent or 0.0)

    def log_response(
        self, coef: Float[np.ndarray, "b p"], x: Covariates
    ) -> tuple[Float[np.ndarray, "b c"], Float[np.ndarray, "b c p"]]:
        """log d at c combinations of covariates for b vectors of coefficients, and its derivatives in them."""
        columns = np.stack([term(name, x) for name in self.free], axis=1)
        offset = sum((value * term(name, x) for name, value in self.fixed.items()), np.zeros(len(columns)))
        if self.closed is not None:
            offset = offset + np.log(np.asarray(self.closed(x), float))
        if not np.all(np.isfinite(offset)):
            raise ValueError(
                f"law {self.name!r}: its closed form is not a positive finite number at every point of the data"
            )
        return coef @ columns.T + offset, np.broadcast_to(columns, (len(coef), *columns.shape))

    def starts(self, x: Covariates, y: Float[np.ndarray, " c"]) -> Float[np.ndarray, "b p"]:
        """The least-squares solution: the one start a law linear in its coefficients needs."""
        at_zero, columns = self.log_response(np.zeros((1, len(self.free))), x)
        return np.linalg.lstsq(columns[0], y - at_zero[0], rcond=None)[0][None]

    def bounds(self, y: Float[np.ndarray, " c"]) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
        """Coefficients are unbounded."""
        p = len(self.free)
        return np.full(p, -np.inf), np.full(p, np.inf)


def power(along: str = "m", *more: str) -> Law:
    """d = c m^a: a straight line in log-log."""
    return Law("power", ("1", f"log {along}", *more))


def power_log(along: str = "m", *more: str) -> Law:
    """d = c m^a (log m)^b, both free: exponent and log power are nearly collinear, which the joint region shows."""
    return Law("power and log", ("1", f"log {along}", f"log log {along}", *more))


def fixed_power_log(exponent: float = 2 / 3, along: str = "m", *more: str) -> Law:
    """d = c m^exponent (log m)^b: the claimed exponent with a free log power."""
    return Law(
        f"{_fraction(exponent)} and log", ("1", f"log {along}", f"log log {along}", *more), {f"log {along}": exponent}
    )


def logarithm(along: str = "m", *more: str) -> Law:
    """d = c (log m)^b: no power at all."""
    return Law("logarithm only", ("1", f"log log {along}", *more))


def closed_form(
    name: str,
    closed: Callable[[Covariates], np.ndarray],
    exponent: float,
    along: str = "m",
    free_exponent: bool = False,
) -> Law:
    """d = c closed(x), one free constant; with `free_exponent` d = c closed(x) m^delta, exponent = its own + delta."""
    return Law(name, ("1", f"log {along}") if free_exponent else ("1",), closed=closed, closed_exponent=exponent)


def through(
    points: Sequence[tuple[float, float]], exponent: float, along: str = "m", free_exponent: bool = False
) -> Law:
    """`closed_form` of a width that is costly to compute: straight in log-log between the (x, width) given, and beyond them.

    Without `free_exponent` the closed form with one free constant; with it the exponent by which the data leave the form.
    """
    log_x, log_d = np.log(np.array(sorted(points), float)).T

    def closed(x: Covariates) -> np.ndarray:
        at = np.log(x[along])
        piece = np.clip(np.searchsorted(log_x, at) - 1, 0, len(log_x) - 2)
        slope = np.diff(log_d)[piece] / np.diff(log_x)[piece]
        return np.exp(log_d[piece] + slope * (at - log_x[piece]))

    return closed_form(
        "closed form and power" if free_exponent else "closed form", closed, exponent, along, free_exponent
    )


def _fraction(exponent: float) -> str:
    for denominator in (1, 2, 3, 4):
        if abs(exponent * denominator - round(exponent * denominator)) < 1e-9:
            return f"{round(exponent * denominator)}" + (f"/{denominator}" if denominator > 1 else "")
    return f"{exponent:g}"

"""Before measuring: could a design decide between two exponents?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr
from scipy.stats import chi2
from scipy.stats import t as t_distribution

from superposed.fitting.crossover import Crossover
from superposed.fitting.laws import Covariates
from superposed.fitting.laws import Law as LinearLaw
from superposed.fitting.verdict import HALF_WIDTH

ENOUGH = 0.9  # power from which a design is said to decide
LARGEST = 2.0**200


@dataclass(frozen=True)
class Power:
    """What a design can tell about an exponent, before anything is measured.

    Attributes:
      law: the law that would be fitted.
      truth, rival: the exponent taken to be true, and the one to be excluded.
      largest: the largest m of the design.
      points, seeds: distinct values of m, and draws at each.
      standard_error: of the exponent.
      half_width: of its 95% interval.
      power: probability that the 95% interval excludes the rival.
      decides: power is at least 0.9 and the half-width at most 0.05.
      seeds_needed: the fewest seeds at these m that decide; None beyond a million.
      largest_needed: the smallest largest m with these seeds and spacing that decides; None beyond 2^200.
    """

    law: str
    truth: float
    rival: float
    largest: float
    points: int
    seeds: int
    standard_error: float
    half_width: float
    power: float
    decides: bool
    seeds_needed: int | None
    largest_needed: float | None

    def to_json(self) -> dict[str, object]:
        """A plain dictionary."""
        return asdict(self)


def exclusion_power(distance: float, error: float, dof: float, level: float = 0.95) -> float:
    """P(the t interval of a coefficient excludes a value at that distance from its true one).

        P(|T| > t_crit),   T = (Z + distance/error) / sqrt(X/dof),   Z normal, X chi-squared on dof degrees of freedom

    The mean over X is taken at the midpoints of 2000 equally likely slices; scipy's noncentral t is NaN for large shifts.

    Raises:
      ValueError: the error is not positive or no degree of freedom is left.
    """
    if not (error > 0 and dof >= 1):
        raise ValueError(
            f"standard error {error:.3g}, {dof:.3g} degrees of freedom: needs an error above 0 and at least one degree"
        )
    critical, shift = t_distribution.ppf((1 + level) / 2, dof), abs(distance) / error
    edge = critical * np.sqrt(chi2.ppf((np.arange(2000) + 0.5) / 2000, dof) / dof)
    return float(np.mean(ndtr(shift - edge) + ndtr(-shift - edge)))


def power_of(
    law: LinearLaw | Crossover,
    coef: Sequence[float],
    m: Sequence[float],
    seeds: int,
    rival: float,
    sigma: float = 0.1,
    rung: float = 1.1,
    along: str = "m",
) -> Power:
    """Whether a design could exclude the exponent `rival` if the law with these coefficients is true.

    The standard error is that of the information matrix of the design: every draw brings 1/(sigma^2 + (log rung)^2/12)
    on log d, rung being the ratio of neighbouring widths tried (Sheppard's correction).

    Args:
      law: the law that would be fitted; its exponent of `along` must be free.
      coef: its true coefficients, in the order of law.free.
      m: the distinct values of `along`, ascending.
      seeds: independent draws at each.
      rival: the exponent to be excluded.
      sigma: standard deviation of log d between seeds.
      rung: ratio of neighbouring widths tried, 1 for exactly known widths.

    Raises:
      ValueError: values out of range, the law states its exponent, or the design does not identify the law.
    """
    name, offset = law.exponent(along)
    if name is None:
        raise ValueError(f"law {law.name!r} states its exponent: nothing to decide; choose one that fits it")
    if not (sigma > 0 and rung >= 1 and seeds >= 1):
        raise ValueError(
            f"sigma = {sigma:g}, rung = {rung:g}, seeds = {seeds}: needs sigma > 0, rung >= 1 and seeds >= 1"
        )
    at = np.asarray(coef, float)
    truth = float(at[law.free.index(name)] + offset)
    noise = sigma**2 + np.log(rung) ** 2 / 12
    plan = _Plan(law, at, law.free.index(name), along, noise, abs(truth - rival))
    values = np.asarray(m, float)
    error, dof = plan.error(values, seeds)
    half_width, chance = plan.judged(values, seeds)
    return Power(
        law.name, truth, float(rival), float(values.max()), len(values), seeds, error, half_width, chance,
        plan.decides(values, seeds), plan.seeds_needed(values), plan.largest_needed(values, seeds),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Plan:
    """A law at its true coefficients and the noise of a draw; designs vary."""

    law: LinearLaw | Crossover
    at: Float[np.ndarray, " p"]
    index: int
    along: str
    noise: float
    distance: float

    def error(self, values: np.ndarray, seeds: float | int) -> tuple[float, float]:
        """(standard error of the exponent, degrees of freedom); raises where the design does not identify the law."""
        x: Covariates = {self.along: values}
        columns = self.law.log_response(self.at[None], x)[1][0]
        scale = np.linalg.norm(columns, axis=0)
        singular = np.linalg.svd(columns / np.maximum(scale, 1e-300), compute_uv=False)
        dof = len(values) * seeds - len(self.at)
        if len(values) < len(self.at) or singular[-1] < 1e-10 * singular[0] or dof < 1:
            raise ValueError(
                f"{len(values)} values of {self.along} x {seeds:g} seeds do not identify law {self.law.name!r} with {len(self.at)} coefficients; add values"
            )
        inverse = np.linalg.inv((columns / scale).T @ (columns / scale) * seeds / self.noise)
        return float(np.sqrt(inverse[self.index, self.index]) / scale[self.index]), float(dof)

    def judged(self, values: np.ndarray, seeds: float | int) -> tuple[float, float]:
        """(half-width of the 95% interval, power to exclude the rival)."""
        error, dof = self.error(values, seeds)
        return float(t_distribution.ppf(0.975, dof) * error), exclusion_power(self.distance, error, dof)

    def decides(self, values: np.ndarray, seeds: float | int) -> bool:
        """Power and half-width are both good enough."""
        half_width, chance = self.judged(values, seeds)
        return bool(half_width <= HALF_WIDTH and chance >= ENOUGH)

    def seeds_needed(self, values: np.ndarray) -> int | None:
        """The fewest seeds that decide at these values, by bisection: more seeds never hurt."""
        if self.distance == 0 or not self.decides(values, 10**6):
            return None
        few, many = 0, 10**6
        while many - few > 1:
            middle = (few + many) // 2
            enough = len(values) * middle - len(self.at) >= 1 and self.decides(values, middle)
            few, many = (few, middle) if enough else (middle, many)
        return many

    def largest_needed(self, values: np.ndarray, seeds: int) -> float | None:
        """The smallest end of the ladder that decides, at the same spacing."""
        if self.distance == 0:
            return None
        step = (values[-1] / values[0]) ** (1 / (len(values) - 1))
        ladder = values[: len(self.at) + 1]
        while ladder[-1] <= LARGEST:
            if len(ladder) * seeds - len(self.at) >= 1 and self.decides(ladder, seeds):
                return float(ladder[-1])
            ladder = np.append(ladder, ladder[-1] * step)
        return None

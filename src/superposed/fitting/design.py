"""Could a design decide between two exponents? Asked before measuring, and of what was measured."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import scipy
from jaxtyping import Float
from scipy.special import ndtr

from superposed.bad_input import InputError
from superposed.fitting.data import Sample
from superposed.fitting.fits import AnyModel, NotFitted
from superposed.fitting.verdict import WITHIN, Verdict

ENOUGH = 0.9  # power from which a design is said to decide
LARGEST = 2.0**200
MOST_SEEDS = 10**6


@dataclass(frozen=True)
class Power:
    """What a design can tell about an exponent, before anything is measured.

    Attributes:
      model: the model that would be fitted.
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

    model: str
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


def exclusion_power(distance: float, error: float, dof: float) -> float:
    """P(the 95% t interval of a coefficient excludes a value at that distance from its true one).

        P(|T| > t_crit),   T = (Z + distance/error) / sqrt(X/dof),   Z normal, X chi-squared on dof degrees of freedom

    The mean over X is taken at the midpoints of 2000 equally likely slices. scipy's noncentral t is NaN for large
    shifts.
    """
    critical, shift = scipy.stats.t.ppf(0.975, dof), abs(distance) / error
    edge = critical * np.sqrt(scipy.stats.chi2.ppf((np.arange(2000) + 0.5) / 2000, dof) / dof)
    return float(np.mean(ndtr(shift - edge) + ndtr(-shift - edge)))


@dataclass(frozen=True, eq=False)
class Design:
    """A model at its true coefficients and the noise of one draw; values of `along` and seeds vary.

    The standard error is that of the information matrix. Every draw brings 1/(sigma^2 + (log rung)^2/12) on log d,
    where rung is the ratio of neighbouring widths tried (Sheppard's correction).

    Args:
      model, coef: what would be fitted, and its true coefficients in the order of model.free.
      sigma: standard deviation of log d between seeds.
      rung: ratio of neighbouring widths tried, 1 for exactly known widths.
      along: the covariate whose exponent is in question.

    Raises:
      InputError: sigma or rung out of range, or the model states its exponent.
    """

    model: AnyModel
    coef: Float[np.ndarray, " p"]
    sigma: float = 0.1
    rung: float = 1.1
    along: str = "m"

    def __post_init__(self):
        if not self.sigma > 0:
            raise InputError("sigma", self.sigma, "the standard deviation between seeds is above 0")
        if not self.rung >= 1:
            raise InputError("rung", self.rung, "the ratio of neighbouring widths is at least 1")
        if self.model.exponent(self.along)[0] is None:
            raise InputError("model", self.model.name, "it states its exponent, so there is nothing to decide")

    @property
    def exponent(self) -> float:
        """The true exponent."""
        name, offset = self.model.exponent(self.along)
        return float(self.coef[self.model.free.index(name)] + offset)

    def error(self, values: Float[np.ndarray, " c"], seeds: float | int) -> tuple[float, float] | NotFitted:
        """(standard error of the exponent, degrees of freedom), or why the design does not identify the exponent."""
        columns = self.model.log_response(self.coef[None], {self.along: values})[1][0]
        scale = np.linalg.norm(columns, axis=0)
        singular = np.linalg.svd(columns / np.maximum(scale, 1e-300), compute_uv=False)
        dof = len(values) * seeds - len(self.coef)
        if len(values) < len(self.coef) or not singular[-1] >= 1e-10 * singular[0] or dof < 1:
            return NotFitted(
                f"{len(values)} values of {self.along} x {seeds:g} seeds do not identify model {self.model.name!r} "
                f"with {len(self.coef)} coefficients; add values"
            )
        noise = self.sigma**2 + np.log(self.rung) ** 2 / 12
        inverse = np.linalg.inv((columns / scale).T @ (columns / scale) * seeds / noise)
        k = self.model.free.index(self.model.exponent(self.along)[0])
        return float(np.sqrt(inverse[k, k]) / scale[k]), float(dof)

    def judged(self, values: Float[np.ndarray, " c"], seeds: float | int, rival: float) -> tuple[float, float]:
        """(half-width of the 95% interval, power to exclude the rival); (inf, 0) if the exponent is not identified."""
        known = self.error(values, seeds)
        if isinstance(known, NotFitted):
            return np.inf, 0.0
        error, dof = known
        return float(scipy.stats.t.ppf(0.975, dof) * error), exclusion_power(self.exponent - rival, error, dof)

    def decides(self, values: Float[np.ndarray, " c"], seeds: float | int, rival: float) -> bool:
        """Power and half-width are both good enough."""
        half_width, power = self.judged(values, seeds, rival)
        return bool(half_width <= WITHIN and power >= ENOUGH)


def power_of(design: Design, values: Float[np.ndarray, " c"], seeds: int, rival: float) -> Power | NotFitted:
    """Whether measuring `seeds` draws at each of `values` could exclude the exponent `rival` if the design's is true.

    Returns:
      What could be told; or why nothing can, where the design does not identify the model.

    Raises:
      InputError: no seed at all, or the rival is the truth.
    """
    if not seeds >= 1:
        raise InputError("seeds", seeds, "at least one draw is needed")
    if rival == design.exponent:
        raise InputError("rival", rival, "this is the true exponent; give another one")
    known = design.error(values, seeds)
    if isinstance(known, NotFitted):
        return known
    half_width, power = design.judged(values, seeds, rival)
    return Power(
        design.model.name, design.exponent, float(rival), float(values.max()), len(values), seeds, known[0], half_width,
        power, design.decides(values, seeds, rival), seeds_needed(lambda n: design.decides(values, n, rival)),
        largest_needed(lambda ladder: design.decides(ladder, seeds, rival), values),
    )  # fmt: skip


def seeds_needed(decides: Callable[[int], bool]) -> int | None:
    """The fewest seeds that decide, by bisection: more seeds never hurt. None where a million do not."""
    if not decides(MOST_SEEDS):
        return None
    few, many = 0, MOST_SEEDS
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if decides(middle) else (middle, many)
    return many


def largest_needed(decides: Callable[[np.ndarray], bool], values: Float[np.ndarray, " c"]) -> float | None:
    """The smallest end of the ladder that decides, at the same spacing; None where 2^200 does not."""
    step = (values[-1] / values[0]) ** (1 / (len(values) - 1))
    ladder = values[:2]
    while ladder[-1] <= LARGEST:
        if decides(ladder):
            return float(ladder[-1])
        ladder = np.append(ladder, ladder[-1] * step)
    return None


def would_decide(verdict: Verdict, sample: Sample) -> dict[str, float | None] | None:
    """The largest value of `along`, or the seeds a point, from which the interval would be narrow enough to decide.

    Predicted from the fitted models and scatter at the present spacing, each with the other as it is. A value is None
    where no m up to 2^200 or no million seeds would do. All is None where the verdict is not open, where the interval
    is narrow enough already (the doubt is then between models), and where other covariates vary.
    """
    exponent = verdict.exponent
    if verdict.word != "inconclusive" or exponent is None or len(sample.points) > 1:
        return None
    if max(exponent[2] - exponent[1], exponent[1] - exponent[0]) <= WITHIN:
        return None
    values, seeds = sample.points[sample.along], round(len(sample.low) / len(sample.points[sample.along]))
    rung = float(np.exp(sample.rung))
    fits = [candidate.fitted for candidate in verdict.widest]
    designs = [Design(f.model, f.parameters[:-1], f.sigma, rung, sample.along) for f in fits]
    narrow = lambda design, ladder, n: design.judged(ladder, n, np.inf)[0] <= WITHIN
    largest = [largest_needed(lambda ladder, d=design: narrow(d, ladder, seeds), values) for design in designs]
    more = [seeds_needed(lambda n, d=design: narrow(d, values, n)) for design in designs]
    return {
        f"largest {sample.along}": None if None in largest or max(largest) <= values[-1] else max(largest),
        "seeds": None if None in more or max(more) <= seeds else max(more),
    }

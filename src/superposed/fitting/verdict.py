"""Three words that come from the numbers: supported, inconclusive, contradicted. The rules stand in `judge`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as t_distribution

from superposed.fitting.crossover import Crossover
from superposed.fitting.fits import Fit, fit
from superposed.fitting.laws import Covariates
from superposed.fitting.profile import boundary

EXPONENTS = {"0": 0.0, "1/2": 1 / 2, "2/3": 2 / 3, "3/4": 3 / 4, "1": 1.0, "3/2": 3 / 2, "2": 2.0}
FITS = 0.01  # a law is adequate when its lack of fit is not significant at this level: a true one is lost once in a hundred
CREDIBLE = 6.0  # Akaike difference up to which an adequate law stays credible: odds of exp(-3), 20 to 1
HALF_WIDTH = 0.05  # an exponent is known when its 95% region is no wider than this to either side
HIDDEN = 0.1  # below this share of the error at the largest m a crossover's last term cannot be appealed to
SAME = 1e-6


@dataclass(frozen=True, eq=False)
class Candidate:
    """A fitted law as the verdict sees it.

    Attributes:
      fitted: the fit.
      fits: p-value of its lack of fit, None where it cannot be tested.
      delta: corrected-Akaike difference (AICc) to the best law.
      delta_plain: the same without the correction for few rows (AIC).
      exponent: (low, best, high) of the asymptotic exponent, the 95% profile region over everything else that is free
        (log power, other terms); the three agree where the law states its exponent.
    """

    fitted: Fit
    fits: float | None
    delta: float
    delta_plain: float
    exponent: tuple[float, float, float]

    @property
    def name(self) -> str:
        """The law's name."""
        return self.fitted.law.name

    @property
    def adequate(self) -> bool:
        """No significant lack of fit."""
        return self.fits is None or self.fits >= FITS

    @property
    def fixed(self) -> bool:
        """The law states its exponent instead of fitting it."""
        return self.fitted.law.exponent(self.fitted.sample.along)[0] is None

    def allows(self, exponent: float) -> bool:
        """Whether the law with this exponent is within its 95% region."""
        return self.exponent[0] - SAME <= exponent <= self.exponent[2] + SAME


@dataclass(frozen=True)
class Verdict:
    """The word, why, the exponent's region over all credible laws, which of `EXPONENTS` they exclude, what would decide."""

    word: str
    why: str
    region: tuple[float, float] | None
    excluded: tuple[str, ...]
    would_decide: dict[str, object] | None


def judge(candidates: Sequence[Candidate], claim: float) -> Verdict:
    """The verdict on "the asymptotic exponent is `claim`", by fixed rules.

    A law is *credible* when it fits (lack-of-fit p >= 0.01, or untestable) and its Akaike difference to the best adequate
    law is at most 6 with or without the correction for few rows: the correction alone would dismiss rich laws where rows
    are few, its absence simple ones. An exponent is excluded when no credible law allows it. The *region* is the union of
    the exponent's 95% regions under all credible laws that fit it freely, so that it holds whichever of them is true.

    - no credible law: **inconclusive**, because nothing fits;
    - **contradicted**: no credible law allows the claim. A crossover counts as allowing it only while the term that
      would bring it can still make up a tenth of the error at the largest m (at the 95% limit of its size): a term that
      is too small to matter within the data could be added to any law, and would make every claim irrefutable;
    - **supported**: the region contains the claim, its half-width is at most 0.05, and no credible law allows another of
      `EXPONENTS`;
    - otherwise **inconclusive**, with the range or number of seeds that would shrink the region to 0.05.
    """
    adequate = [c for c in candidates if c.adequate]
    least = min((c.delta for c in adequate), default=0.0)
    least_plain = min((c.delta_plain for c in adequate), default=0.0)
    credible = [c for c in adequate if min(c.delta - least, c.delta_plain - least_plain) <= CREDIBLE]
    if not credible:
        return Verdict(
            "inconclusive",
            "no law fits: " + "; ".join(f"{c.name} p = {c.fits:.2g}" for c in candidates),
            None,
            (),
            None,
        )
    counted = [c for c in credible if not _hidden(c, claim)]
    excluded = tuple(name for name, value in EXPONENTS.items() if not any(c.allows(value) for c in counted))
    free = [c for c in counted if not c.fixed]
    region = (min(c.exponent[0] for c in free), max(c.exponent[2] for c in free)) if free else None
    said = "; ".join(f"{c.name} {_text(c)}" for c in counted) or "none is left"
    if not any(c.allows(claim) for c in counted):
        return Verdict("contradicted", f"no law that fits allows {claim:.4g}: {said}", region, excluded, None)
    doubts = _doubts(counted, region, claim)
    if not doubts:
        return Verdict(
            "supported",
            f"{claim:.4g} lies in {_span(region)} whichever law that fits is true: {said}",
            region,
            excluded,
            None,
        )
    return Verdict("inconclusive", "; ".join(doubts) + f" ({said})", region, excluded, would_decide(free, claim))


def judge_interval(interval: tuple[float, float, float], claim: float) -> tuple[str, str]:
    """The word, and why, on "this number is `claim`" from its 95% interval (low, best, high) alone, where no laws compete.

    **contradicted** where the interval misses the claim, else **supported** where its half-width is at most 0.05, else
    **inconclusive**.
    """
    low, _, high = interval
    if not low <= claim <= high:
        return "contradicted", f"the 95% interval {_span((low, high))} misses {claim:.4g}"
    if (high - low) / 2 > HALF_WIDTH:
        return (
            "inconclusive",
            f"the 95% interval {_span((low, high))} holds {claim:.4g} and is wider than {HALF_WIDTH} to either side",
        )
    return "supported", f"the 95% interval {_span((low, high))} holds {claim:.4g}"


def judge_growth(ratio: tuple[float, float, float]) -> tuple[str, str]:
    """The word, and why, on "this grows" from the 95% interval (low, best, high) of its ratio, last to first: **supported**
    above 1, **contradicted** below, else **inconclusive**.
    """
    low, _, high = ratio
    word = "supported" if low > 1 else "contradicted" if high < 1 else "inconclusive"
    return word, f"the ratio's 95% interval {_span((low, high))} {'holds' if word == 'inconclusive' else 'misses'} 1"


def _doubts(counted: Sequence[Candidate], region: tuple[float, float] | None, claim: float) -> list[str]:
    """What keeps credible laws from supporting the claim, in words; empty when nothing does."""
    if region is None:
        return ["no law that fits leaves the exponent free"]
    doubts = []
    if not region[0] - SAME <= claim <= region[1] + SAME:
        doubts.append(f"only a law that presupposes {claim:.4g} allows it; free exponents lie in {_span(region)}")
    if (region[1] - region[0]) / 2 > HALF_WIDTH:
        doubts.append(f"the exponent lies in {_span(region)}, wider than {HALF_WIDTH} to either side")
    rivals = [
        name for name, value in EXPONENTS.items() if abs(value - claim) > SAME and any(c.allows(value) for c in counted)
    ]
    if rivals:
        doubts.append(f"{', '.join(rivals)} cannot be excluded")
    return doubts


def _span(region: tuple[float, float]) -> str:
    return f"[{region[0]:.3f}, {region[1]:.3f}]"


def _hidden(candidate: Candidate, claim: float) -> bool:
    """Whether a crossover could reach the claim only through a term too small to be seen anywhere in the data."""
    law, sample = candidate.fitted.law, candidate.fitted.sample
    if not isinstance(law, Crossover) or law.along != sample.along:
        return False
    fixed = Crossover(law.name, law.errors, claim, law.along, law.terms, law.fixed)
    try:
        at_claim = fit(fixed, sample, candidate.fitted.log_scatter)
    except ValueError:
        return True
    last = len(law.errors) - 1
    direction = np.zeros((1, len(at_claim.at)))
    direction[0, last] = 1.0
    _, largest = boundary(at_claim, direction, np.array([at_claim.threshold(0.95, [last])]))
    cells, _ = sample.cells()
    top = {name: values[cells[sample.along] == cells[sample.along].max()] for name, values in cells.items()}
    return bool(np.max(fixed.shares(largest[0, :-1], top)[:, last]) < HIDDEN)


def would_decide(free: Sequence[Candidate], claim: float) -> dict[str, float | None]:
    """The largest m (same seeds and spacing), or the seeds per point (same m), at which the region shrinks to 0.05.

    Predicted from the design at the fitted laws and scatter: the half-width of each law's region shrinks as its standard
    error, until it is at most 0.05 and holds no other of `EXPONENTS` than the claim. None where no m up to 2^200 or no number of
    seeds up to a million would do (more seeds cannot bound what the present m leave open), and where the present ones do: the
    doubt is then between laws, and the verdict's `why` names it.
    """
    needs = {how: [_grow(c, how, claim) for c in free] for how in ("largest", "seeds")}
    worst = {how: None if not found or None in found else max(found) for how, found in needs.items()}
    if all(_goal(c, claim) >= _half_width(c) for c in free):
        worst = dict.fromkeys(worst)
    return {f"largest {free[0].fitted.sample.along}" if free else "largest": worst["largest"], "seeds": worst["seeds"]}


def _half_width(candidate: Candidate) -> float:
    return (candidate.exponent[2] - candidate.exponent[0]) / 2


def _goal(candidate: Candidate, claim: float) -> float:
    """How narrow the candidate's region must become to be known and to hold no rival of the claim: a half-width."""
    apart = [abs(candidate.exponent[1] - value) for value in EXPONENTS.values() if abs(value - claim) > SAME]
    return min([HALF_WIDTH, *(distance for distance in apart if distance > SAME)])


def _grow(candidate: Candidate, how: str, claim: float) -> float | None:
    """The largest m or the number of seeds at which the candidate's region has shrunk to `_goal`."""
    fitted, along = candidate.fitted, candidate.fitted.sample.along
    cells, cell = fitted.sample.cells()
    counts = np.bincount(cell).astype(float)
    values = np.unique(cells[along])
    now = standard_error(fitted, cells, counts)
    goal, half_width, quantile = (
        _goal(candidate, claim),
        _half_width(candidate),
        float(t_distribution.ppf(0.975, fitted.unit_dof)),
    )
    # Far from quadratic (a crossover's term still hidden), a region says nothing about its own shrinking: assume a t interval's.
    quadratic = 0 < half_width < 5 * quantile * now
    per_error = half_width / now if quadratic else quantile
    if how == "seeds":
        seeds = counts.mean() * max((per_error * now / goal) ** 2, 1.0)
        return float(np.ceil(seeds)) if seeds <= 1e6 and quadratic else None
    step = (values[-1] / values[0]) ** (1 / max(len(values) - 1, 1))
    last = {key: column[cells[along] == values[-1]] for key, column in cells.items()}
    top = float(values[-1])
    while per_error * standard_error(fitted, cells, counts) > goal:
        top *= step
        if top > 2.0**200:
            return None
        cells = {
            key: np.append(cells[key], np.full(len(last[key]), top) if key == along else last[key]) for key in cells
        }
        counts = np.append(counts, np.full(len(last[along]), counts.mean()))
    return float(top)


def standard_error(fitted: Fit, cells: Covariates, counts: np.ndarray) -> float:
    """Standard error of the exponent of a design with `counts` rows at each of `cells`, at the fitted law and scatter.

    Each row brings 1/(sigma^2 + rung^2/12) on log d, rung being the log width of its interval (Sheppard's correction).
    Coefficients that no longer move the law, such as a faded error term's, are left out.
    """
    sample, law = fitted.sample, fitted.law
    name, _ = law.exponent(sample.along)
    bounded = (sample.low > 0) & np.isfinite(sample.high)
    rung = float(np.median((sample.log_high - sample.log_low)[bounded]))
    jacobian = law.log_response(fitted.at[None, :-1], cells)[1][0]
    moves = fitted.moving | (np.abs(jacobian).max(0) > 1e-3)
    if not moves[law.free.index(name)]:
        return float("inf")
    k = int(moves[: law.free.index(name)].sum())
    information = (jacobian[:, moves].T * counts) @ jacobian[:, moves] / (fitted.sigma**2 + rung**2 / 12)
    return float(np.sqrt(np.linalg.pinv(information, rcond=1e-14, hermitian=True)[k, k]))


def _text(candidate: Candidate) -> str:
    low, best, high = candidate.exponent
    return f"{best:.3g} (fixed)" if candidate.fixed else f"{best:.3f} [{low:.3f}, {high:.3f}]"

"""Three words that come from the numbers: supported, inconclusive, contradicted. The rules stand in `judge`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from superposed.fitting.crossover import Crossover
from superposed.fitting.fits import Fit, NotFitted, Scatter, fit
from superposed.fitting.profile import boundary

EXPONENTS = {"0": 0.0, "1/2": 1 / 2, "2/3": 2 / 3, "3/4": 3 / 4, "1": 1.0, "3/2": 3 / 2, "2": 2.0}
ADEQUATE = 0.01  # a model is adequate when its lack of fit is not significant at this level
CREDIBLE = 6.0  # Akaike difference up to which an adequate model stays credible: odds of exp(-3), 20 to 1
WITHIN = 0.05  # an exponent supports a claim when it is known to lie this close to it
DECADES = 2.0  # a range of `along` shorter than this decides nothing
HIDDEN = 0.1  # below this share of the error at the largest m a crossover's last term cannot be appealed to
SAME = 1e-6


@dataclass(frozen=True, eq=False)
class Candidate:
    """A fitted model as the verdict sees it.

    Attributes:
      fitted: the fit.
      fits: p-value of its lack of fit, None where it cannot be tested.
      delta: corrected-Akaike difference (AICc) to the best model.
      delta_plain: the same without the correction for few rows (AIC).
      exponent: (low, best, high) of the asymptotic exponent, the 95% profile region over everything else that is free
        (log power, other terms); the three agree where the model states its exponent.
    """

    fitted: Fit
    fits: float | None
    delta: float
    delta_plain: float
    exponent: tuple[float, float, float]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.fitted.model.name

    @property
    def adequate(self) -> bool:
        """No significant lack of fit."""
        return self.fits is None or self.fits >= ADEQUATE

    @property
    def fixed(self) -> bool:
        """The model states its exponent instead of fitting it."""
        return self.fitted.model.exponent(self.fitted.sample.along)[0] is None

    def allows(self, exponent: float) -> bool:
        """Whether the model with this exponent is within its 95% region."""
        return self.exponent[0] - SAME <= exponent <= self.exponent[2] + SAME

    def __str__(self) -> str:
        """Name and exponent."""
        low, best, high = self.exponent
        return f"{self.name} {best:.3g} (stated)" if self.fixed else f"{self.name} {best:.3f} [{low:.3f}, {high:.3f}]"


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the models say together.

    Attributes:
      word, why: the word, and the rule's reason.
      exponent: the printed (low, best, high); None where no credible model fits an exponent.
      widest: the credible models whose intervals make up `exponent`, best first.
      excluded: which of `EXPONENTS` no credible model allows.
    """

    word: str
    why: str
    exponent: tuple[float, float, float] | None
    widest: tuple[Candidate, ...]
    excluded: tuple[str, ...]


def judge(candidates: Sequence[Candidate], claim: float, decades: float, missing: Sequence[str] = ()) -> Verdict:
    """The verdict on "the asymptotic exponent is `claim`", by fixed rules.

    A model is *adequate* when its lack of fit has p >= 0.01, or cannot be tested. An adequate model is *credible* when
    its Akaike difference to the best adequate one is at most 6, with or without the correction for few rows. The
    correction alone would dismiss rich models where rows are few; its absence would dismiss simple ones.

    The printed *interval* is the union of the 95% intervals of the credible models that fit the exponent. A model that
    is a special case of another credible one is left out. So the interval of a straight line is not printed while a
    line with a power of the logarithm is credible: it would not include the doubt between the two.

    - **inconclusive** when no model is adequate, when a rival could not be fitted (`missing`), or when the data span
      less than two decades;
    - **contradicted** when no credible model allows the claim. A crossover allows it only through a term that can still
      make up a tenth of the error at the largest m, at the 95% limit of its size. A smaller term could be added to any
      model, and would make every claim irrefutable;
    - **supported** when the printed interval contains the claim and lies within .05 of it, and no credible model states
      another of `EXPONENTS`;
    - otherwise **inconclusive**.
    """
    adequate = [c for c in candidates if c.adequate]
    if not adequate:
        why = "no model fits: " + "; ".join(f"{c.name} p = {c.fits:.2g}" for c in candidates)
        return Verdict("inconclusive", why, None, (), ())
    least, least_plain = min(c.delta for c in adequate), min(c.delta_plain for c in adequate)
    credible = [c for c in adequate if min(c.delta - least, c.delta_plain - least_plain) <= CREDIBLE]
    counted = [c for c in credible if not _hidden(c, claim)]
    excluded = tuple(name for name, value in EXPONENTS.items() if not any(c.allows(value) for c in counted))
    widest = widest_models(counted)
    exponent = union(widest)
    doubts = []
    if missing:
        doubts.append(f"a rival could not be fitted ({', '.join(missing)})")
    if decades < DECADES:
        doubts.append(f"the data span {decades:.1f} decades, and a word needs {DECADES:g}")
    models = "; ".join(str(c) for c in counted) or "none is left"
    if not doubts and not any(c.allows(claim) for c in counted):
        return Verdict("contradicted", f"no credible model allows {claim:.4g}: {models}", exponent, widest, excluded)
    doubts += _doubts(counted, exponent, claim)
    if doubts:
        return Verdict("inconclusive", f"{'; '.join(doubts)} ({models})", exponent, widest, excluded)
    why = f"the interval {_span(exponent)} holds {claim:.4g} and lies within {WITHIN:g} of it: {models}"
    return Verdict("supported", why, exponent, widest, excluded)


def widest_models(credible: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The models that fit an exponent and are no special case of another one of them; the best first."""
    free = [c for c in credible if not c.fixed]
    inside = lambda c: any(other.fitted.model.contains(c.fitted.model) for other in free)
    return tuple(sorted((c for c in free if not inside(c)), key=lambda c: c.delta))


def union(widest: Sequence[Candidate]) -> tuple[float, float, float] | None:
    """(low, best, high): the best model's estimate within the union of all intervals; None of no models."""
    if not widest:
        return None
    return min(c.exponent[0] for c in widest), widest[0].exponent[1], max(c.exponent[2] for c in widest)


def judge_interval(interval: tuple[float, float, float], claim: float) -> tuple[str, str]:
    """The word on "this number is `claim`", and why, from its 95% interval (low, best, high) where no models compete.

    **contradicted** where the interval misses the claim, else **supported** where it lies within .05 of it, else
    **inconclusive**.
    """
    low, _, high = interval
    if not low <= claim <= high:
        return "contradicted", f"the 95% interval {_span(interval)} misses {claim:.4g}"
    if max(high - claim, claim - low) > WITHIN:
        return "inconclusive", f"the 95% interval {_span(interval)} reaches further than {WITHIN:g} from {claim:.4g}"
    return "supported", f"the 95% interval {_span(interval)} holds {claim:.4g} and lies within {WITHIN:g} of it"


def judge_growth(ratio: tuple[float, float, float]) -> tuple[str, str]:
    """The word, and why, on "this grows" from the 95% interval (low, best, high) of its ratio, last to first.

    **supported** above 1, **contradicted** below, else **inconclusive**.
    """
    low, _, high = ratio
    word = "supported" if low > 1 else "contradicted" if high < 1 else "inconclusive"
    return word, f"the ratio's 95% interval {_span(ratio)} {'holds' if word == 'inconclusive' else 'misses'} 1"


def _doubts(counted: Sequence[Candidate], exponent: tuple[float, float, float] | None, claim: float) -> list[str]:
    """What keeps credible models from supporting the claim, in words; empty when nothing does."""
    if exponent is None:
        return ["no credible model fits an exponent"]
    low, _, high = exponent
    doubts = []
    if not low - SAME <= claim <= high + SAME:
        doubts.append(f"the interval {_span(exponent)} misses {claim:.4g}, which another credible model allows")
    elif max(high - claim, claim - low) > WITHIN:
        doubts.append(f"the interval {_span(exponent)} reaches further than {WITHIN:g} from {claim:.4g}")
    rivals = [
        n for n, value in EXPONENTS.items() if abs(value - claim) > SAME and any(c.allows(value) for c in counted)
    ]
    if rivals:
        doubts.append(f"{', '.join(rivals)} cannot be excluded")
    return doubts


def _span(interval: tuple[float, float, float]) -> str:
    return f"[{interval[0]:.3f}, {interval[2]:.3f}]"


def _hidden(candidate: Candidate, claim: float) -> bool:
    """Whether a crossover could reach the claim only through a term too small to be seen anywhere in the data.

    False where the crossover with the claimed exponent cannot be fitted: that is no evidence.
    """
    model, sample = candidate.fitted.model, candidate.fitted.sample
    if not isinstance(model, Crossover) or model.along != sample.along:
        return False
    at_claim = fit(replace(model, asymptotic=claim), sample, Scatter(candidate.fitted.log_scatter))
    if isinstance(at_claim, NotFitted):
        return False
    last = len(model.errors) - 1
    direction = np.zeros((1, len(at_claim.parameters)))
    direction[0, last] = 1.0
    _, largest = boundary(at_claim, direction, np.array([at_claim.threshold(0.95, [last])]))
    top = {
        name: values[sample.points[sample.along] == sample.points[sample.along].max()]
        for name, values in sample.points.items()
    }
    return bool(np.max(at_claim.model.shares(largest[0, :-1], top)[:, last]) < HIDDEN)

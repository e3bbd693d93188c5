"""Do responses follow a closed form over the measured range?"""

from dataclasses import dataclass, replace

import numpy as np

from superposed.fitting.data import Sample
from superposed.fitting.fits import NotFitted, Scatter, fit
from superposed.fitting.goodness import lack_of_fit
from superposed.fitting.models import Model
from superposed.fitting.points import Points
from superposed.fitting.profile import intervals
from superposed.fitting.verdict import judge_interval


@dataclass(frozen=True)
class Formula:
    """Whether the responses follow a closed form: the power by which they leave it, c closed(x) m^power.

    This tests the formula over the measured range. It does not estimate the asymptotic exponent, which the formula
    states.

    Attributes:
      power: (low, best, high), 95%; 0 is the closed form itself.
      constant: the fitted constant c of the closed form alone.
      fits: p-value of the closed form's lack of fit, None where it cannot be tested.
      word, why: as `judge_interval` of the power against 0.
    """

    power: tuple[float, float, float]
    constant: float
    fits: float | None
    word: str
    why: str

    def __str__(self) -> str:
        """One line."""
        low, best, high = self.power
        return f"follows {self.constant:.3f} times the closed form to a power of {best:.4f} [{low:.4f}, {high:.4f}]"


def follow(closed: Model, sample: Sample, points: Points | NotFitted, scatter: Scatter | None) -> Formula | None:
    """The closed form with a free power beside it; None where either cannot be fitted."""
    name = f"log {sample.along}"
    alone = fit(closed, sample, scatter)
    bent = fit(replace(closed, terms=(*closed.terms, name)), sample, scatter)
    if isinstance(alone, NotFitted) or isinstance(bent, NotFitted):
        return None
    low, high = intervals(bent, (name,))[name]
    power = (low, bent.coef[name], high)
    word, why = judge_interval(power, 0.0)
    return Formula(power, float(np.exp(alone.coef["1"])), lack_of_fit(alone, points), word, why)

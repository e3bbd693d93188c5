"""Transitions from failing to passing: counts of networks, the fitted curve, and the law of its half-pass point.

Networks are tried at several values x of one axis, each with a draw of its own. Their chance to pass rises or falls
with x:

    P(pass at x) = F(g (log x - log half)),   g > 0 where it rises, g < 0 where it falls
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log

import numpy as np

from superposed.fitting import (
    NotFitted,
    Report,
    Success,
    fit_success,
    proportion_interval,
    ratio_interval,
    report,
    sample,
)
from superposed.fitting.fits import AnyModel
from superposed.fitting.models import Model

Triple = tuple[float, float, float]
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Transition:
    """The fitted chance to pass along one axis, everything else held fixed.

    Args:
      labels: what is held fixed; columns of the table.
      along: the axis.
      falls: whether passing gets rarer as the axis grows. Then `success` is fitted along 1/x.
      success: the fitted curve.
    """

    labels: Mapping[str, object]
    along: str
    falls: bool
    success: Success

    @property
    def half(self) -> Triple:
        """(low, best, high) of the x at which half of the networks pass."""
        return inverse(self.success.half) if self.falls else self.success.half

    @property
    def most(self) -> Triple:
        """(low, best, high) of the x at which 95 in 100 pass."""
        return inverse(self.success.high) if self.falls else self.success.high

    @property
    def bounded(self) -> bool:
        """Whether the half-pass point has an interval with two ends."""
        low, _, high = self.half
        return 0 < low < high < np.inf

    def row(self, kind: str, estimate: Triple) -> dict:
        """A table row of one estimate."""
        return {"kind": kind, **self.labels, **dict(zip(("low", "best", "high"), estimate, strict=True))}

    def curve_rows(self, kind: str, reach: float, n: int) -> list[dict]:
        """n table rows of the curve, from half/reach to half*reach."""
        x = self.half[1] * np.geomspace(1 / reach, reach, n)
        chances = self.success.probability(1 / x if self.falls else x)
        return [
            {"kind": kind, **self.labels, self.along: at_x, "best": chance}
            for at_x, chance in zip(x.tolist(), chances.tolist(), strict=True)
        ]


def count_passes(tried: Iterable[Mapping], by: Sequence[str], along: str) -> list[dict]:
    """Table rows "passed": how many networks pass at each value, with the exact 95% interval of the chance.

    Args:
      tried: a network each, with `passed`, the labels `by` and the value of `along`.
    """
    by_value: dict[tuple, list[bool]] = {}
    for network in tried:
        by_value.setdefault(tuple(network[key] for key in (*by, along)), []).append(network["passed"])
    rows = []
    for labels, passes in by_value.items():
        low, high = proportion_interval(sum(passes), len(passes))
        chance = {"low": low, "best": sum(passes) / len(passes), "high": high}
        counts = {"passed": sum(passes), "networks": len(passes)}
        rows.append({"kind": "passed", **dict(zip((*by, along), labels, strict=True)), **counts, **chance})
    return rows


def fit_transitions(
    counts: Iterable[Mapping], by: Sequence[str], along: str, *, falls: bool = False, link: str = "logit"
) -> dict[tuple, Transition | NotFitted]:
    """The transition of every group of rows with the same labels `by`, or why there is none."""
    groups: dict[tuple, list[Mapping]] = {}
    for row in counts:
        groups.setdefault(tuple(row[key] for key in by), []).append(row)
    transitions: dict[tuple, Transition | NotFitted] = {}
    for labels, rows in groups.items():
        x, passed, networks = (
            np.array([float(row[key]) for row in sorted(rows, key=lambda row: row[along])])
            for key in (along, "passed", "networks")
        )
        success = fit_success(1 / x if falls else x, passed, networks, link)
        if isinstance(success, Success):
            transitions[labels] = Transition(dict(zip(by, labels, strict=True)), along, falls, success)
        else:
            transitions[labels] = _turned(success) if falls else success
    return transitions


def half_pass_law(
    points: Mapping[float, Triple], along: str, claim: float, models: Sequence[AnyModel], closed: Model
) -> Report | NotFitted:
    """Models of the half-pass point; each point enters with the standard error that its 95% interval stands for.

    Args:
      points: {value of `along`: (low, best, high)}, both ends finite.
    """
    if len(points) < 2:
        return NotFitted(f"{len(points)} values of {along} have a bounded half-pass point; two are needed")
    best = [point[1] for point in points.values()]
    scatter = [log(high / low) / (2 * NORMAL_95) for low, _, high in points.values()]
    data = sample(best, best, scatter=scatter, along=along, **{along: list(points)})
    return report(data, claim, models, closed)


def end_exponent(points: Mapping[float, Triple]) -> Triple:
    """The exponent between the smallest and the largest value of an axis, with a 95% interval from those of both.

    Args:
      points: {value of the axis: (low, best, high)} at two values or more.
    """
    first, last = min(points), max(points)
    low, best, high = (log(x) / log(last / first) for x in ratio_interval(points[first], points[last]))
    return low, best, high


def as_json(transition: Transition | NotFitted) -> dict:
    """The fitted curve as plain numbers, along 1/x where passing gets rarer with x; or why there is none."""
    if isinstance(transition, NotFitted):
        return {"not fitted": transition.reason}
    return asdict(transition.success)


def inverse(estimate: Triple) -> Triple:
    """(low, best, high) of 1/x."""
    low, best, high = estimate
    return 1 / high if np.isfinite(high) else 0.0, 1 / best, 1 / low if low > 0 else np.inf


def _turned(reason: NotFitted) -> NotFitted:
    """The reason in words that fit an axis along which passing gets rarer."""
    return NotFitted(reason.reason.replace("wider", "smaller").replace("narrower", "larger"))

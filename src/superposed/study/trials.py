"""The largest m that networks of a size bear: from networks that were tried at one m each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from superposed.fitting import NotFitted, Report
from superposed.study.experiment import Finding
from superposed.study.points import estimates
from superposed.study.series import Series, finding, number, triple
from superposed.study.transitions import Triple, count_passes, fit_transitions
from superposed.sweeping.steps import Chain


@dataclass(frozen=True)
class Trials:
    """Networks of several sizes d, each of its own draw and tried at one m.

        P(a network of size d passes at m) = Phi((log m*(d) - log m) / sigma)

    m*(d) is the m at which half of the networks pass. A network that passes at m has its own largest m in [m, inf), one
    that fails in (0, m). So the models of a `Series` fit this curve to all sizes at once.

    Args:
      name, labels: as for `Series`.
      tried: a dict a network with its size, seed, what was tried, and passed.
      along: the key of the size.
      quantity: the key of what was tried.
    """

    name: str
    tried: Sequence[dict]
    labels: dict
    along: str = "d"
    quantity: str = "m"

    def series(self) -> Series:
        """The trials as intervals of each network's own largest m, with their labels."""
        ends = [(row[self.quantity], inf) if row["passed"] else (0.0, row[self.quantity]) for row in self.tried]
        records = [
            {self.along: row[self.along], "seed": f"{row[self.quantity]} {row['seed']}", "low": float(low),
             "high": float(high), **self.labels}
            for row, (low, high) in zip(self.tried, ends, strict=True)
        ]  # fmt: skip
        return Series(self.name, self.along, tuple(records), self.labels)

    def sizes(self) -> list[int]:
        """The sizes in order."""
        return sorted({row[self.along] for row in self.tried})

    def curve(self, size: int) -> tuple[Triple, Triple] | NotFitted:
        """The m at which half and 95 in 100 networks of one size pass, each (low, best, high), by that size alone."""
        by, tried = (self.along,), [row for row in self.tried if row[self.along] == size]
        counts = count_passes(tried, by, self.quantity)
        (curve,) = fit_transitions(counts, by, self.quantity, falls=True, link="probit").values()
        return curve if isinstance(curve, NotFitted) else (curve.half, curve.most)

    def rows(self) -> list[dict]:
        """Table rows: "tried", a network each; "m*" and "m* of 95 in 100", the two points of every size's curve."""
        shared, star = {"series": self.name, **self.labels}, f"{self.quantity}*"
        rows = [{"kind": "tried", **shared, **row} for row in self.tried]
        for size in self.sizes():
            curve = self.curve(size)
            if not isinstance(curve, NotFitted):
                for kind, (low, best, high) in zip((star, f"{star} of 95 in 100"), curve, strict=True):
                    rows.append({"kind": kind, **shared, self.along: size, "low": low, "best": best, "high": high})
        return rows

    def points(self, panel: str, series: str) -> list[dict]:
        """Rows for a panel: what half of the networks bear, at every size."""
        curves = {size: self.curve(size) for size in self.sizes()}
        halves = {size: curve[0] for size, curve in curves.items() if not isinstance(curve, NotFitted)}
        return estimates(panel, series, halves)

    @property
    def span(self) -> str:
        """The range of sizes and the number of networks, in words."""
        sizes = self.sizes()
        return f"{self.along} = {number(sizes[0])} to {number(sizes[-1])}, {len(self.tried)} networks"

    def exponent_finding(self, question: str, fitted: Report | NotFitted) -> Finding:
        """The line of a report on `series()` in the table of verdicts."""
        return finding(question, self.span, fitted)

    def curve_finding(self, question: str) -> Finding:
        """At what m half and 95 in 100 networks pass, at the smallest and the largest size."""
        sizes, texts = self.sizes(), []
        for size in dict.fromkeys((sizes[0], sizes[-1])):
            curve = self.curve(size)
            points = curve.reason if isinstance(curve, NotFitted) else " and ".join(triple(x, ".0f") for x in curve)
            texts.append(f"{self.along} = {number(size)}: {points}")
        each = "width" if self.along == "d" else f"value of {self.along}"
        why = f"probit curve in log {self.quantity} of each {each}, 95% profile-likelihood intervals"
        return Finding(question, self.span, "; ".join(texts), "measured", why)


@dataclass(frozen=True)
class Staircase:
    """Networks tried one after another. After one that passes the next is larger, after one that fails smaller.

        next = last * factor or last / factor,   factor = max(leap^(2^-turns), step)

    A turn is a result unlike the one before. So what is tried follows from the outcomes alone, and from no law.

    Args:
      quantity: the key of what is tried, at least 1.
      start: what the first network is tried at.
      most: the largest that can be tried.
    """

    quantity: str
    start: int
    most: float = inf
    leap: float = 4.0
    step: float = 2**0.25

    def chain(self, shared: dict, seeds: Sequence[int], measure: Callable[[dict], dict]) -> Chain:
        """A network a seed.

        Args:
          shared: the cell but for its seed and what is tried.
          measure: the complete cell -> a dict with `passed`.
        """
        rule = {
            "start": self.start,
            "most": self.most if self.most < inf else None,
            "leap": self.leap,
            "step": self.step,
        }
        cells = tuple({**shared, **rule, "seed": seed} for seed in seeds)
        return Chain(cells, lambda cell, before: self.next_network(cell, before, measure))

    def next_network(self, cell: dict, before: dict | None, measure: Callable[[dict], dict]) -> dict:
        """What was tried, what was measured, and how often the staircase has turned."""
        tried = self.start if before is None else self.next_tried(before)
        result = measure({**cell, self.quantity: tried})
        turned = before is not None and result["passed"] != before["passed"]
        return {self.quantity: tried, **result, "turns": turned + (0 if before is None else before["turns"])}

    def next_tried(self, before: dict) -> int:
        """What the network after this one is tried at."""
        factor = max(self.leap ** (2.0 ** -before["turns"]), self.step)
        following = before[self.quantity] * (factor if before["passed"] else 1 / factor)
        return round(min(max(following, 1), self.most))

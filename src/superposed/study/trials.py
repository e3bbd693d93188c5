"""The m at which networks of a width pass with a given chance: from networks that were tried at one m each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superposed.fitting import NotFitted, Report
from superposed.study.experiment import Finding
from superposed.study.series import Series, finding, number, triple
from superposed.study.transitions import Triple, count_passes, fit_transitions


@dataclass(frozen=True)
class Trials:
    """Networks of several widths d, each of its own draw and tried at one m.

        P(a network of width d passes at m) = Phi((log m*(d) - log m) / sigma)

    m*(d) is the m at which half of the networks pass. A network that passes at m has its own largest m in [m, inf), one
    that fails in (0, m). So the models of a `Series` fit this curve to all widths at once.

    Args:
      name, labels: as for `Series`.
      tried: a dict a network with d, seed, m and passed.
    """

    name: str
    tried: Sequence[dict]
    labels: dict

    def series(self) -> Series:
        """The trials as intervals of each network's own largest m, with their labels."""
        ends = [(row["m"], np.inf) if row["passed"] else (0.0, row["m"]) for row in self.tried]
        records = [
            {"d": row["d"], "seed": f"{row['m']} {row['seed']}", "low": float(low), "high": float(high), **self.labels}
            for row, (low, high) in zip(self.tried, ends, strict=True)
        ]
        return Series(self.name, "d", tuple(records), self.labels)

    def widths(self) -> list[int]:
        """The widths in order."""
        return sorted({row["d"] for row in self.tried})

    def curve(self, d: int) -> tuple[Triple, Triple] | NotFitted:
        """The m at which half and 95 in 100 networks of one width pass, each (low, best, high), by that width alone."""
        tried = [row for row in self.tried if row["d"] == d]
        (curve,) = fit_transitions(count_passes(tried, ("d",), "m"), ("d",), "m", falls=True, link="probit").values()
        return curve if isinstance(curve, NotFitted) else (curve.half, curve.most)

    def rows(self) -> list[dict]:
        """Table rows: "tried", a network each; "m*" and "m* of 95 in 100", the two points of every width's curve."""
        shared = {"series": self.name, **self.labels}
        rows = [{"kind": "tried", **shared, **row} for row in self.tried]
        for d in self.widths():
            curve = self.curve(d)
            if not isinstance(curve, NotFitted):
                for kind, (low, best, high) in zip(("m*", "m* of 95 in 100"), curve, strict=True):
                    rows.append({"kind": kind, **shared, "d": d, "low": low, "best": best, "high": high})
        return rows

    @property
    def span(self) -> str:
        """The range of widths and the number of networks, in words."""
        widths = self.widths()
        return f"d = {number(widths[0])} to {number(widths[-1])}, {len(self.tried)} networks"

    def exponent_finding(self, question: str, found: Report | NotFitted) -> Finding:
        """The line of a report on `series()` in the table of verdicts."""
        return finding(question, self.span, found)

    def curve_finding(self, question: str) -> Finding:
        """At what m half and 95 in 100 networks pass, at the smallest and the largest width."""
        widths, texts = self.widths(), []
        for d in dict.fromkeys((widths[0], widths[-1])):
            curve = self.curve(d)
            points = curve.reason if isinstance(curve, NotFitted) else " and ".join(triple(x, ".0f") for x in curve)
            texts.append(f"d = {number(d)}: {points}")
        why = "probit curve in log m of each width, 95% profile-likelihood intervals"
        return Finding(question, self.span, "; ".join(texts), "measured", why)

"""Findings on the half-passes of deep networks: how m* changes with d and with s, built beside drawn."""

from itertools import pairwise
from math import log

from superposed.fitting import judge_interval
from superposed.study.experiment import Finding
from superposed.study.series import number, slopes_between, triple
from superposed.study.transitions import Triple, end_exponent

CLAIMS_OF_S = {"s^(-1/2), the law's limit at large d": -1 / 2, "s^(-3), as Theorem 8's statement suggests": -3.0}
DRAWN = "density evolution with the active features drawn"


def exponent_finding(name: str, along: str, halves: dict[int, Triple], curve: dict[int, float]) -> list[Finding]:
    """The built exponent between the smallest and the largest d (or s) against the drawn one; none of a single d."""
    if len(halves) < 2 or not {min(halves), max(halves)} <= curve.keys():
        return []
    ends, slope = (min(halves), max(halves)), end_exponent(halves)
    word, why = judge_interval(slope, plain_exponent({x: curve[x] for x in ends}))
    question = f"{name}, built: does m* change with {along} as the drawn one does?"
    return [Finding(question, range_of(along, ends), f"exponent {triple(slope, '.2f')}", word, why)]


def s_findings(name: str, halves: dict[int, Triple], curve: dict[int, float]) -> list[Finding]:
    """How m* falls with s at one width: against the drawn one, the limit of the law, and Theorem 8's statement."""
    findings = exponent_finding(name, "s", halves, curve)
    for text, power_of_s in CLAIMS_OF_S.items():
        slope = end_exponent(halves)
        word, why = judge_interval(slope, power_of_s)
        question = f"{name}, built: does m* fall as {text}?"
        span = range_of("s", (min(halves), max(halves)))
        findings.append(Finding(question, span, f"exponent {triple(slope, '.2f')}", word, why))
    return findings


def range_of(along: str, ends: tuple[int, int]) -> str:
    """The two values between which an exponent stands."""
    return f"{along} = {ends[0]:,} and {ends[1]:,}"


def drawn_findings(name: str, curve: dict[int, float]) -> list[Finding]:
    """The last exponent of a drawn curve, and the width from which on m* exceeds d."""
    points, slopes = sorted(curve.items()), list(slopes_between(curve).values())
    (d, _), (e, m) = points[-2:]
    question = f"{name}, drawn: local exponent of m* at the largest d?"
    measured = f"{slopes[-1]:.3f}; {m / e:.3g} features a neuron"
    findings = [Finding(question, f"d = {d:.3g} to {e:.3g}", measured, "computed", DRAWN)]
    for ((d, m), (e, n)), slope in zip(pairwise(points), slopes, strict=True):
        if m < d and n >= e and e <= 4 * d:
            question = f"{name}, drawn: from what d on are there more features than neurons?"
            equal = number(round(d * (d / m) ** (1 / (slope - 1)), -2))
            why = "a straight line in log-log between the two widths"
            findings.append(Finding(question, f"between d = {d:,} and {e:,}", f"d = {equal}", "computed", why))
            break
    return findings


def drawn_s_findings(design: str, by_s: dict[int, dict[int, float]]) -> list[Finding]:
    """The drawn exponent of s at the largest width, {s: {d: m*}}; none of fewer than three s."""
    if len(by_s) < 3:
        return []
    d = max(set.intersection(*(set(curve) for curve in by_s.values())))
    slope = plain_exponent({s: curve[d] for s, curve in by_s.items()})
    question = f"Theorem 8, {design} design, drawn: exponent of m* in s at the largest d?"
    span = f"d = {d:.3g}, {range_of('s', (min(by_s), max(by_s)))}"
    return [Finding(question, span, f"{slope:.3f}", "computed", DRAWN)]


def plain_exponent(points: dict[int, float]) -> float:
    """The exponent between the smallest and the largest value of an axis."""
    first, last = min(points), max(points)
    return log(points[last] / points[first]) / log(last / first)

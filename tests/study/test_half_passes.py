"""What is said of half-pass points that were made up: their power of d and of s, and where m exceeds d."""

import pytest

from superposed.study.half_passes import drawn_findings, drawn_s_findings, exponent_finding, s_findings


def near(x: float, share: float = 0.03) -> tuple[float, float, float]:
    """A half-pass point that is known to within 3%."""
    return (1 - share) * x, x, (1 + share) * x


def test_the_built_exponent_is_judged_by_the_drawn_one():
    """m* = d^1.5, built to 3%, beside drawn curves of that power and of another."""
    built = {d: near(d**1.5) for d in (4096, 2**18)}
    judged = lambda power: exponent_finding("Theorem 8", "d", built, {d: d**power for d in built})
    assert [judged(power)[0].verdict for power in (1.5, 1.8)] == ["supported", "contradicted"]
    assert judged(1.5)[0].measured.startswith("exponent 1.50")
    assert exponent_finding("Theorem 8", "d", {4096: built[4096]}, {4096: 500.0}) == []


@pytest.mark.parametrize(
    ("power", "words"),
    [(-0.5, ["supported", "supported", "contradicted"]), (-3, ["contradicted", "contradicted", "supported"])],
)
def test_the_power_of_s_is_judged_against_the_drawn_one_the_limit_and_the_theorem(power, words):
    """Half-passes of networks with s active features, known to 3%; the drawn ones fall as s^(-1/2)."""
    built = {s: near(1e4 * s**power, 0.01) for s in (2, 4, 8)}
    findings = s_findings("Theorem 8", built, {s: 1e4 * s**-0.5 for s in built})
    assert [finding.verdict for finding in findings] == words
    assert {finding.range for finding in findings} == {"s = 2 and 8"}


def test_the_drawn_power_of_s_needs_three_values():
    curves = {s: {4096: 7.0, 10**12: 1e15 * s**-0.45} for s in (2, 3, 8)}
    (finding,) = drawn_s_findings("paper", curves)
    assert finding.measured == "-0.450" and "1e+12" in finding.range
    assert drawn_s_findings("paper", {s: curves[s] for s in (2, 3)}) == []


def test_features_exceed_neurons_where_the_drawn_curve_crosses_them():
    """m* = d^2/10,000 is d at d = 10,000, which lies between the widths drawn."""
    last, crossing = drawn_findings("Theorem 8", {d: d**2 / 10_000 for d in (4096, 8192, 16384, 10**6)})
    assert last.measured.startswith("2.000; 100 features")
    assert crossing.range == "between d = 8,192 and 16,384" and crossing.measured == "d = 10,000"

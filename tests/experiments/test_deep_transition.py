"""What the experiment on deep networks concludes from half-pass points that were made up."""

import runpy

from superposed.study.loading import experiments_folder

MODULE = runpy.run_path(str(experiments_folder() / "deep_transition.py"))


def test_the_built_exponent_is_judged_by_the_drawn_one():
    """m* = d^1.5, built to 3%, beside drawn curves of that power and of another."""
    built = {d: (0.97 * d**1.5, d**1.5, 1.03 * d**1.5) for d in (4096, 2**18)}
    finding = lambda power: MODULE["exponent_finding"]("Theorem 8", built, {d: d**power for d in built})
    assert [finding(power)[0].verdict for power in (1.5, 1.8)] == ["supported", "contradicted"]
    assert finding(1.5)[0].measured.startswith("exponent 1.50")
    assert MODULE["exponent_finding"]("Theorem 8", {4096: built[4096]}, {4096: 500.0}) == []


def test_features_exceed_neurons_where_the_drawn_curve_crosses_them():
    """m* = d^2/10,000 is d at d = 10,000, which lies between the widths drawn."""
    last, crossing = MODULE["drawn_findings"]("Theorem 8", {d: d**2 / 10_000 for d in (4096, 8192, 16384, 10**6)})
    assert last.measured.startswith("2.000; 100 features")
    assert crossing.range == "between d = 8,192 and 16,384" and crossing.measured == "d = 10,000"

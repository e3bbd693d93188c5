"""Networks that pass or fail at one m each: their curve, and the exponent of its half-pass point."""

import numpy as np
import pytest
from scipy.stats import norm

from superposed.fitting import NotFitted, Report
from superposed.study.trials import Trials

TRUTH, SIGMA = 1.5, 0.2


def staircases(seed=0, widths=(256, 512, 1024, 2048), networks=200):
    """Staircases about m* = d^1.5, one a width."""
    random, tried = np.random.default_rng(seed), []
    for d in widths:
        m = 0.7 * d**TRUTH
        for n in range(networks):
            passed = bool(np.log(d**TRUTH) + SIGMA * random.standard_normal() >= np.log(m))
            tried.append({"d": d, "seed": n, "m": round(m), "passed": passed})
            m *= 1.15 if passed else 1 / 1.15
    return Trials("stairs", tried, {"s": 3})


@pytest.fixture(scope="module")
def trials():
    return staircases()


def test_the_curve_finds_the_points_it_was_drawn_from(trials):
    """Within twice its interval's half, which is four standard errors."""
    for d in trials.widths():
        for found, truth in zip(trials.curve(d), (d**TRUTH, d**TRUTH * np.exp(norm.ppf(0.05) * SIGMA)), strict=True):
            low, best, high = np.log(found)
            assert low < best < high and 2 * low - best < np.log(truth) < 2 * high - best


def test_all_widths_together_give_the_exponent_and_the_scatter(trials):
    found = trials.series().report(TRUTH)
    assert isinstance(found, Report)
    low, _, high = found.entry("power").candidate.exponent
    assert low < TRUTH < high and high - low < 0.1
    assert found.entry("power").fitted.sigma == pytest.approx(SIGMA, rel=0.2)


def test_the_table_has_every_network_and_both_points_of_each_curve(trials):
    rows = trials.rows()
    assert [sum(row["kind"] == kind for row in rows) for kind in ("tried", "m*", "m* of 95 in 100")] == [800, 4, 4]
    assert all(row["series"] == "stairs" and row["s"] == 3 for row in rows)


def test_the_finding_names_both_points_and_claims_nothing(trials):
    found = trials.curve_finding("at what m?")
    half, most = trials.curve(256)
    assert found.verdict == "measured" and found.range == "d = 256 to 2,048, 800 networks"
    assert f"d = 256: {half[1]:.0f} [" in found.measured and f" and {most[1]:.0f} [" in found.measured


def test_the_line_on_the_exponent_counts_networks(trials):
    found = trials.exponent_finding("as d^1.5?", NotFitted("why"))
    assert found.range == "d = 256 to 2,048, 800 networks" and found.verdict == "inconclusive"


def test_no_curve_where_every_network_passes():
    trials = Trials("all", [{"d": 8, "seed": n, "m": 2**n, "passed": True} for n in range(4)], {})
    assert isinstance(trials.curve(8), NotFitted)
    assert "larger" in trials.curve_finding("at what m?").measured
    assert [row["kind"] for row in trials.rows()] == ["tried"] * 4

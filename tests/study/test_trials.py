"""Networks that pass or fail at one m each: their curve, and the exponent of its half-pass point."""

import runpy

import numpy as np
import pytest
from scipy.stats import norm

from superposed.fitting import NotFitted, Report
from superposed.study.loading import experiments_folder
from superposed.study.trials import Staircase, Trials

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
    for d in trials.sizes():
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


def test_other_names_of_the_axes_give_the_same_numbers(trials):
    tried = [{"size": r["d"], "seed": r["seed"], "length": r["m"], "passed": r["passed"]} for r in trials.tried]
    renamed = Trials("stairs", tried, {"s": 3}, "size", "length")
    assert renamed.sizes() == trials.sizes() and renamed.curve(512) == trials.curve(512)
    assert {row["kind"] for row in renamed.rows()} == {"tried", "length*", "length* of 95 in 100"}
    assert renamed.series().along == "size" and renamed.span == "size = 256 to 2,048, 800 networks"
    half = [row["best"] for row in renamed.points("panel", "name")]
    assert half == [trials.curve(d)[0][1] for d in trials.sizes()]


def climb(staircase, passes, n):
    """What a staircase tries, one network after another."""
    chain = staircase.chain({"d": 8}, range(100, 100 + n), lambda cell: {"passed": passes(cell["m"])})
    results = []
    for cell in chain.cells:
        results.append(chain.run(cell, results[-1] if results else None))
    return [result["m"] for result in results]


def test_a_staircase_leaps_to_the_edge_and_then_steps_about_it():
    """16, 64, 256 pass and 1024 fails; the factor is 2 after one turn, sqrt(2) after two, then 2^(1/4)."""
    tried = climb(Staircase("m", 16), lambda m: m <= 300, 12)
    assert tried[:8] == [16, 64, 256, 1024, 512, 256, 362, 304] and all(240 < m < 370 for m in tried[5:])


def test_a_staircase_stays_between_one_and_the_most():
    assert climb(Staircase("m", 16, most=100), lambda m: True, 4) == [16, 64, 100, 100]
    assert climb(Staircase("m", 16), lambda m: False, 4) == [16, 4, 1, 1]


@pytest.mark.parametrize(("name", "size"), [("bigrams", ("how", "d_resid", "d_head")), ("small_circuits", ("places",))])
def test_no_two_networks_of_a_frontier_share_a_seed(name, size):
    module = runpy.run_path(str(experiments_folder() / f"{name}.py"))
    cells = [cell for chain in module["capacity_chains"](module["PROFILES"]["quick"]) for cell in chain.cells]
    identities = [(*(cell[key] for key in size), cell["seed"]) for cell in cells]
    assert len(set(identities)) == len(identities)

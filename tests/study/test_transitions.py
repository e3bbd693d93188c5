"""Counts of networks, their fitted transitions where passing rises and where it falls, and the law of half-passes."""

import numpy as np
import pytest
from scipy.special import expit

from superposed.fitting import NotFitted, Report, logarithm, power, proportion_interval, through
from superposed.study.transitions import Transition, as_json, count_passes, fit_transitions, half_pass_law, inverse

X = np.geomspace(100, 1000, 9).tolist()


def expected_counts(half: float, sharpness: float, n: int = 400) -> list[dict]:
    """Expected counts, rounded; a negative sharpness makes passing rarer as x grows."""
    return [{"d": 7, "m": x, "networks": n, "passed": round(n * expit(sharpness * np.log(x / half)))} for x in X]


def test_networks_are_counted_by_labels_and_value():
    tried = [{"d": d, "m": m, "seed": n, "passed": n < k} for d, m, k in ((4, 8, 3), (4, 16, 1)) for n in range(5)]
    first, second = count_passes(tried, ("d",), "m")
    assert [first[key] for key in ("kind", "d", "m", "passed", "networks", "best")] == ["passed", 4, 8, 3, 5, 0.6]
    assert (second["low"], second["high"]) == proportion_interval(1, 5)


@pytest.mark.parametrize("falls", [False, True])
def test_the_half_pass_is_found_where_passing_rises_and_where_it_falls(falls):
    counts = expected_counts(300, -5.0 if falls else 5.0)
    (transition,) = fit_transitions(counts[::-1], ("d",), "m", falls=falls).values()
    assert isinstance(transition, Transition) and transition.labels == {"d": 7} and transition.bounded
    low, half, high = transition.half
    assert half == pytest.approx(300, rel=0.01) and 0.85 < low / half < 1 < high / half < 1.15
    assert transition.most[1] == pytest.approx(300 * np.exp((-1 if falls else 1) * np.log(19) / 5), rel=0.02)
    rows = transition.curve_rows("chance", reach=2, n=3)
    assert [row["m"] / half for row in rows] == pytest.approx([0.5, 1, 2])
    chances = [expit((-5 if falls else 5) * np.log(x)) for x in (0.5, 1, 2)]
    assert [row["best"] for row in rows] == pytest.approx(chances, abs=0.01)


def test_no_transition_names_the_direction_to_go():
    everyone = [{**row, "passed": row["networks"]} for row in expected_counts(300, 5.0)]
    wider, larger = (fit_transitions(everyone, ("d",), "m", falls=falls)[7,] for falls in (False, True))
    assert isinstance(wider, NotFitted) and "narrower" in wider.reason
    assert isinstance(larger, NotFitted) and "larger" in larger.reason
    assert as_json(larger) == {"not fitted": larger.reason}


def test_the_law_of_half_pass_points():
    widths = (4096, 16384, 65536, 2**18, 2**20)
    points = {d: (0.97 * d**1.5, d**1.5, 1.03 * d**1.5) for d in widths}
    closed = through([(d, d**1.8) for d in widths], 1.5, "d", "drawn law")
    law = half_pass_law(points, "d", 1.5, (power("d"), logarithm("d")), closed)
    assert isinstance(law, Report) and law.sample.along == "d"
    low, best, high = law.entry("power").candidate.exponent
    assert best == pytest.approx(1.5, abs=1e-3) and high - low < 0.05
    single = half_pass_law({4096: (1.0, 2.0, 3.0)}, "d", 1.5, (power("d"),), closed)
    assert isinstance(single, NotFitted) and single.reason.startswith("1 values of d")


def test_inverses_of_open_ends():
    assert inverse((0.0, 0.5, np.inf)) == (0.0, 2.0, np.inf)

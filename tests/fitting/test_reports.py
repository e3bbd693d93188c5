"""The whole report, on data with a known answer."""

import json
import time

import numpy as np
import pytest
from synthetic_widths import LADDER, crossing, two_thirds, widths

from superposed.fitting import closed_form, render, report, sample


def closed(x):
    return np.exp(crossing(x["m"]))


def test_the_report_holds_everything_as_plain_json():
    found = report(widths(m=2.0 ** np.arange(6, 15), seeds=12), more_laws=(closed_form("finite size", closed, 2 / 3),))
    plain = json.loads(json.dumps(found.to_json()))
    assert {entry["law"] for entry in plain["laws"]} == {
        "power",
        "2/3 and log",
        "power and log",
        "logarithm only",
        "crossover",
        "finite size",
    }
    assert plain["range"] == [64.0, 16384.0] and plain["rows"] == 108 and plain["claim"] == pytest.approx(2 / 3)
    assert len(plain["local_exponents"]) == 8 and len(plain["joint_region"]) > 40
    best = next(entry for entry in plain["laws"] if entry["law"] == plain["best_law"])
    assert min(entry["delta_aicc"] for entry in plain["laws"]) == 0.0
    assert best["goodness_of_fit_p"] > 0.01 and best["held_out"]["at"] == 16384.0
    for entry in plain["laws"]:
        for value in entry["coefficients"].values():
            assert value["low"] <= value["best"] <= value["high"]
    assert "correlated" in plain["collinearity"]


def test_a_closed_law_with_a_free_exponent_measures_the_deviation():
    theory = closed_form("finite size, free exponent", closed, 2 / 3, free_exponent=True)
    found = report(
        widths(crossing, m=2.0 ** np.arange(6, 13), seeds=12, sigma=0.05, rung=1.05), more_laws=(theory,), draws=0
    )
    low, best, high = found.entry(theory.name).candidate.exponent
    assert low < 2 / 3 < high and high - low < 0.05
    assert abs(best - 2 / 3) < 0.03


def test_render_says_the_verdict_first():
    text = render(report(widths(seeds=20), draws=0))
    assert text.startswith("INCONCLUSIVE: exponent of m = 0.6667, m = 64 to 4096, 140 rows (0 open)")
    assert "would decide" in text and "local exponents" in text and "logarithm only" in text


def test_a_seed_a_point_is_enough_for_a_report():
    found = report(widths(seeds=1, sigma=0.02))
    assert found.local == () and found.best.candidate.fits is None
    assert found.best.bootstrap is None
    assert render(found)


def test_varying_s_and_eps_enter_every_law():
    m, s, _ = (v.ravel() for v in np.meshgrid(LADDER, [2.0, 3.0], np.arange(6)))
    y = two_thirds(m) + 0.5 * np.log(s) + 0.05 * np.random.default_rng(0).standard_normal(len(m))
    found = report(sample(np.exp(y) / 1.03, np.exp(y) * 1.03, m=m, s=s), draws=0)
    assert all("log s" in entry.fitted.law.free for entry in found.entries)
    low, high = found.entry("power").intervals["log s"]
    assert low < 0.5 < high


def test_a_law_that_cannot_be_fitted_is_left_out_with_its_reason():
    found = report(widths(m=LADDER[:3], seeds=8), draws=0)
    assert [name for name, _ in found.left_out] == ["crossover"]
    assert "4 coefficients are not identified by 3" in found.left_out[0][1]


def test_one_value_of_m_is_refused_in_one_line():
    with pytest.raises(ValueError, match="one value of m: an exponent is not identified"):
        report(widths(m=LADDER[:1]))


def test_unknown_entries_are_named():
    with pytest.raises(ValueError, match="no law 'cubic' in this report: it has"):
        report(widths(seeds=2), draws=0).entry("cubic")


def test_a_report_takes_seconds():
    data = widths(crossing, seeds=20)
    start = time.process_time()
    report(data)
    assert time.process_time() - start < 8  # about 2 s without the run-time type checks

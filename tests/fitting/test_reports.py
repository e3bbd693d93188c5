"""The whole report, on data with a known answer."""

import json
import time

import numpy as np
import pytest
from synthetic_widths import LADDER, crossing, two_thirds, widths

from superposed.bad_input import InputError
from superposed.fitting import NotFitted, closed_form, power, power_log, render, report, sample


def closed(x):
    return np.exp(crossing(x["m"]))


def test_the_report_holds_everything_as_plain_json():
    found = report(widths(m=2.0 ** np.arange(6, 15), seeds=12), closed=closed_form("finite size", closed, 2 / 3))
    plain = json.loads(json.dumps(found.to_json()))
    assert {entry["model"] for entry in plain["models"]} == {
        "power",
        "2/3 and log",
        "power and log",
        "logarithm only",
        "crossover",
        "finite size",
    }
    assert plain["range"] == [64.0, 16384.0] and plain["rows"] == 108 and plain["claim"] == pytest.approx(2 / 3)
    assert len(plain["local_exponents"]) == 8 and len(plain["joint_region"]) > 40
    best = next(entry for entry in plain["models"] if entry["model"] == plain["best_model"])
    assert min(entry["delta_aicc"] for entry in plain["models"]) == 0.0
    assert best["goodness_of_fit_p"] > 0.01 and best["held_out"]["at"] == 16384.0
    for entry in plain["models"]:
        for value in entry["coefficients"].values():
            assert value["low"] <= value["best"] <= value["high"]


def test_the_formula_is_tested_apart_from_the_exponent():
    """Data that leave the closed form by a known power are found to; the exponent's models do not hear of it."""
    theory = closed_form("finite size", closed, 2 / 3)
    design = {"m": 2.0 ** np.arange(6, 13), "seeds": 12, "sigma": 0.05, "rung": 1.05}
    found = report(widths(crossing, **design), closed=theory)
    low, best, high = found.formula.power
    assert low < 0 < high and high - low < 0.05 and found.formula.word == "supported"
    assert abs(found.formula.constant - 1) < 0.03 and found.formula.fits > 0.01
    assert "finite size" not in [c.name for c in found.verdict.widest]
    bent = report(widths(lambda m: crossing(m) + 0.1 * np.log(m), **design), closed=theory)
    assert bent.formula.word == "contradicted" and abs(bent.formula.power[1] - 0.1) < 0.03
    assert report(widths(crossing, **design)).formula is None


def test_render_says_the_verdict_first():
    text = render(report(widths(seeds=20)))
    assert text.startswith("INCONCLUSIVE: exponent of m = 0.6667, m = 64 to 4096, 140 rows (0 open)")
    for part in ("  why: ", "would narrow", "local exponents", "logarithm only", "with log powers of at most 2: "):
        assert part in text, part


def test_a_seed_a_point_is_enough_for_a_report():
    found = report(widths(seeds=1, sigma=0.02))
    assert found.local == () and found.best.candidate.fits is None
    assert render(found)


def test_varying_s_and_eps_enter_every_law():
    m, s, _ = (v.ravel() for v in np.meshgrid(LADDER, [2.0, 3.0], np.arange(6)))
    y = two_thirds(m) + 0.5 * np.log(s) + 0.05 * np.random.default_rng(0).standard_normal(len(m))
    found = report(sample(np.exp(y) / 1.03, np.exp(y) * 1.03, m=m, s=s))
    assert all("log s" in entry.fitted.model.free for entry in found.entries)
    low, high = found.entry("power").intervals["log s"]
    assert low < 0.5 < high


def test_a_law_that_cannot_be_fitted_is_left_out_with_its_reason():
    found = report(widths(m=LADDER[:3], seeds=8))
    assert [name for name, _ in found.left_out] == ["crossover"]
    assert "4 coefficients are not identified by 3" in found.left_out[0][1]


def test_one_value_of_m_is_no_report():
    found = report(widths(m=LADDER[:1]))
    assert isinstance(found, NotFitted) and "one value of m: an exponent is not identified" in found.reason


@pytest.mark.parametrize("claim", [float("nan"), float("inf")])
def test_a_claim_that_is_no_number_is_refused(claim):
    with pytest.raises(InputError, match="an exponent is a finite number"):
        report(widths(seeds=2), claim)


def test_unknown_entries_are_named():
    with pytest.raises(ValueError, match="no model 'cubic' in this report: it has"):
        report(widths(seeds=2)).entry("cubic")


def test_a_report_takes_seconds():
    data = widths(crossing, seeds=20)
    start = time.process_time()
    report(data)
    assert time.process_time() - start < 4  # about 1 s; calls are checked now and then only


def test_bounded_log_powers_narrow_the_interval():
    found = report(widths(m=2.0 ** np.arange(6, 14), seeds=4, seed=2, sigma=0.5), claim=1 / 2)
    wide, narrow = ((v.exponent[2] - v.exponent[0]) for v in (found.verdict, found.bounded))
    assert narrow < wide
    assert "bounded_log_power" in found.to_json()


def test_twenty_thousand_rows_make_a_report():
    start = time.process_time()
    found = report(widths(m=np.geomspace(64, 2.0**40, 3000), seeds=7), models=(power(), power_log()))
    low, _, high = found.verdict.exponent
    assert 0.66 < low < high < 0.67
    assert time.process_time() - start < 30

"""Binomial intervals against a quoted source, success curves against their own equations."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binomtest

from superposed.bad_input import InputError
from superposed.fitting import NotFitted, fit_success, proportion_interval, ratio_interval

# Newcombe 1998, Statistics in Medicine 17, Table I: Clopper-Pearson
NEWCOMBE = [
    (81, 263, (0.2527, 0.3676)),
    (15, 148, (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1684)),
    (1, 29, (0.0009, 0.1776)),
]
WIDTHS = np.array([64.0, 80.0, 100.0, 125.0, 156.0, 195.0])


@pytest.mark.parametrize("passed, total, exact", NEWCOMBE)
def test_binomial_intervals_as_newcombe_quotes_them(passed, total, exact):
    np.testing.assert_allclose(proportion_interval(passed, total), exact, atol=5e-5)


def counts(seed=0, total=50):
    chance = expit(8 * np.log(WIDTHS / 110))
    return np.random.default_rng(seed).binomial(total, chance).astype(float), np.full(6, float(total))


def test_the_logistic_fit_satisfies_its_score_equations():
    """At the maximum the fitted passes match the observed ones in number and in mean log width."""
    passed, total = counts()
    found = fit_success(WIDTHS, passed, total)
    left = passed - total * found.probability(WIDTHS)
    np.testing.assert_allclose([left.sum(), left @ np.log(WIDTHS)], 0, atol=1e-3)
    assert found.high[1] == pytest.approx(found.half[1] * np.exp(np.log(19) / found.sharpness[1]), rel=1e-5)


def test_probit_and_logit_agree_in_the_middle():
    passed, total = counts()
    logit, probit = (fit_success(WIDTHS, passed, total, link) for link in ("logit", "probit"))
    assert probit.half[1] == pytest.approx(logit.half[1], rel=0.01)


def test_intervals_cover():
    trials, hits = 40, np.zeros(3)
    for seed in range(trials):
        found = fit_success(WIDTHS, *counts(seed, 30))
        truth = (110.0, 110 * np.exp(np.log(19) / 8), 8.0)
        hits += [
            low <= value <= high
            for (low, _, high), value in zip((found.half, found.high, found.sharpness), truth, strict=True)
        ]
    assert all(binomtest(int(k), trials, 0.95).pvalue > 0.01 for k in hits), hits


def test_a_step_has_no_finite_sharpness_but_a_bounded_width():
    found = fit_success(WIDTHS, np.array([0.0, 0, 0, 20, 20, 20]), np.full(6, 20.0))
    assert found.sharpness[1] == found.sharpness[2] == np.inf
    assert 80 < found.half[0] <= 100.1 and 124.9 <= found.half[2] < 156
    assert found.half[1] == pytest.approx(np.sqrt(100 * 125))


@pytest.mark.parametrize(
    "passed, says",
    [
        (np.zeros(6), "every draw fails"),
        (np.full(6, 50.0), "every draw passes"),
        (np.array([50.0, 40, 30, 20, 10, 0]), "not become likelier"),
    ],
)
def test_counts_without_a_transition_have_no_curve(passed, says):
    found = fit_success(WIDTHS, passed, np.full(6, 50.0))
    assert isinstance(found, NotFitted) and says in found.reason


@pytest.mark.parametrize(
    "passed, link, says",
    [(np.full(6, 51.0), "logit", "51 of 50"), (counts()[0], "cloglog", "choose logit or probit")],
)
def test_impossible_counts_are_refused(passed, link, says):
    with pytest.raises(InputError, match=says):
        fit_success(WIDTHS, passed, np.full(6, 50.0), link)


def test_the_interval_of_a_ratio():
    spread = np.exp([-0.3, 0.0, 0.3])
    low, best, high = ratio_interval(tuple(2 * spread), tuple(5 * np.exp([-0.4, 0.0, 0.4])))
    np.testing.assert_allclose([low, best, high], 2.5 * np.exp([-0.5, 0.0, 0.5]))  # 3-4-5
    np.testing.assert_allclose(ratio_interval((2.0, 2.0, 2.0), (3.0, 4.0, 8.0)), (1.5, 2.0, 4.0))
    assert np.isnan(ratio_interval((1.0, np.inf, np.inf), (1.0, np.inf, np.inf))[1])
    low, _, high = ratio_interval((0.0, 1.0, 2.0), (1.0, 2.0, np.inf))
    assert 0 < low < 1 and high == np.inf

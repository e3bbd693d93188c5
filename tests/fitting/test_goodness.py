"""Lack of fit has honest size and sees misfits; local exponents, held-out errors and collinearity say what is so."""

import time

import numpy as np
import pytest
from scipy.stats import f as f_distribution
from synthetic_widths import LADDER, crossing, square_log, two_thirds, two_thirds_log, widths

from superposed.fitting import (
    collinearity,
    fit,
    fit_points,
    held_out,
    lack_of_fit,
    local_exponents,
    power,
    power_log,
    sample,
)


def test_lack_of_fit_of_exact_widths_is_the_f_test():
    data = widths(
        rung=1, seeds=2, seed=11
    )  # too few seeds to fit the scatter's shape, which the textbook's test has flat
    found, points = fit(power(), data), fit_points(data)
    y = data.log_low.reshape(len(LADDER), -1)
    line = np.polyval(np.polyfit(np.log(data.covariates["m"]), data.log_low, 1), np.log(LADDER))
    within = ((y - y.mean(1, keepdims=True)) ** 2).sum()
    between = y.shape[1] * ((y.mean(1) - line) ** 2).sum()
    q, nu = len(LADDER) - 2, y.size - len(LADDER)
    assert lack_of_fit(found, points) == pytest.approx(f_distribution.sf(between / q / (within / nu), q, nu), rel=1e-4)


@pytest.mark.parametrize("censored", [False, True])
def test_lack_of_fit_rejects_true_laws_as_often_as_it_says(censored):
    trials, rejected = 60, 0
    for seed in range(trials):
        data = widths(censored=censored, seed=seed)
        rejected += lack_of_fit(fit(power(), data), fit_points(data)) < 0.05
    assert abs(rejected / trials - 0.05) < 5 * np.sqrt(0.05 * 0.95 / trials)


@pytest.mark.parametrize("model", [square_log, crossing])
def test_laws_outside_the_family_are_found_out(model):
    data = widths(model, m=2.0 ** np.arange(6, 21, 2), seeds=12, sigma=0.05, rung=1.05)
    assert lack_of_fit(fit(power(), data), fit_points(data)) < 1e-3


def test_without_seeds_only_known_scatter_can_be_tested():
    data = widths(seeds=1)
    assert lack_of_fit(fit(power(), data), fit_points(data)) is None
    exact = np.exp(two_thirds_log(LADDER))
    known = sample(exact, exact, m=LADDER, scatter=np.full(len(LADDER), 0.002))
    assert lack_of_fit(fit(power(), known), fit_points(known)) < 1e-6


def test_local_exponents_cover_the_slopes_of_a_bent_law():
    ladder = 2.0 ** np.arange(6, 15, 2)
    truth = np.diff(two_thirds_log(ladder)) / np.diff(np.log(ladder))
    trials, hits = 40, np.zeros(len(truth))
    for seed in range(trials):
        data = widths(two_thirds_log, m=ladder, seed=seed)
        found = local_exponents(fit_points(data))
        hits += [e.low <= slope <= e.high for e, slope in zip(found, truth, strict=True)]
    assert [e.middle for e in found] == pytest.approx(np.sqrt(ladder[1:] * ladder[:-1]).tolist())
    assert abs(hits.mean() / trials - 0.95) < 5 * np.sqrt(0.95 * 0.05 / hits.size / trials)


def test_local_exponents_stay_within_a_series():
    m, s = np.tile(np.repeat([64.0, 256.0], 4), 2), np.repeat([2.0, 3.0], 8)
    y = two_thirds(m) + np.log(s) + 0.01 * np.random.default_rng(0).standard_normal(16)
    data = sample(np.exp(y) / 1.01, np.exp(y) * 1.01, m=m, s=s)
    found = local_exponents(fit_points(data))
    assert [dict(e.others) for e in found] == [{"s": 2.0}, {"s": 3.0}]
    assert all(e.low < 2 / 3 < e.high for e in found)


def test_a_point_open_on_one_side_has_no_local_exponent_bound_there():
    data = widths(seeds=4)
    top = data.covariates["m"] == LADDER[-1]
    open_top = sample(data.low, np.where(top, np.inf, data.high), m=data.covariates["m"])
    assert local_exponents(fit_points(open_top))[-1].high == np.inf


def test_the_right_law_predicts_the_largest_m():
    data = widths(square_log, m=2.0 ** np.arange(6, 19, 2), sigma=0.03, rung=1.03)
    right, wrong = held_out(fit(power_log(), data)), held_out(fit(power(), data))
    assert right.at == 2.0**18 and abs(right.z) < 4
    assert wrong.z < -5 and wrong.error < -0.2
    assert held_out(fit(power_log(), widths(m=LADDER[:3]))) is None


def test_exponent_and_log_power_are_collinear():
    log_m = np.log(np.repeat(LADDER, 8))
    columns = np.stack([np.ones_like(log_m), log_m, np.log(log_m)], axis=1)
    covariance = np.linalg.inv(columns.T @ columns)
    expected = covariance[1, 2] / np.sqrt(covariance[1, 1] * covariance[2, 2])
    assert collinearity(fit(power_log(), widths(rung=1))) == pytest.approx(expected, rel=1e-6)
    assert expected < -0.98
    assert collinearity(fit(power(), widths())) is None


def test_the_scatter_s_shape_is_found():
    """A slope is recovered; flat scatter is found flat; two seeds a point are too few to look."""
    sloped = fit_points(widths(seeds=40, slope=-0.4, rung=1.02))
    assert abs(sloped.slope + 0.4) < 0.1 and sloped.scatter.fitted == 2
    assert abs(fit_points(widths(seeds=40, rung=1.02)).slope) < 0.1
    assert fit_points(widths(seeds=2, slope=-0.4)).scatter.fitted == 0


def test_a_hump_of_the_scatter_is_found():
    x = np.linspace(-1, 1, 9)
    data = widths(m=2.0 ** np.arange(6, 15), seeds=40, rung=1.02, bend=-1.0)
    log_h = fit_points(data).scatter.log.reshape(9, 40)[:, 0]
    np.testing.assert_allclose(np.polyfit(x, log_h, 2)[0], -1.0, atol=0.2)


def test_points_are_each_fitted_alone():
    """With exact widths and known scatter every mean is the sample's own."""
    data = widths(rung=1, seeds=5)
    found = fit_points(data)
    weighted = np.log(data.low).reshape(len(LADDER), -1).mean(1)
    np.testing.assert_allclose(found.mean, weighted, atol=1e-8)
    low, high = found.interval
    assert np.all((low < weighted) & (weighted < high))


def test_three_thousand_points_take_seconds():
    m = np.geomspace(64, 2.0**40, 3000)
    start = time.process_time()
    found = fit_points(widths(m=m, seeds=4))
    local_exponents(found)
    assert len(found.mean) == 3000
    assert time.process_time() - start < 10


def test_coarse_rungs_do_not_bend_the_scatter():
    """All seeds of a point between two rungs look like no scatter at all. A free shape then gave it all the weight."""
    for seed in range(12):
        data = widths(m=np.geomspace(64, 64e4, 8), rung=1.25, seed=seed)
        assert np.ptp(fit_points(data).scatter.log) < 1.2


def test_pass_or_fail_without_overlap_claims_half_a_rung_of_scatter():
    """Every network fails below 3 m^(2/3) and passes above, on rungs of 20%: the scatter could be anything below."""
    m = np.repeat([64.0, 512.0, 4096.0], 16)
    tried = np.exp(two_thirds(m)) * np.tile([1.2**-1.5, 1.2**-0.5, 1.2**0.5, 1.2**1.5], 12)
    passed = tried > np.exp(two_thirds(m))
    data = sample(np.where(passed, 0, tried), np.where(passed, tried, np.inf), m=m)
    found = fit(power(), data)
    assert found.sigma == pytest.approx(np.log(1.2) / 2, rel=0.5) and found.sigma >= 0.5 * data.rung * (1 - 1e-9)

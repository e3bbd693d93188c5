"""The bootstrap against cases with a known answer."""

import numpy as np
import pytest
from synthetic_widths import widths

from superposed.fitting import Crossover, Law, bootstrap, fit, intervals, power, sample
from superposed.fitting.resampling import resample_weights


def test_the_bootstrap_of_a_mean_has_its_textbook_error():
    """Of n exact values the bootstrap mean has variance sum (y - mean)^2 / n^2."""
    generator = np.random.default_rng(0)
    y = generator.standard_normal(25)
    data = sample(np.exp(y), np.exp(y), m=np.full(25, 64.0))
    draws = 4000
    found = bootstrap(fit(Law("mean", ("1",)), data), draws)
    exact = np.std(y) / 5
    assert abs(found.standard_error["1"] - exact) < 5 * exact / np.sqrt(2 * draws)
    assert abs(found.coef.mean() - y.mean()) < 5 * exact / np.sqrt(draws)


def test_resamples_keep_the_design_and_whole_units():
    m = np.repeat([64.0, 128.0], 12)
    unit = np.repeat(np.arange(12), 2)  # two rows a unit
    data = sample(np.exp(m / 64) * (1 + unit), 2 * np.exp(m / 64) * (1 + unit), unit=unit, m=m)
    weights = resample_weights(fit(power(), data), 50)
    np.testing.assert_array_equal(weights[:, ::2], weights[:, 1::2])
    np.testing.assert_array_equal(weights[:, :12].sum(1), 12)


def test_bootstrap_and_profile_agree_where_both_are_valid():
    found = fit(power(), widths(seeds=30, seed=4))
    low, high = intervals(found)["log m"]
    from_resamples = bootstrap(found, 1000).interval("log m")
    np.testing.assert_allclose(from_resamples, (low, high), atol=0.25 * (high - low))


def test_the_crossover_is_bootstrapped_by_quantiles():
    found = bootstrap(fit(Crossover(), widths(m=2.0 ** np.arange(6, 21, 2))), 40)
    low, high = found.interval("exponent")
    assert low <= np.median(found.coef[:, 3]) <= high


def test_rungs_that_hide_the_scatter_cannot_be_redrawn():
    with pytest.raises(ValueError, match="finer rungs"):
        bootstrap(fit(power(), widths(sigma=0.02, rung=1.25)))


def test_one_seed_a_point_cannot_be_redrawn():
    with pytest.raises(ValueError, match="at least 5"):
        bootstrap(fit(power(), widths(seeds=1)))

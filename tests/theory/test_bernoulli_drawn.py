"""Drawn errors of the Bernoulli U-AND against built networks and against closed forms."""

import built
import jax
import numpy as np
import pytest
from compiled import N, aligned, centred_weights, cumulants, superposed, tuned
from two_sample import assert_one_distribution

from superposed.theory.bernoulli_drawn import draw_bernoulli
from superposed.theory.codes import Events

COUNTS = {"networks": 60, "n_inputs": 144, "n_pairs": 1}


@pytest.mark.parametrize(
    "m, s, d, d_in, density",
    [
        (256, 2, 512, 512, None),
        (256, 3, 1024, 300, None),  # codes narrower than the network
        (256, 3, 700, 700, 0.02),  # p m = 5: few bystanders on a neuron, many pairs without a neuron
        (400, 5, 300, 1000, 0.3),
        (64, 2, 256, 16, None),  # very noisy codes
        pytest.param(2048, 2, 3000, 3000, None, marks=pytest.mark.slow),
        pytest.param(8192, 3, 4096, 4096, None, marks=pytest.mark.slow),
        pytest.param(8192, 6, 2048, 1024, 0.05, marks=pytest.mark.slow),
    ],
)
def test_superposed_distribution_is_that_of_built_networks(m, s, d, d_in, density):
    p = float(tuned(m, s, d, d_in)) if density is None else density
    drawn = superposed(jax.random.key(1), m, s, d, d_in, p)
    assert_one_distribution(drawn, built.bernoulli(2, m, s, d, p, d_in, **COUNTS))


@pytest.mark.parametrize("m, s, d, p", [(64, 2, 300, 0.2), (300, 3, 1024, 0.12), (300, 6, 500, 0.05)])
def test_aligned_distribution_is_that_of_built_networks(m, s, d, p):
    drawn = aligned(jax.random.key(1), m, s, d, None, p)
    assert_one_distribution(drawn, built.bernoulli(2, m, s, d, p, **COUNTS))


def test_distribution_with_centred_weights_is_that_of_built_networks_and_another():
    m, s, d, p = 400, 3, 200, 0.25
    drawn = centred_weights(jax.random.key(1), m, s, d, d, p)
    assert_one_distribution(drawn, built.bernoulli(2, m, s, d, p, d, centred=True, **COUNTS))
    with pytest.raises(AssertionError):  # the test tells the two distributions apart
        assert_one_distribution(drawn, built.bernoulli(2, m, s, d, p, d, **COUNTS))


@pytest.mark.parametrize("m, s, d", [(1e3, 2, 1750.0), (1e6, 3, 1.1e5), (1e9, 2, 7.5e6), (1e12, 6, 2e9)])
def test_closed_forms_are_those_of_the_drawn_law(m, s, d):
    p = tuned(m, s, d, d)
    errors = np.asarray(superposed(jax.random.key(3), m, s, d, d, p), np.float64)
    for active in range(3):
        mean, variance, _ = cumulants(m, s, d, p, d, active=active)
        sample = errors[active]
        error_of_variance = np.sqrt(((sample - sample.mean()) ** 2).var() / N)
        # the closed forms drop terms of relative order 1/(d p^2)^2 and the skewness of Bin(d, p^2)
        assert abs(sample.mean() - mean) < 5 * np.sqrt(sample.var() / N) + 0.01 * abs(float(mean))
        assert abs(sample.var() - variance) < 5 * error_of_variance + 0.02 * float(variance)


def test_neighbouring_widths_share_their_randomness():
    m, s, d = 1e12, 2, 7.4e8
    key = jax.random.key(4)
    worst = []
    for width in d * np.linspace(0.99, 1.01, 5):
        errors = superposed(key, m, s, width, width, tuned(m, s, width, width))
        worst.append(np.quantile(np.abs(errors[1]), 0.99))
    # independent samples would scatter by about 0.6% a point; together they fall smoothly
    slope, _ = np.polyfit(np.linspace(0.99, 1.01, 5), worst, 1)
    residual = np.std(worst - np.polyval(np.polyfit(np.arange(5), worst, 1), np.arange(5)))
    assert slope < 0
    assert residual < 0.004 * np.mean(worst)


def test_strata_that_do_not_exist_are_nan():
    assert np.isnan(superposed(jax.random.key(0), 10, 1, 64, 64, 0.3)).all(1).tolist() == [False, False, True]
    assert np.isnan(aligned(jax.random.key(0), 3, 3, 64, None, 0.3))[:, 0].tolist() == [True, True, False]


@pytest.mark.parametrize("d_in", [None, 64])
def test_sparsity_beyond_its_static_bound_is_refused(d_in):
    with pytest.raises(ValueError, match="max_active"):
        draw_bernoulli(jax.random.key(0), Events(10, 5, 64, d_in, 2, 4), 0.3)

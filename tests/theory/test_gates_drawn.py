"""The distributions and closed forms of gates of k inputs against built networks and against each other."""

import built
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import cumulants
from two_sample import assert_one_distribution

from superposed.program import program
from superposed.theory.bernoulli_drawn import draw_aligned, draw_superposed
from superposed.theory.bernoulli_tail import density, quantile_width
from superposed.theory.bernoulli_width import predicted_width
from superposed.theory.boolean import one_code_weights
from superposed.theory.boolean_drawn import Subsets, draw_function
from superposed.theory.codes import Events

N = 10_000
COUNTS = {"networks": 40, "n_inputs": 100, "n_pairs": 1}


def draw(n, fan_in, key, m, s, d, d_in, p):
    return draw_superposed(key, Events(m, s, d, d_in, n, 6), p, fan_in=fan_in)


def draw_on_axes(n, fan_in, key, m, s, d, p):
    return draw_aligned(key, Events(m, s, d, None, n, 6), p, fan_in=fan_in)


@pytest.mark.parametrize(
    "k, m, s, d, p", [(3, 256, 3, 1024, 0.25), pytest.param(4, 200, 5, 800, 0.4, marks=pytest.mark.slow)]
)
def test_distributions_are_those_of_built_networks(k, m, s, d, p):
    drawn = program(draw, 2, loops=True)(N, k, jax.random.key(1), m, s, d, d, p)
    superposed = built.bernoulli(2, m, s, d, p, d, fan_in=k, **COUNTS)
    assert_one_distribution(drawn, superposed)
    aligned = program(draw_on_axes, 2, loops=True)(N, k, jax.random.key(1), m, s, d, p)
    assert_one_distribution(aligned, built.bernoulli(2, m, s, d, p, fan_in=k, **COUNTS))
    with pytest.raises(AssertionError):  # the test tells the two apart
        assert_one_distribution(aligned, superposed)


def test_functions_are_drawn_as_one_code_networks_are_built():
    """The AND of three as a sum over its subsets, from neurons of one bias, against networks of explicit weights."""
    k, m, s, d, p, table = 3, 64, 4, 800, 0.35, (0,) * 7 + (1,)
    weights = one_code_weights(table)
    holds = (np.arange(1, 2**k)[:, None] >> np.arange(k)) & 1
    every = lambda value: jnp.full(len(holds), value)
    subsets = Subsets(holds, weights[1:], every(float(d)), every(p), every(-0.5))

    def weigh(rng, phi):
        v = rng.random((d, m)) < p
        return v, lambda x: np.maximum(v @ (phi.T @ x) - 0.5, 0)

    def read(v, a, *members):
        number = sum(v[:, l].astype(int) << i for i, l in enumerate(members))
        means = [(a * (number == n)).sum(0) / np.maximum((number == n).sum(0), 1) for n in range(1, 2**k)]
        return weights[0] + weights[1:] @ np.array(means)

    rest = subsets, weights[0], jnp.array(table, jnp.float32)
    drawn = program(lambda key: draw_function(key, Events(m, s, d, d, N, s), *rest), loops=True)(jax.random.key(0))
    superposed = built.errors(3, m, s, d, weigh, read, fan_in=k, **COUNTS)
    assert_one_distribution(drawn, superposed)
    aligned = program(lambda key: draw_function(key, Events(m, s, d, None, N, s), *rest), loops=True)(jax.random.key(0))
    with pytest.raises(AssertionError):  # the test tells the two apart
        assert_one_distribution(aligned, superposed)


@pytest.mark.parametrize("k", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_closed_forms_are_those_of_the_drawn_distribution(k):
    m, s = 1e9, k
    d = predicted_width(m, s, 0.5, fan_in=k)
    p = density(m, s, d, 0.01, k)
    errors = np.asarray(program(draw, 2, loops=True)(N, k, jax.random.key(3), m, s, d, d, p), float)
    for active in range(k + 1):
        mean, variance, _ = cumulants(m, s, d, p, d, active=active, fan_in=k)
        sample = errors[active]
        error_of_variance = np.sqrt(((sample - sample.mean()) ** 2).var() / N)
        assert abs(sample.mean() - mean) < 5 * np.sqrt(sample.var() / N) + 0.01 * abs(float(mean))
        # as for pairs, plus an empty Gamma, which the expansion in 1/L leaves out
        assert abs(sample.var() - variance) < 5 * error_of_variance + 0.03 * float(variance)
    d = quantile_width(m, s, 0.5, fan_in=k)
    p = density(m, s, d, 0.01, k)
    errors = np.asarray(program(draw, 2, loops=True)(N, k, jax.random.key(4), m, s, d, d, p), float)
    above = (np.abs(errors[k - 1 :]) > 0.5).mean(axis=1).max()
    assert abs(above - 0.01) < 5 * np.sqrt(0.01 / N)


def test_the_width_tends_to_the_power_that_the_kink_gives():
    """d ~ m^(k/(k + 1)) in superposition, and eps^-(k + 1) on axes."""
    for k in (2, 5):
        far, farther = (predicted_width(m, k, 0.5, fan_in=k) for m in (1e21, 1e24))
        assert abs(np.log10(farther / far) / 3 - k / (k + 1)) < 0.005
        wide, wider = (predicted_width(1e3, k, eps, superposed=False, fan_in=k) for eps in (0.02, 0.01))
        assert abs(np.log2(wider / wide) - (k + 1)) < 0.05

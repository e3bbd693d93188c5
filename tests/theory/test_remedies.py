"""Drawn errors of the remedies against built networks, and what they remedy."""

import built
import jax
import numpy as np
import pytest
from compiled import N, centred_read_off, signed
from two_sample import assert_one_distribution

from superposed.theory.remedies import centred_constant

pytestmark = pytest.mark.slow

COUNTS = {"networks": 60, "n_inputs": 144, "n_pairs": 1}


@pytest.mark.parametrize("m, s, d, p", [(256, 2, 512, 0.3), (300, 4, 300, 0.4)])
def test_signed_weights_have_the_distribution_of_built_networks(m, s, d, p):
    def weigh(rng, phi):
        v = rng.choice([1.0, -1.0, 0.0], size=(d, m), p=[p / 2, p / 2, 1 - p])
        return v > 0, lambda x: np.maximum(v @ (phi.T @ x) - 1, 0)

    drawn = signed(jax.random.key(1), m, s, d, d, p)
    assert_one_distribution(drawn, built.errors(2, m, s, d, weigh, built.shared_mean, **COUNTS))


@pytest.mark.parametrize("m, s, d, p", [(256, 2, 512, 0.3), (300, 4, 400, 0.5), (256, 20, 1024, 0.5)])
def test_centred_read_off_has_the_distribution_of_built_networks(m, s, d, p):
    def weigh(rng, phi):
        v = (rng.random((d, m)) < p) - p
        return v, lambda x: np.maximum(v @ (phi.T @ x) + p * s - 1, 0)

    def raw(v, a, k, l):
        return (v[:, k] * v[:, l] * a).mean(0) / (p * (1 - p)) ** 2

    drawn = np.asarray(centred_read_off(jax.random.key(1), m, s, d, d, p))
    unscaled = built.errors(2, m, s, d, weigh, raw, **COUNTS)
    c = float(centred_constant(m, s, d, p))
    truth = np.arange(3.0)[:, None] == 2
    assert_one_distribution(drawn, (unscaled + truth) / c - truth)


def test_only_the_centred_read_off_takes_away_the_bias_at_the_kink():
    m, s, d, p = 2000, 3, 1000, 0.3
    with_signs = np.asarray(signed(jax.random.key(3), m, s, d, d, p))
    centred = np.asarray(centred_read_off(jax.random.key(3), m, s, d, d, p))
    assert with_signs[1].mean() > 0.1  # the kink is still there
    assert abs(centred[1].mean()) < 5 * centred[1].std() / np.sqrt(N)

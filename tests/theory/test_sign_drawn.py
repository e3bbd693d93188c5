"""Drawn errors of sign read-offs against built networks and against closed forms."""

import built
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import N, gaussian, rademacher, random_init
from two_sample import assert_one_distribution

from superposed.theory.relu import relu_moments
from superposed.theory.sign_drawn import mean_signed_relu
from superposed.theory.sign_moments import (
    aligned_variance,
    random_init_variance,
    random_init_width,
    superposed_rademacher_variance,
    superposed_sign_width,
)

COUNTS = {"networks": 60, "n_inputs": 144, "n_pairs": 1}


def signed_mean(v, a, k, l):
    return (np.sign(v[:, k] * v[:, l]) * a).mean(0)


def built_sign(kind, seed, m, s, d, d_in, c):
    def weigh(rng, phi):
        if kind == "random init":
            w = rng.standard_normal((d, len(phi)))
            return w @ phi, lambda x: np.maximum(w @ x, 0)
        v = rng.standard_normal((d, m))
        v = np.sign(v) if kind == "rademacher" else v
        return v, lambda x: np.maximum(v @ (phi.T @ x), 0)

    return built.errors(seed, m, s, d_in, weigh, lambda *a: signed_mean(*a) / c, **COUNTS)


@pytest.mark.parametrize(
    "m, s, d, d_in",
    [
        (256, 2, 400, 400),
        pytest.param(256, 4, 400, 100, marks=pytest.mark.slow),
        (64, 3, 256, None),
        pytest.param(4096, 3, 1024, 1024, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    "kind, draw", [("rademacher", rademacher), pytest.param("gaussian", gaussian, marks=pytest.mark.slow)]
)
def test_distribution_behind_feature_weights_is_that_of_built_networks(kind, draw, m, s, d, d_in):
    c = 0.2
    drawn = draw(jax.random.key(1), m, s, d, d_in, c)
    assert_one_distribution(drawn, built_sign(kind, 2, m, s, d, d_in, c))


@pytest.mark.parametrize("m, s, d, d_in", [(256, 4, 400, 400), (128, 2, 300, 60)])
def test_random_init_distribution_is_that_of_built_networks_at_every_m(m, s, d, d_in):
    c = 0.2
    drawn = random_init(jax.random.key(1), m, s, d, d_in, c)
    assert_one_distribution(drawn, built_sign("random init", 2, m, s, d, d_in, c))


def test_mean_signed_relu_against_quadrature():
    rng = np.random.default_rng(0)
    root = rng.standard_normal((3, 3))
    root[:2] /= np.linalg.norm(root[:2], axis=1, keepdims=True)
    covariance = root @ root.T
    a, b, g = root @ rng.standard_normal((3, 2_000_000))
    sample = np.sign(a * b) * np.maximum(g, 0)
    exact = mean_signed_relu(*(jnp.float32(covariance[i]) for i in [(0, 2), (1, 2), (0, 1), (2, 2)]))
    assert abs(sample.mean() - exact) < 5 * sample.std() / np.sqrt(2e6)
    for s, c in [(2, 0.233695), (3, 0.168613), (4, 0.140013), (6, 0.110243)]:
        assert mean_signed_relu(*map(jnp.float32, (1, 1, 0, s))) == pytest.approx(c, abs=1e-6)


def test_relu_moments_against_samples():
    mean, std = jnp.array([-1.0, 0.0, 0.5]), jnp.array([0.5, 1.0, 2.0])
    sample = np.maximum(mean[:, None] + std[:, None] * np.random.default_rng(0).standard_normal((3, 400_000)), 0)
    for power, moment in enumerate(relu_moments(mean, std), start=1):
        assert np.all(np.abs((sample**power).mean(1) - moment) < 5 * (sample**power).std(1) / np.sqrt(4e5))


@pytest.mark.parametrize("m", [1e3, 1e7, 1e12])
def test_closed_form_variances_up_to_a_trillion_features(m):
    s, d, c = 3, 4 * m ** (2 / 3), 0.1
    drawn = np.asarray(rademacher(jax.random.key(5), m, s, d, d, c), np.float64)
    initial = np.asarray(random_init(jax.random.key(5), m, s, d, d, 0.168613), np.float64)
    spread = 5 * np.sqrt(2 / N)
    for j in range(3):
        assert abs(drawn[j].var() / superposed_rademacher_variance(m, s, d, d, c, j) - 1) < spread + 0.02
        assert abs(initial[j].var() / random_init_variance(s, d, d, 0.168613, j) - 1) < spread + 0.02


@pytest.mark.parametrize("s, c", [(2, 0.233695), (3, 0.168613)])
def test_one_error_in_a_hundred_is_beyond_eps_at_the_random_layers_width(s, c):
    d = random_init_width(s, 0.5, c)
    beyond = (np.abs(np.asarray(random_init(jax.random.key(7), 1000, s, d, d, c))) > 0.5).mean(1)
    assert beyond.max() == pytest.approx(0.01, rel=0.2)  # errors are normal but for the tails


@pytest.mark.parametrize("s, c", [(2, 0.5), (3, 0.25), (6, 0.1875)])
def test_aligned_rademacher_has_its_exact_moments(s, c):
    d = 4096
    errors = np.asarray(rademacher(jax.random.key(6), 300, s, d, None, c), np.float64)
    for j in range(3):
        variance = aligned_variance(s, c, j) / d
        assert abs(errors[j].mean()) < 5 * np.sqrt(variance / N)
        assert abs(errors[j].var() / variance - 1) < 5 * np.sqrt(2 / N)


@pytest.mark.parametrize("eps", [0.5, 0.125])
def test_unbiased_read_offs_need_two_thirds_too(eps):
    m, s = 1e10, 2
    d = superposed_sign_width(m, s, eps)
    c = (d / (m * s)) ** 0.5 / (2 * np.pi) ** 0.5  # the limit of the constant behind much noise
    errors = np.asarray(rademacher(jax.random.key(7), m, s, d, d, c), np.float64)
    quantile = np.quantile(np.abs(errors), 0.99, axis=1)
    assert np.all(np.abs(quantile / eps - 1) < 0.03)

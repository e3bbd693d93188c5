"""Quadratic neurons: exact moments, and the largest error of the quadratic form against codes that are made."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.networks.read_off import corner
from superposed.program import program
from superposed.theory.codes import Events
from superposed.theory.quadratic import (
    SIGN_MEAN,
    draw_random_quadratic,
    form_dimensions,
    largest_form_errors,
    mean_signed_square,
    random_quadratic_all_pairs_width,
    random_quadratic_variance,
)


def test_the_pairs_of_coordinates_are_numbered_without_a_gap():
    p, q = corner(jnp.arange(20 * 21 // 2))
    assert sorted(zip(p.tolist(), q.tolist(), strict=True)) == sorted((i, j) for j in range(20) for i in range(j + 1))
    assert [form_dimensions(d) for d in (1, 2, 3, 5, 6, 5050)] == [1, 1, 2, 2, 3, 100]


@pytest.mark.parametrize("cov", [(0.7, -0.4, 0.3, 1.7), (1.0, 1.0, 0.0, 2.0), (0.2, 0.9, -0.6, 2.5)])
def test_the_mean_of_a_signed_square_is_that_of_normal_triples(cov):
    ag, bg, ab, variance = cov
    rng = np.random.default_rng(0)
    a, b, g = rng.multivariate_normal([0] * 3, [[1, ab, ag], [ab, 1, bg], [ag, bg, variance]], 400_000).T
    terms = np.sign(a * b) * g**2
    exact = float(program(mean_signed_square)(*map(jnp.float32, cov)))
    assert abs(terms.mean() - exact) < 5 * terms.std() / len(terms) ** 0.5
    if cov[2] == 0 and cov[0] == cov[1] == 1:
        assert exact == pytest.approx(SIGN_MEAN, rel=1e-5)


@pytest.mark.parametrize("s", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_variance_of_a_random_quadratic_layer_is_that_of_its_draws(s):
    events = Events(100, s, 4000.0, 4000.0, 10_000, s)
    errors = np.asarray(program(lambda key: draw_random_quadratic(key, events))(jax.random.key(0)))
    for active in range(3):
        expected = random_quadratic_variance(s, active) / 4000
        assert errors[active].var() == pytest.approx(expected, rel=0.08)  # 5 standard errors of it, and first order
        assert abs(errors[active].mean()) < 5 * errors[active].std() / 10_000**0.5 + 2 / 4000


def test_the_largest_error_of_the_form_is_that_of_codes_that_are_made():
    m, s, r, n = 30, 3, 60, 6000
    phi = np.random.default_rng(1).standard_normal((n, r, m), np.float32)
    phi /= np.linalg.norm(phi, axis=1, keepdims=True)
    reads = np.einsum("nrm,nr->nm", phi, phi[:, :, :s].sum(axis=2))
    b = np.arange(m) < s
    error = np.abs(reads[:, :, None] * reads[:, None] - np.outer(b, b))
    made = error[:, *np.triu_indices(m, 1)].max(axis=1)
    (drawn,) = largest_form_errors(np.random.default_rng(2), m, s, np.array([r]), n)
    for quantile in (0.1, 0.5, 0.9):
        cut = np.quantile(made, quantile)
        assert abs((drawn < cut).mean() - quantile) < 5 * (2 * quantile * (1 - quantile) / n) ** 0.5
    rng = np.random.default_rng(3)
    assert np.all(np.diff(largest_form_errors(rng, 1e300, 2, np.array([2000, 8000, 16_000]), 8), axis=0) < 0)


def test_the_width_for_all_pairs_grows_as_the_logarithm_of_m():
    widths = [random_quadratic_all_pairs_width(10.0**n, 2, 0.5) for n in (50, 100, 200)]
    assert np.diff(np.log(widths)) / np.log(2) == pytest.approx([1, 1], abs=0.03)

"""Reads of random code vectors against codes built in full."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.program import program
from superposed.theory.codes import active_reads, chi_square, code_vectors, unit_coordinate


def vectors(n, shape, key, d_in):
    return code_vectors(key, n, d_in, shape)


def reads_of(max_active, shape, key, s, d_in):
    return active_reads(key, s, d_in, shape, max_active)


@pytest.mark.parametrize("n, d_in", [(3, 5), (4, 300), (5, 3)])
def test_code_vectors_have_the_gram_matrix_of_uniform_unit_vectors(n, d_in):
    phi = np.asarray(program(vectors, 2)(n, (40_000,), jax.random.key(0), d_in), np.float64)
    gram = np.einsum("aix,bix->abx", phi, phi)
    assert np.allclose(gram[range(n), range(n)], 1, atol=1e-5)
    off = gram[np.triu_indices(n, 1)]
    assert np.all(np.abs(off.mean(1)) < 5 * off.std(1) / 200)
    # the cube stands in for a chi-square of d_in - a, badly for one or two degrees of freedom
    assert np.all(
        np.abs((off**2).mean(1) * d_in - 1)
        < 5 * (off**2).std(1) * d_in / 200 + (0.1 if d_in < n else 0.02 if d_in < 30 else 0)
    )


def test_reads_sum_to_the_squared_norm_and_spread_as_cross_talk():
    s, d_in, n = 4, 100, 40_000
    reads = np.asarray(program(reads_of, 2)(6, (n,), jax.random.key(1), s, d_in), np.float64)
    assert np.all(reads[s:] == 0)
    # Var phi_a.x = (s - 1)/d_in and Cov(phi_a.x, phi_b.x) = 1/d_in
    covariance = np.cov(reads[:s]) * d_in
    expected = np.ones((s, s)) + (s - 2) * np.eye(s)
    assert np.all(np.abs(covariance - expected) < 5 * (s - 1) * np.sqrt(2 / n))


def test_compiled_reads_are_those_not_compiled():
    """Guards against jaxlib 0.10: its CPU compiler gets sums of broadcast products wrong beyond some 10^4 elements."""
    arguments = 3, (3, 20_000), jax.random.key(2), 3, 64
    assert np.allclose(program(reads_of, 2)(*arguments), reads_of(*arguments), atol=1e-5)


@pytest.mark.parametrize("dof", [10, 100, 1e6])
def test_chi_square_has_its_mean_and_variance(dof):
    sample = np.asarray(chi_square(jax.random.normal(jax.random.key(3), (100_000,)), jnp.float32(dof)), np.float64)
    assert abs(sample.mean() / dof - 1) < 5 * np.sqrt(2 / dof / 1e5) + 1e-3 / dof
    assert abs(sample.var() / (2 * dof) - 1) < 5 * np.sqrt((2 + 12 / dof) / 1e5) + 0.1 / dof


def test_unit_coordinate_has_the_variance_and_kurtosis_of_the_sphere():
    d_in = 20
    u = np.asarray(unit_coordinate(jax.random.key(4), d_in, (200_000,)), np.float64)
    assert abs((u**2).mean() * d_in - 1) < 5 * np.sqrt(2 / 2e5)
    assert abs((u**4).mean() * d_in * (d_in + 2) / 3 - 1) < 5 * np.sqrt(96 / 9 / 2e5)

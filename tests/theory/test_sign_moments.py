"""Closed forms of the sign read-offs: published values and enumeration."""

from itertools import combinations, product

import jax
import numpy as np
import pytest
from compiled import gaussian

from superposed.theory.sign import gaussian_constant
from superposed.theory.sign_moments import (
    aligned_variance,
    chance_all_pairs_pass,
    quadratic_variance,
    random_init_variance,
    superposed_gaussian_variance,
    superposed_rademacher_variance,
)


@pytest.mark.parametrize("s", [2, 3, 4, 5])
def test_rademacher_variance_is_that_of_enumeration(s):
    c = {2: 1 / 2, 3: 1 / 4, 4: 1 / 4, 5: 3 / 16}[s]
    w = np.array(list(product([-1, 1], repeat=s + 2)))
    relu = np.maximum(w[:, :s].sum(1), 0) / c
    for active, (k, l) in enumerate([(s, s + 1), (0, s), (0, 1)]):
        term = w[:, k] * w[:, l] * relu
        assert term.mean() == pytest.approx(float(active == 2))
        assert term.var() == pytest.approx(aligned_variance(s, c, active))


@pytest.mark.parametrize("s", [2, 3, 4, 6])
def test_quadratic_variance_is_that_of_enumeration(s):
    w = np.array(list(product([-1, 1], repeat=s)))  # the pair is 0 and 1, the others are active
    for active in range(3):
        on = w[:, list(range(active)) + list(range(2, s))]
        term = w[:, 0] * w[:, 1] * on.sum(1) ** 2 / 2
        assert term.mean() == pytest.approx(float(active == 2))
        assert term.var() == pytest.approx(quadratic_variance(s, active))


def test_published_values():
    assert [quadratic_variance(2, j) for j in range(3)] == [0, 1 / 4, 1]
    assert [quadratic_variance(3, j) for j in range(3)] == [1 / 4, 2, 17 / 4]
    chances = [chance_all_pairs_pass(m, 3, d, 0.5, 24, 16) for d, m in [(1536, 32), (1536, 64), (2048, 32), (2048, 64)]]
    assert np.round(chances, 2).tolist() == [0.61, 0.13, 0.97, 0.88]
    assert chance_all_pairs_pass(32, 3, 1477, 0.5, 24, 16) == pytest.approx(0.5, abs=0.005)
    assert chance_all_pairs_pass(64, 3, 1733, 0.5, 24, 16) == pytest.approx(0.5, abs=0.005)
    assert superposed_rademacher_variance(1024, 3, 512, 512, 0.144, 0) ** 0.5 * 512**0.5 == pytest.approx(14.7, abs=0.1)
    rms = [random_init_variance(4, 4096, 4096, 0.140013, j) ** 0.5 * 64 / 4 for j in range(3)]
    assert all(2.5 < r < 2.9 for r in rms)


@pytest.mark.parametrize("m, s, d, d_in", [(300, 2, 10**4, 3000)])
def test_gaussian_weights_behind_codes_have_their_closed_variance(m, s, d, d_in):
    c = float(gaussian_constant(s, m * s / d_in))
    drawn = np.asarray(gaussian(jax.random.key(4), float(m), s, float(d), float(d_in), c), float)
    for j in (0, 1, 2):
        assert superposed_gaussian_variance(m, s, d, d_in, c, j) == pytest.approx(drawn[j].var(), rel=0.05)


def test_more_pairs_pass_less_often():
    chances = [chance_all_pairs_pass(m, 3, 2048, 0.5, 24, 16) for m in (16, 32, 64, 128)]
    assert all(a > b for a, b in combinations(chances, 2))

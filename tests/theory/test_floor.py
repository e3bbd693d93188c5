"""Floors of linear read-offs: no read-off below, the best one on it, and numbers known from elsewhere."""

from itertools import combinations
from math import comb, log2

import jax
import numpy as np
import pytest

from superposed.constructions import RandomInit
from superposed.networks.problem import Problem
from superposed.networks.two_active import all_pairs, quality
from superposed.theory.best_read_off import draw_best_errors
from superposed.theory.floor import all_pairs_floor, distinct_inputs_floor, read_off_floor, welch_floor


def test_no_read_off_of_a_layer_is_below_the_floor_and_least_squares_is_near_it():
    m, d = 14, 30
    rng = np.random.default_rng(0)
    w = rng.standard_normal((d, m))
    pairs = np.array(list(combinations(range(m), 2)))
    a = np.maximum(w[:, pairs].sum(axis=2), 0)  # the activations of all inputs with two active features
    floor = read_off_floor(m, d)
    signs = np.sign(w[:, pairs]).prod(axis=2).T
    best = np.linalg.solve(a @ a.T, a).T
    for read, near in ((signs, False), (best, True)):
        read_offs = read @ a
        read_offs /= np.trace(read_offs) / len(pairs) if not near else np.diag(read_offs)[:, None]
        rms = np.sqrt(np.mean((read_offs - np.eye(len(pairs))) ** 2))
        assert rms >= floor and (rms < 1.1 * floor) == near
    assert read_off_floor(m, comb(m, 2)) == 0


def test_floors_have_their_known_values():
    assert welch_floor(128, 32) == pytest.approx(0.1537, abs=5e-5)
    assert all_pairs_floor(1e12, 0.5) == pytest.approx(4) and all_pairs_floor(3, 0.5) == pytest.approx(
        1 / (1 / 4 + 1 / 3)
    )
    assert distinct_inputs_floor(100, 3, 1) == pytest.approx(log2(comb(100, 3)))


def test_the_best_read_off_of_many_features_needs_no_code():
    """Drawn at m without limit, and built at sixteen features a neuron; both strata, within two per cent of 1."""
    m, d = 256, 16
    drawn = np.concatenate([draw_best_errors(seed, d, 400) for seed in range(40)], axis=1)
    looked = all_pairs(m)[np.random.default_rng(0).permutation(m * (m - 1) // 2)[:60]]
    built = [
        quality(RandomInit()(jax.random.key(seed), Problem(m, 2), d, d), d, "least squares", looked)
        for seed in range(8)
    ]
    for stratum in (0, 1):
        by_network = np.array([q.strata[stratum] for q in built])
        rms = np.sqrt(np.mean(drawn[stratum] ** 2))
        assert abs(by_network.mean() - rms) < 5 * by_network.std(ddof=1) / np.sqrt(6) + 0.04 * rms
    far = draw_best_errors(0, 512, 1000)
    assert 0.36 < far[1].mean() < 0.40 and abs(far[0].mean()) < 0.02

"""The best linear read-off, read-offs by products, and the codes of features, against everything multiplied out."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from one_program import every_read_off, network_of

from superposed.constructions import Bernoulli, Quadratic, Rademacher, RandomInit, Superposed
from superposed.constructions.codes import CODES, cross_talk, feature_codes
from superposed.constructions.read_by import ReadBy
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.networks.network import hidden
from superposed.networks.problem import Problem
from superposed.networks.two_active import all_pairs, quality
from superposed.program import program
from superposed.theory.floor import read_off_floor, welch_floor


@pytest.mark.parametrize(
    "inner",
    [RandomInit(d_in=9), *(pytest.param(inner, marks=pytest.mark.slow) for inner in (Rademacher(), Quadratic()))],
    ids=repr,
)
def test_the_best_read_off_is_that_of_least_squares_over_every_input(inner):
    m, s, d = 10, 3, 24
    network = network_of(ReadBy(inner, n_inputs=2**14, sets=4000), jax.random.key(0), Problem(m, s), d, 32)
    pairs = np.array(list(combinations(range(m), 2)))
    inputs = np.array([[i in active for i in range(m)] for active in combinations(range(m), s)], np.float32)
    a = np.asarray(program(jax.vmap(hidden, (None, 0)))(network, inputs))
    second = a.T @ a / len(a)
    second = second + 1e-6 * np.trace(second) / d * np.eye(32)
    mu = np.stack([a[inputs[:, k] * inputs[:, l] == 1].mean(axis=0) for k, l in pairs])
    solved = np.linalg.solve(second, mu.T).T
    exact = a @ (solved / (solved * mu).sum(axis=1, keepdims=True)).T  # [inputs, pairs]
    block = jax.jit(jax.vmap(lambda a: network.read_off.block(a, jnp.arange(m), jnp.arange(m))))(jnp.asarray(a))
    found = np.asarray(block)[:, pairs[:, 0], pairs[:, 1]]
    error = np.sqrt(np.mean((exact - inputs[:, pairs].prod(axis=2)) ** 2))
    # 16,384 random inputs in place of all 120, and 4,000 further features in place of 8: a few per cent of the error
    assert np.sqrt(np.mean((found - exact) ** 2)) < 0.1 * error


@pytest.mark.parametrize("how", ["sign", pytest.param("centred", marks=pytest.mark.slow)])
def test_read_offs_by_products_give_one_on_active_pairs(how):
    construction = ReadBy(Superposed(Bernoulli(0.4), d_in=8), how, n_inputs=2048)
    (errors,) = measure([Cell(construction, 12, 3, 50, 0, Sampling(None))])
    # The scale is a mean over 2,048 random inputs, and the error one over all 220.
    assert abs(errors.mean[2]) < 5 * errors.std[2] / 2048**0.5 and errors.rms[2] > 0.05


def test_codes_are_unit_vectors_and_keep_to_welch():
    m, d, seen = 48, 16, {}
    for code in CODES:
        phi = program(lambda key, code=code: feature_codes(key, code, d, d, m))(jax.random.key(0))
        np.testing.assert_allclose(np.linalg.norm(phi, axis=0), 1, rtol=1e-5)
        gram = np.abs(np.asarray(phi).T @ np.asarray(phi) - np.eye(m))
        seen[code] = gram.max()
        rms = np.sqrt((gram**2).sum() / (m * (m - 1)))
        np.testing.assert_allclose([float(x) for x in cross_talk(phi)], [gram.max(), rms], rtol=1e-4)
        assert rms >= welch_floor(m, d) - 1e-6
        if code == "orthonormal blocks":
            np.testing.assert_allclose(phi[:, :d].T @ phi[:, :d], np.eye(d), atol=1e-5)
            assert rms == pytest.approx(welch_floor(m, d), rel=1e-5)  # whole bases are a tight frame
    assert seen["low coherence"] < 0.75 * seen["random"]
    assert welch_floor(128, 32) == pytest.approx(0.1537, abs=5e-5) and welch_floor(20, 32) == 0


def test_read_offs_of_all_inputs_with_two_active_are_those_of_the_common_measurement():
    """`two_active` multiplies everything out in NumPy; `measure` reads the same network through `ReadBy`."""
    m, d = 12, 20
    construction = RandomInit(d_in=9)
    network = network_of(ReadBy(construction, "own"), jax.random.key(0), Problem(m, 2), d, 32)
    inputs = np.eye(m)[all_pairs(m)].sum(axis=1).astype(np.float32)
    read = np.asarray(every_read_off(network, inputs))
    error = (read - np.einsum("ik,il->ikl", inputs, inputs))[:, *np.triu_indices(m, 1)]
    scale = np.mean([1 + e[p] for e, p in zip(error, range(len(inputs)), strict=True)])
    exact = quality(network, d, "own")
    rescaled = (error + np.eye(len(inputs))) / scale - np.eye(len(inputs))
    assert exact.rms == pytest.approx(float(np.sqrt(np.mean(rescaled**2))), rel=1e-3)
    best = network_of(ReadBy(construction, n_inputs=2**14, sets=1), jax.random.key(0), Problem(m, 2), d, 32)
    read = np.asarray(every_read_off(best, inputs))[:, *np.triu_indices(m, 1)]
    rms = float(np.sqrt(np.mean((read - np.eye(len(inputs))) ** 2)))
    assert rms == pytest.approx(quality(best, d, "least squares").rms, rel=0.02)
    assert read_off_floor(m, d) < quality(best, d, "least squares").rms < 1.3 * read_off_floor(m, d) < exact.rms

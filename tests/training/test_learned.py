"""What a network has learned: splits against brute force, classes against a loop, the score on the constructions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.constructions import Bernoulli, Gaussian, Naive, Rademacher
from superposed.networks.network import hidden
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.training import learned

KEY = jax.random.key(0)


def test_the_split_is_the_best_of_all_thresholds():
    w = np.random.default_rng(0).normal(size=(4, 9))
    found = learned.split_weights(w)
    for row, z, explained, centre, half_gap in zip(w, *found[:4], strict=True):
        best = 0.0
        for threshold in np.sort(row)[:-1]:
            high = row > threshold
            between = np.mean(high) * np.mean(~high) * (row[high].mean() - row[~high].mean()) ** 2
            if between > best:
                best, expected, means = between, high, (row[~high].mean(), row[high].mean())
        assert np.array_equal(z > 0, expected) and explained == pytest.approx(best / row.var())
        assert (centre - half_gap, centre + half_gap) == pytest.approx(means)


def test_two_valued_and_normal_weights_are_told_apart():
    rng = np.random.default_rng(1)
    signs = learned.split_weights(np.where(rng.random((20, 400)) < 0.3, 2.0, -1.0))
    normal = learned.split_weights(rng.normal(size=(20, 400)))
    assert signs.explained == pytest.approx(np.ones(20)) and normal.normal.min() > 0.98
    assert abs(normal.explained.mean() - 2 / np.pi) < 0.02 and signs.normal.max() < 0.7
    x, y = rng.normal(size=(2, 3, 50))
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)]
    assert learned.correlation(x, y) == pytest.approx(expected)


def test_class_means_are_those_of_a_loop_over_pairs(monkeypatch):
    monkeypatch.setattr(learned, "N_INPUTS", 40)
    m, s, d = 5, 3, 6
    network = program(lambda k: Rademacher()(k, Problem(m, s), d, d))(KEY)
    z = np.asarray(network.layers[0].w)
    inputs = program(lambda key: learned.draw_inputs(key, learned.N_INPUTS, m, s, "exact"))(KEY).b
    a = np.asarray(program(jax.vmap(hidden, (None, 0)))(network, inputs), float)
    share = np.mean(a**2, axis=0)  # a sign's read-off coefficients are the same for every neuron
    total, weight = np.zeros((4, 4)), np.zeros((4, 4))
    for b, activation in zip(np.asarray(inputs, int), a, strict=True):
        for k in range(m):
            for l in range(m):
                if k != l:
                    for i in range(d):
                        row, column = 2 * (z[i, k] < 0) + (z[i, l] < 0), 2 * b[k] + b[l]
                        total[row, column] += share[i] * activation[i]
                        weight[row, column] += share[i]
    means = total / weight
    found = learned.class_means(KEY, network, m, s)
    np.testing.assert_allclose(found, means / (4 * means[0, 3]), rtol=1e-4, atol=1e-6)


def test_the_score_names_the_constructions_themselves():
    problem, d = Problem(16, 3), 64
    build = {c: program(lambda k, c=c: c(k, problem, d, d)) for c in (Rademacher(), Gaussian(), Bernoulli(), Naive())}
    name, noisy = lambda c: type(c).__name__, program(learned.with_noise)
    known = {name(c): learned.signature(KEY, net(jax.random.key(1)), 16, 3) for c, net in build.items()}
    for c, net in build.items():
        for noise in (0.0, 0.25):
            found = noisy(KEY, net(jax.random.key(2)), noise)
            assert learned.nearest(learned.signature(KEY, found, 16, 3), known) == name(c)
    signs = known["Rademacher"]
    assert signs.two_valued == pytest.approx(1) and signs.product == pytest.approx(1) and abs(signs.bias) < 0.01


def test_noise_leaves_missing_neurons_missing():
    network = program(lambda k: Rademacher()(k, Problem(8, 2), 5, 8))(KEY)
    noisy = program(lambda k: learned.with_noise(k, network, 0.5))(KEY).layers[0].w
    assert not np.any(noisy[5:]) and float(jnp.std(noisy[:5] - network.layers[0].w[:5])) > 0.2

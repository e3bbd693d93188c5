"""Small circuits in one network: sets that meet once, the network as one matrix, and the error law."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.networks.small_circuits import (
    SmallCircuits,
    largest_overlap,
    lines,
    most_possible,
    progressions,
    rotation_law,
    rotations,
)


def test_557_progressions_of_six_fit_on_250_places():
    assert len(progressions(250, 6)) == 557
    assert len(progressions(250, 6, shared_ends=True)) == 611
    assert len(lines(250, 6)) == 41**2 <= most_possible(250, 6) == 2075


@pytest.mark.parametrize("n_places, size", [(30, 2), (50, 4), (60, 5), (100, 6), (140, 7), (120, 9)])
def test_any_two_sets_share_at_most_one_place(n_places, size):
    for sets in (progressions(n_places, size), progressions(n_places, size, shared_ends=True), lines(n_places, size)):
        assert sets.min() >= 0 and sets.max() < n_places
        assert all(len(set(places)) == size for places in sets.tolist())
        assert largest_overlap(sets, n_places) <= 1
        assert len(sets) <= most_possible(n_places, size)
    assert largest_overlap(np.array([[0, 1, 2], [2, 1, 3]]), 4) == 2


def test_bad_sizes_are_refused():
    with pytest.raises(InputError, match="size = 1"):
        progressions(10, 1)
    with pytest.raises(InputError, match="n_places = 3"):
        progressions(3, 5)
    with pytest.raises(InputError, match="need a prime"):
        lines(20, 6)


def random_circuits(rng, n, n_places, size):
    weights, biases = rng.normal(0, 0.7, (n, 3, 3)), rng.normal(0, 0.5, (n, 3))
    return SmallCircuits(weights, biases, n_places, size, lift=0.5)


def test_the_network_is_one_matrix_and_one_circuit_alone_is_exact():
    rng = np.random.default_rng(0)
    sets = lines(30, 3)
    network = random_circuits(rng, 40, 30, 3)
    draw = lambda: sets[rng.permutation(len(sets))[:40]]
    on = np.zeros((40, 8), bool)
    on[rng.integers(0, 40, 8), np.arange(8)] = True
    h = rng.random((40, 3, 8))
    first, second = draw(), draw()
    state = network.encode(on, h, first)
    w, bias = network.dense_layer(first, second)
    dense = np.maximum(w @ state.reshape(150, 8) + bias[:, None], 0)
    np.testing.assert_allclose(network.layer(state, first, second).reshape(150, 8), dense, atol=1e-10)

    alone = random_circuits(rng, 1, 30, 3)
    state, truth = alone.encode(np.ones((1, 8), bool), h[:1], sets[:1]), h[:1]
    for _ in range(3):
        state = alone.layer(state, sets[:1], sets[:1])
        truth = np.maximum(np.einsum("tij,tjb->tib", alone.weights, truth) + alone.biases[:, :, None], 0)
        read = alone.read(state, sets[:1])
        np.testing.assert_allclose(read[:, 2:], truth, atol=1e-10)
        np.testing.assert_allclose(read[:, 0] - read[:, 1], 1, atol=1e-10)


@pytest.mark.parametrize("n_circuits, n_on", [(300, 1), (600, 1), (300, 3)])
def test_the_error_after_one_layer_follows_the_law(n_circuits, n_on):
    rng, n_places, size, batch = np.random.default_rng(1), 600, 6, 32
    sets = lines(n_places, size)
    found = []
    for _ in range(12):
        weights, biases = rotations(rng, n_circuits)
        network = SmallCircuits(weights, biases, n_places, size)
        on = np.argsort(rng.random((n_circuits, batch)), axis=0) < n_on
        angle = rng.uniform(0, 2 * np.pi, (n_circuits, batch))
        h = np.stack([np.cos(angle), np.sin(angle)], axis=1) + 1
        first, second = (sets[rng.permutation(len(sets))[:n_circuits]] for _ in range(2))
        read = network.read(network.layer(network.encode(on, h, first), first, second), second)
        truth = np.einsum("tij,tjb->tib", weights, h) + biases[:, :, None]
        found.append(np.mean((read[:, 2:] - truth).transpose(0, 2, 1)[on] ** 2))
    law = rotation_law(n_places, n_circuits, n_on, 1, 1.0)
    # First order: neurons near 0 are cut by the ReLU, and idle indicators that misfire add to the error.
    assert abs(np.mean(found) / law - 1) < 0.2 + 5 * np.std(found) / law / 12**0.5

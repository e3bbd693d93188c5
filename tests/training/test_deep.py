"""Deep trainings: the start is the compiled network, pruning keeps what matters, a mask is a narrower network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.program import program
from superposed.study.deep_trainings import compiled_data, trained_on, wrong_at_start
from superposed.training import deep as module
from superposed.training.deep import Deep, Recipe, from_scratch, narrowed, train_deep

activations, wrong_bits = program(module.activations), program(module.wrong_bits)


@pytest.fixture(scope="module")
def data():
    return compiled_data(12, 3, 2, 2, 0)


@jax.jit
def scratch(key, deep, a, width):
    return from_scratch(key, narrowed(deep, a, width))


def one(data, seed=0):
    return jax.tree.map(lambda x: x[seed], data.start), data.a[seed]


def test_the_start_is_the_compiled_network(data):
    assert wrong_at_start(data) == [0, 0] and data.y.any(0).all()
    deep, a = one(data)
    changed = deep._replace(weights=(-deep.weights[0], *deep.weights[1:]))
    assert wrong_bits(changed, a, data.y) > 0
    assert len(data.y) == 1 + 12 + 66 + 220  # every input with at most three of twelve features
    assert not np.array_equal(data.start.weights[0][0], data.start.weights[0][1])


def test_a_masked_network_is_the_smaller_one(data):
    """Dropped neurons change nothing: the network of the kept ones alone has the same read-offs."""
    deep, a = one(data)
    small = scratch(jax.random.key(0), deep, a, 10)
    assert [int(kept.sum()) for kept in small.kept] == [10] * len(small.kept)
    keep = [np.ones(small.weights[0].shape[1], bool), *map(np.asarray, small.kept)]
    weights, biases = [], []
    for i, (w, b) in enumerate(zip(small.weights, small.biases, strict=True)):
        rows = keep[i + 1] if i + 1 < len(keep) else np.ones(len(b), bool)
        weights.append(w[rows][:, keep[i]])
        biases.append(b[rows])
    alone = Deep(tuple(weights), tuple(biases), tuple(jnp.ones(10, bool) for _ in small.kept))
    np.testing.assert_allclose(activations(small, a)[-1], activations(alone, a)[-1], rtol=1e-5, atol=1e-5)


def test_narrowing_drops_what_does_not_matter_and_keeps_its_mean():
    """Of three neurons one is constant and one is not read: both go, and the read-offs stay."""
    w = jnp.array([[1.0, 0], [0, 0], [0, 1.0]])
    read = jnp.array([[2.0, 3.0, 0.0]])
    deep = Deep((w, read), (jnp.array([0.0, 1.0, 0.0]), jnp.zeros(1)), (jnp.ones(3, bool),))
    a = jnp.array([[1.0, 0], [0, 1.0], [1.0, 1.0]])
    small = narrowed(deep, a, 1)
    assert small.kept[0].tolist() == [True, False, False]
    np.testing.assert_allclose(activations(small, a)[-1], activations(deep, a)[-1], atol=1e-6)


def test_training_lowers_the_loss_and_leaves_masked_neurons_out(data):
    deep, a = one(data)
    start = scratch(jax.random.key(1), deep, a, 20)
    early = train_loss(start, a, data.y)
    trained, _ = jax.jit(lambda key: train_deep(key, start, a, data.y, Recipe(100, 64, 3e-3)))(jax.random.key(2))
    assert train_loss(trained, a, data.y) < early / 2
    for layer, kept in zip(activations(trained, a)[:-1], trained.kept, strict=True):
        assert not np.any(np.asarray(layer)[:, ~np.asarray(kept)]) and kept.sum() == 20


def train_loss(deep, a, y):
    """The mean square from truth -+ 1/2, half of it for the bits that are on."""
    square = np.asarray(activations(deep, a)[-1] - (y - 0.5)) ** 2
    return square[np.asarray(y) > 0].mean() / 2 + square[np.asarray(y) == 0].mean() / 2


@pytest.mark.slow
def test_seeds_trained_together_are_those_trained_alone(data):
    """The wrong bits of the second seed do not depend on the first."""
    recipe, widths = Recipe(20, 32, 1e-3), [data.width, 16]
    together = trained_on(data, recipe, widths, "compiled", 0)
    second = data._replace(start=jax.tree.map(lambda x: x[1:], data.start), a=data.a[1:])
    alone = trained_on(second, recipe, widths, "compiled", 1)
    for both, single in zip(together, alone, strict=True):
        assert abs(both[1] - single[0]) <= 2  # bits whose read-off is within rounding of the threshold


def test_a_read_off_that_is_no_number_is_wrong(data):
    deep, a = one(data)
    broken = deep._replace(biases=(*deep.biases[:-1], jnp.full_like(deep.biases[-1], jnp.nan)))
    assert wrong_bits(broken, a, data.y) == data.y.size


@pytest.mark.parametrize("field", ["steps", "batch"])
def test_bad_recipes_are_refused(data, field):
    deep, a = one(data)
    with pytest.raises(InputError, match="give 1 or more"):
        train_deep(jax.random.key(0), deep, a, data.y, Recipe()._replace(**{field: 0}))

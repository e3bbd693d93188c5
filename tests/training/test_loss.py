"""The loss against a plain loop over pairs; a few pairs with weights against all pairs, exactly."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.program import program
from superposed.training.loss import (
    Inputs,
    choose_pairs,
    draw_inputs,
    expected_sizes,
    number_bits,
    pair_loss,
    smallest_keys,
    strata_sizes,
)

M, D = 6, 5
RNG = np.random.default_rng(0)
A = jnp.asarray(RNG.random(D), jnp.float32)
READ = {
    "factored": jnp.asarray(RNG.normal(size=(D, M)), jnp.float32),
    "free": jnp.asarray(RNG.normal(size=(M * (M - 1) // 2, D)), jnp.float32),
}


def every_order(n_active: int) -> Inputs:
    """One input in every order in which its active features, and its idle ones, can come."""
    orders = [[*on, *off] for on in permutations(range(n_active)) for off in permutations(range(n_active, M))]
    orders *= 720 // len(orders)  # the same number for every n_active
    b = np.tile(np.arange(M) < n_active, (len(orders), 1)).astype(np.float32)
    return Inputs(jnp.asarray(b), keys_of(orders), jnp.asarray(np.full(len(orders), n_active)))


def keys_of(orders) -> jax.Array:
    """Keys whose increasing order is the given one."""
    return jnp.asarray(np.argsort(orders, axis=1) << number_bits(M) | np.arange(M), jnp.uint32)


def by_hand(read, n_active: int, scale, power, factored: bool) -> float:
    total, place = 0.0, 0
    for k in range(M):
        for l in range(k + 1, M):
            vector = read[:, k] * read[:, l] if factored else read[place]
            stratum = (k < n_active) + (l < n_active)
            total += float(scale[stratum]) * abs(float(vector @ np.asarray(A)) - (stratum == 2)) ** power
            place += 1
    return total


POWERS = (1.5, 2, 4, 8)


@pytest.mark.parametrize("form", READ)
def test_all_pairs_are_the_loop_over_pairs(form):
    scale, factored = jnp.array([0.3, 1.0, 2.0]), form == "factored"
    inputs = Inputs(jnp.array([[1.0, 1, 1, 0, 0, 0]]), keys_of(np.arange(M)[None]), jnp.array([3]))
    pairs = choose_pairs(inputs, M, None, scale)
    losses = program(lambda: [pair_loss(READ[form], A[None], pairs, M, factored, power) for power in POWERS])()
    expected = [by_hand(np.asarray(READ[form]), 3, scale, power, factored) for power in POWERS]
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("n_features", [4, 5])
def test_a_few_pairs_have_the_mean_and_the_gradient_of_all(form, n_features):
    """The mean over every order is the expectation, so this holds up to rounding and not only on average."""
    scale = jnp.array([0.3, 1.0, 2.0])

    def loss(read, a, inputs, n):
        a = jnp.tile(a, (len(inputs.b), 1))
        return pair_loss(read, a, choose_pairs(inputs, M, n, scale), M, form == "factored", 2)

    both = program(lambda *x: [jax.value_and_grad(loss, (0, 1))(*x, n) for n in (n_features, None)])
    for n_active in range(M + 1):
        few, every = both(READ[form], A, every_order(n_active))
        for x, y in zip(jax.tree.leaves(few), jax.tree.leaves(every), strict=True):
            np.testing.assert_allclose(x, y, rtol=2e-4, atol=2e-5)


def test_inputs_have_the_activity_they_should():
    draw = jax.jit(draw_inputs, static_argnums=(1, 2, 3, 4))
    exact = draw(jax.random.key(0), 500, 12, 3, "exact")
    assert set(np.asarray(exact.b).sum(axis=1)) == {3}
    free = draw(jax.random.key(0), 4000, 12, 3, "independent")
    for inputs in (exact, free):
        b, keys, n_active = (np.asarray(part) for part in inputs)
        order = np.argsort(keys, axis=1)
        assert np.array_equal(np.take_along_axis(b, order, axis=1), np.arange(12) < n_active[:, None])
        assert np.array_equal(keys & 15, np.tile(np.arange(12), (len(b), 1)))
        rate = b.mean(axis=0)
        assert np.all(np.abs(rate - 0.25) < 5 * np.sqrt(0.25 * 0.75 / len(inputs.b)))
    seen = np.asarray(program(lambda on: strata_sizes(on, 12 - on))(free.n_active))
    expected = np.asarray(expected_sizes(12, 3, "independent"))
    assert np.all(np.abs(seen.mean(axis=0) - expected) < 5 * seen.std(axis=0) / np.sqrt(len(seen)))
    assert expected.sum() == pytest.approx(66)


def test_the_smallest_keys_are_those_of_a_sort():
    """At most three active features come first, in the order of their keys; then idle ones."""

    def chosen(key):
        inputs = draw_inputs(key, 200, 12, 3, "independent")
        return inputs, smallest_keys(inputs, jnp.minimum(inputs.n_active, 3), 5)

    inputs, found = program(chosen)(jax.random.key(1))
    assert {0, 1, 3, 4, 5} <= set(np.asarray(inputs.n_active).tolist())
    for keys, n_active, few in zip(
        np.asarray(inputs.keys), np.asarray(inputs.n_active), np.asarray(found), strict=True
    ):
        active, idle = np.split(np.sort(keys), [n_active])
        assert few.tolist() == [*active[:3], *idle][:5]

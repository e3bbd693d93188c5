"""Learned dictionaries: they find features that are easy to find, and fire as their methods say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.scoring.dictionary import cosines, nearest_scores
from superposed.training.dictionaries import (
    REVIVAL,
    REVIVED,
    Dictionary,
    Learned,
    Learner,
    _loss,
    centred,
    latents,
    learn,
)

pytestmark = pytest.mark.usefixtures("module_as_shipped")  # training takes longer than compilation
ROWS = 2000


@pytest.fixture(scope="module")
def easy():
    """For two seeds rows with up to two of twelve random directions on in thirty-two dimensions.

    With always two on, a vector could be added to all directions and taken from the bias: nobody could tell.
    """
    truth, rows = [], []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        directions = rng.normal(size=(12, 32)).astype(np.float32)
        on = np.zeros((ROWS, 12), np.float32)
        np.put_along_axis(on, rng.integers(0, 12, (ROWS, 2)), rng.integers(0, 2, (ROWS, 2)), 1)
        truth.append(directions)
        rows.append(on @ directions)
    return truth, centred(jnp.asarray(np.stack(rows)))


@pytest.fixture(scope="module", params=[("l1", 0.2), ("topk", 0), ("batchtopk", 0), ("matching", 0)])
def learned(request, easy):
    method, penalty = request.param
    learner = Learner(method, 16, 1.1 if method == "batchtopk" else 2, steps=600, batch=128)
    truth, x = easy
    return learner, truth, x, learn(jax.random.split(jax.random.key(0), 2), x, x, learner, 5e-3, penalty)


def of_seed(tree, seed):
    return jax.tree.map(lambda a: a[seed], tree)


def test_easy_features_are_found(learned):
    _, truth, _, found = learned
    for seed in range(2):
        assert nearest_scores(cosines(truth[seed], np.asarray(found.dictionary.decoder[seed])))["recovered"] >= 0.9


def test_latents_fire_as_the_method_says(learned):
    learner, _, x, found = learned
    for seed in range(2):
        fires = np.asarray(latents(of_seed(found, seed), x[seed], learner) > 0).sum(1)
        if learner.method == "batchtopk":  # the threshold is a running mean over batches
            assert abs(fires.mean() - learner.k) < 0.3
        elif learner.method != "l1":
            assert fires.max() <= 2


def test_directions_have_length_one_and_seeds_differ(learned):
    found = learned[3].dictionary.decoder
    assert np.allclose(np.linalg.norm(found, axis=2), 1, atol=1e-5)
    assert not np.allclose(found[0], found[1], atol=0.1)


def test_centred_rows_have_mean_zero_and_length_one(easy):
    x = np.asarray(easy[1], np.float32)
    assert np.abs(x.mean(1)).max() < 1e-3 and np.allclose((x**2).sum(2).mean(1), 1, atol=1e-3)


def drawn(n: int, d: int, rows: int) -> tuple[Dictionary, jnp.ndarray]:
    """A random dictionary whose directions have other lengths than one, and random rows."""
    rng = np.random.default_rng(3)
    draw = lambda *shape: rng.normal(size=shape).astype(np.float32)
    dictionary = Dictionary(draw(n, d), 0.1 * draw(n), 2 * draw(n, d), 0.1 * draw(d))
    return jax.tree.map(jnp.asarray, dictionary), jnp.asarray(draw(rows, d))


def brute_force(learner: Learner, dictionary: Dictionary, x: jnp.ndarray) -> np.ndarray:
    """The latents on one batch of rows, by loops over rows and sorting; "batchtopk" as in training."""
    encoder, encoder_bias, decoder, bias, x = (np.asarray(a, np.float64) for a in (*dictionary, x))
    decoder = decoder / np.linalg.norm(decoder, axis=1, keepdims=True)
    z = np.zeros((len(x), learner.n))
    if learner.method == "matching":
        for row, left in enumerate(x - bias):
            for _ in range(int(learner.k)):
                best = max(range(learner.n), key=lambda i, left=left: left @ decoder[i])
                z[row, best] += (amount := max(left @ decoder[best], 0))
                left = left - amount * decoder[best]
        return z
    pre = x @ encoder.T + encoder_bias
    if learner.method == "l1":
        return np.maximum(pre, 0)
    if learner.method == "batchtopk":
        kept = np.argsort(-pre, axis=None)[: round(learner.k * len(x))]
        z.ravel()[kept] = np.maximum(pre.ravel()[kept], 0)
        return z
    for row in range(len(x)):
        kept = sorted(range(learner.n), key=lambda i, row=row: -pre[row, i])[: int(learner.k)]
        z[row, kept] = np.maximum(pre[row, kept], 0)
    return z


LEARNERS = [Learner("l1", 20), Learner("topk", 20, 3), Learner("batchtopk", 20, 2.5), Learner("matching", 20, 3)]


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.method)
def test_the_loss_is_that_of_brute_force(learner):
    """With no dead latent it is the mean squared error, and for "l1" the penalty."""
    dictionary, x = drawn(20, 12, 30)
    (loss, (fired, _)) = _loss(learner, jnp.float32(0.3), dictionary, x, x, jnp.zeros(20, bool))
    z = brute_force(learner, dictionary, x)
    made = z @ (dictionary.decoder / np.linalg.norm(dictionary.decoder, axis=1, keepdims=True)) + dictionary.bias
    expected = ((x - made) ** 2).sum(1).mean() + 0.3 * z.sum(1).mean() * (learner.method == "l1")
    assert float(loss) == pytest.approx(float(expected), rel=1e-4)
    assert np.array_equal(fired, (z > 0).any(0))


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.method)
def test_latents_are_those_of_brute_force(learner):
    dictionary, x = drawn(20, 12, 30)
    expected = brute_force(learner, dictionary, x)
    threshold = expected[expected > 0].min() - 1e-5 if learner.method == "batchtopk" else 0
    unit = dictionary._replace(decoder=dictionary.decoder / np.linalg.norm(dictionary.decoder, axis=1, keepdims=True))
    z = latents(Learned(unit, jnp.float32(threshold)), x, learner)
    assert np.allclose(z, expected, atol=1e-4)


def test_dead_latents_model_what_is_left():
    """The auxiliary loss, by a loop: the dead latents nearest to a row's error, each with its projection."""
    dictionary, x = drawn(20, 12, 30)
    dead, learner = np.arange(20) >= 12, Learner("topk", 20, 3)
    loss = lambda dead: float(_loss(learner, jnp.float32(0), dictionary, x, x, jnp.asarray(dead))[0])
    unit = np.asarray(dictionary.decoder) / np.linalg.norm(dictionary.decoder, axis=1, keepdims=True)
    error = np.asarray(x) - brute_force(learner, dictionary, x) @ unit - np.asarray(dictionary.bias)
    left = []
    for row in error:
        nearest = sorted(np.flatnonzero(dead), key=lambda i, row=row: -row @ unit[i])[:REVIVED]
        left.append(((row - sum(max(row @ unit[i], 0) * unit[i] for i in nearest)) ** 2).sum())
    assert loss(dead) - loss(np.zeros(20, bool)) == pytest.approx(REVIVAL * np.mean(left), rel=1e-3)


def test_every_seed_has_its_rate_and_penalty(easy):
    """A rate of zero leaves the start as it was, and the larger penalty leaves smaller latents."""
    x = jnp.broadcast_to(easy[1][:1], easy[1].shape)
    keys, learner = jnp.broadcast_to(jax.random.key(0), 2), Learner("l1", 16, steps=60, batch=64)
    still, moved = learn(keys, x, x, learner, np.array([0.0, 0.02]), 0.0).dictionary.encoder_bias
    assert (np.asarray(still) == 0).all() and np.abs(moved).max() > 0.01
    found = learn(keys, x, x, learner, 0.02, np.array([0.0, 1.0]))
    z = [float(latents(of_seed(found, seed), x[0], learner).mean()) for seed in range(2)]
    assert z[1] < z[0] / 4


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (("omp", 5), "method = 'omp': one of l1, topk, batchtopk, matching"),
        (("topk", 0), "n = 0"),
        (("topk", 5, 6), "k = 6: from 1 to n = 5"),
        (("topk", 5, 1.5), "whole number unless the method is batchtopk"),
        (("topk", 5, 2, 0), "steps = 0"),
    ],
)
def test_what_a_learner_refuses(fields, message):
    with pytest.raises(InputError, match=message):
        Learner(*fields)

"""Learned dictionaries: they find features that are easy to find, and fire as their methods say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.scoring.dictionary import cosines, nearest_scores
from superposed.training.dictionaries import Learner, centred, latents, learn

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
    learner = Learner(method, 16, 1.1 if method == "batchtopk" else 2, steps=600, batch=128, rate=5e-3)
    truth, x = easy
    return learner, truth, x, learn(jax.random.split(jax.random.key(0), 2), x, x, jnp.float32(penalty), learner)


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

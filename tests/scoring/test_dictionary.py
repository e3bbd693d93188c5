"""Scores of a dictionary: perfect ones score 1, order and sign do not count, and each is what its definition says."""

from itertools import permutations

import numpy as np
import pytest
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.scoring.dictionary import (
    check_dictionary,
    cosines,
    direction_scores,
    latent_scores,
    match,
    reconstruction_scores,
)


def rng_of(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("truth", [rng_of(0).normal(size=(40, 23)), rng_of(1).integers(-2, 3, (40, 17)).astype(float)])
def test_a_perfect_dictionary_scores_exactly_one_in_any_order_length_and_sign(truth):
    truth = np.unique(truth, axis=0)
    rng = rng_of(2)
    order, sign = rng.permutation(len(truth)), rng.choice([-1, 1], len(truth))
    decoder = truth[order] * (sign * rng.uniform(0.1, 9, len(truth)))[:, None]
    cosine = cosines(truth, decoder)
    assert set(direction_scores(cosine).values()) == {1.0}
    assert np.array_equal(match(cosine).feature[np.argsort(match(cosine).latent)], order)


def test_order_and_sign_of_any_dictionary_do_not_count():
    rng = rng_of(3)
    truth, decoder = rng.normal(size=(12, 8)), rng.normal(size=(20, 8))
    turned = decoder[rng.permutation(20)] * rng.choice([-1, 1], (20, 1))
    expected = direction_scores(cosines(truth, decoder))
    assert direction_scores(cosines(truth, turned)) == pytest.approx(expected, abs=1e-12)
    assert expected["mcc"] < 1


@pytest.mark.parametrize(("m", "n"), [(4, 4), (3, 6), (6, 3), (1, 5)])
def test_matching_is_the_best_of_all_assignments(m, n):
    for seed in range(20):
        cosine = rng_of(seed).random((m, n))
        wide = cosine if m <= n else cosine.T
        best = max(wide[np.arange(len(wide)), list(p)].sum() for p in permutations(range(wide.shape[1]), len(wide)))
        found = match(cosine)
        assert found.cosine.sum() == pytest.approx(best, abs=1e-12)
        assert len({*found.feature}) == len({*found.latent}) == min(m, n)


def test_known_values_of_directions():
    truth = np.eye(4)
    decoder = np.array([[1.0, 0, 0, 0], [1, 1, 0, 0], [3, 4, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 0]])
    cosine = cosines(truth, decoder)
    half = 1 / np.sqrt(2)
    assert cosine == pytest.approx(np.array([[1, half, 0.6, 1, 0], [0, half, 0.8, 0, 0], [0] * 5, [0] * 5]))
    found = direction_scores(cosine)
    assert found["mcc"] == pytest.approx((1 + 0.8) / 4)
    assert found["mmcs_true"] == pytest.approx((1 + 0.8) / 4)
    assert found["mmcs_dictionary"] == pytest.approx((1 + half + 0.8 + 1 + 0) / 5)
    assert found["uniqueness"] == 2 / 5 and found["recovered"] == 1 / 4


def test_largest_cosine_of_random_directions_is_as_theory_says():
    """The mean squared cosine of random directions in d dimensions is 1/d, with variance 2 (d - 1)/(d^2 (d + 2))."""
    d, n = 16, 400
    rng = rng_of(4)
    squared = cosines(rng.normal(size=(n, d)), rng.normal(size=(n, d))) ** 2
    error = np.sqrt(2 * (d - 1) / (d**2 * (d + 2)) / n)  # rows share directions: n independent ones, not n^2
    assert abs(squared.mean() - 1 / d) < 5 * error


def test_latents_by_hand():
    features = sp.csr_array(np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], np.float32))
    latents = np.array([[0.5, 0, 0, 0], [0, 2, 0, 0], [0, 1, 3, 0], [0, 1, 0, -1]])
    found = latent_scores(latents, features, np.array([0, 1, 0, 2]))
    # latent 0: TP 1, FP 0, FN 1; latent 1: TP 2, FP 1, FN 0; latent 2: TP 0, FP 1, FN 2; latent 3 is dead
    assert found["precision"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert found["recall"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert found["f1"] == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)
    assert found["l0"] == 5 / 4 and found["dead"] == 1 / 4


def test_latents_that_are_the_features_are_perfect_classifiers():
    on = sp.random_array((5000, 30), density=0.1, rng=5, format="csr")
    on.data[:] = 1
    order = rng_of(6).permutation(30)
    found = latent_scores(on.toarray()[:, order] * 3, on, order)
    assert [found[name] for name in ("precision", "recall", "f1", "dead")] == [1, 1, 1, 0]
    assert found["l0"] == pytest.approx(on.nnz / 5000)


def test_a_dictionary_that_never_fires_scores_zero():
    found = latent_scores(np.zeros((7, 3)), sp.csr_array(np.ones((7, 2))), np.array([0, 1, 0]))
    assert found == {"precision": 0, "recall": 0, "f1": 0, "l0": 0, "dead": 1}


def test_explained_variance_and_shrinkage_by_hand():
    rng = rng_of(7)
    latents, decoder, bias = rng.random((9000, 5)), rng.normal(size=(5, 4)), rng.normal(size=4)
    x = latents @ decoder + bias
    exact = reconstruction_scores(x, latents, decoder, bias)
    assert exact["explained_variance"] == pytest.approx(1) and exact["shrinkage"] == pytest.approx(1)
    constant = reconstruction_scores(x, 0 * latents, decoder, x.mean(0))
    assert constant["explained_variance"] == pytest.approx(0, abs=1e-9)
    short = reconstruction_scores(x - bias, 0.7 * latents, decoder, 0 * bias)
    assert short["shrinkage"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ((np.ones((3, 5)), None, None, 4, None), r"decoder.shape = \(3, 5\): one direction of 4 neurons a row"),
        ((np.ones((4, 3)), None, None, 4, None), "transpose it"),
        ((np.ones((3, 4)), None, np.ones(3), 4, None), r"bias.shape = \(3,\): one number a neuron, \(4,\)"),
        ((np.ones((3, 4)), np.ones((7, 3)), None, 4, None), "need the sample"),
        ((np.ones((3, 4)), np.ones((7, 3)), None, 4, 8), r"latents.shape = \(7, 3\): .*\(8, 3\)"),
        ((np.full((3, 4), np.nan), None, None, 4, None), "decoder = nan: must be finite"),
        ((np.ones((3, 4)), np.full((7, 3), -np.inf), None, 4, 7), "latents = -inf: must be finite"),
        ((np.ones((3, 4), int), None, None, 4, None), "decoder.dtype = 'int64': must be floating-point"),
    ],
)
def test_what_does_not_fit_is_one_line(tensors, message):
    with pytest.raises(InputError, match=message):
        check_dictionary(*tensors)

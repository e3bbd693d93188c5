"""The dictionary table: floors below ceilings, the truth at one, and a linear probe against its closed form."""

import known_networks
import numpy as np
import pytest
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.scoring.references import RIDGE, Dictionary, linear_probe, score_dictionary
from superposed.scoring.sample import from_table, sample_layer
from superposed.scoring.truth import layer_truth

ONES = ("mcc", "mmcs_true", "mmcs_dictionary", "uniqueness", "recovered", "precision", "recall", "f1")


@pytest.fixture(scope="module")
def table():
    """The true dictionary of a layer, in another order, scored as if a tool had found it."""
    compiled = known_networks.groups()
    truth, sample = layer_truth(compiled, 1), sample_layer(compiled, 2000, 1)
    order = np.random.default_rng(0).permutation(60)
    latents = from_table(sample.features, 60).toarray()[:, order]
    return score_dictionary(truth, Dictionary(-truth.directions[order], latents), sample)


def test_the_truth_scores_one_as_a_tool_and_as_a_ceiling(table):
    for row in ("recovered", "true dictionary"):
        assert [table[row][name] for name in ONES] == [1] * len(ONES)
        assert table[row]["dead"] == 0


def test_floors_lie_below_ceilings(table):
    for floor in ("random directions", "neurons", "principal components"):
        for name in ("mcc", "mmcs_true", "recovered", "f1"):
            assert table[floor][name] < 0.8 * table["linear probe"][name], (floor, name)
        assert table[floor]["explained_variance"] < table["linear probe"]["explained_variance"]
        assert table[floor]["explained_variance"] >= 0 or floor == "neurons"  # no scale is worse than the mean itself


def test_floors_fire_as_often_as_the_tool(table):
    for floor in ("random directions", "neurons", "principal components"):
        assert table[floor]["l0"] <= max(round(table["recovered"]["l0"]), 1)


def test_without_latents_only_directions_are_scored():
    compiled = known_networks.groups()
    truth = layer_truth(compiled, 1)
    found = score_dictionary(truth, Dictionary(truth.directions))
    assert list(found) == ["recovered", "random directions", "neurons"]
    assert set(found["recovered"]) == {"mcc", "mmcs_true", "mmcs_dictionary", "uniqueness", "recovered"}
    assert set(found["recovered"].values()) == {1.0}
    with_sample = score_dictionary(truth, Dictionary(truth.directions), sample_layer(compiled, 100, 1))
    assert "principal components" in with_sample


def test_a_probe_is_ridge_regression_of_each_half_used_on_the_other():
    rng = np.random.default_rng(1)
    f = (rng.random((400, 3)) < 0.3).astype(np.float32)
    f[:, 2] = 0  # a feature that is never on
    x = (f @ rng.normal(size=(3, 6)) + 0.05 * rng.normal(size=(400, 6))).astype(np.float32)
    found = linear_probe(x, sp.csr_array(f))
    fit, use = slice(0, None, 2), slice(1, None, 2)
    centred = x[fit] - x[fit].mean(0)
    covariance = centred.T @ centred / 200
    ridge = RIDGE * np.trace(covariance) / 6
    w = np.linalg.solve(covariance + ridge * np.eye(6), centred.T @ (f[fit] - f[fit].mean(0)) / 200)
    score = (x - x[fit].mean(0)) @ w
    for k in range(2):
        of = score[fit][:, k]
        middle = (of[f[fit][:, k] > 0].mean() + of[f[fit][:, k] == 0].mean()) / 2
        assert np.array_equal(found.latents[use][:, k] > 0, score[use][:, k] > middle)
    assert not found.latents[:, 2].any() and not found.decoder[2].any()
    on = f[:, 0] > 0
    assert found.decoder[0] == pytest.approx(x[on].mean(0) - x[~on].mean(0), abs=1e-5)
    assert ((found.latents > 0) == (f > 0)).mean() > 0.99


def test_a_sample_of_other_neurons_is_refused():
    truth = layer_truth(known_networks.groups(), 1)
    other = sample_layer(known_networks.mixed(), 10, 1)
    with pytest.raises(InputError, match="sample the same layer"):
        score_dictionary(truth, Dictionary(truth.directions), other)

"""Scores of edges against hand calculation and against every order of the ties."""

from itertools import permutations

import numpy as np
import pytest
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Op, evaluate_circuit, make_gates
from superposed.scoring.edges import Edges, co_activation, edge_scores, on_features, replaced_paths, true_edges

CIRCUIT = Circuit(3, (make_gates([(Op.AND, [0, 1]), (Op.OR, [1, 2])]), make_gates([(Op.XOR, [0, 1])])))
"""Six true edges of the 3 x 2 + 2 x 1 = 8 candidates; the false ones are 2 -> 0 and 0 -> 1 of the first layer."""
FALSE = np.array([[0, 2, 1, 0], [0, 0, 1, 1]])


def test_the_true_circuit_scores_one():
    found = edge_scores(true_edges(CIRCUIT), CIRCUIT)
    assert found["auroc"] == found["average_precision"] == found["tpr@100.0%"] == 1
    assert found["replaced_paths"] == 0
    assert found["tpr@50.0%"] == 4 / 6 and found["fpr@50.0%"] == 0


def test_inhibitors_are_edges():
    circuit = Circuit(3, (make_gates([(Op.AND, [0, 1], [2])]),))
    assert true_edges(circuit).ends.tolist() == [[0, 0, 1, 0], [0, 1, 1, 0], [0, 2, 1, 0]]


def test_nothing_listed_is_a_random_order():
    found = edge_scores(Edges(np.zeros((0, 4), int), np.zeros(0)), CIRCUIT)
    assert found["auroc"] == 0.5 and found["average_precision"] == 6 / 8
    assert found["tpr@20.0%"] == pytest.approx(0.2) and found["fpr@20.0%"] == pytest.approx(0.2)


def test_auroc_and_average_precision_by_hand():
    ends = np.concatenate([true_edges(CIRCUIT).ends, FALSE])
    found = edge_scores(Edges(ends, np.array([9, 8, 6, 5, 3, 2, 7, 4.0])), CIRCUIT)  # + + - + + - + +
    assert found["auroc"] == pytest.approx(1 - (4 + 2) / 12)  # pairs in the wrong order: 4 below the first false one, 2
    expected = np.mean([1 / 1, 2 / 2, 3 / 4, 4 / 5, 5 / 7, 6 / 8])
    assert found["average_precision"] == pytest.approx(expected)


def test_ties_give_the_mean_over_their_orders():
    """Six candidates, three different scores: rates at a budget are means over all orders of the ties."""
    circuit = Circuit(3, (make_gates([(Op.AND, [0, 1]), (Op.COPY, [2])]),))
    ends = np.array([[0, k, 1, g] for k in range(3) for g in range(2)])
    score = np.array([2, 1, 1, 2, 0, 0.0])
    truth = {tuple(row) for row in true_edges(circuit).ends.tolist()}
    is_true = np.array([tuple(row) in truth for row in ends.tolist()])
    orders = [o for o in permutations(range(6)) if (np.diff(score[list(o)]) <= 0).all()]
    found = edge_scores(Edges(ends, score), circuit)
    rates = np.array([np.concatenate([[0], np.cumsum(is_true[list(o)])]) for o in orders]).mean(0) / 3
    assert found["tpr@50.0%"] == pytest.approx(rates[3])
    assert found["tpr@10.0%"] == pytest.approx(0.6 * rates[1])  # 0.6 of the first edge
    pairs = [np.sign(a - b) / 2 + 0.5 for a in score[is_true] for b in score[~is_true]]
    assert found["auroc"] == pytest.approx(np.mean(pairs))


def test_edges_that_are_not_listed_rank_below_those_with_negative_scores():
    found = edge_scores(Edges(true_edges(CIRCUIT).ends, -np.ones(6)), CIRCUIT)
    assert found["auroc"] == 1


def test_two_hops_replaced_by_one():
    ends = true_edges(CIRCUIT).ends  # paths to the XOR: 0 -> 0, 1 -> 0, 1 -> 1, 2 -> 1
    short = np.array([[0, 0, 2, 0], [0, 1, 2, 0]])
    without = ends[~((ends[:, 0] == 0) & (ends[:, 1] == 0))]  # the path of input 0 has lost its first edge
    score = np.ones(len(without) + 2)
    assert replaced_paths(Edges(np.concatenate([without, short]), score), CIRCUIT) == 1 / 4
    assert replaced_paths(Edges(np.concatenate([ends, short]), np.ones(8)), CIRCUIT) == 0
    late = np.concatenate([np.ones(6), np.zeros(2)])
    assert replaced_paths(Edges(np.concatenate([without, FALSE[:1], short]), late), CIRCUIT) == 0
    assert np.isnan(replaced_paths(true_edges(CIRCUIT), Circuit(3, CIRCUIT.layers[:1])))


def test_co_activation_is_the_cosine_of_two_features():
    b = np.random.default_rng(0).random((200, 3)) < 0.4
    features = [sp.csr_array(layer.astype(np.float32)) for layer in evaluate_circuit(CIRCUIT, b)]
    edges = co_activation(features)
    for (source, i, _, j), score in zip(edges.ends.tolist(), edges.score, strict=True):
        x, y = features[source].toarray()[:, i], features[source + 1].toarray()[:, j]
        assert score == pytest.approx(x @ y / np.sqrt((x @ x) * (y @ y)), rel=1e-5)


def test_latents_become_the_features_they_are_matched_with():
    edges = Edges(np.array([[0, 1, 1, 2], [0, 0, 1, 0], [1, 2, 2, 0]]), np.array([3.0, 2, 1]))
    found = on_features(edges, {1: np.array([-1, 0, 1])})
    assert found.ends.tolist() == [[0, 1, 1, 1], [1, 1, 2, 0]] and found.score.tolist() == [3, 1]
    with pytest.raises(InputError, match="layer 1 has 2 latents"):
        on_features(edges, {1: np.array([0, 1])})


@pytest.mark.parametrize(
    ("ends", "score", "message"),
    [
        ([[0, 0, 1]], [1.0], "source layer, source, target layer, target"),
        ([[0, 0, 1, 0]], [1.0, 2.0], "one score for each edge"),
        ([[0, 0, 1, 0]], [np.nan], "scores = nan: must be finite"),
        ([[0, 0, 1, 2]], [1.0], "layers go from 0 to 2"),
        ([[0, 0, 3, 0]], [1.0], "layers go from 0 to 2"),
        ([[1, 0, 0, 0]], [1.0], "leads to a later layer"),
        ([[0, 0, 1, 0], [0, 0, 1, 0]], [1.0, 1.0], "listed twice"),
    ],
)
def test_what_are_no_edges_is_one_line(ends, score, message):
    with pytest.raises(InputError, match=message):
        edge_scores(Edges(np.array(ends), np.array(score)), CIRCUIT)

"""Circuits: evaluators against each other and against truth tables, planted circuits."""

from itertools import product

import jax
import numpy as np
import pytest
import scipy.sparse as sp
from circuits_to_compile import random_circuit

from superposed.circuits.circuit import (
    Circuit,
    Op,
    check_circuit,
    evaluate_circuit,
    evaluate_gates,
    make_gates,
    most_active,
    sparse_features,
    sparsity_error,
    walk,
)
from superposed.circuits.inputs import random_features
from superposed.circuits.planted import planted_circuit


def test_gates_are_their_truth_tables():
    gates = make_gates([(Op.AND, (0, 1, 2)), (Op.OR, (0, 2)), (Op.XOR, (0, 1, 2)), (Op.COPY, (1,))])
    for a, b, c in product((False, True), repeat=3):
        assert evaluate_gates(gates, np.array([[a, b, c]])).tolist() == [[a and b and c, a or c, a ^ b ^ c, b]]


def test_following_active_features_equals_looking_at_every_gate():
    rng = np.random.default_rng(0)
    circuit = random_circuit(rng, (12, 30, 20, 9))
    b = rng.random((50, 12)) < 0.2
    dense = evaluate_circuit(circuit, b)[1:]
    for truth, (_, active) in zip(dense, walk(circuit.layers, sp.csr_array(b.astype(np.float32))), strict=True):
        assert np.array_equal(truth, active.toarray() > 0)


@pytest.mark.parametrize("kind", ["groups", "paths"])
@pytest.mark.parametrize("s", [2, 3, 6])
def test_planted_circuits_keep_s_features_active_at_any_depth(kind, s):
    circuit, active = planted_circuit(jax.random.key(s), 240, s, 20, 25, kind)
    b = sparse_features(active, 240)
    for _, features in walk(circuit.layers, b):
        assert (np.diff(features.indptr) == s).all()
    check_circuit(circuit, fan_in=2)
    assert (most_active(circuit, b) == s).all()


def test_path_gates_often_see_exactly_one_active_input():
    circuit, active = planted_circuit(jax.random.key(0), 3000, 3, 1, 20, "paths")
    b = np.zeros((20, 3000), bool)
    np.put_along_axis(b, active, True, 1)
    seen = b[:, circuit.layers[0].inputs].sum(2)
    assert (seen == 2).sum(1).tolist() == [3] * 20
    assert 3 < (seen == 1).sum() / 20 < 9


def test_sparsity_report_names_layer_and_gate():
    circuit = Circuit(3, (make_gates([(Op.COPY, (0,)), (Op.COPY, (1,))]), make_gates([(Op.OR, (0, 1))] * 4)), 2)
    error = sparsity_error(circuit, sparse_features(np.array([[0]]), 3), 2)
    expected = "layer 2, gate 2: the input with feature 0 on makes 4 features active there, more than s = 2"
    assert (error.layer, error.gate) == (2, 2) and str(error).startswith(expected)


def test_random_features_are_distinct_and_uniform():
    b = random_features(np.random.default_rng(0), 4000, 10, 3)
    assert (b.sum(1) == 3).all() and b.data.max() == 1
    assert np.abs(b.sum(0) - 1200).max() < 5 * np.sqrt(4000 * 0.3 * 0.7)

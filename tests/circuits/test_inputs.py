"""Inputs to check: random ones, ones that turn gates on, ones with hubs."""

import jax
import numpy as np

from superposed.circuits.circuit import (
    Circuit,
    Op,
    evaluate_circuit,
    make_gates,
)
from superposed.circuits.inputs import (
    Domain,
    count_sparse_inputs,
    different,
    inputs_to_check,
    lively_features,
)
from superposed.circuits.planted import cycle, planted_circuit


def test_hub_inputs_are_drawn_more_often_and_find_what_random_ones_miss():
    rng = np.random.default_rng(0)
    others = rng.permutation(np.arange(100, 4095))[:3000]
    circuit = Circuit(4095, (make_gates([(Op.AND, (k % 100, int(o))) for k, o in enumerate(others)]),), 3)
    b = inputs_to_check(rng, circuit, Domain(4095, 3), 4000).b
    assert (np.diff(b[:, :100].tocsr().indptr) == 2).sum() > 50  # two hubs on: one in 1000 of uniform inputs


def test_lively_inputs_turn_the_last_layer_on():
    circuit, _ = planted_circuit(jax.random.key(0), 300, 3, 6, 1)
    b = lively_features(np.random.default_rng(0), circuit, Domain(300, 3), 50)
    assert b.shape[0] == 50 and (np.diff(b.indptr) == 3).all()
    assert evaluate_circuit(circuit, b.toarray() > 0)[-1].any(1).all()


def test_lively_inputs_reach_the_last_layer_of_deep_circuits_with_ors():
    circuit = cycle(40, 12)
    b = lively_features(np.random.default_rng(0), circuit, Domain(40, 4), 50)
    assert b.shape[0] == 50 and evaluate_circuit(circuit, b.toarray() > 0)[-1].any(1).all()
    assert len(different(b).times) > 20


def test_random_inputs_have_every_number_of_active_features():
    for m, s, most_common in ((300, 3, 3), (8, 8, 4), (4, 9, 2)):
        b = Domain(m, s).random(np.random.default_rng(0), 2000)
        active = np.bincount(np.diff(b.indptr))
        assert len(active) == min(s, m) + 1 and active.min() > 0 and active.argmax() == most_common
        assert b.data.max() == 1
    assert [count_sparse_inputs(*case, 10**9) for case in ((5, 9), (10, 0), (10, 2))] == [32, 1, 56]
    assert count_sparse_inputs(10**12, 10**12, 10**6) > 10**6

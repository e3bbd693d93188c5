"""Gates of all kinds in one targeted layer: truth by brute force, twins, deep circuits of mixed gates with hubs."""

from itertools import combinations

import jax
import numpy as np
import pytest
import scipy.sparse as sp

from superposed.circuits.circuit import Circuit, Op, evaluate_gates, make_gates
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import check_network
from superposed.compiler.refused import NoRoom
from superposed.compiler.sparse import SparseLayer
from superposed.compiler.targeted_and import targeted_and
from superposed.compiler.targeted_gates import reset_of, targeted_gates

M, S = 12, 3
KINDS = [
    (Op.AND, (0, 1)), (Op.AND, (0, 2, 3)), (Op.AND, (4, 5), (6,)), (Op.AND, (1,), (0,)), (Op.OR, (7, 8)),
    (Op.OR, (0, 1, 2, 3)), (Op.COPY, (9,)), (Op.XOR, (0, 4)), (Op.XOR, (8, 9, 10)), (Op.AND, (10, 11)),
]  # fmt: skip


def all_inputs(m, s):
    return np.array([[k in on for k in range(m)] for n in range(s + 1) for on in combinations(range(m), n)])


def test_every_kind_of_gate_is_right_on_every_input():
    gates, b = make_gates(KINDS), all_inputs(M, S)
    exact = sp.eye_array(M, format="csr", dtype=np.float32)
    layer, read = targeted_gates(np.random.default_rng(0), gates, exact, 8192, 40, S)
    reads, truth = (layer(sp.csr_array(b.astype(np.float32))) @ read).toarray(), evaluate_gates(gates, b)
    assert layer.width <= 8192 and ((reads > 0.5) == truth).all()
    assert reads[truth].min() > 0.9 and np.sqrt(((reads - truth) ** 2).mean()) < 0.1


def test_the_scalar_functions():
    u = np.arange(-2, 5).astype(np.float32)
    for op, fan_in, want in (
        (Op.AND, 2, [0, 0, 0, 0, 1, 2, 3]), (Op.OR, 3, [0, 0, 0, 1, 1, 1, 1]), (Op.COPY, 1, [0, 0, 0, 1, 1, 1, 1]),
        (Op.XOR, 2, [0, 0, 0, 1, 0, 0, 0]), (Op.XOR, 3, [0, 0, 0, 1, 0, 1, 1]),
    ):  # fmt: skip
        reset = reset_of(op, fan_in)
        assert np.allclose(reset(u), want, atol=1e-5) and np.allclose(reset(u - 0.3)[2:4], want[2:4], atol=0.31)
        assert np.allclose(reset(u + 0.3)[:3], 0, atol=1e-5)


def test_one_kind_of_and_is_the_targeted_and():
    gates = make_gates([(Op.AND, (k, (k + 1) % M)) for k in range(M)])
    exact = sp.eye_array(M, format="csr", dtype=np.float32)
    (layer, read), (twin, twin_read) = (
        make(np.random.default_rng(5), gates, exact, 512, 20, *more)
        for make, more in ((targeted_gates, (S,)), (targeted_and, ()))
    )
    assert (layer.factors[1] != twin.factors[1]).nnz == 0 and (read != twin_read).nnz == 0
    assert isinstance(layer, SparseLayer) and layer.width == twin.width == 512


def test_a_deep_circuit_of_mixed_gates_with_a_hub_runs_right_on_every_input():
    """Feature 0 is read by every gate of the second layer."""
    first = make_gates([(Op.OR, (0, 1)), (Op.AND, (2, 3)), (Op.COPY, (4,)), (Op.XOR, (5, 6)), (Op.AND, (7, 8), (9,))])
    hub = make_gates([(Op.AND, (0, k)) for k in range(1, 5)] + [(Op.OR, (0, 1)), (Op.AND, (0,), (4,))])
    circuit = Circuit(M, (first, hub, make_gates([(Op.XOR, (0, 4, 5)), (Op.AND, (1, 2)), (Op.OR, (0, 3))])), s=S)
    network = Corrected(S)(jax.random.key(0), circuit, 8192)
    errors = check_network(network, circuit, sparse_features_of(all_inputs(M, S)))
    assert [error.wrong for error in errors] == [0, 0, 0] and network.width <= 8192


def sparse_features_of(b):
    return sp.csr_array(b.astype(np.float32))


def test_kinds_that_do_not_fit_beside_one_another():
    with pytest.raises(NoRoom, match="width = 400: 8 kinds of gates need"):
        targeted_gates(np.random.default_rng(0), make_gates(KINDS), sp.eye_array(M, format="csr"), 400, 20, S)

"""Channel networks: against their dense twin, exactness, codes, width accounting, the control that must fail."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp
from circuits_to_compile import random_circuit

from superposed.circuits.circuit import Circuit, Op, evaluate_circuit, make_gates, sparse_features
from superposed.circuits.planted import group_features, group_layers, path_features, path_layers, planted_circuit
from superposed.compiler.channels import Channels, share_units
from superposed.compiler.codes import coprime_code
from superposed.compiler.deep import check_network, errors_by_depth, run_network
from superposed.compiler.sparse import dense_layer, identity, kink, parity, ramp, rounding, state_map
from superposed.theory.channels import largest_m, misfires


def every_input(n: int) -> sp.csr_array:
    return sp.csr_array(np.array(list(product((0, 1), repeat=n)), np.float32))


def test_resets_are_the_functions_they_are_called():
    u = np.linspace(-3, 3, 1201).astype(np.float32)
    assert np.allclose(identity()(u), u)
    assert np.allclose(kink(1.0)(u), np.maximum(u - 1, 0))
    assert np.allclose(ramp(0.5, 1.5)(u), np.clip(u - 0.5, 0, 1), atol=1e-6)
    near = (np.abs(u - np.round(u)) < 0.33) & (np.abs(u) < 2.4)
    assert np.allclose(rounding()(u[near]), np.round(u[near]), atol=1e-5)
    counts = np.arange(0, 13, dtype=np.float32)
    assert parity(4, 3)(counts).tolist() == [0] * 4 + [1] * 4 + [0] * 4 + [1]
    assert [len(r.out) for r in (identity(), kink(1.0), ramp(0, 1), parity(4, 3), rounding())] == [2, 1, 2, 6, 8]


@pytest.mark.parametrize("c, m, units", [(4, 500, 200), (3, 40, 60), (5, 10, 50), (4, 7, 200), (2, 9, 2), (1, 20, 7)])
def test_channels_meet_in_at_most_one_unit_and_share_the_load(c, m, units):
    code = coprime_code(np.random.default_rng(0), m, c, units)
    wired = np.zeros((m, max(units, code.max() + 1)))
    np.put_along_axis(wired, code, 1, 1)
    assert (wired.sum(1) == c).all() and code.max() < units
    overlap = wired @ wired.T - c * np.eye(m)
    if units >= c * m:
        assert overlap.max() == 0
    elif m <= max(0, units // c - 2 * c) ** 2:
        assert overlap.max() <= 1
    load = wired.sum(0)[wired.sum(0) > 0]
    assert load.max() <= np.ceil(m / max(1, units // c - 2 * c)) + 1


@pytest.mark.parametrize(("op", "at"), [(Op.AND, 8), (Op.OR, 4), (Op.COPY, 4)])
def test_a_unit_is_on_from_the_full_count_on_and_not_before(op, at):
    gates = make_gates([(op, (i,) if op == Op.COPY else (i, i + 1)) for i in range(10)])
    network = Channels(4)(jax.random.key(0), Circuit(12, (gates,)), 200)
    ((_, reset),) = network.stages[1].layers[0].blocks
    counts = np.arange(20, dtype=np.float32)
    np.testing.assert_array_equal(reset(counts), counts >= at)


def test_units_are_shared_within_the_width():
    assert share_units([1.0, 3.0], [2, 4], [1000, 1000], 140, 4) == [10, 30]
    assert share_units([1.0, 3.0], [2, 4], [4, 1000], 140, 4) == [4, 33]
    with pytest.raises(ValueError, match="width 9: no room for a channel of 4 units"):
        share_units([1.0, 1.0], [2, 2], [9, 9], 9, 4)
    with pytest.raises(ValueError, match="c = 0"):
        Channels(c=0)
    with pytest.raises(ValueError, match="width 0"):
        Channels()(jax.random.key(0), Circuit(2, (make_gates([(Op.AND, (0, 1))]),)), 0)


@pytest.mark.parametrize("reset", ["step", "ramp", "relu"])
def test_factored_equals_dense_bit_for_bit(reset):
    circuit = random_circuit(
        np.random.default_rng(2), (9, 14, 11, 8), ops=(Op.AND, Op.OR, Op.COPY) + ((Op.XOR,) if reset == "step" else ())
    )
    network = Channels(c=4, reset=reset)(jax.random.key(1), circuit, 400)
    b = every_input(9)
    states = run_network(network, b)
    x = jnp.asarray(next(states).toarray())
    before = None
    for stage, state in zip(network.stages[1:], states, strict=True):
        (layer,) = stage.layers
        dense = dense_layer(layer, before)
        x = jax.vmap(dense)(x)
        assert x.shape[1] == layer.width == len(dense.b) <= 400
        assert np.array_equal(np.asarray(x) @ state_map(layer).toarray(), state.toarray())
        before = layer


@pytest.mark.parametrize("seed", range(4))
def test_wide_enough_for_disjoint_channels_every_kind_of_gate_is_exact(seed):
    circuit = random_circuit(np.random.default_rng(seed), (10, 16, 12, 10))
    network = Channels(c=2)(jax.random.key(seed), circuit, 6 * 2 * 16 * 2)
    errors = check_network(network, circuit, every_input(10))
    assert [e.wrong for e in errors] == [0, 0, 0]
    bits = evaluate_circuit(circuit, every_input(10).toarray() > 0)[-1]
    assert np.array_equal(
        (list(run_network(network, every_input(10)))[-1] @ network.stages[-1].read).toarray() > 0.75, bits
    )


@pytest.mark.parametrize("kind", ["groups", "paths"])
def test_true_superposition_without_a_wrong_bit(kind):
    m, s, depth, batch, width = 8192, 3, 24, 40, 4096
    features, circuit, build = jax.random.split(jax.random.key(3), 3)
    active = (group_features if kind == "groups" else path_features)(features, m, s, batch)
    layers = lambda: group_layers(circuit, m, s, depth) if kind == "groups" else path_layers(circuit, active, m, depth)
    errors = list(errors_by_depth(Channels().stages(build, layers(), m, width), layers(), sparse_features(active, m)))
    assert len(errors) == depth and sum(e.wrong for e in errors) == 0
    assert {e.neurons for e in errors} <= set(range(width - 40, width + 1)) and all(
        2 * e.units == e.neurons for e in errors
    )
    assert min(e.lowest_active for e in errors) == 1


def test_relu_instead_of_the_step_fails_within_a_few_layers():
    m, depth, batch = 3000, 24, 10
    features, layers_key, build = jax.random.split(jax.random.key(3), 3)
    active = group_features(features, m, 3, batch)
    layers = lambda: group_layers(layers_key, m, 3, depth)
    control = Channels(c=8, reset="relu").stages(build, layers(), m, 2048)
    errors = list(errors_by_depth(control, layers(), sparse_features(active, m), stop_at=10))
    assert len(errors) < 12 and errors[-1].wrong > 0


@pytest.mark.parametrize("c", [4, 5])
def test_law_of_misfires_and_its_avalanche(c):
    units, s, batch = 2048, 3, 60
    most = largest_m(s, c, units)
    for fraction, safe in ((0.75, True), (1.3, False)):
        m = int(fraction * most)
        circuit, active = planted_circuit(jax.random.key(c), m, s, 8, batch)
        stages = Channels(c).stages(jax.random.key(1), circuit.layers, m, 2 * units)
        errors = list(errors_by_depth(stages, circuit.layers, sparse_features(active, m), stop_at=20))
        if safe:
            assert sum(e.wrong for e in errors) == 0
            measured = np.mean([e.extra_units for e in errors]) / batch
            assert 0.4 < measured / misfires(m, s, c, units) < 2.5
        else:
            assert errors[-1].wrong > 0
        assert sum(e.lost for e in errors) == 0  # hits only add: no active bit is lost, not even in an avalanche


def test_law_grows_as_the_square():
    slopes = np.diff(np.log([largest_m(3, 4, 2.0**k) for k in range(10, 18)])) / np.log(2)
    assert ((slopes > 1.8) & (slopes < 2.0)).all()

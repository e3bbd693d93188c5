"""Channel networks: exact gates, wires against brute force, the law of chance hits, codes, placement, the control."""

import jax
import numpy as np
import pytest
import scipy.sparse as sp
from circuits_to_compile import every_input, random_circuit

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Op, evaluate_circuit, sparse_features
from superposed.circuits.circuit import wires as wires_of
from superposed.circuits.planted import group_features, group_layers, path_features, path_layers, planted_circuit
from superposed.compiler.channels import Channels
from superposed.compiler.codes import coprime_code
from superposed.compiler.deep import check_network, errors_by_depth, run_network
from superposed.compiler.placement import placed_code
from superposed.compiler.sparse import identity, index_matrix, kink, rounding
from superposed.compiler.steps import gadget_of
from superposed.compiler.wiring import Wiring, clipped_wires, summed_wires
from superposed.theory.channels import (
    bearable_load,
    bits_per_weight,
    chance_of_count,
    largest_m,
    misfires,
)


def test_resets_are_the_functions_they_are_called():
    u = np.linspace(-3, 3, 1201).astype(np.float32)
    assert np.allclose(identity()(u), u)
    assert np.allclose(kink(1.0)(u), np.maximum(u - 1, 0))
    near = (np.abs(u - np.round(u)) < 0.33) & (np.abs(u) < 2.4)
    assert np.allclose(rounding()(u[near]), np.round(u[near]), atol=1e-5)
    assert [len(r.out) for r in (identity(), kink(1.0), rounding())] == [2, 1, 8]


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


def test_a_wire_is_what_the_neediest_gate_asks_for():
    rng = np.random.default_rng(0)
    before, after = (index_matrix(np.argsort(rng.random((30, 12)), 1)[:, :3], 12) for _ in range(2))
    inputs = np.array([rng.choice(30, 2, replace=False) for _ in range(30)])
    need = np.array([[[before.toarray()[list(g), j].sum() for g in inputs] for j in range(12)]])[0]  # [D_in, gates]
    on = after.toarray() > 0
    brute = np.array([[need[j, on[:, i]].max(initial=0) for i in range(12)] for j in range(12)])
    assert np.array_equal(clipped_wires(before, inputs, after).toarray(), brute) and brute.max() == 2
    total = np.array([[need[j, on[:, i]].sum() for i in range(12)] for j in range(12)])
    assert np.array_equal(summed_wires(before, inputs, after).toarray(), total)


@pytest.mark.parametrize("make", [clipped_wires, summed_wires])
def test_rows_of_wires_are_those_of_the_whole_matrix(make):
    rng = np.random.default_rng(1)
    before, after = (index_matrix(coprime_code(rng, 200, 4, 60), 60) for _ in range(2))
    inputs = np.where(rng.random((200, 3)) < 0.9, rng.integers(0, 200, (200, 3)), -1 - rng.integers(0, 5, (200, 3)))
    wiring = Wiring(before, before.T.tocsr() / 4, inputs, after, make)
    for units in ([3], [0, 17, 41], np.arange(60)):
        assert np.array_equal(wiring.rows(np.array(units)).toarray(), wiring.whole.toarray()[units])
    state = sp.csr_array((rng.random((3, 60)) < 0.04).astype(np.float32))
    fresh = Wiring(before, before.T.tocsr() / 4, inputs, after, make)
    assert 0 < len(np.unique(state.indices)) <= 7 and np.array_equal(
        fresh.reach(state).toarray(), state @ wiring.whole.toarray()
    )
    assert "whole" not in vars(fresh) and fresh.reach(sp.csr_array(np.ones((1, 60)))).shape == (1, 60)


@pytest.mark.parametrize("op, at", [(Op.AND, 8), (Op.OR, 4), (Op.COPY, 4)])
def test_a_unit_is_on_from_the_full_count_on_and_not_before(op, at):
    gadget = gadget_of(2 if op == Op.AND else 1, 1, False, 4)
    assert gadget.bands == ((at, None),) and len(gadget.edges) == 1
    assert gadget_of(1, 3, False, 4).bands == ((4, 8), (12, None)) and len(gadget_of(1, 3, False, 4).edges) == 3


def test_inputs_may_have_units_of_their_own():
    """Sixteen ANDs a neuron are too many where the inputs share the neurons, but not where they lie apart."""
    m, d = 2048, 128
    i, circuit = np.arange(200), Circuit(m, tuple(group_layers(jax.random.key(0), m, 2, 1)))
    b = sparse_features(np.stack([2 * i, 2 * i + 1], 1), m)
    wrong = []
    for units in (None, 4 * m):
        network = Channels(2, 4, encoding_units=units)(jax.random.key(1), circuit, d)
        wrong.append(sum(errors.wrong_inputs for errors in check_network(network, circuit, b)))
        assert network.width <= 2 * d
    assert network.stages[0].code.sum(0).max() == 1 and wrong[1] < 20 < wrong[0]


@pytest.mark.parametrize("m, fan_in, hub", [(1000, 2, False), (400, 3, False), (400, 2, True)])
def test_channels_placed_by_load_meet_in_one_unit_and_need_fewer_wires(m, fan_in, hub):
    rng = np.random.default_rng(0)
    before = index_matrix(coprime_code(rng, m, 4, 256), 256)
    inputs = np.array([rng.choice(np.arange(1, m), fan_in, replace=False) for _ in range(m)])
    inputs[:, 0] = 0 if hub else inputs[:, 0]
    inputs[::7, -1] = -1  # an unused slot
    code = placed_code(rng, before, inputs, 4, 256)
    on = index_matrix(code, 256).toarray()
    assert (on.reshape(m, 4, 64).sum(2) == 1).all() and (on @ on.T - 4 * np.eye(m)).max() <= 1
    at_random = index_matrix(coprime_code(rng, m, 4, 256), 256)
    wires = lambda code: clipped_wires(before, inputs, code).astype(bool)
    placed, random = (wires(index_matrix(code, 256)), wires(at_random))
    assert placed.sum() < 0.93 * random.sum() and placed.sum(0).max() < 1.3 * placed.sum(0).mean()
    if not hub:  # two gates of one feature share no unit
        reads = sp.csr_array(wires_of(inputs, m)).astype(bool).astype(int)
        shared = (reads.T @ reads).toarray() - np.diag(np.inf * np.ones(m)) > 0
        assert shared.sum() > m and (on @ on.T)[shared].mean() < 0.01


def test_layers_placed_by_load_carry_what_random_ones_do_not():
    """Closed groups at 2.8 features a neuron and d = 256."""
    circuit, active = planted_circuit(jax.random.key(0), 720, 3, 3, 60)
    b = sparse_features(active, 720)
    networks = [Channels(3, placement=placement)(jax.random.key(1), circuit, 256) for placement in ("load", "random")]
    wrong = [sum(errors.wrong for errors in check_network(network, circuit, b)) for network in networks]
    assert wrong[0] == 0 < wrong[1]
    for bad in (
        lambda: Channels(3, wires="summed", placement="load"),
        lambda: next(Channels(3, placement="load").stages(jax.random.key(0), circuit.layers, 720, 256, 1)),
    ):
        with pytest.raises(InputError, match="placement = 'load': |first = 1: 0, since channels"):
            bad()


@pytest.mark.parametrize("options", [{}, {"wires": "summed"}, {"placement": "load"}])
@pytest.mark.parametrize("seed", range(3))
def test_every_kind_of_gate_is_exact_where_there_is_room(seed, options):
    circuit = random_circuit(np.random.default_rng(seed), (9, 16, 12, 10), inhibitors=True)
    network = Channels(9, c=2, **options)(jax.random.key(seed), circuit, 400)
    b = every_input(9)
    assert [e.wrong for e in check_network(network, circuit, b)] == [0, 0, 0]
    bits = evaluate_circuit(circuit, b.toarray() > 0)[-1]
    assert np.array_equal((list(run_network(network, b))[-1] @ network.stages[-1].read).toarray() > 0.75, bits)


@pytest.mark.parametrize("reset", ["step", "relu"])
def test_plain_layers_do_what_the_sparse_network_does(reset):
    ops = (Op.AND, Op.OR, Op.COPY) + ((Op.XOR,) if reset == "step" else ())
    circuit = random_circuit(np.random.default_rng(2), (9, 14, 11, 8), ops=ops, inhibitors=reset == "step")
    network, b = Channels(4, reset=reset)(jax.random.key(1), circuit, 300), every_input(9)
    states = run_network(network, b)
    x = next(states).toarray()
    before = sp.eye_array(x.shape[1], format="csr", dtype=np.float32)
    for stage, state in zip(network.stages[1:], states, strict=True):
        (layer,) = stage.layers
        widths = []
        for weight, bias in layer.dense(before):
            x = np.maximum(x @ weight.T.astype(np.float32) + bias, 0)
            widths.append(len(bias))
        assert max(widths) == layer.width <= 300
        assert reset == "relu" or set(np.unique(x)) <= {0, 1}
        before = layer.state_map
        assert np.allclose(x @ before.toarray(), state.toarray(), atol=0 if reset == "step" else 1e-5)


@pytest.mark.parametrize("kind", ["groups", "paths"])
def test_true_superposition_without_a_wrong_bit(kind):
    m, s, depth, batch, width = 16_384, 3, 12, 40, 2048
    features, circuit, build = jax.random.split(jax.random.key(3), 3)
    active = (group_features if kind == "groups" else path_features)(features, m, s, batch)
    layers = lambda: group_layers(circuit, m, s, depth) if kind == "groups" else path_layers(circuit, active, m, depth)
    errors = list(errors_by_depth(Channels(s).stages(build, layers(), m, width), layers(), sparse_features(active, m)))
    assert len(errors) == depth and sum(e.wrong for e in errors) == 0
    assert {e.neurons for e in errors} == {width} and min(e.lowest_active for e in errors) == 1


def test_relu_instead_of_the_step_fails_within_a_few_layers():
    m, depth, batch = 3000, 24, 10
    features, layers_key, build = jax.random.split(jax.random.key(3), 3)
    active = group_features(features, m, 3, batch)
    layers = lambda: group_layers(layers_key, m, 3, depth)
    control = Channels(3, c=8, reset="relu").stages(build, layers(), m, 1024)
    errors = list(errors_by_depth(control, layers(), sparse_features(active, m), stop_at=10))
    assert len(errors) < 12 and errors[-1].wrong > 0


@pytest.mark.parametrize("wires", ["clipped", "summed"])
def test_law_of_misfires_and_its_avalanche(wires):
    units, s, batch = 1024, 3, 60
    most = largest_m(s, 4, units, wires=wires)
    for fraction, safe in ((0.75, True), (1.3, False)):
        m = int(fraction * most)
        circuit, active = planted_circuit(jax.random.key(4), m, s, 8, batch)
        stages = Channels(s, wires=wires).stages(jax.random.key(1), circuit.layers, m, units)
        errors = list(errors_by_depth(stages, circuit.layers, sparse_features(active, m), stop_at=20))
        if safe:
            assert sum(e.wrong for e in errors) == 0
            measured = np.mean([e.extra_units for e in errors]) / batch
            assert 0.4 < measured / misfires(m, s, 4, units, wires=wires) < 2.5
        else:
            assert errors[-1].wrong > 0
        assert sum(e.lost for e in errors) == 0  # hits only add: no active bit is lost, not even in an avalanche


def test_chance_counts_are_binomial_with_clipped_wires_and_poisson_with_summed_ones():
    m, units, active, before = 6000, 500, 12, 500
    rng = np.random.default_rng(0)
    codes = [index_matrix(coprime_code(rng, m, 4, units), units) for _ in range(2)]
    inputs = rng.integers(0, m, (m, 2))
    h = np.zeros((300, before), np.float32)
    np.put_along_axis(h, np.argsort(rng.random(h.shape), 1)[:, :active], 1, 1)  # units at random: chance alone
    load = 2 * m * 4 / units * 4 * active / before
    for make, wires in ((clipped_wires, "clipped"), (summed_wires, "summed")):
        counts = h @ make(codes[0], inputs, codes[1]).toarray()
        for count in (6, 8, 10):
            expected = chance_of_count(load, count, active, wires)
            tolerance = 5 * np.sqrt(expected / counts.size) + 0.1 * expected  # rows of one network are not independent
            assert abs((counts >= count).mean() - expected) < tolerance
    assert chance_of_count(bearable_load(8, 12), 8, 12) == pytest.approx(1e-4, rel=1e-6)
    assert bearable_load(13, 12) == np.inf and chance_of_count(1.0, 0, 12) == 1


def test_largest_m_grows_with_the_power_of_a_count_of_2c():
    slope = np.log2(largest_m(3, 4, 2.0**30) / largest_m(3, 4, 2.0**26)) / 4
    assert abs(slope - (2 - 1 / 8)) < 0.01
    at_4096 = [largest_m(3, 4, 4096) / 4096, largest_m(3, 4, 2048, wires="summed") / 4096]
    assert at_4096[0] > 4 * at_4096[1]  # clipped and one neuron a unit, against sums and two
    assert bits_per_weight(2**14, 1024) == pytest.approx(2**14 * 14 / 2**20)

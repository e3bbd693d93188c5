"""Theorem 8's network as one program: its orders and codes, its twin in SciPy, what its result does not depend on."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from child import QUICK

from superposed.bad_input import InputError
from superposed.circuits.circuit import Op, evaluate_active, make_gates, sparse_features
from superposed.compiler.balanced import order_keys, rank, thing
from superposed.compiler.codes import mean_read
from superposed.compiler.corrected_arrays import code_matrix, corrected_stage, draw_and_layer, draw_code
from superposed.compiler.deep import run
from superposed.compiler.first_wrong import first_wrong_layers
from superposed.compiler.gate_table import gates_of, group_table, table_of
from superposed.compiler.scanned import (
    Plan,
    encode,
    layer_keys,
    next_state,
    rounded,
    run_groups,
    start_groups,
)
from superposed.program import program
from superposed.theory.density_evolution import Design


def orders(n, blocks, key):
    """The places of n things in each block, and what stands at each place of the first one."""
    keys = order_keys(key, blocks)
    places = jax.vmap(lambda key: rank(jnp.arange(n), key, n))(keys)
    return places, thing(places[0], keys[0], n)


@pytest.mark.parametrize("n", [1, 2, 7, 100, 101])
def test_orders_are_one_to_one_and_differ_from_block_to_block(n):
    places, things = map(np.asarray, program(orders, 2)(n, 3, jax.random.key(0)))
    assert np.array_equal(np.sort(places, 1), np.tile(np.arange(n), (3, 1)))
    assert np.array_equal(things, np.arange(n))
    assert n < 7 or (places[0] != places[1]).any()


def test_two_things_are_any_distance_apart():
    n, blocks = 23, 20_000
    places = np.asarray(program(orders, 2)(n, blocks, jax.random.key(1))[0])
    counts = np.bincount((places[:, 3] - places[:, 11]) % n, minlength=n)[1:]
    assert ((counts - blocks / 22) ** 2 / (blocks / 22)).sum() < 21 + 5 * np.sqrt(42)


def test_a_table_made_in_a_program_is_the_table_of_its_circuit():
    table = program(lambda key: group_table(key, 4, 60, 3, 64))(jax.random.key(0))
    gates = gates_of(table, 60)
    assert np.array_equal(np.bincount(gates.inputs.ravel()), np.full(60, 2))
    assert np.array_equal(table_of(gates).earlier, table.earlier[:60])
    for bad in ([(Op.OR, (0, 1))], [(Op.AND, (0, 1)), (Op.AND, (0, 1, 2))]):
        with pytest.raises(InputError, match="same number of inputs"):
            table_of(make_gates(bad))


def test_a_table_lists_every_gate_that_read_a_feature_before():
    table = table_of(make_gates([(Op.AND, (0, 1)), (Op.AND, (0, 2)), (Op.AND, (3, 0))]))
    assert table.earlier[1, 0].tolist() == [0, -1] and sorted(table.earlier[2, 1].tolist()) == [0, 1]


def test_code_has_its_density_and_balanced_signs():
    design, m = Design(2048, 2), 4000
    code = program(lambda key: draw_code(key, m, m + 50, design))(jax.random.key(0))
    matrix = code_matrix(code, m, design.units)
    mean = m * design.units * design.density
    assert abs(matrix.nnz - mean) < 5 * np.sqrt(mean) and abs(matrix.sum()) < 5 * np.sqrt(mean)
    load = np.bincount(matrix.indices, minlength=design.units)
    assert abs(load.var() / (m * design.density * (1 - design.density)) - 1) < 5 * np.sqrt(2 / design.units)
    assert np.diff(matrix.indptr).min() >= 1


def test_neurons_are_balanced_and_a_shared_feature_is_written_once():
    design, m, s = Design(1024, 2), 240, 2
    table = program(lambda key: group_table(key, 1, m, s, m))(jax.random.key(0))
    layer = program(lambda key: draw_and_layer(key, table, m, design))(jax.random.key(1))
    loads = [np.bincount(block, minlength=design.block) for block in np.asarray(layer.neuron)]
    assert {int(load) for block in loads for load in block} == {240 // design.block, 240 // design.block + 1}
    first, second = np.asarray(table.inputs[:, 0]), np.asarray(table.earlier[:, 1, 0])
    same = np.asarray(layer.neuron)[:, second] == np.asarray(layer.neuron)
    weights = np.asarray(layer.weights)
    assert same.any() and (weights[:, :, 1][same] == 0).all() and (weights[:, :, 1][~same] != 0).all()
    assert (weights[:, :, 0] != 0).all() and len(set(first)) == m
    assert np.asarray(layer.is_read).any(0).all()
    assert abs(np.asarray(layer.is_read).mean() - 0.25) < 0.02


@pytest.mark.parametrize("top", [1, 2])
def test_rounding_is_that_of_the_design(top):
    design, x = Design(4096, 2, top=top), np.linspace(-3, 3, 401)
    assert np.allclose(rounded(jnp.asarray(x), design), design.rounded(x), atol=1e-5)


@pytest.mark.parametrize("form", ["scattered", "dense"])
def test_its_twin_in_scipy(form):
    """The same arrays, run by following what is active: the same read-offs and the same wrong bits, layer by layer."""
    m, batch, plan = 240, 7, Plan(Design(1024, 2), 256, form=form)
    circuit_key, build_key = jax.random.split(jax.random.key(3))
    state = program(lambda key: start_groups(plan, batch, key, m))(jax.random.key(3))
    b = sparse_features(np.array([np.flatnonzero(column) for column in np.asarray(state.truth).T]), m)
    code = program(lambda key: draw_code(key, m, plan.rows, plan.design))(jax.random.split(build_key)[0])
    h = b @ code_matrix(code, m, plan.design.units)
    read = mean_read(code_matrix(code, m, plan.design.units))
    assert np.allclose((h @ read).toarray(), np.asarray(state.read).T[:, :m], atol=1e-6)

    @program
    def one_layer(number, state):
        table = group_table(circuit_key, number, m, 2, plan.rows)
        and_key, code_key = layer_keys(build_key, number)
        arrays = draw_and_layer(and_key, table, m, plan.design), draw_code(code_key, m, plan.rows, plan.design)
        return table, *arrays, *next_state(build_key, number, state, table, m, plan)

    for number in (1, 2):
        table, layer, code, state, errors = one_layer(number, state)
        stage = corrected_stage(layer, table.inputs, code, m, plan.design, read)
        h, read = run(stage, h), stage.read
        gates = gates_of(table, m)
        b = evaluate_active(gates, b)
        reads = (h @ read).toarray()
        assert np.allclose(reads, np.asarray(state.read).T[:, :m], atol=1e-4)
        wrong = ((reads > 0.5) != (b.toarray() > 0.5)) & (np.abs(reads - 0.5) > 1e-3)  # 3 of 6 units is a tie
        ties = (np.abs(reads - 0.5) <= 1e-3).sum(1)
        assert (wrong.sum(1) <= errors.wrong).all() and (errors.wrong <= wrong.sum(1) + ties).all()
        assert (np.asarray(state.read)[m:] == 0).all()


@pytest.mark.slow
def test_result_depends_neither_on_rows_nor_on_the_other_networks_nor_on_the_piece():
    design, m = Design(1024, 2), 100
    alone = first_wrong_layers(Plan(design, 100), [m], [5], 4, 9, piece=4)
    among = first_wrong_layers(Plan(design, 160), [m, 160], [5, 6], 4, 9, piece=2)
    assert np.array_equal(alone[0], among[0]) and (among <= 4).any()


@pytest.mark.slow
def test_one_input_is_a_column_of_the_batch():
    plan, key, m = Plan(Design(1024, 2), 64), jax.random.key(0), 64

    @program
    def both(key):
        state = start_groups(plan, 3, key, m)
        single = encode(jax.random.split(key)[1], state.truth[:, 1], m, plan)
        return run_groups(plan, 2, key, m, 0, state)[0], run_groups(plan, 2, key, m, 0, single)

    after, (alone, errors) = both(key)
    assert np.allclose(alone.read, after.read[:, 1], atol=1e-5) and errors.wrong.shape == (2,)
    assert int(alone.truth.sum()) == 2


@pytest.mark.slow
def test_correction_keeps_bits_right_and_without_it_they_go_wrong():
    design = Design(4096, 2)
    assert (first_wrong_layers(Plan(design, 128), [128], [0], 24, 20, piece=8) == 25).all()
    assert (first_wrong_layers(Plan(design, 128, "identity"), [128], [0], 24, 20, piece=8) <= 12).all()


ON_MANY_DEVICES = f"""{QUICK}
import sys
import jax, numpy as np
from superposed.compiler import first_wrong
from superposed.compiler.scanned import Plan
from superposed.compiler.scanned_channels import channel_plan
from superposed.devices import DEVICES
from superposed.theory.density_evolution import Design

plan = Plan(Design(256, 2), 16) if sys.argv[1] == "corrected" else channel_plan(48, 4, 3, 48)
programs, runs = first_wrong.program, []


def watched(function, *options, **more):
    compiled = programs(function, *options, **more)
    return lambda *arguments: runs.append(compiled(*arguments)) or runs[-1]


first_wrong.program = watched
for n in (1, 2, 4):
    DEVICES.set(n)
    first = first_wrong.first_wrong_layers(plan, [plan.rows] * 2, [0, 1], 2, 4, piece=2)
    leaves = jax.tree.leaves(runs[-1])
    found = [first, *map(np.asarray, leaves)]
    same = found if n == 1 else same
    assert all(map(np.array_equal, found, same)), n
    assert len(leaves[0].sharding.device_set) == n, (n, leaves[0].sharding)
    assert len(set(first.ravel())) > 1, first
"""


@pytest.mark.parametrize("template", ["corrected", pytest.param("channels", marks=pytest.mark.slow)])
def test_results_are_the_same_bits_on_1_2_and_4_devices(template):
    """Networks are dealt to two devices, networks and inputs to four; some inputs go wrong, and not all at once."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    subprocess.run([sys.executable, "-c", ON_MANY_DEVICES, template], env=os.environ | flags, check=True)


def test_every_group_is_an_input_once():
    plan = Plan(Design(1024, 2), 20)
    truth = np.asarray(program(lambda key: start_groups(plan, None, key, 20).truth)(jax.random.key(0)))
    assert np.array_equal(truth, np.kron(np.eye(10), np.ones((2, 1))))
    assert first_wrong_layers(plan, [20], [0], 1, None).shape == (1, 10)


def test_numbers_of_features_that_are_refused():
    with pytest.raises(InputError, match="m = 98: networks that take every group have m = rows = 100"):
        first_wrong_layers(Plan(Design(1024, 2), 100), [98], [0], 2, None)
    with pytest.raises(InputError, match="devices = 1000: this process has"):
        first_wrong_layers(Plan(Design(1024, 2), 100), [100], [0], 2, 2, devices=1000)
    for m in (3, 0, 200):
        with pytest.raises(InputError, match=f"m = {m}: closed groups"):
            first_wrong_layers(Plan(Design(1024, 2), 100), [m], [0], 2, 2)

"""Gates of more than two inputs: every gate of every input against brute force, and functions of them."""

from itertools import combinations, product
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.constructions import Bernoulli, FanIn, Superposed, TruthTable
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.programs import key_of
from superposed.measuring.sampling import Sampling
from superposed.networks.network import hidden
from superposed.networks.problem import Problem
from superposed.networks.read_off import SubsetMeans
from superposed.program import program
from superposed.theory.boolean import and_weights, one_code_weights

M, WIDTH, ROWS = 6, 60, 64


def network_of(cell: Cell):
    build_key, _ = jax.random.split(key_of(jnp.array(cell.entropy, jnp.uint32)))
    return program(lambda key: cell.construction(key, Problem(cell.m, cell.s), cell.width, ROWS))(build_key)


def brute_force(cell: Cell) -> dict[int, list[float]]:
    """Errors by stratum in float64, gate by gate and input by input, the way Lemma 5 says it."""
    network, k, m = network_of(cell), cell.construction.fan_in, cell.m
    (layer,), v = network.layers, np.asarray(network.read_off.code, float)
    errors = {j: [] for j in range(k + 1)}
    for active in combinations(range(m), cell.s):
        b = np.isin(np.arange(m), active).astype(float)
        x = b if network.encoding is None else np.asarray(network.encoding, float) @ b
        a = np.maximum(np.asarray(layer.w, float) @ x - (k - 1), 0)
        for gate in combinations(range(m), k):
            wired = v[:, gate].all(axis=1)
            read = a[wired].mean() if wired.any() else 0.0
            errors[int(b[list(gate)].sum())].append(read - b[list(gate)].all())
    return errors


@pytest.mark.parametrize("construction", [FanIn(3, 0.5), FanIn(4, 0.6), Superposed(FanIn(3, 0.5), d_in=9)], ids=repr)
def test_every_gate_of_every_input_is_counted_once(construction):
    cell = Cell(construction, M, 4, WIDTH, 5, Sampling(None))
    (errors,) = measure([cell], rows=ROWS)
    for j, expected in brute_force(cell).items():
        assert errors.count[j] == len(expected)
        if expected:
            np.testing.assert_allclose(errors.mean[j], np.mean(expected), atol=1e-5)
            np.testing.assert_allclose(errors.rms[j], np.sqrt(np.mean(np.square(expected))), atol=1e-5)
            np.testing.assert_allclose([errors.low[j], errors.high[j]], [min(expected), max(expected)], atol=1e-5)


def test_gates_of_two_inputs_are_the_pairs_of_theorem_1():
    of = lambda construction: measure([Cell(construction, 9, 3, WIDTH, 2, Sampling(8))], rows=ROWS)[0]
    by_gate, by_pair = of(FanIn(2, 0.4)), of(Bernoulli(0.4))
    np.testing.assert_array_equal(by_gate.histogram, by_pair.histogram)
    np.testing.assert_allclose(by_gate.total_sq, by_pair.total_sq, rtol=1e-5)


def test_a_sampling_looks_at_the_gates_among_active_and_some_inactive_features():
    k, s, idle, inputs = 3, 4, 5, 6
    (errors,) = measure([Cell(FanIn(k, 0.5), 20, s, WIDTH, 0, Sampling(inputs, idle))], rows=ROWS)
    assert errors.count.tolist() == [inputs * comb(s, j) * comb(idle, k - j) for j in range(k + 1)]
    fewer, more = (measure([Cell(FanIn(k, 0.5), 7, 2, WIDTH, 0, Sampling(2, n))])[0].count for n in (5, 50))
    assert fewer.tolist() == more.tolist()  # there are five inactive features, and no more are looked at


@pytest.mark.parametrize("k", [2, 3])
def test_every_function_is_the_sum_of_its_ands_and_of_its_codes_means(k):
    """All 16 and all 256 functions, on every input, without a network: the algebra alone."""
    inputs = np.arange(2**k)
    subsets = inputs[:, None]
    ands = (subsets & inputs == subsets).astype(float)  # AND of the subset, on the input
    overlap = np.bitwise_count(subsets & inputs).astype(float)
    for theta in (0.5, 0.3):
        means = np.maximum(overlap - theta, 0)
        means[0] = 1
        for table in product((0, 1), repeat=2**k):
            np.testing.assert_allclose(and_weights(table) @ ands, table, atol=1e-12)
            np.testing.assert_allclose(one_code_weights(table, theta) @ means, table, atol=1e-12)


def means_of_subsets(network, b, gate):
    """v_I of one gate on inputs b [n, m], as [n, subsets]: read-offs whose weight is one for I, zero for others."""
    a = jax.vmap(hidden, (None, 0))(network, b)
    read = lambda a, w: network.read_off._replace(weights=w).gates(a, gate[None])[0]
    return jax.vmap(jax.vmap(read, (None, 0)), (0, None))(a, jnp.eye(8))


@pytest.mark.parametrize("form, weights_of", [("split", and_weights), ("one-code", one_code_weights)])
def test_all_256_functions_of_three_features_are_read_from_one_layer(form, weights_of):
    """XOR among them, exactly, where no feature outside the gate is on. Every function is read from the same layer."""
    m, gate = 8, np.array([6, 1, 4])
    network = program(lambda key: TruthTable(form=form)(key, Problem(m, 3), 1000, 1024))(jax.random.key(0))
    bits = np.array(list(product((0, 1), repeat=3)))[:, ::-1]  # input i has bit l of i
    b = np.zeros((8, m), np.float32)
    b[:, gate] = bits
    means = np.asarray(program(means_of_subsets)(network, b, gate))
    for table in product((0, 1), repeat=8):
        np.testing.assert_allclose(means @ weights_of(table), table, atol=1e-4)
    b[:, 0] = 1  # a bystander disturbs them
    disturbed = np.asarray(program(means_of_subsets)(network, b, gate)) @ weights_of((0, 1, 1, 0, 1, 0, 0, 1))
    assert 0.01 < np.abs(disturbed - bits.sum(axis=1) % 2).max() < 4


def test_functions_are_measured_with_their_own_truth():
    """a and not b is no AND and not symmetric: read-offs count against its own table, in every stratum."""
    table = jnp.array([0.0, 1.0, 0.0, 0.0])
    read_off = SubsetMeans(jnp.zeros((1, 3)), jnp.zeros(1, int), jnp.zeros(4), table)
    active = jnp.array([[True, False], [False, True], [True, True]])
    assert read_off.truth(active).tolist() == [1, 0, 0]
    (errors,) = measure([Cell(TruthTable((0, 1, 0, 0)), M, 2, WIDTH, 0, Sampling(8))], rows=ROWS)
    constant = measure([Cell(TruthTable((1, 1, 1, 1)), M, 2, WIDTH, 0, Sampling(8))], rows=ROWS)[0]
    assert constant.max_abs.max() == 0 < errors.max_abs.max()  # a constant needs no neuron


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FanIn(1), "fan_in = 1"),
        (lambda: FanIn(9), "fan_in = 9"),
        (lambda: FanIn(3, 1.5), "density = 1.5"),
        (lambda: Cell(FanIn(5), 4, 2, 10, 0, Sampling()), "fan_in = 5"),
        (lambda: TruthTable((0, 1, 1)), "table = "),
        (lambda: TruthTable((0, 2, 1, 0)), "table = "),
        (lambda: TruthTable((0, 1)), "table = "),
        (lambda: TruthTable(form="both"), "form = 'both'"),
        (lambda: one_code_weights((0, 1), 1.0), "threshold = 1.0"),
        (lambda: Sampling().per_call(Problem(400, 3, fan_in=4), 1), "more than 1,048,576"),
    ],
)
def test_bad_fields_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()

"""Channels of which only the wires of active units are made, against whole matrices; and orders kept as keys."""

import jax
import numpy as np
import pytest
from scipy.stats import kstest

from superposed.bad_input import InputError
from superposed.circuits.keyed_order import keyed_order
from superposed.circuits.planted import group_features
from superposed.compiler.channels_jax import code_for
from superposed.compiler.channels_on_demand import (
    ClosedGroups,
    features_on,
    intended_units,
    next_units,
    run_groups,
    units_of,
    wire_rows,
)
from superposed.compiler.sparse import index_matrix
from superposed.compiler.wiring import clipped_wires
from superposed.theory.channels import largest_m, misfires

M, S, WIDTH, C = 900, 3, 140, 4


@pytest.mark.parametrize("m", [1, 2, 3, 7, 64, 1000, 1001])
def test_a_keyed_order_is_a_permutation_and_knows_its_inverse(m):
    for seed in range(3):
        order = keyed_order(jax.random.key(seed), m)
        places = order(np.arange(m))
        assert np.array_equal(np.sort(places), np.arange(m)) and np.array_equal(order.inverse(places), np.arange(m))
    assert order(np.arange(m)[:, None]).shape == (m, 1)


def test_keyed_orders_look_random():
    """Places of neighbours, of one thing over keys, and fixed points, as of uniform permutations."""
    m, keys = 10_007, 400
    orders = [keyed_order(jax.random.key(seed), m) for seed in range(keys)]
    assert kstest([float(order(np.array([5]))[0]) for order in orders], "uniform", (0, m)).pvalue > 1e-3
    places = orders[0](np.arange(m))
    assert kstest(np.diff(places) % m, "uniform", (0, m)).pvalue > 1e-3
    fixed = sum(int((order(np.arange(m)) == np.arange(m)).sum()) for order in orders)
    assert abs(fixed - keys) < 5 * np.sqrt(keys)  # Poisson with mean 1 each


@pytest.fixture(scope="module")
def layer():
    """Orders before and after a layer of 900 gates, and its whole wires as SciPy multiplies them out."""
    code = code_for(WIDTH, C, M)
    before, after = (keyed_order(jax.random.key(seed), M) for seed in (1, 2))
    slot = np.arange(M)
    partner = np.where(slot % S == S - 1, slot - S + 1, slot + 1)
    inputs = np.empty((M, 2), int)
    inputs[after(slot)] = np.stack([before(slot), before(partner)], 1)
    sparse = index_matrix(units_of(code, slot), sum(code.sizes))
    return code, before, after, clipped_wires(sparse, inputs, sparse).toarray(), sparse.toarray() > 0


def test_wires_of_units_are_those_of_the_whole_layer(layer):
    code, before, after, whole, _ = layer
    assert whole.max() == 2
    assert np.array_equal(wire_rows(code, S, before, after, np.arange(len(whole))), whole)
    assert np.array_equal(wire_rows(code, S, before, after, np.array([3, 77, 3])), whole[[3, 77, 3]])


@pytest.mark.parametrize("at_once", [2**21, 600])
def test_a_step_and_its_reading_are_those_of_whole_matrices(layer, at_once, monkeypatch):
    monkeypatch.setattr("superposed.compiler.channels_on_demand.AT_ONCE", at_once)
    code, before, after, whole, channels = layer
    on = intended_units(code, before(group_features(jax.random.key(3), M, S, 30)))
    on[7] = False  # an input with nothing on
    on |= np.random.default_rng(0).random(on.shape) < 0.02
    stepped = next_units(code, S, before, after, on)
    assert np.array_equal(stepped, on.astype(int) @ whole >= 2 * C)
    read = (on[:, None] >= channels[None]).all(2)
    assert features_on(code, M, on) == read.sum() > 0


def test_networks_err_where_the_law_says_and_not_before():
    width, depth, batch = 512, 8, 20
    most = largest_m(S, C, width)
    m = int(0.8 * most) // S * S
    good = list(run_groups(jax.random.key(0), ClosedGroups(m, S, depth, batch), width, C))
    assert len(good) == depth and sum(layer.wrong for layer in good) == 0
    extra = np.mean([layer.extra for layer in good]) / batch
    assert 0.3 < extra / misfires(m, S, C, width) < 3
    bad = list(run_groups(jax.random.key(0), ClosedGroups(int(2 * most) // S * S, S, depth, batch), width, C))
    assert len(bad) <= depth and bad[-1].wrong > 0 and sum(layer.lost for layer in bad) == 0


def test_numbers_that_do_not_fit_are_refused():
    for groups, width, why in (
        (ClosedGroups(10, 3, 1, 1), 100, "m = 10: a multiple of s = 3"),
        (ClosedGroups(10_002, 3, 1, 1), 40, "channels that meet in one unit"),
        (ClosedGroups(3, 1, 1, 1), 100, "s = 1: closed groups"),
    ):
        with pytest.raises(InputError, match=why):
            next(run_groups(jax.random.key(0), groups, width, C))

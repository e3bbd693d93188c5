"""The JAX form of channels against its SciPy twin: wires, steps, the features that are read, and whole runs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.circuits.circuit import evaluate_active, sparse_features
from superposed.compiler import channels_jax
from superposed.compiler.channels_jax import Planted, code_for, features_on, run_planted, step, wires
from superposed.compiler.first_wrong import first_wrong_layers
from superposed.compiler.gate_table import gates_of, group_table
from superposed.compiler.scanned_channels import channel_plan
from superposed.compiler.sparse import index_matrix
from superposed.compiler.steps import StepLayer, gadget_of
from superposed.compiler.wiring import Wiring, clipped_wires
from superposed.theory.channels import largest_m, misfires

M, WIDTH = 900, 140
AND = gadget_of(2, 1, False, 4)


@pytest.fixture(scope="module")
def twins():
    """Wires of 900 gates on 96 units, by both ways."""
    code = code_for(WIDTH, 4, M)
    inputs = np.stack([np.arange(M), (np.arange(M) * 7 + 11) % M], 1).astype(np.int32)
    units = np.asarray(code.units(jnp.arange(M)))
    sparse = index_matrix(units, sum(code.sizes))
    wiring = Wiring(sparse, sparse.T.tocsr(), inputs, sparse, clipped_wires)
    return code, units, wires(code, jnp.asarray(inputs), sum(code.sizes)), wiring


def test_wires_are_those_of_scipy(twins, monkeypatch):
    code, _, w, wiring = twins
    twin = wiring.whole
    assert np.array_equal(np.asarray(w)[:-1], twin.toarray()) and not np.asarray(w)[-1].any()
    assert twin.max() == 2 and w.dtype == jnp.int8
    monkeypatch.setattr(channels_jax, "CHUNK", 100)  # written piece by piece, the last piece not full
    inputs = np.stack([np.arange(M), (np.arange(M) * 7 + 11) % M], 1).astype(np.int32)
    assert np.array_equal(wires(code, jnp.asarray(inputs), sum(code.sizes)), w)


def test_a_step_and_its_reading_are_those_of_scipy(twins):
    code, units, w, wiring = twins
    width, rng = sum(code.sizes), np.random.default_rng(0)
    h = np.zeros((20, width + 1), np.float32)
    np.put_along_axis(h, units[rng.integers(0, M, (20, 3))].reshape(20, -1), 1, 1)
    active = np.full((20, 150), width, np.int32)
    for row, on in zip(active, h, strict=True):
        row[: int(on.sum())] = np.flatnonzero(on)
    after, n_on = step(w, jnp.asarray(active), 8)
    layer = StepLayer(wiring, None, ((width, gadget_of(2, 1, False, 4)),))
    truth = layer(sp.csr_array(h[:, :width])).toarray() > 0
    assert np.array_equal(n_on, truth.sum(1)) and n_on.max() <= 150
    for units_on, on in zip(np.asarray(after), truth, strict=True):
        assert np.array_equal(units_on[units_on < width], np.flatnonzero(on))
        read = on[units].all(1)
        assert int(features_on(code, jnp.asarray(units_on), width, M).sum()) == read.sum()


@pytest.mark.parametrize("kind", ["groups", "paths"])
def test_runs_end_where_the_law_says(kind):
    width, s, depth, batch = 512, 3, 8, 20
    near = 0 if kind == "groups" else 2 * s
    most = largest_m(s, 4, width, near)
    m = int(0.8 * most)
    code = code_for(width, 4, m)
    good = run_planted(jax.random.key(0), Planted(m, s, depth, batch, code, kind))
    assert (int(good.layers), int(good.wrong), int(good.lost)) == (depth, 0, 0)
    assert 0.3 < int(good.extra) / depth / batch / misfires(m, s, 4, width, near) < 3
    bad = run_planted(jax.random.key(0), Planted(int(2 * most), s, depth, batch, code, kind))
    assert int(bad.layers) < depth and int(bad.wrong) > 0
    with pytest.raises(InputError, match="channels that meet in one unit"):
        code_for(40, 4, 10_000)


def test_a_run_is_scipys_bit_for_bit():
    """The same circuit, wires and inputs, layer by layer: the same units are on, and the same bits are read wrongly."""
    m, s, batch = 240, 3, 12
    plan = channel_plan(150, 4, s, m, room=150)  # crowded: units are on by chance, and bits go wrong
    key, width = jax.random.key(4), plan.width
    state = plan.start(batch, key, m)
    b = sparse_features(np.asarray(state.groups)[:, None] * s + np.arange(s), m)
    code = index_matrix(np.asarray(plan.code.units(jnp.arange(m))), width)
    h = dense(state.active, width)
    chance = n_wrong = 0
    one_layer = jax.jit(plan.run, static_argnums=0)
    for layer in (1, 2, 3):
        table = group_table(jax.random.split(key)[0], layer, m, s, plan.rows)
        gates = gates_of(table, m)
        h = StepLayer(Wiring(code, code.T.tocsr(), gates.inputs, code, clipped_wires), None, ((width, AND),))(
            sp.csr_array(h)
        )
        h, b = h.toarray(), evaluate_active(gates, b)
        state, wrong = one_layer(1, key, m, layer - 1, state)
        assert np.array_equal(dense(state.active, width), h)
        read = (h @ code.T.toarray() / 4 > 1 - 0.5 / 4) != (b.toarray() > 0)
        assert np.array_equal(wrong[0], read.sum(1))
        chance, n_wrong = chance + h.sum() - b.sum() * 4, n_wrong + read.sum()
    assert chance > 0 and n_wrong > 0


def test_first_wrong_layers_of_a_roomy_and_of_a_crowded_network():
    """Both in one program, because the number of features may differ from network to network."""
    roomy, crowded = first_wrong_layers(channel_plan(150, 4, 3, 900), [90, 900], [0, 1], 6, 8, piece=3)
    assert (roomy == 7).all() and (crowded < 7).any()


def dense(active, width):
    """Units that are on as rows of 0 and 1."""
    h = np.zeros((len(active), width + 1), np.float32)
    np.put_along_axis(h, np.asarray(active), 1, 1)
    return h[:, :width]

"""Units of a layer that are shared out by need: hubs, gates that err by the law, XORs, and widths that are refused."""

import jax
import numpy as np
import pytest
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Op, make_gates, sparse_features
from superposed.circuits.inputs import Domain
from superposed.compiler import channels
from superposed.compiler.channels import Channels
from superposed.compiler.codes import coprime_sizes
from superposed.compiler.deep import check_network
from superposed.compiler.refused import NoRoom
from superposed.compiler.shares import Before, Share, share_units, shares
from superposed.compiler.steps import gadget_of
from superposed.theory.channels import (
    hits,
    idle_gates_on,
    xors_off,
)


def test_units_are_shared_within_the_width():
    wants = lambda *units: lambda chance: [-u * np.log(chance) for u in units]
    sizes = share_units(wants(1, 3), [1, 2], [4, 4], [1000, 1000], 70, 4)
    assert sizes[0] + 2 * sizes[1] in (68, 69, 70) and abs(sizes[1] / sizes[0] - 3) < 0.35
    assert share_units(wants(1, 3), [1, 2], [4, 4], [4, 1000], 70, 4) == [4, 33]
    small, large = share_units(wants(1, 1000), [1, 1], [32, 32], [99, 9999], 400, 4)
    assert small >= 32 and 390 <= small + large <= 400  # a floor for the small one
    with pytest.raises(NoRoom, match="width = 7: 2 shares of units need a channel of c = 4 each; at least 8") as error:
        share_units(wants(1, 1), [1, 1], [4, 4], [9, 9], 7, 4)
    assert (error.value.width, error.value.least) == (7, 8)
    with pytest.raises(InputError, match="c = 0: a channel has at least one unit"):
        Channels(3, c=0)
    with pytest.raises(NoRoom, match="width = 3"):
        Channels(3)(jax.random.key(0), Circuit(2, (make_gates([(Op.AND, (0, 1))]),)), 3)


def hubs(n_hubs: int, fan_out: int, m: int, seed: int = 0) -> Circuit:
    """n gates AND(hub, other), every hub with `fan_out` of them."""
    rng = np.random.default_rng(seed)
    others = rng.permutation(np.arange(n_hubs, m))[: n_hubs * fan_out]
    pairs = [(Op.AND, (k % n_hubs, int(other))) for k, other in enumerate(others)]
    return Circuit(m, (make_gates(pairs),), 3)


def test_gates_of_a_hub_share_units_with_no_other_gate():
    circuit = hubs(20, 100, 4000)
    layout = shares(circuit.layers[0], Before(4000, 1200), 1200, 3, 4)
    assert len(layout) == 20 and sum(share.units for share in layout) <= 1200
    for share in layout:
        assert len(np.unique(circuit.layers[0].inputs[share.members, 0])) == 1 and len(share.members) == 100


def test_hubs_do_not_disturb_one_another():
    circuit = hubs(100, 30, 4095)
    network = Channels(3)(jax.random.key(0), circuit, 3200)
    rng = np.random.default_rng(1)
    worst = np.argsort(rng.random((2000, 100)), 1)[:, :3]  # three hubs on: no gate is
    pairs = circuit.layers[0].inputs[rng.integers(0, 3000, 2000)]
    b = sp.vstack([sparse_features(worst, 4095), sparse_features(pairs, 4095)], format="csr")
    assert [e.wrong for e in check_network(network, circuit, b)] == [0]


def test_gates_that_err_are_as_many_as_the_degrees_of_the_active_features_say():
    """Features read once or 40 times, three of which are active: half-on gates, and what comes on top."""
    m, units, s, c = 900, 500, 3, 4
    rng = np.random.default_rng(2)
    fan_out = np.where(np.arange(m) < 30, 40, 1)
    reads = rng.permutation(np.repeat(np.arange(m), fan_out))[:2000].reshape(-1, 2)
    gates = make_gates([(Op.AND, tuple(pair)) for pair in reads.tolist() if pair[0] != pair[1]])
    circuit = Circuit(m, (gates,), s)
    b = Domain(m, s).weighted(rng, 3000, fan_out)
    share = Share(np.arange(len(gates.op)), gadget_of(2, 1, False, c), units)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channels, "shares", lambda *_: [share])
        network = Channels(s)(jax.random.key(0), circuit, units)
    [errors] = check_network(network, circuit, b)
    degree = np.bincount(gates.inputs.ravel(), minlength=m).astype(float)
    own = degree[b.indices]  # the fan-out of every active feature of every input
    others = np.repeat(b @ degree, np.diff(b.indptr)) - own
    blocks, before = coprime_sizes(units, c), network.stages[0].code.shape[1]
    load = hits(gates.inputs.size, c, units, s * c, before)
    law = lambda own, others: idle_gates_on(own, others, len(gates.op), load, 2 * c, s * c, blocks, before).sum()
    assert errors.lost == 0 and 1 / 2 < errors.invented / law(own, others) < 2
    assert law(own, 0 * others) < errors.invented / 5  # chance alone does not tell


def test_xors_are_switched_off_as_often_as_the_law_says():
    m, units, s, c = 600, 600, 3, 4
    rng = np.random.default_rng(3)
    pairs = np.stack([rng.permutation(m), rng.permutation(m)], 1)
    circuit = Circuit(m, (make_gates([(Op.XOR, tuple(map(int, pair))) for pair in pairs if pair[0] != pair[1]]),), s)
    b = Domain(m, s).random(rng, 2000)
    layout = [Share(np.arange(circuit.widths[1]), gadget_of(1, 2, False, c), units)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channels, "shares", lambda *_: layout)
        network = Channels(s)(jax.random.key(0), circuit, 2 * units)
    [errors] = check_network(network, circuit, b)
    active = np.diff(b.indptr).astype(float)
    law = xors_off(2 * active, 2 * np.maximum(active - 1, 0), c, units).sum()
    assert 0.7 < errors.lost / law < 1.3

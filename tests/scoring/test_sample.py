"""Samples: valid inputs, activations of the stored weights, and the features that are really on."""

import known_networks
import numpy as np
import pytest
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Op, evaluate_circuit, make_gates
from superposed.scoring.sample import (
    active_table,
    draw_inputs,
    from_table,
    read_sample,
    sample_layer,
    write_sample,
)
from superposed.scoring.truth import layer_truth

NETWORKS = pytest.mark.parametrize("network", [known_networks.groups, known_networks.mixed])


@NETWORKS
@pytest.mark.parametrize("layer", [1, 2])
def test_a_sample_is_what_network_and_circuit_do(network, layer):
    compiled = network()
    circuit, s = compiled.circuit, compiled.metadata["s"]
    sample = sample_layer(compiled, 500, layer, seed=1)
    b = from_table(sample.inputs, circuit.n_inputs).toarray()
    truths = evaluate_circuit(circuit, b > 0)
    assert all((truth.sum(1) <= s).all() for truth in truths[: layer + 1])
    assert np.array_equal(from_table(sample.features, circuit.widths[layer]).toarray() > 0, truths[layer])
    truth = layer_truth(compiled, layer)
    reads = sample.activations @ truth.read_off.T
    assert reads == pytest.approx(list(compiled.reads(b))[layer - 1], abs=1e-4)
    assert np.array_equal(reads > truth.threshold, truths[layer])


@NETWORKS
def test_every_feature_that_can_be_on_is_sampled(network):
    compiled = network()
    for layer in (1, 2):
        features = sample_layer(compiled, 3000, layer).features
        assert len(np.unique(features[features >= 0])) == compiled.circuit.widths[layer]


def test_the_same_seed_gives_the_same_sample_and_another_another():
    compiled = known_networks.groups()
    first, again, other = (sample_layer(compiled, 50, 1, seed).inputs for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_inputs_on_which_the_circuit_is_not_sparse_are_drawn_again():
    copies = Circuit(6, (make_gates([(Op.COPY, [k // 2]) for k in range(12)]),))  # every input turns on two gates
    b = draw_inputs(np.random.default_rng(0), copies, 3, 400, 1)
    assert b.shape == (400, 6) and np.diff(b.indptr).max() == 1
    four = Circuit(3, (make_gates([(Op.COPY, [k // 4]) for k in range(12)]),))
    with pytest.raises(InputError, match="s = 3: on .* drawn inputs a layer has more active features than that"):
        draw_inputs(np.random.default_rng(0), four, 3, 400, 1)


def test_groups_have_one_active_input_each():
    circuit = Circuit(7, (make_gates([(Op.AND, [0, 3]), (Op.OR, [1, 6])]),), groups=((0, 1, 2), (3, 4, 5)))
    b = draw_inputs(np.random.default_rng(0), circuit, 3, 300, 1).toarray()
    assert (b[:, :3].sum(1) == 1).all() and (b[:, 3:6].sum(1) == 1).all() and 0 < b[:, 6].sum() < 300
    few = draw_inputs(np.random.default_rng(0), circuit, 3, 300, 1, s_inputs=2).toarray()
    assert not few[:, 6].any()


def test_tables_of_active_features():
    b = sp.csr_array(np.array([[0, 1, 1], [0, 0, 0], [1, 0, 0]], np.float32))
    table = active_table(b)
    assert table.tolist() == [[1, 2], [-1, -1], [0, -1]]
    assert np.array_equal(from_table(table, 3).toarray(), b.toarray())


def test_a_sample_survives_its_file_and_belongs_to_its_network(tmp_path):
    compiled = known_networks.groups()
    sample = sample_layer(compiled, 20, 2)
    write_sample(tmp_path / "a.safetensors", sample, compiled, 0)
    again = read_sample(tmp_path / "a.safetensors", compiled)
    assert all(np.array_equal(one, other) for one, other in zip(sample, again, strict=True))
    with pytest.raises(InputError, match="another network"):
        read_sample(tmp_path / "a.safetensors", known_networks.mixed())


def test_layers_that_are_not_there():
    for layer in (0, 3):
        with pytest.raises(InputError, match=f"layer = {layer}: the circuit has the layers 1 to 2"):
            sample_layer(known_networks.groups(), 5, layer)
    with pytest.raises(InputError, match="n = 0"):
        sample_layer(known_networks.groups(), 0, 1)

"""Scores of weight components: the gates of a layer are its weights, and each is needed exactly where it is on."""

import known_networks
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.compiler.file import CompiledNetwork
from superposed.scoring.components import Components, component_scores, gate_components, score_components
from superposed.scoring.sample import from_table, sample_layer
from superposed.scoring.truth import activations, first_weights, layer_truth


@pytest.mark.parametrize("network", [known_networks.groups, known_networks.mixed])
@pytest.mark.parametrize("layer", [1, 2])
def test_the_weights_are_the_sum_of_the_gates(network, layer):
    compiled = network()
    gates = gate_components(compiled, layer)
    assert gates.out.T @ gates.into == pytest.approx(first_weights(compiled, layer), abs=1e-4)


def test_a_gate_is_needed_exactly_where_it_is_on():
    """The importance that is taken for true: without the gate's component a bit is lost where it is on, else none."""
    compiled = known_networks.groups()
    sample, gates, truth = sample_layer(compiled, 60, 1), gate_components(compiled, 1), layer_truth(compiled, 1)
    on = from_table(sample.features, 60).toarray() > 0
    b = from_table(sample.inputs, 60).toarray()
    for g in range(0, 60, 7):
        without = compiled.tensors | {
            "layers.0.weight": first_weights(compiled, 1) - np.outer(gates.out[g], gates.into[g])
        }
        a = activations(CompiledNetwork(without, compiled.metadata), b, truth.network_layer)
        changed = (a @ truth.read_off.T > truth.threshold) != on
        assert np.array_equal(changed[:, g], on[:, g])


def test_the_table_of_true_gates():
    compiled = known_networks.groups()
    sample, gates = sample_layer(compiled, 300, 2), gate_components(compiled, 2)
    on = from_table(sample.features, 60).toarray()
    order = np.random.default_rng(0).permutation(60)
    found = Components(-2 * gates.out[order], -gates.into[order] / 2, on[:, order])
    table = score_components(compiled, 2, found, sample)
    for row in ("recovered", "true gates"):
        assert table[row]["mmcs"] == 1 and table[row]["ml2r"] == pytest.approx(1)
        assert table[row]["needed_error"] == table[row]["idle_error"] == 0
        assert table[row]["residual"] == pytest.approx(0, abs=1e-5)
    for row in ("random components", "singular vectors", "neurons"):
        assert table[row]["mmcs"] < 0.7
    assert table["singular vectors"]["residual"] == pytest.approx(0, abs=1e-4)


def test_scores_by_hand():
    eye = np.eye(2)
    truth, weights = Components(eye, eye), np.eye(2)
    found = Components(np.array([[0.5, 0], [1, 1], [0, 0]]), np.array([[1, 0], [1.0, 1], [1, 1]]))
    on = np.array([[1, 0], [1, 1.0]])
    scores = component_scores(truth, found, weights, None)
    assert scores["mmcs"] == pytest.approx((1 + 0.5) / 2)
    assert scores["ml2r"] == pytest.approx((0.5 + 2) / 2)
    assert scores["residual"] == pytest.approx(np.linalg.norm(eye - [[1.5, 1], [1, 1]]) / np.sqrt(2))
    one = Components(eye[:1], eye[:1], np.array([[0.75], [0.5]]))  # gate 1 has no component
    scores = component_scores(truth, one, weights, on)
    assert scores["needed_error"] == pytest.approx((0.25 + 0.5 + 1) / 3) and scores["idle_error"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"out": np.ones((60, 3))}, r"out.shape = \(60, 3\): one component a row"),
        ({"into": np.full((60, 60), np.inf)}, "into.shape|into = inf"),
        ({"importance": np.ones((300, 59))}, r"importance.shape = \(300, 59\)"),
        ({"importance": np.full((300, 60), 1.5)}, "importance = '1.5 to 1.5': lies between 0 and 1"),
        ({"importance": np.full((300, 60), np.nan)}, "importance = nan: must be finite"),
    ],
)
def test_what_does_not_fit_is_one_line(change, message):
    compiled = known_networks.groups()
    found = gate_components(compiled, 1)._replace(**change)
    with pytest.raises(InputError, match=message):
        score_components(compiled, 1, found, sample_layer(compiled, 300, 1))


def test_importances_need_a_sample():
    compiled = known_networks.groups()
    found = gate_components(compiled, 1)._replace(importance=np.ones((3, 60)))
    with pytest.raises(InputError, match="need the sample"):
        score_components(compiled, 1, found)

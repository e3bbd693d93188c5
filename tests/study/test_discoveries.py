"""The data of `discovery` are what they are called, true dictionaries are found whole, answers follow from rows."""

import jax.numpy as jnp
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.study import dictionary_trainings
from superposed.study.discoveries import (
    SCORED,
    activations_of,
    cycle_data,
    discovery,
    gates_found,
    inputs_of,
    uand_data,
)
from superposed.study.loading import load_experiment
from superposed.sweeping.record import Record, Seen
from superposed.training.dictionaries import Dictionary, Learned, Learner


@pytest.fixture(scope="module", params=[True, False], ids=["apart", "shared"])
def data(request):
    (data,) = cycle_data(32, 4, 1, 96, request.param, 40, 1)
    return data


def test_a_feature_is_on_where_all_its_neurons_are(data):
    directions = data.directions["features"]
    assert directions.shape == (32, 96) and ((directions == 1).sum(1) == 4).all() and directions.sum() == 128
    x = data.activations[-SCORED:].astype(np.float32)
    assert len(data.activations) == 40 + SCORED and set(np.unique(x)) == {0, 1}
    assert np.array_equal((x @ directions.T == 4).astype(int), data.on.toarray()) and 0 <= data.wrong < 0.2
    assert 1.5 < data.on.sum() / SCORED < 2.1


def test_inputs_that_lie_apart_share_no_unit():
    apart, shared = (cycle_data(32, 4, 1, 96, place, 40, 1)[0].sources.toarray() for place in (True, False))
    assert (apart.sum(0) == 1).all() and apart.shape == (32, 128)
    assert shared.sum(0).max() > 1 and shared.shape[1] <= 96


def test_true_directions_are_found_and_classify(data):
    """The true directions about the mean, read as a linear probe would: every feature, every bit."""
    x = np.asarray(activations_of((data,))[0], np.float32)
    directions = data.directions["features"] / 2
    on = data.on.toarray()
    read = x[-SCORED:] @ directions.T
    low, high = np.where(on > 0, np.inf, read).min(0), np.where(on > 0, read, np.inf).min(0)
    idle = np.where(on > 0, -np.inf, read).max(0)
    assert (idle < high).all() and (low < high).all()
    true = Learned(
        Dictionary(*map(jnp.asarray, (directions, -(idle + high) / 2, directions, 0 * x[0]))), jnp.float32(0)
    )
    scores = discovery(data, true, Learner("l1", 32), jnp.asarray(x))
    assert scores["recovered"] == scores["f1"] == 1 and scores["dead"] == 0
    none = true._replace(dictionary=true.dictionary._replace(decoder=jnp.eye(96)[:32]))
    assert discovery(data, none, Learner("l1", 32), jnp.asarray(x))["recovered"] == 0


def test_a_transcoder_that_reads_the_inputs_of_its_gates_finds_all_edges(data):
    sources, gates = data.sources.toarray(), data.circuit.layers[-1].inputs
    true = Dictionary(sources[gates].sum(1), np.zeros(32), data.directions["features"], np.zeros(96))
    assert gates_found(data, Learned(true, np.float32(0)))["average_precision"] > 0.99
    wrong = true._replace(encoder=np.roll(true.encoder, 5, 0))
    assert gates_found(data, Learned(wrong, np.float32(0)))["average_precision"] < 0.1


def test_a_transcoder_reads_rows_of_the_layer_before(data):
    assert inputs_of((data,)).shape == (1, 40 + SCORED, data.sources.shape[1])


def test_networks_with_too_many_wrong_bits_are_refused():
    with pytest.raises(InputError, match="inputs have wrong bits in 24 neurons; lower it"):
        cycle_data(96, 4, 1, 24, False, 10, 1)


def test_a_universal_and_has_a_direction_an_input_and_a_pair():
    (data,) = uand_data(6, 3, 64, 40, 1)
    assert data.directions["inputs"].shape == (6, 64) and data.directions["ANDs"].shape == (15, 64)
    assert len(data.activations) == 40 + SCORED and data.on is None


CELL = {
    "kind": "load", "method": "topk", "s": 4, "m": 16, "d": 64, "layer": 1, "apart": True, "size": 1, "times": 1,
    "k": None, "rows": 64, "seeds": 2, "steps": 3, "batch": 16, "rates": [1e-9, 0.01], "penalties": [0],
}  # fmt: skip


def test_the_rate_comes_from_a_network_that_is_not_reported(monkeypatch):
    """Of the settings tried, the one with the largest cosine is used, on two other networks."""
    networks, rates, cosines = [], [], iter([0.3, 0.8])

    def nothing_learned(keys, x, y, learner, rate, penalty):
        rates.append(np.asarray(rate).tolist())
        n, d = len(x), x.shape[2]
        return Learned(Dictionary(*(jnp.zeros((n, *shape)) for shape in ((16, d), (16,), (16, d), (d,)))), jnp.zeros(n))

    def scores(data, learned, learner, x):
        networks.append(data)
        return {"mmcs_true": next(cosines, 0.5), "recovered": 0.0}

    monkeypatch.setattr(dictionary_trainings, "learn", nothing_learned)
    monkeypatch.setattr(dictionary_trainings, "discovery", scores)
    result = dictionary_trainings.train_cell(CELL)
    assert rates == [[1e-9, 0.01], 0.01] and result["rate"] == 0.01
    assert [tried["cosine"] for tried in result["tried"]] == [0.3, 0.8]
    tuned, again, *reported = map(id, networks)
    assert tuned == again and tuned not in reported and len(set(reported)) == 2
    assert len(result["scores"]["recovered"]) == 2 and result["firings"] == pytest.approx(3 * result["active"])
    rates.clear()
    result = dictionary_trainings.train_cell(CELL | {"rates": [0.5]})  # nothing to choose from
    assert rates == [0.5] and result["tried"] == [{"rate": 0.5, "penalty": 0, "cosine": None}]


def test_answers_follow_from_rows():
    """Found at 0.9 less 0.1 a doubling of the load; longer training finds 0.2 more; another layer as many."""
    _, experiment = load_experiment("discovery")
    (task,) = experiment.tasks(profile := experiment.profiles["standard"])

    def result(cell):
        share = 0.7 - 0.1 * np.log2(cell["m"] / cell["d"]) + 0.2 * (cell["times"] > 1) - 0.1 * (cell["size"] > 1)
        seeds = [float(np.clip(share + wiggle, 0, 1)) for wiggle in (0.01, -0.01) * 4]
        names = ["recovered", "average_precision", "inputs recovered", "ANDs recovered", "inputs mmcs_true"]
        scores = dict.fromkeys([*names, "ANDs mmcs_true"], seeds)
        return {"k": 2, "rate": 0.01, "penalty": 0, "active": 1.8, "firings": 500.0, "wrong": [0.0], "scores": scores}

    analysis = experiment.analyse(profile, Seen(Record(cell, result(cell)) for cell in task.cells))
    measured = {finding.question: finding for finding in analysis.findings}
    assert "0.50 [0.49, 0.51] at 4 d" in measured["L1: what share of the features of layer 1 is found?"].measured
    assert measured["L1: what share of the features of layer 1 is found?"].measured.endswith("below half from 8 d on")
    longer = measured["TopK: does longer training find more?"]
    assert longer.verdict == "supported" and "0.50 [0.49, 0.51], then 0.70" in longer.measured
    assert measured["TopK: are more features found in a deeper layer?"].verdict == "inconclusive"
    size = measured["matching pursuit: does a dictionary with more latents than features find more?"]
    assert size.verdict == "contradicted" and size.measured.endswith("-0.100 [-0.100, -0.100]")
    assert {row["kind"] for row in analysis.table} == {"load", "longer", "depth", "size", "transcoder", "uand"}

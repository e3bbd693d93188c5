"""A network in other libraries computes what it computes here; its card says what the file says."""

from pathlib import Path

import known_networks
import numpy as np
import pytest
from safetensors.numpy import load_file

from superposed.bad_input import InputError
from superposed.circuits.circuit import evaluate_circuit
from superposed.cli import main
from superposed.compiler.write import write_tensors
from superposed.scoring import export
from superposed.scoring.card import certainty, write_card
from superposed.scoring.dictionary import cosines, direction_scores
from superposed.scoring.sample import draw_inputs, from_table, sample_layer
from superposed.scoring.truth import layer_truth


@pytest.fixture(params=[known_networks.groups, known_networks.mixed])
def network(request, tmp_path, monkeypatch):
    """(network, inputs, features of its last layer); the network is also the file net.safetensors."""
    monkeypatch.chdir(tmp_path)
    compiled = request.param()
    write_tensors("net.safetensors", compiled.tensors, compiled.metadata)
    rng = np.random.default_rng(0)
    b = draw_inputs(rng, compiled.circuit, compiled.metadata["s"], 200, compiled.depth).toarray()
    return compiled, b, evaluate_circuit(compiled.circuit, b > 0)[-1]


def test_the_stack_is_the_network(network):
    compiled, b, truth = network
    a = b
    for weight, bias, relu in export.stack(compiled):
        a = a @ weight.T + bias
        a = np.maximum(a, 0) if relu else a
    assert np.array_equal(a > 0, truth) and truth.any()


def test_torch_loads_the_state_dict_into_the_printed_module(network, capsys):
    torch = pytest.importorskip("torch")
    _, b, truth = network
    assert main(["export", "net.safetensors", "--format", "torch", "-o", "net.pt"]) == 0
    scope = {"torch": torch, "nn": torch.nn}
    exec(capsys.readouterr().out, scope)
    assert isinstance(scope["model"], torch.nn.Sequential)
    assert np.array_equal(scope["model"](torch.from_numpy(b)).detach().numpy() > 0, truth)


def test_onnx_runs_the_model(network, capsys):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    _, b, truth = network
    assert main(["export", "net.safetensors", "--format", "onnx", "-o", "net.onnx"]) == 0
    scope = {"onnxruntime": onnxruntime, "b": b}
    exec(capsys.readouterr().out, scope)
    assert np.array_equal(scope["features"] > 0, truth)


def test_saelens_loads_the_dictionary_and_makes_the_activations(network, capsys):
    pytest.importorskip("sae_lens")
    import safetensors.torch
    import torch
    from sae_lens.synthetic import FeatureDictionary
    from sae_lens.synthetic.evals import feature_uniqueness, mean_correlation_coefficient

    compiled, _, _ = network
    assert main(["export", "net.safetensors", "--format", "saelens", "--layer", "1", "-o", "d.safetensors"]) == 0
    scope = {"FeatureDictionary": FeatureDictionary, "safetensors": safetensors}
    exec(capsys.readouterr().out, scope)
    features, truth, sample = scope["features"], layer_truth(compiled, 1), sample_layer(compiled, 300, 1)
    on = from_table(sample.features, len(truth.directions)).toarray()
    made = features(torch.from_numpy(on)).detach().numpy()
    apart = ((on @ (truth.directions != 0)) <= 1).all(1)  # rows whose active features share no neuron
    same = abs(made - sample.activations) < 1e-6
    assert apart.sum() > 30 and same[apart][made[apart] > 0].all() and same.all(1).mean() > 0.5
    decoder = np.random.default_rng(0).normal(size=(70, made.shape[1])).astype(np.float32)
    decoder[:20] = truth.directions[:20]
    ours = direction_scores(cosines(truth.directions, decoder))
    theirs = mean_correlation_coefficient(torch.from_numpy(decoder), features.feature_vectors.detach())
    assert abs(theirs - ours["mcc"]) < 1e-5
    unique = feature_uniqueness(torch.from_numpy(decoder), features.feature_vectors.detach())
    assert abs(unique - ours["uniqueness"]) < 1e-6


def test_the_dictionary_for_saelens_holds_the_true_directions(network):
    compiled, _, _ = network
    assert export.write_saelens(Path("d.safetensors"), compiled, 2) == layer_truth(compiled, 2).directions.shape
    tensors = load_file("d.safetensors")
    assert np.array_equal(tensors["feature_vectors"], layer_truth(compiled, 2).directions)
    assert tensors["bias"].shape == tensors["feature_vectors"].shape[1:] and not tensors["bias"].any()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--format", "saelens"], "--layer is missing: which circuit layer"),
        (["--format", "torch", "--layer", "1"], "leave it out"),
        (["--format", "saelens", "--layer", "9"], "the layers 1 to 2"),
    ],
)
def test_a_layer_goes_with_saelens_alone(network, capsys, argv, message):
    assert main(["export", "net.safetensors", *argv, "-o", "new"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err and not Path("new").exists()


def test_a_library_that_is_not_there_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    for write in (export.write_torch, export.write_onnx):
        with pytest.raises(InputError, match="pip install"):
            write(tmp_path / "net", [])


def test_a_network_too_large_for_onnx_is_refused(monkeypatch, tmp_path):
    pytest.importorskip("onnx")
    monkeypatch.setattr(export, "MOST_BYTES", 3)
    with pytest.raises(InputError, match="at most 2 GiB"):
        export.write_onnx(tmp_path / "net", [export.Affine(np.zeros((1, 1), np.float32), np.zeros(1), False)])


def test_the_card_says_what_the_file_says(network):
    compiled, _, _ = network
    metadata, kinds = compiled.metadata, {int(op) for gates in compiled.circuit.layers for op in gates.op}
    card = write_card("net.safetensors", metadata, compiled.circuit).read_text()
    for value in (f"| up to {metadata['features']} in a layer", f"| {metadata['width']} in the widest layer",
                  f"at most {metadata['s']} in any layer", "0 wrong bits on", "superposed sample net.safetensors",
                  "**What it is not.**", "2 layers of AND" + " gates" * (len(kinds) == 1)):  # fmt: skip
        assert value in card
    assert len(card.splitlines()) < 50 and max(map(len, card.splitlines())) < 200


def test_the_card_says_what_is_proven_what_was_sampled_and_what_is_known_to_be_wrong():
    check = {"exhaustive": False, "chance_wrong": 0.003}
    worst = {"certified": [2], "tried": 1000, "wrong": 12}
    words = certainty({"check": check, "worst_case": worst, "depth": 5, "s": 3})
    for part in ("below 0.003, at 95%", "wrong bits are known**: 12 of 1,000", "turned no other unit on: 2.",
                 "only sampled: 1, 3 to 5."):  # fmt: skip
        assert part in words
    assert "known" not in certainty({"check": check, "worst_case": {**worst, "wrong": 0}, "depth": 5, "s": 3})
    assert "every valid input is right" in certainty({"check": {"exhaustive": True}, "worst_case": worst, "depth": 5})

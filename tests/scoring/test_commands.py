"""`sample` and `score` through main([...]): what they write and print, and one line for what does not fit."""

import json

import known_networks
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from superposed.cli import main
from superposed.cli import score as command
from superposed.compiler.write import write_tensors
from superposed.scoring.components import gate_components
from superposed.scoring.edges import true_edges
from superposed.scoring.sample import from_table
from superposed.scoring.truth import layer_truth


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys):
    """A folder with a network, a sample of its layer 1, and files of the truth as a tool would write them."""
    monkeypatch.chdir(tmp_path)
    compiled = known_networks.groups()
    write_tensors("net.safetensors", compiled.tensors, compiled.metadata)
    assert main(["sample", "net.safetensors", "--layer", "1", "--n", "300", "-o", "acts.safetensors"]) == 0
    assert capsys.readouterr().out.startswith("acts.safetensors: 300 activations of 124 neurons in circuit layer 1")
    compiled = known_networks.groups()
    on = from_table(load_file("acts.safetensors")["features"], 60).toarray()
    truth, gates = layer_truth(compiled, 1), gate_components(compiled, 1)
    order = np.random.default_rng(0).permutation(60)
    latent_of = np.argsort(order)
    ends, scores = true_edges(compiled.circuit)
    latents = ends.copy()
    latents[ends[:, 0] == 1, 1] = latent_of[ends[ends[:, 0] == 1, 1]]
    latents[ends[:, 2] == 1, 3] = latent_of[ends[ends[:, 2] == 1, 3]]
    decoder = np.ascontiguousarray(truth.directions[order])
    save_file({"decoder": decoder, "latents": np.ascontiguousarray(on[:, order])}, "d.safetensors")
    save_file({"edges": latents, "scores": scores, "decoder.1": decoder}, "e.safetensors")
    save_file({"out": gates.out, "into": gates.into, "importance": on}, "p.safetensors")
    return tmp_path


def score(*argv):
    return main(["score", "net.safetensors", *argv])


def test_the_truth_scores_one_in_all_three_tables(folder, capsys):
    files = ["--dictionary", "d.safetensors", "--circuit", "e.safetensors", "--parameters", "p.safetensors"]
    assert score("--layer", "1", "--sample", "acts.safetensors", *files, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    recovered = {name: found[name]["recovered"] for name in ("dictionary", "circuit", "parameters")}
    assert recovered["dictionary"]["mcc"] == recovered["dictionary"]["f1"] == 1
    assert recovered["circuit"]["auroc"] == recovered["circuit"]["average_precision"] == 1
    assert recovered["parameters"]["mmcs"] == 1 and recovered["parameters"]["needed_error"] == 0
    assert {"co-activation", "true circuit", "no edge listed"} < set(found["circuit"])
    assert score("--layer", "1", "--dictionary", "d.safetensors", "--sample", "acts.safetensors") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "dictionary" and "linear probe" in lines[1] and lines[2].split()[:2] == ["mcc", "1"]


def test_a_sample_holds_what_its_help_says(folder):
    tensors = load_file("acts.safetensors")
    assert {name: value.shape[0] for name, value in tensors.items()} == dict.fromkeys(tensors, 300)
    assert tensors["activations"].dtype == np.float32 and tensors["features"].dtype == np.int32


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["score", "net.safetensors"], "nothing to score: give --dictionary, --circuit or --parameters"),
        (["score", "net.safetensors", "--dictionary", "d.safetensors"], "--layer is missing"),
        (["score", "net.safetensors", "--layer", "3", "--dictionary", "d.safetensors"], "the layers 1 to 2"),
        (["score", "acts.safetensors", "--layer", "1", "--dictionary", "d.safetensors"], "`superposed compile` wrote"),
        (["score", "net.safetensors", "--layer", "1", "--dictionary", "none.safetensors"], "No such file"),
        (["score", "net.safetensors", "--layer", "1", "--dictionary", "text"], "not a safetensors file"),
        (["score", "net.safetensors", "--layer", "1", "--dictionary", "p.safetensors"], "has no tensor 'decoder'"),
        (["score", "net.safetensors", "--layer", "1", "--parameters", "d.safetensors"], "has no tensor 'out'"),
        (["score", "net.safetensors", "--layer", "1", "--dictionary", "more.safetensors"], "that is not scored"),
        (["score", "net.safetensors", "--layer", "1", "--dictionary", "narrow.safetensors"], "(60, 123)"),
        (["score", "net.safetensors", "--layer", "1", "--dictionary", "nan.safetensors"], "must be finite"),
        (["score", "net.safetensors", "--layer", "1", "--dictionary", "d.safetensors"], "need the sample"),
        (
            ["score", "net.safetensors", "--layer", "2", "--sample", "acts.safetensors", "--circuit", "e.safetensors"],
            "is a sample of layer 1",
        ),
        (
            ["score", "net.safetensors", "--layer", "1", "--sample", "d.safetensors", "--dictionary", "d.safetensors"],
            "not a file that `superposed sample` wrote",
        ),
        (["sample", "net.safetensors", "--layer", "3", "-o", "new"], "the layers 1 to 2"),
        (["sample", "net.safetensors", "--layer", "1", "--n", "0", "-o", "new"], "at least one input"),
        (["sample", "net.safetensors", "--layer", "1", "--n", "1e14", "-o", "new"], "do not fit"),
        (["sample", "net.safetensors", "--layer", "1", "-o", "net.safetensors"], "is the file that is read"),
        (["sample", "net.safetensors", "--layer", "1", "-o", "no/folder"], "does not exist"),
        (["sample", "d.safetensors", "--layer", "1", "-o", "new"], "that `superposed compile` wrote"),
        (["sample", "net.safetensors", "--layer", "1", "--seed", "-1", "-o", "new"], "--seed -1"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_changes_nothing(folder, capsys, argv, message):
    tensors = load_file("d.safetensors")
    (folder / "text").write_text("text")
    save_file(tensors | {"encoder": tensors["decoder"]}, "more.safetensors")
    save_file({"decoder": np.ascontiguousarray(tensors["decoder"][:, 1:])}, "narrow.safetensors")
    save_file({"decoder": np.full((60, 124), np.nan, np.float32)}, "nan.safetensors")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_dictionary_too_large_for_this_machine_is_one_line(folder, monkeypatch, capsys):
    dictionary = ["--layer", "1", "--dictionary", "d.safetensors", "--sample", "acts.safetensors"]
    monkeypatch.setattr(command, "memory", lambda: 24 * 60 * 60 - 1)
    assert score(*dictionary) == 2
    assert "60 latents and 60 features have cosines that do not fit" in capsys.readouterr().err
    monkeypatch.setattr(command, "memory", lambda: 24 * 60 * 60)
    assert score(*dictionary) == 0

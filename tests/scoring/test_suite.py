"""The frozen suite: the same networks bit for bit, on any machine; and one line for files that are not of it."""

import shutil

import known_networks
import numpy as np
import pytest
from safetensors.numpy import load_file

from superposed.circuits.circuit import Op, walk
from superposed.circuits.planted import cycle
from superposed.cli import main
from superposed.cli import suite as command
from superposed.compiler.file import CompiledNetwork, load
from superposed.compiler.write import write_tensors
from superposed.scoring.sample import draw_inputs
from superposed.scoring.suite import DIGESTS, SUITE, covered, mixed, tensors_digest, wide

SMALLEST = ["mixed", "facts"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the two smallest networks of the suite."""
    folder = tmp_path_factory.mktemp("suite")
    assert main(["suite", *SMALLEST, "-o", str(folder)]) == 0
    return folder


def test_the_two_smallest_are_made_bit_for_bit_with_their_cards(made, capsys):
    files = [str(made / f"{name}.safetensors") for name in SMALLEST]
    assert main(["suite", "--check", *files]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{file}: {name}" for file, name in zip(files, SMALLEST, strict=True)
    ]
    assert {path.name for path in made.iterdir()} == {
        f"{name}.safetensors{end}" for name in SMALLEST for end in ("", ".md")
    }
    for name in SMALLEST:
        network = load(made / f"{name}.safetensors")
        assert network.metadata["width"] < network.metadata["features"] and network.metadata["check"]["wrong_bits"] == 0


def test_what_is_there_is_kept(made, capsys):
    before = {path: path.stat().st_mtime_ns for path in made.iterdir()}
    assert main(["suite", *SMALLEST, "-o", str(made)]) == 0
    assert [line.endswith(": kept") for line in capsys.readouterr().out.splitlines()] == [True, True]
    assert {path: path.stat().st_mtime_ns for path in made.iterdir()} == before


def test_a_digest_sees_names_shapes_types_and_single_bits():
    tensors = {"a": np.arange(6, dtype=np.int8), "b": np.ones(2, np.float32)}
    changed = [
        {"a": tensors["a"].reshape(2, 3), "b": tensors["b"]},
        {"a": tensors["a"].astype(np.int16), "b": tensors["b"]},
        {"c": tensors["a"], "b": tensors["b"]},
        {"a": tensors["a"], "b": np.nextafter(tensors["b"], 2)},
        {"a": tensors["a"]},
    ]
    assert len({tensors_digest(each) for each in [tensors, *changed]}) == 6
    assert tensors_digest(dict(reversed(tensors.items()))) == tensors_digest(tensors)


def test_another_digest_is_said_and_exits_with_1(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "make", lambda name, path: "1" * 64)
    assert main(["suite", "mixed", "-o", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and f"the suite's is {DIGESTS['mixed']}" in err


@pytest.fixture
def others(made, tmp_path, monkeypatch):
    """A folder with a network that is not of the suite, and one of the suite with a changed weight."""
    monkeypatch.chdir(tmp_path)
    other = known_networks.groups()
    write_tensors("other.safetensors", other.tensors, other.metadata)
    tensors = load_file(made / "mixed.safetensors")
    tensors["layers.0.weight"][0, 0] += 1
    write_tensors("changed.safetensors", tensors, load(made / "mixed.safetensors").metadata)
    (tmp_path / "text").write_text("text")
    (tmp_path / "full").mkdir()
    shutil.copy("other.safetensors", "full/mixed.safetensors")
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--check", "other.safetensors"], "holds no network of the suite"),
        (["--check", "changed.safetensors"], "holds no network of the suite"),
        (["--check", "text"], "not a safetensors file"),
        (["--check", "none"], "No such file"),
        ([], "give -o DIR"),
        (["-o", "x", "--check", "text"], "give -o DIR"),
        (["mix", "-o", "x"], "did you mean mixed?"),
        (["-o", "full"], "holds no network of the suite"),
        (["-o", "text/x"], "is not a folder"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(others, capsys, argv, message):
    before = {path: path.read_bytes() for path in others.rglob("*") if path.is_file()}
    assert main(["suite", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and message in err
    assert {path: path.read_bytes() for path in others.rglob("*") if path.is_file()} == before


def test_the_mixed_circuit_has_every_kind_of_gate():
    circuit = mixed(600, 16)
    assert {int(op) for gates in circuit.layers for op in gates.op} == {int(op) for op in Op}
    assert any((gates.inputs < -1).any() for gates in circuit.layers)


def test_every_feature_of_the_small_circuits_is_on_for_inputs_of_its_own():
    """Two features that are always on together could not be told apart by any tool."""
    for circuit, s in ((mixed(96, 4), 3), (wide(64, 3), 2), (cycle(64, 16), 2)):
        depth = len(circuit.layers)
        b = draw_inputs(np.random.default_rng(0), circuit, s, 3000, depth)
        *_, (_, features) = walk(circuit.layers, b)
        rows = features.toarray().T
        assert rows.any(1).all() and len(np.unique(rows, axis=0)) == len(rows)


def test_a_digest_with_error_correction_covers_what_machines_agree_on():
    tensors = {"layers.0.weight": np.float32([0.3, -0.1]), "features.1.neurons": np.int32([1, 2])}
    digest = lambda **changed: tensors_digest(
        covered(CompiledNetwork(tensors | {name.replace("_", "."): v for name, v in changed.items()},
                                {"template": "correct"})))  # fmt: skip
    assert digest() == digest(layers_0_weight=np.nextafter(tensors["layers.0.weight"], 1))
    assert digest() != digest(layers_0_weight=-tensors["layers.0.weight"])
    assert digest() != digest(features_1_neurons=np.int32([2, 1]))


@pytest.mark.slow
def test_the_whole_suite(tmp_path, capsys):
    assert main(["suite", "-o", str(tmp_path)]) == 0
    networks = {name: load(tmp_path / f"{name}.safetensors") for name in SUITE}
    assert len(networks) == 6 and sum(path.stat().st_size for path in tmp_path.iterdir()) < 200e6
    assert {network.metadata["template"] for network in networks.values()} == {"channels", "correct"}
    wide = networks["wide"].metadata
    assert wide["features"] == 16 * wide["width"] and networks["deep"].depth == 16
    for name in networks:
        assert main(["verify", str(tmp_path / f"{name}.safetensors"), "--inputs", "500"]) == 0, name

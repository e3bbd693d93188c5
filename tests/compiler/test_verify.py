"""`superposed verify`: what a file claims, recomputed."""

import json
import os

import jax
import numpy as np
import pytest
from circuits_to_compile import compiled, wide_and
from safetensors.numpy import save_file

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Op, make_gates
from superposed.circuits.planted import planted_circuit
from superposed.cli import main
from superposed.compiler.file import load
from superposed.compiler.write import write_tensors


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two networks: units of every kind of gate beside one another, and the paper's rounding."""
    kinds = [
        (Op.OR, (0, 1)),
        (Op.AND, (2, 3)),
        (Op.AND, (0, 2, 4)),
        (Op.XOR, (1, 3, 5)),
        (Op.COPY, (4,)),
        (Op.XOR, (0, 5)),
    ]
    second = [(Op.OR, (0, 1)), (Op.AND, (2, 3)), (Op.AND, (0, 2), (4,))]
    mixed = Circuit(6, (make_gates(kinds), make_gates(second)), 6)
    ands, _ = planted_circuit(jax.random.key(0), 8, 2, 2, 1)
    made = []
    for circuit, width, template in ((mixed, "900", "channels"), (ands, "800", "correct")):
        folder = tmp_path_factory.mktemp(template)
        made.append(compiled(folder, circuit, "--width", width, "--template", template))
    return made


CHANGES = ["layers.1.weight", "layers.0.bias", "circuit.2.inputs", "features.1.read_off", "metadata"]


@pytest.mark.parametrize("what", CHANGES)
def test_verify_notices_a_changed_file(what, files, tmp_path, capsys):
    net, metadata = load(files[0]), dict(load(files[0]).metadata)
    tensors = dict(net.tensors)
    if what == "metadata":
        metadata["check"] = {**metadata["check"], "active": 10**9}
    else:
        tensors[what] = tensors[what].copy()
        tensors[what].flat[0] += 1
    save_file(tensors, tmp_path / "n", metadata={"superposed": json.dumps(metadata)})
    assert main(["verify", str(tmp_path / "n"), "--inputs", "100"]) == 1
    assert f"{what} is not the one that was written" in capsys.readouterr().err


def changed_tensors(tensors: dict, what: str) -> dict:
    """One change of each kind that digests cannot show, since they are written anew."""
    at = lambda name: tensors[name].copy()
    if what == "missing":
        return {name: value for name, value in tensors.items() if name != "layers.1.weight"}
    if what == "extra":
        return {**tensors, "layers.9.weight": tensors["layers.0.weight"]}
    if what == "dtype":
        return {**tensors, "layers.0.bias": at("layers.0.bias").astype(np.float64)}
    if what == "rows":
        return {**tensors, "features.2.neurons": np.tile(at("features.2.neurons"), (2, 1))}
    if what == "beyond":
        return {**tensors, "features.2.neurons": at("features.2.neurons") + 10**6}
    if what == "no threshold":
        return {**tensors, "features.1.threshold": np.zeros(0, np.float32)}
    if what == "flat":
        return {**tensors, "encoding": np.int8(0)[None]}
    if what == "two axes":
        return {**tensors, "layers.0.bias": at("layers.0.bias")[:, None]}
    if what == "directions":
        return {**tensors, "features.2.directions": 0 * at("features.2.directions")}
    return {**tensors, "layers.1.bias": at("layers.1.bias") - 3}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "what, message",
    [
        ("missing", "layers.1.weight is missing"),
        ("extra", "layers.9.weight does not belong"),
        ("dtype", "layers.0.bias has type float64"),
        ("rows", "features.2.neurons, .directions and .read_off do not match"),
        ("beyond", "features.2.neurons, .directions and .read_off do not match"),
        ("no threshold", "features.1.threshold has shape (0,)"),
        ("flat", "encoding has shape (1,)"),
        ("two axes", "layers.0.bias has shape"),
        ("directions", "features.2.directions are not what a forward pass shows"),
        ("bias", "wrong bits on"),
    ],
)
def test_verify_finds_what_is_wrong_even_with_fitting_digests(which, what, message, files, tmp_path, capsys):
    net = load(files[which])
    write_tensors(tmp_path / "n", changed_tensors(dict(net.tensors), what), net.metadata)
    assert main(["verify", str(tmp_path / "n"), "--inputs", "100"]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "key, value, message",
    [
        (None, None, ""),
        ("width", 1, "claims width 1, but it is"),
        ("features", 10**6, "claims features 1,000,000, but it is"),
        ("depth", 9, "claims depth 9, but it is 2"),
        ("state", 5, "claims state 5, but it is"),
        ("encoding", 5, "claims encoding 5, but it is"),
        ("lowest_active", 2.0, "another check of all inputs"),
        ("active", 1, "another check of all inputs"),
        ("highest_idle", 0.99, "largest error"),
        ("inputs", 7, "claims a check of all"),
        ("exhaustive", False, ""),
        ("groups", [[99]], "groups are not disjoint sets of inputs"),
        ("worst_case", {"certified": [3], "tried": 0, "wrong": 0}, "claims layers [3] as certified"),
        ("worst_case", {"certified": [], "tried": 1, "wrong": 2}, "and 2 of 1 wrong"),
    ],
)
def test_verify_recomputes_every_claim(which, key, value, message, files, tmp_path, capsys):
    net = load(files[which])
    claims = dict(net.metadata)
    if key in claims["check"]:
        claims["check"] = {**claims["check"], key: value}
    elif key:
        claims[key] = value
    write_tensors(tmp_path / "n", dict(net.tensors), claims)
    assert main(["verify", str(tmp_path / "n")]) == (1 if message else 0)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("digests", 5, "digests and check are objects"),
        ("s", "x", "s 'x' is not a whole number"),
        ("seed", 2**33, "seed 8589934592 is not below"),
        ("version", True, "version True"),
        ("template", "x", "template 'x' is not one of"),
    ],
)
def test_metadata_of_another_kind(key, value, message, files, tmp_path, capsys):
    net = load(files[0])
    save_file(dict(net.tensors), tmp_path / "n", metadata={"superposed": json.dumps({**net.metadata, key: value})})
    assert main(["verify", str(tmp_path / "n")]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\0\0\0\0\0\0\0{}      ", "other"])
def test_files_that_are_not_compiled_networks(content, tmp_path):
    path = tmp_path / "n.safetensors"
    save_file({"x": np.zeros(3)}, path) if content == "other" else path.write_bytes(content)
    with pytest.raises(InputError, match="give a file that `superposed compile` wrote"):
        load(path)
    with pytest.raises(OSError):
        load(tmp_path / "none")


def test_a_larger_error_on_other_inputs_is_a_note(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 1000, 3, 2, 1)
    out = compiled(tmp_path, circuit, "--width", "500", "--inputs", "1000")
    net = load(out)
    claims = {**net.metadata, "check": {**net.metadata["check"], "highest_idle": 0.0, "largest_error": 0.0}}
    write_tensors(tmp_path / "n", dict(net.tensors), claims)
    assert net.metadata["check"]["largest_error"] > 0 and main(["verify", str(tmp_path / "n"), "--inputs", "900"]) == 0
    assert "0 claimed on those of `compile`" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "n"), "--inputs", "1000", "--seed", "0"]) == 1
    assert "0 claimed on the same ones" in capsys.readouterr().err


def test_directions_are_the_activation_of_one_feature_alone(files):
    for file in files:
        net = load(file)
        features, gates = net.features(1), net.circuit.layers[0]
        and_gate = int(np.flatnonzero(gates.op == Op.AND)[0])
        b = np.zeros((1, net.circuit.n_inputs), np.float32)
        b[0, gates.inputs[and_gate][gates.inputs[and_gate] >= 0]] = 1
        a = list(net.activations(b))[1][0]
        shown = features.dictionary(len(a))[and_gate]
        assert np.allclose(a[shown > 0], shown[shown > 0], atol=1e-4) and shown.max() > 0
        assert features.read(shown[None])[0, and_gate] > features.threshold


def test_a_written_file_has_the_mode_that_the_umask_gives(tmp_path):
    before = os.umask(0o027)
    try:
        out = compiled(tmp_path, wide_and(4, (0, 1)), "--width", "100")
    finally:
        os.umask(before)
    assert out.stat().st_mode & 0o777 == 0o640


def test_verify_repeats_what_compile_knows_to_be_wrong(files, tmp_path, capsys):
    net = load(files[0])
    worst = {"certified": [], "tried": 5, "wrong": 2}
    write_tensors(tmp_path / "n", dict(net.tensors), {**net.metadata, "worst_case": worst})
    assert main(["verify", str(tmp_path / "n")]) == 0
    assert "`compile` found wrong bits on 2 of 5 inputs" in capsys.readouterr().err


def test_verify_computes_certificates_again(tmp_path, capsys):
    """A file that claims every layer: right where the layer is proven, refused where it is not."""
    circuit, _ = planted_circuit(jax.random.key(0), 60, 3, 2, 1)
    proven = compiled(tmp_path, circuit, "--width", "240", "--s", "3", "--inputs", "300")
    assert load(proven).metadata["worst_case"]["certified"] == [1, 2] and main(["verify", str(proven)]) == 0
    narrow = compiled(tmp_path, circuit, "--width", "150", "--s", "3", "--inputs", "300")
    net = load(narrow)
    assert net.metadata["worst_case"]["certified"] == []
    claimed = {**net.metadata, "worst_case": {"certified": [1, 2], "tried": 0, "wrong": 0}}
    write_tensors(tmp_path / "n", dict(net.tensors), claimed)
    assert main(["verify", str(tmp_path / "n")]) == 1
    assert "claims layer 2 as certified, but its weights do not prove it" in capsys.readouterr().err

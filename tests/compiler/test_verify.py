"""`superposed verify`: what a file claims, recomputed."""

import json

import jax
import numpy as np
import pytest
from circuits_to_compile import compiled, wide_and
from safetensors.numpy import save_file

from superposed.circuits.circuit import Circuit, Op, make_gates
from superposed.circuits.planted import planted_circuit
from superposed.cli import main
from superposed.compiler.file import read_network, write_network


@pytest.mark.parametrize(
    "what", ["layers.1.weight", "layers.0.bias", "circuit.2.inputs", "features.1.read_off", "metadata", "missing"]
)
def test_verify_notices_a_changed_file(what, tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 60, 3, 2, 1)
    out = compiled(tmp_path, circuit, "--width", "400", "--inputs", "200")
    tensors, metadata = read_network(out)
    metadata = dict(metadata)
    if what == "missing":
        del tensors["layers.1.weight"]
    elif what == "metadata":
        metadata["check"] = {**metadata["check"], "inputs": 10**9}
    else:
        tensors[what].flat[0] += 1
    save_file(tensors, out, metadata={"superposed": json.dumps(metadata)})
    assert main(["verify", str(out), "--inputs", "100"]) == 1
    assert (
        "metadata" if what == "metadata" else "layers.1.weight" if what == "missing" else what
    ) in capsys.readouterr().err


def test_verify_finds_wrong_bits_even_with_fitting_digests(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 60, 3, 2, 1)
    out = compiled(tmp_path, circuit, "--width", "400", "--inputs", "200")
    tensors, metadata = read_network(out)
    tensors["layers.1.bias"] -= 3
    write_network(out, tensors, {k: v for k, v in metadata.items() if k not in ("format", "version", "digests")})
    assert main(["verify", str(out), "--inputs", "100"]) == 1
    assert "wrong bits on" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\0\0\0\0\0\0\0{}      ", "other"])
def test_files_that_are_not_compiled_networks(content, tmp_path, capsys):
    path = tmp_path / "n.safetensors"
    save_file({"x": np.zeros(3)}, path) if content == "other" else path.write_bytes(content)
    assert main(["verify", str(path)]) == 2
    assert str(path) in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "none")]) == 2


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Units of every kind of gate beside one another, and the paper's rounding."""
    kinds = make_gates(
        [(Op.OR, (0, 1)), (Op.AND, (2, 3)), (Op.AND, (0, 2, 4)), (Op.XOR, (1, 3, 5)), (Op.COPY, (4,)), (Op.XOR, (0, 5))]
    )
    no_xor = make_gates([(Op.OR, (0, 1)), (Op.AND, (2, 3)), (Op.AND, (0, 2, 4))])
    folder = tmp_path_factory.mktemp("mixed")
    ands, _ = planted_circuit(jax.random.key(0), 8, 2, 2, 1)
    return [
        compiled(folder / name, circuit, "--width", width, "--template", template)
        for name, circuit, width, template in (
            ("a", Circuit(6, (kinds, no_xor), 6), "900", "channels"),
            ("b", ands, "800", "correct"),
        )
        if not (folder / name).mkdir()
    ]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "key, value, message",
    [
        (None, None, ""),
        ("width", 1, "claims width 1, but it is"),
        ("features", 10**6, "claims features 1,000,000, but it is"),
        ("depth", 9, "claims depth 9, but it is 2"),
        ("state", 5, "claims state 5, but it is"),
        ("lowest_active", 2.0, "its check of all inputs gave other read-offs"),
        ("active", 1, "its check of all inputs gave other read-offs"),
        ("highest_idle", 0.99, "largest error"),
        ("inputs", 7, "claims a check of all 7 inputs, but"),
        ("exhaustive", False, ""),
        ("directions", 0, "features.2.directions are not the activations"),
    ],
)
def test_verify_recomputes_every_claim(which, key, value, message, mixed, tmp_path, capsys):
    tensors, metadata = read_network(mixed[which])
    claims = {name: v for name, v in metadata.items() if name not in ("format", "version", "digests")}
    if key == "directions":
        tensors = {**tensors, "features.2.directions": 0 * tensors["features.2.directions"]}
    elif key in claims["check"]:
        claims["check"] = {**claims["check"], key: value}
    elif key:
        claims[key] = value
    write_network(tmp_path / "n.safetensors", tensors, claims)
    assert main(["verify", str(tmp_path / "n.safetensors")]) == (1 if message else 0)
    assert message in capsys.readouterr().err


def test_a_larger_error_on_other_inputs_is_a_note(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 300, 3, 2, 1)
    out = compiled(tmp_path, circuit, "--width", "900", "--inputs", "3000")
    tensors, metadata = read_network(out)
    claims = {name: v for name, v in metadata.items() if name not in ("format", "version", "digests")}
    claims["check"] = {**claims["check"], "highest_idle": 0.0, "largest_error": 0.0}
    write_network(out, tensors, claims)
    assert metadata["check"]["largest_error"] > 0 and main(["verify", str(out), "--inputs", "2900"]) == 0
    assert "0 claimed on those of `compile`" in capsys.readouterr().err
    assert main(["verify", str(out), "--inputs", "3000", "--seed", "0"]) == 1
    assert "0 claimed on the same ones" in capsys.readouterr().err


def test_inputs_outside_the_claim_are_left_out(tmp_path, capsys):
    circuit = Circuit(4, (make_gates([(Op.COPY, (k,)) for k in range(4)] + [(Op.OR, (0, 1, 2, 3))]),), 5)
    out = compiled(tmp_path, circuit, "--width", "200")
    tensors, metadata = read_network(out)
    claims = {name: v for name, v in metadata.items() if name not in ("format", "version", "digests")}
    claims["s"], claims["check"] = 4, {**claims["check"], "exhaustive": False}
    write_network(out, tensors, claims)
    assert main(["verify", str(out)]) == 0
    assert "1 input left out, on which more than s = 4 features of a layer are active" in capsys.readouterr().err
    claims["check"]["exhaustive"] = True
    write_network(out, tensors, claims)
    assert main(["verify", str(out)]) == 1
    assert "1 input left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    "key, value, message", [("digests", 5, "digests and check are objects"), ("s", "x", "s 'x' is not a whole number")]
)
def test_metadata_of_another_kind(key, value, message, tmp_path, capsys):
    out = compiled(tmp_path, wide_and(4, (0, 1)), "--width", "100")
    tensors, metadata = read_network(out)
    save_file(tensors, out, metadata={"superposed": json.dumps({**metadata, key: value})})
    capsys.readouterr()
    assert main(["verify", str(out)]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1

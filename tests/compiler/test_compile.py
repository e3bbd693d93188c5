"""The compiler: compiled equals interpreted, files that say what they are, verify that notices, messages that help."""

import json
import re
from itertools import product

import jax
import numpy as np
import pytest
import scipy.sparse as sp
from circuits_to_compile import compiled, random_circuit, wide_and
from safetensors.numpy import load_file

from superposed.circuits.circuit import Circuit, Op, evaluate_circuit, make_gates
from superposed.circuits.formats import write_circuit
from superposed.circuits.inputs import check_inputs, count_sparse_inputs, different, every_sparse_input, lively_features
from superposed.circuits.planted import planted_circuit
from superposed.cli import main
from superposed.compiler.compile import build, check
from superposed.compiler.deep import run_network
from superposed.compiler.file import forward, read_network, to_tensors, write_network


@pytest.mark.parametrize("seed", range(3))
def test_small_circuits_are_right_on_every_input(seed, tmp_path, capsys):
    circuit = random_circuit(np.random.default_rng(seed), (8, 12, 9, 7))._replace(s=12)
    out = compiled(tmp_path, circuit, "--width", "2000", "--all-inputs", "--json", ending="bench")
    report = json.loads(capsys.readouterr().out)
    assert report["check"] == {**report["check"], "inputs": 256, "exhaustive": True, "wrong_bits": 0}
    tensors = load_file(out)
    b = np.array(list(product((0, 1), repeat=8)), np.float32)
    for depth, (read, truth) in enumerate(
        zip(forward(tensors, b), evaluate_circuit(circuit, b > 0)[1:], strict=True), start=1
    ):
        assert np.array_equal(read > tensors[f"features.{depth}.threshold"], truth)
    assert main(["verify", str(out), "--all-inputs"]) == 0


@pytest.mark.parametrize("template, m, width", [("channels", 3000, 1600), ("correct", 90, 4096)])
def test_dense_weights_give_what_the_factors_give(template, m, width):
    circuit, _ = planted_circuit(jax.random.key(0), m, 3, 3, 1)
    network = build(jax.random.key(1), circuit, width, 3, template)
    b = check_inputs(np.random.default_rng(0), circuit, 3, 60)
    reads = forward(to_tensors(network, circuit), b.toarray())
    for stage, state, read in zip(network.stages[1:], list(run_network(network, b))[1:], reads, strict=True):
        factored = (state @ stage.read).toarray()
        if template == "channels":
            assert np.array_equal(np.round(read * 4), np.round(factored * 4))
        assert np.abs(read - factored).max() < 1e-4 and factored.max() > 0.5


def test_directions_are_the_activation_of_one_feature_alone(tmp_path):
    circuit = Circuit(
        6,
        (
            make_gates([(Op.COPY, (k,)) for k in range(6)]),
            make_gates([(Op.XOR, (0, 1)), (Op.OR, (2, 3)), (Op.AND, (4, 5))]),
        ),
        3,
    )
    tensors = to_tensors(build(jax.random.key(0), circuit, 200, 3), circuit)
    b = np.eye(6, dtype=np.float32)
    a = np.maximum(b @ tensors["encoding"].T @ tensors["layers.0.weight"].T + tensors["layers.0.bias"], 0)
    assert np.array_equal(a, tensors["features.1.directions"] * tensors["features.1.direction_unit"])
    ands, _ = planted_circuit(jax.random.key(0), 12, 3, 1, 1)
    tensors = to_tensors(build(jax.random.key(0), ands, 8192, 3, "correct"), ands)
    own = np.einsum(
        "kd,kd->k",
        tensors["features.1.directions"] * tensors["features.1.direction_unit"],
        tensors["features.1.read_off"] * tensors["features.1.read_scale"][:, None],
    )
    assert np.abs(own - 1).max() < 1e-5


def test_true_superposition_compiles_and_verifies(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 4000, 3, 2, 1)
    out = compiled(tmp_path, circuit, "--width", "2600", "--inputs", "5000")
    metadata = read_network(out).metadata
    assert metadata["features"] == 4000 and metadata["width"] <= 2600 and metadata["state"] * 2 == metadata["width"]
    assert (
        metadata["check"]["inputs"] == 5000
        and metadata["check"]["wrong_bits"] == 0
        and metadata["check"]["active"] >= 7000
    )
    assert "0 wrong bits on 5,000 random inputs" in capsys.readouterr().out
    assert main(["verify", str(out), "--inputs", "300"]) == 0
    assert "as claimed; 0 wrong bits on 300 random inputs" in capsys.readouterr().out
    assert main(["verify", str(out), "--inputs", "300", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []


def test_a_width_too_small_is_refused_with_one_that_does(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 3000, 3, 3, 1)
    write_circuit(circuit, tmp_path / "c.json")
    command = ["compile", str(tmp_path / "c.json"), "-o", str(tmp_path / "n.safetensors"), "--inputs", "2000"]
    assert main([*command, "--width", "500"]) == 2
    message = capsys.readouterr().err
    assert (
        "--width 500 is too small" in message
        and len(message.splitlines()) == 1
        and not (tmp_path / "n.safetensors").exists()
    )
    enough = message.split("--width ")[2].split()[0]
    assert main([*command, "--width", enough]) == 0


def test_a_tiny_width_is_told_one_that_does_and_a_folder_is_no_file(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 100, 3, 2, 1)
    write_circuit(circuit, tmp_path / "c.json")
    command = ["compile", str(tmp_path / "c.json"), "--inputs", "200"]
    assert main([*command, "--width", "5", "-o", str(tmp_path / "n.safetensors")]) == 2
    assert "would do" in capsys.readouterr().err
    assert main([*command, "--width", "500", "-o", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "none.safetensors")]) == 2
    assert "none.safetensors: No such file" in capsys.readouterr().err


MIXED = Circuit(4, (make_gates([(Op.OR, (0, 1)), (Op.OR, (1, 2)), (Op.COPY, (3,))]),))


@pytest.mark.parametrize(
    "circuit, flags, message",
    [
        (MIXED, ["--width", "0"], "--width 0: must be at least 1"),
        (MIXED, ["--width", "100"], "give --s"),
        (MIXED, ["--width", "100", "--s", "0"], "--s 0: must be at least 1"),
        (
            MIXED,
            ["--width", "100", "--s", "1", "--all-inputs"],
            "layer 1, gate 1: the input with feature 1 on makes 2 features active there, more than s = 1",
        ),
        (MIXED, ["--width", "400", "--s", "3", "--template", "correct"], "use --template channels"),
        (
            Circuit(3, (make_gates([(Op.AND, (0, 1, 2))]),)),
            ["--width", "99", "--s", "3", "--fan-in", "2"],
            "layer 1, gate 0: AND of .* more than 2 inputs",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_2(circuit, flags, message, tmp_path, capsys):
    write_circuit(circuit, tmp_path / "c.json")
    assert main(["compile", str(tmp_path / "c.json"), "-o", str(tmp_path / "n.safetensors"), *flags]) == 2
    error = capsys.readouterr().err
    assert re.search(message, error) and len(error.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["c.json"]


def test_an_input_drawn_twice_is_run_once():
    b = sp.csr_array(np.array([[0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 1]], np.float32))
    inputs = different(b)
    assert inputs.b.toarray().tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]] and inputs.times.tolist() == [3, 2, 1]
    circuit = Circuit(3, (make_gates([(Op.OR, (0, 1)), (Op.COPY, (2,))]),), 2)
    result = check(build(jax.random.key(0), circuit, 80, 2), circuit, inputs)
    assert (result.inputs, result.different, result.active, result.wrong_bits) == (6, 3, 7, 0)


def test_lively_inputs_turn_the_last_layer_on():
    circuit, _ = planted_circuit(jax.random.key(0), 300, 3, 6, 1)
    b = lively_features(np.random.default_rng(0), circuit, 3, 50)
    assert b.shape[0] == 50 and (np.diff(b.indptr) == 3).all()
    result = check(build(jax.random.key(0), circuit, 2400, 3), circuit, different(b))
    assert result.active == 150 and result.wrong_bits == 0
    with pytest.raises(ValueError, match="leave out --all-inputs"):
        every_sparse_input(10**4, 3)


def test_every_input_of_a_small_circuit_is_checked_and_a_width_that_errs_on_one_refused(tmp_path, capsys):
    circuit = wide_and(5, (4, 3, 0))
    write_circuit(circuit, tmp_path / "c.json")
    out = tmp_path / "net.safetensors"
    assert main(["compile", str(tmp_path / "c.json"), "-o", str(out), "--width", "17"]) == 2
    message = capsys.readouterr().err
    assert "wrong bits on the first 32 different inputs" in message and not out.exists()
    enough = message.split("--width ")[2].split()[0]
    assert main(["compile", str(tmp_path / "c.json"), "-o", str(out), "--width", enough]) == 0
    assert "0 wrong bits on all 32 inputs" in capsys.readouterr().out
    assert read_network(out).metadata["check"]["exhaustive"]
    assert main(["verify", str(out)]) == 0
    assert "as claimed; 0 wrong bits on all 32 inputs" in capsys.readouterr().out


def test_drawn_inputs_have_any_number_of_active_features():
    for m, s, most_common in ((6, 9, 3), (3000, 3, 3), (100, 40, 40)):
        b = check_inputs(np.random.default_rng(0), wide_and(m, (0, 1)), s, 2000)
        active = np.bincount(np.diff(b.indptr)[:1000])
        assert len(active) == min(s, m) + 1 and active.min() > 0 and active.argmax() == most_common
        assert b.data.max() == 1
    assert [count_sparse_inputs(*case, 10**9) for case in ((5, 9), (10, 0), (10, 2))] == [32, 1, 56]
    assert count_sparse_inputs(10**12, 10**12, 10**6) > 10**6


def test_the_directions_of_a_wide_and_are_not_zero():
    tensors = to_tensors(
        build(jax.random.key(0), wide_and(24, tuple(range(22))), 600, 24), wide_and(24, tuple(range(22)))
    )
    own = (tensors["features.1.directions"] * tensors["features.1.read_off"].astype(int)).sum() * tensors[
        "features.1.read_scale"
    ]
    assert abs(own - 1) < 1e-6


def test_state_is_what_is_handed_on():
    circuit, _ = planted_circuit(jax.random.key(0), 12, 3, 2, 1)
    assert build(jax.random.key(0), circuit, 4096, 3, "correct").state == 512


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--seed", "9" * 23], "--seed: '9+' is no whole number"),
        (["--seed", "-1"], "--seed -1: must be from 0 to 4294967295"),
        (["--inputs", "999999999999"], "--inputs 999999999999: at most 2,000,000 are checked at once"),
    ],
)
def test_flags_beyond_reach_are_one_line_and_exit_2(flags, message, tmp_path, capsys):
    out = compiled(tmp_path, wide_and(4, (0, 1)), "--width", "100")
    for command in (
        ["compile", str(tmp_path / "c.json"), "--width", "100", "-o", str(tmp_path / "n")],
        ["verify", str(out)],
    ):
        try:
            assert main([*command, *flags]) == 2
        except SystemExit as error:
            assert error.code == 2
        error = capsys.readouterr().err
        assert re.search(message, error) and len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "n_inputs, flags, message",
    [
        (
            4,
            ["--width", "1000000", "--template", "correct"],
            "--width 1000000: dense weights .* do not fit, they need .* or --template channels",
        ),
        (10**9, ["--width", "1000000"], "--width 1000000: dense weights .* of 1,000,000,000 features do not fit"),
        (
            10**7,
            ["--width", "100", "--s", "1000000"],
            "--inputs 100000: inputs with up to 1,000,000 active features do not fit",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_built(n_inputs, flags, message, tmp_path, capsys):
    write_circuit(wide_and(n_inputs, (0, 1))._replace(s=2), tmp_path / "c.json")
    assert main(["compile", str(tmp_path / "c.json"), "-o", str(tmp_path / "n"), *flags]) == 2
    error = capsys.readouterr().err
    assert re.search(message, error) and len(error.splitlines()) == 1


def test_names_reach_the_file_and_the_message(tmp_path, capsys):
    (tmp_path / "c.bench").write_text("INPUT(b)\nINPUT(a)\nOUTPUT(z)\ny = XOR(a, b)\nz = OR(y, a)\n")
    command = ["compile", str(tmp_path / "c.bench"), "--width", "200", "-o", str(tmp_path / "n.safetensors")]
    assert main([*command, "--s", "1"]) == 2
    assert (
        "c.bench: line 2: layer 1, gate 1 ('a'): the input with feature 'a' on makes 2 features active"
        in capsys.readouterr().err
    )
    assert main([*command, "--s", "2"]) == 0 and main(["verify", str(tmp_path / "n.safetensors")]) == 0
    tensors, metadata = read_network(tmp_path / "n.safetensors")
    assert [json.loads(tensors[f"circuit.{depth}.names"].tobytes()) for depth in range(3)] == [
        ["b", "a"],
        ["y", "a"],
        ["z"],
    ]
    tensors["circuit.1.names"] = np.frombuffer(b'["y"]', np.uint8)
    write_network(
        tmp_path / "n.safetensors",
        tensors,
        {name: v for name, v in metadata.items() if name not in ("format", "version", "digests")},
    )
    assert main(["verify", str(tmp_path / "n.safetensors")]) == 1
    assert "circuit.L.names are not" in capsys.readouterr().err

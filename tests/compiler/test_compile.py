"""The compiler: compiled equals interpreted, in superposition and with hubs; and what is refused."""

import json
import re

import jax
import numpy as np
import pytest
from circuits_to_compile import compiled, every_input, random_circuit, wide_and

from superposed.bad_input import InputError
from superposed.circuits.circuit import (
    Circuit,
    Op,
    evaluate_circuit,
    make_gates,
    sparse_features,
)
from superposed.circuits.formats import write_circuit
from superposed.circuits.inputs import (
    Domain,
    different,
    inputs_to_check,
)
from superposed.circuits.planted import planted_circuit
from superposed.cli import main
from superposed.compiler import compile as compile_module
from superposed.compiler.certificate import attack, worst_inputs
from superposed.compiler.channels import Channels
from superposed.compiler.check import check_network_on
from superposed.compiler.compile import WidthTooSmall, attacked, attempt, compile_circuit, rungs_below
from superposed.compiler.deep import has_wrong_bits, run_network
from superposed.compiler.file import load
from superposed.compiler.template import TEMPLATES, Template, template_of
from superposed.compiler.write import write_network


@pytest.mark.parametrize("seed", range(2))
def test_small_circuits_are_right_on_every_input(seed, tmp_path, capsys):
    circuit = random_circuit(np.random.default_rng(seed), (8, 12, 9, 7), inhibitors=True)._replace(s=12)
    out = compiled(tmp_path, circuit, "--width", "400", "--all-inputs", "--json", ending="bench" if seed else "json")
    report = json.loads(capsys.readouterr().out)
    assert report["check"] == {**report["check"], "inputs": 256, "exhaustive": True, "wrong_bits": 0}
    b, net = every_input(8).toarray(), load(out)
    for depth, (read, truth) in enumerate(
        zip(net.reads(b), evaluate_circuit(circuit, b > 0)[1:], strict=True), start=1
    ):
        assert np.array_equal(read > net.features(depth).threshold, truth)
    assert main(["verify", str(out), "--all-inputs"]) == 0


@pytest.mark.parametrize("template, m, width", [("channels", 1000, 400), ("placed", 1000, 300), ("correct", 60, 4096)])
def test_the_file_does_what_the_sparse_network_does(template, m, width, tmp_path):
    circuit, _ = planted_circuit(jax.random.key(0), m, 3, 3, 1)
    result = compile_circuit(jax.random.key(1), circuit, width, 3, template, n_inputs=60)
    network, c = result.network, template_of(template, 3)
    b = inputs_to_check(np.random.default_rng(0), circuit, Domain(m, 3), 60).b
    write_network(tmp_path / "n.safetensors", result, circuit, template)
    reads = load(tmp_path / "n.safetensors").reads(b.toarray())
    for stage, state, read in zip(network.stages[1:], list(run_network(network, b))[1:], reads, strict=True):
        assert np.abs(read - (state @ stage.read).toarray()).max() < 1e-4 and read.max() > 0.5
    assert isinstance(c, Template) and len(load(tmp_path / "n.safetensors").weights(2)) == c.relu_layers


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_as_the_protocol_says(name):
    template = template_of(name, 3)
    assert isinstance(template, Template) and template.s == 3 and template.overlap in ("max", "sum")
    circuit, active = planted_circuit(jax.random.key(0), 24, 3, 2, 4)
    network = template(jax.random.key(1), circuit, 8192)
    assert len(network.stages) == 3 and network.width <= 8192
    assert check_network_on(network, circuit, different(sparse_features(active, 24))).wrong_bits == 0
    with pytest.raises(InputError, match="template = 'other': one of channels, placed, summed, correct"):
        template_of("other", 3)


def test_true_superposition_compiles_and_verifies(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 2400, 3, 2, 1)
    out = compiled(tmp_path, circuit, "--width", "800", "--inputs", "3000")
    metadata = load(out).metadata
    assert metadata["features"] == 2400 and metadata["width"] <= 800 and metadata["relu_layers"] == 4
    assert metadata["check"]["wrong_bits"] == 0 and metadata["check"]["active"] >= 2000
    said, warned = capsys.readouterr()
    assert "0 wrong bits on 3,000 drawn inputs" in said and "at 95% fewer than 0.001" in said
    known = re.search(r"any 3 exactly stored features: no layer; wrong on (\d+) of (\d+) inputs", said)
    assert f"warning: inputs with wrong bits are known: {known[1]} of {known[2]} chosen to do harm" in warned
    assert metadata["worst_case"] == {"certified": [], "tried": int(known[2]), "wrong": int(known[1])}
    net = load(out)
    assert net.tensors["layers.1.weight"].shape == net.tensors["layers.1.bias"].shape  # a diagonal
    assert net.weights(1)[1][0].tolist() == (-np.eye(metadata["width"])).tolist()
    assert main(["verify", str(out), "--inputs", "300"]) == 0
    assert "as claimed; 0 wrong bits on 300 drawn inputs" in capsys.readouterr().out


def test_a_width_too_small_is_refused_with_one_that_does(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 400, 3, 1, 1)
    write_circuit(circuit, tmp_path / "c.json")
    command = ["compile", str(tmp_path / "c.json"), "-o", str(tmp_path / "n.safetensors"), "--inputs", "300"]
    assert main([*command, "--width", "80"]) == 2
    message = capsys.readouterr().err
    assert "too small for this circuit at s = 3" in message and len(message.splitlines()) == 1
    assert not (tmp_path / "n.safetensors").exists()
    enough = re.search(r"width (\d+) would do", message)[1]
    assert main([*command, "--width", enough]) == 0
    with pytest.raises(WidthTooSmall) as error:
        compile_circuit(jax.random.key(0), circuit, 40, 3, n_inputs=50)
    assert (error.value.width, error.value.s) == (40, 3) and error.value.enough > 40


def test_no_width_is_refused_where_a_narrower_rung_passed(monkeypatch):
    """One lucky draw at width 60 is enough for every larger width, and for no smaller one."""
    circuit, lucky, hopeless = Circuit(4, (make_gates([(Op.AND, (0, 1)), (Op.OR, (2, 3))]),), 2), (60, 2), set()

    def unlucky(key, circuit, make, inputs, width, draw):
        found = attempt(key, circuit, make, inputs, width, draw)
        return found if (width, draw) == lucky else found._replace(problem="bad luck", is_hopeless=width in hopeless)

    monkeypatch.setattr(compile_module, "attempt", unlucky)
    monkeypatch.setattr(compile_module, "passing_width", lambda *_: None)
    for width in (60, 61, 64, 80):
        assert compile_circuit(jax.random.key(0), circuit, width, 2).network.width <= 60
    for width in (59, 63):
        hopeless = {63}
        with pytest.raises(WidthTooSmall, match="bad luck"):
            compile_circuit(jax.random.key(0), circuit, width, 2)
    assert rungs_below(61)[:2] == [60, 57] and rungs_below(1) == []


def test_certified_layers_have_no_worst_case(tmp_path):
    """Every set of three of 24 features, one layer on: no certified layer errs on any of them."""
    seen = set()
    for seed, width in ((0, 60), (1, 60), (0, 96)):
        circuit, _ = planted_circuit(jax.random.key(seed), 24, 3, 1, 1)
        network = Channels(3)(jax.random.key(seed), circuit, width)
        result = attack(network.stages[0], network.stages[1], circuit.layers[0], 3)
        wrong = check_network_on(network, circuit, different(Domain(24, 3).every())).wrong_bits
        assert not (result.certified and wrong)
        seen.add((result.certified, wrong > 0))
    assert (True, False) in seen and any(not certified for certified, _ in seen)


def test_an_adversary_makes_codes_be_drawn_again_and_its_inputs_are_wrong_where_it_says_so():
    circuit, _ = planted_circuit(jax.random.key(0), 300, 3, 2, 1)
    compiled = [compile_circuit(jax.random.key(0), circuit, width, 3, n_inputs=300) for width in (300, 1200)]
    harmed, spared = (found.worst for found in compiled)
    assert harmed.wrong > 0 and spared.wrong == 0 and spared.certified == [1, 2]
    b = worst_inputs(compiled[0].network, circuit.layers[0], 3)
    wrong = has_wrong_bits(compiled[0].network, circuit.layers, b)
    singly = [check_network_on(compiled[0].network, circuit, different(b[i : i + 1])).wrong_bits > 0 for i in range(9)]
    assert wrong.sum() == harmed.wrong and wrong[:9].tolist() == singly
    draws = [jax.random.fold_in(jax.random.split(jax.random.key(0))[0], draw) for draw in range(3)]
    by_draw = [attacked(Channels(3)(key, circuit, 300, None), circuit, 3, Domain(300, 3)).wrong for key in draws]
    assert harmed.wrong <= min(by_draw)


def test_three_hubs_at_once_do_no_harm():
    """100 inputs of fan-out 30 among 4095: at this width each hub once fired another one's gates."""
    rng = np.random.default_rng(0)
    others = rng.permutation(np.arange(100, 4095))[:3000]
    circuit = Circuit(4095, (make_gates([(Op.AND, (k % 100, int(o))) for k, o in enumerate(others)]),), 3)
    compiled = compile_circuit(jax.random.key(0), circuit, 4400, 3, n_inputs=2000)
    three = sparse_features(np.argsort(rng.random((1000, 100)), 1)[:, :3], 4095)
    assert not has_wrong_bits(compiled.network, circuit.layers, three).any()
    assert (
        compiled.worst.certified == [] and 0 < compiled.worst.wrong <= compiled.worst.tried
    )  # it is not claimed right


MIXED = Circuit(4, (make_gates([(Op.OR, (0, 1)), (Op.OR, (1, 2)), (Op.COPY, (3,))]),))
WIDE = Circuit(3, (make_gates([(Op.AND, (0, 1, 2))]),))


@pytest.mark.parametrize(
    "circuit, flags, message",
    [
        (MIXED, ["--width", "0"], "width.*0: must be at least 1"),
        (MIXED, ["--width", "100", "--s", "0"], "s.*0: must be at least 1"),
        (MIXED, ["--width", "100", "--seed", "-1"], "seed.*-1: must be from 0 to 4294967295"),
        (MIXED, ["--width", "100", "--s", "2", "--inputs", "999999999999"], "at most 2,000,000 are checked at once"),
        (
            MIXED,
            ["--width", "60", "--s", "3", "--template", "correct"],
            "width 60.*correction needs 8 neurons a unit",
        ),
        (MIXED, ["--width", "400", "--s", "3", "--quiet", "zeros"], "quiet.*is for netlists"),
        (WIDE, ["--width", "99", "--s", "3", "--fan-in", "2"], "layer 1, gate 0: AND of .* more than 2 inputs"),
        (wide_and(4, (0, 1)), ["--width", "10000000", "--template", "correct"], "do not fit, they need"),
        (
            wide_and(10**7, (0, 1)),
            ["--width", "100", "--s", "1000000"],
            "inputs with up to 1,000,000 active .* do not fit",
        ),
        (MIXED, ["--width", "100", "--s", "2", "-o", "c.json"], "c.json.*is the file that is read"),
        (MIXED, ["--width", "100", "--s", "2", "-o", "."], "is a folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(circuit, flags, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_circuit(circuit, tmp_path / "c.json")
    assert main(["compile", "c.json", "-o", "n.safetensors", *flags]) == 2
    error = capsys.readouterr().err
    assert re.search(message, error) and len(error.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["c.json"]


def test_names_reach_the_file_and_the_message(tmp_path, capsys):
    (tmp_path / "c.bench").write_text("INPUT(b)\nINPUT(a)\nOUTPUT(z)\ny = XOR(a, b)\nz = OR(y, a)\n")
    command = ["compile", str(tmp_path / "c.bench"), "--width", "200", "-o", str(tmp_path / "n.safetensors")]
    (tmp_path / "a.txt").write_text("a\n")
    assert main([*command, "--s", "1", "--inputs-from", str(tmp_path / "a.txt")]) == 2
    expected = "c.bench: line 2: layer 1, gate 1 ('a'): the input with feature 'a' on makes 2 features active"
    assert expected in capsys.readouterr().err
    assert main([*command, "--s", "2"]) == 0 and main(["verify", str(tmp_path / "n.safetensors")]) == 0
    assert load(tmp_path / "n.safetensors").circuit.names == (("b", "a"), ("y", "a"), ("z",))

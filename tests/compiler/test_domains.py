"""What inputs a network is compiled for: groups, given inputs, a measured s, and inputs beyond it."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest
import scipy.sparse as sp
from circuits_to_compile import compiled, every_input, wide_and

from superposed.bad_input import InputError
from superposed.circuits.circuit import (
    Circuit,
    GateError,
    Op,
    make_gates,
    most_active,
)
from superposed.circuits.formats import write_circuit
from superposed.circuits.inputs import (
    Domain,
    different,
    domain_of,
    inputs_to_check,
)
from superposed.circuits.planted import planted_circuit
from superposed.cli import main
from superposed.compiler.channels import Channels
from superposed.compiler.check import check_network_on
from superposed.compiler.compile import compile_circuit


def test_domains(tmp_path, capsys):
    circuit, _ = planted_circuit(jax.random.key(0), 12, 3, 1, 1)
    grouped = circuit._replace(groups=((0, 1, 2, 3), (4, 5)))
    domain = domain_of(grouped, 3)
    every = domain.every()
    assert every.shape[0] == domain.count(10**6) == 8 * 7 and domain.holds(every).all()
    assert domain.holds(domain.random(np.random.default_rng(0), 500)).all()
    assert domain.holds(domain.weighted(np.random.default_rng(0), 500, np.ones(12))).all()
    assert domain.holds(inputs_to_check(np.random.default_rng(0), grouped, domain, 40).b).all()
    out = compiled(tmp_path, grouped, "--width", "200", "--json")
    assert json.loads(capsys.readouterr().out)["check"]["inputs"] == 56 and main(["verify", str(out)]) == 0
    with pytest.raises(InputError, match="s_inputs = 1: the circuit has 2 groups"):
        domain_of(grouped, 1)
    with pytest.raises(InputError, match="more than 2,000,000 inputs"):
        Domain(10**6, 3).every()


def test_s_is_measured_and_inputs_come_from_a_file(tmp_path, capsys):
    copies = Circuit(3, (make_gates([(Op.COPY, (k // 4,)) for k in range(12)]),))
    write_circuit(copies, tmp_path / "c.json")
    command = ["compile", str(tmp_path / "c.json"), "--width", "90", "-o", str(tmp_path / "n.safetensors"), "--json"]
    assert main(command) == 2 and "give --s, --s-inputs or --inputs-from" in capsys.readouterr().err
    assert main([*command, "--s-inputs", "1"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["s"], report["s_inputs"], report["check"]["inputs"]) == (4, 1, 4)
    (tmp_path / "inputs.txt").write_text("0 1\n011\n\n")
    assert main([*command, "--inputs-from", str(tmp_path / "inputs.txt")]) == 0
    assert json.loads(capsys.readouterr().out)["s"] == 8
    inputs = str(tmp_path / "inputs.txt")
    assert main([*command, "--inputs-from", inputs, "-o", inputs]) == 2
    assert "is the file that is read" in capsys.readouterr().err and Path(inputs).read_text() == "0 1\n011\n\n"
    (tmp_path / "inputs.txt").write_text("0 9\n")
    assert main([*command, "--inputs-from", str(tmp_path / "inputs.txt")]) == 2
    assert "inputs.txt: line 1: '0 9' is no input" in capsys.readouterr().err


def test_inputs_beyond_s_are_left_out_and_counted_unless_they_are_most(tmp_path, capsys):
    circuit = Circuit(4, (make_gates([(Op.COPY, (k,)) for k in range(4)] + [(Op.OR, (0, 1, 2, 3))]),), 4)
    out = compiled(tmp_path, circuit, "--width", "200", "--json")
    assert json.loads(capsys.readouterr().out)["check"]["left_out"] == 1
    assert main(["verify", str(out)]) == 0
    assert "1 left out with too many active features" in capsys.readouterr().out
    with pytest.raises(GateError, match="layer 1, gate 4: the input with feature 0 on makes 2 features active there"):
        compile_circuit(jax.random.key(0), circuit, 200, 1)
    assert most_active(circuit, every_input(4)).tolist() == [k + (k > 0) for k in every_input(4).sum(1).astype(int)]


def test_an_input_drawn_twice_is_run_once():
    b = sp.csr_array(np.array([[0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 1]], np.float32))
    inputs = different(b)
    assert inputs.b.toarray().tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]] and inputs.times.tolist() == [3, 2, 1]
    circuit = Circuit(3, (make_gates([(Op.OR, (0, 1)), (Op.COPY, (2,))]),), 2)
    result = check_network_on(Channels(2)(jax.random.key(0), circuit, 80), circuit, inputs)
    assert (result.inputs, result.different, result.active, result.wrong_bits) == (6, 3, 7, 0)


def test_unused_inputs_cost_nothing(tmp_path, capsys):
    out = compiled(tmp_path, wide_and(10**5, (3, 99_999))._replace(s=2), "--width", "100", "--inputs", "50")
    assert out.stat().st_size < 20_000 and main(["verify", str(out), "--inputs", "50"]) == 0

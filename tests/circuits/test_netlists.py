"""Netlists: covers, deviations from a quiet input, BLIF, flip-flops, ISCAS-85 circuits."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from circuits_to_compile import every_input

from superposed.circuits.builder import CircuitBuilder
from superposed.circuits.circuit import evaluate_circuit
from superposed.circuits.formats import FileError, read_circuit, read_file, write_circuit
from superposed.circuits.netlist import cover, in_order, value_of

ISCAS = Path(__file__).parents[3] / "shared" / "circuits"


BENCH = """# all kinds
INPUT(a)\nINPUT(b)\nINPUT(c)\nOUTPUT(z)\nOUTPUT(y)
n = NOT(a)\np = NAND(a, b)\nq = NOR(b, c)\nr = XNOR(n, c)\nz = AND(p, q, r)\ny = OR(n, p)
"""

BLIF = """.model m\n.inputs a b \\\n c\n.outputs z\n.names a b n\n11 0\n.names n c z\n1- 1\n-0 1\n.end\n"""


def simulate(netlist, b: dict[str, int]) -> dict[str, int]:
    values = dict(b)
    for name in in_order(netlist):
        gate = netlist.gates[name]
        values[name] = value_of(gate, tuple(values[k] for k in (*gate.reads, *gate.inhibitors)))
    return values


def outputs(circuit, b) -> np.ndarray:
    return evaluate_circuit(circuit, b.toarray() > 0)[-1]


def test_covers_are_exact_and_small():
    rng = np.random.default_rng(0)
    for _ in range(20):
        on = {point for point in product((0, 1), repeat=4) if any(point) and rng.random() < 0.4}
        fits = lambda pattern, point: all(value in (None, bit) for value, bit in zip(pattern, point, strict=True))
        patterns = cover(on, 4)
        assert {p for p in product((0, 1), repeat=4) if any(fits(pattern, p) for pattern in patterns)} == on
        assert len(patterns) <= len(on)


@pytest.mark.parametrize("quiet", [(0, 0, 0), (1, 0, 1), (1, 1, 0)])
def test_deviations_are_what_changes_from_the_quiet_input(quiet, tmp_path):
    (tmp_path / "c.bench").write_text(BENCH)
    (tmp_path / "quiet").write_text("".join(f"{n} {v}\n" for n, v in zip("abc", quiet, strict=True)))
    file = read_file(tmp_path / "c.bench", quiet=tmp_path / "quiet")
    circuit = file.circuit
    for bits in product((0, 1), repeat=3):
        b = np.array([[x != q for x, q in zip(bits, quiet, strict=True)]])
        layers = evaluate_circuit(circuit, b)
        a, b_, c = bits
        n, p, q = 1 - a, 1 - (a & b_), 1 - (b_ | c)
        z, y = p & q & (1 - (n ^ c)), n | p
        signals = layers[-1][0].astype(int) ^ circuit.quiet[-1]
        assert signals[:2].tolist() == [z, y]
    assert not evaluate_circuit(circuit, np.zeros((1, 3), bool))[-1].any()


def test_blif_tables_and_latches(tmp_path):
    (tmp_path / "c.blif").write_text(BLIF)
    circuit = read_file(tmp_path / "c.blif", quiet="zeros").circuit
    for a, b, c in product((0, 1), repeat=3):
        z = evaluate_circuit(circuit, np.array([[a, b, c]]) > 0)[-1][0, 0] ^ circuit.quiet[-1][0]
        assert z == ((not (a and b)) or not c)
    (tmp_path / "d.blif").write_text(".inputs x\n.outputs q\n.latch d q 0\n.names x q d\n10 1\n01 1\n.end\n")
    toggles = read_file(tmp_path / "d.blif", steps=4).circuit  # q changes after every step with x on
    assert toggles.names[0] == ("x@0", "x@1", "x@2", "x@3")
    for name, message in ((".subckt f", "line 1: .subckt is not read"), (".inputs a\n.names a z\n2 1", "line 3")):
        (tmp_path / "e.blif").write_text(name)
        with pytest.raises(FileError, match=message):
            read_circuit(tmp_path / "e.blif")


def test_flip_flops_unroll_step_by_step(tmp_path):
    text = "INPUT(x)\nOUTPUT(y)\nq = DFF(d)\nd = XOR(q, x)\ny = NOT(d)\n"
    (tmp_path / "c.bench").write_text(text)
    circuit = read_file(tmp_path / "c.bench", steps=3).circuit
    for bits in product((0, 1), repeat=3):
        on = evaluate_circuit(circuit, np.array([bits]) > 0)[-1][0].astype(int) ^ circuit.quiet[-1]
        assert on[:3].tolist() == [1 - sum(bits[: t + 1]) % 2 for t in range(3)]


@pytest.mark.parametrize("name", ["c17", "c432", "c499", "c1355"])
def test_iscas_circuits_deviate_as_they_compute(name, tmp_path):
    if not (ISCAS / f"{name}.bench").exists():
        pytest.skip("the benchmark circuits are not in the repository")
    from superposed.circuits.bench import parse_bench

    netlist = parse_bench((ISCAS / f"{name}.bench").read_text())
    circuit = read_file(ISCAS / f"{name}.bench", quiet="zeros").circuit
    rng = np.random.default_rng(0)
    b = rng.random((5, circuit.n_inputs)) < 0.3
    on = evaluate_circuit(circuit, b)[-1][:, : len(netlist.outputs)] ^ (circuit.quiet[-1][: len(netlist.outputs)] > 0)
    for row, bits in zip(b, on, strict=True):
        values = simulate(netlist, dict(zip(netlist.inputs, row.astype(int).tolist(), strict=True)))
        assert [values[name] for name in netlist.outputs] == bits.astype(int).tolist()


def test_inhibitors_survive_both_forms(tmp_path):
    c = CircuitBuilder()
    a, b, x = c.inputs("a", "b", "x")
    c.output("z", c.gate("ANDNOT", [a, b], [x]))
    for ending in ("json", "bench"):
        write_circuit(c.circuit(), tmp_path / f"c.{ending}")
        again = read_circuit(tmp_path / f"c.{ending}")
        assert outputs(again, every_input(3))[:, 0].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]


def test_signals_that_cannot_change_are_left_out(tmp_path):
    text = ".inputs a\n.outputs z y\n.names z\n1\n.names a y\n1 1\n.end\n"
    (tmp_path / "c.blif").write_text(text)
    assert read_file(tmp_path / "c.blif", quiet="zeros").circuit.names[-1] == ("y",)
    (tmp_path / "c.blif").write_text(text.replace("z y", "z"))
    with pytest.raises(FileError, match="line 2: every output has the same value on every input"):
        read_file(tmp_path / "c.blif", quiet="zeros")

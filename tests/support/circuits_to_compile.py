"""Circuits that tests compile, and the one call that compiles them."""

from superposed.circuits.circuit import Circuit, Op, make_gates
from superposed.circuits.formats import write_circuit
from superposed.cli import main


def random_circuit(rng, widths, fan_in=3, ops=tuple(Op)):
    layers = []
    for before, n in zip(widths, widths[1:]):
        gates = []
        for _ in range(n):
            op = Op(rng.choice(ops))
            k = 1 if op == Op.COPY else rng.integers(2, fan_in + 1)
            gates.append((op, rng.choice(before, k, replace=False).tolist()))
        layers.append(make_gates(gates))
    return Circuit(widths[0], tuple(layers))


def wide_and(n_inputs, inputs):
    return Circuit(n_inputs, (make_gates([(Op.AND, inputs)]),), n_inputs)


def compiled(tmp_path, circuit, *flags, ending="json"):
    write_circuit(circuit, tmp_path / f"c.{ending}")
    out = tmp_path / "net.safetensors"
    assert main(["compile", str(tmp_path / f"c.{ending}"), "-o", str(out), *flags]) == 0
    return out

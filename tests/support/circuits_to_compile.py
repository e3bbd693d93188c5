"""Circuits that tests compile, and the one call that compiles them."""

from itertools import product

import numpy as np
import scipy.sparse as sp

from superposed.circuits.circuit import Circuit, Op, make_gates
from superposed.circuits.formats import write_circuit
from superposed.cli import main


def every_input(n: int) -> sp.csr_array:
    """All 2^n inputs."""
    return sp.csr_array(np.array(list(product((0, 1), repeat=n)), np.float32))


def random_circuit(rng, widths, fan_in=3, ops=tuple(Op), inhibitors=False):
    """Layers of random gates; with `inhibitors` a third of the ANDs has one."""
    layers = []
    for before, n in zip(widths, widths[1:], strict=False):
        gates = []
        for _ in range(n):
            op = Op(rng.choice(ops))
            k = 1 if op == Op.COPY else rng.integers(2, fan_in + 1)
            reads = rng.choice(before, k + 1, replace=False).tolist()
            inhibited = inhibitors and op == Op.AND and rng.random() < 1 / 3
            gates.append((op, reads[:k], reads[k:] if inhibited else []))
        layers.append(make_gates(gates))
    return Circuit(widths[0], tuple(layers))


def wide_and(n_inputs, inputs):
    return Circuit(n_inputs, (make_gates([(Op.AND, inputs)]),), n_inputs)


def compiled(tmp_path, circuit, *flags, ending="json"):
    write_circuit(circuit, tmp_path / f"c.{ending}")
    out = tmp_path / "net.safetensors"
    assert main(["compile", str(tmp_path / f"c.{ending}"), "-o", str(out), *flags]) == 0
    return out

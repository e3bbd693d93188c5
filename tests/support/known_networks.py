"""Small compiled networks with every feature known, made once for all tests of the scores."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import jax

from superposed.circuits.circuit import Circuit, Op, make_gates
from superposed.circuits.planted import planted_circuit
from superposed.compiler.compile import compile_circuit
from superposed.compiler.file import CompiledNetwork, load
from superposed.compiler.write import write_network


def network_of(circuit: Circuit, width: int, s: int, seed: int = 0) -> CompiledNetwork:
    """The circuit compiled, written and read again."""
    compiled = compile_circuit(jax.random.key(seed), circuit, width, s, "summed", n_inputs=300)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.safetensors"
        write_network(path, compiled, circuit, "summed", seed)
        network = load(path)
        return CompiledNetwork(dict(network.tensors), network.metadata)


@cache
def groups() -> CompiledNetwork:
    """Two layers of 60 ANDs in closed groups of three, in superposition."""
    circuit, _ = planted_circuit(jax.random.key(0), 60, 3, 2, 4)
    return network_of(circuit, 124, 3)


@cache
def mixed() -> CompiledNetwork:
    """Every kind of gate, in two layers. No feature is read twice, so that no layer has more active than the inputs."""
    kinds = [op for op in Op for _ in range(6)]
    first = [(op, [2 * g] if op == Op.COPY else [2 * g, 2 * g + 1]) for g, op in enumerate(kinds)]
    second = [(Op.OR, [g, g + 1]) for g in range(0, 16, 2)] + [(Op.COPY, [g]) for g in range(16, 24)]
    return network_of(Circuit(48, (make_gates(first), make_gates(second))), 400, 4)

"""The lines of the README that load a compiled network, in NumPy and in PyTorch."""

import ast
import re
from pathlib import Path

import jax
import numpy as np
import pytest

from superposed.circuits.circuit import evaluate_circuit
from superposed.circuits.formats import write_circuit
from superposed.circuits.planted import planted_circuit
from superposed.cli import main

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def lines_that_load(library: str) -> str:
    """The README's one block of Python that imports safetensors for this library."""
    (block,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
        if f"from safetensors.{library} " in block
    )
    return block


@pytest.fixture
def truth(tmp_path, monkeypatch):
    circuit, active = planted_circuit(jax.random.key(0), 90, 3, 1, 8)  # one layer, as the README's example has
    write_circuit(circuit, tmp_path / "c.json")
    monkeypatch.chdir(tmp_path)
    assert main(["compile", "c.json", "--width", "150", "--inputs", "100", "-o", "net.safetensors"]) == 0
    b = np.zeros((8, 90), np.float32)
    np.put_along_axis(b, active, 1, 1)
    return b, evaluate_circuit(circuit, b > 0)[-1]


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_there_are_five_statements(library):
    assert len(ast.parse(lines_that_load(library)).body) == 5


def test_numpy(truth):
    scope = {"np": np, "b": truth[0]}
    exec(lines_that_load("numpy"), scope)
    assert np.array_equal(scope["bits"], truth[1]) and truth[1].any()


def test_torch(truth):
    torch = pytest.importorskip("torch")
    scope = {"torch": torch, "b": torch.from_numpy(truth[0])}
    exec(lines_that_load("torch"), scope)
    assert np.array_equal(scope["bits"].numpy(), truth[1])

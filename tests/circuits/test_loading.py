"""The lines of docs/circuits.md that load a compiled network, in NumPy and in PyTorch."""

from pathlib import Path

import jax
import numpy as np
import pytest

from superposed.circuit import evaluate_circuit
from superposed.cli import main
from superposed.circuit_formats import write_circuit
from superposed.planted import planted_circuit

NUMPY = """
from safetensors.numpy import load_file
net, layers = load_file("net.safetensors"), 2
a = b @ net["encoding"].T
for i in range(layers):
    a = np.maximum(a @ net[f"layers.{i}.weight"].T + net[f"layers.{i}.bias"], 0)
bits = a @ net["features.2.read_off"].T * net["features.2.read_scale"] > net["features.2.threshold"]
"""

TORCH = """
from safetensors.torch import load_file
net, layers = load_file("net.safetensors"), 2
a = b @ net["encoding"].T
for i in range(layers):
    a = torch.relu(a @ net[f"layers.{i}.weight"].T + net[f"layers.{i}.bias"])
bits = a @ net["features.2.read_off"].T.float() * net["features.2.read_scale"] > net["features.2.threshold"]
"""


@pytest.fixture
def truth(tmp_path, monkeypatch):
    circuit, active = planted_circuit(jax.random.key(0), 90, 3, 2, 8)
    write_circuit(circuit, tmp_path / "c.json")
    monkeypatch.chdir(tmp_path)
    assert main(["compile", "c.json", "--width", "600", "--inputs", "100", "-o", "net.safetensors"]) == 0
    b = np.zeros((8, 90), np.float32)
    np.put_along_axis(b, active, 1, 1)
    return b, evaluate_circuit(circuit, b > 0)[-1]


def test_the_documentation_has_these_lines():
    text = (Path(__file__).parents[2] / "docs" / "circuits.md").read_text()
    assert NUMPY in text and TORCH in text


def test_numpy(truth):
    scope = {"np": np, "b": truth[0]}
    exec(NUMPY, scope)
    assert np.array_equal(scope["bits"], truth[1]) and truth[1].any()


def test_torch(truth):
    torch = pytest.importorskip("torch")
    scope = {"torch": torch, "b": torch.from_numpy(truth[0])}
    exec(TORCH, scope)
    assert np.array_equal(scope["bits"].numpy(), truth[1])

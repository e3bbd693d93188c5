"""Writes docs/explorer.html: one self-contained page with a small compiled network inside.

python docs/make_explorer.py
"""

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import numpy as np

from superposed.circuits.planted import planted_circuit
from superposed.compiler.compile import compile_circuit
from superposed.compiler.file import CompiledNetwork, load
from superposed.compiler.write import write_network

HERE = Path(__file__).parent
M, WIDTH, S, DEPTH, SEED = 480, 400, 3, 5, 3


def compiled_network() -> CompiledNetwork:
    """ANDs in closed groups of three, more features than neurons in every layer."""
    circuit, _ = planted_circuit(jax.random.key(1), M, S, DEPTH, 1)
    compiled = compile_circuit(jax.random.key(SEED), circuit, WIDTH, S, n_inputs=20_000)
    with TemporaryDirectory() as folder:
        write_network(Path(folder) / "net.safetensors", compiled, circuit, seed=SEED)
        network = load(Path(folder) / "net.safetensors")
        return CompiledNetwork(dict(network.tensors), network.metadata)


def packed(wires: np.ndarray) -> str:
    """Whole numbers 0 to 3, four in a byte, as base64."""
    flat = np.pad(wires.astype(np.uint8).ravel(), (0, -wires.size % 4)).reshape(-1, 4)
    return base64.b64encode((flat << np.array([0, 2, 4, 6], np.uint8)).sum(1).astype(np.uint8)).decode()


def page_data(network: CompiledNetwork) -> dict:
    """What the page needs: wires, channels, gates and groups. The two ReLU layers of a step are 2c - W h and 1 - z."""
    encoding = network.encode(np.eye(M, dtype=np.float32))
    channels, layers = [np.flatnonzero(row).tolist() for row in encoding], []
    c = len(channels[0])
    for depth, gates in enumerate(network.circuit.layers, start=1):
        (first, bias), (second, ones) = network.weights(depth)
        wires = -first.astype(int)
        as_the_page_has_it = (bias == 2 * c).all() and (second == -np.eye(len(second))).all() and (ones == 1).all()
        if not as_the_page_has_it or wires.min() < 0 or wires.max() > 3:
            raise ValueError(f"layer {depth} is no step of {2 * c} counts; the page has to be written anew")
        layers.append({
            "d": wires.shape[0], "d_in": wires.shape[1], "wires": packed(wires), "gates": gates.inputs.tolist(),
            "neurons": network.features(depth).neurons.tolist(),
        })  # fmt: skip
    groups = np.arange(M).reshape(-1, S).tolist()
    return {
        "m": M, "c": c, "d_encoding": encoding.shape[1], "encoding": channels, "groups": groups, "layers": layers,
    }  # fmt: skip


def write_page() -> Path:
    """The template with the network in it."""
    template = (HERE / "explorer.template.html").read_text(encoding="utf-8")
    page = HERE / "explorer.html"
    data = json.dumps(page_data(compiled_network()), separators=(",", ":"))
    page.write_text(template.replace("NETWORK</script>", data + "</script>"), encoding="utf-8")
    return page


if __name__ == "__main__":
    print(write_page())

"""Compiled networks on disk: one safetensors file with plain weights, feature directions, read-offs and the circuit.

Tensors (NumPy notation; layers of the network count from 0, layers of the circuit from 1, its inputs being 0):

    encoding                    [D, m]      x = encoding @ b, column k the direction of input feature k
    layers.I.weight, .bias      [d, d_in], [d]      a = maximum(weight @ a + bias, 0), for I = 0, 1, ...
    features.L.layer            the network layer I after which circuit layer L is read
    features.L.directions       [m, d]      int8; times features.L.direction_unit, row k is the activation of feature k alone
    features.L.read_off, .read_scale        int8 [m, d] and [m]: read = read_scale * (read_off @ a)
    features.L.threshold        feature k is on when its read exceeds this
    circuit.L.op, .inputs       gates of layer L: 0 AND, 1 OR, 2 XOR, 3 COPY, and what they read (-1: unused slot)
    circuit.L.names             what the features are called, L = 0, 1, ...: a JSON list as bytes, null for one without, [] if none has one; only if there are names

The metadata is JSON under the key "superposed": format, version, template, width, state, s, seed, what the check
measured, and a digest of every tensor.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from superposed.circuits.circuit import Circuit, Gates, Op, check_circuit
from superposed.compiler.channels import gate_kinds
from superposed.compiler.compile import Check, Template, channel_size
from superposed.compiler.deep import SparseNetwork, Stage
from superposed.compiler.sparse import Reset, SparseLayer, dense_layer, state_map

FORMAT, VERSION = "superposed-network", 1


class CompiledNetwork(NamedTuple):
    """What a file holds: tensors by name, and the metadata."""

    tensors: dict[str, np.ndarray]
    metadata: dict


def to_tensors(network: SparseNetwork, circuit: Circuit) -> dict[str, np.ndarray]:
    """The network as plain dense arrays; see the module's docstring for names and shapes."""
    tensors = {"encoding": np.ascontiguousarray(network.stages[0].code.toarray().T)}
    before, index = None, 0
    for depth, (stage, gates) in enumerate(zip(network.stages[1:], circuit.layers, strict=True), start=1):
        for layer in stage.layers:
            dense = dense_layer(layer, before)
            tensors[f"layers.{index}.weight"] = np.asarray(dense.factors[0])
            tensors[f"layers.{index}.bias"] = np.asarray(dense.b)
            before, index = layer, index + 1
        directions, unit = _directions(stage)
        read_off, scale = _read_off(stage)
        tensors |= {
            f"features.{depth}.layer": np.int32([index - 1]),
            f"features.{depth}.directions": directions,
            f"features.{depth}.direction_unit": np.float32([unit]),
            f"features.{depth}.read_off": read_off,
            f"features.{depth}.read_scale": scale,
            f"features.{depth}.threshold": np.float32([stage.threshold]),
            f"circuit.{depth}.op": gates.op.astype(np.int8),
            f"circuit.{depth}.inputs": np.ascontiguousarray(gates.inputs, np.int32),
        }
    for depth, names in enumerate(circuit.names or ()):
        tensors[f"circuit.{depth}.names"] = np.frombuffer(
            json.dumps(names).encode(), np.uint8
        )  # a header of names could grow too long
    return tensors


def bytes_to_write(circuit: Circuit, width: int, s: int, template: Template) -> int:
    """Bytes that a circuit's dense arrays take at most: twice, as made and as saved, and a layer's directions three times more."""
    c = channel_size(s)
    before, n_neurons, total, largest = min(width // 2, c * circuit.n_inputs), width, 0, 0
    total += 4 * before * circuit.n_inputs
    for gates, m in zip(circuit.layers, circuit.widths[1:]):
        if template == "correct":
            total += 4 * width * width
        else:
            n_neurons = min(width, 2 * c * int(gate_kinds(gates)[1].sum()))
        total += 4 * n_neurons * before + 2 * m * n_neurons
        largest = max(largest, 12 * m * n_neurons)
        before = n_neurons
    return 2 * total + largest + 64 * c * sum(circuit.widths)


def _directions(stage: Stage) -> tuple[np.ndarray, float]:
    """The neurons' activation when one feature alone is on, as integers times a unit: thirds for the paper's rounding."""
    layer: SparseLayer = stage.layers[-1]
    code = stage.code.tocoo()
    rows, columns, values = [], [], []
    unit_first, neuron_first = 0, 0
    for units, reset in layer.blocks:
        here = (code.col >= unit_first) & (code.col < unit_first + units)
        r = len(reset.out)
        target = _full(reset)  # what reaches a unit of a feature that is on
        for j in range(r):
            activation = np.maximum(reset.scale[j] * code.data[here] * target + reset.bias[j], 0)
            rows.append(code.row[here])
            columns.append(neuron_first + (code.col[here] - unit_first) * r + j)
            values.append(activation)
        unit_first, neuron_first = unit_first + units, neuron_first + units * r
    dense = np.zeros((code.shape[0], layer.width), np.float32)
    dense[np.concatenate(rows), np.concatenate(columns)] = np.concatenate(values)
    unit = 1.0 if np.array_equal(dense, np.round(dense)) else 1 / 3
    return np.round(dense / unit).astype(np.int8), unit


def _full(reset: Reset) -> float:
    """The smallest whole number at which the reset first hands on one: f c for a step, 1 for rounding. Raises ValueError if none."""
    beyond_bends = np.max(-reset.bias / reset.scale) + 1 / np.abs(reset.scale).min()
    u = np.arange(1, np.ceil(beyond_bends) + 2, dtype=np.float32)
    full = np.abs(reset(u) - 1) < 1e-3
    if not full.any():
        raise ValueError(f"no whole number up to {u[-1]:g} is handed on as one")
    return float(u[np.argmax(full)])


def _read_off(stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    """The read-off vectors on neurons as small integers [m, d] and a scale a feature."""
    read = (state_map(stage.layers[-1]) @ stage.read).T.toarray()
    outs = np.concatenate([np.abs(reset.out) for _, reset in stage.layers[-1].blocks])
    scale = np.abs(read).max(1) / outs.max()
    return np.round(read / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def forward(tensors: dict[str, np.ndarray], b: np.ndarray) -> list[np.ndarray]:
    """Read-offs [batch, m_L] of every circuit layer L = 1, 2, ... on inputs b [batch, m], from the plain weights alone."""
    a, reads, depth = b @ tensors["encoding"].T, [], 1
    for index in range(sum(name.endswith(".weight") for name in tensors)):
        a = np.maximum(a @ tensors[f"layers.{index}.weight"].T + tensors[f"layers.{index}.bias"], 0)
        if tensors[f"features.{depth}.layer"][0] == index:
            reads.append(
                a @ tensors[f"features.{depth}.read_off"].T.astype(np.float32) * tensors[f"features.{depth}.read_scale"]
            )
            depth += 1
    return reads


def stored_circuit(tensors: dict[str, np.ndarray]) -> Circuit:
    """The circuit in the file."""
    n = sum(name.startswith("circuit.") and name.endswith(".op") for name in tensors)
    layers = tuple(
        Gates(tensors[f"circuit.{depth}.op"], tensors[f"circuit.{depth}.inputs"]) for depth in range(1, n + 1)
    )
    for depth, gates in enumerate(layers, start=1):
        if gates.op.shape != gates.inputs.shape[:1] or gates.inputs.ndim != 2 or not np.isin(gates.op, list(Op)).all():
            raise ValueError(f"circuit.{depth} is no list of gates")
    circuit = check_circuit(Circuit(tensors["encoding"].shape[1], layers))
    if not any(name.startswith("circuit.") and name.endswith(".names") for name in tensors):
        return circuit
    names = tuple(tuple(json.loads(tensors[f"circuit.{depth}.names"].tobytes())) for depth in range(n + 1))
    fits = all(len(layer) in (0, m) for layer, m in zip(names, circuit.widths, strict=True))
    if not fits or not all(isinstance(name, str | None) for layer in names for name in layer):
        raise ValueError("circuit.L.names are not a name, or null, for every feature")
    return circuit._replace(names=names)


def stored_inputs(compiled: CompiledNetwork) -> int:
    """How many inputs the network has, 1 where its encoding is missing or no matrix."""
    encoding = compiled.tensors.get("encoding", np.zeros(0))
    return encoding.shape[1] if encoding.ndim == 2 else 1


def digests(tensors: dict[str, np.ndarray]) -> dict[str, str]:
    """SHA-256 of every tensor's type, shape and bytes, shortened to 16 digits."""
    return {name: _digest(np.ascontiguousarray(value), value.shape) for name, value in tensors.items()}


def _digest(value: np.ndarray, shape: tuple[int, ...]) -> str:
    digest = hashlib.sha256(f"{value.dtype.str}{shape}".encode())
    digest.update(value.reshape(-1).view(np.uint8))  # a view: weights are large
    return digest.hexdigest()[:16]


def metadata_digest(metadata: dict) -> str:
    """SHA-256 of the metadata without its digests, shortened to 16 digits."""
    claims = json.dumps({key: value for key, value in metadata.items() if key != "digests"}, sort_keys=True)
    return hashlib.sha256(claims.encode()).hexdigest()[:16]


def write_network(path: str | Path, tensors: dict[str, np.ndarray], metadata: dict) -> None:
    """Writes tensors and metadata, to a temporary name first, so that a file is whole or not there."""
    path = Path(path)
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}  # safetensors ignores strides
    part = path.with_name(path.name + ".part")
    whole = {"format": FORMAT, "version": VERSION, **metadata}
    whole["digests"] = {**digests(tensors), "metadata": metadata_digest(whole)}
    try:
        save_file(tensors, part, metadata={"superposed": json.dumps(whole)})
    except SafetensorError as error:
        raise OSError(f"{path}: cannot be written: {error}") from None
    part.replace(path)


def read_network(path: str | Path) -> CompiledNetwork:
    """The tensors and metadata of a compiled network.

    Raises:
      OSError: the file cannot be read.
      ValueError: it is not such a file.
    """
    with open(path, "rb"):
        pass  # a missing or forbidden file is an OSError with its name
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
        tensors = load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f"{path}: not a safetensors file, or cut short: {error}; give one that `superposed compile` wrote"
        ) from None
    try:
        whole = json.loads(metadata["superposed"])
        if whole["format"] != FORMAT or whole["version"] != VERSION:
            raise ValueError(
                f"{path}: form {whole['format']!r} version {whole['version']!r}; this program reads {FORMAT} version {VERSION}"
            )
        wrong = _wrong_kind(whole)
    except (KeyError, json.JSONDecodeError, TypeError, RecursionError):
        raise ValueError(f"{path}: a safetensors file, but not one written by `superposed compile`") from None
    if wrong:
        raise ValueError(f"{path}: its metadata is not as `superposed compile` writes it: {wrong}")
    return CompiledNetwork(tensors, whole)


def _wrong_kind(whole: dict) -> str | None:
    """The first entry of the metadata that is missing or not of its kind, in words."""
    check = whole.get("check")
    if not isinstance(whole.get("digests"), dict) or not isinstance(check, dict):
        return "digests and check are objects"
    if whole.get("template") not in get_args(Template):
        return f"template {whole.get('template')!r} is not one of {', '.join(get_args(Template))}"
    numbers = ("lowest_active", "highest_idle", "largest_error")
    for name in ("width", "state", "features", "depth", "s", "seed"):
        if type(whole.get(name)) is not int or whole[name] < (name != "seed"):
            return f"{name} {whole.get(name)!r} is not a whole number above 0"
    for name in (*Check._fields, "largest_error"):
        kind = (int, float) if name in numbers else bool if name == "exhaustive" else int
        if not isinstance(check.get(name), kind) or (name != "exhaustive" and isinstance(check[name], bool)):
            return f"check.{name} is {check.get(name)!r}"
    return None

"""A compiled network as plain arrays, and the file they are written to; `compiler.file` says what it holds."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from safetensors import SafetensorError
from safetensors.numpy import save_file

from superposed.circuits.circuit import Circuit, Gates, Op, wires
from superposed.compiler.channels import channel_size
from superposed.compiler.compile import Compiled
from superposed.compiler.contents import digest, metadata_digest
from superposed.compiler.deep import Stage
from superposed.compiler.file import FORMAT, VERSION
from superposed.compiler.template import template_of


def write_network(
    path: str | Path, compiled: Compiled, circuit: Circuit, template: str = "channels", seed: int = 0
) -> dict:
    """Writes a compiled network with its ground truth, and returns the metadata. Raises OSError where it cannot."""
    tensors = to_tensors(compiled, circuit, template)
    network = compiled.network
    metadata = {
        "template": template,
        "width": network.width,
        "state": network.state,
        "features": max(circuit.widths[1:]),
        "inputs": circuit.n_inputs,
        "encoding": network.stages[0].code.shape[1],
        "depth": len(circuit.layers),
        "relu_layers": sum(name.endswith(".weight") for name in tensors),
        "s": compiled.s,
        "s_inputs": compiled.domain.s,
        "groups": [list(map(int, group)) for group in circuit.groups],
        "seed": seed,
        "check": {
            **compiled.check._asdict(),
            "largest_error": compiled.check.largest_error,
            "chance_wrong": compiled.check.chance_wrong,
        },
        "worst_case": compiled.worst._asdict(),
    }
    write_tensors(path, tensors, metadata)
    return metadata


def write_tensors(path: str | Path, tensors: Mapping[str, np.ndarray], metadata: dict) -> None:
    """Writes arrays and metadata to a temporary name first, so that a file is whole or not there."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    tensors = {name: np.ascontiguousarray(value) for name, value in tensors.items()}  # safetensors ignores strides
    whole = {**metadata, "format": FORMAT, "version": VERSION}
    digests = {name: digest(value) for name, value in tensors.items()}
    whole["digests"] = {**digests, "metadata": metadata_digest(whole)}
    part.touch()
    mode = part.stat().st_mode  # as the user's umask has it, which safetensors does not ask
    try:
        save_file(tensors, part, metadata={"superposed": json.dumps(whole)})
        part.chmod(mode)
        part.replace(path)
    except SafetensorError as error:
        raise OSError(f"{path}: cannot be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def to_tensors(compiled: Compiled, circuit: Circuit, template: str) -> dict[str, np.ndarray]:
    """The network, its features and its circuit as plain arrays."""
    encoding, *stages = compiled.network.stages
    used = np.flatnonzero(np.diff(encoding.code.indptr))
    tensors = {
        "encoding": encoding.code[used].toarray().T.astype(np.int8),
        "encoding.inputs": used.astype(np.int32),
    }
    before, index, shown = sp.eye_array(encoding.code.shape[1], format="csr", dtype=np.float32), 0, encoding.code
    for depth, (stage, gates) in enumerate(zip(stages, circuit.layers, strict=True), start=1):
        for layer in stage.layers:
            for weight, bias in layer.dense(before):
                tensors |= {f"layers.{index}.weight": weight, f"layers.{index}.bias": bias}
                index += 1
            before = layer.state_map
        neurons, directions, read_off = feature_tables(shown, stage, gates, template_of(template, compiled.s).overlap)
        tensors |= {
            f"features.{depth}.layer": np.int32([index - 1]),
            f"features.{depth}.neurons": neurons,
            f"features.{depth}.directions": directions,
            f"features.{depth}.read_off": read_off,
            f"features.{depth}.threshold": np.float32([stage.threshold]),
            f"features.{depth}.unit": before.indices.astype(np.int32),
            f"circuit.{depth}.op": gates.op.astype(np.int8),
            f"circuit.{depth}.inputs": gates.inputs.astype(np.int32),
        }
        rows = np.arange(0, neurons.size + 1, neurons.shape[1])
        shown = sp.csr_array((directions.ravel(), neurons.ravel(), rows), (len(neurons), before.shape[0])) @ before
    for depth, names in enumerate(circuit.names or ()):  # not in the header, which could grow too long
        tensors[f"circuit.{depth}.names"] = np.frombuffer(json.dumps(names).encode(), np.uint8)
    if circuit.quiet is not None:
        tensors |= {f"circuit.{depth}.quiet": values.astype(np.int8) for depth, values in enumerate(circuit.quiet)}
    return tensors


def feature_tables(
    shown: sp.csr_array, stage: Stage, gates: Gates, overlap: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(neurons, directions, read-offs) [n, r] of a layer's features; directions are what a forward pass shows.

    Args:
      shown: states [m, D] that the features of the layer before leave when each is on alone.
    """
    *first, last = stage.layers
    read = (last.state_map @ stage.read).T.tocsr()  # [n, d]
    sizes = np.diff(read.indptr)
    neurons = np.zeros((len(sizes), sizes.max()), np.int32)
    read_off, directions = np.zeros(neurons.shape, np.float32), np.zeros(neurons.shape, np.float32)
    slot = np.arange(read.nnz) - np.repeat(read.indptr[:-1], sizes)
    row = np.repeat(np.arange(len(sizes)), sizes)
    neurons[row, slot], read_off[row, slot] = read.indices, read.data
    h = wires(turned_on_by(gates), shown.shape[0]).T.tocsr() @ shown
    if overlap == "max":
        h.data = np.minimum(h.data, 1)
    for start in range(0, len(sizes), 512):
        state = h[start : start + 512]
        for layer in first:
            state = layer(state)
        a = last.activations(state).toarray()
        directions[start : start + 512] = np.take_along_axis(a, neurons[start : start + 512].astype(int), 1)
    directions[read_off == 0] = 0
    return neurons, directions, read_off


def turned_on_by(gates: Gates) -> np.ndarray:
    """The features [n, slots] that turn each gate on: all of an AND, the first of any other; -1 elsewhere."""
    later = (np.cumsum(gates.inputs >= 0, 1) > 1) & (gates.op != Op.AND)[:, None]
    return np.where(later | (gates.inputs < 0), -1, gates.inputs)


def bytes_to_write(circuit: Circuit, width: int, s: int, template: str) -> int:
    """Bytes that a circuit's arrays take at most: twice, as made and as saved."""
    c = channel_size(s)
    used = len(np.unique(circuit.layers[0].reads))
    before = min(width, c * used)
    total = before * used
    for m, gates in zip(circuit.widths[1:], circuit.layers, strict=False):
        if template.startswith("correct"):
            n_neurons, weights = width, 4 * width * (before + width)
        else:
            n_neurons = min(width, c * m * gates.inputs.shape[1])
            one_a_unit = not (gates.op == Op.XOR).any() and not (gates.inputs < -1).any()
            weights = n_neurons * (before + (1 if one_a_unit else n_neurons))
        total += weights + 12 * m * c
        before = n_neurons
    return 2 * total + 64 * c * sum(circuit.widths)

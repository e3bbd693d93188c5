"""Which tensors a compiled network's file must have, and of what type and shape."""

from collections.abc import Iterator

import numpy as np

from superposed.circuits.circuit import Circuit
from superposed.compiler.file import CompiledNetwork
from superposed.compiler.template import template_of


def wrong_tensors(compiled: CompiledNetwork, circuit: Circuit) -> Iterator[str]:
    """Tensors that are missing, too many, or of a wrong type or shape."""
    tensors, depth = compiled.tensors, len(circuit.layers)
    per_layer = template_of(compiled.metadata["template"], compiled.metadata["s"]).relu_layers
    kinds = {"encoding": "i1", "encoding.inputs": "i4"}
    for i in range(per_layer * depth):
        kinds |= {f"layers.{i}.weight": "i1 i2 f4", f"layers.{i}.bias": "f4"}
    for n in range(1, depth + 1):
        kinds |= {f"features.{n}.{name}": "i4" for name in ("layer", "neurons", "unit")}
        kinds |= {f"features.{n}.{name}": "f4" for name in ("directions", "read_off", "threshold")}
        kinds |= {f"circuit.{n}.op": "i1", f"circuit.{n}.inputs": "i4"}
    if circuit.names is not None:
        kinds |= {f"circuit.{n}.names": "u1" for n in range(depth + 1)}
    if circuit.quiet is not None:
        kinds |= {f"circuit.{n}.quiet": "i1" for n in range(depth + 1)}
    yield from (f"{name} is missing" for name in kinds if name not in tensors)
    yield from (f"{name} does not belong" for name in tensors if name not in kinds)
    for name, kind in kinds.items():
        if name in tensors and tensors[name].dtype.str[1:] not in kind.split():
            yield f"{name} has type {tensors[name].dtype}"
    if set(kinds) != set(tensors):
        return
    misshapen = [name for name in kinds if not _has_its_axes(name, tensors[name])]
    if misshapen:
        yield from (f"{name} has shape {tensors[name].shape}" for name in misshapen)
        return
    inputs, d = tensors["encoding.inputs"], len(tensors["encoding"])
    if tensors["encoding"].shape != (d, len(inputs)) or not _below(inputs, circuit.n_inputs):
        yield "encoding and encoding.inputs do not match"
    for n, m in enumerate(circuit.widths[1:], start=1):
        for i in range(per_layer * (n - 1), per_layer * n):
            weight, bias = tensors[f"layers.{i}.weight"], tensors[f"layers.{i}.bias"]
            if weight.shape not in ((len(bias), d), (d,)) or (weight.ndim == 1 and len(bias) != d):
                yield f"layers.{i}.weight has shape {weight.shape}, not {(len(bias), d)}"
            d = len(bias)
        f, unit = compiled.features(n), tensors[f"features.{n}.unit"]
        if f.layer != per_layer * n - 1 or unit.shape != (d,) or unit.min() < 0 or (np.diff(unit) < 0).any():
            yield f"features.{n}.layer or .unit are not those of this template"
        shape = (m, f.neurons.shape[1])
        if not f.neurons.shape == f.directions.shape == f.read_off.shape == shape or not _below(f.neurons, d):
            yield f"features.{n}.neurons, .directions and .read_off do not match"


def _has_its_axes(name: str, value: np.ndarray) -> bool:
    """Whether an array has as many axes as its name says; layers and thresholds are one number."""
    first, last = name.split(".")[0], name.split(".")[-1]
    if last in ("layer", "threshold"):
        return value.shape == (1,)
    if last == "weight":
        return value.ndim in (1, 2)
    is_table = last in ("encoding", "neurons", "directions", "read_off") or (first, last) == ("circuit", "inputs")
    return value.ndim == (2 if is_table else 1)


def _below(index: np.ndarray, n: int) -> bool:
    return bool(index.size > 0 and index.min() >= 0 and index.max() < n)

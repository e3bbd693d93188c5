"""What a compiled network's file holds besides weights: its metadata, the circuit, and digests of both."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np

from superposed.circuits.circuit import Circuit, Gates, Op, check_circuit
from superposed.compiler.check import Check
from superposed.compiler.template import TEMPLATES

SEEDS = 2**32


def wrong_kind(whole: dict) -> str | None:
    """The first entry of the metadata that is missing or not of its kind, in words."""
    check = whole.get("check")
    if not all(isinstance(whole.get(name), dict) for name in ("digests", "check")):
        return "digests and check are objects"
    if whole.get("template") not in TEMPLATES:
        return f"template {whole.get('template')!r} is not one of {', '.join(TEMPLATES)}"
    for name in ("width", "state", "features", "inputs", "encoding", "depth", "relu_layers", "s", "s_inputs", "seed"):
        if type(whole.get(name)) is not int or whole[name] < (name != "seed"):
            return f"{name} {whole.get(name)!r} is not a whole number above 0"
    if whole["seed"] >= SEEDS:
        return f"seed {whole['seed']} is not below {SEEDS}"
    groups, worst = whole.get("groups"), whole.get("worst_case")
    if not isinstance(groups, list) or not all(map(_whole_numbers, groups)):
        return "groups are lists of whole numbers"
    if not isinstance(worst, dict) or not _whole_numbers([worst.get("tried"), worst.get("wrong")]):
        return "worst_case is an object"
    if not _whole_numbers(worst.get("certified")):
        return "worst_case.certified is a list of layers"
    for name, kind in Check.__annotations__.items():
        value = check.get(name)
        if not isinstance(value, (int, float) if kind is float else kind) or (
            isinstance(value, bool) and kind is not bool
        ):
            return f"check.{name} is {value!r}"
    return None


def _whole_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(number) is int for number in value)


def stored_circuit(tensors: Mapping[str, np.ndarray], metadata: dict) -> Circuit:
    """The circuit in the file. Raises ValueError where it is none."""
    n = sum(name.startswith("circuit.") and name.endswith(".op") for name in tensors)
    layers = tuple(Gates(tensors[f"circuit.{d}.op"], tensors[f"circuit.{d}.inputs"]) for d in range(1, n + 1))
    for depth, gates in enumerate(layers, start=1):
        if gates.op.shape != gates.inputs.shape[:1] or gates.inputs.ndim != 2 or not np.isin(gates.op, list(Op)).all():
            raise ValueError(f"circuit.{depth} is no list of gates")
    groups = tuple(map(tuple, metadata["groups"]))
    grouped = [k for group in groups for k in group]
    if not all(groups) or len(set(grouped)) < len(grouped) or not all(0 <= k < metadata["inputs"] for k in grouped):
        raise ValueError("groups are not disjoint sets of inputs")
    circuit = check_circuit(Circuit(metadata["inputs"], layers, metadata["s"], None, groups))
    if "circuit.0.quiet" in tensors:
        circuit = circuit._replace(quiet=tuple(tensors[f"circuit.{depth}.quiet"] for depth in range(n + 1)))
        if not all(
            len(values) == m and set(values.tolist()) <= {0, 1}
            for values, m in zip(circuit.quiet, circuit.widths, strict=False)
        ):
            raise ValueError("circuit.L.quiet are not 0 or 1 for every feature")
    if "circuit.0.names" not in tensors:
        return circuit
    names = tuple(tuple(json.loads(tensors[f"circuit.{depth}.names"].tobytes())) for depth in range(n + 1))
    fits = all(len(layer) in (0, m) for layer, m in zip(names, circuit.widths, strict=True))
    if not fits or not all(isinstance(name, str | None) for layer in names for name in layer):
        raise ValueError("circuit.L.names are not a name, or null, for every feature")
    return circuit._replace(names=names)


def digest(value: np.ndarray) -> str:
    """SHA-256 of an array's type, shape and bytes, shortened to 16 digits."""
    sha = hashlib.sha256(f"{value.dtype.str}{value.shape}".encode())
    sha.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8))  # a view: weights are large
    return sha.hexdigest()[:16]


def metadata_digest(metadata: dict) -> str:
    """SHA-256 of the metadata without its digests, shortened to 16 digits."""
    claims = json.dumps({key: value for key, value in metadata.items() if key != "digests"}, sort_keys=True)
    return hashlib.sha256(claims.encode()).hexdigest()[:16]

"""Compiled networks on disk: one safetensors file with plain weights, feature directions, read-offs and the circuit.

Tensors (NumPy notation; layers of the network count from 0, layers of the circuit from 1, its inputs being 0):

    encoding, encoding.inputs   [D, n], [n]     a = encoding @ b[encoding.inputs]; the inputs that some gate reads
    layers.I.weight, .bias      [d, d_in], [d]  a = maximum(weight @ a + bias, 0), for I = 0, 1, ...; whole numbers are
                                                stored as int8; where the weight is [d], it is a diagonal, and
                                                a = maximum(weight * a + bias, 0)
    features.L.layer            [1]             the network layer I after which circuit layer L is read
    features.L.neurons          [m, r]          the neurons of that layer on which each feature lies
    features.L.directions       [m, r]          their activations when this feature's own gate alone was turned on
    features.L.read_off         [m, r]          read = sum(read_off * a[neurons]); 0 where a feature has fewer neurons
    features.L.threshold        [1]             feature k is on when its read exceeds this
    features.L.unit             [d]             the entry of the state that each neuron belongs to
    circuit.L.op, .inputs       [m], [m, f]     gates of layer L: 0 AND, 1 OR, 2 XOR, 3 COPY; and what they read: k is
                                                feature k, -1 an unused slot, -2 - k an inhibiting feature k
    circuit.L.names             names of the features, L = 0, 1, ..., if there are any: a JSON list as bytes, null for a
                                feature without, [] for a layer without
    circuit.L.quiet             [m]             if features are deviations: a signal is its feature XOR this value

The metadata is JSON under the key "superposed": format, version, template, width, what the check measured, and a digest
of every tensor. Digests show that a file was damaged by accident. Whoever changes a file on purpose can renew them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int
from safetensors import SafetensorError, safe_open

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit
from superposed.compiler.contents import stored_circuit, wrong_kind

FORMAT, VERSION = "superposed-network", 3


class Features(NamedTuple):
    """Where the features of one circuit layer lie on the neurons of their network layer.

    Args:
      layer: the network layer that they are read after.
      neurons: the neurons of each feature; rows of fewer than r neurons end in zeros with zero values.
      directions: activations there when the feature's own gate alone was turned on.
      read_off: weights of the read-off on these neurons.
      threshold: a feature is on when its read exceeds this.
    """

    layer: int
    neurons: Int[np.ndarray, "m r"]
    directions: Float[np.ndarray, "m r"]
    read_off: Float[np.ndarray, "m r"]
    threshold: float

    def read(self, a: Float[np.ndarray, "batch d"]) -> Float[np.ndarray, "batch m"]:
        """The read-offs of all features from activations a."""
        matrix = self.matrix(self.read_off, a.shape[1])
        return np.asarray((matrix @ a.T).T)

    def dictionary(self, d: int) -> Float[np.ndarray, "m d"]:
        """The directions as dense rows on d neurons."""
        return self.matrix(self.directions, d).toarray()

    def matrix(self, values: Float[np.ndarray, "m r"], d: int) -> sp.csr_array:
        """Values on each feature's neurons as a sparse matrix [m, d]."""
        m, r = self.neurons.shape
        rows = sp.csr_array((values.ravel(), self.neurons.ravel(), np.arange(0, m * r + 1, r)), (m, d), copy=True)
        rows.sum_duplicates()
        return rows


@dataclass(frozen=True)
class CompiledNetwork:
    """A compiled network with its ground truth, as `load` reads it.

    Attributes:
      tensors: arrays by name; read from disk one by one, so that memory holds one layer.
      metadata: what the file says about itself.
    """

    tensors: Mapping[str, np.ndarray]
    metadata: dict

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit that the network computes. Raises ValueError where the file holds none."""
        return stored_circuit(self.tensors, self.metadata)

    @property
    def depth(self) -> int:
        """Layers of the circuit."""
        return sum(name.startswith("circuit.") and name.endswith(".op") for name in self.tensors)

    def features(self, layer: int) -> Features:
        """Directions and read-offs of circuit layer 1, 2, ..."""
        get = lambda name: self.tensors[f"features.{layer}.{name}"]
        return Features(
            int(get("layer")[0]), get("neurons"), get("directions"), get("read_off"), float(get("threshold")[0])
        )

    def weights(self, layer: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """(weight, bias) of the ReLU layers between circuit layers `layer` - 1 and `layer`, weights as matrices."""
        return [(np.diag(weight) if weight.ndim == 1 else weight, bias) for weight, bias in self.stored_weights(layer)]

    def stored_weights(self, layer: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The same as they are stored, diagonals as vectors."""
        first = 0 if layer == 1 else int(self.tensors[f"features.{layer - 1}.layer"][0]) + 1
        last = int(self.tensors[f"features.{layer}.layer"][0])
        for i in range(first, last + 1):
            yield self.tensors[f"layers.{i}.weight"], self.tensors[f"layers.{i}.bias"]

    def encode(self, b: Float[np.ndarray, "batch m"] | sp.csr_array) -> Float[np.ndarray, "batch D"]:
        """The network's input for inputs b of the circuit."""
        chosen = b[:, self.tensors["encoding.inputs"]]
        return np.asarray(chosen @ self.tensors["encoding"].T.astype(np.float32))

    def activations(self, b: Float[np.ndarray, "batch m"]) -> Iterator[Float[np.ndarray, "batch d"]]:
        """Activations after every circuit layer, the encoded inputs first."""
        a = self.encode(b)
        yield a
        for layer in range(1, self.depth + 1):
            for weight, bias in self.stored_weights(layer):
                a = relu_layer(a, thinned(weight), bias)
            yield a

    def reads(self, b: Float[np.ndarray, "batch m"]) -> Iterator[Float[np.ndarray, "batch m_l"]]:
        """Read-offs of every circuit layer 1, 2, ... on inputs b, from the plain weights alone."""
        states = self.activations(b)
        next(states)
        for layer, a in enumerate(states, start=1):
            yield self.features(layer).read(a)


class Reads(NamedTuple):
    """Weights of which every neuron has exactly one that is not zero: `value` on the activation of `neuron`."""

    neuron: Int[np.ndarray, " d"]
    value: Float[np.ndarray, " d"]


def thinned(weight: np.ndarray) -> np.ndarray | sp.csr_array | Reads:
    """The transposed weights [d_in, d] in float32, in the form that multiplies fastest. A vector is a diagonal."""
    if weight.ndim == 1:
        return Reads(np.arange(len(weight)), weight.astype(np.float32))
    if 4 * np.count_nonzero(weight) >= weight.size:
        return weight.T.astype(np.float32)
    row, column = np.divmod(np.flatnonzero(weight), weight.shape[1])
    value = weight[row, column].astype(np.float32)
    if np.array_equal(row, np.arange(len(weight))):
        return Reads(column, value)
    return sp.csr_array((value, (column, row)), shape=weight.shape[::-1])


def relu_layer(
    a: Float[np.ndarray, "batch d_in"] | sp.csr_array,
    weight: np.ndarray | sp.csr_array | Reads,
    bias: Float[np.ndarray, " d"],
) -> Float[np.ndarray, "batch d"]:
    """maximum(W a + bias, 0) for rows a, and `weight` = `thinned(W)`."""
    if isinstance(weight, Reads):
        product = (a.toarray() if sp.issparse(a) else a)[:, weight.neuron] * weight.value
    else:
        product = a @ weight
    product = product.toarray() if sp.issparse(product) else np.ascontiguousarray(product)
    return np.maximum(product + bias, 0)


class Tensors(Mapping):
    """The arrays of a safetensors file by name, each read when it is asked for."""

    def __init__(self, path: str | Path):
        self._file = safe_open(path, "numpy")
        self._names = list(self._file.keys())

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        return self._file.get_tensor(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def load(path: str | Path) -> CompiledNetwork:
    """A compiled network from its file. It is read, not checked: `verify_network` checks it.

    Raises:
      OSError: the file cannot be read.
      InputError: it is not a file that `superposed compile` wrote.
    """
    with open(path, "rb"):
        pass  # a missing or forbidden file is an OSError with its name
    refuse = lambda why: InputError("network", str(path), f"{why}; give a file that `superposed compile` wrote")
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
        tensors = Tensors(path)
    except SafetensorError as error:
        raise refuse(f"not a safetensors file, or cut short: {error}") from None
    try:
        whole = json.loads(metadata["superposed"])
        form = whole["format"], whole["version"]
    except (KeyError, json.JSONDecodeError, TypeError, RecursionError):
        raise refuse("a safetensors file of something else") from None
    if form != (FORMAT, VERSION) or type(form[1]) is not int:
        raise refuse(f"form {form[0]!r} version {form[1]!r}, this program reads {FORMAT} version {VERSION}")
    if wrong := wrong_kind(whole):
        raise refuse(f"its metadata is damaged: {wrong}")
    return CompiledNetwork(tensors, whole)

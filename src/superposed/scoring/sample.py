"""Sampled activations of one layer of a compiled network, with the features that are on in each of them."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Gates, Op, walk
from superposed.circuits.inputs import domain_of
from superposed.compiler.contents import metadata_digest
from superposed.compiler.file import CompiledNetwork
from superposed.scoring.truth import activations, check_layer, layer_truth

FORMAT = "superposed-sample"
BATCH = 2048  # inputs run through the network at once
TRIES = 50  # inputs drawn for one that is kept, before drawing is given up


class Sample(NamedTuple):
    """Activations of one network layer, and what is on in them.

    Args:
      activations: of the layer, a row an input.
      inputs: indices of the active inputs of the circuit, -1 where a row has fewer.
      features: indices of the active features of the sampled circuit layer, -1 where a row has fewer.
      layer: the circuit layer.
    """

    activations: Float[np.ndarray, "n d"]
    inputs: Int[np.ndarray, "n s"]
    features: Int[np.ndarray, "n s_layer"]
    layer: int


def sample_layer(compiled: CompiledNetwork, n: int, layer: int, seed: int = 0) -> Sample:
    """n activations of circuit layer `layer` on inputs drawn by `draw_inputs`, from the network's stored weights.

    Raises:
      InputError: no such layer, n below 1, or too few inputs on which the circuit stays sparse.
    """
    check_layer(compiled, layer)
    if n < 1:
        raise InputError("n", n, "sample at least one input")
    circuit, s = compiled.circuit, compiled.metadata["s"]
    b = draw_inputs(np.random.default_rng(seed), circuit, s, n, layer, compiled.metadata["s_inputs"])
    *_, (_, features) = walk(circuit.layers[:layer], b)
    network_layer = layer_truth(compiled, layer).network_layer
    parts = [activations(compiled, b[start : start + BATCH].toarray(), network_layer) for start in range(0, n, BATCH)]
    return Sample(np.concatenate(parts), active_table(b), active_table(features), layer)


def draw_inputs(
    rng: np.random.Generator, circuit: Circuit, s: int, n: int, layer: int, s_inputs: int | None = None
) -> sp.csr_array:
    """n inputs [n, n_inputs] with at most s active features in every layer up to `layer`, s_inputs of the inputs.

    Random sparse inputs turn most circuits off within a few layers. So each input is made to turn on features of
    `layer`: a feature drawn at random is followed back to inputs that set it off. This is repeated up to s times, and
    a set is added where the input then still has at most s active features. Random inputs are then added, a random
    number of them up to s. Groups of inputs without an active one get one. Inputs on which a layer has more than s
    active features, or a group more than one, are drawn again.

    Raises:
      InputError: fewer than one drawn input in 50 stays sparse.
    """
    domain = domain_of(circuit, min(s, s_inputs or s))
    kept, n_kept, drawn = [], 0, 0
    while n_kept < n:
        if drawn > TRIES * max(n, 1000):
            raise InputError(
                "s", s, f"on {drawn - n_kept:,} of {drawn:,} drawn inputs a layer has more active features than that; "
                "sample a layer nearer to the inputs"
            )  # fmt: skip
        batch = max(1000, n - n_kept)
        b = domain.complete(rng, _draw(rng, circuit, domain.s, batch, layer))
        sparse = domain.holds(b)
        for _, features in walk(circuit.layers[:layer], b):
            sparse &= np.diff(features.indptr) <= s
        kept.append(b[np.flatnonzero(sparse)])
        n_kept, drawn = n_kept + int(sparse.sum()), drawn + batch
    return sp.vstack(kept).tocsr()[:n]


def _draw(rng: np.random.Generator, circuit: Circuit, s: int, n: int, layer: int) -> sp.csr_array:
    """Candidates of `draw_inputs`, with at most s active inputs each."""
    b = sp.csr_array((n, circuit.n_inputs), dtype=np.float32)
    rounds = rng.integers(1, s + 1, n)
    for turn in range(s):
        more = _set_off(rng, circuit.layers[:layer], rng.integers(0, circuit.widths[layer], n), circuit.n_inputs)
        union = b.maximum(more)
        fits = (np.diff(union.indptr) <= s) & (turn < rounds)
        b = sp.csr_array(b + (union - b).multiply(fits[:, None]))
    room = np.maximum(s - np.diff(b.indptr), 0)
    extra = rng.integers(0, room + 1)
    rows = np.repeat(np.arange(n), extra)
    others = _ones(rows, rng.integers(0, circuit.n_inputs, len(rows)), (n, circuit.n_inputs))
    b = sp.csr_array(b.maximum(others))
    b.eliminate_zeros()
    b.sort_indices()
    return b


def _set_off(
    rng: np.random.Generator, layers: tuple[Gates, ...], wanted: Int[np.ndarray, " n"], n_inputs: int
) -> sp.csr_array:
    """For each wanted gate of the last layer, inputs that turn it on: all of an AND's, one of an OR's or XOR's.

    That one is an input that most of the gates wanted beside it read too, drawn at random where several are.
    """
    row, gate, n = np.arange(len(wanted)), wanted, len(wanted)
    for gates, before in zip(reversed(layers), [*(len(g.op) for g in layers[-2::-1]), n_inputs], strict=True):
        slot, inputs = np.arange(gates.inputs.shape[1]), gates.inputs[gate]
        drawn = rng.integers(0, gates.fan_in[gate])[:, None] == slot
        at, which = np.nonzero(inputs >= 0)
        readers = sp.csr_array((np.ones(len(at)), (row[at], inputs[at, which])), shape=(n, before))
        shared = np.zeros(inputs.shape)
        shared[at, which] = readers[row[at], inputs[at, which]]
        best = np.argmax(shared + drawn / 2, axis=1)[:, None] == slot
        at, which = np.nonzero(np.where((gates.op[gate] == Op.AND)[:, None], inputs >= 0, best))
        table = _ones(row[at], inputs[at, which], (n, before)).tocoo()
        row, gate = table.row, table.col
    return _ones(row, gate, (n, n_inputs))


def _ones(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sp.csr_array:
    """Ones at these places, however often a place is named."""
    table = sp.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    table.data[:] = 1
    return table


def active_table(b: sp.csr_array) -> Int[np.ndarray, "n s"]:
    """The indices of the ones in each row, in rising order, filled up with -1."""
    b = b.sorted_indices()
    counts = np.diff(b.indptr)
    table = np.full((b.shape[0], max(int(counts.max(initial=0)), 1)), -1, np.int32)
    table[np.arange(table.shape[1]) < counts[:, None]] = b.indices
    return table


def from_table(active: Int[np.ndarray, "n s"], m: int) -> sp.csr_array:
    """The inverse of `active_table`: zeros and ones [n, m]."""
    counts = (active >= 0).sum(1)
    return sp.csr_array(
        (np.ones(counts.sum(), np.float32), active[active >= 0], np.concatenate([[0], np.cumsum(counts)])),
        shape=(len(active), m),
    )


def write_sample(path: str | Path, sample: Sample, compiled: CompiledNetwork, seed: int) -> None:
    """Writes the sample, under a temporary name first, with a digest of the network that it belongs to."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    metadata = {"format": FORMAT, "layer": sample.layer, "seed": seed, "network": metadata_digest(compiled.metadata)}
    tensors = {name: np.ascontiguousarray(getattr(sample, name)) for name in Sample._fields[:3]}
    save_file(tensors, part, metadata={"superposed": json.dumps(metadata)})
    part.replace(path)


def read_sample(path: str | Path, compiled: CompiledNetwork) -> Sample:
    """A sample of this network.

    Raises:
      OSError: the file cannot be read.
      InputError: it is no sample, or one of another network.
    """
    tensors, metadata = read_tensors(path)
    try:
        form = json.loads(metadata["superposed"])
        layer, network = form["layer"], form["network"]
        fits = form["format"] == FORMAT and {*tensors} == {*Sample._fields[:3]}
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise InputError("sample", str(path), "not a file that `superposed sample` wrote; make one with it")
    if network != metadata_digest(compiled.metadata):
        raise InputError("sample", str(path), "sampled from another network than this one; sample this one")
    return Sample(tensors["activations"], tensors["inputs"], tensors["features"], layer)


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and metadata of a safetensors file. Raises OSError, or InputError where it is none."""
    with open(path, "rb"):
        pass  # a missing or forbidden file is an OSError with its name
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
        return load_file(path), metadata
    except SafetensorError as error:
        raise InputError("file", str(path), f"not a safetensors file, or cut short: {error}") from None

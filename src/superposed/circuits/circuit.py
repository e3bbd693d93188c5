"""Boolean circuits as layers of integer arrays, their evaluators, and the check that they stay sparse."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Bool, Int

MOST_FEATURES = 2**31 - 1  # gates hold what they read as 32-bit integers


class Op(IntEnum):
    """Gates that map zero to zero, as a circuit must whose layers stay sparse."""

    AND = 0
    OR = 1
    XOR = 2
    COPY = 3


class Gates(NamedTuple):
    """One layer of n gates on the features of the layer before.

    Args:
      op: the gates' `Op`, as integers.
      inputs: features each gate reads, -1 where it has fewer inputs than the widest gate; used slots come first.
    """

    op: Int[np.ndarray, " n"]
    inputs: Int[np.ndarray, "n fan_in"]

    @property
    def fan_in(self) -> Int[np.ndarray, " n"]:
        """Number of inputs of each gate."""
        return (self.inputs >= 0).sum(1)


class GateError(ValueError):
    """A gate that breaks a rule, and where it stands: its layer, from 1, and its place there; gate -1 is the layer itself."""

    def __init__(self, layer: int, gate: int, message: str):
        super().__init__(message)
        self.layer, self.gate = layer, gate


class Circuit(NamedTuple):
    """Gates in layers, each layer reading only the one before (Hänni et al. 2024, section 2).

    Args:
      n_inputs: features of layer 0.
      layers: gates of layers 1, 2, ...
      s: number of features that are active at most in any layer, on the inputs the circuit is meant for; None if unknown.
      names: what each feature of each layer is called, the inputs first, None for one without a name, () for a
        layer without; None if there are none.
    """

    n_inputs: int
    layers: tuple[Gates, ...]
    s: int | None = None
    names: tuple[tuple[str | None, ...], ...] | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of features of every layer, the inputs first."""
        return (self.n_inputs, *(len(gates.op) for gates in self.layers))


def make_gates(gates: Sequence[tuple[Op, Sequence[int]]]) -> Gates:
    """A layer from a list of (op, inputs)."""
    fan_in = max((len(inputs) for _, inputs in gates), default=1)
    table = np.full((len(gates), fan_in), -1, np.int32)
    for row, (_, inputs) in zip(table, gates):
        row[: len(inputs)] = inputs
    return Gates(np.array([op for op, _ in gates], np.int8), table)


def and_gates(inputs: Int[np.ndarray, "n fan_in"]) -> Gates:
    """A layer of ANDs alone."""
    return Gates(np.full(len(inputs), Op.AND, np.int8), inputs.astype(np.int32))


def check_circuit(circuit: Circuit, fan_in: int | None = None) -> Circuit:
    """The circuit itself, or a ValueError that names the first layer and gate which break a rule (a GateError).

    Rules: at least one input and one layer, no more inputs than 32-bit integers can count; every gate has an input; inputs exist in the layer before and differ from
    one another; copies have one input; with `fan_in`, no gate has more inputs than that.
    """
    if not 1 <= circuit.n_inputs <= MOST_FEATURES:
        raise ValueError(f"inputs = {circuit.n_inputs}: a circuit has at least one input, and at most {MOST_FEATURES}")
    if circuit.s is not None and not 1 <= circuit.s <= MOST_FEATURES:
        raise ValueError(f"s = {circuit.s}: at least one feature is active, and at most {MOST_FEATURES}")
    if not circuit.layers:
        raise ValueError("layers = []: a circuit has at least one layer of gates")
    for depth, (gates, before) in enumerate(zip(circuit.layers, circuit.widths), start=1):
        if not len(gates.op):
            raise GateError(depth, -1, f"layer {depth} has no gates")
        ordered = np.sort(gates.inputs, axis=1)
        repeated = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(1)
        for broken, rule in (
            (gates.fan_in < 1, "has no input"),
            (
                (gates.inputs >= before).any(1),
                f"reads a feature beyond the {before} of layer {depth - 1}, the only one it may read",
            ),
            (repeated, "reads one feature twice; write it once"),
            ((gates.op == Op.COPY) & (gates.fan_in > 1), "is a copy and has more than one input"),
            (
                gates.fan_in > (fan_in or gates.inputs.shape[1]),
                f"has more than {fan_in} inputs; split it or allow more with --fan-in",
            ),
        ):
            if broken.any():
                g = int(np.argmax(broken))
                raise GateError(
                    depth, g, f"layer {depth}, gate {g}: {Op(gates.op[g]).name} of {gates.inputs[g].tolist()} {rule}"
                )
    return circuit


def evaluate_gates(gates: Gates, b: Bool[np.ndarray, "batch m"]) -> Bool[np.ndarray, "batch n"]:
    """The layer's gates on features b, every gate looked at."""
    used = gates.inputs >= 0
    count = (b[:, gates.inputs] & used).sum(2)
    return _is_on(gates, np.arange(len(gates.op)), count)


def evaluate_circuit(circuit: Circuit, b: Bool[np.ndarray, "batch m"]) -> list[Bool[np.ndarray, "batch _"]]:
    """The features of every layer on inputs b, the inputs first."""
    features = [b]
    for gates in circuit.layers:
        features.append(evaluate_gates(gates, features[-1]))
    return features


def wires(gates: Gates, n_features: int) -> sp.csr_array:
    """The layer's wiring [n_features, n] with a one where gate g reads feature k."""
    n, slots = gates.inputs.shape
    if (gates.inputs >= 0).all():  # transposing is several times faster than sorting entries
        rows = (np.ones(n * slots, np.float32), gates.inputs.ravel(), np.arange(0, n * slots + 1, slots))
        return sp.csr_array(rows, shape=(n, n_features)).T.tocsr()
    gate, slot = np.nonzero(gates.inputs >= 0)
    entries = (np.ones(len(gate), np.float32), (gates.inputs[gate, slot], gate))
    return sp.csr_array(entries, shape=(n_features, len(gates.op)))


def evaluate_active(gates: Gates, wiring: sp.csr_array, b: sp.csr_array) -> sp.csr_array:
    """The layer's gates on sparse features b [batch, m], following only the active ones.

    Costs as much as the active features have gates, whatever m is; `wiring` is `wires(gates, m)`.
    """
    count = b @ wiring
    on = _is_on(gates, count.indices, count.data)
    row = np.repeat(np.arange(count.shape[0]), np.diff(count.indptr))
    return sp.csr_array((np.ones(on.sum(), np.float32), (row[on], count.indices[on])), shape=count.shape)


def _is_on(gates: Gates, gate: Int[np.ndarray, " *gates"], count: np.ndarray) -> np.ndarray:
    """Whether gates that see `count` active inputs are on: AND all of them, OR any, XOR an odd number, COPY its one."""
    op = gates.op[gate]
    return np.where(op == Op.AND, count == gates.fan_in[gate], np.where(op == Op.XOR, count % 2 == 1, count > 0))


def sparse_features(active: Int[np.ndarray, "batch s"], m: int) -> sp.csr_array:
    """Features b [batch, m] from the indices of the active ones, the same number in every row."""
    batch, s = active.shape
    return sp.csr_array((np.ones(batch * s, np.float32), active.ravel(), s * np.arange(batch + 1)), shape=(batch, m))


def random_features(rng: np.random.Generator, batch: int, m: int, s: int) -> sp.csr_array:
    """Features b [batch, m], s of them active, each set of s equally likely."""
    if s > 16:  # many draws would have a feature twice, or need m numbers a row
        return sparse_features(
            np.array([rng.choice(m, s, replace=False, shuffle=False) for _ in range(batch)], int).reshape(batch, s), m
        )
    active = rng.integers(0, m, (batch, s)) if s * 4 < m else np.argsort(rng.random((batch, m)), 1)[:, :s]
    while (clash := (np.diff(np.sort(active, 1), axis=1) == 0).any(1)).any():
        active[clash] = rng.integers(0, m, (clash.sum(), s))
    return sparse_features(active, m)


def walk(layers: Iterator[Gates] | Sequence[Gates], b: sp.csr_array) -> Iterator[tuple[Gates, sp.csr_array]]:
    """Each layer of gates with the features it makes of b."""
    for gates in layers:
        b = evaluate_active(gates, wires(gates, b.shape[1]), b)
        yield gates, b


def check_sparsity(circuit: Circuit, b: sp.csr_array, s: int) -> None:
    """Raises a GateError unless no layer, inputs included, has more than s active features on any row of b.

    The message names the first layer with too many, the input that does it by its active features, and the first gate beyond the s-th.
    """
    names = circuit.names or [()] * len(circuit.widths)
    layers = [b] + [features for _, features in walk(circuit.layers, b)]
    for depth, features in enumerate(layers):
        active = np.diff(features.indptr)
        if (active > s).any():
            row = int(np.argmax(active > s))
            on = np.sort(features.indices[features.indptr[row] : features.indptr[row + 1]])
            what = "feature" if depth == 0 else "gate"
            called = f" ({names[depth][on[s]]!r})" if names[depth] and names[depth][on[s]] else ""
            raise GateError(
                depth,
                int(on[s]),
                f"layer {depth}, {what} {on[s]}{called}: the input with {_listed(b, row, names[0])} on makes {active[row]} features active there, "
                f"more than s = {s}; "
                "raise --s, or check inputs on which the circuit stays sparse",
            )


def _listed(b: sp.csr_array, row: int, names: Sequence[str | None]) -> str:
    active = np.sort(b.indices[b.indptr[row] : b.indptr[row + 1]]).tolist()
    called = [repr(names[k]) if names and names[k] else str(k) for k in active[:8]]
    return ("feature " if len(active) == 1 else "features ") + ", ".join(called) + (", ..." if len(active) > 8 else "")

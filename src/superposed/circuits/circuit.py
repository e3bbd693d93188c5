"""Boolean circuits as layers of integer arrays, their evaluators, and the check that they stay sparse."""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Bool, Int

from superposed.bad_input import InputError

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
      inputs: what each gate reads. A number k >= 0 is a feature, -1 an unused slot, and -2 - k says that feature k
        inhibits: an AND with inhibitors is on when all its features are on and none of its inhibitors is.
    """

    op: Int[np.ndarray, " n"]
    inputs: Int[np.ndarray, "n slots"]

    @property
    def fan_in(self) -> Int[np.ndarray, " n"]:
        """Number of features that each gate reads, inhibitors not counted."""
        return (self.inputs >= 0).sum(1)

    @property
    def inhibitors(self) -> Int[np.ndarray, "n slots"]:
        """The features that inhibit each gate, -1 in all other slots."""
        return np.where(self.inputs < -1, -2 - self.inputs, -1)

    @property
    def reads(self) -> Int[np.ndarray, "n slots"]:
        """The features that each gate reads, inhibitors among them, -1 in unused slots."""
        return np.where(self.inputs < -1, -2 - self.inputs, self.inputs)


class GateError(ValueError):
    """A gate that breaks a rule. `layer` counts from 1, `gate` is its place there; gate -1 is the layer itself."""

    def __init__(self, layer: int, gate: int, message: str):
        super().__init__(message)
        self.layer, self.gate = layer, gate


class Circuit(NamedTuple):
    """Gates in layers, each layer reading only the one before (Hänni et al. 2024, section 2).

    Args:
      n_inputs: features of layer 0.
      layers: gates of layers 1, 2, ...
      s: number of features that are active at most in any layer, on the inputs the circuit is meant for; None if
        unknown.
      names: what each feature of each layer is called, the inputs first, None for one without a name, () for a
        layer without; None if there are none.
      groups: sets of inputs of which exactly one is active on every input the circuit is meant for; () if unknown.
      quiet: for a circuit of deviations, the value [m] of each layer's signals on its quiet input: a signal is the
        feature XOR this. None if features are signals.
    """

    n_inputs: int
    layers: tuple[Gates, ...]
    s: int | None = None
    names: tuple[tuple[str | None, ...], ...] | None = None
    groups: tuple[tuple[int, ...], ...] = ()
    quiet: tuple[Int[np.ndarray, " _"], ...] | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of features of every layer, the inputs first."""
        return (self.n_inputs, *(len(gates.op) for gates in self.layers))


def make_gates(gates: Sequence[tuple]) -> Gates:
    """A layer from a list of (op, inputs) or (op, inputs, inhibitors)."""
    rows = [[*gate[1], *(-2 - k for k in (gate[2] if len(gate) > 2 else ()))] for gate in gates]
    table = np.full((len(gates), max(map(len, rows), default=1)), -1, np.int32)
    for slots, row in zip(table, rows, strict=False):
        slots[: len(row)] = row
    return Gates(np.array([gate[0] for gate in gates], np.int8), table)


def and_gates(inputs: Int[np.ndarray, "n fan_in"]) -> Gates:
    """A layer of ANDs alone."""
    return Gates(np.full(len(inputs), Op.AND, np.int8), inputs.astype(np.int32))


def check_circuit(circuit: Circuit, fan_in: int | None = None) -> Circuit:
    """The circuit itself, once it obeys the rules.

    Rules: at least one input, one layer, and one gate a layer. Every gate reads a feature. What it reads exists in the
    layer before and differs from slot to slot. Copies read one feature, and only ANDs have inhibitors. With `fan_in`,
    no gate reads more features than that.

    Raises:
      InputError: a number of the circuit breaks a rule.
      GateError: a gate does; names the first layer and gate.
    """
    if not 1 <= circuit.n_inputs <= MOST_FEATURES:
        raise InputError("inputs", circuit.n_inputs, f"a circuit has at least one input, and at most {MOST_FEATURES}")
    if circuit.s is not None and not 1 <= circuit.s <= MOST_FEATURES:
        raise InputError("s", circuit.s, f"at least one feature is active, and at most {MOST_FEATURES}")
    if not circuit.layers:
        raise InputError("layers", [], "a circuit has at least one layer of gates")
    for depth, (gates, before) in enumerate(zip(circuit.layers, circuit.widths, strict=False), start=1):
        if not len(gates.op):
            raise GateError(depth, -1, f"layer {depth} has no gates")
        reads, inhibited = gates.reads, (gates.inputs < -1).any(1)
        ordered = np.sort(reads, axis=1)
        repeated = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(1)
        beyond = f"reads a feature beyond the {before} of layer {depth - 1}, the only one it may read"
        n_reads = (reads >= 0).sum(1)
        too_wide = f"has more than {fan_in} inputs; split it or allow more with --fan-in"
        for broken, rule in (
            (gates.fan_in < 1, "has no input"),
            ((reads >= before).any(1), beyond),
            (repeated, "reads one feature twice; write it once"),
            ((gates.op == Op.COPY) & (gates.fan_in > 1), "is a copy and has more than one input"),
            ((gates.op != Op.AND) & inhibited, "has inhibitors, which only an AND may have"),
            (n_reads > (fan_in or reads.shape[1]), too_wide),
        ):
            if broken.any():
                g = int(np.argmax(broken))
                what = f"{Op(gates.op[g]).name} of {reads[g][reads[g] >= 0].tolist()}"
                raise GateError(depth, g, f"layer {depth}, gate {g}: {what} {rule}")
    return circuit


def evaluate_gates(gates: Gates, b: Bool[np.ndarray, "batch m"]) -> Bool[np.ndarray, "batch n"]:
    """The layer's gates on features b, every gate looked at."""
    seen = lambda features: (b[:, np.maximum(features, 0)] & (features >= 0)).sum(2)
    return _is_on(gates, np.arange(len(gates.op)), seen(gates.inputs)) & (seen(gates.inhibitors) == 0)


def evaluate_circuit(circuit: Circuit, b: Bool[np.ndarray, "batch m"]) -> list[Bool[np.ndarray, "batch _"]]:
    """The features of every layer on inputs b, the inputs first."""
    features = [b]
    for gates in circuit.layers:
        features.append(evaluate_gates(gates, features[-1]))
    return features


def wires(inputs: Int[np.ndarray, "n slots"], n_features: int) -> sp.csr_array:
    """The wiring [n_features, n] with a one where gate g reads feature k >= 0 in any of its slots."""
    n, slots = inputs.shape
    if (inputs >= 0).all():  # transposing is several times faster than sorting entries
        rows = (np.ones(n * slots, np.float32), inputs.ravel(), np.arange(0, n * slots + 1, slots))
        return sp.csr_array(rows, shape=(n, n_features)).T.tocsr()
    gate, slot = np.nonzero(inputs >= 0)
    entries = (np.ones(len(gate), np.float32), (inputs[gate, slot], gate))
    return sp.csr_array(entries, shape=(n_features, n))


def gates_that_read(
    inputs: Int[np.ndarray, "n slots"], features: Int[np.ndarray, " k"], m: int
) -> Int[np.ndarray, " some"]:
    """The gates that read at least one of these features of m, in order; inhibitors do not count."""
    wanted = np.zeros(m + 1, bool)  # the last entry is for slots without a feature
    wanted[features] = True
    reads = np.zeros(len(inputs), bool)
    for slot in inputs.T:
        reads |= wanted[np.maximum(slot, -1)]
    return np.flatnonzero(reads)


def evaluate_active(gates: Gates, b: sp.csr_array) -> sp.csr_array:
    """The layer's gates on sparse features b [batch, m], following only the active ones.

    It looks at every gate once, to find those that read an active feature. All else is paid for these gates alone.
    """
    reading = gates_that_read(gates.inputs, b.indices, b.shape[1])
    few = Gates(gates.op[reading], gates.inputs[reading])
    count = b @ wires(few.inputs, b.shape[1])
    on = _is_on(few, count.indices, count.data)
    row = np.repeat(np.arange(count.shape[0]), np.diff(count.indptr))
    features = sp.csr_array((np.ones(on.sum(), np.float32), (row[on], count.indices[on])), shape=count.shape)
    if (few.inputs < -1).any():
        features = features - features.multiply((b @ wires(few.inhibitors, b.shape[1])) > 0).tocsr()
        features.eliminate_zeros()
    columns = reading[features.indices].astype(np.int32)
    return sp.csr_array((features.data, columns, features.indptr), shape=(b.shape[0], len(gates.op)))


def _is_on(gates: Gates, gate: Int[np.ndarray, " *gates"], count: np.ndarray) -> np.ndarray:
    """Whether gates that see `count` active inputs are on: AND all, OR any, XOR an odd number, COPY its one."""
    least = np.where(gates.op == Op.AND, gates.fan_in, 1).astype(count.dtype)
    on = count >= least[gate]
    odd = gates.op == Op.XOR
    return np.where(odd[gate], count % 2 == 1, on) if odd.any() else on


def walk(layers: Iterable[Gates], b: sp.csr_array) -> Iterator[tuple[Gates, sp.csr_array]]:
    """Each layer of gates with the features it makes of b."""
    for gates in layers:
        b = evaluate_active(gates, b)
        yield gates, b


def most_active(circuit: Circuit, b: sp.csr_array) -> Int[np.ndarray, " batch"]:
    """For each input, the largest number of features that are active in one layer, the inputs included."""
    return np.max([np.diff(f.indptr) for f in (b, *(features for _, features in walk(circuit.layers, b)))], axis=0)


def sparsity_error(circuit: Circuit, b: sp.csr_array, s: int) -> GateError:
    """Where the one input b [1, m] first makes more than s features of a layer active, in words."""
    names = circuit.names or [()] * len(circuit.widths)
    for depth, features in enumerate((b, *(f for _, f in walk(circuit.layers, b)))):  # noqa: B007
        on = np.sort(features.indices)
        if len(on) > s:
            break
    called = f" ({names[depth][on[s]]!r})" if names[depth] and names[depth][on[s]] else ""
    what = "gate" if depth else "feature"
    message = (
        f"layer {depth}, {what} {on[s]}{called}: the input with {_listed(b.indices, names[0])} on makes {len(on)} "
        f"features active there, more than s = {s}; raise --s, or check inputs on which the circuit stays sparse"
    )
    return GateError(depth, int(on[s]), message)


def _listed(active: np.ndarray, names: Sequence[str | None]) -> str:
    called = [repr(names[k]) if names and names[k] else str(k) for k in np.sort(active).tolist()[:8]]
    return ("feature " if len(active) == 1 else "features ") + ", ".join(called) + (", ..." if len(active) > 8 else "")


def sparse_features(active: Int[np.ndarray, "batch s"], m: int) -> sp.csr_array:
    """Features b [batch, m] from the indices of the active ones, the same number in every row."""
    batch, s = active.shape
    return sp.csr_array((np.ones(batch * s, np.float32), active.ravel(), s * np.arange(batch + 1)), shape=(batch, m))

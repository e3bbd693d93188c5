"""Circuits over more features than neurons: every feature a channel of c units, every unit an exact step."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import jax
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Int, Key

from superposed.circuits.circuit import Circuit, Gates, Op, and_gates, wires
from superposed.circuits.randomness import host_rng
from superposed.compiler.codes import coprime_code
from superposed.compiler.deep import SparseNetwork, Stage
from superposed.compiler.sparse import Reset, SparseLayer, index_matrix, kink, parity, ramp
from superposed.theory.channels import bearable_load, chance_of_count, hits


@dataclass(frozen=True)
class Channels:
    """One ReLU layer a circuit layer, with integer weights and states that are exactly zero or one.

    Each feature is stored as ones on the c units of its channel, Gamma_k. A gate's channel counts the active units of its
    inputs' channels, and a unit of an AND of f inputs is on when the count reaches f c:

        u_i = sum_{g: i in Gamma_g} sum_{k in inputs(g)} |{j in Gamma_k: h_j = 1}|,   h_i = ReLU(u_i - f c + 1) - ReLU(u_i - f c)

    Counts are integers and other features only ever add to them. So with AND, OR and copy gates no active bit is ever
    lost and no noise is handed on; the one error is a unit that reaches the count by chance (`theory.channels`), and a
    bit is read wrongly only when that happens to all c units of its channel: decode at (c - 1/2)/c. OR and copy step
    at c. XOR of f inputs has 2 f neurons a unit, steps up and down in turn; its units can be switched off by chance.

    Channels of one layer meet in at most one unit (for m <= (D/c)^2), by the Chinese remainder theorem: unit j of
    feature k is pi(k) mod p_j, in blocks of pairwise coprime sizes p_j, with pi a random order. All units carry the
    same load to within one. Each kind of gate has a share of the units in which chance is equally rare.

    Args:
      c: units in a channel, at least 1. With c > s no active set covers another feature's channel.
      reset: "step" as above; "ramp" instead rises between f - 3/4 and f - 1/4 of a full count, forgiving noise on both
        sides; "relu" is ReLU(u - (f - 1) c)/c, which forgives none above the threshold: a control, one neuron a unit.

    Source: channels after Adler and Shavit 2024 (arXiv 2409.15318), overlaps after Linsefors and Bushnaq 2025; the
    exact step and the coprime code are this project's.
    """

    c: int = 4
    reset: Literal["step", "ramp", "relu"] = "step"

    def __post_init__(self):
        if self.c < 1:
            raise ValueError(f"c = {self.c}: a channel has at least one unit")

    @property
    def threshold(self) -> float:
        """A bit is read as one when the mean of its channel exceeds this."""
        return 1 - 0.5 / self.c if self.reset == "step" else 0.5

    def __call__(self, key: Key[Array, ""], circuit: Circuit, width: int) -> SparseNetwork:
        """The whole network of a circuit in at most `width` ReLU neurons a layer. Raises ValueError as `stages` does."""
        return SparseNetwork(tuple(self.stages(key, circuit.layers, circuit.n_inputs, width)))

    def stages(
        self, key: Key[Array, ""], layers: Iterable[Gates], m: int, width: int, first: int = 0
    ) -> Iterator[Stage]:
        """The encoding of m input features, then a stage a circuit layer; none has more than `width` ReLU neurons.

        With `first` > 0, only what comes after layer `first`, where `layers` go on from there: its code of m features in place
        of the encoding, then the same stages as in one go. For circuits of ANDs with m gates a layer.

        Raises ValueError where a layer's kinds of gates do not find room for one channel each.
        """
        encoding_key, layers_key = jax.random.split(key)
        units = min(width // 2, self.c * m)
        if units < self.c:
            raise ValueError(f"width {width}: a channel of {self.c} units takes {2 * self.c} neurons; raise --width")
        if first:
            ands = and_gates(np.zeros((m, 2), np.int32))
            code, _ = self._channels(host_rng(jax.random.fold_in(layers_key, first - 1)), ands, width)
        else:
            code = index_matrix(coprime_code(host_rng(encoding_key), m, self.c, units), units)
        counts = code.T.tocsr()
        yield Stage((), code, self._mean(counts), self.threshold)
        for i, gates in enumerate(layers, start=first):
            wiring = wires(gates, code.shape[0])
            code, blocks = self._channels(host_rng(jax.random.fold_in(layers_key, i)), gates, width)
            layer = SparseLayer((counts, wiring, code), blocks)
            counts = code.T.tocsr()
            yield Stage((layer,), code, self._mean(counts), self.threshold)

    def _mean(self, counts: sp.csr_array) -> sp.csr_array:
        """The read-off of all features, the mean over each channel; shares its indices with `counts`."""
        return sp.csr_array((counts.data / np.float32(self.c), counts.indices, counts.indptr), shape=counts.shape)

    def _channels(
        self, rng: np.random.Generator, gates: Gates, width: int
    ) -> tuple[sp.csr_array, tuple[tuple[int, Reset], ...]]:
        """The gates' channels [n, D], and the reset of each block of units."""
        columns = np.empty((len(gates.op), self.c), np.int32)
        first, blocks = 0, []
        for own, size, at, steps in self._shares(gates, width):
            columns[own] = first + coprime_code(rng, len(own), self.c, size)
            blocks.append((size, self._reset(at, steps)))
            first += size
        return index_matrix(columns, first), tuple(blocks)

    def _shares(self, gates: Gates, width: int) -> list[tuple[np.ndarray, int, int, int]]:
        """For each kind of gate: its members, its units, the number of inputs at which it turns on, how often it turns."""
        step_at, steps = gate_kinds(gates)
        kinds = [(int(kind) >> 16, int(kind) & 0xFFFF) for kind in np.unique((step_at << 16) + steps)]
        members = [np.flatnonzero((step_at == at) & (steps == n)) for at, n in kinds]
        demand = [gates.fan_in[own].sum() / bearable_load(at * self.c) for (at, _), own in zip(kinds, members)]
        neurons = [len(self._reset(at, n).out) for at, n in kinds]
        sizes = share_units(demand, neurons, [self.c * len(own) for own in members], width, self.c)
        return [(own, size, at, n) for own, size, (at, n) in zip(members, sizes, kinds)]

    def check_load(self, circuit: Circuit, s: int, width: int) -> list[float]:
        """Expected units on by chance in each layer, by `theory.channels`.

        Raises ValueError, naming the layer, where they would outnumber a quarter of the s c units that ought to be on:
        chance hits then beget more of them, layer by layer.
        """
        active, before, n_before, expected = (
            float(s * self.c),
            min(width // 2, self.c * circuit.n_inputs),
            circuit.n_inputs,
            [],
        )
        for depth, gates in enumerate(circuit.layers, start=1):
            extra, units = 0.0, 0
            for own, size, at, _ in self._shares(gates, width):
                disjoint = size >= self.c * len(own) and before >= self.c * n_before
                load = 0.0 if disjoint else hits(float(gates.fan_in[own].sum()), self.c, size, active, before)
                extra += size * chance_of_count(load, at * self.c)
                units += size
            if extra > s * self.c / 4:
                raise ValueError(
                    f"in layer {depth} about {extra:.1f} units would be on by chance beside the {s * self.c} that ought to be"
                )
            expected.append(extra)
            active, before, n_before = s * self.c + extra, units, len(gates.op)
        return expected

    def _reset(self, at: int, steps: int) -> Reset:
        if self.reset == "relu":
            if steps > 1:
                raise ValueError('reset = "relu" has no XOR; use "step" or a circuit of AND, OR and copy gates')
            return kink((at - 1) * self.c, 1 / self.c)
        if steps > 1:
            return parity(self.c, steps)
        full = at * self.c
        return ramp(full - 1, full) if self.reset == "step" else ramp(full - 0.75 * self.c, full - 0.25 * self.c)


def gate_kinds(gates: Gates) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """For each gate the number of active inputs at which it turns on, and how often it turns as more become active."""
    fan_in = gates.fan_in
    return np.where(gates.op == Op.AND, fan_in, 1), np.where(gates.op == Op.XOR, fan_in, 1)


def share_units(demand: list[float], neurons: list[int], most: list[int], width: int, c: int) -> list[int]:
    """How many units each kind of gate gets: in proportion to demand, none more than it can use, all within `width`.

    Args:
      demand: units each kind wants, up to a common factor.
      neurons: neurons in one of its units.
      most: units beyond which channels would be disjoint and more are of no use.
      c: units in a channel, the least a kind can have.
    """
    sizes, left, open_ = [0] * len(demand), width, list(range(len(demand)))
    while open_:
        scale = left / sum(demand[i] * neurons[i] for i in open_)
        full = [i for i in open_ if demand[i] * scale >= most[i]]
        for i in full or open_:
            sizes[i] = most[i] if full else int(demand[i] * scale)
            left -= sizes[i] * neurons[i]
            open_ = [j for j in open_ if j != i]
    if min(sizes) < c:
        raise ValueError(f"width {width}: no room for a channel of {c} units in every kind of gate; raise --width")
    return sizes

"""Circuits over more features than neurons: every feature a channel of c units, every unit an exact step."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Key

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Gates, and_gates, evaluate_active
from superposed.circuits.randomness import host_rng
from superposed.compiler.codes import coprime_code
from superposed.compiler.deep import SparseNetwork, Stage
from superposed.compiler.placement import placed_code
from superposed.compiler.refused import NoRoom
from superposed.compiler.shares import Before, Share, shares
from superposed.compiler.sparse import SparseLayer, index_matrix, kink
from superposed.compiler.steps import StepLayer
from superposed.compiler.wiring import Wiring, clipped_wires, summed_wires


def channel_size(s: int) -> int:
    """Units in a channel: s + 1, between 4 and 6. Two channels share at most one, so s active ones do not cover it."""
    return min(max(s + 1, 4), 6)


@dataclass(frozen=True)
class Channels:
    """Two thin ReLU layers a circuit layer, with small whole numbers for weights and activations exactly zero or one.

    Each feature is stored as ones on the c units of its channel, Gamma_k. A unit counts the active units that it is
    wired to. A unit of an AND of f features is on when the count reaches f c, a unit of an OR or a copy when it reaches
    c:

        W_ij = max over gates g on unit i of |{k in inputs(g): j in Gamma_k}|,   z = ReLU(f c - W h),   h' = ReLU(1 - z)

    Counts are whole numbers and other features only ever add to them. So with AND, OR and copy gates no active bit is
    ever lost and no noise is handed on. The one error is a unit that reaches the count by chance (`theory.channels`). A
    bit is read wrongly only when that happens to all c units of its channel, because it is read at (c - 1/2)/c. Units
    of an XOR, and of an AND with inhibitors, also turn off again beyond a count; these can be switched off by chance.

    Two channels of one share (`compiler.shares`) meet in at most one unit while m <= (D/c)^2, by the Chinese remainder
    theorem: unit j of feature k is pi(k) mod p_j, in blocks of pairwise coprime sizes p_j, with pi a random order.

    Args:
      s: most features that are active in a layer.
      c: units in a channel; None for s + 1, between 4 and 6.
      wires: "clipped" as above. "summed" adds the wires of all gates up, W = sum over gates of a rank-one matrix: fewer
        features fit, and the layer is a known sum of one component a gate.
      placement: "random" as above. "load" places each gate on the units that need the fewest new wires for it
        (`compiler.placement`): wires are fewer, and more features fit. It takes longer than all the rest.
      reset: "step" as above. "relu" is ReLU(u - (f - 1) c)/c in one layer, a control that forgives no noise above the
        threshold and must fail.
      encoding_units: units that hold the inputs; None for the width. With c units an input, no two inputs share one.

    Source: channels after Adler and Shavit 2024 (arXiv 2409.15318), overlaps after Linsefors and Bushnaq 2025, clipped
    wires after Willshaw, Buneman and Longuet-Higgins 1969. The exact step and the coprime code are this project's.
    """

    s: int
    c: int | None = None
    wires: Literal["clipped", "summed"] = "clipped"
    placement: Literal["random", "load"] = "random"
    reset: Literal["step", "relu"] = "step"
    encoding_units: int | None = None
    relu_layers: ClassVar[int] = 2
    overlap: ClassVar[str] = "max"

    def __post_init__(self):
        if self.s < 1:
            raise InputError("s", self.s, "at least one feature is active")
        if self.c is not None and self.c < 1:
            raise InputError("c", self.c, "a channel has at least one unit")
        if self.placement == "load" and self.wires != "clipped":
            raise InputError(
                "placement", self.placement, "wires that several gates share are saved where they are clipped"
            )

    @property
    def size(self) -> int:
        """Units in a channel."""
        return channel_size(self.s) if self.c is None else self.c

    @property
    def threshold(self) -> float:
        """A bit is read as one when the mean of its channel exceeds this."""
        return 1 - 0.5 / self.size if self.reset == "step" else 0.5

    def __call__(
        self, key: Key[Array, ""], circuit: Circuit, width: int, sample: sp.csr_array | None = None
    ) -> SparseNetwork:
        """The whole network of a circuit, in at most `width` ReLU neurons a layer. Raises NoRoom as `stages` does."""
        return SparseNetwork(tuple(self.stages(key, circuit.layers, circuit.n_inputs, width, sample=sample)))

    def stages(
        self,
        key: Key[Array, ""],
        layers: Iterable[Gates],
        m: int,
        width: int,
        first: int = 0,
        sample: sp.csr_array | None = None,
    ) -> Iterator[Stage]:
        """The encoding of m input features, then a stage a circuit layer; none has more than `width` ReLU neurons.

        With `first` > 0, `layers` begin after layer `first`. The first stage is then that layer's code of m features in
        place of the encoding, and the others are the same as in one go. For circuits of m ANDs a layer and no hubs.

        `sample` are inputs [n, m] that the circuit is meant for. Shares of units are sized by what is active on them;
        without it, by s active features everywhere.

        Raises:
          NoRoom: a layer's kinds of gates and hubs do not find room for one channel each.
          InputError: `first` > 0 with placement by load, where a code depends on all layers before it.
        """
        if first and self.placement == "load":
            raise InputError("first", first, "0, since channels that are placed by load depend on all earlier layers")
        encoding_key, layers_key = jax.random.split(key)
        layers = iter(layers)
        gates = next(layers)
        if first:
            no_hubs = and_gates(np.stack([np.arange(m), (np.arange(m) + 1) % m], 1))
            rng = host_rng(jax.random.fold_in(layers_key, first - 1))
            layout = shares(no_hubs, Before(m, width), width, self.s, self.size)
            code, _ = self._layout(rng, layout, no_hubs, None)
        else:
            code = self._encoding(host_rng(encoding_key), gates, m, self.encoding_units or width)
        stage = Stage((), code, self._mean(code), self.threshold)
        yield stage
        i = first
        while gates is not None:
            layout = shares(gates, Before(*stage.code.shape, sample), width, self.s, self.size)
            code, on_units = self._layout(host_rng(jax.random.fold_in(layers_key, i)), layout, gates, stage.code)
            stage = Stage((self._layer(gates, stage, on_units, layout),), code, self._mean(code), self.threshold)
            yield stage
            sample = None if sample is None else evaluate_active(gates, sample)
            gates, i = next(layers, None), i + 1

    def _encoding(self, rng: np.random.Generator, gates: Gates, m: int, width: int) -> sp.csr_array:
        """The code [m, D] of the inputs; those that no gate reads have no units."""
        is_used = np.zeros(m + 1, bool)  # the last entry is for slots without a feature
        is_used[gates.reads] = True
        used = np.flatnonzero(is_used[:-1])
        units = min(width, self.size * len(used))
        if units < self.size:
            raise NoRoom(width, f"a channel takes c = {self.size} units", self.size)
        columns = coprime_code(rng, len(used), self.size, units)
        starts = np.zeros(m + 1, np.int32)
        starts[used + 1] = self.size
        return sp.csr_array((np.ones(columns.size, np.float32), columns.ravel(), np.cumsum(starts)), shape=(m, units))

    def _layout(
        self, rng: np.random.Generator, layout: list[Share], gates: Gates, before: sp.csr_array | None
    ) -> tuple[sp.csr_array, sp.csr_array]:
        """The codes of n gates: on the entries of the state that is handed on [n, D], and on units [n, units].

        They differ for an XOR of three or more features only, whose units hand on an entry for every band. `before` is
        the code of what the gates read; only placement by load asks for it.
        """
        n, most_bands = len(gates.op), max(len(share.gadget.bands) for share in layout)
        units = np.empty((n, self.size), np.int32)
        entries = np.full((n, self.size, most_bands), -1) if most_bands > 1 else None
        first_unit = first_entry = 0
        for members, gadget, size in layout:
            shares_units = (
                size < self.size * len(members) and len(gadget.edges) == 1
            )  # XORs and inhibitors bear no other
            if self.placement == "load" and shares_units:
                columns = placed_code(rng, before, gates.inputs[members], self.size, size)
            else:
                columns = coprime_code(rng, len(members), self.size, size)
            bands = np.arange(len(gadget.bands))
            units[members] = first_unit + columns
            if entries is not None:
                entries[members[:, None, None], np.arange(self.size)[:, None], bands] = (
                    first_entry + len(bands) * columns[:, :, None] + bands
                )
            first_unit, first_entry = first_unit + size, first_entry + size * len(bands)
        on_units = index_matrix(units, first_unit)
        if entries is None:
            return on_units, on_units
        used = entries.reshape(n, -1) >= 0
        starts = np.concatenate([[0], np.cumsum(used.sum(1))])
        columns = entries.reshape(n, -1)[used]
        return sp.csr_array((np.ones(len(columns), np.float32), columns, starts), shape=(n, first_entry)), on_units

    def _layer(
        self, gates: Gates, before: Stage, on_units: sp.csr_array, layout: list[Share]
    ) -> StepLayer | SparseLayer:
        """The layer that computes the gates from the features of the stage before."""
        make = clipped_wires if self.wires == "clipped" else summed_wires
        wiring = lambda features: Wiring(before.code, before.read, features, on_units, make)
        if self.reset == "relu":
            resets = tuple((size, kink(gadget.bands[0][0] - self.size, 1 / self.size)) for _, gadget, size in layout)
            return SparseLayer((wiring(gates.inputs).whole,), resets)
        inhibited = (gates.inputs < -1).any()
        return StepLayer(
            wiring(gates.inputs),
            wiring(gates.inhibitors) if inhibited else None,
            tuple((size, gadget) for _, gadget, size in layout),
        )

    def _mean(self, code: sp.csr_array) -> sp.csr_array:
        """The read-off [D, n] of all features, the mean over each channel."""
        read = code.T.tocsr()
        return sp.csr_array((read.data / np.float32(self.size), read.indices, read.indptr), shape=read.shape)

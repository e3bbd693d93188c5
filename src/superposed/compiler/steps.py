"""Units that step exactly from 0 to 1 when enough of what they are wired to is active: two thin ReLU layers.

A unit counts the active units that it is wired to, u = W h, and is on where u >= T. Two layers do this exactly, with
one neuron a unit in each:

    z = ReLU(T - W h),   h' = ReLU(1 - z)

Counts are whole numbers, so z = 0 where u >= T and z >= 1 elsewhere. Activations of the second layer are 0 or 1.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Int

from superposed.circuits.circuit import Gates, Op
from superposed.compiler.wiring import Wiring


class Gadget(NamedTuple):
    """When a unit is on, given the count u of its wires and the count v of its inhibiting wires, and how ReLUs say so.

        on:  low <= u < high for one of the bands, and v < veto
        first layer:   ReLU(low - u), ReLU(u - high + 1) for each band, ReLU(v - veto + 1)
        second layer:  for each band ReLU(1 - the sum of its neurons of the first layer)

    Args:
      bands: (low, high) of each band, in rising order; high is None where the band has no end.
      veto: count of inhibiting wires from which on the unit is off; None for a unit without inhibitors.
    """

    bands: tuple[tuple[int, int | None], ...]
    veto: int | None = None

    @property
    def edges(self) -> list[tuple[int, int, int]]:
        """Neurons of the first layer as (weight on the count, bias, band): the weight is -1, +1, or 2 for +1 on v."""
        low = [(-1, low, t) for t, (low, _) in enumerate(self.bands)]
        high = [(1, 1 - high, t) for t, (_, high) in enumerate(self.bands) if high is not None]
        return low + high + ([] if self.veto is None else [(2, 1 - self.veto, t) for t in range(len(self.bands))])


class StepLayer(NamedTuple):
    """Units in blocks, a gadget a block, as a map from states to states [batch, D_in] -> [batch, neurons].

    Each band of a unit is one neuron of the second layer, and one entry of the state that is handed on; most units have
    one band. A layer costs what the active units are wired to, whatever D and m are.

    Args:
      wiring: of W, whole numbers.
      inhibition: the same for inhibiting wires; None where no unit has any.
      blocks: (units, gadget) of consecutive ranges of the D units.
    """

    wiring: Wiring
    inhibition: Wiring | None
    blocks: tuple[tuple[int, Gadget], ...]

    @property
    def units(self) -> int:
        """Dimension of the state that is handed on, one entry a neuron of the second layer."""
        return sum(units * len(gadget.bands) for units, gadget in self.blocks)

    @property
    def width(self) -> int:
        """ReLU neurons in the wider of the two layers, the first."""
        return sum(units * len(gadget.edges) for units, gadget in self.blocks)

    @property
    def state_map(self) -> sp.csr_array:
        """The state is the second layer's activations as they are."""
        return sp.eye_array(self.units, format="csr", dtype=np.float32)

    def __call__(self, h: sp.csr_array) -> sp.csr_array:
        u = self.wiring.reach(h)
        bands = max((len(gadget.bands) for _, gadget in self.blocks), default=1)
        if bands == 1 and self.inhibition is None:
            u.data = self._in_band(u, 0).astype(np.float32)
            u.eliminate_zeros()
            return u
        row, first = np.repeat(np.arange(u.shape[0]), np.diff(u.indptr)), self._first_neuron(u.indices)
        rows, columns = [], []
        for t in range(bands):
            on = self._in_band(u, t)
            rows.append(row[on])
            columns.append(first[on] + t)
        entries = (np.concatenate(rows), np.concatenate(columns))
        state = sp.csr_array((np.ones(len(entries[0]), np.float32), entries), shape=(h.shape[0], self.units))
        return state if self.inhibition is None else self._without_inhibited(state, h)

    activations = __call__

    def _without_inhibited(self, state: sp.csr_array, h: sp.csr_array) -> sp.csr_array:
        v = self.inhibition.reach(h)
        ends = np.cumsum([units for units, _ in self.blocks])
        veto = np.array([np.inf if gadget.veto is None else gadget.veto for _, gadget in self.blocks])
        block = np.searchsorted(ends, v.indices, side="right")
        v.data = (v.data >= veto[block]).astype(np.float32)
        v.indices = self._first_neuron(v.indices).astype(v.indices.dtype)  # a unit with inhibitors has one band
        inhibited = sp.csr_array((v.data, v.indices, v.indptr), shape=state.shape)
        state = state - state.multiply(inhibited).tocsr()
        state.eliminate_zeros()
        return state

    def _in_band(self, u: sp.csr_array, t: int) -> np.ndarray:
        """For every stored count of u [batch, D], whether it lies in band t of its unit; units with fewer have none."""
        none = (np.inf, np.inf)
        bounds = [gadget.bands[t] if t < len(gadget.bands) else none for _, gadget in self.blocks]
        units = [units for units, _ in self.blocks]
        low = np.repeat(np.array([low for low, _ in bounds], np.float32), units)
        on = u.data >= low[u.indices]
        if any(high is not None for _, high in bounds):
            high = np.repeat(np.array([np.inf if high is None else high for _, high in bounds], np.float32), units)
            on &= u.data < high[u.indices]
        return on

    def _first_neuron(self, unit: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """Where each unit's neurons of the second layer begin."""
        firsts = np.concatenate(
            [np.full(units, len(gadget.bands)) for units, gadget in self.blocks] or [np.zeros(0, int)]
        )
        return (np.cumsum(firsts) - firsts)[unit]

    def dense(self, before: sp.csr_array) -> list[tuple[np.ndarray, np.ndarray]]:
        """(weights, bias) of the two plain ReLU layers, on neurons that make the incoming state by the matrix `before`.

        Weights are whole numbers, as int8 where they fit. Those of the second layer are a vector, the diagonal, where
        every unit is one neuron: a matrix would double the file for nothing.
        """
        unit, weight, bias, band = [], [], [], []
        first_unit = first_band = 0
        for units, gadget in self.blocks:
            for own_weight, own_bias, t in gadget.edges:
                unit.append(np.arange(first_unit, first_unit + units))
                weight.append(np.full(units, own_weight))
                bias.append(np.full(units, own_bias, np.float32))
                band.append(first_band + t + len(gadget.bands) * np.arange(units))
            first_unit, first_band = first_unit + units, first_band + units * len(gadget.bands)
        unit, weight, bias, band = (np.concatenate(part) for part in (unit, weight, bias, band))
        w = _integers((before @ self.wiring.whole).T)[unit]
        w[weight == -1] *= -1
        if self.inhibition is not None:
            w[weight == 2] = _integers((before @ self.inhibition.whole).T)[unit[weight == 2]]
        if np.array_equal(band, np.arange(self.units)):
            return [(w, bias), (np.full(self.units, -1, np.int8), np.ones(self.units, np.float32))]
        second = np.zeros((self.units, len(unit)), np.int8)
        second[band, np.arange(len(unit))] = -1
        return [(w, bias), (second, np.ones(self.units, np.float32))]


def _integers(w: sp.sparray) -> np.ndarray:
    """The matrix, dense, in the smallest signed type that holds its entries and their negatives."""
    largest = int(w.data.max(initial=0))
    return w.toarray(order="C").astype(np.int8 if largest < 128 else np.int16)


def gadget_of(at: int, steps: int, inhibited: bool, c: int) -> Gadget:
    """The gadget of gates that turn on at `at` active features, and turn `steps` times as more become active.

    A feature that is active adds c counts; an inhibitor is seen as active from c counts on.
    """
    bands = tuple((t * c, (t + 1) * c if t < steps else None) for t in range(1, steps + 1, 2))
    return Gadget(bands if steps > 1 else ((at * c, None),), c if inhibited else None)


def gate_kinds(gates: Gates) -> Int[np.ndarray, "3 n"]:
    """For each gate: at how many active features it turns on, how often it turns, and whether it has inhibitors."""
    at = np.where(gates.op == Op.AND, gates.fan_in, 1)
    steps = np.where(gates.op == Op.XOR, gates.fan_in, 1)
    return np.stack([at, steps, (gates.inputs < -1).any(1)])

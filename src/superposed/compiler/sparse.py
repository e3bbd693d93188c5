"""ReLU layers kept as products of sparse factors, run by following only what is active.

A layer maps a state h in R^D_in to a state in R^D in two steps. First u = W h; then every unit applies its *reset*, a
scalar function made of a few ReLUs. Neurons are those ReLUs: the paper's rounding takes eight a unit, and the width of
a layer counts them all. States are rows of scipy arrays, so a layer costs what the active units are wired to, and
memory is that of the factors.
"""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int

MANY = 1000  # rows from which it pays to go dense; fewer keep the order of their sums, and with it the last digits


class Reset(NamedTuple):
    """A scalar function made of r ReLUs with f(0) = 0:  f(u) = sum_j out_j ReLU(scale_j u + bias_j)."""

    scale: Float[np.ndarray, " r"]
    bias: Float[np.ndarray, " r"]
    out: Float[np.ndarray, " r"]

    def __call__(self, u: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        return sum(out * np.maximum(scale * u + bias, 0) for scale, bias, out in zip(*self, strict=False))


def make_reset(neurons: Sequence[tuple[float | int, float | int, float | int]]) -> Reset:
    """A reset from its neurons (scale, bias, out)."""
    return Reset(*np.array(neurons, np.float32).T)


def kink(at: float | int, scale: float | int = 1.0) -> Reset:
    """scale ReLU(u - at), one neuron: a threshold that forgives noise below it and none above."""
    return make_reset([(scale, -at * scale, 1)])


def identity() -> Reset:
    """u itself, two neurons: ReLU(u) - ReLU(-u). No reset at all, the control of error correction."""
    return make_reset([(1, 0, 1), (-1, 0, -1)])


def rounding(top: int = 2, edge: float = 1 / 3) -> Reset:
    """Rounding to the nearest of -top, ..., top, 4 top neurons; exact while the noise stays below `edge`.

        round(x) = sum over i < top of g(x - i) - g(-x - i),   g(x) = (ReLU(x - edge) - ReLU(x - 1 + edge))/(1 - 2 edge)

    Source: Hänni et al. 2024, appendix D.4, for top = 2 and edge = 1/3, where the second half is printed with
    round_[0,1](-x) for round_[0,a](-x).
    """
    slope = 1 / (1 - 2 * edge)
    return make_reset(
        [
            (sign, -(shift + corner), sign * direction * slope)
            for sign in (1, -1)
            for shift in range(top)
            for corner, direction in ((edge, 1), (1 - edge, -1))
        ]
    )


class SparseLayer(NamedTuple):
    """h -> reset(h F_0 F_1 ... F_n), for states h in rows.

    Args:
      factors: sparse matrices applied from left to right to a row, the transposed weights W^T [D_in, D] as a product.
      blocks: (units, reset) of consecutive ranges of the D units.
    """

    factors: tuple[sp.csr_array, ...]
    blocks: tuple[tuple[int, Reset], ...]

    @property
    def units(self) -> int:
        """D, the dimension of the state that is handed on."""
        return sum(units for units, _ in self.blocks)

    @property
    def width(self) -> int:
        """Number of ReLU neurons."""
        return sum(units * len(reset.out) for units, reset in self.blocks)

    def __call__(self, h: sp.csr_array) -> sp.csr_array:
        *before, last = self.factors
        rows = reduce(lambda rows, factor: rows @ factor, before, h)
        hits = rows.nnz * last.nnz / max(rows.shape[0] * last.shape[0], 1)
        if rows.shape[0] >= MANY and 2 * hits > self.units:  # hits: wires that reach a unit, a row
            return self._reach_all(rows, last)
        u = rows @ last
        ends = np.cumsum([units for units, _ in self.blocks])
        block = np.searchsorted(ends, u.indices, side="right") if len(ends) > 1 else np.zeros(len(u.indices), np.int8)
        for i, (_, reset) in enumerate(self.blocks):
            here = slice(None) if len(ends) == 1 else block == i
            u.data[here] = reset(u.data[here])
        u.eliminate_zeros()
        return u

    def activations(self, h: sp.csr_array) -> sp.csr_array:
        """The neurons' activations [batch, d] on states h, by the dense arrays: for a few states."""
        weight, bias = self.dense(sp.eye_array(h.shape[1], format="csr"))[0]
        return sp.csr_array(np.maximum(h @ weight.T + bias, 0))

    @property
    def state_map(self) -> sp.csr_array:
        """The matrix [d, D] that makes the state from the neurons' activations: h = a S."""
        unit, reset = self._neurons()
        return sp.csr_array((reset.out, (np.arange(len(unit)), unit)), shape=(len(unit), self.units))

    def dense(self, before: sp.csr_array) -> list[tuple[np.ndarray, np.ndarray]]:
        """(weights, bias) of the one plain ReLU layer, on neurons that make the incoming state by `before`."""
        transposed = reduce(lambda a, b: a @ b, (before, *self.factors))
        unit, reset = self._neurons()
        w = transposed.T.toarray(order="C")[unit]
        w *= reset.scale[:, None]
        return [(w.astype(np.float32), reset.bias)]

    def _neurons(self) -> tuple[np.ndarray, Reset]:
        """The unit that each of the d neurons belongs to, and their (scale, bias, out), unit after unit."""
        unit, first, parts = [], 0, []
        for units, reset in self.blocks:
            unit.append(np.repeat(np.arange(first, first + units), len(reset.out)))
            parts.append([np.tile(part, units) for part in reset])
            first += units
        return np.concatenate(unit), Reset(*(np.concatenate(part) for part in zip(*parts, strict=False)))

    def _reach_all(self, rows: sp.csr_array, last: sp.csr_array) -> sp.csr_array:
        """reset(rows @ last) where most units are reached, as by targeted ANDs: dense, 128 rows at a time."""
        wires, parts = last.T.tocsr(), []
        for start in range(0, rows.shape[0], 128):
            u = wires @ rows[start : start + 128].T.toarray(order="C")  # [D, rows]: a wire adds a whole contiguous line
            first = 0
            for units, reset in self.blocks:
                u[first : first + units] = reset(u[first : first + units])
                first += units
            parts.append(sp.csr_array(u).T.tocsr())
        return sp.vstack(parts, format="csr")


def index_matrix(
    columns: Int[np.ndarray, "m c"], n: int, values: Float[np.ndarray, "m c"] | None = None
) -> sp.csr_array:
    """The sparse matrix [m, n] with `values` (ones by default) at `columns` of each row."""
    m, c = columns.shape
    data = np.ones(m * c, np.float32) if values is None else values.astype(np.float32).ravel()
    return sp.csr_array((data, columns.ravel(), np.arange(0, m * c + 1, c)), shape=(m, n))

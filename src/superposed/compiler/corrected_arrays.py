"""The layers of Theorem 8's network as arrays, drawn from a key inside a program and applied to a batch.

Features come first in every array and inputs of the batch last, so that a gather copies whole lines. The functions take
read-offs [m] of one input as well as [m, B] of a batch.

Arrays may have more rows than there are features. Rows from m on hold nothing and read zero, so that networks of
several m run in one program.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Bool, Float, Int, Key

from superposed.compiler.balanced import mixed, order_keys, rank, thing
from superposed.compiler.deep import Stage
from superposed.compiler.error_correction import correction_stage
from superposed.compiler.gate_table import GateTable
from superposed.compiler.sparse import SparseLayer, kink
from superposed.theory.density_evolution import Design

Form = Literal["scattered", "dense"]
"""How sums are computed: "scattered" adds into place, "dense" uses ordered sums and dense products."""
TILE = 2048  # features whose codes are dense at a time


class Code(NamedTuple):
    """A ternary code: feature k lies on `units[k]` with these signs; a sign of 0 marks a place that is not used.

    Each of the D units carries the feature with probability p. There are places for seven standard deviations more
    units than the mean. A feature that chance gives no unit has one at random.
    """

    units: Int[Array, "m n"]
    signs: Float[Array, "m n"]

    @property
    def sizes(self) -> Float[Array, " m"]:
        """Units of each feature."""
        return jnp.abs(self.signs).sum(1)


def draw_code(key: Key[Array, ""], m: Int[Array, ""] | int, rows: int, design: Design) -> Code:
    """The code of m features, by jumping from one unit of a feature to the next."""
    gaps_key, signs_key, spare_key = jax.random.split(key, 3)
    n_units, p = design.units, design.density
    mean = n_units * p
    places = int(min(n_units, mean + 7 * (mean * (1 - p)) ** 0.5 + 8))
    uniform = jax.random.uniform(gaps_key, (rows, places), minval=jnp.finfo(jnp.float32).tiny)
    gaps = 1 + jnp.floor(jnp.log(uniform) / np.log1p(-p)) if p < 1 else jnp.ones((rows, places))
    units = jnp.cumsum(jnp.minimum(gaps, n_units + 1).astype(jnp.int32), 1) - 1
    used = units < n_units
    spare = jax.random.randint(spare_key, (rows,), 0, n_units)
    none = ~used.any(1)
    units = jnp.where(used, units, 0).at[:, 0].set(jnp.where(none, spare, jnp.where(used[:, 0], units[:, 0], 0)))
    used = used.at[:, 0].set(used[:, 0] | none)
    signs = jax.random.rademacher(signs_key, (rows, places), jnp.float32) * (used & (jnp.arange(rows) < m)[:, None])
    return Code(units, signs)


class AndLayer(NamedTuple):
    """The neurons of a layer of ANDs: in each of A blocks of b neurons a gate has one, by a random order of the gates.

    Args:
      neuron: of each gate in each block, counted from the block's first; place t of the order has neuron t mod b.
      gate: the gate at each place.
      weights: of each gate's inputs on its neuron: sigma = +-1, or 0 where an earlier slot has written the feature.
      is_read: gates that are read in a block: sigma is + for all inputs.
    """

    neuron: Int[Array, "A m"]
    gate: Int[Array, "A m"]
    weights: Int[Array, "A m f"]
    is_read: Bool[Array, "A m"]


def draw_and_layer(key: Key[Array, ""], table: GateTable, m: Int[Array, ""] | int, design: Design) -> AndLayer:
    """The neurons and signs of a layer of ANDs (`targeted_and`).

    The sign of a feature on a neuron is a hash of both, the same for all gates that share them. A gate that would be
    read on no neuron takes + for all inputs on its first.
    """
    orders_key, seed_key = jax.random.split(key)
    rows = jnp.arange(len(table.inputs))
    exists, within = rows < m, jnp.minimum(rows, m - 1)
    seed = jax.random.bits(seed_key, (2,))
    features = mixed(table.inputs.astype(jnp.uint32) ^ seed[0])

    def one_block(number, order):
        neuron = rank(within, order, m) % design.block
        places = mixed((neuron + number * design.block).astype(jnp.uint32) ^ seed[1])
        signs = 1 - 2 * (mixed(features + places[:, None]) >> 31).astype(jnp.int8)
        again = ((table.earlier >= 0) & (neuron[table.earlier] == neuron[:, None, None])).any(2)
        return neuron, jnp.where(exists, thing(within, order, m), rows), signs, again

    orders = order_keys(orders_key, design.gate_size)
    neuron, gate, signs, again = jax.lax.map(lambda block: one_block(*block), (jnp.arange(design.gate_size), orders))
    unread = ~(signs > 0).all(2).any(0)
    signs = signs.at[0].set(jnp.where(unread[:, None], jnp.int8(1), signs[0]))
    weights = jnp.where(again | ~exists[:, None], jnp.int8(0), signs)
    return AndLayer(neuron, gate, weights, (signs > 0).all(2) & exists)


def apply_ands(
    layer: AndLayer, inputs: Int[Array, "m f"], design: Design, read: Float[Array, "m_in *batch"], form: Form
) -> Float[Array, "m *batch"]:
    """The gates' read-offs from the features':  a = ReLU(W R - (f - 1)),  r_g = mean of a where g is read."""
    m, f = inputs.shape
    size = design.block
    rows = -(-m // size)
    wide = lambda x: x.reshape(x.shape + (1,) * (read.ndim - 1))

    def one_block(total, block):
        drive = sum(wide(block.weights[:, slot]) * read[inputs[:, slot]] for slot in range(f))
        if form == "scattered":
            sums = jnp.zeros((size, *read.shape[1:])).at[block.neuron].add(drive)
        else:
            padded = jnp.pad(drive[block.gate], ((0, rows * size - m), *[(0, 0)] * (read.ndim - 1)))
            sums = padded.reshape(rows, size, *read.shape[1:]).sum(0)
        a = jax.nn.relu(sums - (f - 1))
        return total + jnp.where(wide(block.is_read), a[block.neuron], 0.0), None

    total, _ = jax.lax.scan(one_block, jnp.zeros((m, *read.shape[1:])), layer)
    return total / wide(jnp.maximum(layer.is_read.sum(0), 1))


def write_code(code: Code, r: Float[Array, "m *batch"], n_units: int, form: Form) -> Float[Array, "D *batch"]:
    """u = Phi^T r, what reaches each unit."""
    if form == "scattered":
        values = code.signs.reshape(*code.signs.shape, *[1] * (r.ndim - 1)) * r[:, None]
        return jnp.zeros((n_units, *r.shape[1:])).at[code.units].add(values)
    add = lambda u, tile: (u + jnp.tensordot(_dense(tile[0], n_units), tile[1], (0, 0), precision="highest"), None)
    return jax.lax.scan(add, jnp.zeros((n_units, *r.shape[1:])), (_tiled(code), _tiled(r)))[0]


def read_code(code: Code, h: Float[Array, "D *batch"], form: Form) -> Float[Array, "m *batch"]:
    """R = <phi_k, h>/|Gamma_k| of every feature."""
    wide = lambda x: x.reshape(*x.shape, *[1] * (h.ndim - 1))
    if form == "scattered":
        places = (code.units.T, code.signs.T)
        add = lambda total, place: (total + wide(place[1]) * h[place[0]], None)
        total = jax.lax.scan(add, jnp.zeros((len(code.units), *h.shape[1:])), places)[0]
    else:
        read = lambda tile: jnp.tensordot(_dense(tile, len(h)), h, 1, precision="highest")
        total = jax.lax.map(read, _tiled(code)).reshape(-1, *h.shape[1:])[: len(code.units)]
    return total / wide(jnp.maximum(code.sizes, 1))


def _dense(code: Code, n_units: int) -> Float[Array, "m D"]:
    rows = jnp.arange(len(code.units))[:, None]
    return jnp.zeros((len(code.units), n_units)).at[rows, code.units].add(code.signs)


def _tiled(tree):
    """Arrays [m, ...] as [tiles, TILE, ...], zeros after the last feature."""
    tile = lambda x: jnp.pad(x, ((0, -len(x) % TILE), *[(0, 0)] * (x.ndim - 1))).reshape(-1, TILE, *x.shape[1:])
    return jax.tree.map(tile, tree)


def code_matrix(code: Code, m: int, n_units: int) -> sp.csr_array:
    """The code as SciPy holds it, [m, D]."""
    units, signs = np.asarray(code.units)[:m], np.asarray(code.signs)[:m]
    row, place = np.nonzero(signs)
    return sp.csr_array((signs[row, place], (row, units[row, place])), shape=(len(units), n_units))


def and_stage(
    layer: AndLayer, inputs: Int[Array, "rows f"], m: int, design: Design, read: sp.csr_array
) -> tuple[SparseLayer, sp.csr_array]:
    """The layer and its read-off as SciPy holds them: what `targeted_and` returns."""
    neuron, _, weights, is_read = jax.tree.map(np.asarray, layer)
    places = neuron + np.arange(design.gate_size)[:, None] * design.block
    block, gate, slot = np.nonzero(weights)
    rows, width = np.asarray(inputs)[gate, slot], int(design.width)
    values = weights[block, gate, slot].astype(np.float32)
    write = sp.csr_array((values, (rows, places[block, gate])), shape=(read.shape[1], width))
    block, gate = np.nonzero(is_read)
    means = 1 / is_read.sum(0)[gate].astype(np.float32)
    read_off = sp.csr_array((means, (places[block, gate], gate)), shape=(width, m))
    return SparseLayer((read, write), ((width, kink(inputs.shape[1] - 1)),)), read_off


def corrected_stage(
    layer: AndLayer,
    inputs: Int[Array, "rows f"],
    code: Code,
    m: int,
    design: Design,
    read: sp.csr_array,
    reset: Literal["round", "identity"] = "round",
) -> Stage:
    """One circuit layer as a stage that SciPy runs; `read` is the read-off of the state before."""
    ands, approximate = and_stage(layer, inputs, m, design, read)
    return correction_stage((ands,), approximate, code_matrix(code, m, design.units), design, reset)

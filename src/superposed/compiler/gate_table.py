"""One layer of ANDs as arrays that a program can make for itself or take from a circuit."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from superposed.bad_input import InputError
from superposed.circuits.circuit import Gates, Op, and_gates


class GateTable(NamedTuple):
    """m ANDs of f features each.

    Args:
      inputs: the features each gate reads.
      earlier: for each input of each gate, the gates that read the same feature in a slot before it, -1 for none.
        First slots come before second ones. A feature is written once on a neuron that its gates share.
    """

    inputs: Int[Array, "m f"]
    earlier: Int[Array, "m f e"]


def table_of(gates: Gates) -> GateTable:
    """The table of a circuit's layer.

    Raises:
      InputError: gates other than ANDs of one fan-in.
    """
    fan_in = int(gates.fan_in[0])
    if (gates.op != Op.AND).any() or (gates.fan_in != fan_in).any():
        raise InputError(
            "circuit", "mixed gates", "layers of ANDs with the same number of inputs; use --template channels"
        )
    m, slots = len(gates.op), gates.inputs[:, :fan_in].T.ravel()  # slot by slot
    order = np.argsort(slots, kind="stable")
    start = np.searchsorted(slots[order], slots[order])
    place = np.arange(len(slots)) - start  # how many slots before this one read its feature
    earlier = np.full((len(slots), max(int(place.max(initial=0)), 1)), -1, np.int32)
    for back in range(1, int(place.max(initial=0)) + 1):
        has = np.flatnonzero(place >= back)
        earlier[order[has], back - 1] = order[has - back] % m
    return GateTable(
        jnp.asarray(gates.inputs[:, :fan_in]), jnp.asarray(earlier.reshape(fan_in, m, -1).transpose(1, 0, 2))
    )


def group_order(
    key: Key[Array, ""], layer: Int[Array, ""] | int, m: Int[Array, ""] | int, rows: int
) -> Int[Array, " rows"]:
    """The order in which closed groups lie in the features of a layer, 0, 1, ... for layer 0. Rows from m on stay."""
    bits = jax.random.bits(jax.random.fold_in(key, layer), (rows,)) >> 1
    shuffled = jnp.argsort(jnp.where(jnp.arange(rows) < m, bits, jnp.uint32(2**31)), stable=True)
    return jnp.where(layer == 0, jnp.arange(rows), shuffled).astype(jnp.int32)


def input_groups(
    build_key: Key[Array, ""], batch: int | None, m: Int[Array, ""] | int, s: int, rows: int
) -> Int[Array, " batch"]:
    """The number of the group that each input turns on: a random one, or each of rows/s groups once (None)."""
    if batch is None:
        return jnp.arange(rows // s)
    return jax.random.randint(jax.random.fold_in(build_key, 0), (batch,), 0, m // s)


def group_table(
    key: Key[Array, ""], layer: Int[Array, ""] | int, m: Int[Array, ""] | int, s: int, rows: int
) -> GateTable:
    """Layer 1, 2, ... of closed groups: the s features of a group, all active, make the s features of the next.

        gate pi(s g + j) = AND(pi'(s g + j), pi'(s g + j + 1 mod s))

    with pi' and pi random orders before and after the layer. m is a multiple of s; rows from m on hold no gates.
    """
    before, after = group_order(key, layer - 1, m, rows), group_order(key, layer, m, rows)
    j = jnp.arange(rows)
    partner = jnp.minimum(jnp.where(j % s == s - 1, j - s + 1, j + 1), rows - 1)
    inputs = jnp.zeros((rows, 2), jnp.int32).at[after].set(jnp.stack([before, before[partner]], 1))
    earlier = jnp.full((rows, 2, 1), -1, jnp.int32).at[after, 1, 0].set(after[partner])
    return GateTable(inputs, earlier)


def gates_of(table: GateTable, m: int) -> Gates:
    """The table's m gates as a layer of a circuit."""
    return and_gates(np.asarray(table.inputs)[:m])

"""Channels of two-input ANDs as one JAX program: wires made layer by layer, states followed by their units.

A layer is three arrays: the wires W as int8 [D + 1, D] (row D is zero), the units that are on in each input as indices
[batch, K] (D where there are fewer), and the threshold 2c. One step is

    u = sum over active units j of W[j, :],   on = u >= 2c,   the new indices are where `on` is true

so it costs a gather of K rows, whatever m is. Wires cost a scatter of 2 m c^2 ones. Reading costs nothing that grows
with m either: feature k has unit k mod p_j in block j, so the units that are on in the first two blocks name the few
features that can be on, by the Chinese remainder theorem. The SciPy form (`compiler.channels`) is its twin in the
tests.
"""

from functools import partial
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from superposed.bad_input import InputError
from superposed.compiler.codes import coprime_sizes
from superposed.program import program

CHUNK = 2**18  # gates whose wires are written at once


class Code(NamedTuple):
    """Blocks of pairwise coprime sizes: unit j of feature k is first[j] + k mod sizes[j]. Hashable."""

    sizes: tuple[int, ...]

    @property
    def first(self) -> tuple[int, ...]:
        """Where each block begins."""
        return tuple(int(n) for n in np.cumsum((0, *self.sizes[:-1])))

    def units(self, feature: Int[Array, "*n"]) -> Int[Array, "*n c"]:
        """The channels of features."""
        return jnp.array(self.first) + feature[..., None] % jnp.array(self.sizes)


def wires(code: Code, inputs: Int[Array, "n 2"], width: int) -> Int[Array, "rows width"]:
    """W [D + 1, D] of gates g = 0, 1, ... that are stored as features g and read `inputs`; 2 where their channels meet.

    Written 2^18 gates at a time: ones first, then the few twos, so that the order of gates does not matter.
    """
    chunk = min(CHUNK, len(inputs))
    padded = jnp.pad(inputs, ((0, -len(inputs) % chunk), (0, 0)), constant_values=-1)

    def write(value: int, i: Int[Array, ""], w: Array) -> Array:
        reads = jax.lax.dynamic_slice_in_dim(padded, i * chunk, chunk)
        gate = i * chunk + jnp.arange(chunk)
        units = code.units(reads)  # [chunk, 2, c]
        first = jnp.where(value == 1, 0, units[:, 0] - units[:, 1])  # twos: where both channels have the same unit
        rows = units if value == 1 else jnp.where(first == 0, units[:, 0], width + 1)[:, None]
        rows = jnp.where(reads[:, :1, None] < 0, width + 1, rows)  # dropped: beyond the array
        rows, columns = jnp.broadcast_arrays(rows[..., None], code.units(gate)[:, None, None])
        return w.at[rows, columns].set(value, mode="drop")

    w = jnp.zeros((width + 1, width), jnp.int8)
    for value in (1, 2):
        w = jax.lax.fori_loop(0, len(padded) // chunk, partial(write, value), w)
    return w


def step(
    w: Int[Array, "rows width"], active: Int[Array, "batch k"], threshold: int
) -> tuple[Int[Array, "batch k"], Int[Array, " batch"]]:
    """The units that are on after the layer, and how many there are (more than K do not fit)."""
    width = w.shape[1]

    def one(units: Int[Array, " k"]) -> tuple[Int[Array, " k"], Int[Array, ""]]:
        on = w[units].sum(0, dtype=jnp.int32) >= threshold
        return jnp.nonzero(on, size=len(units), fill_value=width)[0].astype(jnp.int32), on.sum()

    return jax.lax.map(one, active)


def features_on(code: Code, active: Int[Array, " k"], width: int, m: Int[Array, ""] | int) -> Bool[Array, "k k"]:
    """Which pairs of a unit of block 0 and a unit of block 1 name a feature whose whole channel is on.

    At most p_0 p_1 features, so that two remainders name one.
    """
    p, q = code.sizes[:2]
    inverse = pow(p, -1, q)
    r, t = active - code.first[0], active - code.first[1]
    feature = r[:, None] + p * (((t[None, :] - r[:, None]) % q) * inverse % q)
    on = jnp.zeros(width + 1, bool).at[active].set(True).at[width].set(False)
    named = (active < p)[:, None] & ((t >= 0) & (t < q))[None, :] & (feature < m)
    return named & on[code.units(jnp.where(named, feature, 0))].all(-1)


class Planted(NamedTuple):
    """A planted circuit and the network that runs it; static, so that one program serves all seeds.

    Args:
      m, s, depth: features a layer, active features, layers. batch: inputs.
      code: of every layer, the inputs included.
      kind: "groups", closed groups of s features, or "paths", random gates around one planted path an input.
      room: K, units that may be on in one input; more count as wrong.
    """

    m: int
    s: int
    depth: int
    batch: int
    code: Code
    kind: str = "groups"
    room: int = 96


class Run(NamedTuple):
    """What a network did: layers before the first wrong bit, and the wrong and lost bits of the layer after.

    `extra` counts the units that were on by chance, over all layers and inputs.
    """

    layers: Int[Array, ""]
    wrong: Int[Array, ""]
    lost: Int[Array, ""]
    extra: Int[Array, ""]


def run_planted(key: Key[Array, ""], planted: Planted) -> Run:
    """One network on one planted circuit and a batch of its inputs, layer by layer to the first wrong bit."""
    return program(_run, 1)(planted, key)


def _run(planted: Planted, key: Key[Array, ""]) -> Run:
    m, s, depth, batch, code, kind, room = planted
    width, c = sum(code.sizes), len(code.sizes)
    start_key, groups_key, layers_key = jax.random.split(key, 3)
    groups = jnp.arange(batch) if kind == "paths" else jax.random.randint(groups_key, (batch,), 0, m // s)
    active_features = lambda order: order[groups[:, None] * s + jnp.arange(s)]

    def layer(carry: tuple) -> tuple:
        i, before, active, _, _, extra = carry
        place_key, gates_key = jax.random.split(jax.random.fold_in(layers_key, i))
        after = _permutation(place_key, m)
        n_random = 0 if kind == "groups" else m - batch * s
        inputs = jnp.zeros((m, 2), jnp.int32).at[after].set(_gates(gates_key, before, s, n_random))
        active, n_on = step(wires(code, inputs, width), active, 2 * c)
        n_read, kept, intended = jax.vmap(partial(read, code, width, m))(active, active_features(after))
        wrong = jnp.where(n_on > room, m, n_read - kept + s - kept)
        return i + 1, after, active, wrong.sum(), (s - kept).sum(), extra + (n_on - intended).sum()

    order = _permutation(start_key, m)
    units = code.units(active_features(order)).reshape(batch, -1)
    units = jax.vmap(lambda u: jnp.unique(u, size=s * c, fill_value=width))(units)
    active = jnp.pad(units, ((0, 0), (0, room - s * c)), constant_values=width).astype(jnp.int32)
    zero = jnp.zeros((), jnp.int32)
    going_on = lambda carry: (carry[0] < depth) & (carry[3] == 0)
    i, _, _, wrong, lost, extra = jax.lax.while_loop(going_on, layer, (zero, order, active, zero, zero, zero))
    return Run(i - (wrong > 0), wrong, lost, extra)


def _permutation(key: Key[Array, ""], m: int) -> Int[Array, " m"]:
    return jax.random.permutation(key, m).astype(jnp.int32)


def read(
    code: Code, width: int, m: Int[Array, ""] | int, active: Int[Array, " k"], own: Int[Array, " s"]
) -> tuple[Int[Array, ""], Int[Array, ""], Int[Array, ""]]:
    """How many features are read as on, how many of those that ought to be, and how many units these have together."""
    none = jnp.zeros(width + 1, bool)
    on, channels = none.at[active].set(True).at[width].set(False), code.units(own)
    kept, units = on[channels].all(-1).sum(), none.at[channels.ravel()].set(True).sum()
    return features_on(code, active, width, m).sum(), kept, units


def _gates(key: Key[Array, ""], before: Int[Array, " m"], s: int, n_random: int) -> Int[Array, "m 2"]:
    """Gates AND(before[s g + j], before[s g + (j + 1) mod s]), but the last n_random read two random features.

    A random gate that would be on for one of the planted inputs reads an idle feature in place of its second.
    """
    m, t = len(before), jnp.arange(len(before))
    partner = jnp.where(t % s == s - 1, t - s + 1, t + 1)
    planted = jnp.stack([before, before[jnp.where(t < m - m % s, partner, 0)]], 1)
    if not n_random:
        return planted
    first, gap = jax.random.randint(key, (2, m), 0, jnp.array([[m], [m - 1]]))
    second = (first + 1 + gap) % m
    path = jnp.full(m, -1).at[before].set(jnp.where(t < m - n_random, t // s, -1))
    second = jnp.where((path[first] >= 0) & (path[first] == path[second]), before[-1], second)
    return jnp.where((t < m - n_random)[:, None], planted, jnp.stack([first, second], 1)).astype(jnp.int32)


def code_for(width: int, c: int, m: int) -> Code:
    """The code of m features in at most `width` units. Raises InputError where two remainders do not name a feature."""
    code = Code(tuple(coprime_sizes(width, c)))
    if m > prod(code.sizes[:2]):
        rule = f"at most {prod(code.sizes[:2])} features have channels that meet in one unit at width {width}"
        raise InputError("m", m, rule)
    return code

"""All C(m, 2) read-offs of one input, at one width or at many, from sums over its active neurons.

    S_kl(d) = sum_{i < d} V_ik V_il a_i

The active neurons are multiplied in chunks, and each chunk serves every pair: the upper triangle of S grows by whole
rows of tiles. The sums at width d are those of the wider network cut off at neuron d, so one pass over the neurons of
nested networks gives the errors at every width.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from superposed.measuring.errors import Tally, no_events, tally
from superposed.networks.network import Network, hidden, matmul
from superposed.networks.read_off import Coded

CHUNK = 256
"""Active neurons multiplied at once. Sums run over whole chunks from the first on, so that padding changes no bit."""
TILE, MOST_TILES = 128, 8
"""Features in a row of tiles, and how many rows there are before they get higher."""


class Rungs(NamedTuple):
    """Widths at which one pass over the neurons is read off. The network is the widest one.

    Args:
      width: in rising order; only the first n count.
      scale: of the read-off at each width.
      n: how many there are.
    """

    width: Int[Array, " r"]
    scale: Float[Array, " r"]
    n: Int[Array, ""]


class Sums(NamedTuple):
    """S of the pairs that are looked at.

    Args:
      tiles: rows of tiles of the upper triangle: features k of the row with the features l from the row's first on.
      touched: the features in the first places of the input's order, active ones first, with every feature.
    """

    tiles: tuple[Float[Array, "k l"], ...]
    touched: Float[Array, "slots m"]


class Setting(NamedTuple):
    """What the inputs of a network share.

    Args:
      code: V with columns of zeros up to a whole number of tiles.
      shared: V^T V, where sums are divided by it.
      rungs: widths to read off at; None takes all neurons at once.
    """

    code: Float[Array, "d m"]
    shared: Float[Array, "m m"] | None
    rungs: Rungs | None


def setting(network: Network, rungs: Rungs | None) -> Setting:
    """What the inputs of a network with a `Coded` read-off share."""
    code = network.read_off.code
    m = code.shape[1]
    code = jnp.pad(code, ((0, 0), (0, -m % tile_height(m))))
    return Setting(code, matmul(code.T, code) if network.read_off.by_shared else None, rungs)


def tile_height(m: int) -> int:
    """Features in a row of tiles: TILE, more where m is large, and all of them where m is small."""
    return TILE * -(-m // (TILE * MOST_TILES)) if m > TILE else m


def tally_all_pairs(
    network: Network,
    set_up: Setting,
    order: Int[Array, " m"],
    s: int | Int[Array, ""],
    slots: int,
    real: Bool[Array, ""],
) -> Tally:
    """Errors of every pair on the input whose active features are the first s of `order`, by rung and stratum.

    Args:
      slots: a plain number, at least s.
      real: false for an input that only fills up a group; nothing of it counts.
    """
    m = order.shape[0]
    active = jnp.zeros(m, bool).at[order].set(jnp.arange(m) < s)
    a = hidden(network, active.astype(jnp.float32))
    add = chunk_adder(a, set_up.code, order[jnp.minimum(jnp.arange(slots), m - 1)])
    n_active, rungs = jnp.cumsum(a != 0), set_up.rungs
    read = lambda sums, scale: _tally_sums(network, set_up, sums, scale, order, active, s, real)

    def sums_of(first_chunk: Int[Array, ""], so_far: Sums, until: Int[Array, ""]) -> tuple[Int[Array, ""], Sums, Sums]:
        """(whole chunks, sums over them, sums over all active neurons before `until`)."""
        whole = until // CHUNK
        so_far = jax.lax.fori_loop(first_chunk, whole, lambda chunk, sums: add(chunk, sums, until), so_far)
        return whole, so_far, add(whole, so_far, until)

    zero = no_sums(set_up.code.shape[1], tile_height(m), slots)
    if rungs is None:
        return jax.tree.map(lambda x: x[None], read(sums_of(jnp.int32(0), zero, n_active[-1])[-1], None))

    def add_rung(n: Int[Array, ""], state: tuple[Int[Array, ""], Sums, Tally]) -> tuple[Int[Array, ""], Sums, Tally]:
        chunk, so_far, tallies = state
        chunk, so_far, sums = sums_of(chunk, so_far, n_active[rungs.width[n] - 1])
        return chunk, so_far, jax.tree.map(lambda x, new: x.at[n].set(new), tallies, read(sums, rungs.scale[n]))

    start = (jnp.int32(0), zero, no_events(len(rungs.width), 3))
    return jax.lax.fori_loop(0, rungs.n, add_rung, start)[-1]


def no_sums(m: int, height: int, slots: int) -> Sums:
    """Sums over no neuron."""
    tiles = tuple(jnp.zeros((height, m - start)) for start in range(0, m, height))
    return Sums(tiles, jnp.zeros((slots, m)))


def chunk_adder(a: Float[Array, " d"], code: Float[Array, "d m"], first: Int[Array, " slots"]):
    """(number of the chunk, sums so far, active neurons that count) -> sums with that chunk added.

    Args:
      first: the features of `Sums.touched`.
    """
    d = a.shape[0]
    neurons = jnp.pad(active_first(a), (0, -d % CHUNK + CHUNK))
    product = lambda left, right: jnp.matmul(left.T, right, precision=jax.lax.Precision.HIGHEST)

    def add(chunk: Int[Array, ""], sums: Sums, until: Int[Array, ""]) -> Sums:
        i = jax.lax.dynamic_slice(neurons, (chunk * CHUNK,), (CHUNK,))
        v = code[i]
        weighted = jnp.where(chunk * CHUNK + jnp.arange(CHUNK) < until, a[i], 0)[:, None] * v
        height = sums.tiles[0].shape[0]
        tiles = tuple(
            tile + product(weighted[:, n * height : (n + 1) * height], v[:, n * height :])
            for n, tile in enumerate(sums.tiles)
        )
        return Sums(tiles, sums.touched + product(weighted[:, first], v))

    return add


def active_first(a: Float[Array, " d"]) -> Int[Array, " d"]:
    """The neurons' indices in their order, those with a_i != 0 before the others: a stable sort in linear time."""
    n_active = jnp.cumsum(a != 0)
    place = jnp.where(a != 0, n_active - 1, n_active[-1] + jnp.cumsum(a == 0) - 1)
    index = jnp.arange(a.shape[0])
    return jnp.zeros_like(index).at[place].set(index, unique_indices=True)


def _tally_sums(network, set_up, sums, scale, order, active, s, real) -> Tally:
    """Errors by stratum from the sums of one input."""
    read_off: Coded = network.read_off if scale is None else network.read_off._replace(scale=scale)
    m, padded, height = len(order), set_up.code.shape[1], sums.tiles[0].shape[0]
    idle = jnp.pad(~active, (0, padded - m)) & real
    feature = jnp.arange(padded)
    errors, seen = [], []
    for n, tile in enumerate(sums.tiles):
        k, l = slice(n * height, (n + 1) * height), slice(n * height, None)
        shared = None if set_up.shared is None else set_up.shared[k, l]
        errors.append(read_off.of_sums(tile, shared).ravel())
        seen.append(((feature[k, None] < feature[l]) & idle[k, None] & idle[l]).ravel())
    none = tally(jnp.concatenate(errors), jnp.concatenate(seen))
    slots = sums.touched.shape[0]
    first = order[jnp.minimum(jnp.arange(slots), m - 1)]
    shared = None if set_up.shared is None else set_up.shared[first, :m]
    one, both = tally_touched(read_off.of_sums(sums.touched[:, :m], shared), order, active, s, 0, real)
    return jax.tree.map(lambda *strata: jnp.stack(strata), none, one, both)


def tally_touched(
    read: Float[Array, "slots m"], order: Int[Array, " m"], active: Bool[Array, " m"], s: int | Int[Array, ""],
    place: int | Int[Array, ""], real: Bool[Array, ""],
) -> tuple[Tally, Tally]:  # fmt: skip
    """Errors of pairs with one and with two active members, each pair once.

    Args:
      read: read-offs of the features in places `place`, `place` + 1, ... of the order with every feature.
    """
    rank = jnp.zeros_like(order).at[order].set(jnp.arange(order.shape[0], dtype=order.dtype))
    position = place + jnp.arange(read.shape[0])[:, None]
    seen = (rank > position) & (position < s) & real
    return tally(read, seen & ~active), tally(read - 1, seen & active)

"""All C(m, 2) read-offs of one input, at one width or at many, from sums over its active neurons.

    S_kl(d) = sum_{i < d} V_ik V_il a_i

The active neurons are multiplied in chunks, and each chunk serves every pair. The upper triangle of S grows by whole
rows of tiles. The sums at width d are those of the wider network cut off at neuron d. So one pass over the neurons of
nested networks gives the errors at every width. Where code and activations allow it, the same sums are counted by bits
(`by_bits`).
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Num, UInt

from superposed.constructions.base import Counted
from superposed.measuring import by_bits
from superposed.measuring.errors import Tally, no_events, tally
from superposed.networks.network import Network, matmul
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
    """S of the pairs that are looked at, or counts of bits that make it.

    Args:
      tiles: rows of tiles of the upper triangle: features k of the row with the features l from the row's first on.
      touched: the features in the first places of the input's order, active ones first, with every feature.
    """

    tiles: tuple[Num[Array, "k l"], ...]
    touched: Num[Array, "slots m"]


class Setting(NamedTuple):
    """What the inputs of a network share.

    Args:
      code: V with columns of zeros up to a whole number of tiles.
      shared: V^T V, where sums are divided by it.
      rungs: widths to read off at; None takes all neurons at once.
      bits: V, a bit an entry, where sums are counted by bits.
    """

    code: Float[Array, "d m"]
    shared: Float[Array, "m m"] | None
    rungs: Rungs | None
    bits: UInt[Array, "d p"] | None


def setting(network: Network, rungs: Rungs | None, counted: Counted | None) -> Setting:
    """What the inputs of a network with a `Coded` read-off share."""
    code = network.read_off.code
    m = code.shape[1]
    code = jnp.pad(code, ((0, 0), (0, -m % tile_height(m))))
    shared = matmul(code.T, code) if network.read_off.by_shared else None
    return Setting(code, shared, rungs, by_bits.packed(code) if counted else None)


def tile_height(m: int) -> int:
    """Features in a row of tiles: TILE, more where m is large, and all of them where m is small."""
    return TILE * -(-m // (TILE * MOST_TILES)) if m > TILE else m


def tally_all_pairs(
    network: Network,
    set_up: Setting,
    a: Float[Array, " d"],
    order: Int[Array, " m"],
    s: int | Int[Array, ""],
    slots: int,
    real: Bool[Array, ""],
    counted: Counted | None = None,
) -> Tally:
    """Errors of every pair on the input whose active features are the first s of `order`, by rung and stratum.

    Args:
      a: the activation on this input.
      slots: a plain number, at least s.
      real: false for an input that only fills up a group; nothing of it counts.
      counted: as for `Construction`; None multiplies.
    """
    m, rungs = order.shape[0], set_up.rungs
    active = jnp.zeros(m, bool).at[order].set(jnp.arange(m) < s)
    first = order[jnp.minimum(jnp.arange(slots), m - 1)]
    width = jnp.array([len(a)]) if rungs is None else rungs.width
    state, go_on = (
        _by_products(a, set_up, first, width) if counted is None else _by_bits(a, set_up, first, width, counted)
    )
    read = lambda sums, scale: _tally_sums(network, set_up, sums, scale, order, active, s, real)
    if rungs is None:
        return jax.tree.map(lambda x: x[None], read(go_on(jnp.int32(0), state)[1], None))

    def add_rung(n: Int[Array, ""], so_far: tuple[State, Tally]) -> tuple[State, Tally]:
        state, sums = go_on(n, so_far[0])
        return state, jax.tree.map(lambda x, new: x.at[n].set(new), so_far[1], read(sums, rungs.scale[n]))

    return jax.lax.fori_loop(0, rungs.n, add_rung, (state, no_events(len(rungs.width), 3)))[1]


State = TypeVar("State")
GoOn = Callable[[Int[Array, ""], State], tuple[State, Sums]]
"""(number of a rung, state at the rung before it) -> (state there, sums over the neurons up to it)."""


def _by_products(
    a: Float[Array, " d"], set_up: Setting, first: Int[Array, " slots"], width: Int[Array, " r"]
) -> tuple[State, GoOn]:
    """Whole chunks of active neurons are kept from rung to rung. What is left before a rung is added for it alone."""
    add, n_active = chunk_adder(a, set_up.code, first), jnp.cumsum(a != 0)

    def go_on(n: Int[Array, ""], state: State) -> tuple[State, Sums]:
        until = n_active[width[n] - 1]
        whole = until // CHUNK
        so_far = jax.lax.fori_loop(state[0], whole, lambda chunk, sums: add(chunk, sums, until), state[1])
        return (whole, so_far), add(whole, so_far, until)

    m = set_up.code.shape[1]
    return (jnp.int32(0), no_sums(m, tile_height(m), len(first), jnp.float32)), go_on


def _by_bits(
    a: Float[Array, " d"], set_up: Setting, first: Int[Array, " slots"], width: Int[Array, " r"], counted: Counted
) -> tuple[State, GoOn]:
    """Each rung begins a new word. The sums are whole numbers, so their order changes no bit."""
    m, signs = set_up.code.shape[1], counted == "signs"
    height = tile_height(m)
    words = by_bits.words_of(set_up.bits, a, width, len(first), m)
    bits = words.bits

    def go_on(n: Int[Array, ""], state: State) -> tuple[State, Sums]:
        done, so_far = state
        more = lambda left, right, sums: by_bits.count(words, signs, done, words.end[n], left, right, sums)
        tiles = tuple(
            more(bits[:, k * height : (k + 1) * height], bits[:, k * height :], tile)
            for k, tile in enumerate(so_far.tiles)
        )
        counts = Sums(tiles, more(bits[:, first], bits, so_far.touched))
        sums = lambda count: (words.total[n] - 2 * count if signs else count).astype(jnp.float32)
        return (words.end[n], counts), jax.tree.map(sums, counts)

    return (jnp.int32(0), no_sums(m, height, len(first), jnp.int32)), go_on


def no_sums(m: int, height: int, slots: int, dtype: type) -> Sums:
    """Sums over no neuron."""
    tiles = tuple(jnp.zeros((height, m - start), dtype) for start in range(0, m, height))
    return Sums(tiles, jnp.zeros((slots, m), dtype))


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

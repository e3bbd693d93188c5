"""All C(m, 2) read-offs of one input, at one width or at many, from sums over its active neurons.

    S_kl(d) = sum_{i < d} V_ik V_il a_i

The sums are made for one square tile of the upper triangle after the other, so that a tile stays close to the processor
until its read-offs have been looked at. The sums at width d are those of the wider network cut off at neuron d. So one
pass over the neurons of nested networks gives the errors at every width. Where code and activations allow it, the sums
are counted by bits (`by_bits`). Elsewhere they are products over chunks of active neurons.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Num, UInt

from superposed.constructions.base import Counted
from superposed.measuring import by_bits
from superposed.measuring.errors import Tally, extremes, merge, no_events, tally
from superposed.networks.network import Network, matmul
from superposed.networks.read_off import Coded

CHUNK = 256
"""Active neurons multiplied at once. Sums run over whole chunks from the first on, so that padding changes no bit."""
BITS_TILE, TILE, WIDE_TILE = 128, 256, 1024
"""Features in a tile's row and column: of counts, which stay in the processor's cache; of products; on an
accelerator."""


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


class Bounds(NamedTuple):
    """A network fails once an error of stratum j is `low[j]` or less, or `high[j]` or more."""

    low: Float[Array, "3"]
    high: Float[Array, "3"]


class Setting(NamedTuple):
    """What the inputs of a network share.

    Args:
      code: V with columns of zeros up to a whole number of tiles.
      shared: V^T V, where sums are divided by it.
      rungs: widths to read off at; None takes all neurons at once.
      bits: V, a bit an entry, where sums are counted by bits.
      counted: as for `Construction`; None multiplies.
      tile: features in a tile's row and column.
    """

    code: Float[Array, "d p"]
    shared: Float[Array, "p p"] | None
    rungs: Rungs | None
    bits: UInt[Array, "d q"] | None
    counted: Counted | None
    tile: int

    @property
    def widths(self) -> Int[Array, " r"]:
        """Neurons at each rung."""
        return jnp.array([len(self.code)]) if self.rungs is None else self.rungs.width

    @property
    def n_rungs(self) -> int | Int[Array, ""]:
        """How many rungs count."""
        return 1 if self.rungs is None else self.rungs.n


class Input(NamedTuple):
    """One input, as its pairs see it.

    Args:
      a: the activation.
      order: a permutation of the features that begins with the active ones.
      active: whether each feature is active.
      real: false for an input that only fills up a group; nothing of it counts.
    """

    a: Float[Array, " d"]
    order: Int[Array, " m"]
    active: Bool[Array, " m"]
    real: Bool[Array, ""]

    def first(self, slots: int) -> Int[Array, " slots"]:
        """The features in the first places of the order, the active ones among them."""
        return self.order[jnp.minimum(jnp.arange(slots), len(self.order) - 1)]


State, Found = TypeVar("State"), TypeVar("Found")
Pick = Callable[[Num[Array, "n p"]], Num[Array, "n k"]]
"""A choice of columns."""


class Adder(NamedTuple):
    """A way to sum over neurons, for one input.

    Args:
      take: (a choice of columns) -> what `go_on` needs of these features' code.
      start: (pairs' shape) -> the state before the first rung.
      go_on: (number of a rung, what was taken for k, and for l, state at the rung before it) -> (state there, the sums
        over the neurons up to it).
    """

    take: Callable[[Pick], object]
    start: Callable[[tuple[int, int]], State]
    go_on: Callable[[Int[Array, ""], object, object, State], tuple[State, Float[Array, "k l"]]]


def setting(network: Network, rungs: Rungs | None, counted: Counted | None) -> Setting:
    """What the inputs of a network with a `Coded` read-off share."""
    code = network.read_off.code
    tile = (BITS_TILE if counted else TILE) if jax.default_backend() == "cpu" else WIDE_TILE
    tile = min(code.shape[1], tile)
    code = jnp.pad(code, ((0, 0), (0, -code.shape[1] % tile)))
    shared = matmul(code.T, code) if network.read_off.by_shared else None
    return Setting(code, shared, rungs, by_bits.packed(code) if counted else None, counted, tile)


def tally_all_pairs(network: Network, set_up: Setting, one: Input, slots: int) -> Tally:
    """Errors of every pair on one input, by rung and stratum.

    Args:
      slots: a plain number, at least s.
    """
    n_rungs, first, p = len(set_up.widths), one.first(slots), set_up.code.shape[1]
    add = adder(one.a, set_up, slots)

    def look_at_tile(n: Int[Array, ""], errors: Array, seen: Array, so_far: Tally) -> Tally:
        new = merge(jax.tree.map(lambda x: x[n], so_far), tally(errors, seen))
        return jax.tree.map(lambda x, value: x.at[n].set(value), so_far, new)

    def look_at_touched(n: Int[Array, ""], sums: Array, so_far: Tally) -> Tally:
        errors = read_touched(network, set_up, n, sums, first)
        found = tally_touched(errors, one, 0)
        return jax.tree.map(lambda x, *new: x.at[n].set(jnp.stack(new)), so_far, *found)

    read = lambda n, sums, shared: read_off_at(network, set_up, n).of_sums(sums, shared)
    none = over_tiles(set_up, add, one, lambda _: set_up.n_rungs, read, look_at_tile, no_events(n_rungs))
    touched = over_rungs(
        add, set_up.n_rungs, lambda x: x[:, first], lambda x: x, (slots, p), look_at_touched, no_events(n_rungs, 2)
    )
    return jax.tree.map(lambda x, y: jnp.concatenate([x[:, None], y], axis=1), none, touched)


def hold_all_pairs(
    network: Network, set_up: Setting, one: Input, slots: int, bounds: Bounds, holds: Bool[Array, " r"]
) -> Bool[Array, " r"]:
    """Which of the rungs that hold so far have every error of this input within the bounds, too.

    Looking ends once no rung holds any more. Tiles of a rung that has failed are not looked at.
    """
    first, p = one.first(slots), set_up.code.shape[1]
    add = adder(one.a, set_up, slots)
    until = lambda holds: jnp.max(jnp.where(holds, jnp.arange(1, len(holds) + 1), 0))
    within = lambda found, j: (found[0] > bounds.low[j]) & (found[1] < bounds.high[j])

    def look_at_tile(n: Int[Array, ""], values: Array, seen: Array, holds: Array) -> Array:
        def look() -> Bool[Array, ""]:
            found = extremes(values, seen)
            if not network.read_off.by_shared:  # the quotient by a positive number keeps the order
                found = tuple(read_off_at(network, set_up, n).of_sums(jnp.stack(found)))
            return within(found, 0)

        return holds.at[n].set(jax.lax.cond(holds[n], look, lambda: jnp.array(False)))

    def look_at_touched(n: Int[Array, ""], sums: Array, holds: Array) -> Array:
        seen, seen_both = touched_pairs(sums.shape[0], one, 0)
        errors = read_touched(network, set_up, n, sums, first)
        fine = within(extremes(errors, seen), 1) & within(extremes(errors - 1, seen_both), 2)
        return holds.at[n].set(holds[n] & fine)

    read = (
        (lambda n, sums, shared: network.read_off.of_sums(sums, shared))
        if network.read_off.by_shared
        else (lambda n, sums, shared: sums)
    )
    holds = over_rungs(add, until(holds), lambda x: x[:, first], lambda x: x, (slots, p), look_at_touched, holds)
    return over_tiles(set_up, add, one, until, read, look_at_tile, holds)


def over_tiles(
    set_up: Setting,
    add: Adder,
    one: Input,
    until: Callable[[Found], int | Int[Array, ""]],
    read: Callable[[Int[Array, ""], Array, Array | None], Array],
    look: Callable[[Int[Array, ""], Array, Array, Found], Found],
    found: Found,
) -> Found:
    """look(rung, read(rung, sums, shared), which of them are pairs without an active member, found) for every tile and
    rung.

    Args:
      until: how many rungs to visit, given what was found so far.
    """
    m, padded, size = len(one.order), set_up.code.shape[1], set_up.tile
    corners = jnp.asarray(np.stack(np.triu_indices(padded // size), axis=1) * size)
    idle = jnp.pad(~one.active, (0, padded - m)) & one.real

    def look_at_tile(t: Int[Array, ""], found: Found) -> Found:
        k, l = corners[t]
        columns = lambda x, start: jax.lax.dynamic_slice_in_dim(x, start, size, x.ndim - 1)
        shared = None if set_up.shared is None else jax.lax.dynamic_slice(set_up.shared, (k, l), (size, size))
        feature = jnp.arange(size)
        seen = (k + feature[:, None] < l + feature) & columns(idle, k)[:, None] & columns(idle, l)
        visit = lambda n, sums, found: look(n, read(n, sums, shared), seen, found)
        return over_rungs(
            add, until(found), partial(columns, start=k), partial(columns, start=l), (size, size), visit, found
        )

    return jax.lax.fori_loop(0, len(corners), look_at_tile, found)


def over_rungs(
    add: Adder,
    until: int | Int[Array, ""],
    k: Pick,
    l: Pick,
    shape: tuple[int, int],
    visit: Callable[[Int[Array, ""], Array, Found], Found],
    found: Found,
) -> Found:
    """visit(rung, sums of the pairs of columns k and l, which have this shape, found) for the first rungs in turn."""
    left, right = add.take(k), add.take(l)

    def go_on(n: Int[Array, ""], so_far: tuple[State, Found]) -> tuple[State, Found]:
        state, sums = add.go_on(n, left, right, so_far[0])
        return state, visit(n, sums, so_far[1])

    return jax.lax.fori_loop(0, until, go_on, (add.start(shape), found))[1]


def adder(a: Float[Array, " d"], set_up: Setting, slots: int) -> Adder:
    """How sums over the neurons with activation a are made."""
    return _by_products(a, set_up) if set_up.counted is None else _by_bits(a, set_up, slots)


def _by_products(a: Float[Array, " d"], set_up: Setting) -> Adder:
    """Whole chunks of active neurons are kept from rung to rung. What is left before a rung is added for it alone."""
    neurons = jnp.pad(active_first(a), (0, -len(a) % CHUNK + CHUNK))
    n_active, chunk_of = jnp.cumsum(a != 0), lambda x, n: jax.lax.dynamic_slice_in_dim(x, n * CHUNK, CHUNK)
    gather = lambda n, v: jax.lax.dynamic_update_slice_in_dim(v, set_up.code[chunk_of(neurons, n)], n * CHUNK, 0)
    none = jnp.zeros((len(neurons), set_up.code.shape[1]))
    code, weight = jax.lax.fori_loop(0, -(-n_active[-1] // CHUNK), gather, none), a[neurons]

    def add(n: Int[Array, ""], k: Pick, l: Pick, sums: Array, until: Int[Array, ""]) -> Array:
        weights, v = jnp.where(n * CHUNK + jnp.arange(CHUNK) < until, chunk_of(weight, n), 0), chunk_of(code, n)
        return sums + jnp.matmul((weights[:, None] * k(v)).T, l(v), precision=jax.lax.Precision.HIGHEST)

    def go_on(n: Int[Array, ""], k: Pick, l: Pick, state: tuple[Array, Array]) -> tuple[State, Array]:
        until = n_active[set_up.widths[n] - 1]
        whole = until // CHUNK
        so_far = jax.lax.fori_loop(state[0], whole, lambda chunk, sums: add(chunk, k, l, sums, until), state[1])
        return (whole, so_far), add(whole, k, l, so_far, until)

    return Adder(lambda pick: pick, lambda shape: (jnp.int32(0), jnp.zeros(shape)), go_on)


def _by_bits(a: Float[Array, " d"], set_up: Setting, slots: int) -> Adder:
    """Each rung begins a new word. The sums are whole numbers, so their order changes no bit."""
    signs = set_up.counted == "signs"
    words = by_bits.words_of(set_up.bits, a, set_up.widths, slots, set_up.code.shape[1])

    def go_on(n: Int[Array, ""], k: Array, l: Array, state: tuple[Array, Array]) -> tuple[State, Array]:
        counts = by_bits.count(words, signs, state[0], words.end[n], k, l, state[1])
        return (words.end[n], counts), (words.total[n] - 2 * counts if signs else counts).astype(jnp.float32)

    return Adder(lambda pick: pick(words.bits), lambda shape: (jnp.int32(0), jnp.zeros(shape, jnp.int32)), go_on)


def active_first(a: Float[Array, " d"]) -> Int[Array, " d"]:
    """The neurons' indices in their order, those with a_i != 0 before the others: a stable sort in linear time."""
    n_active = jnp.cumsum(a != 0)
    place = jnp.where(a != 0, n_active - 1, n_active[-1] + jnp.cumsum(a == 0) - 1)
    index = jnp.arange(a.shape[0])
    return jnp.zeros_like(index).at[place].set(index, unique_indices=True)


def read_off_at(network: Network, set_up: Setting, n: Int[Array, ""]) -> Coded:
    """The read-off at a rung."""
    return network.read_off if set_up.rungs is None else network.read_off._replace(scale=set_up.rungs.scale[n])


def read_touched(
    network: Network, set_up: Setting, n: Int[Array, ""], sums: Float[Array, "slots p"], first: Int[Array, " slots"]
) -> Float[Array, "slots m"]:
    """Read-offs of the features in the first places with every feature."""
    m = network.read_off.code.shape[1]
    shared = None if set_up.shared is None else set_up.shared[first, :m]
    return read_off_at(network, set_up, n).of_sums(sums[:, :m], shared)


def tally_touched(read: Float[Array, "slots m"], one: Input, place: int | Int[Array, ""]) -> tuple[Tally, Tally]:
    """Errors of pairs with one and with two active members, each pair once.

    Args:
      read: read-offs of the features in places `place`, `place` + 1, ... of the order with every feature.
    """
    with_one, with_both = touched_pairs(read.shape[0], one, place)
    return tally(read, with_one), tally(read - 1, with_both)


def touched_pairs(
    slots: int, one: Input, place: int | Int[Array, ""]
) -> tuple[Bool[Array, "slots m"], Bool[Array, "slots m"]]:
    """Which pairs of a feature in place `place`, `place` + 1, ... with any feature have one active member, and which
    have two."""
    order, active = one.order, one.active
    rank = jnp.zeros_like(order).at[order].set(jnp.arange(order.shape[0], dtype=order.dtype))
    position = place + jnp.arange(slots)[:, None]
    seen = (rank > position) & (position < active.sum()) & one.real
    return seen & ~active, seen & active

"""All C(m, 2) read-offs of one input, at one width or at many, from sums over its active neurons.

    S_kl(d) = sum_{i < d} V_ik V_il a_i

The sums are made for one square tile of the upper triangle after the other, so that a tile stays close to the processor
until its read-offs have been looked at. The sums at width d are those of the wider network cut off at neuron d. So one
pass over the neurons of nested networks gives the errors at every width. Where code and activations allow it, the sums
are counted by bits (`by_bits`). Elsewhere they are products over chunks of active neurons.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from superposed.measuring.errors import Tally, extremes, merge, no_events, tally
from superposed.measuring.sums import Adder, Found, Setting, adder, over_rungs
from superposed.networks.network import Network
from superposed.networks.read_off import Coded


class Bounds(NamedTuple):
    """A network fails once an error of stratum j is `low[j]` or less, or `high[j]` or more."""

    low: Float[Array, "3"]
    high: Float[Array, "3"]


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
    left, right = add.left(lambda x: x[:, first]), add.right(lambda x: x)
    touched = over_rungs(add, set_up.n_rungs, left, right, (slots, p), look_at_touched, no_events(n_rungs, 2))
    return jax.tree.map(lambda x, y: jnp.concatenate([x[:, None], y], axis=1), none, touched)


def hold_all_pairs(
    network: Network, set_up: Setting, one: Input, slots: int, bounds: Bounds, holds: Bool[Array, " r"]
) -> Bool[Array, " r"]:
    """Which rungs still hold after this input: those that held before it and have all its errors within the bounds.

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
    left, right = add.left(lambda x: x[:, first]), add.right(lambda x: x)
    holds = over_rungs(add, until(holds), left, right, (slots, p), look_at_touched, holds)
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
    """What is found after look(rung, values, seen, found) at every tile and rung.

    Args:
      until: how many rungs to visit, given what was found so far.
      read: (rung, sums, shared) -> the values that are looked at.
      look: its `seen` says which pairs of the tile have no active member. Only these count.
    """
    m, padded, size = len(one.order), set_up.code.shape[1], set_up.tile
    idle, feature = jnp.pad(~one.active, (0, padded - m)) & one.real, jnp.arange(size)
    part = lambda x, tile: jax.lax.dynamic_slice_in_dim(x, tile * size, size, x.ndim - 1)

    def look_at_row(k: Int[Array, ""], found: Found) -> Found:
        left = add.left(partial(part, tile=k))

        def look_at_tile(l: Int[Array, ""], found: Found) -> Found:
            right, corner = add.right(partial(part, tile=l)), (k * size, l * size)
            shared = None if set_up.shared is None else jax.lax.dynamic_slice(set_up.shared, corner, (size, size))
            seen = (corner[0] + feature[:, None] < corner[1] + feature) & part(idle, k)[:, None] & part(idle, l)
            visit = lambda n, sums, found: look(n, read(n, sums, shared), seen, found)
            return over_rungs(add, until(found), left, right, (size, size), visit, found)

        return jax.lax.fori_loop(k, padded // size, look_at_tile, found)

    return jax.lax.fori_loop(0, padded // size, look_at_row, found)


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
    """(pairs with one active member, pairs with two) of the features in places `place`, `place` + 1, ... with any one.

    Each pair counts once, at the place of its earlier member.
    """
    order, active = one.order, one.active
    rank = jnp.zeros_like(order).at[order].set(jnp.arange(order.shape[0], dtype=order.dtype))
    position = place + jnp.arange(slots)[:, None]
    seen = (rank > position) & (position < active.sum()) & one.real
    return seen & ~active, seen & active

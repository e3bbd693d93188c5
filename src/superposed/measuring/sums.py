"""Sums over the active neurons of one input, for any pairs of features, at one width or at many.

A sum is a product of code columns, or a count of their bits.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Num, UInt

from superposed.constructions.base import Counted
from superposed.measuring import by_bits
from superposed.networks.network import Network, matmul

CHUNK = 256
"""Active neurons multiplied at once. Sums run over whole chunks from the first on, so that padding changes no bit."""

BITS_TILE, TILE, WIDE_TILE = 128, 256, 1024
"""Features in a tile's row and column: where bits are counted, where codes are multiplied, and on an accelerator.
A tile of counts stays in the processor's cache."""


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


State, Found = TypeVar("State"), TypeVar("Found")

Pick = Callable[[Num[Array, "n p"]], Num[Array, "n k"]]
"""A choice of columns."""


class Adder(NamedTuple):
    """A way to sum over neurons, for one input.

    Args:
      left, right: (a choice of columns) -> what `go_on` needs of these features' code, for k and for l.
      start: (pairs' shape) -> the state before the first rung.
      go_on: (number of a rung, what stands left, what stands right, state at the rung before it) -> (state there, the
        sums over the neurons up to it).
    """

    left: Callable[[Pick], object]
    right: Callable[[Pick], object]
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


def over_rungs(
    add: Adder,
    until: int | Int[Array, ""],
    left: object,
    right: object,
    shape: tuple[int, int],
    visit: Callable[[Int[Array, ""], Array, Found], Found],
    found: Found,
) -> Found:
    """What is found after visit(rung, sums, found) at each of the first `until` rungs in turn.

    Args:
      left, right: of `add`, for some features each; the sums are those of every pair of a left one and a right one.
      shape: of the sums.
    """

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
    n_active, chunk_of = (
        jnp.cumsum(a != 0),
        lambda x, n, axis=0: jax.lax.dynamic_slice_in_dim(x, n * CHUNK, CHUNK, axis),
    )
    n_chunks, put = -(-n_active[-1] // CHUNK), jax.lax.dynamic_update_slice_in_dim
    gather = lambda n, v: put(v, set_up.code[chunk_of(neurons, n)], n * CHUNK, 0)
    code = jax.lax.fori_loop(0, n_chunks, gather, jnp.zeros((len(neurons), set_up.code.shape[1])))
    weight = a[neurons]

    def left(k: Pick) -> Float[Array, "k n"]:
        """a_i V_ik by rows, because a product takes a third less time than with columns."""
        weighted = lambda n: (chunk_of(weight, n)[:, None] * k(chunk_of(code, n))).T
        none = jnp.zeros((jax.eval_shape(k, code).shape[1], len(neurons)))
        return jax.lax.fori_loop(0, n_chunks, lambda n, v: put(v, weighted(n), n * CHUNK, 1), none)

    def add(n: Int[Array, ""], k: Array, l: Pick, sums: Array, until: Int[Array, ""]) -> Array:
        before = n * CHUNK + jnp.arange(CHUNK) < until
        weighted = jnp.where(before, chunk_of(k, n, 1), 0)
        return sums + jnp.matmul(weighted, l(chunk_of(code, n)), precision=jax.lax.Precision.HIGHEST)

    def go_on(n: Int[Array, ""], k: Array, l: Pick, state: tuple[Array, Array]) -> tuple[State, Array]:
        until = n_active[set_up.widths[n] - 1]
        whole = until // CHUNK
        so_far = jax.lax.fori_loop(state[0], whole, lambda chunk, sums: add(chunk, k, l, sums, until), state[1])
        return (whole, so_far), add(whole, k, l, so_far, until)

    return Adder(left, lambda l: l, lambda shape: (jnp.int32(0), jnp.zeros(shape)), go_on)


def _by_bits(a: Float[Array, " d"], set_up: Setting, slots: int) -> Adder:
    """Each rung begins a new word. The sums are whole numbers, so their order changes no bit."""
    signs = set_up.counted == "signs"
    words = by_bits.words_of(set_up.bits, a, set_up.widths, slots, set_up.code.shape[1])

    def go_on(n: Int[Array, ""], k: Array, l: Array, state: tuple[Array, Array]) -> tuple[State, Array]:
        counts = by_bits.count(words, signs, state[0], words.end[n], k, l, state[1])
        return (words.end[n], counts), (words.total[n] - 2 * counts if signs else counts).astype(jnp.float32)

    bits_of = lambda pick: pick(words.bits)
    return Adder(bits_of, bits_of, lambda shape: (jnp.int32(0), jnp.zeros(shape, jnp.int32)), go_on)


def active_first(a: Float[Array, " d"]) -> Int[Array, " d"]:
    """The neurons' indices in their order, those with a_i != 0 before the others: a stable sort in linear time."""
    n_active = jnp.cumsum(a != 0)
    place = jnp.where(a != 0, n_active - 1, n_active[-1] + jnp.cumsum(a == 0) - 1)
    index = jnp.arange(a.shape[0])
    return jnp.zeros_like(index).at[place].set(index, unique_indices=True)

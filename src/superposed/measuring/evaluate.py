"""Every read-off of a network that a sampling looks at, compared with the truth, without ever storing the read-offs."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from superposed.measuring.errors import STRATA, Tally, merge, no_events, tally
from superposed.measuring.sampling import random_order
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem

TILE = 256
"""Features a tile: at most GROUP x TILE x TILE read-offs exist at once."""
GROUP = 16
"""Inputs looked at together."""


def evaluate(
    key: Key[Array, ""],
    network: Network,
    problem: Problem,
    idle: int | None,
    first: int | Int[Array, ""],
    n: int,
    *,
    s_max: int | Int[Array, ""] | None = None,
    orders: Int[Array, "every m"] | None = None,
) -> Tally:
    """Errors of inputs number first, ..., first + n - 1.

    Input i is drawn from fold_in(key, i), so results do not depend on how the inputs are portioned out.

    Args:
      key: of the inputs and of the sampled pairs.
      problem: its s may be traced.
      idle: pairs with no active member, as in `Sampling`.
      n: inputs looked at, a plain integer.
      s_max: a bound on s shared by all that is vmapped together; None takes s. Time goes with it.
      orders: the inputs, as permutations of the features that begin with the active ones; None draws them.
    """
    index = first + jnp.arange(-(-n // GROUP) * GROUP).reshape(-1, GROUP)
    s_max = problem.s if s_max is None else s_max

    def group(i: Int[Array, " g"]) -> Tally:
        keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, i)
        if orders is None:
            order = jax.vmap(random_order, in_axes=(0, None))(keys, problem.m)
        else:
            order = orders[jnp.minimum(i, len(orders) - 1)]
        b = jax.vmap(lambda o: jnp.zeros(problem.m).at[o].set(jnp.arange(problem.m) < problem.s))(order)
        a = jax.vmap(hidden, in_axes=(None, 0))(network, b)
        real = i < first + n
        if idle is None:
            none = _idle_pairs(network, b, a, real)
        else:
            none = _some_idle_pairs(network, problem.s, idle, order, a, real)
        one, both = _touched(network, problem.s, s_max, order, b, a, real)
        return jax.tree.map(lambda *strata: jnp.stack(strata), none, one, both)

    by_group = jax.lax.map(group, index)
    per_input = lambda x: jnp.moveaxis(x, 0, 1).reshape(STRATA, -1)
    return Tally(
        histogram=by_group.histogram.sum(axis=0),
        total=per_input(by_group.total),
        total_sq=per_input(by_group.total_sq),
        low=by_group.low.min(axis=0),
        high=by_group.high.max(axis=0),
    )


def _touched(
    network: Network, s: int | Int[Array, ""], s_max: int | Int[Array, ""], order, b, a, real
) -> tuple[Tally, Tally]:
    """Every pair with one active member, and every pair with two: each active feature in turn with every other."""
    rank = jax.vmap(lambda o: jnp.zeros_like(o).at[o].set(jnp.arange(o.shape[0], dtype=o.dtype)))(order)
    active = b == 1

    def add_feature(position: Int[Array, ""], so_far: tuple[Tally, Tally]) -> tuple[Tally, Tally]:
        read = jax.vmap(network.read_off.with_all)(a, order[:, position])
        seen = (rank > position) & (position < s) & real[:, None]
        one, both = so_far
        return merge(one, tally(read, seen & ~active)), merge(both, tally(read - 1, seen & active))

    return jax.lax.fori_loop(0, s_max, add_feature, (no_events(len(b)), no_events(len(b))))


def _idle_pairs(network: Network, b, a, real) -> Tally:
    """Every pair of two inactive features, tile by tile of the upper triangle."""
    m = b.shape[1]
    size = min(TILE, m)
    corners = jnp.asarray(np.stack(np.triu_indices(-(-m // size)), axis=1) * size)
    blocks = jax.vmap(network.read_off.block, in_axes=(0, None, None))
    idle = jnp.where(real[:, None], 1 - b, 0) == 1

    def add_tile(so_far: Tally, corner: Int[Array, "2"]) -> tuple[Tally, None]:
        k, l = corner[0] + jnp.arange(size), corner[1] + jnp.arange(size)
        inside = (k[:, None] < l[None, :]) & (l[None, :] < m)
        k, l = jnp.minimum(k, m - 1), jnp.minimum(l, m - 1)
        return merge(so_far, tally(blocks(a, k, l), inside & idle[:, k, None] & idle[:, None, l])), None

    return jax.lax.scan(add_tile, no_events(len(b)), corners)[0]


def _some_idle_pairs(network: Network, s: int | Int[Array, ""], n_idle: int, order, a, real) -> Tally:
    """Every pair among n_idle random inactive features: those that follow the active ones in the input's order."""
    position = s + jnp.arange(n_idle)
    idle = order[:, jnp.minimum(position, order.shape[1] - 1)]
    seen = (position[:, None] < position) & (position < order.shape[1]) & real[:, None, None]
    return tally(jax.vmap(network.read_off.block)(a, idle, idle), seen)


def dense_read_offs(network: Network, b: Float[Array, " m"]) -> Float[Array, "m m"]:
    """Read-offs of all m x m pairs at once, for small m and for tests. The diagonal means nothing."""
    m = b.shape[0]
    return network.read_off.block(hidden(network, b), jnp.arange(m), jnp.arange(m))

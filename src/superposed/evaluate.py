"""Every read-off of a network that a probe looks at, compared with the truth, without ever storing the read-offs."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from superposed.errors import Tally, merge, no_events, tally
from superposed.network import Network, hidden
from superposed.probe import Probe, every_order, random_order
from superposed.problem import Problem

TILE = 512
"""Features a tile: at most GROUP x TILE x TILE read-offs exist at once."""
GROUP = 16
"""Inputs looked at together."""


def evaluate(
    key: Key[Array, ""], network: Network, problem: Problem, probe: Probe, s_max: int, first: int | Int[Array, ""], n: int
) -> Tally:
    """Errors of the probe's inputs number first, ..., first + n - 1.

    Input i is drawn from fold_in(key, i), so results do not depend on how the inputs are portioned out.

    Args:
      key: of the inputs and of the sampled pairs.
      problem: its s may be traced; s_max bounds it (and equals it where the probe takes every input).
      n: inputs looked at, a plain integer.
    """
    index = first + jnp.arange(-(-n // GROUP) * GROUP).reshape(-1, GROUP)
    look = _all_pairs if probe.idle is None else _sampled_pairs
    orders = None if probe.inputs is not None else jnp.asarray(every_order(problem.m, s_max))

    def group(i: Int[Array, " g"]) -> Tally:
        keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, i)
        if orders is None:
            order = jax.vmap(random_order, in_axes=(0, None))(keys, problem.m)
        else:
            order = orders[jnp.minimum(i, len(orders) - 1)]
        b = jax.vmap(lambda o: jnp.zeros(problem.m).at[o].set(jnp.arange(problem.m) < problem.s))(order)
        a = jax.vmap(hidden, in_axes=(None, 0))(network, b)
        return look(network, problem, probe, s_max, order, b, a, i < first + n)

    by_group = jax.lax.map(group, index)
    return Tally(
        histogram=by_group.histogram.sum(axis=0),
        total=by_group.total.reshape(-1, by_group.total.shape[-1]),
        total_sq=by_group.total_sq.reshape(-1, by_group.total_sq.shape[-1]),
        low=by_group.low.min(axis=0),
        high=by_group.high.max(axis=0),
    )


def _all_pairs(network: Network, problem: Problem, probe: Probe, s_max: int, order, b, a, real) -> Tally:
    """All C(m, 2) pairs, tile by tile of the upper triangle."""
    size = min(TILE, problem.m)
    n_tiles = -(-problem.m // size)
    corners = jnp.asarray(np.stack(np.triu_indices(n_tiles), axis=1) * size)
    blocks = jax.vmap(network.read_off.block, in_axes=(0, None, None))

    def tile(corner: Int[Array, "2"]) -> Tally:
        k, l = corner[0] + jnp.arange(size), corner[1] + jnp.arange(size)
        inside = (k[:, None] < l[None, :]) & (l[None, :] < problem.m)
        k, l = jnp.minimum(k, problem.m - 1), jnp.minimum(l, problem.m - 1)
        active = b[:, k, None] + b[:, None, l]
        error = blocks(a, k, l) - b[:, k, None] * b[:, None, l]
        return tally(error, active.astype(jnp.int32), inside & real[:, None, None])

    return jax.lax.scan(lambda so_far, corner: (merge(so_far, tile(corner)), None), no_events(len(b)), corners)[0]


def _sampled_pairs(network: Network, problem: Problem, probe: Probe, s_max: int, order, b, a, real) -> Tally:
    """Every pair with an active member, and every pair among `probe.idle` random inactive features."""
    rank = jax.vmap(lambda o: jnp.zeros_like(o).at[o].set(jnp.arange(o.shape[0], dtype=o.dtype)))(order)
    active, position = order[:, :s_max], jnp.arange(s_max)[None, :, None]
    error = jax.vmap(network.read_off.with_all)(a, active) - b[:, None, :]
    seen = (position < problem.s) & (rank[:, None, :] > position) & real[:, None, None]
    touched = tally(error, jnp.broadcast_to(1 + b[:, None, :].astype(jnp.int32), error.shape), seen)

    position = problem.s + jnp.arange(probe.idle)
    idle = order[:, jnp.minimum(position, problem.m - 1)]
    error = jax.vmap(network.read_off.block)(a, idle, idle)
    seen = (position[:, None] < position) & (position < problem.m) & real[:, None, None]
    return merge(touched, tally(error, jnp.zeros(error.shape, jnp.int32), seen))


def dense_read_offs(network: Network, b: Float[Array, " m"]) -> Float[Array, "m m"]:
    """Read-offs of all m x m pairs at once, for small m and for tests. The diagonal means nothing."""
    m = b.shape[0]
    return network.read_off.block(hidden(network, b), jnp.arange(m), jnp.arange(m))

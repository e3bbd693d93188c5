"""Every read-off of a network that a sampling looks at, compared with the truth, without ever storing the read-offs."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from superposed.constructions.base import Counted
from superposed.measuring.all_pairs import Bounds, Input, hold_all_pairs, tally_all_pairs, tally_touched
from superposed.measuring.by_bits import MOST_LEVELS
from superposed.measuring.by_gate import tally_by_gate
from superposed.measuring.errors import Tally, merge, no_events, tally
from superposed.measuring.sampling import random_order
from superposed.measuring.sums import Rungs, setting
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem
from superposed.networks.read_off import ByGate, Coded

GROUP = 16
"""Inputs whose activations are computed together. On an accelerator, and for sampled pairs, so is the rest."""
SLOTS = 4
"""Active features whose pairs are read together."""
TILE = 256
"""Features a tile of read-offs that are no sums over neurons."""


def evaluate(
    key: Key[Array, ""],
    network: Network,
    problem: Problem,
    idle: int | None,
    first: int | Int[Array, ""],
    n: int,
    *,
    slots: int,
    rungs: Rungs | None = None,
    orders: Int[Array, "every m"] | None = None,
    counted: Counted | None = None,
) -> Tally:
    """Errors of inputs number first, ..., first + n - 1, by rung and stratum.

    Input i is drawn from fold_in(key, i), so results do not depend on how the inputs are portioned out.

    Args:
      key: of the inputs and of the sampled pairs.
      problem: its s may be traced.
      idle: pairs with no active member, as in `Sampling`.
      n: inputs looked at, a plain number.
      slots: a plain multiple of SLOTS, at least s. Time goes with it where s is large.
      rungs: widths to read off at, for all pairs of a `Product` read-off; None takes all neurons at once.
      orders: the inputs, as permutations of the features that begin with the active ones; None draws them.
      counted: as for `Construction`.
    """
    all_pairs, on_cpu = idle is None and isinstance(network.read_off, Coded), jax.default_backend() == "cpu"
    group = min(GROUP, n)
    shared_by_inputs = setting(network, rungs, counted_here(counted, slots)) if all_pairs else None
    input_of = partial(_input, key, network, problem, orders, first + n, slots if counted else 0)

    def look(one: Input) -> Tally:
        if all_pairs:
            return tally_all_pairs(network, shared_by_inputs, one, slots)
        if isinstance(network.read_off, ByGate):
            return tally_by_gate(network, one.order, problem, idle, slots, one.real)
        return tally_by_feature(network, one, problem.s, idle, slots)

    def add_group(so_far: Tally, index: Int[Array, " g"]) -> tuple[Tally, tuple[Array, Array]]:
        inputs = jax.vmap(input_of)(index)
        found = jax.lax.map(look, inputs) if all_pairs and on_cpu else jax.vmap(look)(inputs)
        total = so_far._replace(
            histogram=so_far.histogram + found.histogram.sum(axis=0),
            low=jnp.minimum(so_far.low, found.low.min(axis=0)),
            high=jnp.maximum(so_far.high, found.high.max(axis=0)),
        )
        return total, (found.total, found.total_sq)

    index = first + jnp.arange(-(-n // group) * group).reshape(-1, group)
    start = no_events(1 if rungs is None else len(rungs.width), problem.fan_in + 1)
    counted, sums = jax.lax.scan(add_group, start, index)
    total, total_sq = (jnp.moveaxis(x.reshape(-1, *x.shape[2:])[:n], 0, -1) for x in sums)
    return counted._replace(total=total, total_sq=total_sq)


def holds(
    key: Key[Array, ""],
    network: Network,
    problem: Problem,
    n: int,
    bounds: Bounds,
    so_far: Bool[Array, " r"],
    *,
    slots: int,
    rungs: Rungs | None = None,
    orders: Int[Array, "every m"] | None = None,
    counted: Counted | None = None,
) -> Bool[Array, " r"]:
    """Which rungs have every error of n inputs within the bounds. Looking ends once no rung is left.

    Args:
      bounds: what an error may be, by stratum.
      so_far: the rungs that are asked for.
      key, network, problem, n, slots, rungs, orders, counted: as for `evaluate`. The read-off is `Coded`.
    """
    group = min(GROUP, n)
    shared_by_inputs = setting(network, rungs, counted_here(counted, slots))
    input_of = partial(_input, key, network, problem, orders, n, slots if counted else 0)

    def look_at_group(state: tuple[Array, Array]) -> tuple[Array, Array]:
        first, so_far = state
        inputs = jax.vmap(input_of)(first + jnp.arange(group))

        def look(state: tuple[Array, Array]) -> tuple[Array, Array]:
            i, so_far = state
            one = jax.tree.map(lambda x: x[i], inputs)
            return i + 1, hold_all_pairs(network, shared_by_inputs, one, slots, bounds, so_far)

        go_on = lambda state: (state[0] < group) & state[1].any()
        return first + group, jax.lax.while_loop(go_on, look, (jnp.int32(0), so_far))[1]

    go_on = lambda state: (state[0] < n) & state[1].any()
    return jax.lax.while_loop(go_on, look_at_group, (jnp.int32(0), so_far))[1]


def counted_here(counted: Counted | None, slots: int) -> Counted | None:
    """How sums are counted on this backend; None multiplies."""
    return counted if jax.default_backend() == "cpu" and slots <= MOST_LEVELS else None


def _input(
    key: Key[Array, ""],
    network: Network,
    problem: Problem,
    orders: Int[Array, "every m"] | None,
    end: int | Int[Array, ""],
    whole: int,
    i: Int[Array, ""],
) -> Input:
    """Input number i, real where i is below `end`.

    Where weights are whole numbers, `whole` is the most active features, and else 0. Whole numbers have the same sum in
    any order. So the columns of the active features are added, and the rest of the weights is not read.
    """
    if orders is None:
        order = random_order(jax.random.fold_in(key, i), problem.m)
    else:
        order = orders[jnp.minimum(i, len(orders) - 1)]
    active = jnp.zeros(problem.m, bool).at[order].set(jnp.arange(problem.m) < problem.s)
    if not whole or network.encoding is not None or len(network.layers) > 1:
        return Input(hidden(network, active.astype(jnp.float32)), order, active, i < end)
    layer, first = network.layers[0], order[:whole]
    sums = jnp.where(active[first], layer.w[:, first], 0).sum(axis=1)
    return Input(layer.activation(sums + layer.b), order, active, i < end)


def tally_by_feature(network: Network, one: Input, s: int | Int[Array, ""], idle: int | None, slots: int) -> Tally:
    """Errors of one input by stratum, for any read-off: every pair with an active member, and all or some others."""
    a, order, active, real = one
    m = order.shape[0]

    def add_features(n: Int[Array, ""], so_far: tuple[Tally, Tally]) -> tuple[Tally, Tally]:
        features = order[jnp.minimum(n * SLOTS + jnp.arange(SLOTS), m - 1)]
        read = jax.vmap(network.read_off.with_all, (None, 0))(a, features)
        found = tally_touched(read, one, n * SLOTS)
        return merge(so_far[0], found[0]), merge(so_far[1], found[1])

    touched = jax.lax.fori_loop(0, slots // SLOTS, add_features, (no_events(), no_events()))
    none = (
        _all_idle_pairs(network, a, active, real)
        if idle is None
        else _some_idle_pairs(network, a, order, s, idle, real)
    )
    return jax.tree.map(lambda *strata: jnp.stack(strata)[None], none, *touched)


def _all_idle_pairs(network: Network, a: Float[Array, " d"], active: Bool[Array, " m"], real: Bool[Array, ""]) -> Tally:
    """Every pair of two inactive features, tile by tile of the upper triangle."""
    m = len(active)
    size = min(TILE, m)
    corners = jnp.asarray(np.stack(np.triu_indices(-(-m // size)), axis=1) * size)

    def add_tile(so_far: Tally, corner: Int[Array, "2"]) -> tuple[Tally, None]:
        k, l = corner[0] + jnp.arange(size), corner[1] + jnp.arange(size)
        inside = (k[:, None] < l) & (l < m) & real
        k, l = jnp.minimum(k, m - 1), jnp.minimum(l, m - 1)
        seen = inside & ~active[k, None] & ~active[l]
        return merge(so_far, tally(network.read_off.block(a, k, l), seen)), None

    return jax.lax.scan(add_tile, no_events(), corners)[0]


def _some_idle_pairs(
    network: Network, a: Float[Array, " d"], order: Int[Array, " m"], s: int | Int[Array, ""], n_idle: int, real:
    Bool[Array, ""]
) -> Tally:  # fmt: skip
    """Every pair among n_idle random inactive features: those that follow the active ones in the input's order."""
    m = order.shape[0]
    place = s + jnp.arange(n_idle)
    features = order[jnp.minimum(place, m - 1)]
    seen = (place[:, None] < place) & (place < m) & real
    return tally(network.read_off.block(a, features, features), seen)


def dense_read_offs(network: Network, b: Float[Array, " m"]) -> Float[Array, "m m"]:
    """Read-offs of all m x m pairs at once, for small m and for tests. The diagonal means nothing."""
    m = b.shape[0]
    return network.read_off.block(hidden(network, b), jnp.arange(m), jnp.arange(m))

"""Read-offs of gates with any number of inputs, listed one by one."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from superposed.measuring.errors import Tally, merge, no_events, tally
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem

CHUNK = 128
"""Gates whose products of wires are held at once."""


def tally_by_gate(
    network: Network, order: Int[Array, " m"], problem: Problem, idle: int | None, slots: int, real: Bool[Array, ""]
) -> Tally:
    """Errors of one input by stratum, for every gate among the active and some inactive features.

    Args:
      order: a permutation of the features; the first s are active.
      problem: its s may be traced, at most `slots`.
      idle: how many inactive features are looked at; None looks at all m features.
      real: false for an input that only fills up a group; nothing of it counts.
    """
    m, s, k = order.shape[0], problem.s, problem.fan_in
    looked_at = m if idle is None else jnp.minimum(s + idle, m)
    places = gate_places(m if idle is None else min(slots + idle, m), k)
    a = hidden(network, jnp.zeros(m).at[order].set(jnp.arange(m) < s))

    def add_chunk(so_far: Tally, place: Int[Array, "n k"]) -> tuple[Tally, None]:
        active = place < s
        error = network.read_off.gates(a, order[place]) - network.read_off.truth(active)
        seen = (place < looked_at).all(axis=1) & (place[:, 0] != place[:, 1]) & real
        in_stratum = active.sum(axis=1) == jnp.arange(k + 1)[:, None]
        return merge(so_far, jax.vmap(tally, (None, 0))(error, in_stratum & seen)), None

    return jax.tree.map(lambda x: x[None], jax.lax.scan(add_chunk, no_events(k + 1), jnp.asarray(places))[0])


def gate_places(n: int, k: int) -> Int[np.ndarray, "chunks n k"]:
    """Every set of k of n places, in chunks, each set in a random order. Every call returns the same.

    The last chunk is filled up with sets of one place repeated, which are no gates.
    """
    every = np.random.default_rng(0).permuted(np.array(list(combinations(range(n), k)), np.int32), axis=1)
    filled = np.concatenate([every, np.zeros((-len(every) % CHUNK, k), np.int32)])
    return filled.reshape(-1, CHUNK, k)

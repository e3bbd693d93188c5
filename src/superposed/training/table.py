"""A read-off with a vector of its own for every pair, as most published trained networks have."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from superposed.networks.network import ReadOff, matmul


class PairTable(NamedTuple):
    """A free linear read-off: AND(k, l) ~ vectors_kl . a.

    Args:
      vectors: one row a pair k < l, in lexicographic order [C(m, 2), d].
      features: 0, 1, ..., m - 1.
    """

    vectors: Float[Array, "pairs d"]
    features: Int[Array, " m"]

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        return matmul(self.vectors, a)[pair_index(k[:, None], l, self.features.shape[0])]

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        chosen = self.vectors[pair_index(k, self.features, self.features.shape[0])]
        return matmul(chosen, a)


def pair_index(k: Int[Array, "..."], l: Int[Array, "..."], m: int) -> Int[Array, "..."]:
    """The pair's place in lexicographic order. A feature with itself is no pair and gets some place within range."""
    first, second = jnp.minimum(k, l), jnp.maximum(k, l)
    place = first * m - first * (first + 1) // 2 + second - first - 1
    return jnp.clip(place, 0, m * (m - 1) // 2 - 1)


def as_table(read_off: ReadOff, m: int, rows: int) -> Float[Array, "pairs d"]:
    """The vectors of any linear read-off: column i is what it reads from neuron i alone."""
    features = jnp.arange(m)
    k, l = jnp.triu_indices(m, 1)
    column = lambda i: read_off.block(jnp.zeros(rows).at[i].set(1.0), features, features)[k, l]
    return jax.lax.map(column, jnp.arange(rows)).T

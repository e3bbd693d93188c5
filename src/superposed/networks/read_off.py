"""The linear read-offs of all pairs' ANDs. None of them forms the C(m,2) x d read-off matrix.

For activation a and code V [d, m], the read-offs of all pairs are one product V^T diag(a) V, divided elementwise by
V^T V or by a constant. Neurons with a_i = 0 add nothing and are skipped.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from superposed.networks.network import CHUNK, matmul


def sum_over_active(
    a: Float[Array, " d"], term: Callable[[Float[Array, " c"], Int[Array, " c"]], Array], zero: Array
) -> Array:
    """sum_i term(a_i, i) over neurons with a_i != 0, in chunks of fixed size; `term` sums one chunk of neurons.

    Work is proportional to the active neurons. The order depends only on which neurons are active, so zero rows that
    pad the network change no bit of the result.
    """
    d = a.shape[0]
    order = jnp.pad(active_first(a), (0, -d % CHUNK))
    real = jnp.arange(order.shape[0]) < d
    n_chunks = (jnp.count_nonzero(a) + CHUNK - 1) // CHUNK

    def add_chunk(chunk, total):
        i = jax.lax.dynamic_slice(order, (chunk * CHUNK,), (CHUNK,))
        weight = jnp.where(jax.lax.dynamic_slice(real, (chunk * CHUNK,), (CHUNK,)), a[i], 0)
        return total + term(weight, i)

    return jax.lax.fori_loop(0, n_chunks, add_chunk, zero)


def active_first(a: Float[Array, " d"]) -> Int[Array, " d"]:
    """The neurons' indices in their order, those with a_i != 0 before the others: a stable sort in linear time."""
    n_active = jnp.cumsum(a != 0)
    place = jnp.where(a != 0, n_active - 1, n_active[-1] + jnp.cumsum(a == 0) - 1)
    index = jnp.arange(a.shape[0])
    return jnp.zeros_like(index).at[place].set(index, unique_indices=True)


def sums_by_block(
    a: Float[Array, " d"], v: Float[Array, "d m"], k: Int[Array, " n"], l: Int[Array, " p"]
) -> Float[Array, "n p"]:
    """sum_i a_i v_ik v_il for every k with every l: V_k^T diag(a) V_l over the active neurons."""
    vk, vl = v[:, k], v[:, l]
    product = lambda a, i: jnp.matmul((a[:, None] * vk[i]).T, vl[i], precision=jax.lax.Precision.HIGHEST)
    return sum_over_active(a, product, jnp.zeros((k.shape[0], l.shape[0]), jnp.float32))


def sums_with_all(a: Float[Array, " d"], v: Float[Array, "d m"], k: Int[Array, ""]) -> Float[Array, " m"]:
    """sum_i a_i v_ik v_il for one feature k with every l. Vmapped over inputs this is one product with V."""
    return matmul((a * v[:, k])[None], v)[0]


class SharedMean(NamedTuple):
    """Mean activation of the neurons wired to both features; 0 where no neuron is (Theorem 1).

    AND(k, l) ~ sum_i V_ik V_il a_i / sum_i V_ik V_il,   V in {0, 1}^{d x m}
    """

    code: Float[Array, "d m"]

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        shared = sums_by_block(jnp.ones_like(a), self.code, k, l)
        return sums_by_block(a, self.code, k, l) / jnp.maximum(shared, 1)

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        sums, shared = matmul(jnp.stack([a, jnp.ones_like(a)]) * self.code[:, k], self.code)
        return sums / jnp.maximum(shared, 1)


class Product(NamedTuple):
    """Products of the two features' codes, on one scale for all pairs (Theorem 3).

    AND(k, l) ~ sum_i V_ik V_il a_i / scale
    """

    code: Float[Array, "d m"]
    scale: Float[Array, ""]

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        return sums_by_block(a, self.code, k, l) / self.scale

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        return sums_with_all(a, self.code, k) / self.scale


class OwnNeuron(NamedTuple):
    """The activation of the pair's own neuron, AND(k, l) = a_n(k,l); 0 for pairs that were given none.

    Args:
      features: 0, 1, ..., m - 1; pairs k < l are numbered in lexicographic order.
    """

    features: Int[Array, " m"]

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        first, second = jnp.minimum(k[:, None], l), jnp.maximum(k[:, None], l)
        own = first * self.features.shape[0] - first * (first + 1) // 2 + second - first - 1
        return jnp.where(own < a.shape[0], a[jnp.minimum(own, a.shape[0] - 1)], 0)

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        return self.block(a, k[None], self.features)[0]

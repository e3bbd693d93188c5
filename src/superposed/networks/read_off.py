"""The linear read-offs of all pairs' ANDs. None of them forms the C(m,2) x d read-off matrix.

For activation a and code V [d, m], the read-offs of all pairs are one product V^T diag(a) V, divided elementwise by
V^T V or by a constant.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from superposed.networks.network import matmul


@runtime_checkable
class Coded(Protocol):
    """A read-off of sums over neurons, `sum_i V_ik V_il a_i`, which `measuring` adds up for all pairs together.

    Attributes:
      code: V, zero for neurons that take no part.
      by_shared: the sums are divided by each pair's `sum_i V_ik V_il`.
    """

    code: Float[Array, "d m"]
    by_shared: bool

    def of_sums(self, sums: Float[Array, "*pairs"], shared: Float[Array, "*pairs"] | None) -> Float[Array, "*pairs"]:
        """The read-offs of pairs from their sums."""


class SharedMean(NamedTuple):
    """Mean activation of the neurons wired to both features; 0 where no neuron is (Theorem 1).

    AND(k, l) ~ sum_i V_ik V_il a_i / sum_i V_ik V_il,   V in {0, 1}^{d x m}
    """

    code: Float[Array, "d m"]

    by_shared = True

    def of_sums(self, sums: Float[Array, "*pairs"], shared: Float[Array, "*pairs"]) -> Float[Array, "*pairs"]:
        return sums / jnp.maximum(shared, 1)

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        return self.of_sums(pair_sums(a, self.code, k, l), pair_sums(jnp.ones_like(a), self.code, k, l))

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        return self.of_sums(*matmul(jnp.stack([a, jnp.ones_like(a)]) * self.code[:, k], self.code))


class Product(NamedTuple):
    """Products of the two features' codes, on one scale for all pairs (Theorem 3).

    AND(k, l) ~ sum_i V_ik V_il a_i / scale
    """

    code: Float[Array, "d m"]
    scale: Float[Array, ""]

    by_shared = False

    def of_sums(self, sums: Float[Array, "*pairs"], shared: None = None) -> Float[Array, "*pairs"]:
        # XLA turns a quotient by one number into a product with its rounded inverse, and 332/664 into less than 1/2: an
        # error of exactly eps would pass. The barrier hides that the divisors are all equal.
        return sums / jax.lax.optimization_barrier(jnp.broadcast_to(self.scale, sums.shape))

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        return self.of_sums(pair_sums(a, self.code, k, l))

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        return self.of_sums(matmul((a * self.code[:, k])[None], self.code)[0])


def pair_sums(
    a: Float[Array, " d"], v: Float[Array, "d m"], k: Int[Array, " n"], l: Int[Array, " p"]
) -> Float[Array, "n p"]:
    """sum_i a_i v_ik v_il for every k with every l: V_k^T diag(a) V_l."""
    return matmul((a[:, None] * v[:, k]).T, v[:, l])

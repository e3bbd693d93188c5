"""The linear read-offs of all pairs' ANDs. None of them forms the C(m,2) x d read-off matrix.

For activation a and code V [d, m], the read-offs of all pairs are one product V^T diag(a) V, divided elementwise by
V^T V or by a constant.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

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


@runtime_checkable
class ByGate(Protocol):
    """A read-off of chosen gates of any fan-in k, one by one."""

    def gates(self, a: Float[Array, " d"], members: Int[Array, "n k"]) -> Float[Array, " n"]:
        """Read-offs of n gates, each given by its k features."""

    def truth(self, active: Bool[Array, "n k"]) -> Float[Array, " n"]:
        """What gates compute when these of their inputs are active."""


class GateMean(NamedTuple):
    """Mean activation of the neurons wired to all k features of a gate; 0 where no neuron is (Lemma 5).

    AND(S) ~ sum_i a_i prod_{l in S} V_il / sum_i prod_{l in S} V_il,   V in {0, 1}^{d x m}
    """

    code: Float[Array, "d m"]

    def gates(self, a: Float[Array, " d"], members: Int[Array, "n k"]) -> Float[Array, " n"]:
        total, shared = gate_sums(a, self.code, members)
        return total / jnp.maximum(shared, 1)

    def truth(self, active: Bool[Array, "n k"]) -> Float[Array, " n"]:
        return active.all(axis=1).astype(jnp.float32)


class SubsetMeans(NamedTuple):
    """A weighted sum of mean activations, one for every subset of a gate's features (Theorem 6).

        f(S) ~ w_0 + sum_{I in S, I not empty} w_I v_I,   v_I = mean of a_i over {i: of S, i is wired to I exactly}

    Neurons wired to more of S than I are left out, so that only features outside S disturb v_I.

    Args:
      code: V.
      reads: the size of the subsets that each neuron serves; 0 where it serves all.
      weights: w, at the number whose bits are the subset's places in the gate.
      table: f on the gate's features, likewise.
    """

    code: Float[Array, "d m"]
    reads: Int[Array, " d"]
    weights: Float[Array, " subsets"]
    table: Float[Array, " subsets"]

    def gates(self, a: Float[Array, " d"], members: Int[Array, "n k"]) -> Float[Array, " n"]:
        k = members.shape[1]
        number = (self.code.T[members].astype(jnp.int32) << jnp.arange(k)[:, None]).sum(axis=1)  # [n, d], the I of each
        total = jnp.full(len(members), self.weights[0])
        for subset in range(1, 2**k):
            serves = (self.reads == 0) | (self.reads == subset.bit_count())
            sums, shared = masked_sums(a, ((number == subset) & serves).astype(jnp.float32))
            total += self.weights[subset] * sums / jnp.maximum(shared, 1)
        return total

    def truth(self, active: Bool[Array, "n k"]) -> Float[Array, " n"]:
        return self.table[(active << jnp.arange(active.shape[1])).sum(axis=1)]


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


def gate_sums(
    a: Float[Array, " d"], v: Float[Array, "d m"], members: Int[Array, "n k"]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """sum_i a_i prod_{l in S} v_il, and the same with a = 1, for the n gates S of `members`."""
    return masked_sums(a, jnp.prod(v.T[members], axis=1))


def masked_sums(a: Float[Array, " d"], weight: Float[Array, "n d"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """sum_i weight_i a_i and sum_i weight_i, for each row of weights."""
    return tuple(matmul(weight, jnp.stack([a, jnp.ones_like(a)], axis=1)).T)


class FormReadOff(NamedTuple):
    """A bilinear form in two features' directions, read from neurons that hold every product of two coordinates of x.

        AND(k, l) ~ f_k^T (x x^T) f_l

    Neuron n has the coordinates p <= q = `corner(n)`, and the activation x_p^2 (p = q) or (x_p + x_q)^2. So
    x_p x_q = ((x_p + x_q)^2 - x_p^2 - x_q^2) / 2 is linear in the activations.

    Args:
      directions: f_k as columns; zero beyond the coordinates that take part.
    """

    directions: Float[Array, "r m"]

    def form(self, a: Float[Array, " d"]) -> Float[Array, "r r"]:
        """x x^T from the activations."""
        r = self.directions.shape[0]
        p, q = corner(jnp.arange(min(a.shape[0], r * (r + 1) // 2)))
        sums = jnp.zeros((r, r)).at[p, q].set(a[: len(p)])
        squares = jnp.diag(sums)
        products = jnp.triu(sums - squares[:, None] - squares, 1) / 2
        return products + products.T + jnp.diag(squares)

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        return matmul(self.directions[:, k].T, matmul(self.form(a), self.directions[:, l]))

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        return matmul(matmul(self.form(a), self.directions[:, k][:, None]).T, self.directions)[0]


def corner(n: Int[Array, " n"]) -> tuple[Int[Array, " n"], Int[Array, " n"]]:
    """The n-th pair (p, q) with p <= q, in the order (0,0), (0,1), (1,1), (0,2), ...: the first r(r+1)/2 have q < r."""
    q = jnp.floor((jnp.sqrt(8.0 * n + 1) - 1) / 2).astype(jnp.int32)
    q = q - (q * (q + 1) // 2 > n) + ((q + 1) * (q + 2) // 2 <= n)
    return n - q * (q + 1) // 2, q

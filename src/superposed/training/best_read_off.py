"""The best linear read-off of a layer that stays as it is: what training the read-off alone tends to."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.wrapper import Wrapper
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem
from superposed.training.loss import draw_inputs
from superposed.training.table import PairTable

AT_ONCE = 256
"""Inputs looked at together."""


@dataclass(frozen=True)
class BestReadOff(Wrapper):
    """Any construction's layers under the linear read-off with the smallest mean square error.

        r_kl = P(kl) Sigma^-1 mu_kl,   Sigma = E a a^T,   mu_kl = E[a | k and l active]

    minimises E (r_kl . a - b_k b_l)^2 over inputs with s active features. Where active pairs are rarer than the noise
    allows, that read-off is nearly 0. With `unbiased` an active pair reads 1 on average; among such read-offs this one
    has the smallest mean square:

        r_kl = Sigma^-1 mu_kl / (mu_kl^T Sigma^-1 mu_kl)

    Args:
      inner: a construction; its read-off is replaced.
      unbiased: which of the two.
      n_inputs: inputs drawn for the two moments; an active pair is seen in a fraction s^2/m^2 of them.
      ridge: added to the diagonal of Sigma, in units of its mean, so that neurons that never fire do no harm.

    Source: least squares; Theorem 3 (Hänni et al. 2024) with its read-off optimised.
    """

    inner: Construction
    unbiased: bool = True
    n_inputs: int = 2**14
    ridge: float = 1e-6

    places_features = True
    least_rows = 32

    def __post_init__(self):
        super().__post_init__()
        if self.n_inputs < 1:
            raise InputError("n_inputs", self.n_inputs, "give 1 or more")
        if not self.ridge > 0:
            raise InputError("ridge", self.ridge, "a positive number; try 1e-6")

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        inner_key, inputs_key = jax.random.split(key)
        network = self.inner(inner_key, problem, width, rows, tuned)
        second, first, chance = self.moments(inputs_key, network, problem, rows)
        second += (self.ridge * jnp.trace(second) / rows + jnp.finfo(jnp.float32).tiny) * jnp.eye(rows)
        solved = jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(second), first.T).T
        scale = jnp.sum(solved * first, axis=1, keepdims=True) if self.unbiased else 1 / chance[:, None]
        vectors = solved / jnp.maximum(scale, jnp.finfo(jnp.float32).tiny)
        return network._replace(read_off=PairTable(vectors, jnp.arange(problem.m)))

    def moments(
        self, key: Key[Array, ""], network: Network, problem: Problem, rows: int
    ) -> tuple[Float[Array, "d d"], Float[Array, "pairs d"], Float[Array, " pairs"]]:
        """E a a^T, E[a | k and l active] of every pair, and the chance of the latter, over the inputs drawn."""
        m = problem.m
        k, l = jnp.triu_indices(m, 1)

        def add_batch(so_far: tuple[Array, Array, Array], batch_key: Array) -> tuple[tuple[Array, Array, Array], None]:
            b = draw_inputs(batch_key, AT_ONCE, m, problem.s, "exact").b
            a = jax.vmap(hidden, in_axes=(None, 0))(network, b)
            both = b[:, k] * b[:, l]
            seen = (a.T @ a, both.T @ a, both.sum(axis=0))
            return jax.tree.map(jnp.add, so_far, seen), None

        n_batches = -(-self.n_inputs // AT_ONCE)
        zero = (jnp.zeros((rows, rows)), jnp.zeros((len(k), rows)), jnp.zeros(len(k)))
        with jax.default_matmul_precision("highest"):
            (second, first, count), _ = jax.lax.scan(add_batch, zero, jax.random.split(key, n_batches))
        n = n_batches * AT_ONCE
        return second / n, first / jnp.maximum(count, 1)[:, None], count / n

"""One layer under several linear read-offs: the network stays, the way its ANDs are read changes."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.wrapper import Wrapper
from superposed.networks.network import Layer, Network, hidden, matmul
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product

HOW = ("own", "centred", "sign", "least squares")
AT_ONCE = 256
"""Inputs looked at together."""
BLOCK = 32
"""Pairs whose read-off vectors are in memory together, for each feature."""


class LeastSquares(NamedTuple):
    """The best linear read-offs of one layer, made pair by pair when they are asked for.

        r_kl = S^-1 mu_kl / (mu_kl^T S^-1 mu_kl),   S = E a a^T,   mu_kl = E[a | k and l active]

    Among the read-offs that give 1 on average where both features are active, r_kl has the smallest mean square. The
    C(m, 2) x d matrix of all of them is never formed: mu_kl is the mean activation over a few sets of s - 2 further
    active features.

    Args:
      layer: the network's only layer.
      reach: W Phi, what each feature adds to the pre-activations.
      inverse: S^-1; zero for neurons that do not exist.
      others: what each set adds to the pre-activations.
      members: which features each set holds.
    """

    layer: Layer
    reach: Float[Array, "d m"]
    inverse: Float[Array, "d d"]
    others: Float[Array, "d sets"]
    members: Bool[Array, "sets m"]

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        return jax.lax.map(lambda feature: self.of_pairs(a, feature, l), k)

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        return self.of_pairs(a, k, jnp.arange(self.reach.shape[1]))

    def of_pairs(self, a: Float[Array, " d"], k: Int[Array, ""], l: Int[Array, " p"]) -> Float[Array, " p"]:
        """Read-offs of feature k with each of l."""
        solved = matmul(self.inverse, a[:, None])[:, 0]
        n = l.shape[0]

        def some(members: Int[Array, " block"]) -> Float[Array, " block"]:
            mu = jax.vmap(self.mean_activation, (None, 0))(k, members)
            squared = jnp.sum(mu * matmul(self.inverse, mu.T).T, axis=1)
            return matmul(mu, solved[:, None])[:, 0] / jnp.maximum(squared, jnp.finfo(jnp.float32).tiny)

        blocks = jnp.pad(l, (0, -n % BLOCK)).reshape(-1, BLOCK)
        return jax.lax.map(some, blocks).ravel()[:n]

    def mean_activation(self, k: Int[Array, ""], l: Int[Array, ""]) -> Float[Array, " d"]:
        """mu_kl: over the sets that hold neither of the two."""
        free = (~(self.members[:, k] | self.members[:, l])).astype(jnp.float32)
        z = (self.reach[:, k] + self.reach[:, l] + self.layer.b)[:, None] + self.others
        return matmul(self.layer.activation(z), free[:, None])[:, 0] / jnp.maximum(free.sum(), 1)


@dataclass(frozen=True)
class ReadBy(Wrapper):
    """Any construction's one layer under a read-off of choice.

    With v_ik = (W phi_k)_i less its mean over the features k, "centred" and "sign" read

        AND(k, l) ~ sum_i v_ik v_il a_i / c      and      sum_i sgn(v_ik) sgn(v_il) a_i / c

    where c makes active pairs read 1 on average over `n_inputs` inputs. "least squares" is the best linear read-off
    (`LeastSquares`) against the distribution of inputs with s active features, and "own" the construction's.

    Args:
      inner: a construction with one layer.
      how: "own", "centred", "sign" or "least squares".
      n_inputs: inputs over which c and S are averaged.
      sets: sets of further active features over which a pair's mean activation is taken.
      ridge: added to the diagonal of S, in units of its mean.

    Source: least squares; derived here. `training.best_read_off` has the same with a table of all pairs.
    """

    inner: Construction
    how: str = "least squares"
    n_inputs: int = 2**13
    sets: int = 16
    ridge: float = 1e-6

    places_features = True
    least_rows = 64

    def __post_init__(self):
        super().__post_init__()
        if self.how not in HOW:
            raise InputError("how", self.how, f"one of {', '.join(HOW)}")
        for name in ("n_inputs", "sets"):
            if getattr(self, name) < 1:
                raise InputError(name, getattr(self, name), "give 1 or more")
        if not self.ridge > 0:
            raise InputError("ridge", self.ridge, "a positive number; try 1e-6")

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        inner_key, inputs_key, sets_key = jax.random.split(key, 3)
        network = self.inner(inner_key, problem, width, rows, tuned)
        if self.how == "own":
            return network
        (layer,) = network.layers
        reach = layer.w if network.encoding is None else matmul(layer.w, network.encoding)
        real = jnp.arange(rows) < width
        code = jnp.where(real[:, None], reach - reach.mean(axis=1, keepdims=True), 0)
        code = jnp.sign(code) if self.how == "sign" else code
        second, mean_read = self.averages(inputs_key, network, problem, code)
        if self.how != "least squares":
            return network._replace(read_off=Product(code, mean_read))
        floor = self.ridge * jnp.trace(second) / jnp.maximum(width, 1) + jnp.finfo(jnp.float32).tiny
        damped = second + jnp.diag(jnp.where(real, floor, 1.0))
        inverse = jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(damped), jnp.eye(rows))
        inverse = jnp.where(real & real[:, None], inverse, 0)
        order = jax.vmap(lambda k: jax.random.permutation(k, problem.m))(jax.random.split(sets_key, self.sets))
        members = order < problem.s - 2
        others = matmul(reach, members.T.astype(jnp.float32))
        return network._replace(read_off=LeastSquares(layer, reach, inverse, others, members))

    def averages(
        self, key: Key[Array, ""], network: Network, problem: Problem, code: Float[Array, "d m"]
    ) -> tuple[Float[Array, "d d"], Float[Array, ""]]:
        """E a a^T, and the mean of sum_i v_ik v_il a_i over the active pairs of the inputs that are drawn."""
        m, s = problem.m, problem.s

        def add_batch(so_far: tuple[Array, Array], batch_key: Array) -> tuple[tuple[Array, Array], None]:
            bits = jax.random.bits(batch_key, (AT_ONCE, m))
            b = (jnp.argsort(jnp.argsort(bits, axis=1), axis=1) < s).astype(jnp.float32)
            a = jax.vmap(hidden, (None, 0))(network, b)
            sums, squares = matmul(b, code.T), matmul(b, (code**2).T)
            pairs = jnp.sum(a * (sums**2 - squares)) / 2  # over the active pairs k < l of each input
            return (so_far[0] + matmul(a.T, a), so_far[1] + pairs), None

        n_batches = -(-self.n_inputs // AT_ONCE)
        zero = (jnp.zeros((code.shape[0],) * 2), jnp.float32(0))
        (second, pairs), _ = jax.lax.scan(add_batch, zero, jax.random.split(key, n_batches))
        n = n_batches * AT_ONCE
        return second / n, pairs / (n * jnp.maximum(s * (s - 1) / 2, 1))

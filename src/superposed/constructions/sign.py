"""Theorem 3 on aligned inputs: zero-mean weights, zero bias, and a read-off by the product of their signs."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.constructions.rows import Width, random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product
from superposed.theory.sign import gaussian_constant, noisy_rademacher_constant, rademacher_constant
from superposed.theory.sign_drawn import draw_gaussian, draw_rademacher


@dataclass(frozen=True)
class Rademacher:
    """Universal AND from random signs.

        a = ReLU(W b),   W_ik = +-1,   AND(k, l) ~ sum_i W_ik W_il a_i / (c d)

    with c = c(s) exactly (`theory.sign.rademacher_constant`), and c(s, nu), nu = m s/d_in, behind random codes. The error
    has mean zero and falls as s/sqrt d; it does not depend on m unless the features come in superposition.

    Source: Hänni et al. 2024, Theorem 3 (there for Gaussian weights); Busch 2025.
    """

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int) -> Network:
        w = random_rows(key, rows, width, lambda k: jax.random.rademacher(k, (problem.m,)))
        return Network(None, (Layer((w,), jnp.zeros(rows)),), Product(w, self.constant(problem) * width))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int
    ) -> Float[Array, "3 n"]:
        """Errors of n_events pairs a stratum, each of a fresh network, from their law (`theory.sign_drawn`)."""
        c = self.constant(problem)
        return draw_rademacher(key, problem.m, problem.s, width, problem.d_in, c, n_events, max_active=s_max)

    def constant(self, problem: Problem) -> Float[Array, ""]:
        """The normalisation c of this problem."""
        if problem.d_in is None:
            return rademacher_constant(problem.s)
        return noisy_rademacher_constant(problem.s, problem.m * problem.s / problem.d_in)


@dataclass(frozen=True)
class Gaussian:
    """Universal AND from Gaussian weights.

        a = ReLU(W b),   W_ik ~ N(0, 1),   AND(k, l) ~ sum_i sgn(W_ik W_il) a_i / (c d)

    with c = c(s) in closed form (`theory.sign.gaussian_constant`), and c(s + nu), nu = m s/d_in, behind random codes.

    Source: Hänni et al. 2024, Theorem 3.
    """

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int) -> Network:
        w = random_rows(key, rows, width, lambda k: jax.random.normal(k, (problem.m,)))
        return Network(None, (Layer((w,), jnp.zeros(rows)),), Product(jnp.sign(w), self.constant(problem) * width))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int
    ) -> Float[Array, "3 n"]:
        """Errors of n_events pairs a stratum, each of a fresh network, from their law (`theory.sign_drawn`)."""
        c = self.constant(problem)
        return draw_gaussian(key, problem.m, problem.s, width, problem.d_in, c, n_events, max_active=s_max)

    def constant(self, problem: Problem) -> Float[Array, ""]:
        """The normalisation c of this problem."""
        nu = 0.0 if problem.d_in is None else problem.m * problem.s / problem.d_in
        return gaussian_constant(problem.s, nu)

"""Theorem 3 on aligned inputs: zero-mean weights, zero bias, and a read-off by the product of their signs."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from superposed.constructions.rows import Width, random_rows
from superposed.laws.sign import gaussian_constant, noisy_rademacher_constant, rademacher_constant
from superposed.network import Layer, Network
from superposed.problem import Problem
from superposed.read_off import Product


@dataclass(frozen=True)
class Rademacher:
    """Universal AND from random signs.

        a = ReLU(W b),   W_ik = +-1,   AND(k, l) ~ sum_i W_ik W_il a_i / (c d)

    with c = c(s) exactly (`laws.sign.rademacher_constant`), and c(s, nu), nu = m s/d_in, behind random codes. The error
    has mean zero and falls as s/sqrt d; it does not depend on m unless the features come in superposition.

    Source: Hänni et al. 2024, Theorem 3 (there for Gaussian weights); Busch 2025.
    """

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int) -> Network:
        w = random_rows(key, rows, width, lambda k: jax.random.rademacher(k, (problem.m,)))
        if problem.d_in is None:
            c = rademacher_constant(problem.s)
        else:
            c = noisy_rademacher_constant(problem.s, problem.m * problem.s / problem.d_in)
        return Network(None, (Layer((w,), jnp.zeros(rows)),), Product(w, c * width))


@dataclass(frozen=True)
class Gaussian:
    """Universal AND from Gaussian weights.

        a = ReLU(W b),   W_ik ~ N(0, 1),   AND(k, l) ~ sum_i sgn(W_ik W_il) a_i / (c d)

    with c = c(s) in closed form (`laws.sign.gaussian_constant`), and c(s + nu), nu = m s/d_in, behind random codes.

    Source: Hänni et al. 2024, Theorem 3.
    """

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int) -> Network:
        w = random_rows(key, rows, width, lambda k: jax.random.normal(k, (problem.m,)))
        nu = 0.0 if problem.d_in is None else problem.m * problem.s / problem.d_in
        c = gaussian_constant(problem.s, nu)
        return Network(None, (Layer((w,), jnp.zeros(rows)),), Product(jnp.sign(w), c * width))

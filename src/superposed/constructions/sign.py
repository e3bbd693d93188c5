"""Theorem 3 on aligned inputs: zero-mean weights, zero bias, and a read-off by the product of their signs."""

from dataclasses import dataclass
from math import log

import jax
import jax.numpy as jnp
import scipy.special
from jaxtyping import Array, Float, Key

from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.rows import random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product
from superposed.theory.codes import Events
from superposed.theory.sign import gaussian_constant, noisy_rademacher_constant, rademacher_constant
from superposed.theory.sign_drawn import draw_gaussian, draw_rademacher
from superposed.theory.sign_moments import aligned_variance


@dataclass(frozen=True)
class Rademacher(Construction):
    """Universal AND from random signs.

        a = ReLU(W b),   W_ik = +-1,   AND(k, l) ~ sum_i W_ik W_il a_i / (c d)

    with c = c(s) exactly (`theory.sign.rademacher_constant`), and c(s, nu), nu = m s/d_in, behind random codes. The
    error has mean zero and falls as s/sqrt d; it does not depend on m unless the features come in superposition.

    Source: Hänni et al. 2024, Theorem 3 (there for Gaussian weights); Busch 2025.
    """

    has_distribution = True
    nested = True
    counted = "signs"

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        w = random_rows(key, rows, width, lambda k: jax.random.rademacher(k, (problem.m,)))
        return Network(None, (Layer((w,), jnp.zeros(rows)),), Product(w, self.constant(problem) * width))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.sign_drawn`)."""
        events = Events(problem.m, problem.s, width, problem.d_in, n_events, s_max)
        return draw_rademacher(key, events, self.constant(problem))

    def constant(self, problem: Problem) -> Float[Array, ""]:
        """The normalisation c of this problem."""
        if problem.d_in is None:
            return rademacher_constant(problem.s)
        return noisy_rademacher_constant(problem.s, problem.m * problem.s / problem.d_in)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float:
        """From the errors' variance, taken as normal."""
        return normal_width(problem, eps, criterion, float(self.constant(problem)))


@dataclass(frozen=True)
class Gaussian(Construction):
    """Universal AND from Gaussian weights.

        a = ReLU(W b),   W_ik ~ N(0, 1),   AND(k, l) ~ sum_i sgn(W_ik W_il) a_i / (c d)

    with c = c(s) in closed form (`theory.sign.gaussian_constant`), and c(s + nu), nu = m s/d_in, behind random codes.

    Source: Hänni et al. 2024, Theorem 3.
    """

    has_distribution = True
    nested = True

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        w = random_rows(key, rows, width, lambda k: jax.random.normal(k, (problem.m,)))
        return Network(None, (Layer((w,), jnp.zeros(rows)),), Product(jnp.sign(w), self.constant(problem) * width))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.sign_drawn`)."""
        events = Events(problem.m, problem.s, width, problem.d_in, n_events, s_max)
        return draw_gaussian(key, events, self.constant(problem))

    def constant(self, problem: Problem) -> Float[Array, ""]:
        """The normalisation c of this problem."""
        nu = 0.0 if problem.d_in is None else problem.m * problem.s / problem.d_in
        return gaussian_constant(problem.s, nu)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float:
        """From the errors' variance, taken as normal."""
        return normal_width(problem, eps, criterion, float(self.constant(problem)))


def normal_width(problem: Problem, eps: float, criterion: str, c: float) -> float:
    """The width of a sign read-off whose errors are normal with the variance of pairs that have no active member.

    d = (z / eps)^2 (s + nu) / (2 c^2),   nu = m s / d_in
    """
    nu = 0.0 if problem.d_in is None else problem.m * problem.s / problem.d_in
    variance = aligned_variance(problem.s, c, 0, nu)
    return variance * (normal_deviations(criterion, problem.m) / (0.5 if criterion == "decode" else eps)) ** 2


def normal_deviations(criterion: str, m: int) -> float:
    """Standard deviations z that eps must be, where errors are normal with mean 0.

    Criteria that ask for every pair are asked on 16 inputs, as `Sampling` does unless told otherwise.
    """
    if criterion == "rms":
        return 1.0
    return float(-scipy.special.ndtri(0.01 / 2 if criterion == "q99" else log(2) / (16 * m * (m - 1))))

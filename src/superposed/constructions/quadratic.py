"""Quadratic neurons: the universal AND from squares instead of ReLUs. A width counts quadratic neurons."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.rows import random_codes, random_rows
from superposed.constructions.sign import normal_deviations
from superposed.constructions.superposed import check_d_in
from superposed.networks.network import Network, SquareLayer, matmul
from superposed.networks.problem import Problem
from superposed.networks.read_off import FormReadOff, Product, corner
from superposed.theory.codes import Events
from superposed.theory.quadratic import (
    SIGN_MEAN,
    draw_form,
    draw_quadratic,
    draw_random_quadratic,
    random_quadratic_variance,
)


@dataclass(frozen=True)
class Quadratic(Construction):
    """Universal AND from squared sums of random signs.

        a = (W b)^2,   W_ik = +-1,   AND(k, l) ~ sum_i W_ik W_il a_i / (2 d)

    The square's cross term 2 b_k b_l W_ik W_il is the AND itself. The error has mean zero, and its variance times d is
    s^2/4 + C(s, 2). Behind random codes the cross-talk of variance m s/d_in takes the place of s.

    Source: predecessor post of Hänni et al. 2024, section 1.5, with random signs; derived here.
    """

    has_distribution = True
    nested = True

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        w = random_rows(key, rows, width, lambda k: jax.random.rademacher(k, (problem.m,)))
        return Network(None, (SquareLayer((w,), jnp.zeros(rows)),), Product(w, 2.0 * jnp.asarray(width, jnp.float32)))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.quadratic`)."""
        return draw_quadratic(key, Events(problem.m, problem.s, width, problem.d_in, n_events, s_max))

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float:
        """From the errors' variance, taken as normal: (3 (s + nu)^2 - 2 s)/4 = s^2/4 + C(s, 2) where nu = 0."""
        nu = 0.0 if problem.d_in is None else problem.m * problem.s / problem.d_in
        return normal_width((3 * (problem.s + nu) ** 2 - 2 * problem.s) / 4, problem.m, eps, criterion)


@dataclass(frozen=True)
class RandomQuadratic(Construction):
    """Gaussian weights and quadratic neurons on an input in superposition, as it stands.

        x = Phi b,   a = (W x)^2,   W_ij ~ N(0, 1),   AND(k, l) ~ sum_i sgn((W phi_k)_i (W phi_l)_i) a_i / (d 4/pi)

    As for a random ReLU layer (`RandomInit`), the error falls as s/sqrt d whatever m is.

    Args:
      d_in: dimensions of the input; None takes as many as neurons, d_in = width.

    Source: Theorem 14 of Hänni et al. 2024 with squares for ReLUs; derived here.
    """

    d_in: int | None = None

    places_features = True
    has_distribution = True

    def __post_init__(self):
        check_d_in(self.d_in)

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        code_key, weight_key = jax.random.split(key)
        d_in, columns = (width, rows) if self.d_in is None else (self.d_in, self.d_in)
        phi = random_codes(code_key, columns, d_in, problem.m)
        w = random_rows(weight_key, rows, width, lambda k: jax.random.normal(k, (columns,)))
        scale = jnp.asarray(SIGN_MEAN * width, jnp.float32)
        return Network(phi, (SquareLayer((w,), jnp.zeros(rows)),), Product(jnp.sign(matmul(w, phi)), scale))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.quadratic`)."""
        d_in = width if self.d_in is None else self.d_in
        return draw_random_quadratic(key, Events(problem.m, problem.s, width, d_in, n_events, s_max))

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """From the errors' variance, taken as normal; None for codes of a fixed dimension, whose cross-talk stays."""
        if self.d_in is not None:
            return None
        variance = max(random_quadratic_variance(problem.s, active) for active in range(min(problem.s, 2) + 1))
        return normal_width(variance, problem.m, eps, criterion)

    def input_dimension(self, problem: Problem, width: int) -> int:
        return width if self.d_in is None else self.d_in


@dataclass(frozen=True)
class QuadraticForm(Construction):
    """Neurons that hold every product of two of the input's r coordinates; (phi_k.x)(phi_l.x) is read from them.

        x = Phi b in r dimensions,   a = (x_p + x_q)^2 for p < q and x_p^2,   AND(k, l) ~ phi_k^T (x x^T) phi_l

    There are d = r(r + 1)/2 such products. The only error is the cross-talk of the codes, of variance s/r. Since r is
    about sqrt(2 d), all C(m, 2) pairs at once need d ~ (log m)^2 neurons. The post prints m = exp(eps^2 sqrt(d) /
    (2 s)).

    Source: predecessor post of Hänni et al. 2024, section 1.5.
    """

    places_features = True
    has_distribution = True

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        r, r_max = coordinates(width), int(((8 * rows + 1) ** 0.5 - 1) / 2 + 1e-9)
        phi = random_codes(key, max(r_max, 1), jnp.maximum(r, 1), problem.m)
        n = jnp.arange(rows)
        p, q = corner(n)
        column = jnp.arange(max(r_max, 1))
        picked = (column == p[:, None]) | (column == q[:, None])
        w = jnp.where((n < r * (r + 1) / 2)[:, None], picked, 0).astype(jnp.float32)
        return Network(phi, (SquareLayer((w,), jnp.zeros(rows)),), FormReadOff(phi))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.quadratic`)."""
        return draw_form(key, Events(problem.m, problem.s, width, coordinates(width), n_events, s_max))

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float:
        """From the cross-talk's variance s/r of one-active pairs, taken as normal."""
        r = normal_width(float(problem.s), problem.m, eps, criterion)
        return r * (r + 1) / 2

    def input_dimension(self, problem: Problem, width: int) -> int:
        return int(coordinates(width))


def coordinates(width: Width) -> Float[Array, ""]:
    """r, the most coordinates whose r(r + 1)/2 products fit into `width` neurons."""
    return jnp.floor((jnp.sqrt(8 * jnp.asarray(width, jnp.float32) + 1) - 1) / 2 + 1e-4)


def normal_width(variance: float, m: int, eps: float, criterion: str) -> float:
    """The width at which errors of this variance over d, taken as normal, meet a criterion."""
    return variance * (normal_deviations(criterion, m) / (0.5 if criterion == "decode" else eps)) ** 2

"""Theorems 3 and 14: a layer at random initialisation already computes the universal AND."""

from dataclasses import dataclass
from math import inf

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.codes import check_code, feature_codes
from superposed.constructions.rows import random_rows
from superposed.constructions.sign import normal_deviations
from superposed.constructions.superposed import check_d_in
from superposed.networks.network import Layer, Network, matmul
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product
from superposed.theory.codes import Events
from superposed.theory.sign import gaussian_constant
from superposed.theory.sign_drawn import draw_gaussian, draw_random_init
from superposed.theory.sign_moments import random_init_variance


@dataclass(frozen=True)
class RandomInit(Construction):
    """A Gaussian matrix on the input as it stands, aligned or in superposition.

        x = Phi b,   a = ReLU(W x),   W_ij ~ N(0, 1),   AND(k, l) ~ sum_i sgn((W phi_k)_i (W phi_l)_i) a_i / (c d)

    with c = c(s) of Gaussian weights. The input of W has a norm of about sqrt(s) whatever m is. So the error
    s/sqrt d does not grow with m, as long as m is polynomial in d, and the width has no power of m.

    Args:
      inputs: "superposed" for x = Phi b with random unit codes, "aligned" for x = b.
      d_in: dimensions of a superposed input; None takes as many as neurons, d_in = width.
      code: how features lie in a superposed input (`codes.CODES`); all but random unit vectors need d_in.

    Source: Hänni et al. 2024, Theorem 3 (aligned) and Theorem 14 (superposed).
    """

    inputs: str = "superposed"
    d_in: int | None = None
    code: str = "random"

    places_features = True

    def __post_init__(self):
        if self.inputs not in ("aligned", "superposed"):
            raise InputError("inputs", self.inputs, "features are aligned or superposed")
        if self.inputs == "aligned" and self.d_in is not None:
            raise InputError(
                "d_in", self.d_in, "aligned inputs have m dimensions; leave it out or use superposed inputs"
            )
        check_d_in(self.d_in)
        check_code(self.code, self.d_in)

    @property
    def has_distribution(self) -> bool:
        """Whether errors can be sampled: the distribution is that of random unit codes."""
        return self.code == "random"

    @property
    def nested(self) -> bool:
        """Whether networks of several widths share their neurons: not where the code changes with the width."""
        return self.inputs == "aligned" or self.d_in is not None

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        code_key, weight_key = jax.random.split(key)
        scale = gaussian_constant(problem.s) * width
        if self.inputs == "aligned":
            w = random_rows(weight_key, rows, width, lambda k: jax.random.normal(k, (problem.m,)))
            return Network(None, (Layer((w,), jnp.zeros(rows)),), Product(jnp.sign(w), scale))
        d_in, columns = (width, rows) if self.d_in is None else (self.d_in, self.d_in)
        phi = feature_codes(code_key, self.code, columns, d_in, problem.m)
        # The first d_in draws of a row are the same however many follow, and those meet only zero rows of Phi.
        w = random_rows(weight_key, rows, width, lambda k: jax.random.normal(k, (columns,)))
        return Network(phi, (Layer((w,), jnp.zeros(rows)),), Product(jnp.sign(matmul(w, phi)), scale))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.sign_drawn`)."""
        c = gaussian_constant(problem.s)
        if self.inputs == "aligned":
            return draw_gaussian(key, Events(problem.m, problem.s, width, None, n_events, s_max), c)
        d_in = width if self.d_in is None else self.d_in
        return draw_random_init(key, Events(problem.m, problem.s, width, d_in, n_events, s_max), c)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """From the errors' variance, taken as normal; None for codes of a fixed dimension, whose cross-talk stays."""
        if self.d_in is not None:
            return None
        aligned, c = self.inputs == "aligned", float(gaussian_constant(problem.s))
        variance = random_init_variance(problem.s, 1, inf if aligned else 1, c, min(problem.s, 1))  # times d, d_in = d
        return variance * (normal_deviations(criterion, problem.m) / (0.5 if criterion == "decode" else eps)) ** 2

    def input_dimension(self, problem: Problem, width: int) -> int:
        if self.inputs == "aligned":
            return problem.m
        return width if self.d_in is None else self.d_in

"""Theorem 1: the universal AND from random subsets of neurons."""

from dataclasses import dataclass
from math import inf, log

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.rows import random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import SharedMean
from superposed.theory.bernoulli import best_density, paper_density
from superposed.theory.bernoulli_drawn import draw_bernoulli
from superposed.theory.bernoulli_width import predicted_width
from superposed.theory.codes import Events


@dataclass(frozen=True)
class Bernoulli(Construction):
    """Universal AND by random subsets of neurons.

    Neuron i is wired to feature k with probability p and fires once two of its features are active. The AND of k and l
    is the mean activation of the neurons wired to both:

        a = ReLU(V b - 1),   V_ik ~ Bernoulli(p),   AND(k, l) ~ sum_i V_ik V_il a_i / sum_i V_ik V_il

    At the paper's density log^2 m / sqrt d only the average error falls as printed. The largest of the C(m, 2) errors
    stays above 1/log^4 m over many decades of d (docs/theory.md, section 14). Below d = log^4 m it is no probability at
    all. With the tuned density the largest error falls as d^{-1/3}.

    Args:
      density: p in (0, 1]. None takes the best for this problem and width (`theory.bernoulli.best_density`); "paper"
        takes log^2 m / sqrt d.
      shared: instead of a density, L = d p^2, the neurons that a pair shares on average: p = sqrt(L / d), at most 1.

    Source: Hänni et al. 2024, Theorem 1 and Corollary 12.
    """

    density: float | str | None = None
    shared: float | None = None

    has_distribution = True
    counted = "wires"

    def __post_init__(self):
        if self.shared is not None and (self.density is not None or not 0 < self.shared < inf):
            raise InputError("shared", self.shared, "a number of neurons above 0, and no density beside it")
        if isinstance(self.density, str):
            if self.density != "paper":
                raise InputError(
                    "density", self.density, 'give a number in (0, 1], "paper", or leave it out to tune it'
                )
        elif self.density is not None and not 0 < self.density <= 1:
            raise InputError("density", self.density, "a probability lies in (0, 1]; leave it out to tune it")

    def check(self, problem: Problem, width: int) -> None:
        """Raises InputError where the paper's density is above 1."""
        if self.density == "paper" and (p := float(paper_density(problem.m, width))) > 1:
            raise InputError(
                "density",
                "paper",
                f"log^2 m / sqrt d = {p:.3g} exceeds 1 at m = {problem.m}, d = {width}; "
                f"it needs width {int(p * p * width) + 1} or more, or leave the density out to tune it",
            )

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        p = self.tune(problem, width) if tuned is None else tuned
        wired = random_rows(key, rows, width, lambda k: jax.random.uniform(k, (problem.m,)) < p)
        return Network(None, (Layer((wired,), -jnp.ones(rows)),), SharedMean(wired))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.bernoulli_drawn`)."""
        p = self.tune(problem, width) if tuned is None else tuned
        return draw_bernoulli(key, Events(problem.m, problem.s, width, problem.d_in, n_events, s_max), p)

    def tune(self, problem: Problem, width: Width) -> Float[Array, ""]:
        """The density p at this problem and width."""
        if self.shared is not None:
            return jnp.minimum(jnp.sqrt(self.shared / jnp.maximum(jnp.float32(width), 1)), 1.0)
        if self.density is None:
            return best_density(problem.m, problem.s, width, problem.d_in)
        return paper_density(problem.m, width) if self.density == "paper" else jnp.float32(self.density)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """The closed form at the tuned density; the first width at which the paper's density is a probability.

        None for a density that is given, because the error then has a limit that no width goes below.
        """
        if self.density == "paper":
            return log(problem.m) ** 4 + 1
        if self.density is not None or self.shared is not None:
            return None
        return tuned_width(problem, eps, criterion, centred=False)


def tuned_width(problem: Problem, eps: float, criterion: str, *, centred: bool, fan_in: int = 2) -> float:
    """`theory.bernoulli_width.predicted_width` with the tail that a criterion asks for; inf where no width meets it.

    The tail is 1% (q99), 20%, which is about one standard deviation (rms), or one in 2 s m pairs (max, decode).
    """
    tail = {"q99": 0.01, "rms": 0.2}.get(criterion, 1 / (2 * problem.s * problem.m))
    return predicted_width(
        problem.m, problem.s, 0.5 if criterion == "decode" else eps, superposed=problem.d_in is not None,
        d_in=problem.d_in, tail=tail, centred=centred, fan_in=fan_in,
    )  # fmt: skip

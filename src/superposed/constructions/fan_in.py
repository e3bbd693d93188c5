"""Lemma 5: the ANDs of all sets of k features from random subsets of neurons."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.bernoulli import tuned_width
from superposed.constructions.rows import random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import GateMean
from superposed.theory.bernoulli import best_density
from superposed.theory.bernoulli_drawn import draw_bernoulli
from superposed.theory.codes import Events

MOST_INPUTS = 8


@dataclass(frozen=True)
class FanIn(Construction):
    """Universal AND of fan-in k by random subsets of neurons.

    Neuron i is wired to feature l with probability p and fires once k of its features are active. The AND of a set S of
    k features is the mean activation of the neurons wired to all of S:

        a = ReLU(V b - (k - 1)),   V_il ~ Bernoulli(p),   AND(S) ~ mean of a_i over {i: V_il = 1 for all l in S}

    With p tuned the largest error of aligned features falls as d^(-1/(k+1)), and features in superposition need
    d ~ m^(k/(k+1)) neurons (docs/theory.md, section 18). Lemma 5 prints p = log^2 m / d^(1/k) and d = O~(k/eps^2).

    Args:
      fan_in: k, the inputs of a gate, 2 to 8.
      density: p in (0, 1]; None takes the best for this problem and width (`theory.bernoulli.best_density`).

    Raises:
      InputError: a field is out of range.

    Source: Hänni et al. 2024, Lemma 5; Busch 2025, Corollary 4.45.
    """

    fan_in: int = 3
    density: float | None = None

    has_distribution = True

    def __post_init__(self):
        if not (isinstance(self.fan_in, int) and 2 <= self.fan_in <= MOST_INPUTS):
            raise InputError("fan_in", self.fan_in, f"a gate reads 2 to {MOST_INPUTS} features")
        if self.density is not None and not 0 < self.density <= 1:
            raise InputError("density", self.density, "a probability lies in (0, 1]; leave it out to tune it")

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        p = self.tune(problem, width) if tuned is None else tuned
        wired = random_rows(key, rows, width, lambda k: jax.random.uniform(k, (problem.m,)) < p)
        bias = jnp.full(rows, 1.0 - self.fan_in)
        return Network(None, (Layer((wired,), bias),), GateMean(wired))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "strata n_events"]:
        """Errors sampled from their distribution (`theory.bernoulli_drawn`)."""
        p = self.tune(problem, width) if tuned is None else tuned
        events = Events(problem.m, problem.s, width, problem.d_in, n_events, s_max)
        return draw_bernoulli(key, events, p, fan_in=self.fan_in)

    def tune(self, problem: Problem, width: Width) -> Float[Array, ""]:
        """The density p at this problem and width."""
        if self.density is not None:
            return jnp.float32(self.density)
        return best_density(problem.m, problem.s, width, problem.d_in, fan_in=self.fan_in)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """The closed form at the tuned density; None for a given density, at which the error has a limit."""
        if self.density is not None:
            return None
        return tuned_width(problem, eps, criterion, centred=False, fan_in=self.fan_in)

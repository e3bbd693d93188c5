"""Theorem 6's networks: one layer from which every boolean function of k features is read off linearly."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.rows import random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import SubsetMeans
from superposed.theory.bernoulli import best_density
from superposed.theory.boolean import HALF, and_weights, check_table, one_code_weights
from superposed.theory.boolean_drawn import Subsets, draw_function
from superposed.theory.codes import Events

FORMS = ("split", "one-code")


@dataclass(frozen=True)
class TruthTable(Construction):
    """Any boolean function of k features, of all sets of k at once, by a linear read-off from one layer.

        f(S) ~ w_0 + sum over I in S, I not empty, of w_I v_I,   v_I = mean of a_i over the neurons wired to I of S

    The network does not depend on the function; only the weights w do (`theory.boolean`). It has two forms.

    - "split": neuron i belongs to fan-in n = 1 + (i mod k), with bias -(n - 1) and a density tuned for n. v_I is the
      AND of I, read on the neurons of fan-in |I|, and w are the weights of inclusion and exclusion.
    - "one-code": every neuron has bias -1/2 and one density, tuned for fan-in k. All neurons serve every fan-in.

    Args:
      table: 2^k bits; value i is f at the input whose l-th feature is bit l of i. Default: XOR of three features.
      form: "split" or "one-code".

    Raises:
      InputError: the table has no 2^k bits with k = 2 to 5, or there is no such form.

    Source: Hänni et al. 2024, Lemma 5 and Theorem 6; Vaintrob, Mendel, Hänni 2024, section 1.4, its sign corrected.
    """

    table: tuple[int, ...] = (0, 1, 1, 0, 1, 0, 0, 1)
    form: str = "split"

    has_distribution = True

    def __post_init__(self):
        if check_table(self.table) < 2:
            raise InputError("table", self.table, "a gate reads 2 features or more; give 4, 8, 16 or 32 values")
        if self.form not in FORMS:
            raise InputError("form", self.form, f"one of {', '.join(FORMS)}")

    @property
    def fan_in(self) -> int:
        """k, the features that the function reads."""
        return check_table(self.table)

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        k, table = self.fan_in, jnp.array(self.table, jnp.float32)
        split, densities, biases = self.form == "split", self.densities(problem, width), self.biases()
        serves = 1 + jnp.arange(rows) % k if split else jnp.full(rows, k)  # the fan-in whose density and bias it has
        density, bias = densities[serves - 1], biases[serves - 1]
        reads = serves if split else jnp.zeros(rows, jnp.int32)
        wired = random_rows(key, rows, width, lambda k: jax.random.uniform(k, (problem.m,)))
        wired = ((wired > 0) & (wired < density[:, None])).astype(jnp.float32)
        read_off = SubsetMeans(wired, reads, jnp.asarray(self.weights(), jnp.float32), table)
        return Network(None, (Layer((wired,), bias),), read_off)

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "strata n_events"]:
        """Errors sampled from their distribution (`theory.boolean_drawn`)."""
        k, weights = self.fan_in, self.weights()
        holds = (np.arange(1, 2**k)[:, None] >> np.arange(k)) & 1
        size = holds.sum(axis=1)
        d = jnp.asarray(width, jnp.float32)
        neurons = jnp.floor((d - size) / k) + 1 if self.form == "split" else jnp.full(len(size), d)
        densities, biases = self.densities(problem, width), self.biases()
        subsets = Subsets(holds, weights[1:], neurons, densities[size - 1], biases[size - 1])
        events = Events(problem.m, problem.s, width, problem.d_in, n_events, s_max)
        return draw_function(key, events, subsets, weights[0], jnp.array(self.table, jnp.float32))

    def weights(self) -> Float[np.ndarray, " subsets"]:
        """w of the read-off, in the order of the table."""
        return and_weights(self.table) if self.form == "split" else one_code_weights(self.table)

    def biases(self) -> Float[Array, " k"]:
        """The bias of the neurons that serve subsets of 1, ..., k features."""
        k = self.fan_in
        return -jnp.arange(float(k)) if self.form == "split" else jnp.full(k, -HALF)

    def densities(self, problem: Problem, width: Width) -> Float[Array, " k"]:
        """The density of the neurons that serve subsets of 1, ..., k features."""
        k = self.fan_in
        best = lambda d, n: best_density(problem.m, problem.s, d, problem.d_in, fan_in=n)
        if self.form == "one-code":
            return jnp.full(k, best(width, k))
        share = jnp.maximum(jnp.asarray(width) / k, 1.0)
        return jax.vmap(partial(best, share))(jnp.arange(1, k + 1))

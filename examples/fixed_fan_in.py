"""A construction of your own: neurons wired to a fixed number of features, instead of to each with a chance p."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

import superposed as sp
from superposed.constructions.rows import random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.read_off import SharedMean


@dataclass(frozen=True)
class FixedFanIn(sp.Construction):
    """Neuron i is wired to exactly k features, drawn at random, and fires once two of them are active.

        a = ReLU(V b - 1),   AND(k, l) ~ sum_i V_ik V_il a_i / sum_i V_ik V_il

    Args:
      k: features of a neuron.
    """

    k: int = 8

    def __call__(self, key, problem, width, rows, tuned=None):
        def one_row(row_key):
            score = jax.random.uniform(row_key, (problem.m,))
            return score >= jnp.sort(score)[-self.k]

        wired = random_rows(key, rows, width, one_row)  # row i has its own key, and rows from `width` on are zero
        return Network(None, (Layer((wired,), -jnp.ones(rows)),), SharedMean(wired))

"""The reference line: one neuron a pair."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from superposed.constructions.rows import Width
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import OwnNeuron


@dataclass(frozen=True)
class Naive:
    """One neuron a pair: neuron n computes ReLU(b_k + b_l - 1) for the n-th pair in lexicographic order.

    Exact from width C(m, 2) on. A narrower network leaves the last pairs without a neuron; they read 0.
    """

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int) -> Network:
        n = np.arange(min(rows, problem.n_gates))
        ends = np.cumsum(np.arange(problem.m - 1, 0, -1))  # of the pairs (0, l), (1, l), ...
        first = np.searchsorted(ends, n, side="right")
        second = n - ends[first] + problem.m
        w = jnp.zeros((rows, problem.m)).at[n, first].set(1).at[n, second].set(1)
        w = jnp.where(jnp.arange(rows)[:, None] < width, w, 0)
        return Network(None, (Layer((w,), -jnp.ones(rows)),), OwnNeuron(jnp.arange(problem.m)))

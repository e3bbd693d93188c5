"""The reference line: one neuron a pair."""

from dataclasses import dataclass
from math import ceil

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from superposed.constructions.base import Construction, Tuned, Width
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product


@dataclass(frozen=True)
class Naive(Construction):
    """One neuron a pair: neuron n computes ReLU(b_k + b_l - 1) for the n-th pair in lexicographic order.

    The AND of k and l is read from the one neuron that is wired to both. Exact from width C(m, 2) on. A narrower
    network leaves the last pairs without a neuron; they read 0.
    """

    nested = True

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        n = np.arange(min(rows, problem.n_gates))
        ends = np.cumsum(np.arange(problem.m - 1, 0, -1))  # of the pairs (0, l), (1, l), ...
        first = np.searchsorted(ends, n, side="right")
        second = n - ends[first] + problem.m
        w = jnp.zeros((rows, problem.m)).at[n, first].set(1).at[n, second].set(1)
        w = jnp.where(jnp.arange(rows)[:, None] < width, w, 0)
        return Network(None, (Layer((w,), -jnp.ones(rows)),), Product(w, jnp.float32(1)))

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """One neuron a pair, less the pairs that a criterion forgives: a missing neuron errs by 1. None behind
        codes."""
        if problem.d_in is not None:
            return None
        if eps > 1 and criterion != "decode":
            return 1.0
        forgiven = {"q99": 0.01, "rms": min(eps**2, 1)}.get(criterion, 0)
        return float(max(ceil((1 - forgiven) * problem.n_gates), 1))

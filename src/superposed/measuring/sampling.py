"""Which inputs, and which of their pairs, are looked at."""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from superposed.bad_input import InputError
from superposed.networks.problem import Problem

MOST_INPUTS = 100_000
MOST_PAIRS = 2**31 - 1
MOST_GATES = 2**20
"""Gates of more than two inputs are listed one by one, so no more of them are looked at on an input."""


@dataclass(frozen=True)
class Sampling:
    """The read-offs of one network that are compared with the truth.

    Args:
      inputs: number of random inputs with exactly s active features; None takes every one of the C(m, s).
      idle: None looks at every gate of an input. A number takes so many random inactive features. Of pairs it looks at
        every one with an active member, and at every one among those features, which costs O(d s m) an input instead
        of O(d m^2). Of larger gates it looks at every one among the active features and those.
    """

    inputs: int | None = 16
    idle: int | None = None

    def __post_init__(self):
        if self.inputs is not None and self.inputs < 1:
            raise InputError("inputs", self.inputs, "look at one input or more")
        if self.idle is not None and self.idle < 2:
            raise InputError("idle", self.idle, "a pair takes 2 inactive features, or leave it out to look at all")

    def n_inputs(self, problem: Problem) -> int:
        """How many inputs are looked at; raises InputError where they are too many to enumerate."""
        if self.inputs is not None:
            return self.inputs
        if (n := comb(problem.m, problem.s)) > MOST_INPUTS:
            raise InputError(
                "inputs",
                None,
                f"C(m, s) = {n} inputs at m = {problem.m}, s = {problem.s} are more than {MOST_INPUTS}; sample some",
            )
        return n

    def per_call(self, problem: Problem, n_inputs: int) -> int:
        """Inputs one compiled call takes, so that its counts stay within 32-bit integers; InputError where none fits,
        or where larger gates are too many to list."""
        gates, most = problem.n_gates, MOST_PAIRS
        if problem.fan_in > 2:
            looked_at = problem.m if self.idle is None else min(problem.s + self.idle, problem.m)
            gates, most = comb(looked_at, problem.fan_in), MOST_GATES
        elif self.idle is not None:
            gates = problem.s * problem.m + comb(self.idle, 2)
        if gates > most:
            raise InputError(
                "m", problem.m, f"{gates} gates an input are more than {most:,}; sample fewer idle features"
            )
        return min(n_inputs, MOST_PAIRS // gates)


def random_order(key: Key[Array, ""], m: int) -> Int[Array, " m"]:
    """A random permutation of the features; the first s of it are active."""
    return jnp.argsort(jax.random.bits(key, (m,)))


def every_order(m: int, s: int) -> Int[np.ndarray, "n m"]:
    """One permutation for each of the C(m, s) inputs, its active features first."""
    active = np.array(list(combinations(range(m), s)))
    inactive = np.ones((len(active), m), bool)
    np.put_along_axis(inactive, active, False, axis=1)
    return np.concatenate([active, np.nonzero(inactive)[1].reshape(len(active), m - s)], axis=1).astype(np.int32)

"""A random order of very many things, of which single places can be asked for: nothing of length m is kept."""

from math import isqrt
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Int, Key

from superposed.circuits.randomness import host_rng

ROUNDS = 6


class KeyedOrder(NamedTuple):
    """A permutation pi of 0, ..., m - 1 with its inverse, each at the cost of the places that are asked for.

    i = a B + b is a pair in A x B, with A and B about sqrt(m). Every round adds a random function of one half to the
    other half, in turn (a Feistel network). Images from m on are mapped again until they are below m.

    Args:
      m: things to order.
      sides: A and B.
      tables: the random functions of the rounds, kept as values on all of B or all of A.

    Source: Luby and Rackoff 1988 for the rounds, Black and Rogaway 2002 for images beyond m.
    """

    m: int
    sides: tuple[int, int]
    tables: tuple[Int[np.ndarray, " side"], ...]

    def __call__(self, i: Int[np.ndarray, "*n"]) -> Int[np.ndarray, "*n"]:
        """pi(i), the place of each thing."""
        return self._below_m(i, range(ROUNDS), 1)

    def inverse(self, place: Int[np.ndarray, "*n"]) -> Int[np.ndarray, "*n"]:
        """The thing that stands at each place."""
        return self._below_m(place, range(ROUNDS - 1, -1, -1), -1)

    def _below_m(self, i: np.ndarray, rounds: range, sign: int) -> np.ndarray:
        i = self._once(np.asarray(i, np.int64), rounds, sign)
        while (beyond := i >= self.m).any():
            i[beyond] = self._once(i[beyond], rounds, sign)
        return i

    def _once(self, i: np.ndarray, rounds: range, sign: int) -> np.ndarray:
        halves = [half.astype(np.int32) for half in np.divmod(i, self.sides[1])]
        for r in rounds:
            side, change = self.sides[r % 2], self.tables[r][halves[1 - r % 2]]
            half = halves[r % 2] + (change if sign == 1 else side - change)
            halves[r % 2] = half - side * (half >= side).astype(np.int32)  # several times faster than a remainder
        return halves[0] * np.int64(self.sides[1]) + halves[1]


def keyed_order(key: Key[Array, ""], m: int) -> KeyedOrder:
    """The order of m things that the key determines. Costs about 6 sqrt(m) random numbers."""
    rng, a = host_rng(key), isqrt(m - 1) + 1
    sides = (a, -(-m // a))
    return KeyedOrder(m, sides, tuple(rng.integers(0, sides[r % 2], sides[1 - r % 2], np.int32) for r in range(ROUNDS)))

"""Codes: which units each feature is stored on, and with which sign."""

from math import gcd

import numpy as np
import scipy.sparse as sp
from jaxtyping import Int

from superposed.bad_input import InputError
from superposed.compiler.refused import NoRoom


def ternary_code(rng: np.random.Generator, m: int, units: int, density: float) -> sp.csr_array:
    """Code vectors [m, units] with independent entries +1, -1, 0 with probability p/2, p/2, 1 - p.

    A feature that is given no unit at all gets one at random, so that all can be read. Costs p m units, by jumping from
    one entry to the next. So which units the first features have does not depend on m, but their signs do: they are
    drawn after all entries.

    Raises:
      InputError: density outside (0, 1].
    """
    if not 0 < density <= 1:
        raise InputError("density", density, "a probability in (0, 1]")
    cells, places = m * units, [np.array([-1])]
    while places[-1][-1] < cells:
        jumps = rng.geometric(density, int(density * units * 256) + 16)
        places.append(places[-1][-1] + np.cumsum(jumps))
    flat = np.concatenate(places)[1:]
    flat = flat[flat < cells]
    empty = np.setdiff1d(np.arange(m), flat // units)
    flat = np.sort(np.concatenate([flat, empty * units + rng.integers(0, units, len(empty))]))
    signs = rng.integers(0, 2, len(flat)).astype(np.float32) * 2 - 1
    starts = np.searchsorted(flat, np.arange(m + 1, dtype=np.int64) * units)
    return sp.csr_array((signs, (flat % units).astype(np.int32), starts.astype(np.int32)), shape=(m, units))


def mean_read(code: sp.csr_array) -> sp.csr_array:
    """The read-off [units, m] of a code: the mean over a feature's units with their signs, <phi_k, h> / |Gamma_k|."""
    sizes = np.diff(code.indptr)
    scaled = sp.csr_array(
        (code.data / np.repeat(sizes, sizes).astype(np.float32), code.indices, code.indptr), shape=code.shape
    )
    return scaled.T.tocsr()


def balanced_code(rng: np.random.Generator, m: int, c: int, units: int) -> Int[np.ndarray, "m c"]:
    """Units of m features, one in each of c equal blocks of at most units // c units, in a fresh random order a block.

    Every unit has floor or ceil of m / (units // c) features. Disjoint when units >= c m.
    """
    if units < c:
        raise NoRoom(units, f"a code takes {c} units a feature", c)
    size = min(units // c, m)
    return np.stack([first + rng.permutation(m) % size for first in range(0, c * size, size)], 1).astype(np.int32)


def coprime_code(rng: np.random.Generator, m: int, c: int, units: int) -> Int[np.ndarray, "m c"]:
    """Channels of m features, one unit in each of c blocks that together have at most `units` units.

    Disjoint if units >= c m. Otherwise the blocks have pairwise coprime sizes p_j, unit j of feature k is pi(k) mod p_j
    for a random order pi, and two features with the same remainders in two blocks would differ by a multiple of
    p_i p_j: they meet in at most one unit while m <= p_i p_j, and every unit has floor or ceil of m / p_j features.
    For a few units a feature: many numbers that are pairwise coprime cannot be close to one another.

    Raises:
      NoRoom: units < c.
    """
    if units < c:
        raise NoRoom(units, f"a channel takes c = {c} units", c)
    sizes = [m] * c if units >= c * m else coprime_sizes(units, c)
    first = np.cumsum([0, *sizes[:-1]])
    order = rng.permutation(m).astype(np.int32)
    return first.astype(np.int32) + order[:, None] % np.array(sizes, np.int32)


def coprime_sizes(units: int, c: int) -> list[int]:
    """c pairwise coprime numbers close to one another, with a sum of at most `units` >= c: the largest it finds."""
    for top in range(units // c + c, 0, -1):
        sizes, n = [], top
        while len(sizes) < c and n >= 1:
            if all(gcd(n, size) == 1 for size in sizes):
                sizes.append(n)
            n -= n > 1 or len(sizes) == c  # 1 is coprime to itself and may fill the rest
        if len(sizes) == c and sum(sizes) <= units:
            return sizes
    raise AssertionError("c blocks of one unit each always fit")

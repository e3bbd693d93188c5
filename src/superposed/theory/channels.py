"""How many features a layer of channels carries before chance hits set off an avalanche (`constructions.channels`)."""

import numpy as np
from scipy.special import gammainc, gammaincinv


def chance_of_count(load: float | int, count: float | int) -> float:
    """P(Poisson(load) >= count), the chance that a unit reaches a count by hits of features it does not serve."""
    return float(gammainc(count, load)) if count > 0 else 1.0


def bearable_load(count: float | int, chance: float | int = 1e-4) -> float:
    """The load lambda at which P(Poisson(lambda) >= count) equals `chance`."""
    return float(gammaincinv(count, chance))


def hits(reads: float | int, c: int, units: float | int, active_units: float | int, units_before: float | int) -> float:
    """Expected chance hits on a unit:  lambda = (reads c / D) (c N / D').

    Args:
      reads: inputs of all gates whose channels share the D = `units` units, that is fan_in m for m gates.
      active_units: N active units among the D' = `units_before` of the layer before, s c if none is on by chance.

    A unit serves reads c / D inputs, and each, idle as it is, has c N / D' active units in its channel by chance. With
    fan_in 2 and equal widths lambda = 2 m s c^3 / D^2: so m grows as D^2 at a fixed load.
    """
    return reads * c / units * c * active_units / units_before


def misfires(m: float | int, s: int, c: int, units: float | int, near: float | int = 0.0) -> float:
    """Expected units of a layer of m two-input ANDs that are on by chance, once that number has settled.

        Q = D P(Poisson(lambda) >= 2c) + near c P(Poisson(lambda) >= c) + (near c)^2 / 2D,   lambda = 2 m c^2 (sc + Q) / D^2

    The terms: gates that see nothing active; `near` gates that see exactly one active input, c counts of the 2c; two such
    gates in one unit. Infinite where no such Q exists: hits beget hits until every unit is on.
    """
    q, own = 0.0, s * c
    for _ in range(200):
        load = hits(2 * m, c, units, own + q, units)
        after = (
            units * chance_of_count(load, 2 * c) + near * c * chance_of_count(load, c) + (near * c) ** 2 / (2 * units)
        )
        if after > own:
            return np.inf
        if abs(after - q) < 1e-9 * (1 + q):
            break
        q = after
    return after


def largest_m(s: int, c: int, units: float | int, near: float | int = 0.0) -> float:
    """The largest number of features a layer for which `misfires` is finite; grows as D^2 up to logarithms."""
    low, high = 0.0, 4.0 * units**2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.isfinite(misfires(middle, s, c, units, near)) else (low, middle)
    return low

"""How many features a layer of channels carries before chance hits set off an avalanche (`compiler.channels`).

A unit is on once it counts T active units on its wires. The gate that it serves brings its own count; what comes on
top is chance. With wires clipped to 0 or 1 each of the N active units is wired to a given unit with probability p, so
chance counts are Binomial(N, p). With wires that add up they are Poisson(N p').
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.special import betainc, betaincinv, binom, gammainc

Wires = Literal["clipped", "summed"]


def chance_of_count(load: float | int, count: float | int, active: float | int, wires: Wires = "clipped") -> float:
    """The chance that a unit counts to `count` on units that serve none of its gates.

        clipped: P(Binomial(N, 1 - exp(-lambda/N)) >= count)        summed: P(Poisson(lambda) >= count)

    Args:
      load: lambda, wires that reach a unit from the N active units, counted with multiplicity.
      active: N.
    """
    if count <= 0:
        return 1.0
    if wires == "summed":
        return float(gammainc(count, load))
    n = round(active)
    return float(betainc(count, n - count + 1, -np.expm1(-load / active))) if n >= count else 0.0


def bearable_load(count: float | int, active: float | int, chance: float = 1e-4) -> float:
    """The load lambda at which clipped wires count to `count` with this chance; inf where N active units cannot."""
    n = round(active)
    return float(-active * np.log1p(-betaincinv(count, n - count + 1, chance))) if n >= count else np.inf


def hits(reads: float | int, c: int, units: float | int, active_units: float | int, units_before: float | int) -> float:
    """Expected wires on a unit from active units:  lambda = (reads c / D) (c N / D').

    Args:
      reads: features read by all gates whose channels share the D = `units` units, that is fan_in m for m gates.
      active_units: N active units among the D' = `units_before` of the layer before, s c if none is on by chance.

    A unit serves reads c / D features, and each, idle as it is, has c N / D' active units in its channel by chance.
    """
    return reads * c / units * c * active_units / units_before


def misfires(
    m: float | int, s: int, c: int, units: float | int, near: float | int = 0.0, wires: Wires = "clipped"
) -> float:
    """Expected units of a layer of m two-input ANDs that are on by chance, once that number has settled.

        Q = D P(N, 2c) + near c P(N - c, c) + (near c)^2 / 2D,   N = s c + Q,   lambda = 2 m c^2 N / D^2

    P(N, T) is `chance_of_count`. The terms: gates that see nothing active; `near` gates that see one active feature, c
    counts of the 2c; two such gates on one unit. Infinite where no such Q exists: hits beget hits until all is on.
    """
    q, intended = 0.0, s * c
    for _ in range(200):
        active = intended + q
        load = hits(2 * m, c, units, active, units)
        rest = chance_of_count(load * (1 - c / active), c, active - c, wires)
        after = units * chance_of_count(load, 2 * c, active, wires) + near * c * rest + (near * c) ** 2 / (2 * units)
        if after > intended:
            return np.inf
        if abs(after - q) < 1e-9 * (1 + q):
            break
        q = after
    return after


def largest_m(s: int, c: int, units: float | int, near: float | int = 0.0, wires: Wires = "clipped") -> float:
    """The largest number of features a layer for which `misfires` is finite.

    At fixed c a unit needs 2c chance hits, so it grows as D^(2 - 1/(2c)): as D^1.875 at c = 4.
    """
    low, high = 0.0, 4.0 * units**2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.isfinite(misfires(middle, s, c, units, near, wires)) else (low, middle)
    return low


def idle_gates_on(
    half_on: Float[np.ndarray, " batch"],
    others: Float[np.ndarray, " batch"],
    n: float,
    load: float,
    count: int,
    active: int,
    blocks: Sequence[int],
    units_before: int,
    of_hub: bool = False,
) -> Float[np.ndarray, " batch"]:
    """Expected gates of one share of units that are read as on although they are idle, for each input.

        H sum_j M_j E[P(N - c, T - c - J)^(c - j)] + (n c/N) E[P(N, T - J')^c]

    P(N, T) is `chance_of_count`. How many gates read each feature enters by H and A. An active feature that F gates
    read makes these gates half on: their units need c counts less. If another active feature makes a gate on the same
    unit half on, that brings the missing c counts. A second gate of the same feature brings nothing, because wires are
    clipped. So H and A are those of one active feature, and an input's number is the sum over its N/c active features.

    M_j is the chance that A other gates cover j of the c units: one of block size p with chance 1 - (1 - 1/p)^A. Two
    gates with remainders of a random order of 0, ..., F - 1 meet in no blocks whose sizes have a product above F. So A
    gates cover at most A times as many. The units that are not covered must be on by chance.

    J counts the active units in the channels of a gate's idle features: Binomial(N, c/D') for one feature, and J' for
    all T/c of them. All c units of the gate count them, so chance hits of one gate's units come together.

    Args:
      half_on: H, idle gates that read one active feature.
      others: A, the gates that read the other active features.
      n: gates of the share. load: wires that reach a unit from all N active units. active: N, s c of them.
      count: T, the count at which a unit is on. blocks: sizes of the c blocks of units that the n gates share.
      units_before: D', units of the layer that they read.
      of_hub: all n gates read the active feature. A gate whose two features share a unit then gives every gate on its
        units a second count there. So all N active units bring chance hits, not N - c.
    """
    c = len(blocks)
    left = active if of_hub else active - c
    rest = _all_on_by_chance(load * left / active, count - c, left, c / units_before)
    met = [1 - (1 - 1 / size) ** others for size in blocks]
    covered = [np.ones_like(others), *(np.zeros_like(others) for _ in blocks)]
    for p in met:
        covered = [covered[0] * (1 - p)] + [covered[j] * (1 - p) + covered[j - 1] * p for j in range(1, c + 1)]
    most = int(np.searchsorted(np.cumprod(np.sort(blocks)), n))
    near = sum((others * most >= j) * covered[j] * rest(c - j) for j in range(c + 1))
    return half_on * near + n * c / active * _all_on_by_chance(load, count, active, count / units_before)(c)


def _all_on_by_chance(load: float, count: int, active: int, met: float | int) -> Callable[[int], float]:
    """k -> the chance that k units of an idle gate are all on, where its idle features meet J active units.

    J is Binomial(active, met). `load` is that of all active units of which `active` are left.
    """
    sizes = np.arange(min(count, active) + 1)
    weights = binom(active, sizes) * min(met, 1.0) ** sizes * (1 - min(met, 1.0)) ** (active - sizes)
    each = np.array([chance_of_count(load * (active - j) / active, count - j, active - j) for j in sizes.tolist()])
    return lambda k: float(weights @ each**k)


def xors_off(
    on: Float[np.ndarray, " batch"], others: Float[np.ndarray, " batch"], c: int, units: int
) -> Float[np.ndarray, " batch"]:
    """Expected XORs of one share that are read as off although they are on: on (1 - e^(-A c^2/D)).

    If another active feature also counts on one of a gate's c units, that unit reaches 2c counts, where it is off
    again. A bit is read as off when one of its units is. So XORs should share no units. Arguments as `idle_gates_on`.
    """
    return -on * np.expm1(-others * c * c / units)


def bits_per_weight(m: float | int, units: float | int) -> float:
    """Bits of circuit a stored weight of one circuit layer: 2 m log2 m over the D^2 wires and the D^2 of the identity.

    m gates that read two of m features each are m (2 log2 m - 1) bits, log2 m a wire that has to be remembered. A
    layer of closed groups adds one order of m features, which is half as many.
    """
    return 2 * m * np.log2(m) / (2 * units**2)

"""Channels placed by load: each gate on the units that need the fewest new wires for it."""

import numpy as np
import scipy.sparse as sp
from jaxtyping import Int

from superposed.compiler.refused import NoRoom

SPREAD = 3
"""How strongly units with many wires are avoided. The powers 1, 3 and 7 carried about equally many features."""
BROKEN = 1e20
"""What a unit's cost is multiplied by where it breaks the second rule; by its square for the first."""


def placed_code(
    rng: np.random.Generator, before: sp.csr_array, inputs: Int[np.ndarray, "n slots"], c: int, units: int
) -> Int[np.ndarray, "n c"]:
    """Channels of n gates, one unit in each of c equal blocks, chosen one gate after the other in random order.

    The layer of gates is a memory whose wires are clipped, so a wire that two gates of one unit need is there once. In
    each block a gate gets the unit i with the smallest cost

        n_i (1 + w_i)^3,   n_i: wires that unit i would need beyond its own,   w_i: wires that it has

    The power keeps the wires even, since chance hits are rarest then. Two rules stand above the cost, the first above
    the second. A rule is broken only where no unit of the block keeps it.

    - Two gates meet in at most one unit. Otherwise a gate that is on lights up half of another channel.
    - A gate keeps off units that have all wires of one of its features. Most of them serve another gate of that
      feature, and this gate is half on whenever the feature is.

    A feature that all gates read (a hub) is left out of the cost and the second rule. Takes about 0.1 ms a gate, and
    (D' + D) D bytes for D = `units` on D' units of the layer before.

    Args:
      before: the code [m, D'] of the features that gates read.
      inputs: what each gate reads; negative entries are no features.

    Raises:
      NoRoom: units < c.
    """
    if units < c:
        raise NoRoom(units, f"a channel takes c = {c} units", c)
    size, n = units // c, len(inputs)
    read_by = np.bincount(inputs[inputs >= 0], minlength=before.shape[0])
    wired, meets = np.zeros((before.shape[1], c * size), np.uint8), np.zeros((c * size, c * size), bool)
    load, weight, ties = np.zeros(c * size), np.ones(c * size), 1e-3 * rng.random(2 * c * size)
    code = np.empty((n, c), np.int32)
    for gate, shift in zip(rng.permutation(n), rng.integers(0, c * size, n), strict=True):
        features = [k for k in inputs[gate] if k >= 0 and (n == 1 or read_by[k] < n)]
        needs = [before.indices[before.indptr[k] : before.indptr[k + 1]] for k in features]
        new, is_full = ties[shift : shift + c * size].copy(), np.zeros(c * size, bool)
        for units_of_k in needs:
            has = np.add.reduce(wired[units_of_k], 0)
            new += len(units_of_k) - has
            is_full |= has == len(units_of_k)
        cost = new * weight
        cost[is_full] *= BROKEN
        for block in range(0, c * size, size):
            code[gate, block // size] = unit = block + cost[block : block + size].argmin()
            cost[meets[unit]] *= BROKEN**2
        own = code[gate]
        meets[own[:, None], own] = True
        for units_of_k in needs:
            load[own] += (1 - wired[units_of_k[:, None], own]).sum(0)
            wired[units_of_k[:, None], own] = 1
        weight[own] = (1 + load[own]) ** SPREAD
    return code

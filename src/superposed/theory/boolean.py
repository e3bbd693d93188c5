"""Boolean functions of a few features as sums of ANDs: the weights of linear read-offs that compute them."""

import numpy as np
from jaxtyping import Float

from superposed.bad_input import InputError

MOST_INPUTS = 5
HALF = 0.5
"""The threshold of the network in which one code serves every fan-in."""


def check_table(table: tuple[int, ...]) -> int:
    """The number of inputs k of a truth table of 2^k bits; raises InputError for anything else."""
    k = len(table).bit_length() - 1
    if len(table) != 2**k or not 1 <= k <= MOST_INPUTS or set(table) - {0, 1}:
        rule = f"a truth table has 2^k values 0 or 1, for k = 1 to {MOST_INPUTS} inputs; value i is f at the bits of i"
        raise InputError("table", table, rule)
    return k


def and_weights(table: tuple[int, ...]) -> Float[np.ndarray, " subsets"]:
    """The c_T of f(b) = sum_T c_T AND(T), over all sets T of the k inputs.

        c_T = sum_{U in T} (-1)^(|T| - |U|) f(1_U)

    Inclusion and exclusion (Möbius inversion on sets); it is exact and unique. The AND of no input is 1.

    Args:
      table: f, value i at the input whose l-th feature is bit l of i.

    Returns: c, in the same order: c_T at i, where T holds the inputs l whose bits are set in i.
    """
    k = check_table(table)
    weights = np.array(table, float)
    for l in range(k):
        with_l = (np.arange(2**k) >> l) & 1 == 1
        weights[with_l] -= weights[~with_l]
    return weights


def one_code_weights(table: tuple[int, ...], threshold: float = HALF) -> Float[np.ndarray, " subsets"]:
    """The w_I of f = sum_I w_I v_I, with v_I the mean activation of neurons wired to I; one bias for all.

    A neuron with threshold theta in (0, 1) and x active features has activation x - theta + theta [x = 0]. So
    v_I = |A & I| - theta + theta [A & I empty] on active features A, bystanders left out. Alternating sums over the
    subsets of T cancel the first two terms and keep the last where T is all active:

        AND(T) = (1/theta) sum_{I in T, I not empty} (-1)^|I| v_I      for |T| >= 2
        AND({l}) = v_{l} / (1 - theta)

    At theta = 1 the first line is that of the earlier post, where the sum begins at |I| = 2. Its sign is printed there
    as (-1)^(|T| - |I| + 1), which is wrong for even |T|. Single features can't be read at theta = 1, for v_{l} is 0.
    Any theta below 1 reads them as well.

    Args:
      table: f, as in `and_weights`.
      threshold: theta, minus the bias.

    Raises:
      InputError: the threshold is not in (0, 1).

    Source: derived for this project; the case theta = 1 is that of Vaintrob, Mendel, Hänni 2024, section 1.4.
    """
    if not 0 < threshold < 1:
        raise InputError("threshold", threshold, "single features are read at thresholds in (0, 1) alone; try 0.5")
    ands = and_weights(table)
    size = np.bitwise_count(np.arange(len(ands)))
    weights = np.where(size == 1, ands / (1 - threshold), 0.0)
    weights[0] = ands[0]
    for t in np.flatnonzero(size >= 2):
        inside = (np.arange(len(ands)) & ~t == 0) & (size >= 1)
        weights[inside] += ands[t] / threshold * (-1.0) ** size[inside]
    return weights

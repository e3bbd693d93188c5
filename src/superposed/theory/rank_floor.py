"""The mean square error that no layer of d neurons with a linear read-off can go below, whatever its weights."""

from math import comb

import numpy as np


def chances_of_sets(m: int, s: int, activity: str = "exact") -> tuple[float, float, float]:
    """The chances that 2, 3 and 4 given features are all active.

    Args:
      activity: "exact" for exactly s of m active, "independent" for each with chance s/m.
    """
    if activity == "independent":
        return tuple((s / m) ** n for n in (2, 3, 4))
    return tuple(comb(s, n) / comb(m, n) if n <= m else 0.0 for n in (2, 3, 4))


def rank_floor(m: int, d: int, chances: tuple[float, float, float]) -> float:
    """The least mean over pairs of E|AND(k, l) - r_kl . a|^2, for any activations a of d neurons.

    All read-offs R a lie in a space of d dimensions. Let y be the vector of all ANDs. The error is at least what the
    best such space leaves of y. That is the sum of the smallest C(m, 2) - d eigenvalues of

        E y y^T = p2 I + p3 A + p4 (J - I - A),     A = 1 where two pairs share one feature, J = 1 everywhere

    with p_n the chance that n given features are active. They are known, because A is the graph of pairs:

        p2 + 2 (m - 2) p3 + C(m - 2, 2) p4       once
        p2 + (m - 4) p3 - (m - 3) p4             m - 1 times
        p2 - 2 p3 + p4                           m (m - 3) / 2 times

    Most of the error is in the last kind, so it falls as 1 - d / C(m, 2). That is no power of d. It is 0 at d = C(m,
    2).

    Args:
      chances: p_2, p_3, p_4, as `chances_of_sets` gives them.

    Source: Eckart and Young 1936 for the space; the spectrum of the triangular graph T(m) for the eigenvalues.
    """
    p2, p3, p4 = chances
    kinds = [
        (p2 + 2 * (m - 2) * p3 + comb(m - 2, 2) * p4, 1),
        (p2 + (m - 4) * p3 - (m - 3) * p4, m - 1),
        (p2 - 2 * p3 + p4, m * (m - 3) // 2),
    ]
    values = np.sort(np.repeat([value for value, _ in kinds], [times for _, times in kinds]))[::-1]
    return float(values[d:].sum() / comb(m, 2))

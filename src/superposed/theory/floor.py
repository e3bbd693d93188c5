"""How small the errors of linear read-offs can be at all (Welch)."""

from math import comb, log2, sqrt


def welch_floor(n: float, d: float) -> float:
    """The least root mean square cross-talk of n unit vectors in d dimensions: sqrt((n - d)/(d (n - 1))), 0 to n = d.

    Derivation: the Gram matrix has trace n and rank d, so its squared entries sum to n^2/d at least. It holds for
    read-offs that differ from the codes too, M = G Phi with unit diagonal.

    Source: Welch 1974; for read-offs Borobia et al. 2026 (arXiv 2605.01192).
    """
    return sqrt(max(n - d, 0) / (d * (n - 1)))


def read_off_floor(m: int, d: float) -> float:
    """The least root mean square error of linear read-offs of all C(m, 2) ANDs, on inputs with exactly 2 active.

        sqrt((F - d) / (d F)),    F = C(m, 2)

    Every such input turns one gate on. Column i of A [d, F] is its activation, and M = R A has rank d. Read-offs that
    give 1 on average where they should have trace F, so |M|^2 >= F^2/d, and |M - 1|^2 >= F^2/d - F. The layer may be
    any.
    """
    gates = comb(m, 2)
    return sqrt(max(gates - d, 0) / (d * gates))


def all_pairs_floor(m: float, eps: float) -> float:
    """Neurons below which no linear read-off has every AND within eps on inputs with exactly 2 active features:

        d >= 1 / (eps^2 + 1/F),    F = C(m, 2)

    If every error is below eps, so is their root mean square, and `read_off_floor` bounds that. So this holds
    for read-offs that give 1 on average on active pairs. For others it is (1 - eps)^2 / (eps^2 + (1 + eps)^2/F).
    """
    return 1 / (eps**2 + 2 / (m * (m - 1)))


def distinct_inputs_floor(m: float, s: int, bits: float) -> float:
    """Neurons of so many bits that can tell all inputs with s active features apart: log2 C(m, s) / bits.

    The ANDs tell the input where s >= 2, so no network that has them all right needs fewer. It holds for the universal
    AND. The counting bound sqrt(m (2 log2 m - 1) / bits) of `theory.channels` does not. It counts the lists of m gates
    that could be chosen, and the universal AND's gates are fixed.
    """
    log_choices = sum(log2((m - i) / (i + 1)) for i in range(s))
    return log_choices / bits

"""Inputs on which a circuit and its network are compared: all that are sparse enough, or drawn ones."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import jax
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Key
from scipy.special import gammaln

from superposed.circuits.circuit import Circuit, Op, random_features, walk
from superposed.circuits.randomness import host_rng

MOST_INPUTS = 2_000_000  # no more are checked at once
BATCH = 4096  # inputs run at once


class Inputs(NamedTuple):
    """Inputs to check, each different one once: those of a small circuit are often drawn again.

    Args:
      b: the different inputs [n, m].
      times: how often each was drawn [n].
      exhaustive: whether they are all inputs with at most s active features.
    """

    b: sp.csr_array
    times: np.ndarray
    exhaustive: bool = False


def input_rng(key: Key[Array, ""]) -> np.random.Generator:
    """The generator of a check's random inputs, the same for `compile` and `verify` with the same seed."""
    return host_rng(jax.random.split(key)[1])


def inputs_to_check(rng: np.random.Generator, circuit: Circuit, s: int, n: int, all_inputs: bool = False) -> Inputs:
    """Every input with at most s active features where there are at most n of them, or `all_inputs` is set; else n drawn ones.

    Raises ValueError for `all_inputs` where there are more than two million.
    """
    if all_inputs or count_sparse_inputs(circuit.n_inputs, s, MOST_INPUTS) <= min(n, MOST_INPUTS):
        b = every_sparse_input(circuit.n_inputs, s)
        return Inputs(b, np.ones(b.shape[0], int), exhaustive=True)
    return different(check_inputs(rng, circuit, s, n))


def check_inputs(rng: np.random.Generator, circuit: Circuit, s: int, n: int) -> sp.csr_array:
    """n inputs with at most s active features: half of them random, half chosen to make a random last gate turn on.

    A random sparse input turns most circuits off within a few layers; the second half follows a gate back to inputs
    that set it off, where s active features are enough for that and the circuit stays s-sparse on them.
    """
    lively = lively_features(rng, circuit, s, n // 2)
    return sp.vstack([random_inputs(rng, n - lively.shape[0], circuit.n_inputs, s), lively]).tocsr()


def random_inputs(rng: np.random.Generator, n: int, m: int, s: int) -> sp.csr_array:
    """n inputs [n, m]: half have 0 to s active features, each number equally likely; of the others, each input with at most s.

    Of all inputs nearly all have s active features where s << m, the hardest; but about m / 2 where s is m or more.
    """
    k = np.arange(min(s, m) + 1)
    log_inputs = gammaln(m + 1) - gammaln(k + 1) - gammaln(m - k + 1)  # of C(m, k)
    chance = np.exp(log_inputs - log_inputs.max())
    numbers = np.concatenate([rng.integers(0, len(k), n // 2), rng.choice(k, n - n // 2, p=chance / chance.sum())])
    active, times = np.unique(numbers, return_counts=True)
    return sp.vstack([random_features(rng, int(rows), m, int(a)) for a, rows in zip(active, times)]).tocsr()


def lively_features(rng: np.random.Generator, circuit: Circuit, s: int, n: int) -> sp.csr_array:
    """Up to n inputs on which a random gate of the last layer is on, found by going back through the layers.

    All inputs of an AND are wanted, one at random of an OR or XOR. Inputs with more than s active features at any layer
    are left out; every one found is repeated to fill n rows, none if there is none.
    """
    found = set()
    for gate in rng.integers(0, circuit.widths[-1], min(n, 2000)):
        wanted = {int(gate)}
        for gates in reversed(circuit.layers):
            before = set()
            for g in wanted:
                inputs = gates.inputs[g][gates.inputs[g] >= 0]
                before.update(inputs.tolist() if gates.op[g] == Op.AND else [int(rng.choice(inputs))])
            wanted = before
            if len(wanted) > s:
                break
        else:
            found.add(tuple(sorted(wanted)))
    b = _rows(sorted(found), circuit.n_inputs)
    for _, features in walk(circuit.layers, b) if found else ():
        keep = (np.diff(features.indptr) <= s) if features.shape[0] else np.ones(0, bool)
        b = b if keep.all() else b * keep[:, None]
    b = sp.csr_array(b)
    b.eliminate_zeros()
    alive = np.flatnonzero(np.diff(b.indptr))
    return b[np.resize(alive, n)] if len(alive) else b[:0]


def every_sparse_input(n_inputs: int, s: int) -> sp.csr_array:
    """All inputs with at most s active features. Raises ValueError where there are more than two million."""
    s = min(s, n_inputs)
    if count_sparse_inputs(n_inputs, s, MOST_INPUTS) > MOST_INPUTS:
        raise ValueError(
            f"more than {MOST_INPUTS:,} inputs of {n_inputs:,} features have at most s = {s} active; leave out --all-inputs"
        )
    return _rows([active for k in range(s + 1) for active in combinations(range(n_inputs), k)], n_inputs)


def count_sparse_inputs(n_inputs: int, s: int, most: int) -> int:
    """How many inputs have at most s active features, sum_{k <= s} C(n_inputs, k); counting ends beyond `most`."""
    count = term = 1
    for k in range(min(s, n_inputs)):
        term = term * (n_inputs - k) // (k + 1)
        count += term
        if count > most:
            break
    return count


def _rows(active: list, m: int) -> sp.csr_array:
    starts = np.cumsum([0, *(len(row) for row in active)])
    columns = np.array([k for row in active for k in row], np.int32)
    return sp.csr_array((np.ones(len(columns), np.float32), columns, starts), shape=(len(active), m))


def different(b: sp.csr_array) -> Inputs:
    """The different rows of b, in order of first appearance, and how often each occurs."""
    b = b.sorted_indices()
    active = np.diff(b.indptr)
    row = np.repeat(np.arange(b.shape[0]), active)
    table = np.full((b.shape[0], max(active.max(initial=0), 1)), -1, np.int32)
    table[row, np.arange(b.nnz) - b.indptr[row]] = b.indices
    _, first, times = np.unique(table, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    return Inputs(b[first[order]], times[order])


def batches(inputs: Inputs, size: int = BATCH) -> Iterator[tuple[sp.csr_array, np.ndarray]]:
    """Different inputs and how often each was drawn, a few thousand at once."""
    for start in range(0, inputs.b.shape[0], size):
        yield inputs.b[start : start + size], inputs.times[start : start + size]

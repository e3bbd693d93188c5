"""Inputs on which a circuit and its network are compared: all that its domain has, or drawn ones."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, product
from math import prod
from typing import NamedTuple

import jax
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Int, Key
from scipy.special import gammaln

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Gates, Op, sparse_features
from superposed.circuits.randomness import host_rng

MOST_INPUTS = 2_000_000  # no more are checked at once
BATCH = 4096  # inputs run at once


class Inputs(NamedTuple):
    """Inputs to check, each different one once: those of a small circuit are often drawn again.

    Args:
      b: the different inputs [n, m].
      times: how often each was drawn [n].
      exhaustive: whether they are all inputs of the domain.
    """

    b: sp.csr_array
    times: np.ndarray
    exhaustive: bool = False


class Domain(NamedTuple):
    """What inputs a circuit is meant for: one active input of each group, and at most s active ones in all.

    Args:
      n_inputs: number of inputs m.
      s: most active inputs.
      groups: disjoint sets of inputs, of each of which exactly one is active.
    """

    n_inputs: int
    s: int
    groups: tuple[tuple[int, ...], ...] = ()

    @property
    def free(self) -> Int[np.ndarray, " n"]:
        """Inputs in no group."""
        return np.setdiff1d(np.arange(self.n_inputs), [k for group in self.groups for k in group])

    @property
    def most_free(self) -> int:
        """Most active inputs that are in no group."""
        return min(self.s - len(self.groups), self.n_inputs - sum(map(len, self.groups)))

    def count(self, most: int) -> int:
        """How many inputs there are; counting ends beyond `most`."""
        n_free = self.n_inputs - sum(map(len, self.groups))
        return prod(map(len, self.groups)) * count_sparse_inputs(n_free, max(self.most_free, 0), most)

    def every(self) -> sp.csr_array:
        """All inputs. Raises InputError where there are more than two million."""
        if self.count(MOST_INPUTS) > MOST_INPUTS:
            rule = (
                f"more than {MOST_INPUTS:,} inputs of {self.n_inputs:,} features are in the domain; draw some instead"
            )
            raise InputError("all_inputs", True, rule)
        free = self.free.tolist()
        some = [active for k in range(self.most_free + 1) for active in combinations(free, k)]
        return rows_of([one + more for one in product(*self.groups) for more in some], self.n_inputs)

    def holds(self, b: sp.csr_array) -> np.ndarray:
        """For each input [batch, m] whether it is in the domain."""
        return np.logical_and.reduce(
            [np.diff(b.indptr) <= self.s, *(b[:, list(group)].sum(1) == 1 for group in self.groups)]
        )

    def random(self, rng: np.random.Generator, n: int) -> sp.csr_array:
        """n inputs: one of each group; of the others at most `most_free`, in half of the inputs each number alike.

        In the other half each set is alike. Of all sets nearly all have s active features where s << m, but about m / 2
        where s is m or more.
        """
        free, k = self.free, np.arange(self.most_free + 1)
        log_sets = gammaln(len(free) + 1) - gammaln(k + 1) - gammaln(len(free) - k + 1)  # of C(m, k)
        chance = np.exp(log_sets - log_sets.max())
        numbers = np.concatenate([rng.integers(0, len(k), n // 2), rng.choice(k, n - n // 2, p=chance / chance.sum())])
        parts = [random_features(rng, int((numbers == a).sum()), len(free), int(a)) for a in np.unique(numbers)]
        b = sp.vstack(parts, format="csr")[np.argsort(np.argsort(numbers, kind="stable"), kind="stable")]
        b = sp.csr_array((b.data, free[b.indices], b.indptr), shape=(n, self.n_inputs))
        return self.complete(rng, b)

    def weighted(self, rng: np.random.Generator, n: int, weight: np.ndarray) -> sp.csr_array:
        """n inputs with as many active features as there may be, drawn in proportion to `weight` [m]."""
        choices = [np.array(group) for group in self.groups] + [self.free] * max(self.most_free, 0)
        columns = [rng.choice(c, n, p=weight[c] / weight[c].sum()) for c in choices if len(c) and weight[c].sum() > 0]
        rows = np.tile(np.arange(n), len(columns))
        b = sp.csr_array((np.ones(n * len(columns), np.float32), (rows, np.ravel(columns))), shape=(n, self.n_inputs))
        b.sum_duplicates()
        b.data[:] = 1
        return b

    def complete(self, rng: np.random.Generator, b: sp.csr_array) -> sp.csr_array:
        """The inputs with one more active in every group in which none is."""
        for group in self.groups:
            missing = np.flatnonzero(b[:, list(group)].sum(1) == 0)
            picked = rng.choice(group, len(missing))
            b = b + sp.csr_array((np.ones(len(missing), np.float32), (missing, picked)), shape=b.shape)
        return b.tocsr()


def domain_of(circuit: Circuit, s: int) -> Domain:
    """The circuit's inputs with at most s active ones.

    Raises:
      InputError: its groups alone need more than s active inputs.
    """
    if len(circuit.groups) > s:
        rule = f"the circuit has {len(circuit.groups)} groups, each with one active input; raise it"
        raise InputError("s_inputs", s, rule)
    return Domain(circuit.n_inputs, s, circuit.groups)


def input_rng(key: Key[Array, ""]) -> np.random.Generator:
    """The generator of a check's random inputs, the same for `compile` and `verify` with the same seed."""
    return host_rng(jax.random.split(key)[1])


def inputs_to_check(
    rng: np.random.Generator, circuit: Circuit, domain: Domain, n: int, all_inputs: bool = False
) -> Inputs:
    """Every input of the domain where there are at most n of them, or `all_inputs` is set; else n drawn ones.

    Half of the drawn ones are random. A quarter has its features drawn in proportion to the number of gates that read
    them, since gates of the same hubs disturb one another most. A quarter turns a random gate of the last layer on,
    since a random sparse input turns most circuits off within a few layers.

    Raises:
      InputError: `all_inputs` where there are more than two million.
    """
    if all_inputs or domain.count(MOST_INPUTS) <= min(n, MOST_INPUTS):
        b = domain.every()
        return Inputs(b, np.ones(b.shape[0], int), exhaustive=True)
    lively = lively_features(rng, circuit, domain, n // 4)
    reads = circuit.layers[0].reads
    fan_out = np.bincount(reads[reads >= 0], minlength=circuit.n_inputs).astype(float)
    hubs = domain.weighted(rng, n // 4, fan_out)
    return different(sp.vstack([domain.random(rng, n - n // 4 - lively.shape[0]), hubs, lively], format="csr"))


def lively_features(rng: np.random.Generator, circuit: Circuit, domain: Domain, n: int) -> sp.csr_array:
    """Up to n inputs on which a random gate of the last layer is on, found by going back through the layers.

    Inputs outside the domain are left out. Those found are repeated to fill n rows. There are no rows if none is found.
    """
    wanted_inputs = set()
    for gate in rng.integers(0, circuit.widths[-1], min(n, 2000)):
        wanted = {int(gate)}
        for gates in reversed(circuit.layers):
            wanted = _features_for(rng, gates, wanted)
            if len(wanted) > 4 * domain.s + 16:
                break
        else:
            wanted_inputs.add(tuple(sorted(wanted)))
    b = rows_of(sorted(wanted_inputs), circuit.n_inputs)
    if len(wanted_inputs):
        b = domain.complete(rng, b)
        b = b[np.flatnonzero(domain.holds(b))]
    alive = np.flatnonzero(np.diff(b.indptr))
    return b[np.resize(alive, n)] if len(alive) else b[:0]


def _features_for(rng: np.random.Generator, gates: Gates, wanted: set[int]) -> set[int]:
    """Few features that turn the wanted gates on: all that an AND reads, and at least one that any other gate reads.

    Gates that read the same feature can do with that one. So the ORs of deep circuits do not ask for ever more inputs.
    """
    reads = {g: gates.inputs[g][gates.inputs[g] >= 0].tolist() for g in sorted(wanted)}
    features = {k for g, inputs in reads.items() if gates.op[g] == Op.AND for k in inputs}
    idle = [inputs for inputs in reads.values() if features.isdisjoint(inputs)]
    while idle:
        gates_of = Counter(k for inputs in idle for k in inputs)
        most = max(gates_of.values())
        features.add(int(rng.choice([k for k, n in gates_of.items() if n == most])))
        idle = [inputs for inputs in idle if features.isdisjoint(inputs)]
    return features


def count_sparse_inputs(n_inputs: int, s: int, most: int) -> int:
    """How many inputs have at most s active features, sum_{k <= s} C(n_inputs, k); counting ends beyond `most`."""
    count = term = 1
    for k in range(min(s, n_inputs)):
        term = term * (n_inputs - k) // (k + 1)
        count += term
        if count > most:
            break
    return count


def random_features(rng: np.random.Generator, batch: int, m: int, s: int) -> sp.csr_array:
    """Features b [batch, m], s of them active, each set of s equally likely."""
    if s > 16:  # many draws would have a feature twice, or need m numbers a row
        return sparse_features(
            np.array([rng.choice(m, s, replace=False, shuffle=False) for _ in range(batch)], int).reshape(batch, s), m
        )
    active = rng.integers(0, m, (batch, s)) if s * 4 < m else np.argsort(rng.random((batch, m)), 1)[:, :s]
    while (clash := (np.diff(np.sort(active, 1), axis=1) == 0).any(1)).any():
        active[clash] = rng.integers(0, m, (clash.sum(), s))
    return sparse_features(active, m)


def rows_of(active: list, m: int) -> sp.csr_array:
    """Inputs [n, m] from lists of their active features."""
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

"""Compile a circuit into a plain ReLU network, check it against the circuit, and measure what the check shows."""

from collections.abc import Iterator
from itertools import combinations
from typing import Literal, NamedTuple

import jax
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Key
from scipy.special import gammaln

from superposed.circuit import Circuit, Op, check_sparsity, random_features, walk
from superposed.codes import host_rng
from superposed.constructions.channels import Channels
from superposed.constructions.corrected import Corrected
from superposed.deep import SparseNetwork, check_network

Template = Literal["channels", "correct"]
MOST_INPUTS = 2_000_000  # an exhaustive check beyond this many inputs is refused
MOST_TIMES = 80  # the width asked for: how far a width that would do is looked for
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


class Check(NamedTuple):
    """What a network's read-offs did on checked inputs, over all layers of the circuit.

    Args:
      inputs: number of inputs; different: how many of them differ; exhaustive: whether they are all inputs with at most s
        active features.
      active: how many features of the last layer were on, summed over inputs: a check of nothing but zeros shows little.
      wrong_bits: read-offs on the wrong side of the threshold, each different input counted once.
      lowest_active, highest_idle: the smallest read-off of a feature that is on, the largest of one that is off.
      largest_error: the furthest that a read-off comes from its truth towards the other bit, max(1 - lowest_active, highest_idle).
    """

    inputs: int
    different: int
    exhaustive: bool
    active: int
    wrong_bits: int
    lowest_active: float
    highest_idle: float

    @property
    def largest_error(self) -> float:
        return max(1 - self.lowest_active, self.highest_idle)


def make_check(inputs: int, different: int, exhaustive: bool, active: int, wrong: int, lowest: float, highest: float) -> Check:
    """A check; where no feature was on, or none off, their read-offs are as good as can be."""
    return Check(inputs, different, exhaustive, active, wrong,
                 lowest if np.isfinite(lowest) else 1.0, highest if np.isfinite(highest) else 0.0)


def input_rng(key: Key[Array, ""]) -> np.random.Generator:
    """The generator of a check's random inputs, the same for `compile` and `verify` with the same seed."""
    return host_rng(jax.random.split(key)[1])


def build(key: Key[Array, ""], circuit: Circuit, width: int, s: int, template: Template = "channels") -> SparseNetwork:
    """The template's network for a circuit, not yet checked. Raises ValueError where it has no room."""
    if width < 1:
        raise ValueError(f"width {width}: a network has at least one neuron; use --width 1 or more")
    construction = Channels(c=channel_size(s)) if template == "channels" else Corrected(s)
    return construction(key, circuit, width)


def channel_size(s: int) -> int:
    """Units in a channel: s + 1, so that s active channels, each meeting another in one unit, never cover it; 4 to 6."""
    return min(max(s + 1, 4), 6)


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
        raise ValueError(f"more than {MOST_INPUTS:,} inputs of {n_inputs:,} features have at most s = {s} active; leave out --all-inputs")
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


def check(network: SparseNetwork, circuit: Circuit, inputs: Inputs) -> Check:
    """Runs network and circuit on the inputs, layer by layer, and compares every read-off of every layer.

    Stops at the first batch with wrong bits, of which only the number seen so far is then known.
    """
    drawn = seen = active = wrong = 0
    lowest, highest = np.inf, -np.inf
    for part, times in batches(inputs):
        errors = check_network(network, circuit, part)
        drawn, seen, wrong = drawn + int(times.sum()), seen + len(times), wrong + sum(e.wrong for e in errors)
        active += int(times @ np.diff([features for _, features in walk(circuit.layers, part)][-1].indptr))
        lowest = min(lowest, *(e.lowest_active for e in errors))
        highest = max(highest, *(e.highest_idle for e in errors))
        if wrong:
            break
    return make_check(drawn, seen, inputs.exhaustive, active, wrong, lowest, highest)


def compile_circuit(
    key: Key[Array, ""], circuit: Circuit, width: int, s: int, template: Template = "channels",
    n_inputs: int = 100_000, all_inputs: bool = False,
) -> tuple[SparseNetwork, Check]:
    """A network that computes the circuit without a wrong bit on all checked inputs, and the check.

    Args:
      key: of codes and signs, and of the random inputs.
      width: ReLU neurons a layer may have.
      s: features that are active at most in any layer.
      n_inputs: sparse inputs to check, drawn; every input with at most s active features where there are no more of them,
        or with `all_inputs`.

    Raises:
      ValueError: the circuit is not s-sparse on a checked input (names layer and gate), or the width is too small: by
        theory, by lack of room, or by the check. The message says which width would do, found by building and checking.
    """
    build_key, _ = jax.random.split(key)
    inputs = inputs_to_check(input_rng(key), circuit, s, n_inputs, all_inputs)
    for part, _ in batches(inputs):
        check_sparsity(circuit, part, s)
    problem, network, result = _attempt(build_key, circuit, width, s, template, inputs)
    if problem is None:
        return network, result
    enough = smallest_passing_width(build_key, circuit, width, s, template, inputs)
    other = "; try --template channels" if template == "correct" else ", nor one at which no two features share a unit"
    way_out = f"--width {enough} would do" if enough else f"none up to {MOST_TIMES} times as wide passes{other}"
    raise ValueError(f"--width {width} is too small for this circuit at s = {s}: {problem}; {way_out}")


def _attempt(key, circuit, width, s, template, inputs):
    """(what is wrong or None, network, check)"""
    try:
        if template == "channels":
            Channels(channel_size(s)).check_load(circuit, s, width)
        network = build(key, circuit, width, s, template)
    except ValueError as error:
        if "--template" in str(error) or width < 1:
            raise
        return str(error).removeprefix(f"width {width}: ").removesuffix("; raise --width"), None, None
    result = check(network, circuit, inputs)
    if result.wrong_bits:
        return f"{result.wrong_bits} wrong bit{'s' * (result.wrong_bits > 1)} on the first {result.different} different inputs", network, result
    return None, network, result


def smallest_passing_width(key: Key[Array, ""], circuit: Circuit, width: int, s: int, template: Template, inputs: Inputs) -> int | None:
    """The first width on the ladder width * 1.25^k, k = 1, 2, ... that passes the check on the inputs.

    Ends at MOST_TIMES the width; not before channels no longer share units, and with correction not before 16,384.
    """
    width = max(width, 8)
    least = 2.5 * channel_size(s) * max(circuit.widths) if template == "channels" else 2**14
    wider = width * 1.25
    while wider <= max(MOST_TIMES * width, least):
        if _attempt(key, circuit, int(np.ceil(wider)), s, template, inputs)[0] is None:
            return int(np.ceil(wider))
        wider *= 1.25
    return None

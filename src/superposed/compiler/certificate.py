"""An adversary for one layer: the worst features to be active for each idle gate, or a proof that there are none.

Up to a layer's first step everything is linear. So what a set of active features counts on the c units of a gate's
channel is the sum of what each feature counts alone. The worst set takes the s features that count most.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Int, Num

from superposed.circuits.circuit import Gates, Op
from superposed.compiler.deep import SparseNetwork, Stage
from superposed.compiler.steps import StepLayer

MOST_PAIRS = 2**25  # of a feature and a gate that are looked at in one layer


class Attack(NamedTuple):
    """The worst case of one layer.

    Args:
      certified: no s features, stored exactly, turn an idle gate of the layer on.
      worst: sets of s features [n, s] that bring enough counts to the units of an idle gate to turn them on, those
        with most counts to spare first.
    """

    certified: bool
    worst: Int[np.ndarray, "n s"]


def certified_layers(network: SparseNetwork, layers: tuple[Gates, ...], s: int) -> list[int]:
    """The layers of the circuit, from 1, whose `attack` proves that no s exactly stored features make them err."""
    stages = zip(network.stages, network.stages[1:], layers, strict=False)
    return [
        depth
        for depth, (before, stage, gates) in enumerate(stages, start=1)
        if attack(before, stage, gates, s).certified
    ]


def attack(before: Stage, stage: Stage, gates: Gates, s: int) -> Attack:
    """The worst sets of s features for each idle gate of a layer.

    A gate g is read as on when all c units of its channel count to T, which takes c T counts in all. Feature k brings

        M_kg = sum_{i in Gamma_g} sum_{j in Gamma_k} W_ij

    and features that share a unit bring less than the sum. So where the s largest M_kg, over sets that leave the gate
    idle, sum to less than c T, the gate is never read as on. Layers with XOR or inhibitors are not certified, because
    an active gate could be switched off. Not looked at: other templates, and layers of more than 2^25 pairs of feature
    and gate.
    """
    layer = stage.layers[0] if stage.layers else None
    if not isinstance(layer, StepLayer) or not can_be_certified(gates, before.code.shape[0]):
        return Attack(False, np.zeros((0, min(s, before.code.shape[0])), int))
    low = np.repeat([g.bands[0][0] for _, g in layer.blocks], [units for units, _ in layer.blocks])
    return worst_sets((before.code @ layer.wiring.whole).tocsr(), low, stage.code, gates, s)


def can_be_certified(gates: Gates, m: int) -> bool:
    """Whether an active gate cannot be switched off, and there are few enough pairs of a feature of m and a gate."""
    turns_off = (gates.op == Op.XOR).any() or (gates.inputs < -1).any()
    return not turns_off and m * len(gates.op) <= MOST_PAIRS


def worst_sets(counts: sp.csr_array, low: Num[np.ndarray, " D"], code: sp.csr_array, gates: Gates, s: int) -> Attack:
    """`attack` on a layer given as counts and thresholds, for gates that `can_be_certified`.

    Args:
      counts: what each feature alone brings to each unit [m, D].
      low: T, the count from which on a unit is on.
      code: the units of each gate [n, D].
    """
    m, n = counts.shape[0], len(gates.op)
    worst, spare = [np.zeros((0, min(s, m)), int)], [np.zeros(0)]
    for start in range(0, n, 1024):
        rows = slice(start, start + 1024)
        brings = (counts @ code[rows].T).toarray()  # [m, gates]
        needed = code[rows] @ low
        sets = _largest_idle(brings, gates.inputs[rows], gates.op[rows], s)
        total = np.where(sets >= 0, np.take_along_axis(brings, np.maximum(sets, 0), 0), 0).sum(0)
        worst.append(np.maximum(sets[:, total >= needed], 0).T)
        spare.append((total - needed)[total >= needed])
    order = np.argsort(-np.concatenate(spare), kind="stable")
    found, first = np.unique(np.sort(np.concatenate(worst)[order], 1), axis=0, return_index=True)
    return Attack(len(found) == 0, found[np.argsort(first)])


def _largest_idle(
    brings: np.ndarray, inputs: Int[np.ndarray, "n slots"], op: np.ndarray, s: int
) -> Int[np.ndarray, "s n"]:
    """For each gate the s features that bring most, of sets that leave it idle; -1 where there are fewer features.

    An AND is idle as long as one of its features is left out: the one that brings least. An OR or a copy is idle only
    without all of its features.
    """
    brings = brings.copy()
    gate, slot = np.nonzero(inputs >= 0)
    feature = inputs[gate, slot]
    own = np.where(inputs >= 0, brings[np.maximum(inputs, 0), np.arange(len(inputs))[:, None]], np.inf)
    left_out = (op[gate] != Op.AND) | (slot == own.argmin(1)[gate])
    brings[feature[left_out], gate[left_out]] = -1
    k = min(s, len(brings))
    largest = np.argpartition(-brings, k - 1, axis=0)[:k]
    return np.where(np.take_along_axis(brings, largest, 0) > 0, largest, -1)


def worst_inputs(network: SparseNetwork, gates: Gates, s: int) -> sp.csr_array:
    """The adversary's inputs [n, m] for the first layer, at most 2000 of them."""
    m = network.stages[0].code.shape[0]
    worst = attack(network.stages[0], network.stages[1], gates, s).worst[:2000]
    b = sp.csr_array(
        (np.ones(worst.size, np.float32), (np.repeat(np.arange(len(worst)), worst.shape[1]), worst.ravel())),
        shape=(len(worst), m),
    )
    b.sum_duplicates()
    b.data[:] = 1
    return b

"""Targeted gates: Theorem 11's layer for ANDs of several fan-ins, inhibitors, ORs, copies and XORs in one layer."""

import numpy as np
import scipy.sparse as sp

from superposed.circuits.circuit import Gates, Op
from superposed.compiler.refused import NoRoom
from superposed.compiler.sparse import Reset, SparseLayer, kink, make_reset
from superposed.compiler.targeted_and import wired

EDGE = 1 / 3
"""Noise that steps forgive, as the paper's rounding does."""


def targeted_gates(
    rng: np.random.Generator, gates: Gates, read: sp.csr_array, width: int, size: int, s: int
) -> tuple[SparseLayer, sp.csr_array]:
    """One ReLU layer that computes gates of any kinds, and its read-off [units, n].

    Every kind, an operation with its number f of inputs, has units of its own. A unit sums the features of its gates
    with random signs, u = sum of sigma_k R_k, as in `targeted_and`. A gate is read on the part of its units where
    sigma is + for its inputs and - for its inhibitors. There u counts its active inputs less its active inhibitors:

        AND   ReLU(u - (f - 1))                        one neuron a unit
        OR, COPY   g(u)                                two neurons
        XOR   g(u) - g(u - 1) + g(u - 2) - ...         2 f neurons,   g(u) = 3 (ReLU(u - 1/3) - ReLU(u - 2/3))

    An idle AND of f inputs is quiet while u is at most f - 1. An idle OR, copy or XOR is not as safe: one active
    feature that shares a unit with it turns the unit on. So as many units bear fewer gates of these kinds.

    Args:
      gates: a layer of gates; every one reads a feature.
      read: read-offs [D_in, m] of the features before.
      width: neurons of the layer. Kinds share them in proportion to their gates' neurons. Where there are several
        kinds, each has at least A units for each of its first 4 s gates.
      size: A, units of a gate.
      s: active features.

    Raises:
      NoRoom: fewer neurons than the kinds need.

    Source: Hänni et al. 2024, Theorem 11, for ANDs of one fan-in; the other kinds are this project's.
    """
    keys = np.stack([gates.op, gates.fan_in], 1)
    kinds, kind_of = np.unique(keys, axis=0, return_inverse=True)
    counts, resets = np.bincount(kind_of.ravel()), [reset_of(Op(op), int(f)) for op, f in kinds]
    neurons = np.array([len(reset.out) for reset in resets])
    units = _shares(counts, neurons, width, size, s)
    members = [np.flatnonzero(kind_of.ravel() == kind) for kind in range(len(kinds))]
    parts = [
        wired(rng, gates.inputs[here], read.shape[1], n, min(size, n))
        for here, n in zip(members, units.tolist(), strict=True)
    ]
    write = sp.csr_array(sp.hstack([write for write, _ in parts]))
    read_off = sp.csc_array(sp.block_diag([read_off for _, read_off in parts]))[:, np.argsort(np.concatenate(members))]
    blocks = tuple((n, reset) for n, reset in zip(units.tolist(), resets, strict=True))
    return SparseLayer((read, write), blocks), read_off.tocsr()


def reset_of(op: Op, fan_in: int) -> Reset:
    """The scalar function of a unit whose gates count their active inputs."""
    if op == Op.AND:
        return kink(fan_in - 1)
    slope = 1 / (1 - 2 * EDGE)
    steps = range(fan_in if op == Op.XOR else 1)
    return make_reset(
        [(1, -(j + corner), (-1) ** j * sign * slope) for j in steps for corner, sign in ((EDGE, 1), (1 - EDGE, -1))]
    )


def _shares(counts: np.ndarray, neurons: np.ndarray, width: int, size: int, s: int) -> np.ndarray:
    """Units of each kind: the least that it needs, and a share of the rest in proportion to its gates' neurons."""
    least = np.minimum(counts, 4 * s) * size if len(counts) > 1 else np.minimum(counts, 1) * size
    needed = int((least * neurons).sum())
    if needed > width:
        raise NoRoom(width, f"{len(counts)} kinds of gates need {needed} neurons in one layer", needed)
    weight = counts * neurons / (counts * neurons).sum()
    return least + ((width - needed) * weight / neurons).astype(int)

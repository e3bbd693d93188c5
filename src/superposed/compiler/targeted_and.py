"""Targeted superpositional AND: one layer that computes a chosen list of gates (Theorem 11)."""

import numpy as np
import scipy.sparse as sp

from superposed.circuits.circuit import Gates, Op
from superposed.compiler.codes import balanced_code
from superposed.compiler.refused import GatesRefused
from superposed.compiler.sparse import SparseLayer, kink


def targeted_and(
    rng: np.random.Generator, gates: Gates, read: sp.csr_array, units: int, size: int
) -> tuple[SparseLayer, sp.csr_array]:
    """One ReLU layer that computes ANDs of one fan-in f, and its read-off [units, n].

        a = ReLU(W R x - (f - 1))
        W = sum over features k of sigma_k on Sigma_k,   Sigma_k = union of its gates' Sigma_g
        r_g = mean over {i in Sigma_g: sigma_ki = +1 for every input k of g}

    Each gate has A neurons Sigma_g, about sqrt(units/s) in the paper. The signs sigma_ki are random, so that what
    reaches a neuron by chance has mean zero. A gate is read on the part, about 2^-f, in which all its inputs have
    sign +, and divided by that number in place of the printed 4/A. The noise of a neuron is eps times the root of the
    A n/units gate inputs it sums. So the hypothesis of Theorem 11 must read eps^2 (m/d) sqrt(d/s) = O~(1), not m d.

    Args:
      gates: a layer of ANDs.
      read: read-offs [D_in, m] of the features before.
      units: neurons of the layer.
      size: A, neurons of a gate.

    Raises:
      GatesRefused: gates other than AND, of several fan-ins, or with inhibitors.
      NoRoom: fewer neurons than a gate needs.

    Source: Hänni et al. 2024, Theorem 11, for graphs of bounded degree.
    """
    fan_in = gates.fan_in
    if (gates.op != Op.AND).any() or (fan_in != fan_in[0]).any() or (gates.inputs < -1).any():
        rule = "takes layers of ANDs that all have the same number of inputs; use channels"
        raise GatesRefused("template", "correct", rule)
    f, n = int(fan_in[0]), len(gates.op)
    sigma = balanced_code(rng, n, size, units)
    features = gates.inputs[:, :f]
    places = features[:, :, None].astype(np.int64) * units + sigma[:, None, :]
    distinct, which = np.unique(places.ravel(), return_inverse=True)
    signs = rng.integers(0, 2, len(distinct)).astype(np.float32) * 2 - 1
    readable = (signs[which].reshape(places.shape) > 0).all(1)
    unread = np.flatnonzero(
        ~readable.any(1)
    )  # gates without a neuron to be read on get their first: plus for all inputs
    signs[which.reshape(places.shape)[unread, :, 0]] = 1
    readable = (signs[which].reshape(places.shape) > 0).all(1)
    write = sp.csr_array((signs, (distinct // units, distinct % units)), shape=(read.shape[1], units))
    gate, slot = np.nonzero(readable)
    weight = (1 / readable.sum(1))[gate].astype(np.float32)
    read_off = sp.csr_array((weight, (sigma[gate, slot], gate)), shape=(units, n))
    return SparseLayer((read, write), ((units, kink(f - 1)),)), read_off

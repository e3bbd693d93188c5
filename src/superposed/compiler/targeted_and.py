"""Targeted superpositional AND: one layer that computes a chosen list of gates (Theorem 11)."""

import numpy as np
import scipy.sparse as sp
from jaxtyping import Int

from superposed.circuits.circuit import Gates, Op
from superposed.compiler.codes import balanced_code
from superposed.compiler.hub_blocks import hub_blocks
from superposed.compiler.refused import GatesRefused, NoRoom
from superposed.compiler.sparse import SparseLayer, kink


def targeted_and(
    rng: np.random.Generator, gates: Gates, read: sp.csr_array, units: int, size: int, hubs: bool = False
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
      hubs: gates of features that many gates read stand in blocks of their own (`hub_blocks`).

    Raises:
      GatesRefused: gates other than AND, of several fan-ins, or with inhibitors.
      NoRoom: fewer neurons than a gate needs.

    Source: Hänni et al. 2024, Theorem 11; without `hubs` for graphs of bounded degree.
    """
    fan_in = gates.fan_in
    if (gates.op != Op.AND).any() or (fan_in != fan_in[0]).any() or (gates.inputs < -1).any():
        rule = "takes layers of ANDs that all have the same number of inputs; use `targeted_gates` or channels"
        raise GatesRefused("template", "correct", rule)
    f = int(fan_in[0])
    inputs = gates.inputs[:, :f]
    units_of = hub_blocks(rng, inputs, size, units) if hubs else None
    write, read_off = wired(rng, inputs, read.shape[1], units, size, units_of)
    return SparseLayer((read, write), ((units, kink(f - 1)),)), read_off


def wired(
    rng: np.random.Generator,
    inputs: Int[np.ndarray, "n slots"],
    m: int,
    units: int,
    size: int,
    units_of: Int[np.ndarray, "n size"] | None = None,
) -> tuple[sp.csr_array, sp.csr_array]:
    """The signs sigma [m, units] of features on units, and the mean [units, n] of each gate's readable units.

    A unit of a gate is readable if sigma is + for its inputs there, and - for its inhibitors. If chance gives a gate no
    readable unit, its first unit is given these signs.

    Args:
      inputs: as in `Gates`; negative for inhibitors and unused slots.
      m: features that the gates may read.
      units: neurons, or groups of neurons with one sum.
      size: A, units of a gate.
      units_of: the units of each gate; None draws a balanced code.

    Raises:
      NoRoom: fewer units than a gate has, or a gate that can be read on none of its units.
    """
    n = len(inputs)
    units_of = balanced_code(rng, n, size, units) if units_of is None else units_of
    used, wanted = inputs != -1, np.where(inputs >= 0, 1, -1).astype(np.float32)
    features = np.where(inputs >= 0, inputs, -2 - inputs).astype(np.int64)
    places = np.where(used[:, :, None], features[:, :, None] * units + units_of[:, None, :], -1)
    distinct, which = np.unique(places.ravel(), return_inverse=True)
    which = which.reshape(places.shape)
    signs = rng.integers(0, 2, len(distinct)).astype(np.float32) * 2 - 1
    readable = lambda: ((signs[which] == wanted[:, :, None]) | ~used[:, :, None]).all(1)
    unread = np.flatnonzero(~readable().any(1))
    gate, slot = np.nonzero(used[unread])
    signs[which[unread, :, 0][gate, slot]] = wanted[unread][gate, slot]
    found = readable()
    if not found.any(1).all():
        raise NoRoom(units, "two gates want opposite signs of one feature on the only unit of each", 2 * units)
    there = distinct >= 0
    write = sp.csr_array((signs[there], (distinct[there] // units, distinct[there] % units)), shape=(m, units))
    gate, place = np.nonzero(found)
    weight = (1 / found.sum(1))[gate].astype(np.float32)
    return write, sp.csr_array((weight, (units_of[gate, place], gate)), shape=(units, n))

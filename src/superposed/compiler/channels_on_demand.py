"""Channels that run closed groups of any size: of every layer only what active units are wired to is ever made.

A layer of m features in d units has d^2 weights and 2 m wires to choose, far too many to draw for d = 131,072 and
m = 300 d. Two random orders determine all of them: of the features before and after the layer. `KeyedOrder` gives
single places of an order, so one can ask which gates a unit serves, and where each of these is stored. One input has
about s c active units, with 2 m c/d gates each. So a layer costs about 2 s c^2 m/d gates an input, and no more memory.

An input is one whole group. So a layer carries one of m/s groups to the next, and no gate sees only one of its inputs
on. The run tests whether stored gates disturb one another. It does not tell an AND from an OR; planted paths do.

`compiler.channels` makes the same layers as whole matrices, and is the twin in the tests.
"""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Int, Key

from superposed.bad_input import InputError
from superposed.circuits.keyed_order import KeyedOrder, keyed_order
from superposed.circuits.planted import check_planted, group_features
from superposed.compiler.channels_jax import Code, code_for

AVALANCHE = 16  # times as many units on as the active features have: the run ends there
AT_ONCE = 2**21  # wires that are in memory at once, each a byte


class ClosedGroups(NamedTuple):
    """A circuit of m ANDs a layer in closed groups of s, and inputs to it (`circuits.planted.group_layers`).

    Args:
      m: features of a layer, a multiple of s. s: features of a group. depth: layers. batch: inputs, a group each.
    """

    m: int
    s: int
    depth: int
    batch: int


class LayerSeen(NamedTuple):
    """What one layer did on all inputs.

    Args:
      wrong: bits read wrongly. lost: active features among them.
      extra: units on by chance.
    """

    wrong: int
    lost: int
    extra: int


def run_groups(key: Key[Array, ""], groups: ClosedGroups, width: int, c: int) -> Iterator[LayerSeen]:
    """The layers of one network of `width` neurons, each as it was run; ends after an avalanche.

    Raises:
      InputError: m is not a multiple of s, s features do not form groups, or channels would meet in two units.
    """
    m, s = groups.m, groups.s
    check_planted(m, s)
    if m % s:
        raise InputError("m", m, f"a multiple of s = {s}, so that every feature is in a group")
    code = code_for(width, c, m)
    features_key, orders_key = jax.random.split(key)
    slots = group_features(features_key, m, s, groups.batch)
    after = keyed_order(jax.random.fold_in(orders_key, 0), m)
    on = intended_units(code, after(slots))
    for depth in range(1, groups.depth + 1):
        before, after = after, keyed_order(jax.random.fold_in(orders_key, depth), m)
        on = next_units(code, s, before, after, on)
        truth = after(slots)
        intended = intended_units(code, truth)
        extra = int(on.sum()) - int(intended.sum())
        if extra > AVALANCHE * intended.sum():
            yield LayerSeen(m, 0, extra)
            return
        lost = int((~take(on, units_of(code, truth)).all(-1)).sum())
        yield LayerSeen(features_on(code, m, on) - truth.size + 2 * lost, lost, extra)


def units_of(code: Code, feature: Int[np.ndarray, "*n"]) -> Int[np.ndarray, "*n c"]:
    """The channels of features."""
    return np.array(code.first) + feature[..., None] % np.array(code.sizes)


def intended_units(code: Code, features: Int[np.ndarray, "batch s"]) -> Bool[np.ndarray, "batch d"]:
    """The units in the channels of each input's features."""
    on = np.zeros((len(features), sum(code.sizes)), bool)
    np.put_along_axis(on, units_of(code, features).reshape(len(features), -1), True, 1)
    return on


def take(on: Bool[np.ndarray, "batch d"], units: Int[np.ndarray, "batch s c"]) -> Bool[np.ndarray, "batch s c"]:
    """Whether these units of each input are on."""
    return on[np.arange(len(on))[:, None, None], units]


def next_units(
    code: Code, s: int, before: KeyedOrder, after: KeyedOrder, on: Bool[np.ndarray, "batch d"]
) -> Bool[np.ndarray, "batch d"]:
    """The units that are on after a layer, from those that are on before it; a few inputs at a time."""
    parts, step = [], max(1, AT_ONCE * len(on) // (on.size * max(int(on.sum()) // len(on), 1)))
    for start in range(0, len(on), step):
        row, unit = np.nonzero(on[start : start + step])
        w = wire_rows(code, s, before, after, unit)
        some = np.zeros((min(step, len(on) - start), on.shape[1]), bool)
        present, first = np.unique(row, return_index=True)
        some[present] = np.add.reduceat(w, first, axis=0, dtype=np.int16) >= 2 * len(code.sizes)
        parts.append(some)
    return np.concatenate(parts)


def wire_rows(
    code: Code, s: int, before: KeyedOrder, after: KeyedOrder, units: Int[np.ndarray, " k"]
) -> Int[np.ndarray, "k d"]:
    """The clipped wires W of some units, a row each, to all units of the layer.

        gate after(s g + j) = AND(before(s g + j), before(s g + j + 1 mod s))

    A unit serves features k = r, r + p, r + 2p, ... of its block of size p. Each is a slot t = s g + j of `before`, and
    is read by the gates of slot t and of the slot before it in the group.
    """
    sizes, first = np.array(code.sizes), np.array(code.first)
    block = np.searchsorted(first, units, side="right") - 1
    remainder, size = units - first[block], sizes[block]
    counts = -(-(before.m - remainder) // size)
    row = np.repeat(np.arange(len(units)), counts)
    turn = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    slot = before.inverse(remainder[row] + size[row] * turn)
    partner = np.where(slot % s == s - 1, slot - s + 1, slot + 1)
    previous = np.where(slot % s == 0, slot + s - 1, slot - 1)
    w = np.zeros((len(units), sum(code.sizes)), np.int8)
    own = units_of(code, after(slot))
    w[row[:, None], own] = 1
    w[row[:, None], units_of(code, after(previous))] = 1
    both = (before(partner) - remainder[row]) % size[row] == 0  # the gate's two features share the unit
    w[row[both, None], own[both]] = 2
    return w


def features_on(code: Code, m: int, on: Bool[np.ndarray, "batch d"]) -> int:
    """How many features are read as on, over all inputs: those whose whole channel is on.

    Their units in the first two blocks name them, by the Chinese remainder theorem.
    """
    p, q = code.sizes[:2]
    (row, r), (other_row, t) = np.nonzero(on[:, :p]), np.nonzero(on[:, p : p + q])
    i, j = np.nonzero(row[:, None] == other_row[None])
    feature = r[i] + p * ((t[j] - r[i]) * pow(p, -1, q) % q)
    row, feature = row[i][feature < m], feature[feature < m]
    return int(on[row[:, None], units_of(code, feature)].all(1).sum())

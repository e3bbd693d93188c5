"""Which units the gates of a layer may use: a share for each kind of gate, and for the gates of each hub."""

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Int

from superposed.circuits.circuit import Gates, evaluate_active
from superposed.compiler.refused import NoRoom
from superposed.compiler.steps import Gadget, gadget_of, gate_kinds
from superposed.theory.channels import bearable_load

OFTEN = 0.01  # of the sample's inputs: copies and ORs that are on more often get a share of their own
TIMES_THE_MEDIAN = 6  # a hub is read by this many times as many gates of its kind as the median feature that they read


class Share(NamedTuple):
    """Gates that share units with one another and with no other gate.

    Args:
      members: the gates.
      gadget: what their units are made of.
      units: how many units they share.
    """

    members: Int[np.ndarray, " n"]
    gadget: Gadget
    units: int


class Before(NamedTuple):
    """The layer that gates read.

    Args:
      n: its features. units: dimension of the state that holds them.
      sample: its features [inputs, n] on some inputs that the circuit is meant for; None if unknown.
    """

    n: int
    units: int
    sample: sp.csr_array | None = None


def shares(gates: Gates, before: Before, width: int, s: int, c: int) -> list[Share]:
    """All shares of a layer; their units have at most `width` neurons.

    Gates are of one kind if they turn on at the same counts. A *hub* is a feature that very many gates of a kind read.
    The gates of a hub get a separate share. When the hub is active, all of them are half on, and a unit that also
    served gates of another active hub would fire. Copies and ORs that are often on get a separate share too, if a
    sample says which they are. The sizes of the shares make chance hits equally rare in all of them. No share gets less
    than `_floor`, or more than it can use.

    Raises:
      NoRoom: one channel for every share needs more neurons.
    """
    on = None
    if before.sample is not None and before.sample.shape[0]:
        on = evaluate_active(gates, before.sample).tocsc()
    groups = _groups(gates, before, on, width, c)
    least, most, neurons, loads = [], [], [], []
    for members, gadget, hub in groups:
        most.append(c * len(members))
        together = min(s, len(members)) if on is None else max(int(on[:, members].sum(1).max()), 1)
        least.append(min(c * len(members), _floor(gates, members, gadget, hub, together, c)))
        neurons.append(len(gadget.edges))
        loads.append(_load(gates, members, gadget, hub, before, s, c))
    wanted = lambda chance: [load.units(chance) for load in loads]
    sizes = share_units(wanted, neurons, least, most, width, c)
    return [Share(members, gadget, size) for (members, gadget, _), size in zip(groups, sizes, strict=True)]


def _floor(gates: Gates, members: np.ndarray, gadget: Gadget, hub: int, together: int, c: int) -> int:
    """Units below which a share errs for other reasons than its load.

    - `together` of its gates that are on cover 1/8 of 8 c `together` units, and an idle gate is read as on when all of
      its c units are covered.
    - Two channels meet in at most one unit only while (D/c)^2 >= n, which matters where a hub makes all gates half on.
    - Two features that are read by F and F' of its gates fire F F' c^2/D units when both are active.
    """
    covered = 8 * c * together
    if hub >= 0:
        return max(covered, int(c * (sqrt(len(members)) + 8)))
    if gadget.bands[0][0] <= c or gadget.veto is not None:
        return covered
    inputs = gates.inputs[members]
    second, first = np.partition(np.bincount(inputs[inputs >= 0], minlength=2), -2)[-2:]
    return max(covered, int(2 * c * c * first * second))


def _groups(
    gates: Gates, before: Before, on: sp.csc_array | None, width: int, c: int
) -> list[tuple[np.ndarray, Gadget, int]]:
    """(members, gadget, hub) of every kind and hub; -1 for the gates of a kind that read no hub.

    `on` are the layer's features [inputs, n] on the sample; None without one.
    """
    at, steps, inhibited = gate_kinds(gates)
    code = (at * (steps.max() + 1) + steps) * 2 + inhibited  # one number a kind: sorting rows would take long
    often = np.zeros(len(gates.op), bool) if on is None else on.mean(0) > OFTEN
    groups = []
    for kind in np.flatnonzero(np.bincount(code)):
        members = np.flatnonzero(code == kind)
        first = members[0]
        gadget = gadget_of(int(at[first]), int(steps[first]), bool(inhibited[first]), c)
        if inhibited[first] or (steps[first] == 1 and at[first] > 1):
            # an active inhibitor silences a gate, and an active feature is half an AND
            split = _hubs((gates.inhibitors if inhibited[first] else gates.inputs)[members], before.n, width, c)
        else:
            split = np.where(often[members], -2, -1)
        hubs = np.flatnonzero(np.bincount(split + 2)) - 2
        groups += [(members[split == hub], gadget, hub) for hub in hubs.tolist()]
    return groups


class _Load(NamedTuple):
    """What reaches a share: its wires, the count at which a unit is on by chance, and the units that can be active."""

    wires: float
    count: int
    active: int

    def units(self, chance: float) -> float:
        """Units at which a unit is on by chance with this probability: D = wires / the load that it bears."""
        return self.wires / min(bearable_load(self.count, self.active, chance), 50.0 * self.active)


def _load(gates: Gates, members: np.ndarray, gadget: Gadget, hub: int, before: Before, s: int, c: int) -> _Load:
    """The load of a share. An active inhibitor silences a whole unit, so its gates want units of their own."""
    if gadget.veto is not None:
        return _Load(np.inf, c, c)
    inputs = gates.inputs[members]
    active = s
    if before.sample is not None and before.sample.shape[0]:
        read = np.unique(inputs[inputs >= 0])
        active = max(int(before.sample[:, read].sum(1).max()), 1)
    reads, count = (inputs >= 0).sum(), gadget.bands[0][0]
    if hub >= 0:  # the hub is on, so that c counts less are needed
        reads, count, active = reads - len(members), count - c, max(active - 1, 1)
    return _Load(float(reads) * c * c * active * c / before.units, count, active * c)


def _hubs(features: Int[np.ndarray, "n slots"], n_before: int, width: int, c: int) -> Int[np.ndarray, " n"]:
    """For each gate the feature of largest fan-out that it reads, if that is a hub, else -1.

    Two active features of fan-out F fire D (F c / D)^2 units of D by chance, which is bearable up to about half a unit.
    """
    read = features[features >= 0]
    fan_out = np.bincount(read, minlength=n_before)
    many = max(sqrt(width / 2) / c, TIMES_THE_MEDIAN * np.median(fan_out[fan_out > 0]), 2 * c)
    if fan_out.max() <= many:
        return np.full(len(features), -1)
    of_slot = np.where(features >= 0, fan_out[features], 0)
    largest = of_slot.argmax(1)
    rows = np.arange(len(features))
    return np.where(of_slot[rows, largest] > many, features[rows, largest], -1)


def share_units(
    wanted: Callable[[float], list[float]], neurons: list[int], least: list[int], most: list[int], width: int, c: int
) -> list[int]:
    """How many units each share gets: as many as it wants at a chance that is the same for all, all within `width`.

    Args:
      wanted: the units that each share wants where a chance of false positives is allowed; falls as that rises.
      neurons: neurons in one unit of each share.
      least: units that a share gets in any case, where there is room.
      most: units beyond which no two of its gates share one, and more are of no use.
      c: units in a channel, the least that a share can have.

    Raises:
      NoRoom: even c units for each share are too many neurons.
    """
    need = sum(c * n for n in neurons)
    if need > width:
        raise NoRoom(width, f"{len(neurons)} shares of units need a channel of c = {c} each", need)
    floors = sum(size * n for size, n in zip(least, neurons, strict=True))
    if floors > width:  # then half of the neurons go where the load is
        least = _scaled(least, neurons, [c] * len(least), max(width // 2, need))
    sizes = lambda log_chance: [
        int(min(max(units, low), high))
        for units, low, high in zip(wanted(np.exp(log_chance)), least, most, strict=True)
    ]
    neurons_at = lambda sizes: sum(size * n for size, n in zip(sizes, neurons, strict=True))
    low, high = -60.0, -1e-3
    if neurons_at(sizes(low)) <= width:
        got = sizes(low)
    else:
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if neurons_at(sizes(middle)) <= width else (middle, high)
        got = sizes(high)
    if neurons_at(got) > width:  # gates with inhibitors want all: they share what the others leave
        got = _scaled(got, neurons, least, width)
    spare = (width - neurons_at(got)) / max(neurons_at(got), 1)
    return [min(int(size * (1 + spare)), high) for size, high in zip(got, most, strict=True)]


def _scaled(sizes: list[int], neurons: list[int], least: list[int], width: int) -> list[int]:
    """Sizes between `least` and `sizes` that fit, by one factor on what is above the least."""
    floor = sum(size * n for size, n in zip(least, neurons, strict=True))
    above = sum((size - low) * n for size, low, n in zip(sizes, least, neurons, strict=True))
    factor = (width - floor) / max(above, 1)
    return [low + int(factor * (size - low)) for size, low in zip(sizes, least, strict=True)]

"""Which units the gates of a layer may use: a share for each kind of gate, and for the gates of each hub."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from superposed.circuits.circuit import Gates
from superposed.compiler.refused import NoRoom
from superposed.compiler.steps import Gadget, gadget_of, gate_kinds
from superposed.theory.channels import bearable_load

TIMES_THE_MEAN = 8  # a hub is read by this many times as many gates of its kind as the mean feature that they read


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


def shares(gates: Gates, n_before: int, width: int, s: int, c: int) -> list[Share]:
    """All shares of a layer; their units have at most `width` neurons.

    Gates are of one kind if they turn on at the same counts. A *hub* is a feature that very many gates of a kind read.
    The gates of a hub get a share of their own: when it is active, all of them are half on, and a unit that also served
    gates of another active hub would fire. A share's units are in proportion to the load that its gates bring, over the
    load that they can bear; none gets less than a floor, or more than it can use.

    Raises:
      NoRoom: the floors alone need more neurons.
    """
    groups = _groups(gates, n_before, width, c)
    demand, least, most, neurons = [], [], [], []
    for members, gadget, hub in groups:
        n = len(members)
        demand.append(_demand(gates, members, gadget, hub >= 0, s, c))
        most.append(c * n)
        least.append(min(c * n, max(8 * c, int(c * (sqrt(n) + 8)) if hub >= 0 else 0)))
        neurons.append(len(gadget.edges))
    sizes = share_units(demand, neurons, least, most, width, c)
    return [Share(members, gadget, size) for (members, gadget, _), size in zip(groups, sizes, strict=False)]


def _groups(gates: Gates, n_before: int, width: int, c: int) -> list[tuple[np.ndarray, Gadget, int]]:
    """(members, gadget, hub) of every kind and hub; -1 for the gates of a kind that read no hub."""
    kinds, kind_of = np.unique(gate_kinds(gates), axis=1, return_inverse=True)
    groups = []
    for i, (at, steps, inhibited) in enumerate(kinds.T.tolist()):
        members = np.flatnonzero(kind_of == i)
        gadget = gadget_of(at, steps, bool(inhibited), c)
        hubs = np.full(len(members), -1)
        if inhibited or (steps == 1 and at > 1):  # an active inhibitor silences, an active feature is half an AND
            hubs = _hubs((gates.inhibitors if inhibited else gates.inputs)[members], n_before, width, c)
        groups += [(members[hubs == hub], gadget, hub) for hub in np.unique(hubs).tolist()]
    return groups


def _hubs(features: Int[np.ndarray, "n slots"], n_before: int, width: int, c: int) -> Int[np.ndarray, " n"]:
    """For each gate the feature of largest fan-out that it reads, if that is a hub, else -1.

    Two active features of fan-out F fire D (F c / D)^2 units of D by chance, which is bearable up to about half a unit.
    """
    read = features[features >= 0]
    fan_out = np.bincount(read, minlength=n_before)
    many = max(sqrt(width / 2) / c, TIMES_THE_MEAN * len(read) / np.count_nonzero(fan_out), 2 * c)
    of_slot = np.where(features >= 0, fan_out[features], 0)
    largest = of_slot.argmax(1)
    rows = np.arange(len(features))
    return np.where(of_slot[rows, largest] > many, features[rows, largest], -1)


def _demand(gates: Gates, members: np.ndarray, gadget: Gadget, of_hub: bool, s: int, c: int) -> float:
    """Units that a share wants, up to a factor that is common to all: its load over the load that it bears."""
    reads = gates.fan_in[members].sum()
    count, active = gadget.bands[0][0], s * c
    if gadget.veto is not None:
        return 100.0 * c * len(members)  # one active inhibitor silences a whole unit: these want units of their own
    if of_hub:
        reads, count, active = reads - len(members), count - c, max(active - c, c)
    return c * reads / min(bearable_load(count, active), active)


def share_units(
    demand: list[float], neurons: list[int], least: list[int], most: list[int], width: int, c: int
) -> list[int]:
    """How many units each share gets: in proportion to demand, between `least` and `most`, all within `width`.

    Args:
      demand: units each share wants, up to a common factor.
      neurons: neurons in one of its units.
      least: units that a share gets in any case, where there is room.
      most: units beyond which no two of its gates share one, and more are of no use.
      c: units in a channel, the least that a share can have.

    Raises:
      NoRoom: even c units for each share are too many neurons.
    """
    need = sum(c * n for n in neurons)
    if need > width:
        raise NoRoom(width, f"{len(neurons)} shares of units need a channel of c = {c} each", need)
    if sum(size * n for size, n in zip(least, neurons, strict=False)) > width:
        least = [c] * len(least)
    clip = lambda scale: [
        min(max(int(scale * d), low), high) for d, low, high in zip(demand, least, most, strict=False)
    ]
    neurons_at = lambda scale: sum(size * n for size, n in zip(clip(scale), neurons, strict=False))
    low, high = 0.0, max((high + 1) / d for d, high in zip(demand, most, strict=False))
    if neurons_at(high) <= width:
        return clip(high)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if neurons_at(middle) <= width else (low, middle)
    return clip(low)

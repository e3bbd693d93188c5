"""Neurons for lists of gates with hubs: the gates of a hub stand in a block of neurons of their own."""

import numpy as np
from jaxtyping import Int

from superposed.compiler.codes import balanced_code

ROOM = 4
"""A hub has a block of its own if so many of its gates fit into the block without sharing a neuron."""


def hub_blocks(
    rng: np.random.Generator, inputs: Int[np.ndarray, "n fan_in"], size: int, units: int
) -> Int[np.ndarray, "n size"]:
    """The neurons of n gates, `size` each, one in each of `size` equal parts of the gate's block.

    Every gate has a hub: that one of its inputs which most gates read. A hub of c gates has the share c/n of the
    neurons as its block, if that is ROOM * size neurons or more. The gates of all other hubs share the neurons that are
    left. If no gate reads two hubs, an active hub writes on its own block only, and does not reach the gates of others.

    Source: Hänni et al. 2024, Theorem 11, the case of high degrees: one block for each vertex of the smaller side.
    """
    n = len(inputs)
    degree = np.bincount(inputs.ravel())
    hub = inputs[np.arange(n), degree[inputs].argmax(axis=1)]
    of_hub = np.bincount(hub, minlength=len(degree))
    with_block = np.flatnonzero(of_hub * units >= ROOM * size * n)
    places, first = np.empty((n, size), np.int32), 0
    for feature in with_block:
        gates = np.flatnonzero(hub == feature)
        block = units * len(gates) // n
        places[gates] = first + balanced_code(rng, len(gates), size, block)
        first += block
    rest = np.flatnonzero(~np.isin(hub, with_block))
    if len(rest):
        places[rest] = first + balanced_code(rng, len(rest), size, units - first)
    return places

"""Random circuits that keep exactly s features active at every layer, at any depth."""

from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Array, Int, Key

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Gates, Op, and_gates, evaluate_active, sparse_features
from superposed.circuits.randomness import host_rng

KINDS = ("groups", "paths")


def check_planted(m: int, s: int) -> None:
    """Raises InputError unless s features of m can keep one another on."""
    if not 2 <= s <= m:
        raise InputError("s", s, f"closed groups among m = {m} features need 2 <= s <= m")


def group_layers(key: Key[Array, ""], m: int, s: int, depth: int, first: int = 0) -> Iterator[Gates]:
    """Layers first + 1, ..., first + depth of m ANDs in closed groups.

    The s features of a group, all active, make the s features of the next group:

        gate pi(s g + j) = AND(pi'(s g + j), pi'(s g + j + 1 mod s))

    with pi' and pi the random order of the features before and after. Feature k belongs to group k // s of layer 0, and
    every feature feeds two gates. Features beyond the last whole group are read by ANDs of nothing active.

    Raises:
      InputError: s < 2 or m < s.
    """
    check_planted(m, s)
    j = np.arange(m)
    partner = np.where(j % s == s - 1, j - s + 1, j + 1)
    partner[m - m % s :] = 0  # features left over after the last whole group are never active
    before = group_order(key, m, first)
    for layer in range(first + 1, first + depth + 1):
        after = group_order(key, m, layer)
        inputs = np.empty((m, 2), np.int32)
        inputs[after] = np.stack([before, before[partner]], 1)
        yield and_gates(inputs)
        before = after


def group_order(key: Key[Array, ""], m: int, layer: int) -> Int[np.ndarray, " m"]:
    """pi of `group_layers` after a layer: where features 0, 1, ... were active, pi(0), pi(1), ... are active there."""
    return host_rng(jax.random.fold_in(key, layer)).permutation(m) if layer else np.arange(m)


def group_features(key: Key[Array, ""], m: int, s: int, batch: int) -> Int[np.ndarray, "batch s"]:
    """For each input a random group of `group_layers`, as indices of its active features."""
    groups = host_rng(key).integers(0, m // s, batch)
    return groups[:, None] * s + np.arange(s)


def path_layers(
    key: Key[Array, ""], active: Int[np.ndarray, "batch s"], m: int, depth: int, first: int = 0
) -> Iterator[Gates]:
    """Layers first + 1, ..., first + depth of m random ANDs around planted paths, one a row of `active`, the inputs.

    In each layer every path has s gates, the ANDs of each of its active features with the next one. All other gates
    read two random features, drawn again where they would be on for any of the inputs. So a path keeps exactly s
    features active. About 2 s other gates have exactly one active input, which is the hard case for a correction.

    Raises:
      InputError: s < 2, or the batch's paths need more than the m gates of a layer.
    """
    batch, s = active.shape
    if s < 2 or batch * s > m:
        rule = f"a layer of m = {m} gates has room for {m // max(s, 1)} paths of s = {s} >= 2"
        raise InputError("batch", batch, rule)
    active = path_active(key, active, m, first)
    for layer in range(first + 1, first + depth + 1):
        rng = host_rng(jax.random.fold_in(key, 2 * layer))
        inputs = _distinct_pairs(rng, m, m)
        own = path_active(key, active, m, layer)
        inputs[own] = np.stack([active, np.roll(active, -1, axis=1)], 2)
        if s == 2:  # both gates of a pair are the same AND, which is allowed and keeps two features active
            inputs[own] = active[:, None, :]
        b = sparse_features(active, m)
        is_own = np.zeros(m, bool)
        is_own[own] = True
        while True:
            gates = and_gates(inputs)
            on = np.unique(evaluate_active(gates, b).indices)
            chance = on[~is_own[on]]
            if not len(chance):
                break
            inputs[chance] = _distinct_pairs(rng, len(chance), m)
        yield gates
        active = own


def path_active(
    key: Key[Array, ""], active: Int[np.ndarray, "batch s"], m: int, layer: int
) -> Int[np.ndarray, "batch s"]:
    """The features of each path of `path_layers` after a layer; `active` itself after none."""
    own = host_rng(jax.random.fold_in(key, 2 * layer + 1)).permutation(m)[: active.size].reshape(active.shape)
    return own if layer else active


def _distinct_pairs(rng: np.random.Generator, n: int, m: int) -> Int[np.ndarray, "n 2"]:
    first = rng.integers(0, m, n)
    return np.stack([first, (first + rng.integers(1, m, n)) % m], 1).astype(np.int32)


def planted_circuit(
    key: Key[Array, ""], m: int, s: int, depth: int, batch: int, kind: str = "groups"
) -> tuple[Circuit, Int[np.ndarray, "batch s"]]:
    """A circuit of m features a layer, and inputs (indices of active features) on which it keeps exactly s active.

    Args:
      kind: "groups" for `group_layers` (any of the m // s groups is an input), "paths" for `path_layers`.

    Raises:
      InputError: another kind, or numbers that `group_layers` or `path_layers` refuse.
    """
    if kind not in KINDS:
        raise InputError("kind", kind, f"one of {', '.join(KINDS)}")
    check_planted(m, s)
    features_key, layers_key = jax.random.split(key)
    if kind == "groups":
        active = group_features(features_key, m, s, batch)
        return Circuit(m, tuple(group_layers(layers_key, m, s, depth)), s), active
    active = path_features(features_key, m, s, batch)
    return Circuit(m, tuple(path_layers(layers_key, active, m, depth)), s), active


def path_features(key: Key[Array, ""], m: int, s: int, batch: int) -> Int[np.ndarray, "batch s"]:
    """Disjoint sets of s features, one an input: where the planted paths begin."""
    if batch * s > m:
        raise InputError("batch", batch, f"paths of s = {s} need more than m = {m} features")
    return host_rng(key).permutation(m)[: batch * s].reshape(batch, s)


def cycle(m: int, depth: int) -> Circuit:
    """Layers of m gates around a circle, ANDs and ORs in turn: gate i reads features i and i + 1 of the layer before.

    Neighbouring inputs turn on one AND, which turns on two ORs, which turn on one AND, and so on. Every feature is on
    for a set of inputs of its own.
    """
    pairs = np.stack([np.arange(m), (np.arange(m) + 1) % m], 1).astype(np.int32)
    ops = (Op.AND, Op.OR)
    return Circuit(m, tuple(Gates(np.full(m, ops[layer % 2], np.int8), pairs) for layer in range(depth)))

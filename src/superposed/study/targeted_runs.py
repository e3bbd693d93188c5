"""A layer of targeted ANDs built for a list of gates, and its read-offs by stratum."""

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int

from superposed.bad_input import InputError
from superposed.circuits.circuit import and_gates
from superposed.compiler.targeted_and import targeted_and
from superposed.theory.targeted import gate_size

DEGREES = ("regular", "zipf")


def gate_list(rng: np.random.Generator, n: int, degrees: str) -> Int[np.ndarray, "n 2"]:
    """n gates on n features.

    "regular": a ring, so that each feature is read by two gates. "zipf": the first input has the chance 1/rank of its
    feature, the second is uniform, so that a few hubs are read by many gates.

    Raises:
      InputError: other degrees.
    """
    if degrees not in DEGREES:
        raise InputError("degrees", degrees, f"one of {', '.join(DEGREES)}")
    first = np.arange(n)
    if degrees == "regular":
        return np.stack([first, (first + 1) % n], axis=1).astype(np.int32)
    weight = 1 / np.arange(1, n + 1)
    first = rng.choice(n, n, p=weight / weight.sum())
    return np.stack([first, (first + rng.integers(1, n, n)) % n], axis=1).astype(np.int32)


def built_read_offs(
    seed: int, n: int, d: int, s: int, inputs: int, degrees: str = "regular", idle: int = 64
) -> list[Float[np.ndarray, " events"]]:
    """Read-offs of gates with 0, 1 and 2 active inputs from one built layer, n features behind d-dimensional codes.

    On each input a random gate is on and s - 2 further features are active. Every gate with an active input is looked
    at, and `idle` random ones of the others.
    """
    rng = np.random.default_rng(seed)
    gates = gate_list(rng, n, degrees)
    phi = rng.standard_normal((d, n), dtype=np.float32)
    phi /= np.linalg.norm(phi, axis=0)
    layer, read_off = targeted_and(rng, and_gates(gates), sp.csr_array(np.eye(n, dtype=np.float32)), d, gate_size(d, s))
    read_off, strata = read_off.tocsc(), ([], [], [])
    for _ in range(inputs):
        on = gates[rng.integers(n)]
        others = rng.permutation(np.setdiff1d(np.arange(n), on))[: s - 2]
        b = np.zeros(n, np.float32)
        b[on] = b[others] = 1
        reads = phi.T @ (phi @ b)
        a = layer(sp.csr_array(reads[None]))
        active = b[gates].sum(axis=1)
        for j, found in enumerate(strata):
            chosen = np.flatnonzero(active == j)
            chosen = rng.choice(chosen, min(idle, len(chosen)), replace=False) if j == 0 else chosen
            found.append((a @ read_off[:, chosen]).toarray().ravel())
    return [np.concatenate(found) for found in strata]

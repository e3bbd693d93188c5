"""A layer of targeted ANDs built for a list of gates, and its read-offs by stratum."""

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int

from superposed.bad_input import InputError
from superposed.circuits.circuit import and_gates
from superposed.compiler.targeted_and import targeted_and
from superposed.theory.targeted import gate_size, linear_gates

DEGREES = ("regular", "zipf")
LAYOUTS = {"regular": ("regular", False), "zipf": ("zipf", False), "zipf, hub blocks": ("zipf", True)}
"""Degrees of the list, and whether hubs have blocks of neurons of their own."""
STRATA = ("no input active", "one active, beside the gate that is on", "one active, elsewhere", "both active")
"""Gates by their active inputs. Those that share an input with the gate that is on, often a hub, count apart."""


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


def built_errors(
    seed: int, n: int, d: int, s: int, inputs: int, layout: str = "regular", idle: int = 64
) -> dict[str, Float[np.ndarray, " events"]]:
    """Errors of gates by STRATA, from one built layer for n gates on n features behind d-dimensional codes.

    On each input a random gate is on and s - 2 further features are active. Every gate with an active input is looked
    at, and `idle` random ones of the others. Each input has fresh random codes, whose reads are drawn exactly, but for
    idle features' reads, which count as normal. So no code matrix is stored.
    """
    rng = np.random.default_rng(seed)
    degrees, blocks = LAYOUTS[layout]
    gates = gate_list(rng, n, degrees)
    features = sp.eye_array(n, format="csr", dtype=np.float32)
    layer, read_off = targeted_and(rng, and_gates(gates), features, d, gate_size(d, s), blocks)
    read_off, errors = read_off.tocsc(), {stratum: [] for stratum in STRATA}
    for _ in range(inputs):
        on = gates[rng.integers(n)]
        others = rng.permutation(np.setdiff1d(np.arange(n), on))[: s - 2]
        b = np.zeros(n, np.float32)
        b[on] = b[others] = 1
        a = layer(sp.csr_array(fresh_reads(rng, b, d)[None]))
        active, elsewhere = b[gates].sum(axis=1), np.isin(gates, others).any(axis=1)
        none = np.flatnonzero(active == 0)
        looked = (
            rng.choice(none, min(idle, len(none)), replace=False),
            np.flatnonzero((active == 1) & ~elsewhere),
            np.flatnonzero((active == 1) & elsewhere),
            np.flatnonzero(active == 2),
        )
        for stratum, chosen in zip(STRATA, looked, strict=True):
            read = (a @ read_off[:, chosen]).toarray().ravel()
            errors[stratum].append(read - (stratum == "both active"))
    return {stratum: np.concatenate(parts) for stratum, parts in errors.items()}


def most_gates(seed: int, d: int, s: int, inputs: int, layout: str, eps: float) -> tuple[int, int]:
    """Two neighbouring numbers of gates. At the first the rms error of every stratum is below eps, at the second not.

    The numbers tried are 2^(k/4) times the leading order, by bisection. Each one has a layer of its own. A 0 means that
    no number tried is on that side.

    Args:
      seed: of the layers and inputs. d: neurons. s: active features.
      inputs: looked at, for each number of gates.
      layout: a name in LAYOUTS.
    """
    rungs = [round(linear_gates(d, s, eps) * 2 ** (k / 4)) for k in range(-20, 9)]
    low, high = -1, len(rungs)
    while high - low > 1:
        middle = (low + high) // 2
        errors = built_errors(seed, rungs[middle], d, s, inputs, layout)
        none, beside, elsewhere, both = errors.values()
        strata = none, np.concatenate([beside, elsewhere]), both
        good = all(np.sqrt(np.mean(e**2)) < eps for e in strata)
        low, high = (middle, high) if good else (low, middle)
    return (rungs[low] if low >= 0 else 0), (rungs[high] if high < len(rungs) else 0)


def fresh_reads(rng: np.random.Generator, b: Float[np.ndarray, " n"], d: int) -> Float[np.ndarray, " n"]:
    """Reads phi_k.x of x = Phi b for fresh unit codes of d dimensions; those of idle features are N(0, |x|^2/d)."""
    active = np.flatnonzero(b)
    phi = rng.standard_normal((d, len(active)))
    phi /= np.linalg.norm(phi, axis=0)
    x = phi.sum(axis=1)
    reads = rng.standard_normal(len(b), np.float32) * np.float32(np.linalg.norm(x) / np.sqrt(d))
    reads[active] = phi.T @ x
    return reads

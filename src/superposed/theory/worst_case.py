"""The worst error of Theorem 1's network over every input and every pair, drawn at any width.

Only neurons wired to two features or more take part, and their number stays moderate where p is small. So the network
is drawn as those neurons alone: how many have 2, 3, ... features, and which. N_kl is the number of neurons wired to
both k and l, and N_klq of those wired to q too:

    worst error = max over pairs (k, l) of (sum of the s - 1 largest N_klq) / N_kl,      1 where N_kl = 0

The read-off of a pair with one active member is the mean over neurons of K, the number of other active features on the
neuron. K is a sum over features, so the worst input takes the s - 1 features with the largest N_klq. Pairs with both
members active have one such feature fewer. In pairs with none the bias takes one away. So neither errs by more.

Source: Theorem 1 of Hänni et al. 2024; the reduction is derived here.
"""

from math import comb

import numpy as np

from superposed.bad_input import InputError

MOST_NEURONS = 20_000_000
"""Neurons with two features or more that a draw may have."""


def draw_worst_error(rng: np.random.Generator, m: int, s: int, d: float, p: float) -> float:
    """The largest error over all C(m, s) inputs and C(m, 2) pairs of one network of d neurons and density p.

    Args:
      m, s: features, active features, s at least 2.
      d: neurons; may be far beyond what can be stored.
      p: chance that a feature is wired to a neuron.

    Raises:
      InputError: too many neurons would be wired to two features or more.
    """
    degrees = np.arange(2, m + 1)
    chance = np.array([comb(m, j) for j in degrees]) * p**degrees * (1 - p) ** (m - degrees)
    if d * chance.sum() > MOST_NEURONS:
        raise InputError("d", d, f"{d * chance.sum():.2g} neurons would have two features or more; lower p or d")
    counts = (
        rng.poisson(d * chance) if chance.sum() < 1e-3 else rng.multinomial(int(d), [*chance, 1 - chance.sum()])[:-1]
    )
    pairs, triples = np.zeros((m, m)), np.zeros((m, m, m))
    for degree, n in zip(degrees, counts, strict=True):
        for start in range(0, n, 100_000):
            size = min(100_000, n - start)
            wired = np.zeros((size, m), np.float32)
            chosen = np.argpartition(rng.random((size, m)), degree - 1, axis=1)[:, :degree]
            wired[np.arange(size)[:, None], chosen] = 1
            pairs += wired.T @ wired
            if degree > 2:
                triples += np.einsum("nk,nl,nq->klq", wired, wired, wired, optimize=True)
    k, l = np.triu_indices(m, 1)
    shared = triples[k, l]
    shared[np.arange(len(k)), k] = shared[np.arange(len(k)), l] = -1
    worst = np.sort(shared, axis=1)[:, ::-1][:, : s - 1].sum(axis=1) if s > 1 else np.zeros(len(k))
    return float(np.where(pairs[k, l] > 0, worst / np.maximum(pairs[k, l], 1), 1).max())


def tuned_density(d: float, s: int, z: float) -> float:
    """p = (z/2)^(2/3) (s' d)^(-1/3), s' = s - 1: where bias s' p and spread z sqrt(s'/(d p)) add up to the least."""
    return (z / 2) ** (2 / 3) * ((s - 1) * d) ** (-1 / 3)


def paper_floor(m: int) -> float:
    """1/log^4 m: about the worst error at the paper's density as long as any three features share a neuron."""
    return float(np.log(m) ** -4.0)

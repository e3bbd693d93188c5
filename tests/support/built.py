"""Networks built weight by weight with NumPy, as plainly as the theorems state them: oracles for the drawn
distributions."""

import numpy as np


def code(rng, m, d_in):
    """Unit Gaussian code vectors Phi [d_in, m]; the identity for aligned inputs (d_in None)."""
    if d_in is None:
        return np.eye(m)
    phi = rng.standard_normal((d_in, m))
    return phi / np.linalg.norm(phi, axis=0)


def distinct(rng, n, k, shape):
    """k different numbers below n at each place of `shape`, in the last axis [*shape, k]."""
    chosen = np.empty((*shape, k), int)
    for i in range(k):
        number = rng.integers(0, n - i, shape)
        for smaller in np.moveaxis(np.sort(chosen[..., :i]), -1, 0):
            number += number >= smaller  # past the numbers that are taken, in rising order
        chosen[..., i] = number
    return chosen


def events(rng, m, s, n_inputs, n_pairs, fan_in=2):
    """Active sets [n_inputs, s], and for each n_pairs gates of 0, ..., k on inputs [n_inputs, k + 1, n_pairs, k]."""
    order = rng.permuted(np.tile(np.arange(m), (n_inputs, 1)), axis=1)
    places = np.empty((n_inputs, fan_in + 1, n_pairs, fan_in), int)
    for j in range(fan_in + 1):
        places[:, j, :, :j] = distinct(rng, s, j, (n_inputs, n_pairs))
        places[:, j, :, j:] = s + distinct(rng, m - s, fan_in - j, (n_inputs, n_pairs))
    return order[:, :s], np.take_along_axis(order[:, None, None], places, axis=-1)


def errors(seed, m, s, d_in, weigh, read, *, networks, n_inputs, n_pairs, fan_in=2):
    """Errors [networks, k + 1, n_inputs n_pairs] of ReLU(W x + b), by stratum.

    weigh(rng, phi) gives (v [d, m], activations(phi, x [d_in, inputs]) [d, inputs]); read(v, a, k, l, ...) the
    read-offs of gates.
    """
    rng = np.random.default_rng(seed)
    out = np.empty((networks, fan_in + 1, n_inputs * n_pairs))
    for n in range(networks):
        phi = code(rng, m, d_in)
        v, activate = weigh(rng, phi)
        active, gates = events(rng, m, s, n_inputs, n_pairs, fan_in)
        x = phi[:, active].sum(-1)  # [d_in, inputs]
        a = activate(x)
        for j in range(fan_in + 1):
            members = gates[:, j].reshape(-1, fan_in).T
            out[n, j] = read(v, np.repeat(a, n_pairs, axis=1), *members) - (j == fan_in)
    return out


def shared_mean(v, a, *members):
    """Mean of a over the neurons wired to all members; 0 without any."""
    every = np.prod([v[:, l] for l in members], axis=0)
    return (every * a).sum(0) / np.maximum(every.sum(0), 1)


def bernoulli(seed, m, s, d, p, d_in=None, centred=False, **counts):
    """Errors of the Bernoulli U-AND: ReLU(B Phi^T x - (k - 1)), or ReLU((B - p) Phi^T x + p s - 1) when centred."""

    def weigh(rng, phi):
        v = (rng.random((d, m)) < p).astype(np.float32)
        w, b = (v - p, p * s - 1) if centred else (v, 1 - counts.get("fan_in", 2))
        return v, lambda x: np.maximum(w @ (phi.T @ x).astype(np.float32) + b, 0)

    return errors(seed, m, s, d_in, weigh, shared_mean, **counts)

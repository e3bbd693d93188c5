"""Networks built weight by weight with NumPy, as plainly as the theorems state them: oracles for the drawn
distributions."""

import numpy as np


def code(rng, m, d_in):
    """Unit Gaussian code vectors Phi [d_in, m]; the identity for aligned inputs (d_in None)."""
    if d_in is None:
        return np.eye(m)
    phi = rng.standard_normal((d_in, m))
    return phi / np.linalg.norm(phi, axis=0)


def events(rng, m, s, n_inputs, n_pairs):
    """Active sets [n_inputs, s], and for each n_pairs pairs of 0, 1 and 2 active members [n_inputs, 3, n_pairs, 2]."""
    order = rng.permuted(np.tile(np.arange(m), (n_inputs, 1)), axis=1)
    pairs = np.empty((n_inputs, 3, n_pairs, 2), int)
    for i in range(n_inputs):
        for j in range(3):
            for n in range(n_pairs):
                on = rng.choice(s, j, replace=False)
                off = s + rng.choice(m - s, 2 - j, replace=False)
                pairs[i, j, n] = order[i, np.append(on, off)]
    return order[:, :s], pairs


def errors(seed, m, s, d_in, weigh, read, *, networks, n_inputs, n_pairs):
    """Errors [networks, 3, n_inputs n_pairs] of ReLU(W x + b), by stratum.

    weigh(rng, phi) gives (v [d, m], activations(phi, x [d_in, inputs]) [d, inputs]); read(v, a, k, l) the read-offs.
    """
    rng = np.random.default_rng(seed)
    out = np.empty((networks, 3, n_inputs * n_pairs))
    for n in range(networks):
        phi = code(rng, m, d_in)
        v, activate = weigh(rng, phi)
        active, pairs = events(rng, m, s, n_inputs, n_pairs)
        x = phi[:, active].sum(-1)  # [d_in, inputs]
        a = activate(x)
        for j in range(3):
            k, l = pairs[:, j, :, 0].ravel(), pairs[:, j, :, 1].ravel()
            out[n, j] = read(v, np.repeat(a, n_pairs, axis=1), k, l) - (j == 2)
    return out


def shared_mean(v, a, k, l):
    """Mean of a over the neurons wired to both k and l; 0 without any."""
    both = v[:, k] * v[:, l]
    return (both * a).sum(0) / np.maximum(both.sum(0), 1)


def bernoulli(seed, m, s, d, p, d_in=None, centred=False, **counts):
    """Errors of the Bernoulli U-AND: ReLU(B Phi^T x - 1), or ReLU((B - p) Phi^T x + p s - 1) when centred."""

    def weigh(rng, phi):
        v = (rng.random((d, m)) < p).astype(np.float32)
        w, b = (v - p, p * s - 1) if centred else (v, -1)
        return v, lambda x: np.maximum(w @ (phi.T @ x).astype(np.float32) + b, 0)

    return errors(seed, m, s, d_in, weigh, shared_mean, **counts)

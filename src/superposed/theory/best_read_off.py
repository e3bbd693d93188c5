"""The best linear read-off of a random layer when there are far more features than neurons, for two active features.

a = ReLU(W Phi b) with W Gaussian, d_in = d. The best read-off of a pair is r = S^-1 mu / (mu^T S^-1 mu), with
S = E a a^T over inputs and mu the pair's own activation. For m well above d the inputs x = phi_k + phi_l have every
direction alike, so that S is the kernel of a ReLU and contains no code:

    S_ij = |W_i| |W_j| (2/d) (sin t + (pi - t) cos t) / (2 pi),   t the angle between W_i and W_j

So an error needs the codes of three or four features, whatever m is. A pair that shares a feature with the input has
an activation similar to the input's own. Its read-off has the mean .38, which no width lowers.

Source: the kernel is Cho and Saul 2009's of degree 1; the rest is derived for this project.
"""

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve


def draw_best_errors(seed: int, d: int, events: int) -> Float[np.ndarray, "2 events"]:
    """Errors of pairs with none and with one active feature, from one layer of d neurons.

        error = r^T ReLU(W x),   r = S^-1 mu / (mu^T S^-1 mu),   mu = ReLU(W (phi_k + phi_l))

    The number of features does not enter. A pair with both features active has no error, because r reads its own mu
    as 1.

    Args:
      seed: of the layer and the codes.
      d: neurons, and dimensions of the input.
      events: independent draws of the codes.
    """
    rng = np.random.default_rng([seed, d])
    w = rng.standard_normal((d, d))
    factor = cho_factor(relu_kernel(w))
    k, l, other, another = (w @ unit_columns(rng, d, events) for _ in range(4))
    pair = np.maximum(k + l, 0)
    read = cho_solve(factor, pair)
    read /= (pair * read).sum(axis=0)
    return np.stack([(read * np.maximum(x, 0)).sum(axis=0) for x in (other + another, k + other)])


def relu_kernel(w: Float[np.ndarray, "d d_in"]) -> Float[np.ndarray, "d d"]:
    """E ReLU(W x) ReLU(W x)^T over x of every direction alike, with E |x|^2 = 2."""
    norm = np.linalg.norm(w, axis=1)
    cosine = np.clip(w @ w.T / np.outer(norm, norm), -1, 1)
    angle = np.arccos(cosine)
    return np.outer(norm, norm) / w.shape[1] * (np.sin(angle) + (np.pi - angle) * cosine) / np.pi


def unit_columns(rng: np.random.Generator, d: int, n: int) -> Float[np.ndarray, "d n"]:
    """Random unit vectors."""
    x = rng.standard_normal((d, n))
    return x / np.linalg.norm(x, axis=0)

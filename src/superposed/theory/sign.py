"""Normalisation of sign read-offs: c(s) = E[sgn(w1 w2) ReLU(w1 + ... + ws)], exactly s features active.

The read-off of Theorem 3, sum_i sgn(w_ik w_il) a_i / (c d), has mean 1 on a pair whose members are both active.
Noise of variance nu that every neuron receives beside its s weights (features in superposition) enters as

    c(s, nu) = E[sgn(w1 w2) ReLU(w1 + ... + ws + sqrt(nu) N)],   N standard normal.

A problem with s = 1 has no active pair; its constant is that of s = 2.

Source: Hänni et al. 2024, Theorem 3; Busch 2025 for the aligned constants; the closed form for Gaussian weights and the
noisy ones are derived here.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

Scalar = float | int | Float[Array, ""] | Int[Array, ""]


_HALF_CENTRAL = np.cumprod([0.5] + [n / (n + 1) if n % 2 else 1.0 for n in range(1, 4096)])
"""C(n, floor(n/2)) / 2^(n+1) for n = 0, 1, ...: halves at odd n by the factor that follows."""


def relu_mean(mu: Scalar, sigma: Scalar) -> Float[Array, ""]:
    """H(mu) = E ReLU(mu + sigma N) = mu Q(-mu/sigma) + sigma phi(mu/sigma), for sigma > 0."""
    z = mu / sigma
    return mu * jax.scipy.stats.norm.cdf(z) + sigma * jax.scipy.stats.norm.pdf(z)


def rademacher_constant(s: Scalar) -> Float[Array, ""]:
    """c(s) for weights +-1: C(n, floor(n/2)) / 2^(n+1) with n = s - 2, exact to float32 rounding.

    1/2, 1/4, 1/4, 3/16, 3/16, 5/32 for s = 2, 3, 4, 5, 6, 8. Derivation: averaging over w1, w2 turns ReLU into a
    tent of half-width 2. So c = E max(0, 2 - |Z|)/4, where Z is the sum of the other n signs. Only Z = 0 and +-1 count.
    """
    n = jnp.maximum(jnp.asarray(s), 2) - 2
    stirling = (1 - 1 / (4 * jnp.maximum(n, 1))) / jnp.sqrt(2 * jnp.pi * jnp.maximum(n, 1))
    return jnp.where(n < len(_HALF_CENTRAL), jnp.asarray(_HALF_CENTRAL, jnp.float32)[n], stirling)


def noisy_rademacher_constant(s: Scalar, nu: Scalar) -> Float[Array, ""]:
    """c(s, nu) for weights +-1 behind a noise of variance nu > 0:

        c = (H(2) - 2 H(0) + H(-2)) / 4,   H(mu) = E ReLU(mu + sigma N),   sigma^2 = s - 2 + nu

    The other s - 2 signs are counted as normal. At s = 3, nu = 3 this is 1.6% above the exact mean over the signs, so
    that an active pair reads .984 there; the difference vanishes with growing nu.
    """
    sigma = jnp.sqrt(jnp.maximum(jnp.asarray(s, jnp.float32), 2) - 2 + nu)
    return (relu_mean(2.0, sigma) - 2 * relu_mean(0.0, sigma) + relu_mean(-2.0, sigma)) / 4


def gaussian_constant(s: Scalar, nu: Scalar = 0.0) -> Float[Array, ""]:
    """c(s, nu) for standard normal weights, with u = s + nu in place of s:

        c(u) = (2/pi)^{1/2} / pi [2 arccot sqrt(u - 2) - sqrt(u) arcsin(1/(u - 1))]

    which is .233695, .168613, .140013, .110243 at u = 2, 3, 4, 6. Derivation: let S = w1 + w2 + Z with Var Z = u - 2.
    Then c = E[sgn(w1 w2) |S|]/2 and dc/du = E[sgn(w1 w2) delta(S)]/2. The latter is an orthant probability of two
    normals with correlation -1/(u - 1). Integrate from u to infinity, where c = 0.
    """
    u = jnp.maximum(s, 2) + jnp.asarray(nu, jnp.float32)
    bracket = 2 * jnp.arctan2(1.0, jnp.sqrt(u - 2)) - jnp.sqrt(u) * jnp.arcsin(1 / (u - 1))
    return jnp.sqrt(2 / jnp.pi) / jnp.pi * bracket

"""Moments of ReLU(mean + std N) for a standard normal N: what closed forms and drawn distributions have in common."""

import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Int

Scalar = float | int | Float[Array, ""] | Int[Array, ""]
"""A plain number, concrete or traced. Beyond 2^31 pass a float: an int would overflow on its way into a program."""


def as_float(number: Scalar) -> Float[Array, ""]:
    """The number in float32, which holds m = 10^12 (with a relative error of 6e-8) where int32 ends at 2 10^9."""
    return jnp.asarray(number, jnp.float32)


def relu_moments(
    mean: Float[Array, "*shape"], std: Float[Array, "*#shape"]
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"], Float[Array, "*shape"]]:
    """E h, E h^2 and E h^3 of h = ReLU(mean + std N), with N standard normal, Phi and phi its distribution and density.

        E h   = mean Phi(t) + std phi(t),                                    t = mean / std
        E h^2 = (mean^2 + std^2) Phi(t) + mean std phi(t)
        E h^3 = (mean^3 + 3 mean std^2) Phi(t) + (mean^2 std + 2 std^3) phi(t)

    Exact. A standard deviation of 0 gives the powers of ReLU(mean).
    """
    std = jnp.maximum(std, 1e-6)  # keeps t finite; the moments move by less than 1e-6
    below, density = norm.cdf(mean / std), norm.pdf(mean / std)
    return (
        mean * below + std * density,
        (mean**2 + std**2) * below + mean * std * density,
        (mean**3 + 3 * mean * std**2) * below + (mean**2 * std + 2 * std**3) * density,
    )

"""The log likelihood of interval-censored normal responses, with first and second derivatives."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr

LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)
NARROW = (
    1e-5  # intervals below this many sigmas count as a density times their width: a difference of Phi's would cancel
)


class Terms(NamedTuple):
    """Per row: the log likelihood l and its derivatives in the mean mu and in t = log sigma."""

    value: Float[np.ndarray, "b n"]
    mu: Float[np.ndarray, "b n"]
    t: Float[np.ndarray, "b n"]
    mu_mu: Float[np.ndarray, "b n"]
    mu_t: Float[np.ndarray, "b n"]
    t_t: Float[np.ndarray, "b n"]


def log_interval(a: Float[np.ndarray, "b n"], b: Float[np.ndarray, "b n"]) -> Float[np.ndarray, "b n"]:
    """log(Phi(b) - Phi(a)) for a < b, accurate in either tail.

    In the upper tail the interval is mirrored to (-b, -a); then log Phi(b) + log(1 - Phi(a)/Phi(b)) does not cancel.
    """
    mirror = a > 0
    lower, upper = np.where(mirror, -b, a), np.where(mirror, -a, b)
    top = log_ndtr(upper)
    with np.errstate(divide="ignore"):
        return top + np.log(-np.expm1(log_ndtr(lower) - top))


def row_terms(
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
    mu: Float[np.ndarray, "b n"],
    log_sigma: Float[np.ndarray, "b n"],
) -> Terms:
    """l_i = log[Phi((high_i - mu_i)/sigma_i) - Phi((low_i - mu_i)/sigma_i)], or the log density where low_i = high_i.

    With a, b the standardised ends and D_k = [b^(k-1) phi(b) - a^(k-1) phi(a)] / [Phi(b) - Phi(a)]:

        l_mu = -D1/sigma,   l_t = -D2,   l_mumu = -(D2 + D1^2)/sigma^2,
        l_mut = (D1 - D3 - D1 D2)/sigma,   l_tt = D2 - D4 - D2^2        (an open end contributes nothing)
    """
    sigma = np.exp(log_sigma)
    a, b = (low - mu) / sigma, (high - mu) / sigma
    width = high - low
    point = width < NARROW * sigma
    value = log_interval(a, np.where(point, a + 1, b))
    log_p = np.where(point, 0.0, value)
    d1, d2, d3, d4 = (upper - lower for lower, upper in zip(_moments(a, log_p), _moments(b, log_p), strict=True))
    z = np.where(point, (np.where(point, a, 0) + np.where(point, b, 0)) / 2, 0.0)
    log_width = np.log(np.where(width > 0, width, 1.0))
    return Terms(
        np.where(point, -0.5 * z**2 - LOG_SQRT_2PI - log_sigma + log_width, value),
        np.where(point, z, -d1) / sigma,
        np.where(point, z**2 - 1, -d2),
        np.where(point, -1.0, -d2 - d1**2) / sigma**2,
        np.where(point, -2 * z, d1 - d3 - d1 * d2) / sigma,
        np.where(point, -2 * z**2, d2 - d4 - d2**2),
    )


def _moments(z: Float[np.ndarray, "b n"], log_p: Float[np.ndarray, "b n"]) -> tuple[np.ndarray, ...]:
    """z^k phi(z)/P for k = 0..3; 0 at an open end."""
    finite = np.where(np.isinf(z), 0.0, z)
    f = np.where(np.isinf(z), 0.0, np.exp(np.minimum(-0.5 * finite**2 - LOG_SQRT_2PI - log_p, 300.0)))
    return f, finite * f, finite**2 * f, finite**3 * f

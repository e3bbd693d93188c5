"""Threshold reads of every AND straight from the stored vector, without a hidden layer.

    u = sum of e_i over the k active features,   e_i ~ N(0, I/d),   AND(i, j) is read as 1 when <e_i + e_j, u> > theta

The reads <e_i, u> have an exact reduced form. With H = |u|^2 / k, a chi-square variable of d degrees of freedom over d,

    active features     H + sigma (Z_i - mean Z),   Z_1 ... Z_k standard normal
    inactive features   sigma W_j,                  W_1 ... W_{m-k} standard normal,    sigma = sqrt(k H / d)

because, given u, the part of an active e_i along u is u/k plus fluctuations that sum to zero. So all C(m, 2) reads are
judged by a few order statistics: the two smallest and the largest active read, the two largest inactive ones. m may be
10^24.

Source: Li et al. 2026, "The Ball and the Box", for the reduced form and the two widths.
The quadratures are derived here.
"""

from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float

from superposed.bad_input import InputError

NODES = 48
"""Points of the average over H."""


class Width(NamedTuple):
    """A dimension of the stored vector, and the threshold theta that goes with it."""

    d: float
    threshold: float


def tail_levels(m: float, k: int) -> tuple[float, float]:
    """(lambda_1, lambda_0): the levels that one of k active, and one of m - k inactive, standard normals exceeds.

    lambda_1 = Q^-1(1/k),   lambda_0 = Q^-1(1/(m - k)),   Q the normal tail

    Raises:
      InputError: fewer than two active features, or fewer than two inactive ones.
    """
    if k < 2:
        raise InputError("k", k, "an AND needs two active features; use 2 or more")
    if m - k < 2:
        raise InputError("m", m, f"two features beside the k = {k} active ones must be inactive; use {k + 2} or more")
    return float(scipy.stats.norm.isf(1 / k)), float(scipy.stats.norm.isf(1 / (m - k)))


def optimal_width(m: float, k: int) -> Width:
    """The width at which typical draws begin to read every AND rightly, with the threshold chosen for it.

        d = k (3 lambda_1 + lambda_0)^2,   theta = 3/2 + sqrt(k/d) (lambda_0 - lambda_1) / 2

    The smallest sum of two active reads is near 2 - 2 sigma lambda_1. The largest sum of an active and an inactive
    read is near 1 + sigma (lambda_1 + lambda_0). They meet at this d, and theta lies in the middle between them.
    """
    active, inactive = tail_levels(m, k)
    d = k * (3 * active + inactive) ** 2
    return Width(d, 1.5 + np.sqrt(k / d) * (inactive - active) / 2)


def midpoint_width(m: float, k: int) -> Width:
    """The same width for the fixed threshold 3/2:  d = 4 k (lambda_1 + lambda_0)^2."""
    active, inactive = tail_levels(m, k)
    return Width(4 * k * (active + inactive) ** 2, 1.5)


def few_errors_width(m: float, k: int) -> Width:
    """The width at which about one wrong AND is expected, with the threshold chosen for it.

        d = 2 k (sqrt 2 l1 + sqrt(l1^2 + l0^2))^2,   theta = 1 + sqrt(l1^2 + l0^2)/(sqrt 2 l1 + sqrt(l1^2 + l0^2)),

        l1 = sqrt(2 ln k),   l0 = sqrt(2 ln(m - k))

    A read has variance 2 sigma^2, sigma^2 = k/d. There are k^2/2 pairs with both features active, whose reads must not
    fall 2 sigma l1 below 2, and k (m - k) with one, whose reads must not rise sqrt 2 sigma sqrt(l1^2 + l0^2) above 1.

    Raises:
      InputError: as `tail_levels`.

    Source: derived for this project (docs/theory.md, section 9).
    """
    active, single = _levels_of_counts(m, k)
    both = np.sqrt(2) * active
    return Width(2 * k * (both + single) ** 2, 1 + single / (both + single))


def few_errors_midpoint_width(m: float, k: int) -> Width:
    """The same width for the fixed threshold 3/2:  d = 8 k (l1^2 + l0^2). Raises as `few_errors_width`."""
    _, single = _levels_of_counts(m, k)
    return Width(8 * k * single**2, 1.5)


def _levels_of_counts(m: float, k: int) -> tuple[float, float]:
    """l1 = sqrt(2 ln k), and sqrt(l1^2 + l0^2) with l0 = sqrt(2 ln(m - k))."""
    tail_levels(m, k)
    return np.sqrt(2 * np.log(k)), np.sqrt(2 * np.log(k) + 2 * np.log(m - k))


def width_of_count(m: float, k: int, threshold: float) -> float:
    """The width at which `expected_errors`, a quadrature, gives one wrong AND at a threshold."""
    excess = lambda log_d: np.log(max(expected_errors(m, k, np.exp(log_d), threshold).sum(), 1e-300))
    return float(np.exp(scipy.optimize.brentq(excess, np.log(k), np.log(few_errors_midpoint_width(m, k).d) + 6)))


def draw_margins(
    rng: np.random.Generator, m: float, k: int, d: float, threshold: float, n: int
) -> Float[np.ndarray, "n 3"]:
    """How far the worst pair of each stratum stays on the right side of the threshold, for n fresh dictionaries.

    Columns: pairs with none, one and both features active; a negative margin is at least one wrong AND. Exact.

    Args:
      m, k, d: features, active features, dimension; m may be far beyond what can be stored.
      n: draws.
    """
    tail_levels(m, k)
    h = rng.chisquare(d, n) / d
    sigma = np.sqrt(k * h / d)
    z = rng.standard_normal((n, k))
    z -= z.mean(1, keepdims=True)
    z.sort(1)
    # The two largest of N = m - k uniforms, as logarithms. The second is the largest of N - 1 below the first.
    log_first = np.log(rng.random(n)) / (m - k)
    log_second = log_first + np.log(rng.random(n)) / (m - k - 1)
    first, second = (scipy.stats.norm.isf(-np.expm1(log)) for log in (log_first, log_second))
    none = sigma * (first + second)
    single = h + sigma * (z[:, -1] + first)
    both = 2 * h + sigma * (z[:, 0] + z[:, 1])
    return np.stack([threshold - none, threshold - single, both - threshold], 1)


def expected_errors(m: float, k: int, d: float, threshold: float) -> Float[np.ndarray, "3"]:
    """Expected number of wrong ANDs among pairs with none, one and both features active.

    A pair's read is normal given H: its mean is 0, H, 2H and its variance sigma^2 times 2, 2 - 1/k, 2 - 4/k.
    """
    h, weight = _average_over_h(d)
    sigma = np.sqrt(k * h / d)
    pairs = np.array([(m - k) * (m - k - 1) / 2, k * (m - k), k * (k - 1) / 2])
    spread = np.sqrt([2.0, 2 - 1 / k, max(2 - 4 / k, 0)])[:, None] * sigma
    excess = np.array([threshold - 0 * h, threshold - h, 2 * h - threshold])
    with np.errstate(divide="ignore"):
        return pairs * (scipy.stats.norm.sf(excess / spread) @ weight)


def chance_of_no_error(m: float, k: int, d: float, threshold: float) -> float:
    """The chance that every one of the C(m, 2) ANDs is read rightly.

    An average over H of the product of three chances, one a stratum, that its worst pair stays on its side: the two
    smallest active reads, the largest active with the largest inactive read, the two largest inactive reads.
    Approximate in one step: fluctuations Z_i - mean Z, of variance 1 - 1/k, count as independent. Against the exact
    sampler (`draw_margins`) the chance is off by at most .03 from k = 32 on.
    """
    h, weight = _average_over_h(d)
    sigma, scale = np.sqrt(k * h / d), np.sqrt(1 - 1 / k)
    both = _two_largest_below((2 * h - threshold) / (sigma * scale), k)
    none = _two_largest_below(threshold / sigma, m - k)
    x = _levels(k)
    fits = np.exp((m - k) * scipy.stats.norm.logcdf(((threshold - h) / sigma)[:, None] - scale * x))
    each = scipy.integrate.trapezoid(_density_of_largest(x, k) * fits, x)
    return float(np.clip(both * each * none, 0, 1) @ weight)


def _two_largest_below(total: Float[np.ndarray, " h"], n: float) -> Float[np.ndarray, " h"]:
    """P(the two largest of n standard normals sum to at most `total`).

    The largest is x, and the others stay below both x and total - x.
    """
    x = _levels(n)
    second = np.minimum(x, total[:, None] - x)
    density = np.exp(np.log(n) + scipy.stats.norm.logpdf(x) + (n - 1) * scipy.stats.norm.logcdf(second))
    return np.clip(scipy.integrate.trapezoid(density, x), 0, 1)


def _density_of_largest(x: Float[np.ndarray, " n"], n: float) -> Float[np.ndarray, " n"]:
    return np.exp(np.log(n) + scipy.stats.norm.logpdf(x) + (n - 1) * scipy.stats.norm.logcdf(x))


def _levels(n: float) -> Float[np.ndarray, " n"]:
    """A grid over all levels that the largest of n standard normals may have."""
    centre = float(scipy.stats.norm.isf(1 / n))
    return np.linspace(centre - 5, centre + 10, 3001)


def _average_over_h(d: float) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Points and weights of an average over H ~ chi^2_d / d: Gauss-Hermite in Wilson and Hilferty's normal variable."""
    x, weight = np.polynomial.hermite_e.hermegauss(NODES)
    return (1 - 2 / (9 * d) + x * np.sqrt(2 / (9 * d))).clip(1e-6) ** 3, weight / weight.sum()

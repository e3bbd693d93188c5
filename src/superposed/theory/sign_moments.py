"""Closed forms of the sign read-offs: variances, the chance that every pair passes, and quadratic activations.

Read-off of (k, l): sum_i sgn(w_ik w_il) ReLU(gamma_i) / (d c), zero bias, exactly s features active. j is the number of
active pair members. All functions are of plain numbers, host side, in float64.
"""

from math import asin, comb, exp, pi, sqrt

import scipy
from scipy.optimize import brentq

Number = int | float


def aligned_variance(s: int, c: Number, active: int, noise: Number = 0.0) -> float:
    """Variance of the read-off times d: (s + noise) / (2 c^2) - [active = 2].

    Exact for aligned inputs (noise = 0), whatever the symmetric weights of variance 1: the sign squares to 1, so the
    second moment of a neuron's term is E ReLU(gamma)^2 = E gamma^2 / 2 = s / 2, and the mean is 0 or c. Rademacher
    weights: 4 at s = 2 and 24 at s = 3. With noise = m s / d_in and its c, the variance of pairs without an active
    member behind random code vectors, W = V Phi^T.
    """
    return (s + noise) / (2 * c**2) - (active == 2)


def superposed_rademacher_variance(m: Number, s: int, d: Number, d_in: Number, c: Number, active: int) -> float:
    """Variance of the read-off for W = V Phi^T, V_ik = +-1: a neuron's own, and the pair's cross-talk common to all.

        (s + nu)/(2 c^2 d) - [active = 2]/d + common,    nu = (m - s) s / d_in
        common = 0,   (s / d_in) (A'(1) / (2c))^2,   (2s / d_in) (A'(2) / (4c))^2        for active = 0, 1, 2

    A(t) = E |t + R| with R normal of variance s - active + nu. First order in the cross-talk, other features counted as
    normal: within about 2% for m s / d_in of order 1 and above.
    """
    nu = max(m - s, 0) * s / d_in
    aligned = aligned_variance(s, c, active, nu) / d
    slope = 2 * scipy.stats.norm.cdf(max(active, 1) / sqrt(s - active + nu)) - 1 if s - active + nu > 0 else 1.0
    if active == 0:
        return aligned
    return aligned + (s / d_in * (slope / (2 * c)) ** 2 if active == 1 else 2 * s / d_in * (slope / (4 * c)) ** 2)


def superposed_gaussian_variance(m: Number, s: int, d: Number, d_in: Number, c: Number, active: int) -> float:
    """As `superposed_rademacher_variance` for V_ik standard normal and a read-off by sgn(v_ik v_il):

        common = 0,   (s / d_in) (mu_l(1, 0) / c)^2,   (2s / d_in) (mu_k(1, 1) / c)^2       for active = 0, 1, 2

    mu(r_k, r_l) is `theory.sign_drawn.mean_signed_relu` of independent v_ik, v_il and a pre-activation of variance
    s - active + nu + r_k^2 + r_l^2. A subscript is a derivative: mu_l is d mu/d r_l.
    """
    nu, h = max(m - s, 0) * s / d_in, 1e-4
    mu = lambda k, l: _mean_signed_relu(k, l, 0.0, s - active + nu + k**2 + l**2)
    neurons = aligned_variance(s, c, active, nu) / d
    if active == 0:
        return neurons
    if active == 1:
        return neurons + s / d_in * ((mu(1, h) - mu(1, -h)) / (2 * h * c)) ** 2
    return neurons + 2 * s / d_in * ((mu(1 + h, 1) - mu(1 - h, 1)) / (2 * h * c)) ** 2


def superposed_sign_width(m: Number, s: int, eps: Number) -> float:
    """Width at which the 99% quantile of |error| of W = V Phi^T with d_in = d and a sign read-off is eps, for large m:

        d = (sqrt(pi) z m s / eps)^(2/3),    z = Phi^-1(.995)

    Derivation: cross-talk of variance nu = m s / d, well above s, hides the signal, so that c = phi(0) / sqrt(nu). The
    read-off spreads by sqrt(nu/2) / (c sqrt(d)) = sqrt(pi) nu / sqrt(d). So unbiased read-offs need m^(2/3) as well,
    with s^(2/3) and eps^(-2/3). At s = 2, eps = 1/2 this is 6.93 m^(2/3), as drawn. Smaller m, where nu is not large,
    need more. The width holds for Rademacher weights, and for the centred read-off of the Bernoulli construction.
    """
    return (sqrt(pi) * scipy.stats.norm.isf(0.005) * m * s / eps) ** (2 / 3)


def random_init_variance(s: int, d: Number, d_in: Number, c: Number, active: int) -> float:
    """Variance of the read-off of a Gaussian W on superposed inputs (Theorem 14), free of m:

        (s/(2 c^2) - [active = 2]) / d + sum_{a < b} (d mu / d rho_ab)^2 / (c^2 d_in)

    mu is `theory.sign_drawn.mean_signed_relu` and rho_ab the independent cross-talks, of variance 1/d_in, of the
    codes of the s active features and the pair. First order in the cross-talk. At s = 4, d_in = d it makes sd
    sqrt(d)/s = 2.68 for pairs without and 2.76 for pairs with one active member, where aligned inputs have 2.53.
    """
    h = 1e-4

    def mu(rho: float, to_k: float, to_l: float, between: float) -> float:
        """mu with rho between the pair, and sums of cross-talks: k with others, l with others, among others."""
        on_k, on_l = active >= 1, active == 2
        cov_k = on_k + rho * on_l + to_k
        cov_l = on_l + rho * on_k + to_l
        variance = s + 2 * (rho * (active == 2) + to_k * on_k + to_l * on_l + between)
        return _mean_signed_relu(cov_k, cov_l, rho, float(variance))

    n = s - active
    counts = (1, n, n, comb(n, 2))
    total = 0.0
    for i, count in enumerate(counts):
        step = [h * (i == j) for j in range(4)]
        slope = (mu(*step) - mu(*(-x for x in step))) / (2 * h)
        total += count * slope**2
    return aligned_variance(s, c, active) / d + total / (c**2 * d_in)


def random_init_width(s: int, eps: Number, c: Number) -> float:
    """Width of a random layer, on superposed inputs of as many dimensions, at which the 99% quantile of |error| is eps
    in the worst stratum. Errors are taken as normal with the variance above, so the width is free of m.
    """
    variance_times_width = max(random_init_variance(s, 1, 1, c, active) for active in range(3))
    return variance_times_width * (scipy.stats.norm.isf(0.005) / eps) ** 2


def _mean_signed_relu(cov_ag: float, cov_bg: float, cov_ab: float, variance: float) -> float:
    """`theory.sign_drawn.mean_signed_relu` in float64, for derivatives."""
    rest_a, rest_b, rest_ab = variance - cov_ag**2, variance - cov_bg**2, 1 - cov_ab**2

    def angle(top: float, squared_bottom: float) -> float:
        return asin(min(max(top / sqrt(max(squared_bottom, 1e-300)), -1.0), 1.0))

    return (
        (2 / pi) ** 1.5
        / 2
        * (
            cov_ag * angle(cov_bg - cov_ag * cov_ab, rest_ab * rest_a)
            + cov_bg * angle(cov_ag - cov_bg * cov_ab, rest_ab * rest_b)
            + sqrt(variance) * angle(cov_ab * variance - cov_ag * cov_bg, rest_a * rest_b)
        )
    )


def chance_all_pairs_pass(m: int, s: int, d: Number, eps: Number, variance: Number, n_inputs: int = 1) -> float:
    """The chance that every pair errs by less than eps, on each of n_inputs aligned inputs of one network.

        P = exp(-B [(C(m,2) - C(s,2)) 2 Q(eps sqrt(d/v)) + C(s,2) 2 Q(eps sqrt(d/(v - 1)))])

    v = variance is that of an inactive pair times d (`aligned_variance`), Q the normal tail. Errors are counted as
    normal (d well above v) and as rare and independent (Poisson): an upper union bound would be 1 minus the exponent.
    """
    active = comb(s, 2)
    failures = (comb(m, 2) - active) * 2 * scipy.stats.norm.sf(eps * sqrt(d / variance))
    if active:
        failures += active * 2 * scipy.stats.norm.sf(eps * sqrt(d / (variance - 1)))
    return exp(-n_inputs * failures)


def half_pass_width(m: int, s: int, eps: Number, variance: Number, n_inputs: int = 1) -> float:
    """The width at which `chance_all_pairs_pass` is one half: 1477 at m = 32 and 1733 at m = 64 (s = 3, eps = 1/2,
    16 inputs).

    It grows as variance/eps^2 times the logarithm of the number of pairs looked at: no power of m.
    """
    return float(
        brentq(
            lambda d: chance_all_pairs_pass(m, s, d, eps, variance, n_inputs) - 0.5, variance, variance / eps**2 * 1e3
        )
    )


def quadratic_variance(s: int, active: int) -> float:
    """Variance times d of sum_i w_ik w_il gamma_i^2 / (2 d), Rademacher weights, s - 2 active features beside the pair.

        n^2/4 + C(n, 2) - [active = 2],    n = s - 2 + active features active in all

    Exact: gamma^2 = n + 2 sum_{a<b} w_a w_b, and times w_k w_l / 2 its terms are distinct characters, uncorrelated
    and of coefficients n/2 and 1; that of the pair itself is the mean, 1. (none, one, both): 0, 1/4, 1 at s = 2;
    1/4, 2, 17/4 at 3.
    """
    n = s - 2 + active
    return n**2 / 4 + comb(n, 2) - (active == 2)

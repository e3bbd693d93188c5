"""Closed forms of the Bernoulli universal AND: errors by stratum, the tuned density, and the width they predict.

In the construction (Hänni et al. 2024, arXiv 2408.05451, Theorems 1 and 2) neuron i is wired to feature k with
probability p, and has bias -1. The AND of k and l is read as the mean over Gamma(kl), the neurons wired to both. On
m features of which s are active, with code vectors of dimension d_in, a neuron of Gamma(kl) sees

    h = j - 1 + K + C + Z

Here j is the number of active pair members (the stratum), and K ~ Bin(s - j, p) counts other active features wired by
chance. C is the cross-talk common to all of Gamma(kl), and Z the neuron's own:

    Var C = p^2 (m - s) s / d_in + own_j / d_in,   own_j = 2s, 2s - 1, 2s      (j = 0, 1, 2)
    Var Z = p (1 - p) (m - s) s / d_in

The first part of C is the common mode p sum_k phi_k.x; the second is the pair's own cross-talk. Aligned inputs have
C = Z = 0. Derived for this project; `theory.bernoulli_drawn` has the exact distribution behind these approximations.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtri
from jaxtyping import Array, Bool, Float, Int

from superposed.theory.relu import Scalar, as_float, relu_moments

GRID = 33  # densities compared at once by `best_density`
N_WIRED = 17  # numbers of other active features on a neuron that are told apart
REACH = 5.0  # standard deviations of such a number that count


class Cumulants(NamedTuple):
    """Mean, variance and third cumulant of an error."""

    mean: Float[Array, ""]
    variance: Float[Array, ""]
    third: Float[Array, ""]


def error_cumulants(
    m: Scalar,
    s: Scalar,
    d: Scalar,
    p: Scalar,
    d_in: Scalar | None = None,
    *,
    active: int | Int[Array, ""],
    centred: bool | Bool[Array, ""] = False,
    fan_in: int | Int[Array, ""] = 2,
) -> Cumulants:
    """Mean, variance and third cumulant of read-off - truth, for gates with `active` of their k inputs active.

    The read-off is the mean of ReLU(h) over L ~ Bin(d, p^k) neurons that are independent given C. With kappa_r(C) the
    cumulants of one neuron's ReLU(h) given C (exact for a normal Z, by `relu_moments` and `wired_distribution`),

        mean     = E kappa_1(C) - [active = k]
        variance = Var kappa_1(C) + E kappa_2(C) E 1/L + [active = k] (1 - p^k)^d
        third    = E (kappa_1(C) - E kappa_1)^3 + 3 Cov(kappa_1(C), kappa_2(C)) E 1/L + E kappa_3(C) E 1/L^2

    The last term of the variance is the chance that Gamma is empty. Approximate: Z normal (good from p m of some
    tens on), E over C by three Gauss-Hermite nodes, 1/L expanded to second order in 1/(d p^k).

    Args:
      m, s, d: features, active features, neurons.
      p: density, in (0, 1].
      d_in: dimension of the code vectors; None for aligned inputs.
      active: 0, ..., k (at most s).
      fan_in: k, inputs of a gate.
      centred: for W = (B - p) Phi^T with bias p s - 1, which has no common mode: Var C = (1 - p)^2 own_j / d_in.
    """
    m, s, d, p = map(as_float, (m, s, d, p))
    per_d_in = jnp.float32(0) if d_in is None else 1 / as_float(d_in)
    inactive = jnp.maximum(m - s, 0)
    active_part = fan_in * s + active * (active - 2)
    shared_by_all = jnp.where(centred, (1 - p) ** 2 * active_part, p**2 * inactive * s + active_part)
    std = jnp.sqrt(p * (1 - p) * inactive * s * per_d_in)
    wired = wired_distribution(s - active, p)
    return mean_of_relus(active, wired, jnp.sqrt(shared_by_all * per_d_in), std, d * p**fan_in, fan_in)


def mean_of_relus(
    active: int | Int[Array, ""],
    wired: tuple[Float[Array, " k"], Float[Array, " k"]],
    common: Float[Array, ""],
    std: Float[Array, ""],
    shared: Float[Array, ""],
    fan_in: int | Int[Array, ""] = 2,
) -> Cumulants:
    """Cumulants of the mean of L neurons' ReLU(active - (k - 1) + K + C + Z), less the truth: see `error_cumulants`.

    Args:
      wired: values of K and their chances.
      common, std: standard deviations of C, which the neurons share, and of Z, which they do not.
      shared: E L, of a binomial L.
    """
    nodes = common * jnp.sqrt(3.0) * jnp.array([-1.0, 0.0, 1.0])
    weight = jnp.array([1 / 6, 2 / 3, 1 / 6])
    values, chance = wired
    first, second, third = (
        moment @ chance for moment in relu_moments(active - (fan_in - 1) + values + nodes[:, None], std)
    )
    kappa_2 = jnp.maximum(second - first**2, 0)  # which cancellation may make negative where hardly anything varies
    kappa_3 = third - 3 * second * first + 2 * first**3
    mean = weight @ first
    per_l, per_l2 = (1 + 1 / shared) / shared, (1 + 3 / shared) / shared**2
    empty = jnp.where(active == fan_in, jnp.exp(-shared), 0.0)
    return Cumulants(
        mean=mean - (active == fan_in),
        variance=weight @ (first - mean) ** 2 + weight @ kappa_2 * per_l + empty,
        third=weight @ (first - mean) ** 3
        + 3 * weight @ ((first - mean) * kappa_2) * per_l
        + weight @ kappa_3 * per_l2,
    )


def wired_distribution(n: Float[Array, ""], p: Float[Array, ""]) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """Values of K ~ Bin(n, p) and their chances, so that sum_i chance_i f(value_i) is E f(K), N_WIRED of each.

    Exact, 0 ... 16, where nearly all of K lies there (n p + 5 sd <= 16, or n <= 16). Beyond, K = n p + sd z on even
    steps of z in [-5, 5], with the density of a normal variable and its first correction for skewness. The mean is then
    right to 0.1%, the variance to 1% and the third cumulant to 6%. Hardly any K is then near the kink of the ReLU.
    """
    k = jnp.arange(float(N_WIRED))
    log_choose = jnp.cumsum(jnp.log(jnp.where(k > 0, jnp.maximum(n - k + 1, 1e-30) / jnp.maximum(k, 1), 1)))
    exact = jnp.where(
        k <= n, jnp.exp(log_choose + k * jnp.log(p) + jnp.maximum(n - k, 0) * jnp.log(jnp.maximum(1 - p, 1e-30))), 0
    )
    sd = jnp.sqrt(jnp.maximum(n * p * (1 - p), 1e-12))
    z = jnp.linspace(-REACH, REACH, N_WIRED)
    smooth = jnp.maximum(jnp.exp(-(z**2) / 2) * (1 + (1 - 2 * p) / (6 * sd) * (z**3 - 3 * z)), 0)
    fits = (n * p + REACH * sd <= N_WIRED - 1) | (n <= N_WIRED - 1)
    chance = jnp.where(fits, exact, smooth)
    return jnp.where(fits, k, jnp.clip(n * p + sd * z, 0, n)), chance / chance.sum()


def error_quantile(
    m: Scalar,
    s: Scalar,
    d: Scalar,
    p: Scalar,
    d_in: Scalar | None = None,
    *,
    active: int | Int[Array, ""],
    tail: Scalar = 0.01,
    centred: bool | Bool[Array, ""] = False,
    fan_in: int | Int[Array, ""] = 2,
) -> Float[Array, ""]:
    """The error that a fraction `tail` of all exceed, from its first three cumulants (Cornish-Fisher expansion).

        mean + z sd + (z^2 - 1)/6 third / variance,     z the normal quantile at 1 - tail

    The errors of this construction are positive or skewed upwards, so this stands for the quantile of their absolute
    value too. Arguments as in `error_cumulants`.
    """
    mean, variance, third = error_cumulants(m, s, d, p, d_in, active=active, centred=centred, fan_in=fan_in)
    z = -ndtri(as_float(tail))
    least = 1e-7 * (1 + mean) ** 2  # below this variance the third cumulant is rounding error
    return mean + z * jnp.sqrt(variance) + (z**2 - 1) / 6 * third / jnp.maximum(variance, least)


def worst_quantile(
    m: Scalar,
    s: Scalar,
    d: Scalar,
    p: Scalar,
    d_in: Scalar | None = None,
    tail: Scalar = 0.01,
    centred: bool | Bool[Array, ""] = False,
    fan_in: int | Int[Array, ""] = 2,
) -> Float[Array, ""]:
    """The larger of the error quantiles of gates with all inputs active but one, and with all."""
    of = lambda j: error_quantile(m, s, d, p, d_in, active=j, tail=tail, centred=centred, fan_in=fan_in)
    but_one, every = jax.vmap(of)(jnp.array([fan_in - 1, fan_in]))
    return jnp.where(as_float(s) < fan_in, but_one, jnp.maximum(but_one, every))


def best_density(
    m: Scalar,
    s: Scalar,
    d: Scalar,
    d_in: Scalar | None = None,
    tail: Scalar = 0.01,
    centred: bool | Bool[Array, ""] = False,
    fan_in: int | Int[Array, ""] = 2,
) -> Float[Array, ""]:
    """The tuned density: the p that minimises the predicted error quantile of the worst stratum (`worst_quantile`).

    p trades bystanders wired by chance (s p) and cross-talk (p^(1/2)) against the number of neurons d p^k that a
    read-off averages. Searched on a logarithmic grid from p = d^(-1/k), one expected neuron in Gamma, to p = 1, and
    twice on a finer grid around the best point. So it is smooth in d to a part in a thousand, and networks of
    neighbouring widths share their randomness. It depends on its arguments alone and looks at no measurement.

    Brute force over p of the drawn distribution was tried at s = 2, 3 and m = 64 to 10^10 (99% quantile <= 1/2,
    d_in = d). The smallest width with this density is at most 3% above the smallest possible. Aligned, at m = 300 and
    s = 3, it is the smallest possible.
    Layers far too narrow, whose errors exceed 1 at every density, can have lower ones at d p^2 of about 1 than at
    the p found here.

    Args:
      m, s, d, d_in: features, active features, neurons (at least 1), code dimension (None: aligned). May be traced.
      tail: the quantile to be made small is that at 1 - tail.
      centred: for the centred weights of `error_cumulants`.

    Source: derived for this project (its leading terms: p = (z/2)^(2/3) (s' d)^(-1/3) for aligned inputs).
    """

    def zoom(_, ends: Float[Array, "2"]) -> Float[Array, "2"]:
        grid = jnp.linspace(ends[0], ends[1], GRID)
        error = jax.vmap(lambda log_p: worst_quantile(m, s, d, jnp.exp(log_p), d_in, tail, centred, fan_in))(grid)
        best = jnp.argmin(error)
        return grid[jnp.array([jnp.maximum(best - 1, 0), jnp.minimum(best + 1, GRID - 1)])]

    ends = jax.lax.fori_loop(0, 3, zoom, jnp.array([-1 / fan_in, 0.0]) * jnp.log(as_float(d)))
    return jnp.exp(ends.mean())


def paper_density(m: Scalar, d: Scalar) -> Float[Array, ""]:
    """The printed density log(m)^2 / sqrt(d). Above 1 while d < log(m)^4, where the caller must refuse it.

    Source: Hänni et al. 2024 (arXiv 2408.05451), Theorem 1.
    """
    return jnp.log(as_float(m)) ** 2 / jnp.sqrt(as_float(d))

"""Errors of sign read-offs drawn from their distribution, at a cost that depends neither on m nor on d.

A sign read-off is a mean over all d neurons, which are independent given the code Phi:

    read-off = sum_i sgn_i ReLU(gamma_i) / (d c),    sgn_i = sgn(v_ik v_il)

Its distribution is that of the neuron's mean mu given Phi, known in closed form, plus a normal deviation of variance
(E gamma^2 / 2 - mu^2) / d. Summing over d is the one central-limit step taken everywhere here. It drops an excess
kurtosis of about 3/d. Both normals and codes are reused at every width, so errors are smooth in d.

Source: derived for this project; constructions: Theorems 2, 3 and 14 of Hänni et al. 2024 (arXiv 2408.05451).
"""

import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Key

from superposed.theory.codes import STRATA, Events, event_reads, pair_covariances
from superposed.theory.relu import Scalar, as_float

MAX_SIGNS = 8  # other active features whose signs are enumerated, 2^8 at most


def draw_rademacher(key: Key[Array, ""], events: Events, c: Scalar) -> Float[Array, "3 n"]:
    """Errors of pairs with 0, 1, 2 active members: W = V Phi^T with V_ik = +-1, zero bias, read-off by v_ik v_il /
    (d c).

        gamma_i = v_ik r_k + v_il r_l + sum_{other active a} v_ia r_a + sigma N,    r_k = phi_k.x
        mu = (A(r_k + r_l) - A(r_k - r_l)) / 4,    A(t) = E |t + sum_a +-r_a + sigma N|

    sigma^2 = |x|^2 sum_bystanders (phi_k.x/|x|)^2. The mean over the signs of up to `MAX_SIGNS` other active
    features is exact, further ones count as normal; the bystanders' sum counts as normal (excess kurtosis -6/m),
    sigma^2 too.

    Args:
      events: what is drawn. Where features are aligned all r are 0 or 1, and sigma = 0.
      c: normalisation, that of the construction (`theory.sign`).

    Returns: errors [3, n]; NaN in strata that do not exist.

    Raises:
      ValueError: s exceeds max_active.
    """
    reads_key, mean_key = jax.random.split(key)
    k, l, others, sigma2 = feature_reads(reads_key, events)
    told, rest = others[:MAX_SIGNS], others[MAX_SIGNS:]
    sigma = jnp.sqrt(sigma2 + (rest**2).sum(0))

    def add(pattern, total):
        shift = sum(jnp.where((pattern >> a) & 1, -read, read) for a, read in enumerate(told))
        return total + _mean_absolute(k + l + shift, sigma) - _mean_absolute(k - l + shift, sigma)

    n_patterns = 2 ** told.shape[0]
    mu = jax.lax.fori_loop(0, n_patterns, add, jnp.zeros((3, events.n))) / (4 * n_patterns)
    second = (k**2 + l**2 + (others**2).sum(0) + sigma2) / 2
    return events.existing(normal_mean(mean_key, mu, second, events.d, c) - (STRATA == 2))


def draw_gaussian(key: Key[Array, ""], events: Events, c: Scalar) -> Float[Array, "3 n"]:
    """As `draw_rademacher` with V_ik standard normal, read-off by sgn(v_ik v_il) / (d c).

    (v_ik, v_il, gamma_i) is normal given Phi, so mu = `mean_signed_relu` exactly; sigma^2 counts as normal.
    """
    reads_key, mean_key = jax.random.split(key)
    k, l, others, sigma2 = feature_reads(reads_key, events)
    variance = k**2 + l**2 + (others**2).sum(0) + sigma2
    mu = mean_signed_relu(k, l, jnp.zeros_like(k), variance)
    return events.existing(normal_mean(mean_key, mu, variance / 2, events.d, c) - (STRATA == 2))


def draw_random_init(key: Key[Array, ""], events: Events, c: Scalar) -> Float[Array, "3 n"]:
    """Errors with Gaussian W (entries N(0, 1)) on x = Phi b itself, read-off by sgn((W phi_k)_i (W phi_l)_i) / (d c).

    Given Phi, ((W phi_k)_i, (W phi_l)_i, (W x)_i) is normal with the covariance of (phi_k, phi_l, x): only the s active
    and the pair's code vectors matter, m only for which strata exist. Exact but for the sum over d and
    `codes.chi_square`.
    Weights of variance v take c sqrt(v) for c. Arguments, shapes and errors as in `draw_rademacher`.

    Source: Theorem 14 of Hänni et al. 2024 (arXiv 2408.05451).
    """
    code_key, mean_key = jax.random.split(key)
    k, l, both, norm2 = pair_covariances(code_key, events)
    mu = mean_signed_relu(k, l, both, norm2)
    return events.existing(normal_mean(mean_key, mu, norm2 / 2, events.d, c) - (STRATA == 2))


def mean_signed_relu(
    cov_ag: Float[Array, "*shape"],
    cov_bg: Float[Array, "*shape"],
    cov_ab: Float[Array, "*shape"],
    variance: Float[Array, "*shape"],
) -> Float[Array, "*shape"]:
    """E[sgn(a) sgn(b) ReLU(g)] for jointly normal a, b of variance 1 and g of the given variance, all of mean 0.

        (2/pi)^(3/2) / 2 [cov_ag arcsin rho_bg.a + cov_bg arcsin rho_ag.b + sqrt(variance) arcsin rho_ab.g]

    with rho_xy.z the partial correlation of x and y given z. Exact. Derivation: ReLU(g) = (g + |g|)/2, and g drops
    out by symmetry. E[sgn a sgn b |g|] is homogeneous of degree 1 in g. So by Euler it is the sum of cov_ag, cov_bg and
    2 variance, each times the derivative in it. By Price's theorem each derivative is an orthant probability.
    Independent a, b and g = a + b give 0.233695, the constant c(2) of Gaussian weights.
    """
    rest_a, rest_b, rest_ab = variance - cov_ag**2, variance - cov_bg**2, 1 - cov_ab**2
    return (
        (2 / jnp.pi) ** 1.5
        / 2
        * (
            cov_ag * _arcsin_ratio(cov_bg - cov_ag * cov_ab, rest_ab * rest_a)
            + cov_bg * _arcsin_ratio(cov_ag - cov_bg * cov_ab, rest_ab * rest_b)
            + jnp.sqrt(variance) * _arcsin_ratio(cov_ab * variance - cov_ag * cov_bg, rest_a * rest_b)
        )
    )


def _arcsin_ratio(top, squared_bottom):
    """arcsin(top / sqrt(squared_bottom)), kept inside [-1, 1] against rounding; 0/0 counts as 0."""
    return jnp.arcsin(jnp.clip(top / jnp.sqrt(jnp.maximum(squared_bottom, 1e-20)), -1, 1))


def _mean_absolute(t, sigma):
    """E |t + sigma N|."""
    sigma = jnp.maximum(sigma, 1e-6)
    return t * (2 * norm.cdf(t / sigma) - 1) + 2 * sigma * norm.pdf(t / sigma)


def normal_mean(key, mean, second, d, c):
    """Mean over d independent neurons of the given first and second moments, divided by c."""
    spread = jnp.sqrt(jnp.maximum(second - mean**2, 0) / as_float(d))
    return (mean + spread * jax.random.normal(key, mean.shape)) / as_float(c)


def feature_reads(key, events):
    """Reads of k and l [3, n] and of other active features [slots, 3, n], and the variance of the bystanders' sum."""
    events.check()
    event_key, noise_key = jax.random.split(key)
    (_, s, _, d_in), shape = events.numbers(), (3, events.n)
    if events.d_in is None:
        slot = jnp.arange(events.max_active)[:, None, None]
        others = jnp.broadcast_to(1.0 * ((slot >= STRATA) & (slot < s)), (events.max_active, *shape))
        return jnp.ones(shape) * (STRATA >= 1), jnp.ones(shape) * (STRATA == 2), others, jnp.zeros(shape)
    x, pair, others = event_reads(event_key, events)
    n = events.n_bystanders()
    relative = jnp.sqrt(2 * (d_in - 1) / ((d_in + 2) * jnp.maximum(n, 1))) * jax.random.normal(noise_key, shape)
    return *pair, others, x**2 * n / d_in * jnp.maximum(1 + relative, 0)

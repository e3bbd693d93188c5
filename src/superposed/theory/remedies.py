"""Remedies for what makes the Bernoulli universal AND wide in superposition, as drawn distributions.

Three error terms (`bernoulli_width.error_terms`): bystanders wired by chance, the common mode of all neurons, and the
cross-talk of each neuron at the kink of its ReLU.

- Centred weights, W = (B - p) Phi^T (`bernoulli_drawn.draw_superposed` with `centred`), take away the common mode and
  nothing else, at no cost. The kink is untouched, and with it m^(2/3).
- Signed weights (`draw_signed`) take away the common mode and the bystanders' mean. But half of the wired neurons serve
  no read-off. So each neuron's cross-talk has twice the variance, at the same number of neurons a read-off.
- A centred read-off (`draw_centred_read_off`), sum_i (B_ik - p)(B_il - p) a_i, takes away every term that does not
  depend on both k and l. The error at the kink is among them. All d neurons then take part, and p = 1/2 is best.

None of them removes m^(2/3). Without an error at the kink the signal shrinks instead. A pair's AND reaches the read-off
through the curvature of a ReLU, which cross-talk of variance ~ m s / d_in smears
(`sign_moments.superposed_sign_width`). The exponent of eps falls from -4/3 to -2/3. Smallest widths at s = 2, eps =
1/2, 99% quantile, as d / m^(2/3):

    m                  10^2   10^3   10^4   10^6   10^8   10^12
    plain              36.9   17.7   11.9   8.4    7.6    7.4
    centred weights    28.3   13.4   9.6    7.8    7.5    7.4
    signed weights     33.1   17.6   14.2   12.1   11.7   11.6
    centred read-off   14.7   9.7    8.0    7.1    7.0    6.9

One sign for a whole column, phi_k -> -phi_k, changes nothing: random codes are symmetric already.

Source: derived for this project; signs as in Theorem 11 of Hänni et al. 2024 (arXiv 2408.05451).
"""

from itertools import product

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from superposed.theory.bernoulli import Cumulants, mean_of_relus, wired_distribution
from superposed.theory.bernoulli_drawn import binomial, mean_over_shared
from superposed.theory.codes import STRATA, Events, event_reads
from superposed.theory.relu import Scalar, as_float, relu_moments

N_ANGLES = 128


def draw_signed(key: Key[Array, ""], events: Events, p: Scalar) -> Float[Array, "3 n"]:
    """Errors for weights V_ik = +1, -1, 0 with probabilities p/2, p/2, 1 - p; W = V Phi^T, bias -1.

    The AND of k and l is the mean over the neurons with V_ik = V_il = +1, about d p^2 / 4 of them. Given its n_i ~
    Bin(N, p) wired bystanders, of either sign, a neuron's cross-talk is normal with variance |x|^2 n_i / d_in; two
    neurons share n_i n_i'/N bystanders, with signs that agree as often as not, so there is no common mode. What is
    exact, arguments and errors: as in `bernoulli_drawn.draw_superposed`.
    """
    event_key, neuron_key = jax.random.split(key)
    (_, _, d, d_in), p, shape = events.numbers(), as_float(p), (3, events.n)
    x, pair, others = event_reads(event_key, events)
    n_inactive = events.n_bystanders()

    def neuron(key):
        wired_key, noise_key = jax.random.split(key)
        u = jax.random.uniform(wired_key, others.shape)
        wired = jnp.where(u < p / 2, others, jnp.where(u < p, -others, 0)).sum(0)
        for_n, noise = jax.random.normal(noise_key, (2, *shape))
        cross_talk = x * jnp.sqrt(binomial(for_n, n_inactive, p) / d_in) * noise
        return jax.nn.relu(pair.sum(0) - 1 + wired + cross_talk)

    return events.existing(mean_over_shared(neuron_key, d, p**2 / 4, shape, neuron) - (STRATA == 2))


def signed_cumulants(
    m: Scalar, s: Scalar, d: Scalar, p: Scalar, d_in: Scalar | None = None, *, active: int | Int[Array, ""]
) -> Cumulants:
    """Mean, variance and third cumulant of read-off - truth for signed weights, as `bernoulli.error_cumulants` has
    them.

        h = j - 1 + K + C + Z,   K a sum of s - j terms +1, -1, 0,   Var C = own_j / d_in,   Var Z = p (m - s) s / d_in

    and L ~ Bin(d, p^2/4). K's distribution from its characteristic function, (1 - p + p cos theta)^(s - j), on 128
    points: exact while |K| stays below 64. Arguments as in `bernoulli.error_cumulants`.
    """
    m, s, d, p = map(as_float, (m, s, d, p))
    per_d_in = jnp.float32(0) if d_in is None else 1 / as_float(d_in)
    theta = 2 * jnp.pi * jnp.arange(N_ANGLES) / N_ANGLES
    values = jnp.arange(N_ANGLES) - N_ANGLES / 2
    spectrum = jnp.power(1 - p + p * jnp.cos(theta), jnp.float32(s - active))
    chance = jnp.cos(values[:, None] * theta) @ spectrum / N_ANGLES
    chance = jnp.where(chance > 1e-6, chance, 0)  # below are the sum's rounding errors
    own = 2 * s - (active == 1)
    std = jnp.sqrt(p * jnp.maximum(m - s, 0) * s * per_d_in)
    return mean_of_relus(active, (values, chance / chance.sum()), jnp.sqrt(own * per_d_in), std, d * p**2 / 4)


def draw_centred_read_off(key: Key[Array, ""], events: Events, p: Scalar) -> Float[Array, "3 n"]:
    """Errors for W = (B - p) Phi^T, bias p s - 1, read-off sum_i (B_ik - p)(B_il - p) a_i / (d p^2 (1 - p)^2 c).

    Neurons are independent given the code. Let H(t) = E ReLU(t - 1 + K r + Z). K ~ Bin(s - j, p) counts the other
    active features, of mean read r, that are wired to a neuron. Z ~ N(0, p (1 - p) |x|^2 G2) is its cross-talk. The
    read-off has mean

        (H(r_k + r_l) - H(r_k) - H(r_l) + H(0)) / c,    c = H(2) - 2 H(1) + H(0) at r = 1, |x|^2 = s, K ~ Bin(s - 2, p)

    and variance from E ReLU^2 in the same way. Central-limit steps: the sum over all d neurons, of which those wired to
    both count most, d p^2 of them (from some 30 on); Z (from p m of some tens on); unequal reads of other active
    features count as equal. The weights centre out the common mode, up to the pair's own part p (r_k + r_l - j).

    Arguments and errors as in `bernoulli_drawn.draw_superposed`.
    """
    event_key, noise_key = jax.random.split(key)
    (m, s, d, d_in), p = events.numbers(), as_float(p)
    x, pair, others = event_reads(event_key, events)
    n_others = s - STRATA
    read = others.sum(0) / jnp.maximum(n_others, 1)
    offset = p * (pair.sum(0) - STRATA + others.sum(0) - n_others)
    std = x * jnp.sqrt(p * (1 - p) * events.n_bystanders() / d_in)

    distribution = jax.vmap(wired_distribution, (0, None))(jnp.maximum(n_others[:, 0], 0), p)  # [stratum, value of K]
    first, second = _centred_moments(pair, distribution, read, offset, std, p)
    noise = jnp.sqrt(jnp.maximum(second - first**2, 0) / d) * jax.random.normal(noise_key, x.shape)
    scale = (p * (1 - p)) ** 2 * centred_constant(m, s, d_in, p)
    return events.existing((first + noise) / scale - (STRATA == 2))


def _centred_moments(pair, distribution, read, offset, std, p):
    """Mean and mean square of (B_ik - p)(B_il - p) a_i, over the wirings of k, l and of the other active features."""
    wired, chances = distribution

    def add(i, sums):
        for wired_k, wired_l in product((0, 1), repeat=2):
            t = wired_k * pair[0] + wired_l * pair[1] + wired[:, i, None] * read - 1 - offset
            first, second, _ = relu_moments(t, std)
            weight = (wired_k - p) * (wired_l - p)
            chance = chances[:, i, None] * (p if wired_k else 1 - p) * (p if wired_l else 1 - p)
            sums = sums[0] + chance * weight * first, sums[1] + chance * weight**2 * second
        return sums

    zero = jnp.zeros_like(pair[0])
    return jax.lax.fori_loop(0, chances.shape[1], add, (zero, zero))


def centred_constant(m: Scalar, s: Scalar, d_in: Scalar, p: Scalar) -> Float[Array, ""]:
    """Normalisation c of the centred read-off: H(2) - 2 H(1) + H(0) of `draw_centred_read_off`."""
    m, s, d_in, p = map(as_float, (m, s, d_in, p))
    std = jnp.sqrt(s * p * (1 - p) * jnp.maximum(m - s, 0) / d_in)
    wired, chance = wired_distribution(jnp.maximum(s - 2, 0), p)
    both, single, none = (chance @ relu_moments(t - 1.0 + wired, std)[0] for t in (2, 1, 0))
    return both - 2 * single + none

"""Errors of the Bernoulli universal AND drawn from their distribution, at a cost that does not depend on m.

Gamma is the set of neurons that are wired to all k inputs of a gate. Its neurons are drawn one after the other. The
gaps between them are geometric with parameter p^k, and a network of width d has those whose position does not exceed d.
So |Gamma| is exactly Bin(d, p^k), and the network of width d is nested in every wider one. With the same key, errors at
neighbouring widths (and smoothly varying p) share their randomness, as a search for the smallest width needs.

With features in superposition, W = B Phi^T, neuron i of Gamma has the pre-activation

    h_i = sum_{l in the gate} phi_l.x - (k - 1) + sum_{other active a} B_ia phi_a.x + Z_i
    Z_i = |x| (n_i/N G + sqrt(n_i (1 - n_i/N) / d_in) N_i),    n_i ~ Bin(N, p),    G ~ N(0, N/d_in)

with N the number of inactive features beside the gate, n_i those wired to the neuron, G the sum of their reads (the
common mode) and N_i standard normal.

Exact: |Gamma|, the wirings B_ia, the reads of active features and of the gate (but for `codes.chi_square`), and |x|.
For normal code coordinates so are the distribution of each Z_i and its mean covariance with each other Z_i', at every
p m.

Approximate, by central-limit steps: Sums of n_i coordinates of unit vectors count as normal. Their excess kurtosis is
-6/((d_in + 2) n_i), so at d_in = 64 below 0.01 from p m = 10 on. The number of bystanders that two neurons share counts
as its mean n_i n_i'/N, so correlations are off by N^(-1/2) at random. n_i is a rounded third-order expansion, good from
p m = 5 on, below which bystanders hardly matter. No sum over bystanders is needed at any size.

Source: derived for this project; the constructions are Theorems 1 and 2 of Hänni et al. 2024 (arXiv 2408.05451).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from superposed.theory.codes import Events, event_reads, strata_of
from superposed.theory.relu import Scalar, as_float


def draw_superposed(
    key: Key[Array, ""], events: Events, p: Scalar, *, centred: bool | Bool[Array, ""] = False, fan_in: int = 2
) -> Float[Array, "strata n"]:
    """Errors (read-off - truth) of gates with 0, ..., k active inputs, features in superposition: W = B Phi^T.

    The read-off is the mean of ReLU(h_i) over Gamma, and 0 if that is empty. The head of this file says what is exact.
    Time: n d p^k, and a constant for every one of max_active. Memory: n max_active^2.

    Args:
      p: density; may be traced.
      fan_in: k, a plain number.
      centred: of pairs alone: W = (B - p) Phi^T with bias p s - 1 instead, which takes the common mode
        p (sum_k phi_k.x - s) from every neuron and leaves everything else as it is. May be traced.

    Returns: errors [k + 1, n]; NaN in strata that do not exist (all k active with s < k, none with s = m).

    Raises:
      ValueError: s exceeds max_active.
    """
    event_key, common_key, neuron_key = jax.random.split(key, 3)
    (_, s, d, d_in), p = events.numbers(), as_float(p)
    strata, shape = strata_of(fan_in), (fan_in + 1, events.n)

    x, members, others = event_reads(event_key, events, fan_in)
    members = members.sum(0)
    n_inactive = events.n_bystanders(fan_in)
    common = jnp.sqrt(n_inactive / d_in) * jax.random.normal(common_key, shape)
    offset = centred * p * (members + others.sum(0) + x * common - s)

    def neuron(key):
        wired_key, noise_key = jax.random.split(key)
        wired = jax.random.uniform(wired_key, others.shape) < p
        for_n, noise = jax.random.normal(noise_key, (2, *shape))
        n = binomial(for_n, n_inactive, p)
        share = n / jnp.maximum(n_inactive, 1)
        spread = jnp.sqrt(n * (1 - share) / d_in) * noise
        h = members - (fan_in - 1) + jnp.where(wired, others, 0).sum(0) + x * (share * common + spread)
        return jax.nn.relu(h - offset)

    return events.existing(mean_over_shared(neuron_key, d, p**fan_in, shape, neuron) - (strata == fan_in))


def draw_aligned(key: Key[Array, ""], events: Events, p: Scalar, *, fan_in: int = 2) -> Float[Array, "strata n"]:
    """Errors (read-off - truth) of gates with j = 0, ..., k active inputs, features aligned with the input: W = B.

        read-off = mean over Gamma of ReLU(j - (k - 1) + K_i),    K_i ~ Bin(s - j, p),    |Gamma| ~ Bin(d, p^k)

    Exact. m only decides which strata exist. Arguments, shapes and errors as in `draw_superposed`; Theorem 1 and
    Lemma 5 of Hänni et al. 2024 (arXiv 2408.05451).
    """
    events.check()
    (_, s, d, _), p = events.numbers(), as_float(p)
    strata, shape = strata_of(fan_in), (fan_in + 1, events.n)
    slot = jnp.arange(events.max_active)[:, None, None]
    others = (slot >= strata) & (slot < s)

    def neuron(key):
        wired = jax.random.uniform(key, (events.max_active, *shape)) < p
        return jax.nn.relu(strata - (fan_in - 1) + (wired & others).sum(0))

    return events.existing(mean_over_shared(key, d, p**fan_in, shape, neuron) - (strata == fan_in))


def draw_bernoulli(
    key: Key[Array, ""], events: Events, p: Scalar, *, centred: bool = False, fan_in: int = 2
) -> Float[Array, "strata n"]:
    """`draw_aligned` where features are aligned, else `draw_superposed`. Centring changes nothing where aligned."""
    if events.d_in is None:
        return draw_aligned(key, events, p, fan_in=fan_in)
    return draw_superposed(key, events, p, centred=centred, fan_in=fan_in)


def mean_over_shared(
    key: Key[Array, ""],
    d: Float[Array, ""],
    p_shared: Float[Array, ""],
    shape: tuple[int, ...],
    neuron: Callable[[Key[Array, ""]], Float[Array, "..."]],
) -> Float[Array, "*shape"]:
    """Mean of independent neurons' activations over those of d that belong to Gamma(kl), each with chance p_shared.

    The gap before each neuron of Gamma is geometric, ceil(E / -log(1 - p_shared)) with E exponential; exact, but
    float32 uniforms give no E above 16.6, so an empty Gamma is never seen where its chance is below 6e-8.
    """
    rate = -jnp.log1p(-p_shared)

    def meet(state):
        i, position, total, count, _ = state
        gap_key, own_key = jax.random.split(jax.random.fold_in(key, i))
        position += jnp.maximum(jnp.ceil(jax.random.exponential(gap_key, shape) / rate), 1)
        met = position <= d
        return i + 1, position, total + jnp.where(met, neuron(own_key), 0), count + met, met.any()

    zero = jnp.zeros(shape)
    _, _, total, count, _ = jax.lax.while_loop(lambda state: state[-1], meet, (0, zero, zero, zero, True))
    return total / jnp.maximum(count, 1)


def binomial(
    normal: Float[Array, "*shape"], n: Float[Array, "*#shape"], p: Float[Array, "*#shape"]
) -> Float[Array, "*shape"]:
    """Bin(n, p) as a function of a standard normal variable z: round(n p + sd z + (1 - 2p)(z^2 - 1)/6), in 0 ... n.

    An approximation in which mean, variance and skewness are right from n p = 5 on; smooth in n and p.
    """
    mean = n * p
    return jnp.clip(jnp.round(mean + jnp.sqrt(mean * (1 - p)) * normal + (1 - 2 * p) * (normal**2 - 1) / 6), 0, n)

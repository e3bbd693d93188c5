"""Errors of boolean functions read off one layer (Theorem 6), drawn at a cost that does not grow with m or d.

A read-off is w_0 + sum of w_I v_I over the non-empty subsets I of the gate's k features. v_I is the mean activation of
the n_I neurons wired to I and to no other feature of the gate. So different v_I rest on different neurons. Given the
event, the activations of one subset's neurons are independent and have known moments.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from superposed.theory.bernoulli import wired_distribution
from superposed.theory.bernoulli_drawn import binomial
from superposed.theory.codes import Events, event_reads, strata_of
from superposed.theory.relu import relu_moments


class Subsets(NamedTuple):
    """The non-empty subsets I of a gate's k features, and the neurons that serve each.

    Args:
      holds: which features are in I.
      weights: w_I.
      neurons: how many neurons serve subsets of this size, wired to it or not.
      density, bias: of those neurons.
    """

    holds: Int[np.ndarray, "subsets k"]
    weights: Float[np.ndarray, " subsets"]
    neurons: Float[Array, " subsets"]
    density: Float[Array, " subsets"]
    bias: Float[Array, " subsets"]


def draw_function(
    key: Key[Array, ""], events: Events, subsets: Subsets, constant: float, table: Float[Array, " inputs"]
) -> Float[Array, "strata n"]:
    """Errors (read-off - truth) of gates with 0, ..., k active features, each of a fresh network and input.

        v_I = mean of n_I independent ReLU(sum of the reads of I + bias + K r + x p G + Z),   n_I ~ Bin(n, p^|I| q)

    Here q = (1 - p)^(k - |I|), and K ~ Bin(s - j, p) counts other active features, of mean read r. G ~ N(0, N/d_in) is
    the common mode of the N inactive features, and Z ~ N(0, x^2 p (1 - p) N/d_in). Which of the gate's features are
    active is random.

    Approximate: The mean of n_I activations has its first three cumulants, which is good from n_I of about 20 on. The
    n_I of different subsets count as independent. Unequal reads of other active features count as equal.

    Args:
      events: what is drawn. The neurons are those of `subsets`.
      subsets, constant: the read-off; constant is w_0.
      table: the function, value i at the features whose bits are set in i.

    Returns: errors [k + 1, n]; NaN in strata that do not exist.

    Source: derived for this project; the networks are those of Hänni et al. 2024, Theorem 6.
    """
    event_key, order_key, common_key, count_key, mean_key = jax.random.split(key, 5)
    k = subsets.holds.shape[1]
    strata, (_, s, _, d_in) = strata_of(k), events.numbers()
    x, members, others = event_reads(event_key, events, k)
    order = jnp.argsort(jax.random.uniform(order_key, members.shape), axis=0)
    members = jnp.take_along_axis(members, order, axis=0)
    truth = table[((order < strata) << np.arange(k)[:, None, None]).sum(axis=0)]
    n_inactive = events.n_bystanders(k)
    common = jnp.sqrt(n_inactive / d_in) * jax.random.normal(common_key, x.shape)

    by_subset = lambda values: values[:, None, None]  # [subset] against [subset, stratum, event]
    p, size = by_subset(subsets.density), by_subset(subsets.holds.sum(axis=1))
    drive = jnp.tensordot(subsets.holds.astype(np.float32), members, 1) + by_subset(subsets.bias) + x * p * common
    std = x * jnp.sqrt(p * (1 - p) * n_inactive / d_in)
    read = others.sum(axis=0) / jnp.maximum(s - strata, 1)
    first, kappa_2, kappa_3 = _cumulants(drive, std, read, jnp.maximum(s - strata[:, 0], 0), subsets.density)

    wired = p**size * (1 - p) ** (k - size)
    n = binomial(jax.random.normal(count_key, first.shape), by_subset(subsets.neurons), wired)
    mean = _mean_of(jax.random.normal(mean_key, first.shape), n, first, kappa_2, kappa_3)
    read_off = constant + jnp.tensordot(jnp.asarray(subsets.weights, jnp.float32), mean, 1)
    return events.existing(read_off - truth)


def _mean_of(z, n, first, kappa_2, kappa_3):
    """The mean of n activations of given cumulants, at a standard normal z; 0 where n = 0."""
    skew = kappa_3 / jnp.maximum(kappa_2, 1e-7 * (1 + first) ** 2)
    mean = first + jnp.sqrt(kappa_2 / jnp.maximum(n, 1)) * z + skew / jnp.maximum(n, 1) * (z**2 - 1) / 6
    return jnp.where(n > 0, mean, 0)


def _cumulants(
    drive: Float[Array, "*shape"],
    std: Float[Array, "*shape"],
    read: Float[Array, "strata n"],
    n_others: Float[Array, " strata"],
    density: Float[Array, " subsets"],
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"], Float[Array, "*shape"]]:
    """The first three cumulants of one neuron's ReLU, by subset, stratum and event."""
    over_strata = jax.vmap(wired_distribution, (0, None))
    values, chance = jax.vmap(over_strata, (None, 0))(n_others, density)  # [subset, stratum, value]

    def add(i, sums):
        moments = relu_moments(drive + values[..., i, None] * read, std)
        return tuple(total + chance[..., i, None] * moment for total, moment in zip(sums, moments, strict=True))

    first, second, third = jax.lax.fori_loop(0, values.shape[-1], add, (jnp.zeros_like(drive),) * 3)
    return first, jnp.maximum(second - first**2, 0), third - 3 * second * first + 2 * first**3

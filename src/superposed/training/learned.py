"""What a network has learned: values of its weights, its neuron classes, and which construction it resembles.

A neuron's m weights are split into a low and a high group where the split explains most of their variance; z = -1 or
+1 says which group a weight is in. All statistics weigh a neuron by its share of the read-offs' energy,
E a_i^2 sum_kl r_kl,i^2, so that idle neurons do not count. Host side, float64.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from superposed.networks.network import Network, hidden
from superposed.program import program
from superposed.training.loss import draw_inputs
from superposed.training.table import as_table

N_INPUTS = 512


class Signature(NamedTuple):
    """Five numbers of order 1 that tell constructions apart. Rademacher, Gaussian, Bernoulli and naive networks give

    two_valued   1, .6 to .7, 1, 1       share of the weights' variance between the two groups
    high         .5, .5, p, 2/m          share of the weights in the high group
    bias         0, 0, 1-2/s, 1-2/s      (b + s (high + low)/2) / (s (high - low)/2), the bias in weights
    product      1, 1, ~ p^2, ~ 0        correlation of the read-off coefficients with z_k z_l, over pairs
    both         .6, .6, 1, 1            correlation of the read-off coefficients with [z_k = z_l = +1]
    """

    two_valued: float
    high: float
    bias: float
    product: float
    both: float


class Split(NamedTuple):
    """Each neuron's weights in two groups.

    Args:
      z: -1 or +1 [d, m].
      explained: share of the variance between the groups [d].
      centre, half_gap: (high + low)/2 and (high - low)/2 of the groups' means [d].
      normal: squared correlation of the sorted weights with normal quantiles [d].
    """

    z: Float[np.ndarray, "d m"]
    explained: Float[np.ndarray, " d"]
    centre: Float[np.ndarray, " d"]
    half_gap: Float[np.ndarray, " d"]
    normal: Float[np.ndarray, " d"]


def split_weights(w: Float[np.ndarray, "d m"]) -> Split:
    """The best split of each row of w in two."""
    d, m = w.shape
    ordered = np.sort(w, axis=1)
    n_low = np.arange(1, m)
    below = np.cumsum(ordered, axis=1)[:, :-1] / n_low
    above = (ordered.sum(axis=1, keepdims=True) - below * n_low) / (m - n_low)
    between = n_low * (m - n_low) / m**2 * (above - below) ** 2
    best, rows = between.argmax(axis=1), np.arange(d)
    variance = np.maximum(w.var(axis=1), np.finfo(float).tiny)
    low, high = below[rows, best], above[rows, best]
    quantiles = scipy.stats.norm.ppf((np.arange(m) + 0.5) / m)
    cross = (ordered - ordered.mean(axis=1, keepdims=True)) @ quantiles / m
    return Split(
        np.where(w > ordered[rows, best][:, None], 1.0, -1.0), between[rows, best] / variance, (low + high) / 2,
        (high - low) / 2, cross**2 / (variance * quantiles.var()),
    )  # fmt: skip


def signature(key: Key[Array, ""], network: Network, m: int, s: int) -> Signature:
    """The signature of a network with one layer on aligned inputs."""
    w, b, vectors, energy = _parts(key, network, m, s)
    split = split_weights(w)
    k, l = np.triu_indices(m, 1)
    mean = lambda per_neuron: float(np.sum(energy * per_neuron))
    scale = s * split.half_gap  # 0 where all weights of a neuron are equal, which says nothing about the bias
    bias = np.where(scale > 0, (b + s * split.centre) / np.where(scale > 0, scale, 1), 0)
    product = correlation(vectors, split.z[:, k] * split.z[:, l])
    both = correlation(vectors, (split.z[:, k] > 0) & (split.z[:, l] > 0))
    return Signature(mean(split.explained), mean((split.z > 0).mean(axis=1)), mean(bias), mean(product), mean(both))


def normality(key: Key[Array, ""], network: Network, m: int, s: int) -> float:
    """Squared correlation of each neuron's sorted weights with normal quantiles: 1 for Gaussian ones, .64 for signs."""
    w, _, _, energy = _parts(key, network, m, s)
    return float(np.sum(energy * split_weights(w).normal))


def correlation(x: Float[np.ndarray, "d n"], y: np.ndarray) -> Float[np.ndarray, " d"]:
    """Row by row, about the mean; 0 where a row is constant."""
    x, y = (v - v.mean(axis=1, keepdims=True) for v in (x, y.astype(float)))
    return np.sum(x * y, axis=1) / np.maximum(np.sqrt(np.sum(x**2, axis=1) * np.sum(y**2, axis=1)), 1e-30)


def class_means(key: Key[Array, ""], network: Network, m: int, s: int) -> Float[np.ndarray, "4 4"]:
    """Mean activation of the four classes of neurons for the four values of a pair.

    Rows are the classes A, B1, B2, C: (z_k, z_l) = (+, +), (+, -), (-, +), (-, -). Columns are (b_k, b_l) = (0, 0),
    (0, 1), (1, 0), (1, 1). The scale makes A(1, 1) = 1/4. A sign read-off needs A - B1 - B2 + C = (0, 0, 0, 1/4).

    Source: Newgas 2025 (arXiv 2507.09816), who found these classes in trained networks.
    """
    w, _, _, energy = _parts(key, network, m, s)
    z, share = split_weights(w).z > 0, energy * len(energy)
    inputs = draw_inputs(key, N_INPUTS, m, s, "exact").b
    b, a = np.asarray(inputs, bool), np.asarray(jax.vmap(hidden, (None, 0))(network, inputs)) * share
    off = 1 - np.eye(m)
    means = np.zeros((4, 4))
    for i, (zk, zl) in enumerate(((z, z), (z, ~z), (~z, z), (~z, ~z))):
        for j, (bk, bl) in enumerate(((~b, ~b), (~b, b), (b, ~b), (b, b))):
            pairs = lambda x, y: (x[:, :, None] & y[:, None, :]).reshape(len(x), -1) * off.ravel()
            met = pairs(bk, bl) @ pairs(zk, zl).T
            means[i, j] = np.sum(met * a) / max(np.sum(met * share), 1e-30)
    return means / max(4 * means[0, 3], 1e-30)


def nearest(found: Signature, known: dict[str, Signature]) -> str:
    """The name of the construction whose signature is nearest."""
    return min(known, key=lambda name: np.linalg.norm(np.subtract(found, known[name])))


def with_noise(key: Key[Array, ""], network: Network, share: float | Float[Array, ""]) -> Network:
    """The network with normal noise on its weights, `share` times the standard deviation of all of them."""
    layer = network.layers[0]
    w = layer.w
    real = jnp.any(w != 0, axis=1, keepdims=True)
    noisy = w + jnp.where(real, share * jnp.std(w) * jax.random.normal(key, w.shape), 0)
    return network._replace(layers=(layer._replace(factors=(noisy,)),))


def _parts(
    key: Key[Array, ""], network: Network, m: int, s: int
) -> tuple[Float[np.ndarray, "d m"], Float[np.ndarray, " d"], Float[np.ndarray, "d pairs"], Float[np.ndarray, " d"]]:
    """Weights, biases, read-off coefficients by neuron, and each neuron's share of the read-offs' energy."""
    vectors, second = program(_read_parts, 2)(m, s, key, network)
    vectors = np.asarray(vectors, float).T
    energy = np.asarray(second, float) * np.sum(vectors**2, axis=1)
    (layer,) = network.layers
    return np.asarray(layer.w, float), np.asarray(layer.b, float), vectors, energy / max(energy.sum(), 1e-300)


def _read_parts(
    m: int, s: int, key: Key[Array, ""], network: Network
) -> tuple[Float[Array, "pairs d"], Float[Array, " d"]]:
    """The read-off's vectors, and E a_i^2."""
    inputs = draw_inputs(key, N_INPUTS, m, s, "exact").b
    a = jax.vmap(hidden, (None, 0))(network, inputs)
    return as_table(network.read_off, m, a.shape[1]), jnp.mean(a**2, axis=0)

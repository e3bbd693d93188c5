"""How errors grow through layers of targeted ANDs without correction: a recursion of second moments.

A layer has m gates on m features. Its d neurons are A = sqrt(d/s) blocks of b = d // A neurons. A gate has one neuron
in each block, and is read on k ~ Bin(A, 1/4) of them. An active feature feeds g gates. Write q for the mean square of
an idle feature's read-off, and a for the mean square of an active feature's error. Before the first layer q
is s/d and a is (s - 1)/d. Let e_i be the error of an active input, and R_i the read-off of an idle one. A neuron of a
gate with j active inputs also receives

    Z ~ N(0, 2 (m/b - 1) q)      the idle inputs of other gates on it
    H ~ +-1                      other active features, Poisson of mean g (s - j)/b

    active gate    error  e_i + e_j + mean of (Z + H) over k neurons           its variance is the next a
    one active     r = mean over k neurons of ReLU(e_i + R_j + Z + H)          E r^2 =: p, about 2 s such gates
    none active    r = mean over k neurons of ReLU(R_i + R_j - 1 + Z + H)      E r^2 =: u
    next layer     q = (2 s/m) p + u

The errors of a gate's two inputs add up. On a planted path the s active features form a cycle: gate j reads features j
and j + 1. The variance of the mean error over a cycle grows fourfold a layer, and that of its other Fourier modes less
(`growth_of_cycle`). So errors double in every layer once the mean is the largest part, and nothing stops them.

Source: derived for this project; the layer is Hänni et al. 2024, Theorem 11.
"""

from math import log, sqrt
from typing import NamedTuple

import numpy as np
import scipy

from superposed.theory.targeted import gate_size, relu_moments_of

FAN_OUT = 4.0
"""Gates that an active feature of a planted path feeds: two of its path and two random ones on average."""
HITS = np.arange(-3, 4)


class Level(NamedTuple):
    """Root mean squares after a layer.

    Args:
      active: the error of active features.
      every: all errors of one input, squares summed and divided by s.
    """

    active: float
    every: float


def errors_by_layer(d: float | int, m: float | int, s: int, depth: int) -> list[Level]:
    """The errors after layers 1, ..., depth."""
    size = gate_size(d, s)
    block = d // size
    k = np.arange(1, size + 1)
    chance = scipy.stats.binom.pmf(k, size, 0.25)
    one_in_k = float((chance / k).sum() + (1 - chance.sum()))  # a gate without a neuron is given one
    growth = growth_of_cycle(s, depth)
    q, start, levels, fresh = s / d, (s - 1) / d, [], []
    for layer in range(1, depth + 1):
        noise, hits = 2 * max(m / block - 1, 0) * q, [FAN_OUT * (s - j) / block for j in range(3)]
        before = start * growth[layer - 1] + sum(f * growth[layer - 2 - i] for i, f in enumerate(fresh))
        fresh.append(one_in_k * (noise + hits[2]))
        a = start * growth[layer] + sum(f * growth[layer - 1 - i] for i, f in enumerate(fresh))
        p = _second_moment(0.0, before + q, noise, hits[1], one_in_k)
        u = _second_moment(-1.0, 2 * q, noise, hits[0], one_in_k)
        q = 2 * s / m * p + u
        levels.append(Level(sqrt(a), sqrt(a + m * q / s)))
    return levels


def growth_of_cycle(s: int, depth: int) -> list[float]:
    """By how much 0, 1, ..., depth layers of gates (j, j + 1 mod s) multiply the mean variance of s independent errors.

    One layer multiplies the Fourier mode n of the errors by 1 + exp(2 pi i n/s). At s = 2 both gates are the same AND.
    """
    modes = np.abs(1 + np.exp(2j * np.pi * np.arange(s) / s)) ** 2
    if s == 2:
        return [1.0] + [float(2 * 4.0 ** (layer - 1)) for layer in range(1, depth + 1)]
    return [float((modes**layer).mean()) for layer in range(depth + 1)]


def _second_moment(mean: float, common: float, noise: float, hits: float, one_in_k: float) -> float:
    """E r^2 of the mean of k neurons ReLU(mean + w + Z + H), with w common to them."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(15)
    chance = sum(scipy.stats.poisson.pmf(HITS + n, hits / 2) * scipy.stats.poisson.pmf(n, hits / 2) for n in range(6))
    drive = mean + sqrt(common) * nodes[:, None] + HITS
    first, square = (moment @ chance for moment in relu_moments_of(drive, sqrt(noise)))
    return float(weight @ (first**2 + one_in_k * (square - first**2)) / weight.sum())


def breaking_layer(d: float | int, m: float | int, s: int, inputs: int, most: int) -> int:
    """The first layer in which an active feature of a batch of inputs is expected to be read wrongly.

    A feature is read wrongly when its error passes 1/2. Errors count as normal. The layer is the first in which half of
    the batches have a wrong bit among the s active features of each input; most + 1 where there is none.
    """
    z = float(scipy.stats.norm.isf(log(2) / (inputs * s)))
    levels = errors_by_layer(d, m, s, most)
    return next((layer for layer, level in enumerate(levels, start=1) if z * level.active > 0.5), most + 1)

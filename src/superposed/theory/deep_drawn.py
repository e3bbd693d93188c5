"""Theorem 8's network drawn: the s active features of an input one by one, the idle ones by their moments.

An event is one input on its way through a network of its own. Its state keeps the read-offs R of the active
features and two moments of the units. Three things are drawn: the sizes n and k of codes and gates, the neurons and
units that active gates share, and the noise of every neuron and unit that an active gate is read on. All other features
enter through the noise of `density_evolution.idle_noise`. So an event costs s (A/4 + n) numbers a layer whatever m is.

Approximations: Z and N as in `density_evolution`; inputs of one network are independent; no unit carries three active
features; where a gate or a code has more than `MANY` neurons or units, their mean is normal.

The circuit is the one of closed groups: gate g of an input's s gates is the AND of active features g and g + 1 mod s.
"""

from itertools import combinations
from math import ceil, exp, log, log2, sqrt
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Bool, Float, Int

from superposed.theory.density_evolution import (
    NODE_WEIGHTS,
    NODES,
    Design,
    Noise,
    idle_noise,
    mean_field_capacity,
    relu_moments,
    sharing,
)

MANY = 400
"""Neurons or units over which a mean is normal enough."""
_SUMS = 1024  # half steps over which the sum of an idle feature's units is followed, at most
_HALF = NODES[len(NODES) // 2 :: 2]  # the noise of an idle unit is even: half of the nodes will do
_HALF_WEIGHTS = np.exp(-(_HALF**2) / 2) * np.where(_HALF == 0, 0.5, 1)
_HALF_WEIGHTS /= _HALF_WEIGHTS.sum()


class Events(NamedTuple):
    """States of k inputs after a layer.

    Args:
      read: R, the read-offs of the active features.
      v: mean of h^2 over all units.
      large: share of units with |h| > 3/2, where a feature has doubled or two features meet.
    """

    read: Float[np.ndarray, "k s"]
    v: Float[np.ndarray, " k"]
    large: Float[np.ndarray, " k"]


def encode(rng: np.random.Generator, design: Design, count: int) -> Events:
    """The encoded inputs: exact codes, so that read-offs err by shared units alone."""
    silent = Noise(*(np.zeros(count) for _ in range(3)))
    return correct(rng, np.ones((count, design.s)), silent, design)


def gate_layer(
    rng: np.random.Generator, events: Events, m: float | int, design: Design
) -> tuple[Float[np.ndarray, "k s"], Noise]:
    """The read-offs r of the active gates, and the noise the idle ones make in the correction's units."""
    read, s, size = events.read, design.s, design.gate_size
    _, x = sharing(m, design)
    following = np.roll(read, -1, axis=1)
    drawn = rng.binomial(size, 0.25, read.shape)  # neurons where both signs are +
    lift = read.mean(1) * 2
    noise = idle_noise(events.v, m, design, hit=x * drawn.sum(1) / size, lift=lift)
    k, drive = np.maximum(drawn, 1), read + following - 1
    if k.max() > MANY:
        mean, second, _, _ = relu_moments(drive, noise.neuron[:, None])
        spread = np.sqrt(np.maximum(second - mean**2, 0) / k)
        return mean + spread * rng.standard_normal(k.shape), noise
    slots = np.arange(k.max())
    u = drive[..., None] + noise.neuron[:, None, None] * rng.standard_normal((*k.shape, len(slots)))
    if s > 2 and x > 0:
        u += _shared_neurons(rng, read, x, len(slots))
    return (np.maximum(u, 0) * (slots < k[..., None])).sum(2) / k, noise


def _shared_neurons(
    rng: np.random.Generator, read: Float[np.ndarray, "k s"], x: float, slots: int
) -> Float[np.ndarray, "k s slots"]:
    """What other active gates add to a gate's neurons: each shares one with chance x; an input of both counts once."""
    n, s = read.shape
    added = np.zeros((n, s, slots))
    for gate in range(s):
        own = {gate, (gate + 1) % s}
        for other in set(range(s)) - {gate}:
            row, slot = np.nonzero(rng.random((n, slots)) < x)
            for feature in {other, (other + 1) % s} - own:
                added[row, gate, slot] += rng.choice((-1.0, 1.0), len(row)) * read[row, feature]
    return added


def correct(rng: np.random.Generator, r: Float[np.ndarray, "k s"], noise: Noise, design: Design) -> Events:
    """The state after the correction of gates that read r, in units with this noise."""
    units, p, (count, s) = design.units, design.density, r.shape
    alone = rng.binomial(units, p * (1 - p) ** (s - 1), (count, s))  # units of one active feature
    if alone.max() > MANY:
        total, square, large = _many_units(rng, r, alone, noise, design)
    else:
        slots = np.arange(alone.max(initial=1))
        z = rng.standard_normal((count, s, len(slots)))
        h = design.rounded(r[..., None] + noise.at_nodes(z)) * (slots < alone[..., None])
        total, square, large = h.sum(2), (h * h).sum((1, 2)), (np.abs(h) > 1.5).sum((1, 2)).astype(float)
    sizes = alone.astype(float)
    for i, j in combinations(range(s), 2):
        both = rng.poisson(units * p * p, count)
        row = np.repeat(np.arange(count), both)
        if len(row) == 0:
            continue
        sign = rng.choice((-1.0, 1.0), len(row))
        own = Noise(*(part[row] for part in noise))
        h = design.rounded(r[row, i] + sign * r[row, j] + own.at_nodes(rng.standard_normal(len(row))))
        add = lambda values, row=row: np.bincount(row, values, count)
        total[:, i] += add(h)
        total[:, j] += add(sign * h)
        square, large = square + add(h * h), large + add((np.abs(h) > 1.5).astype(float))
        sizes[:, i] += both
        sizes[:, j] += both
    idle = units - sizes.sum(1)
    values = np.abs(design.rounded(noise.at_nodes(np.broadcast_to(_HALF, (count, len(_HALF))))))
    second, fourth = values**2 @ _HALF_WEIGHTS, values**4 @ _HALF_WEIGHTS
    spread = np.sqrt(idle * np.maximum(fourth - second**2, 0))
    square = square + np.maximum(idle * second + spread * rng.standard_normal(count), 0)
    large = large + idle * ((values > 1.5) @ _HALF_WEIGHTS)
    read = np.where(sizes > 0, total / np.maximum(sizes, 1), r)  # a feature without a unit is given one
    return Events(read, square / units, large / units)


def _many_units(rng, r, alone, noise, design):
    """Sums over units of h, h^2 and |h| > 3/2 where a feature has many units of its own: normal, by their moments."""
    values = noise.at_nodes(np.broadcast_to(NODES, (len(r), len(NODES))))
    h = design.rounded(r[..., None] + values[:, None, :])
    first, second, fourth = h @ NODE_WEIGHTS, h**2 @ NODE_WEIGHTS, h**4 @ NODE_WEIGHTS
    draw = lambda mean, square: (
        alone * mean + np.sqrt(alone * np.maximum(square - mean**2, 0)) * rng.standard_normal(r.shape)
    )
    return draw(first, second), draw(second, fourth).sum(1), (alone * ((np.abs(h) > 1.5) @ NODE_WEIGHTS)).sum(1)


def chance_invented(events: Events, m: float | int, design: Design) -> Float[np.ndarray, " k"]:
    """P(some idle feature reads above 1/2), for each state.

    An idle feature sums h over n ~ Bin(D, p) units with random signs, each 0, +-1 or +-2 with chances from v and
    `large`. It reads above 1/2 when the sum of h - 1/2 is positive. That sum has the generating function
    exp(D p (M(t) - 1)), for n is all but Poisson. It is inverted at the saddle point, where small chances keep their
    relative precision.
    """
    two = np.minimum(events.large, events.v / 4)
    single = np.maximum(events.v - 4 * two, 1e-12)
    low, high = np.zeros_like(single), np.full_like(single, 40.0)
    for _ in range(20):  # where M'(t) = 0
        t = (low + high) / 2
        rising = (
            single * (np.sinh(t) - (np.cosh(t) - 1) / 2) + two * (2 * np.sinh(2 * t) - (np.cosh(2 * t) - 1) / 2) > 0.5
        )
        low, high = np.where(rising, low, t), np.where(rising, t, high)
    t = t[:, None]
    values = np.array([-2.5, -1.5, -0.5, 0.5, 1.5])  # h - 1/2
    law = np.stack([two / 2, single / 2, 1 - single - two, single / 2, two / 2], 1) * np.exp(t * values)
    total = law.sum(1, keepdims=True)
    scale = design.units * design.density
    size = min(2 ** ceil(log2(24 * sqrt(scale) + 64)), _SUMS)  # 17 standard deviations and more
    half_steps = np.arange(size // 2)
    angles = np.exp(-2j * np.pi * np.outer(2 * values, np.arange(size // 2 + 1)) / size)
    sums = np.fft.irfft(np.exp(scale * (law @ angles - total)), size)[:, : size // 2]
    above = np.exp(scale * (total[:, 0] - 1)) * (sums[:, 1:] * np.exp(-t * half_steps[1:] / 2)).sum(1)
    return -np.expm1(-m * np.clip(above, 0, 1))


def chance_hit(m: float | int, design: Design) -> float:
    """P(some idle gate reads above 1/2 because active gates share half of the few neurons it is read on).

    It has k ~ Bin(A, 1/4) of them. Each carries an active gate with both signs + with chance s x/4, and reads 1 then.
    """
    _, x = sharing(m, design)
    k = np.arange(min(design.gate_size, 60) + 1)
    sizes = scipy.stats.binom.pmf(k, design.gate_size, 0.25)
    sizes[1] += sizes[0]  # a gate without one is read on its first
    share = min(design.s * x / 4, 1.0)
    many = scipy.stats.binom.sf(k[1:] // 2, k[1:], share) + np.where(
        k[1:] % 2 == 0, scipy.stats.binom.pmf(k[1:] // 2, k[1:], share) / 2, 0
    )
    return float(-np.expm1(-m * min(float(sizes[1:] @ many), 1.0)))


def first_wrong(seed: int, m: float | int, design: Design, depth: int, events: int) -> Int[np.ndarray, " events"]:
    """For each event the first layer with a wrong bit, depth + 1 where there is none."""
    rng = np.random.default_rng(seed)
    state, alive = encode(rng, design, events), np.arange(events)
    first = np.full(events, depth + 1)
    for layer in range(1, depth + 1):
        r, noise = gate_layer(rng, state, m, design)
        state = correct(rng, r, noise, design)
        wrong = _wrong(rng, state, m, design)
        first[alive[wrong]] = layer
        alive, state = alive[~wrong], Events(*(part[~wrong] for part in state))
        if not len(alive):
            break
    return first


def _wrong(rng: np.random.Generator, state: Events, m: float | int, design: Design) -> Bool[np.ndarray, " k"]:
    lost = (state.read <= 0.5).any(1)
    invented = 1 - (1 - chance_invented(state, m, design)) * (1 - chance_hit(m, design))
    return lost | (rng.random(len(lost)) < invented)


def success(seed: int, m: float | int, design: Design, depth: int, batch: int, events: int = 2000) -> float:
    """P(a network is right on a batch of inputs in all of `depth` layers), as the batch-th power of one input's."""
    return float(np.mean(first_wrong(seed, m, design, depth, events) > depth)) ** batch


def half_pass(seed: int, design: Design, depth: int, batch: int, events: int = 2000, tolerance: float = 0.005) -> float:
    """The m at which half of the networks are right on a batch of inputs to `depth`; the same draws at every m tried.

    Seconds at any width. Zero where not even a network with disjoint gates, of m = b features, passes.
    """
    high = log(mean_field_capacity(design)) + 0.1
    low, step = high, 0.5
    while success(seed, exp(low), design, depth, batch, events) < 0.5:
        high, low, step = low, low - step, 2 * step
        if low < log(4 * design.s):
            return 0.0
    while high - low > tolerance:
        middle = (low + high) / 2
        passes = success(seed, exp(middle), design, depth, batch, events) >= 0.5
        low, high = (middle, high) if passes else (low, middle)
    return exp((low + high) / 2)


def standard_error(chance: float, events: int) -> float:
    """Of a chance estimated from so many events."""
    return sqrt(max(chance * (1 - chance), 1 / events) / events)

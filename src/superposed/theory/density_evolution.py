"""How noise grows through Theorem 8's network: its moments in the limit of many units (density evolution).

One circuit layer takes the state h of D units to the next state. Write v for the mean of h^2 over units.

    idle feature read before the layer:  R = <phi, h>/n,  n ~ Bin(D, p),         variance  v E[1/n]
    neuron of the AND layer:  noise Z ~ N(0, 2 (m/b - 1) v E[1/n])    2 (m/b - 1) inputs of other gates, random signs
    two gates share a neuron of a block with chance                               x = (m/b - 1)/(m - 1), none if m <= b
    idle gate:  r = mean over k ~ Bin(A, 1/4) neurons of ReLU(w - 1 + hit + Z),   w = R_i + R_j is common to all k
    hit: the neuron carries an active gate with both signs +                      it gets 2 more, chance s x/4
    unit of the correction:  N = sum of +-r of its idle gates                     variance m p E r^2, excess kurtosis
                                                                                  E r^4/(m p (E r^2)^2)
    next state:  h' = round(signal + N),  v' = E h'^2

The central limit stands for Z, and a Cornish-Fisher expansion for N. The mean field asks whether v has a stable fixed
point. It neglects accidents of single features, which `deep_drawn` adds.

Source: the network is Hänni et al. 2024, Theorem 8; this analysis is the project's.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
import scipy
from jaxtyping import Float
from scipy.special import ndtr

from superposed.bad_input import InputError
from superposed.theory.targeted import gate_size

BLOW_UP = 20.0
"""A state this many times as noisy as a clean one is lost: nothing brings it back."""
PROOF_TERM = 18.0  # 2 * 3^2: a unit forgives noise up to 1/3

_W, _W_WEIGHT = np.polynomial.hermite_e.hermegauss(11)
_W_WEIGHT = _W_WEIGHT / _W_WEIGHT.sum()
NODES = np.linspace(-8, 8, 257)
"""Standard normal values at which expectations over a unit's noise are summed, with `NODE_WEIGHTS`."""
NODE_WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


@dataclass(frozen=True)
class Design:
    """The sizes and thresholds of a network of targeted ANDs and corrections; the defaults are the paper's.

    Args:
      width: d, ReLU neurons of a layer.
      s: active features.
      top: the rounding goes from -top to top, 1 or 2; a unit is 4 top ReLUs.
      edge: the rounding forgives noise up to this, and is a straight line from `edge` to 1 - `edge`; below 1/2.
      spread: units a feature is stored on, relative to sqrt(D/s).
      gate_spread: neurons a gate has, relative to sqrt(d/s).

    Raises:
      InputError: a value out of range, or too few units.
    """

    width: int
    s: int
    top: int = 2
    edge: float = 1 / 3
    spread: float = 1.0
    gate_spread: float = 1.0

    def __post_init__(self):
        for name, fine, rule in (
            ("s", self.s >= 1, "at least one feature is active; use 1 or more"),
            ("top", self.top in (1, 2), "the rounding saturates at 1 or 2"),
            ("edge", 0 < self.edge < 0.5, "the noise that is forgiven lies in (0, 1/2)"),
            ("spread", 0 < self.spread <= sqrt(max(self.units * self.s, 1)), "units a feature: from 0 to all of them"),
            ("gate_spread", self.gate_spread > 0, "a gate needs neurons; use a number above 0"),
        ):
            if not fine:
                raise InputError(name, getattr(self, name), rule)
        if self.units < 4 * self.s:
            rule = f"correction needs {4 * self.top} neurons a unit and 4 s units; use {16 * self.top * self.s} or more"
            raise InputError("width", self.width, rule)

    @property
    def units(self) -> int:
        """D, units of the correction."""
        return int(self.width // (4 * self.top))

    @property
    def density(self) -> float:
        """p, the chance that a feature is stored on a unit."""
        return self.spread / sqrt(self.units * self.s)

    @property
    def gate_size(self) -> int:
        """A, neurons of a gate, one in each of A blocks."""
        return min(gate_size(self.width, self.s, self.gate_spread), int(self.width))

    @property
    def block(self) -> int:
        """b, neurons of a block."""
        return int(self.width // self.gate_size)

    def rounded(self, x: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The rounding to -top, ..., top, made of ramps from `edge` to 1 - `edge`."""
        size, slope = np.abs(x), 1 / (1 - 2 * self.edge)
        steps = sum(np.clip((size - shift - self.edge) * slope, 0, 1) for shift in range(self.top))
        return np.copysign(steps, x)


def sparse_design(width: int, s: int) -> Design:
    """A design that bears more features than the paper's.

    A feature has about 2 ln d units and a gate 8 ln d neurons; a unit is four ReLUs, which round to -1, 0, 1.

    A neuron's noise has the variance 2 (m A/d)(s/D), and a unit's noise grows with n, the units a feature has. The
    paper takes A and n near sqrt(d/s), which gives m ~ d^(3/2). A mean over a few ln d of either is enough to be right
    for all features at once, which gives m ~ d^2 less logarithms. The rounding ends at 1, so no feature can double.
    With 5 ln d neurons a gate some idle gates are read on one or two, and an active gate that shares one invents a bit.

    Short codes cost depth. Features on very few units make a wrong bit however small m is. At d = 32,768 its drawn
    chance is 8e-6 in a layer for each input. With the paper's codes it is 6e-12 (`rare_errors.wrong_bit_chance`).
    """
    plain, few = Design(width, s, top=1, edge=0.375), log(width)
    spread = min(2 * few / sqrt(plain.units / s), sqrt(plain.units * s))
    return replace(plain, spread=spread, gate_spread=8 * few / sqrt(width / s))


DESIGNS: dict[str, Callable[[int, int], Design]] = {"paper": Design, "sparse": sparse_design}
"""Designs by name, made from (width, s)."""


class Noise(NamedTuple):
    """What a layer adds, for each of several states: sd of Z, variance and excess kurtosis of a unit's noise N."""

    neuron: Float[np.ndarray, " k"]
    variance: Float[np.ndarray, " k"]
    kurtosis: Float[np.ndarray, " k"]

    def at_nodes(self, z: Float[np.ndarray, "k *n"]) -> Float[np.ndarray, "k *n"]:
        """N where a standard normal is z (Cornish, Fisher): sqrt(variance) (z + kurtosis/24 (z^3 - 3 z))."""
        shape = (-1, *[1] * (z.ndim - 1))
        bent = np.minimum(self.kurtosis, 6.0).reshape(shape) / 24  # beyond 8 the expansion is not monotone
        return np.sqrt(self.variance).reshape(shape) * (z + bent * z * (z * z - 3))


@lru_cache(maxsize=4096)
def inverse_moments(n: int, p: float) -> tuple[float, float, float]:
    """E[1/k], E[1/k^2], E[1/k^3] for k ~ Bin(n, p) that is not zero."""
    mean, sd = n * p, sqrt(n * p * (1 - p))
    if mean > 1e4:
        k, weight = mean + sd * _W, _W_WEIGHT
    else:
        k = np.arange(1.0, min(n, int(mean + 12 * sd + 20)) + 1)
        weight = scipy.stats.binom.pmf(k, n, p)
    weight = weight / weight.sum()
    return tuple(float((weight * k**-j).sum()) for j in (1.0, 2.0, 3.0))


def relu_moments(
    mean: Float[np.ndarray, "*shape"], std: Float[np.ndarray, "*#shape"]
) -> tuple[Float[np.ndarray, "*shape"], ...]:
    """E h, ..., E h^4 of h = ReLU(mean + std N), N standard normal, by E h^(j+1) = mean E h^j + j std^2 E h^(j-1)."""
    std = np.maximum(std, 1e-9)
    t = mean / std
    below = ndtr(t)
    first = mean * below + std * np.exp(-(t**2) / 2) * 0.3989422804014327
    second = mean * first + std**2 * below
    third = mean * second + 2 * std**2 * first
    return tuple(np.maximum(h, 0) for h in (first, second, third, mean * third + 3 * std**2 * second))


def idle_noise(
    v: Float[np.ndarray, " k"],
    m: float | int,
    design: Design,
    hit: Float[np.ndarray, " k"] | float | None = None,
    lift: Float[np.ndarray, " k"] | float = 2.0,
) -> Noise:
    """The noise of the next layer's units when the state's mean square is v.

    Args:
      v: mean of h^2 over units, for each of several states.
      m: gates and features.
      hit: share of readable neurons of an idle gate that an active gate lifts; None takes its mean, s x/4.
      lift: by how much, R_i + R_j of the active gate.
    """
    others, x = sharing(m, design)
    i1, i2, i3 = inverse_moments(design.gate_size, 0.25)
    read = v * inverse_moments(design.units, design.density)[0]
    neuron = np.sqrt(2 * others * read)
    hit = np.broadcast_to(np.minimum(design.s * x / 4 if hit is None else hit, 1.0), v.shape)[:, None]
    w = np.sqrt(2 * read)[:, None] * _W - 1
    plain = relu_moments(w, neuron[:, None])
    lifted = relu_moments(w + np.broadcast_to(lift, v.shape)[:, None], neuron[:, None])
    u1, u2, u3, u4 = ((1 - hit) * a + hit * b for a, b in zip(plain, lifted, strict=True))
    second = (u1**2 * (1 - i1) + u2 * i1) @ _W_WEIGHT
    fourth = (
        u4 * i3
        + (4 * u3 * u1 + 3 * u2**2) * (i2 - i3)
        + 6 * u2 * u1**2 * (i1 - 3 * i2 + 2 * i3)
        + u1**4 * (1 - 6 * i1 + 11 * i2 - 6 * i3)
    ) @ _W_WEIGHT
    variance = m * design.density * second
    return Noise(neuron, variance, fourth / np.maximum(m * design.density * second**2, 1e-300))


def sharing(m: float | int, design: Design) -> tuple[float, float]:
    """(other gates on a gate's neuron in a block, chance that a given other gate is among them); zero while m <= b."""
    others = max(m / design.block - 1, 0.0)
    return others, others / max(m - 1, 1)


def next_v(v: Float[np.ndarray, " k"], m: float | int, design: Design) -> Float[np.ndarray, " k"]:
    """The mean of h'^2 after one layer, from that of h^2 before, in the mean field."""
    noise, p, s = idle_noise(v, m, design), design.density, design.s
    gain = relu_moments(np.ones_like(v), noise.neuron)[0][:, None]
    values = noise.at_nodes(np.broadcast_to(NODES, (len(v), len(NODES))))
    square = lambda signal: design.rounded(signal + values) ** 2 @ NODE_WEIGHTS
    alone, none = s * p * (1 - p) ** (s - 1), (1 - p) ** s
    idle = square(0.0)
    return none * idle + alone * square(gain) + (1 - none - alone) * (square(2 * gain) + idle) / 2


def is_stable(m: float | int, design: Design) -> bool:
    """Whether v settles when it starts at a clean state's s p. It does where next_v, which rises, does not exceed v."""
    clean = design.s * design.density
    v = clean * np.geomspace(0.7, BLOW_UP, 96)
    return bool((next_v(v, m, design) <= v).any())


@partial(lru_cache(maxsize=1024))
def mean_field_capacity(design: Design) -> float:
    """m_c, the largest m at which v has a stable fixed point. Milliseconds at any width.

    In the paper's design it grows as d^1.37 to d^1.45 between d = 10^4 and 10^12, tending to d^(3/2)/log d, and falls
    as about s^(-1/2). In the sparse design it grows as d^1.71 to d^1.90, tending to d^2 less logarithms.
    """
    high = 2 * log(design.width)
    while not is_stable(exp(high - 0.25), design):  # from above: at small m the expansion of a rare noise can mislead
        high -= 0.25
    low = high - 0.25
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if is_stable(exp(middle), design) else (low, middle)
    return exp(low)


def leading_order(width: float | int, s: int) -> float:
    """d^(3/2)/(18 sqrt(2 s) ln(d/8s)): where hits alone round as many units wrongly as carry a signal."""
    return width**1.5 / (PROOF_TERM * sqrt(2 * s) * log(width / (8 * s)))

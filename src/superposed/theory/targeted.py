"""Read-offs of a layer of targeted ANDs (Theorem 11), drawn at a cost that does not grow with the number of gates n.

n gates on n features in superposition, each feature read by two gates. A gate has A = sqrt(d/s) neurons, one in each of
A blocks of b = d // A. It is read on the k ~ Bin(A, 1/4) of them where both its inputs have the sign +:

    r = mean over k neurons of ReLU(j - 1 + w + Z_i + H_i)

with j active inputs, and three kinds of noise:

    w    cross-talk of the gate's own inputs, common to its neurons        variance (2 s + j (j - 2)) / d
    Z_i  cross-talk of the 2 (n/b - 1) inputs of other gates on neuron i   variance 2 (n/b - 1) s / d
    H_i  +-1 for each other active feature that a gate writes on neuron i  Poisson of mean 2 (s - j) / b

The same read-off is used in two ways. If it is read linearly, r itself must be near the AND. The kink of the ReLU adds
0.40 sd(Z) to a gate with one active input, and this limits n to d^(3/2). If it is read by a threshold, r need only tell
two active inputs from one. Then Z averages over the k neurons, and n grows as d^2. If every gate must be right, it
grows as d^2 less logarithms.

Source: the layer is Hänni et al. 2024, Theorem 11, with erratum E3; this analysis is the project's.
"""

from collections.abc import Sequence
from math import exp, hypot, log, log2, sqrt

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import brentq
from scipy.special import ndtr

Number = int | float

MANY = 256
"""Neurons from which the mean over a gate's neurons counts as normal."""
KINK = 1 / sqrt(2 * np.pi)
Z99 = 2.326  # standard deviations that 1% of normal errors exceed on one side


def gate_size(d: Number, s: int, spread: float = 1.0) -> int:
    """A, neurons of a gate: `spread` times sqrt(d/s), at least 1."""
    return max(round(spread * sqrt(d / s)), 1)


def neuron_variance(n: Number, d: Number, s: int) -> float:
    """Of Z, the cross-talk of other gates' inputs on a neuron."""
    return 2 * max(n / (d // gate_size(d, s)) - 1, 0) * s / d


def mean_hits(active, d: Number, s: int):
    """How many active features that are no inputs of a gate reach one of its neurons, on average."""
    return 2 * (s - active) / (d // gate_size(d, s))


def draw_read_offs(
    seed: int, gates: Sequence[Number], d: Number, s: int, events: int
) -> Float[np.ndarray, "n 3 events"]:
    """Read-offs r of gates with 0, 1 and 2 active inputs, for each number of gates; all of them share their draws.

    Approximate: Z is normal (many inputs), the load of a neuron is its mean, hits are Poisson, and the mean over more
    than MANY neurons is normal. Gates with one active input set the limit. At d = 512 (A = 13) they
    agree with built layers within the errors of 2,000 inputs. The mean square of idle gates is a quarter too small.
    """
    rng, size = np.random.default_rng(seed), gate_size(d, s)
    active = np.arange(3)[:, None]
    w = np.sqrt((2 * s + active * (active - 2)) / d) * rng.standard_normal((3, events))
    k = np.maximum(rng.binomial(size, 0.25, (3, events)), 1)
    drive = active - 1 + w
    hits = mean_hits(active, d, s)
    spread = np.sqrt([neuron_variance(n, d, s) for n in gates])
    if size / 4 > MANY:
        z = rng.standard_normal((3, events))
        return np.stack([_normal_mean(drive, sd, hits, k, z) for sd in spread])
    slots = np.arange(k.max())
    z = rng.standard_normal((3, events, len(slots)))
    h = rng.poisson(hits[..., None] / 2, z.shape) - rng.poisson(hits[..., None] / 2, z.shape)
    averaged = slots < k[..., None]  # neurons that belong to the gate
    relu = lambda sd: np.maximum(drive[..., None] + h + sd * z, 0)
    return np.stack([(relu(sd) * averaged).sum(axis=2) / k for sd in spread])


def _normal_mean(drive, sd, hits, k, z):
    """The mean of k neurons by its first two moments; at most one hit a neuron."""
    moments = [relu_moments_of(drive + h, sd) for h in (-1, 0, 1)]
    share = (hits / 2, 1 - hits, hits / 2)
    mean, square = (sum(p * m[i] for p, m in zip(share, moments, strict=True)) for i in (0, 1))
    return mean + np.sqrt(np.maximum(square - mean**2, 0) / k) * z


def relu_moments_of(
    mean: Float[np.ndarray, "*n"], sd: float
) -> tuple[Float[np.ndarray, "*n"], Float[np.ndarray, "*n"]]:
    """E h and E h^2 of h = ReLU(mean + sd N), N standard normal."""
    t = mean / max(sd, 1e-12)
    density, below = np.exp(-(np.minimum(np.abs(t), 38) ** 2) / 2) * KINK, ndtr(t)
    return mean * below + sd * density, (mean**2 + sd**2) * below + mean * sd * density


def read_off_moments(active: int, n: Number, d: Number, s: int) -> tuple[float, float]:
    """Mean and standard deviation of the read-off of a gate, by its active inputs; at most one hit a neuron."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(11)
    weight = weight / weight.sum()
    drive = active - 1 + sqrt((2 * s + active * (active - 2)) / d) * nodes
    hits = mean_hits(active, d, s)
    moments = [relu_moments_of(drive + h, sqrt(neuron_variance(n, d, s))) for h in (-1, 0, 1)]
    first, square = (
        sum(p * m[i] for p, m in zip((hits / 2, 1 - hits, hits / 2), moments, strict=True)) for i in (0, 1)
    )
    mean = weight @ first
    return float(mean), sqrt(weight @ (first - mean) ** 2 + 4 / gate_size(d, s) * (weight @ (square - first**2)))


def rms_gates(d: Number, s: int, eps: float) -> float:
    """The number of gates at which the rms error of the worst stratum is eps, with `read_off_moments`."""

    def excess(log_n: float) -> float:
        moments = [(active, *read_off_moments(active, exp(log_n), d, s)) for active in (1, 2)]
        return max(hypot(mean - (active == 2), sd) for active, mean, sd in moments) - eps

    return exp(brentq(excess, log(d / gate_size(d, s)), 2 * log(d)))


def predicted_gates(d: Number, s: int, eps: Number | None) -> float:
    """The largest number of gates n at which read-offs are good enough up to Z99 standard deviations.

    Read-offs count as normal, with `read_off_moments`. Only the strata with the largest errors are looked at: gates
    with one active input for a linear read, those with one and with two for a threshold.

    Args:
      eps: tolerance of a linear read; None asks for the right side of the threshold.
    """

    def excess(log_n: float) -> float:
        n = exp(log_n)
        mean_of_one, sd = read_off_moments(1, n, d, s)
        if eps is not None:
            return mean_of_one + Z99 * sd - eps
        both, sd_both = read_off_moments(2, n, d, s)
        return max(mean_of_one + Z99 * sd - threshold(n, d, s), threshold(n, d, s) - both + Z99 * sd_both)

    low = log(d / gate_size(d, s))
    return exp(brentq(excess, low, 2 * log(d))) if excess(low) < 0 else 0.0


def threshold(n: Number, d: Number, s: int) -> float:
    """Half-way between the mean read-offs of gates with one and with two active inputs."""
    sd = sqrt(neuron_variance(n, d, s))
    return float(relu_moments_of(np.array([0.0, 1.0]), sd)[0].mean())


def wrong_bits(read: Float[np.ndarray, "3 events"], n: Number, d: Number, s: int) -> Bool[np.ndarray, "3 events"]:
    """Which gates are on the wrong side of the threshold."""
    above = read > threshold(n, d, s)
    return above != (np.arange(3)[:, None] == 2)


def linear_gates(d: Number, s: int, eps: Number) -> float:
    """Leading order of the most gates that read within eps: n = (eps/0.40)^2 d^(3/2) / (2 sqrt s)."""
    return (eps / KINK) ** 2 * d**1.5 / (2 * sqrt(s))


def threshold_gates(d: Number, s: int) -> float:
    """Leading order of the most gates that a threshold tells apart, z = 2.33 standard deviations on either side.

    Where sd(Z) is large, E ReLU(Z + j - 1) rises by 1/2 for each active input, and ReLU(Z) has variance .34 sd(Z)^2. A
    gate averages A/4 neurons, so that z sqrt(4 .34/A) sd(Z) = 1/4, whatever A is: n = d^2 / (8 s 16 .34 z^2).
    """
    return d**2 / (128 * (0.5 - KINK**2) * 2.33**2 * s)


def most_gates_by_counting(d: Number, bits: int) -> float:
    """The largest m that d x d weights of so many bits can hold: where d = sqrt(m (2 log2 m - 1) / bits).

    Two inputs of each of m gates among m features are m (2 log2 m - 1) bits.
    """
    return brentq(lambda m: m * (2 * log2(m) - 1) - bits * d * d, 2.0, bits * d * d)

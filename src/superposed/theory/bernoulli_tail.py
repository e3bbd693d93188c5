"""How rarely the Bernoulli universal AND errs badly: the far tail of its error, and the width at which every pair is
right.

The criterion `max` asks all C(m, 2) pairs at once. So it asks for an error that one pair in m^2 exceeds, far beyond any
sample. The tail has a closed form all the same. Given the cross-talk C that its neurons share, a read-off is the mean
of L independent ReLU(h_i), whose cumulant generating function is known. A saddle point gives the chance of a large
mean.
"""

from collections.abc import Callable
from math import exp, log, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import ndtr

from superposed.program import program
from superposed.theory.bernoulli import best_density
from superposed.theory.bernoulli_width import predicted_width

Number = int | float
RARE = 1e-15  # numbers of wired features that a neuron has less often are left out
NODES = 81  # of the quadrature over C
REACH = (-8.0, 10.0)  # of it, in standard deviations
TAIL = 0.01  # the fraction of errors that may exceed the tolerance
HALVINGS, NEWTON = 12, 4
"""Steps towards a saddle point: halvings until K' is nearly straight, then Newton's."""


def cumulants(
    theta: Float[np.ndarray, " n"], mean: Float[np.ndarray, "n k"], std: float, chance: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The cumulant generating function of Y = ReLU(N(mean_k, std^2)), k drawn with `chance`, and its first two
    derivatives.

    K(theta) = log sum_k chance_k (Phi(-mean_k/std) + exp(theta mean_k + theta^2 std^2/2) Phi(mean_k/std + theta std))
    """
    theta = theta[:, None]
    shifted = mean + theta * std**2
    tilt = np.exp(np.minimum(theta * mean + (theta * std) ** 2 / 2, 600))
    above = tilt * ndtr(shifted / std)
    edge = tilt * std * np.exp(-((shifted / std) ** 2) / 2) / sqrt(2 * pi)
    total = (ndtr(-mean / std) + above) @ chance
    first = (shifted * above + edge) @ chance / total
    second = ((shifted**2 + std**2) * above + shifted * edge) @ chance / total
    return np.log(total), first, second - first**2


def chance_mean_above(
    level: float,
    n: Float[np.ndarray, " l"],
    mean: Float[np.ndarray, "n k"],
    std: float,
    chance: Float[np.ndarray, " k"],
) -> Float[np.ndarray, "n l"]:
    """P(mean of n independent Y > level) for each row of `mean` and each n, level > 0.

        K'(theta) = level,   w = sign(theta) sqrt(2 n (theta level - K)),   u = theta sqrt(n K''),
        P = 1 - Phi(w) + phi(w) (1/u - 1/w)

    An approximation whose relative error falls as 1/n, however small P is (a per cent at n = 20).
    Source: Lugannani and Rice 1980.
    """
    theta = saddle_points(level, mean, std, chance)
    k, _, k2 = cumulants(theta, mean, std, chance)
    w = np.sign(theta)[:, None] * np.sqrt(2 * n * np.maximum(theta * level - k, 1e-300)[:, None])
    u = theta[:, None] * np.sqrt(n * k2[:, None])
    correction = np.where(np.abs(w) > 1e-3, np.exp(-(w**2) / 2) / sqrt(2 * pi) * (1 / u - 1 / w), 0)
    return np.clip(ndtr(-w) + correction, 0, 1)


def saddle_points(
    level: float, mean: Float[np.ndarray, "n k"], std: float, chance: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " n"]:
    """theta with K'(theta) = level for each row of `mean`, between -60/std and 60/std, where K' rises."""
    high = np.full(len(mean), 60.0 / std)
    low, theta = -high, np.zeros(len(mean))
    for n in range(HALVINGS + NEWTON):
        _, first, second = cumulants(theta, mean, std, chance)
        low, high = np.where(first < level, theta, low), np.where(first < level, high, theta)
        newton = np.clip(theta + (level - first) / np.maximum(second, 1e-300), low, high)
        theta = (low + high) / 2 if n < HALVINGS else newton
    return theta


def chance_above(
    m: Number, s: int, d: Number, p: float, d_in: Number, eps: float, *, active: int, fan_in: int = 2
) -> float:
    """The chance that read-off - truth > eps, for a gate of k inputs, `active` of them on, features in superposition.

        sum_L P(L) int dC phi(C) P(mean of L ReLU(active - (k - 1) + K + C + Z) > eps + [active = k]),   L ~ Bin(d, p^k)

    with K, C and Z as in `theory.bernoulli`. Against the drawn distribution down to a chance of 1e-5: within a tenth
    from m = 10^4 on; at m = 64, where |x| varies, it is up to a third too small, which is 3% of the width.

    Raises:
      ValueError: eps is not positive.
    """
    if eps <= 0:
        raise ValueError(f"eps = {eps}: the error allowed must be positive")
    bystanders, active_part = max(m - s, 0) * s, fan_in * s + active * (active - 2)
    z = np.linspace(*REACH, NODES)
    weight = np.exp(-(z**2) / 2)
    common = sqrt((p**2 * bystanders + active_part) / d_in) * z
    wired = np.arange(scipy.stats.binom.isf(RARE, s - active, p) + 1)
    shared = d * p**fan_in
    n = np.arange(1, int(shared + 15 * sqrt(shared)) + 30)
    p_n = scipy.stats.binom.pmf(n, float(round(d)), p**fan_in)
    likely = p_n > 1e-30
    above = chance_mean_above(
        eps + (active == fan_in),
        n[likely].astype(float),
        active - (fan_in - 1) + wired + common[:, None],
        sqrt(p * (1 - p) * bystanders / d_in),
        scipy.stats.binom.pmf(wired, s - active, p),
    )
    return float(weight @ above @ p_n[likely] / weight.sum())


def expected_failures(m: Number, s: int, d: Number, p: float, d_in: Number, eps: float) -> float:
    """How many of the C(m, 2) pairs of one input are expected to exceed eps; a union bound on the chance that any
    does."""
    pairs = ((m - s) * (m - s - 1) / 2, s * (m - s), s * (s - 1) / 2)
    return sum(n * chance_above(m, s, d, p, d_in, eps, active=j) for j, n in enumerate(pairs) if n > 0)


def quantile_width(m: Number, s: int, eps: float, shared: float | None = None, fan_in: int = 2) -> float:
    """The width d = d_in at which a fraction TAIL of the errors exceeds eps in the worst stratum.

    As `bernoulli_width.predicted_width`, with the tail itself in place of its Cornish-Fisher expansion.

    Args:
      shared: L = d p^k, the neurons a gate shares; None tunes the density.
      fan_in: k, inputs of a gate.
    """

    def excess(log_d: float) -> float:
        d = exp(log_d)
        p = density(m, s, d, TAIL, fan_in) if shared is None else min((shared / d) ** (1 / fan_in), 1.0)
        strata = range(fan_in - 1, min(s, fan_in) + 1)
        worst = max(chance_above(m, s, d, p, d, eps, active=j, fan_in=fan_in) for j in strata)
        return log(max(worst, 1e-300) / TAIL)

    return exp(_falls_to_zero(excess, log(predicted_width(m, s, eps, tail=TAIL, fan_in=fan_in))))


def quantile_errors(
    m: Float[np.ndarray, " n"], s: int, d: Float[np.ndarray, " n"], between: tuple[float, float]
) -> Float[np.ndarray, " n"]:
    """The error that 1% exceed in the worst stratum at each (m, d = d_in): `quantile_width` solved for eps.

    For every m the width is computed at seven errors between the two in `between`. The errors at the given widths are
    interpolated in log-log. Widths outside the range get the nearest of the seven.
    """
    grid, errors = np.geomspace(*between, 7), np.empty(len(m))
    for value in np.unique(m):
        widths = [quantile_width(value, s, eps) for eps in grid.tolist()]  # they fall as the error grows
        log_errors = np.interp(np.log(d[m == value]), np.log(widths)[::-1], np.log(grid)[::-1])
        errors[m == value] = np.exp(log_errors)
    return errors


def all_pairs_width(m: Number, s: int, eps: float, inputs: int = 1, tail: float | None = None) -> float:
    """The width d = d_in at which all pairs of `inputs` inputs stay below eps in half of the networks.

        inputs expected_failures(d) = log 2

    as if failures were independent (they are rare, and pairs of one network share little). For large m it grows as
    m^(2/3) (log m)^(1/3): at a quantile that moves out with m, a pair needs L ~ log m neurons, and d ~ m^(2/3) L^(1/3).

    Args:
      m, s, eps: as everywhere.
      inputs: inputs looked at.
      tail: the density is tuned for the error quantile at 1 - tail; None tunes it for this criterion, 1/(2 s m inputs).

    Source: derived for this project from the construction of Theorem 2, Hänni et al. 2024.
    """
    tail = 1 / (2 * s * m * inputs) if tail is None else tail

    def excess(log_d: float) -> float:
        d = exp(log_d)
        return log(max(inputs * expected_failures(m, s, d, density(m, s, d, tail), d, eps), 1e-300) / log(2))

    return exp(_falls_to_zero(excess, log(predicted_width(m, s, eps))))


def density(m: Number, s: int, d: float, tail: float, fan_in: int = 2) -> float:
    """The tuned density behind codes of d dimensions (`theory.bernoulli.best_density`)."""
    return float(program(_best_density, 1)(fan_in, float(m), float(s), d, d, tail))


def _best_density(fan_in, m, s, d, d_in, tail):
    return best_density(m, s, d, d_in, tail, fan_in=fan_in)


def _falls_to_zero(excess: Callable[[float], float], start: float) -> float:
    """Where a falling function is zero, looked for from near `start`."""
    low, high = start - 1, start + 1
    while excess(low) < 0:
        low -= 1
    while excess(high) > 0:
        high += 1
    return brentq(excess, low, high, xtol=1e-6)

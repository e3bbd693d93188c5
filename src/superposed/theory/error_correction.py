"""How many features one correction layer (`compiler.error_correction`) bears, by its exact law, under two criteria.

A unit of the correction sums the read-offs of the features it is wired to. The incoming code is ternary too, of
the same density p = 1/sqrt(D s). So the read-off of an idle feature is a mean over n ~ p D units of the entries of s
active features:

    g = (1/n) sum of D terms, each +-1 with probability s p^2 (together),   E g^2 = s/D
    noise = sum over m features of  B sigma g,   B ~ Bernoulli(p):   characteristic function (1 - p + p phi_g(t))^m

Given the g the units are independent, so that every chance is a power; both laws cost the same for any m and D.

Source: Hänni et al. 2024, Theorem 21, for the layer; the law is this project's.
"""

from math import exp, log, pi, sqrt

import numpy as np
import scipy
from jaxtyping import Float
from scipy.optimize import brentq

from superposed.bad_input import InputError
from superposed.theory.targeted import gate_size

STEP = 1 / 96  # of the grid on which sums over a feature's units are computed


def strict_leading_order(units: float | int, s: int) -> float:
    """d^(3/2) / (18 sqrt(s) ln d), the leading order of the largest m at which all units round exactly."""
    return units**1.5 / (18 * sqrt(s) * log(units))


def tolerance(units: float | int, m: float | int, s: int) -> float:
    """The largest read-off error, of random sign, that half of all layers round away in every one of D units.

        eps = (D s)^(1/4) / (3 z sqrt(m)),   P(|N(0, 1)| > z) = ln 2 / D

    Rises with s as s^(1/4), for a sparser code puts fewer features on a unit; the theorem is printed with s^(-1/4).
    """
    return (units * s) ** 0.25 / (3 * float(scipy.stats.norm.isf(log(2) / (2 * units))) * sqrt(m))


def noise_law(
    m: float | int, s: int, units: float | int, others: int = 0
) -> tuple[Float[np.ndarray, " x"], Float[np.ndarray, " x"]]:
    """Probabilities of a unit's noise on a grid: (values, chances), the chances summing to one.

    Read-offs are multiples of 1/n, so the grid's step divides 1/n, and 1/3 as well, where rounding begins to err.
    `others` active features may each sit on the unit beside its own, with either sign.
    """
    p, n = 1 / sqrt(units * s), gate_size(units, s)  # units of a feature follow the same rule as neurons of a gate
    per_one = 3 * n * int(np.ceil(32 / n))
    sd = sqrt(m * p) / n + sqrt(others * p)
    size = 2 ** int(np.ceil(np.log2(max(2 * 14 * sd, 24) * per_one)))
    t = 2 * pi * np.fft.rfftfreq(size)  # per grid step
    unread = -np.expm1(units * np.log1p(-2 * s * p * p * np.sin(t * (per_one // n) / 2) ** 2))  # 1 - phi_g
    transform = np.exp(max(m - s, 0) * np.log1p(-p * unread)) * (1 - p * (1 - np.cos(t * per_one))) ** others
    chance = np.fft.irfft(transform, size)
    return (np.arange(size) - size // 2) / per_one, np.clip(np.roll(chance, size // 2), 0, None)


def chance_all_round(m: float | int, s: int, units: float | int) -> float:
    """P(every unit rounds exactly): all of the noises below 1/3 in modulus."""
    value, chance = noise_law(m, s, units)
    outside = chance[np.abs(value) >= 1 / 3 - 1e-9].sum()
    return float(np.exp(units * np.log1p(-min(outside, 1 - 1e-16))))


def rounded(x: Float[np.ndarray, " x"]) -> Float[np.ndarray, " x"]:
    """The paper's rounding, g(x) + g(x - 1) - g(-x) - g(-x - 1)."""

    def g(u):
        return np.clip(3 * u - 1, 0, 1)

    return g(x) + g(x - 1) - g(-x) - g(-x - 1)


def gain(m: float | int, s: int, units: float | int) -> float:
    """The mean read-off of an active feature, E round(1 + noise): below one where noise leaves the rounding's range."""
    value, chance = noise_law(m, s, units, others=s - 1)
    return float((rounded(value + 1.0) * chance).sum() / chance.sum())


def chance_bit_wrong(m: float | int, s: int, units: float | int, active: bool, threshold: float | int = 0.5) -> float:
    """P(a feature's bit decodes wrongly), averaged over the binomial number of units it is stored on.

    The bit is the sign of the sum over its units of round(signal + offset + noise) - threshold. The offset is the error
    of the feature's own incoming read-off. It is the same in all units of the feature. Its variance is s/D, or
    (s - 1)/D where the feature is active.
    """
    value, chance = noise_law(m, s, units, others=s - 1 if active else s)
    sd = sqrt((s - active) / units)
    shifts = (-1.0, 0.0, 1.0, 2.0, 3.0, 4.0) if sd > 0.01 else (0.0,)  # towards the wrong side, in standard deviations
    weights = scipy.stats.norm.pdf(shifts) / (
        scipy.stats.norm.pdf(np.arange(-8, 9)).sum() if sd > 0.01 else scipy.stats.norm.pdf(0)
    )
    wrong = 0.0
    for shift, weight in zip(shifts, weights, strict=True):
        term = rounded(value + 1.0 - shift * sd) - threshold if active else rounded(value + shift * sd) - threshold
        wrong += weight * chance_sum_positive(-term if active else term, chance, 1 / sqrt(units * s), units)
    return float(wrong)


def chance_sum_positive(
    term: Float[np.ndarray, " x"], chance: Float[np.ndarray, " x"], p: float, units: float | int, step: float = STEP
) -> float:
    """P(sum of Binomial(units, p) many terms > 0), half of P(sum = 0) included. Terms are split onto a grid of `step`.

    The sum has the moment generating function (1 - p + p M(theta))^units. It is inverted at the saddle point, where the
    sum is as likely to be positive as negative, so chances of 1e-15 keep their relative precision.
    """
    cell = np.floor(term / step).astype(int)
    upper = (term / step - cell) * chance
    first = int(cell.min())
    length = int(cell.max()) - first + 2
    law = np.bincount(cell - first, chance - upper, length) + np.bincount(cell + 1 - first, upper, length)
    law /= law.sum()
    term = (np.arange(length) + first) * step
    theta = _saddle_point(term, law)
    tilted = law * np.exp(theta * term)
    mass = tilted.sum()
    reach = 2.5 * p * mass * units + 12 * 2.5 * sqrt(p * mass * units) + 25
    size = 2 ** int(np.ceil(np.log2(2 * reach / step)))
    wrapped = np.bincount((np.arange(length) + first) % size, tilted, minlength=size)
    log_mass = units * np.log1p(p * (mass - 1))
    total = np.fft.irfft(((1 - p + p * np.fft.rfft(wrapped)) / (1 - p + p * mass)) ** units, size)
    sums = np.arange(size // 2) * step
    weight = np.exp(-theta * sums)
    weight[0] /= 2
    return float(np.clip(np.exp(log_mass) * (total[: size // 2] * weight).sum(), 0, 1))


def _saddle_point(term: Float[np.ndarray, " x"], law: Float[np.ndarray, " x"]) -> float:
    """theta with sum term law e^(theta term) = 0, or zero where the mean is positive already."""
    low, high = 0.0, 40.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (term * law * np.exp(middle * term)).sum() < 0 else (low, middle)
    return low


def chance_all_decode(m: float | int, s: int, units: float | int, rescaled: bool = False) -> float:
    """P(all m bits decode at 1/2), of the read-off as it is or divided by its `gain`."""
    threshold = 0.5 * gain(m, s, units) if rescaled else 0.5
    lost, invented = (chance_bit_wrong(m, s, units, active, threshold) for active in (True, False))
    return float((1 - lost) ** s * np.exp((m - s) * np.log1p(-min(invented, 1 - 1e-16))))


CRITERIA = {
    "round": chance_all_round,
    "decode": chance_all_decode,
    "decode-rescaled": lambda m, s, units: chance_all_decode(m, s, units, rescaled=True),
}


def capacity(s: int, units: float | int, criterion: str) -> float:
    """The largest m at which half of the networks pass, to half a percent.

    Args:
      criterion: "round" (every unit rounds exactly), "decode" (every bit is right at 1/2), or "decode-rescaled" (every
        bit is right at 1/2 once the read-off is divided by its mean on active features).

    Raises:
      InputError: not even the s active features alone pass.
    """
    passes = lambda log_m: CRITERIA[criterion](exp(log_m), s, units) >= 0.5
    low = log(max(strict_leading_order(units, s), s)) if criterion == "round" else 2 * log(units) - 6.5
    low, step = max(low, log(s)), 1.0
    while low > log(s) and not passes(low):
        low = max(low - step, log(s))
    if not passes(low):
        rule = f"not even m = s = {s} features pass {criterion!r} with a chance of 0.5; use more units"
        raise InputError("units", units, rule)
    high = low + step
    while passes(high):
        low, high = high, high + step
    return exp(brentq(lambda log_m: 0.5 - passes(log_m), low, high, xtol=4e-3))

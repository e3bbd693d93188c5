"""Tables of widths whose truth is known, on which fits and verdicts are tried. No network is measured."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from superposed.fitting import Crossover, Sample, power, power_log, sample
from superposed.fitting.fits import AnyModel

LEAST = 64.0
"""The smallest m of a table."""


@dataclass(frozen=True)
class Truth:
    """log d as a function of m, its asymptotic exponent, and the model that holds it."""

    curve: Callable[[np.ndarray], np.ndarray]
    exponent: float
    model: AnyModel


def crossing(m: np.ndarray) -> np.ndarray:
    """Three error terms as in the paper's construction; the one that brings m^(2/3) rules from m = 10^5 on."""
    return Crossover(asymptotic=2 / 3).log_response(np.log([[20.0, 2.0, 8.0]]), {"m": m})[0][0]


def straight(exponent: float, log_power: float | int = 0) -> Truth:
    """m^exponent (log m)^log_power."""
    curve = lambda m: 1 + exponent * np.log(m) + log_power * np.log(np.log(m))
    return Truth(curve, exponent, power_log() if log_power else power())


TRUTHS = {
    "m^(2/3)": straight(2 / 3),
    "m^(2/3) log m": straight(2 / 3, 1),
    "crossover to 2/3": Truth(crossing, 2 / 3, Crossover()),
    "m^.65": straight(0.65),
    "m^.62": straight(0.62),
    "m^.62 log m": straight(0.62, 1),
    "m^.60": straight(0.60),
    "m^.60 log m": straight(0.60, 1),
    "m^(1/2)": straight(0.5),
}


@dataclass(frozen=True)
class Noise:
    """How widths scatter, and how they are seen.

    log scatter = log sigma + slope x + bend (x^2 - mean), with x = log m from -1 to 1 over the design.

    Args:
      slope, bend: of the log scatter.
      rung: ratio of the widths that are tried.
      seeds: draws at each m.
      staircase: networks at each m, each tried at one width only; 0: every draw's width is known to a rung.
    """

    slope: float = 0.0
    bend: float = 0.0
    rung: float = 1.1
    seeds: int = 8
    staircase: int = 0


NOISES = {
    "even": Noise(),
    "falling with m": Noise(slope=-0.8),
    "humped": Noise(bend=-1.0),
    "seen on coarse rungs": Noise(rung=1.25),
    "seen on coarse rungs by two seeds": Noise(rung=1.25, seeds=2),
    "seen as pass or fail": Noise(staircase=24),
}
"""Coarse rungs are twice as wide as the scatter. "Pass or fail" is how the largest circuits are searched for."""


def draw_widths(cell: dict, trial: int) -> Sample:
    """Widths about the truth with log-normal scatter, each known between two rungs of a ladder with a random offset.

    Args:
      cell: `truth` and `noise` by name, `decades` of m from LEAST on, the number of `points`, and the scatter `sigma`.
      trial: number of the table; each has its own random numbers.
    """
    noise, truth = NOISES[cell["noise"]], TRUTHS[cell["truth"]]
    key = [list(TRUTHS).index(cell["truth"]), list(NOISES).index(cell["noise"]), round(10 * cell["decades"]), trial]
    random = np.random.default_rng(key)
    m = np.repeat(np.geomspace(LEAST, LEAST * 10 ** cell["decades"], cell["points"]), noise.staircase or noise.seeds)
    x = 2 * np.log(m / LEAST) / np.log(10 ** cell["decades"]) - 1
    scatter = cell["sigma"] * np.exp(noise.slope * x + noise.bend * (x**2 - np.mean(x**2)))
    log_d = truth.curve(m) + scatter * random.standard_normal(len(m))
    step = np.log(noise.rung)
    if noise.staircase:
        rungs = climb(log_d.reshape(-1, noise.staircase), truth.curve(m[:: noise.staircase]) + 4 * step, step, random)
        passed = rungs.reshape(-1) >= log_d
        width = np.exp(rungs.reshape(-1))
        return sample(np.where(passed, 0.0, width), np.where(passed, width, np.inf), m=m)
    offset = random.random() * step
    low = np.floor((log_d - offset) / step) * step + offset
    return sample(np.exp(low), np.exp(low + step), m=m)


def climb(log_d: np.ndarray, start: np.ndarray, step: float, random: np.random.Generator) -> np.ndarray:
    """The log widths tried at each m: a rung narrower after a pass, a rung wider after a failure.

    Args:
      log_d: the smallest log width at which each network passes, networks of one m in a row.
      start: the first log width at each m, before a random offset of up to a step.
    """
    tried = np.empty_like(log_d)
    now = start + step * random.random(len(start))
    for network in range(log_d.shape[1]):
        tried[:, network] = now
        now = now + np.where(now >= log_d[:, network], -step, step)
    return tried

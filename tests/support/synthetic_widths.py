"""Synthetic widths about a known curve."""

import numpy as np

from superposed.fitting import Crossover, Sample, sample

LADDER = 2.0 ** np.arange(6, 13)


def two_thirds(m):
    return np.log(3) + 2 / 3 * np.log(m)


def two_thirds_log(m):
    return 2 / 3 * np.log(m) + np.log(np.log(m))


def square_log(m):
    return 2 * np.log(np.log(m))


def square_root(m):
    return np.log(3) + np.log(m) / 2


def crossing(m):
    return Crossover(asymptotic=2 / 3).log_response(np.log([[20.0, 2.0, 8.0]]), {"m": m})[0][0]


def widths(
    truth=two_thirds, m=LADDER, seeds=8, sigma=0.1, rung=1.1, censored=False, slope=0.0, bend=0.0, seed=0
) -> Sample:
    """Log-normal widths about a curve, seen through a ladder of ratio `rung` (1: exactly); censored, its ends are open.

    The scatter changes as m^slope, and by a parabola of height `bend` over the design.
    """
    generator = np.random.default_rng(seed)
    column = np.repeat(m, seeds)
    x = (np.log(column) - np.log(m[0] * m[-1]) / 2) / max(np.log(m[-1] / m[0]) / 2, 1e-9)
    scatter = sigma * (column / np.exp(np.log(column).mean())) ** slope * np.exp(bend * (x**2 - np.mean(x**2)))
    y = truth(column) + scatter * generator.standard_normal(len(column))
    if rung == 1:
        return sample(np.exp(y), np.exp(y), m=column)
    step = np.log(rung)
    offset = generator.random() * step
    low = np.floor((y - offset) / step) * step + offset
    low, high = np.exp(low), np.exp(low + step)
    if censored:  # half of the seeds at either end of the design leave the ladder
        top, bottom = np.exp(truth(m[-1:])[0]), np.exp(truth(m[:1])[0])
        above, below = low >= top, high <= bottom
        low, high = (
            np.where(above, top, np.where(below, 0.0, low)),
            np.where(above, np.inf, np.where(below, bottom, high)),
        )
    return sample(low, high, m=column)

"""Data collapse: do error curves of different m fall on one when the width is measured in m^a?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar

from superposed.fitting.fits import NotFitted


@dataclass(frozen=True, eq=False)
class Collapse:
    """Error curves in the scaled width x = d / m^a.

    Attributes:
      exponent: a.
      x: scaled width of each point.
      quality: rms distance in log error between each point and the other curves at the same x, over the rms spread of
        log error about its mean: 0 is one curve, 1 is no collapse at all.
      overlap: fraction of points that lie within the x range of some other curve and so were compared.
    """

    exponent: float
    x: Float[np.ndarray, " n"]
    quality: float
    overlap: float


def collapse(
    m: Float[np.ndarray, " n"],
    d: Float[np.ndarray, " n"],
    error: Float[np.ndarray, " n"],
    exponent: float,
) -> Collapse | NotFitted:
    """Scale widths by m^exponent and measure how well the curves of different m agree.

        quality^2 = mean_i mean_{curves j of other m covering x_i} [log e_i - log e_j(x_i)]^2 / var(log e)

    with e_j(x) interpolated linearly in log-log. Source: the measure of Bhattacharjee & Seno 2001, normalised.

    Returns:
      The collapse; or why there is none, where no two curves overlap.

    Raises:
      ValueError: values not positive and finite, or fewer than two m with two widths each.
    """
    curves, log_e = _curves(m, d, error), np.log(error)
    log_x = np.log(d) - exponent * np.log(m)
    agreement = _agreement(log_x, log_e, curves)
    if agreement is None:
        return NotFitted(f"no two error curves overlap once widths are divided by m^{exponent:g}; measure more widths")
    return Collapse(float(exponent), np.exp(log_x), *agreement)


def _curves(m: np.ndarray, d: np.ndarray, error: np.ndarray) -> list[np.ndarray]:
    """The rows of each m by width, of every m with two widths."""
    for name, values in (("m", m), ("d", d), ("error", error)):
        if not (np.all(np.isfinite(values)) and np.all(values > 0)):
            raise ValueError(f"{name}: a collapse needs finite numbers above 0; drop the rows that break this")
    curves = [np.flatnonzero(m == value) for value in np.unique(m)]
    curves = [rows[np.argsort(d[rows])] for rows in curves if np.ptp(d[rows]) > 0]
    if len(curves) < 2:
        raise ValueError("a collapse compares curves: needs at least two values of m with two widths each")
    return curves


def _agreement(log_x: np.ndarray, log_e: np.ndarray, curves: list[np.ndarray]) -> tuple[float, float] | None:
    """(quality, overlap); None where no two curves overlap."""
    squares, times = np.zeros(len(log_x)), np.zeros(len(log_x))
    for curve in curves:
        x = log_x[curve]
        inside = (log_x >= x[0]) & (log_x <= x[-1])
        inside[curve] = False
        squares[inside] += (log_e[inside] - np.interp(log_x[inside], x, log_e[curve])) ** 2
        times += inside
    compared = times > 0
    if not compared.any():
        return None
    mean = squares[compared] / times[compared]
    return float(np.sqrt(mean.mean() / max(float(np.var(log_e)), 1e-300))), float(compared.mean())


def best_collapse(m: Float[np.ndarray, " n"], d: Float[np.ndarray, " n"], error: Float[np.ndarray, " n"]) -> Collapse:
    """The exponent in [-1, 3] whose collapse has the best quality per overlap.

    Quality is divided by the overlap, so that curves moved apart until nothing is compared do not win.

    Raises:
      ValueError: as `collapse`.
    """
    curves, log_m, log_e = _curves(m, d, error), np.log(m), np.log(error)

    def cost(exponent: float) -> float:
        agreement = _agreement(np.log(d) - exponent * log_m, log_e, curves)
        return np.inf if agreement is None else agreement[0] / agreement[1]

    grid = np.linspace(-1, 3, 81)
    costs = [cost(a) for a in grid]
    k = int(np.argmin(costs))
    bounds = (grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)])
    polished = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    return collapse(m, d, error, float(polished.x if polished.fun < costs[k] else grid[k]))


@dataclass(frozen=True, eq=False)
class Compared:
    """The best collapse of some error curves, and those at rival exponents.

    Attributes:
      best: the best collapse.
      exponent: (low, best, high) of its exponent, by `collapse_interval`.
      rivals: collapses by name; without those of no overlap.
    """

    best: Collapse
    exponent: tuple[float, float, float]
    rivals: Mapping[str, Collapse]


def compare_collapses(
    m: Float[np.ndarray, " n"],
    d: Float[np.ndarray, " n"],
    errors: Float[np.ndarray, "n seeds"],
    rivals: Mapping[str, float],
    draws: int = 200,
) -> Compared:
    """The best collapse and those at rival exponents. A point's error is the geometric mean over its seeds.

    Raises:
      ValueError: as `collapse_interval`.
    """
    mean = np.exp(np.log(errors).mean(axis=1))
    at_rivals = {name: collapse(m, d, mean, exponent) for name, exponent in rivals.items()}
    overlapping = {name: result for name, result in at_rivals.items() if isinstance(result, Collapse)}
    return Compared(best_collapse(m, d, mean), collapse_interval(m, d, errors, draws), overlapping)


def collapse_interval(
    m: Float[np.ndarray, " n"],
    d: Float[np.ndarray, " n"],
    errors: Float[np.ndarray, "n seeds"],
    draws: int = 200,
) -> tuple[float, float, float]:
    """(low, best, high) at 95% of `best_collapse`'s exponent. A point's error is the geometric mean over its seeds.

    A percentile bootstrap (Efron 1979): the seeds of each m are drawn with replacement. All widths of one m share a
    draw, because their networks are nested; those of different m are independent. The interval holds the scatter of the
    seeds only, not a drift of the exponent along m. With n seeds it is too narrow by about sqrt(1 - 1/n).

    Raises:
      ValueError: as `collapse`, or fewer than two seeds.
    """
    n_seeds = errors.shape[1]
    if n_seeds < 2:
        raise ValueError("one seed: no scatter to resample; measure at least two, better eight")
    random, log_e = np.random.default_rng(0), np.log(errors)
    exponents = []
    for _ in range(draws):
        mean = np.empty(len(m))
        for value in np.unique(m):
            chosen = random.integers(n_seeds, size=n_seeds)
            mean[m == value] = log_e[m == value][:, chosen].mean(axis=1)
        exponents.append(best_collapse(m, d, np.exp(mean)).exponent)
    low, high = np.quantile(exponents, [0.025, 0.975])
    return float(low), best_collapse(m, d, np.exp(log_e.mean(axis=1))).exponent, float(high)

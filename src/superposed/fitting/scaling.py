"""Data collapse: do error curves of different m fall on one when the width is measured in m^a (log m)^b?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar


@dataclass(frozen=True, eq=False)
class Collapse:
    """Error curves in the scaled width x = d / (m^a (log m)^b).

    Attributes:
      exponent, log_power: a and b.
      x: scaled width of each point.
      quality: rms distance in log error between each point and the other curves at the same x, over the rms spread of
        log error about its mean: 0 is one curve, 1 is no collapse at all.
      overlap: fraction of points that lie within the x range of some other curve and so were compared.
    """

    exponent: float
    log_power: float
    x: Float[np.ndarray, " n"]
    quality: float
    overlap: float


def collapse(
    m: Float[np.ndarray, " n"], d: Float[np.ndarray, " n"], error: Float[np.ndarray, " n"], exponent: float, log_power: float = 0.0
) -> Collapse:
    """Scale widths by m^exponent (log m)^log_power and measure how well the curves of different m agree.

        quality^2 = mean_i mean_{curves j of other m covering x_i} [log e_i - log e_j(x_i)]^2 / var(log e)

    with e_j(x) interpolated linearly in log-log. Source: the measure of Bhattacharjee & Seno 2001, normalised.

    Raises:
      ValueError: values not positive and finite, fewer than two m with two widths each, or no two curves overlap.
    """
    for name, values in (("m", m), ("d", d), ("error", error)):
        if not (np.all(np.isfinite(values)) and np.all(values > 0)):
            raise ValueError(f"{name}: a collapse needs finite numbers above 0; drop the rows that break this")
    log_x = np.log(d) - exponent * np.log(m) - log_power * np.log(np.log(m))
    log_e = np.log(error)
    curves = [np.flatnonzero(m == value) for value in np.unique(m)]
    curves = [rows[np.argsort(log_x[rows])] for rows in curves if len(np.unique(d[rows])) > 1]
    if len(curves) < 2:
        raise ValueError("a collapse compares curves: needs at least two values of m with two widths each")
    squares = np.full((len(curves), len(m)), np.nan)
    for j, curve in enumerate(curves):
        inside = (log_x >= log_x[curve[0]]) & (log_x <= log_x[curve[-1]]) & (m != m[curve[0]])
        squares[j, inside] = (log_e[inside] - np.interp(log_x[inside], log_x[curve], log_e[curve])) ** 2
    compared = np.isfinite(squares).any(0)
    if not compared.any():
        raise ValueError(f"no two error curves overlap once widths are divided by m^{exponent:g}; measure more widths")
    mean = np.nansum(squares[:, compared], axis=0) / np.isfinite(squares[:, compared]).sum(0)
    quality = float(np.sqrt(mean.mean() / max(float(np.var(log_e)), 1e-300)))
    return Collapse(float(exponent), float(log_power), np.exp(log_x), quality, float(compared.mean()))


def best_collapse(
    m: Float[np.ndarray, " n"], d: Float[np.ndarray, " n"], error: Float[np.ndarray, " n"], log_power: float = 0.0
) -> Collapse:
    """The exponent in [-1, 3] whose collapse has the best quality per overlap, at a given log power.

    Quality is divided by the overlap, so that curves moved apart until nothing is compared do not win.

    Raises:
      ValueError: as `collapse`.
    """

    def cost(exponent: float) -> float:
        try:
            found = collapse(m, d, error, exponent, log_power)
        except ValueError:
            return np.inf
        return found.quality / found.overlap

    grid = np.linspace(-1, 3, 81)
    k = int(np.argmin([cost(a) for a in grid]))
    bounds = (grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)])
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    return collapse(m, d, error, float(found.x if found.fun < cost(grid[k]) else grid[k]), log_power)

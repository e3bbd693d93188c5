"""Maximum likelihood by damped Newton steps, many problems at once: starting points, and points of a profile."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from superposed.fitting.data import Sample
from superposed.fitting.likelihood import row_terms

Mean = Callable[[Float[np.ndarray, "b p"]], tuple[Float[np.ndarray, "b c"], Float[np.ndarray, "b c p"]]]

STEPS = 150
STALLED = 5  # steps in a row that gain less than GAIN: a term that fades towards its bound would creep on for ever
GAIN = 1e-7  # predicted gain in log likelihood below which the next step is the last
RESOLUTION = 0.1  # scatter below this fraction of the median interval cannot be seen and is not claimed
PASS_OR_FAIL = 0.5  # the same where every row is open: only failures among passes show scatter


class Rows(NamedTuple):
    """The data as the likelihood reads it: each row's log interval, point, log relative scatter and weight.

    Equal rows are one row of a larger weight: many seeds fall between the same rungs.
    """

    low: Float[np.ndarray, " r"]
    high: Float[np.ndarray, " r"]
    point: Int[np.ndarray, " r"]
    log_scatter: Float[np.ndarray, " r"]
    weight: Float[np.ndarray, " r"]


def rows_of(sample: Sample, log_scatter: Float[np.ndarray, " n"]) -> Rows:
    """The sample's distinct rows, sorted by point."""
    keys = np.stack([sample.point, sample.log_low, sample.log_high, log_scatter], axis=1)
    distinct, counts = np.unique(keys, axis=0, return_counts=True)
    point, low, high, scatter = distinct.T
    return Rows(low, high, point.astype(np.int64), scatter, counts.astype(float))


def scatter_bounds(sample: Sample, log_scatter: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Between which values log sigma is looked for: from a tenth of a rung to far more than the data's own range."""
    level = float(np.median(log_scatter))
    share = RESOLUTION if sample.bounded.any() else PASS_OR_FAIL
    floor = np.log(max(share * sample.rung, 1e-9)) - level
    return floor, np.log(np.ptp(sample.log_middle) + sample.rung + 1.0) + 2.0 - level


class Optimum(NamedTuple):
    """b maxima: parameters (coefficients, then log sigma), log likelihood, negative Hessian, whether it was reached."""

    parameters: Float[np.ndarray, "b q"]
    loglik: Float[np.ndarray, " b"]
    information: Float[np.ndarray, "b q q"]
    converged: Bool[np.ndarray, " b"]


def maximise(
    mean: Mean,
    rows: Rows,
    start: Float[np.ndarray, "b q"],
    lower: Float[np.ndarray, " q"],
    upper: Float[np.ndarray, " q"],
    held: Bool[np.ndarray, "#b q"] | None = None,
) -> Optimum:
    """Maximise sum_i w_i l_i(mean(coef)_point(i), log sigma + log_scatter_i) from b starts by Levenberg-Marquardt.

    Coefficients marked `held` stay where they start; the others stay within [lower, upper]. A step is kept only when it
    raises the likelihood, so no start ends below where it began. For models linear in their coefficients the likelihood
    of interval-censored normal data has a single maximum (Burridge 1981), which is found from any start.
    """
    b, q = start.shape
    held = np.broadcast_to(np.zeros((1, q), bool) if held is None else held, (b, q))
    current = np.where(held, start, np.clip(start, lower, upper))
    value, gradient, information = _expand(mean, rows, current)
    damping, done, stalled = np.full(b, 1e-4), np.zeros(b, bool), np.zeros(b, int)
    for _ in range(STEPS):
        live = np.flatnonzero(~done)
        if len(live) == 0:
            break
        step, promise = _step(current[live], gradient[live], information[live], damping[live], held[live], lower, upper)
        trial = current[live] + step
        new_value, new_gradient, new_information = _expand(mean, rows, trial)
        better = new_value >= value[live]
        stalled[live] = np.where(better & (new_value - value[live] < GAIN), stalled[live] + 1, 0)
        done[live] = (promise < GAIN) | (damping[live] > 1e12) | (stalled[live] >= STALLED)
        kept = live[better]
        current[kept], value[kept], gradient[kept] = trial[better], new_value[better], new_gradient[better]
        information[kept] = new_information[better]
        damping[live] = np.where(better, np.maximum(damping[live] / 10, 1e-12), damping[live] * 10)
    return Optimum(current, value, information, done)


def _expand(mean, rows, parameters):
    """Value, gradient and negative Hessian (second derivatives of the mean left out: Gauss-Newton) at b points."""
    mu, jacobian = mean(parameters[:, :-1])
    terms = row_terms(rows.low, rows.high, mu[:, rows.point], parameters[:, -1:] + rows.log_scatter)
    starts = np.searchsorted(rows.point, np.arange(mu.shape[1]))
    score, curve, mixed = (
        np.add.reduceat(values * rows.weight, starts, axis=1)
        for values in (terms.mu, np.maximum(-terms.mu_mu, 0.0), -terms.mu_t)
    )
    gradient = np.concatenate([np.einsum("bc,bcp->bp", score, jacobian), (terms.t @ rows.weight)[:, None]], axis=1)
    q = parameters.shape[1]
    information = np.empty((len(parameters), q, q))
    information[:, :-1, :-1] = np.swapaxes(jacobian * curve[..., None], 1, 2) @ jacobian
    information[:, :-1, -1] = information[:, -1, :-1] = np.einsum("bc,bcp->bp", mixed, jacobian)
    information[:, -1, -1] = -(terms.t_t @ rows.weight)
    value = terms.value @ rows.weight
    return np.where(np.isfinite(value), value, -np.inf), gradient, information


def _step(current, gradient, information, damping, held, lower, upper):
    """Damped Newton steps that stay within bounds, and the gain an undamped one promises."""
    q = current.shape[1]
    stuck = held | ((current <= lower) & (gradient < 0)) | ((current >= upper) & (gradient > 0))
    slope = np.where(stuck, 0.0, gradient)
    diagonal = np.arange(q)
    size = np.maximum(np.abs(information[:, diagonal, diagonal]), 1e-8)
    # The scale's own curvature turns negative far from the maximum. Its expected value, 2 a row, keeps the step uphill.
    safe = information.copy()
    safe[:, -1, -1] = np.where(information[:, -1, -1] > 0, information[:, -1, -1], size[:, -1])
    safe[:, diagonal, diagonal] += damping[:, None] * size
    free = ~stuck
    safe = np.where(free[:, :, None] & free[:, None, :], safe, np.eye(q))
    scale = 1 / np.sqrt(np.abs(safe[:, diagonal, diagonal]))
    scaled = safe * scale[:, :, None] * scale[:, None, :] + 1e-12 * np.eye(q)
    step = scale * np.linalg.solve(scaled, (slope * scale)[..., None])[..., 0]
    promise = np.abs((slope * step).sum(1)) / 2
    step = np.clip(current + step, lower, upper) - current
    return np.where(stuck, 0.0, step), promise

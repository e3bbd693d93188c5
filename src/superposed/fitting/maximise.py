"""Maximum likelihood by damped Newton steps, many problems at once: resamples, starting points, points of a profile."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from superposed.fitting.likelihood import row_terms

Mean = Callable[[Float[np.ndarray, "b p"]], tuple[Float[np.ndarray, "b c"], Float[np.ndarray, "b c p"]]]

STEPS = 150
STALLED = 5  # steps in a row that gain less than GAIN: a term that fades towards its bound would creep on for ever
GAIN = 1e-7  # predicted gain in log likelihood below which the next step is the last


class Rows(NamedTuple):
    """The data as the likelihood reads it: log intervals, the cell each row belongs to, and its relative scatter (log)."""

    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]
    cell: Int[np.ndarray, " n"]
    log_scatter: Float[np.ndarray, "#b n"]


class Optimum(NamedTuple):
    """b maxima: parameters (coefficients, then log sigma), log likelihood, negative Hessian, and whether each was reached."""

    at: Float[np.ndarray, "b q"]
    loglik: Float[np.ndarray, " b"]
    information: Float[np.ndarray, "b q q"]
    converged: Bool[np.ndarray, " b"]


def maximise(
    mean: Mean,
    rows: Rows,
    start: Float[np.ndarray, "b q"],
    lower: Float[np.ndarray, " q"],
    upper: Float[np.ndarray, " q"],
    weights: Float[np.ndarray, "#b n"] | None = None,
    held: Bool[np.ndarray, "#b q"] | None = None,
) -> Optimum:
    """Maximise sum_i w_i l_i(mean(coef)_cell(i), log sigma + log_scatter_i) from b starts by Levenberg-Marquardt.

    Coefficients marked `held` stay where they start; the others stay within [lower, upper]. A step is kept only when it
    raises the likelihood, so no start ends below where it began. For laws linear in their coefficients the likelihood of
    interval-censored normal data has a single maximum (Burridge 1981), found from any start.
    """
    b, q = start.shape
    n = len(rows.low)
    weights = np.broadcast_to(np.ones((1, n)) if weights is None else weights, (b, n))
    held = np.broadcast_to(np.zeros((1, q), bool) if held is None else held, (b, q))
    scatter = np.broadcast_to(rows.log_scatter, (b, n))
    at = np.clip(start, lower, upper)
    at = np.where(held, start, at)
    value, gradient, information = _expand(mean, rows, at, weights, scatter)
    damping, done, stalled = np.full(b, 1e-4), np.zeros(b, bool), np.zeros(b, int)
    for _ in range(STEPS):
        live = np.flatnonzero(~done)
        if len(live) == 0:
            break
        step, promise = _step(at[live], gradient[live], information[live], damping[live], held[live], lower, upper)
        trial = at[live] + step
        new_value, new_gradient, new_information = _expand(mean, rows, trial, weights[live], scatter[live])
        better = new_value >= value[live]
        stalled[live] = np.where(better & (new_value - value[live] < GAIN), stalled[live] + 1, 0)
        finished = (promise < GAIN) | (damping[live] > 1e12) | (stalled[live] >= STALLED)
        kept = live[better]
        at[kept], value[kept], gradient[kept] = trial[better], new_value[better], new_gradient[better]
        information[kept] = new_information[better]
        damping[live] = np.where(better, np.maximum(damping[live] / 10, 1e-12), damping[live] * 10)
        done[live] = finished
    return Optimum(at, value, information, done)


def _expand(mean, rows, at, weights, scatter):
    """Value, gradient and negative Hessian (second derivatives of the mean left out: Gauss-Newton) at b points."""
    mu, jacobian = mean(at[:, :-1])
    terms = row_terms(rows.low, rows.high, mu[:, rows.cell], at[:, -1:] + scatter)
    n_cells = mu.shape[1]
    per_cell = lambda values: _sum_cells(values * weights, rows.cell, n_cells)  # noqa: E731
    score, curve, mixed = per_cell(terms.mu), per_cell(np.maximum(-terms.mu_mu, 0.0)), per_cell(-terms.mu_t)
    gradient = np.concatenate([np.einsum("bc,bcp->bp", score, jacobian), (weights * terms.t).sum(1)[:, None]], axis=1)
    q = at.shape[1]
    information = np.empty((len(at), q, q))
    information[:, :-1, :-1] = np.swapaxes(jacobian * curve[..., None], 1, 2) @ jacobian
    information[:, :-1, -1] = information[:, -1, :-1] = np.einsum("bc,bcp->bp", mixed, jacobian)
    information[:, -1, -1] = -(weights * terms.t_t).sum(1)
    value = (weights * terms.value).sum(1)
    return np.where(np.isfinite(value), value, -np.inf), gradient, information


def _sum_cells(values: Float[np.ndarray, "b n"], cell: Int[np.ndarray, " n"], n_cells: int) -> Float[np.ndarray, "b c"]:
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(n_cells))
    return np.add.reduceat(values[:, order], starts, axis=1)


def _step(at, gradient, information, damping, held, lower, upper):
    """Damped Newton steps that stay within bounds, and the gain an undamped one promises."""
    q = at.shape[1]
    stuck = held | ((at <= lower) & (gradient < 0)) | ((at >= upper) & (gradient > 0))
    slope = np.where(stuck, 0.0, gradient)
    diagonal = np.arange(q)
    size = np.maximum(np.abs(information[:, diagonal, diagonal]), 1e-8)
    # The scale's own curvature turns negative far from the maximum; its expected value, 2 a row, keeps the step an ascent.
    safe = information.copy()
    safe[:, -1, -1] = np.where(information[:, -1, -1] > 0, information[:, -1, -1], size[:, -1])
    safe[:, diagonal, diagonal] += damping[:, None] * size
    free = ~stuck
    safe = np.where(free[:, :, None] & free[:, None, :], safe, np.eye(q))
    scale = 1 / np.sqrt(np.abs(safe[:, diagonal, diagonal]))
    scaled = safe * scale[:, :, None] * scale[:, None, :] + 1e-12 * np.eye(q)
    step = scale * np.linalg.solve(scaled, (slope * scale)[..., None])[..., 0]
    promise = np.abs((slope * step).sum(1)) / 2
    step = np.clip(at + step, lower, upper) - at
    return np.where(stuck, 0.0, step), promise

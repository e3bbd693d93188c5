"""The width that the closed forms of the Bernoulli universal AND predict, and the error terms that compete in it."""

from functools import lru_cache
from math import exp, inf, log, pi, sqrt
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from superposed.bad_input import InputError
from superposed.program import program
from superposed.theory.bernoulli import best_density, worst_quantile

WIDEST = 1e30
FIRST, FINER = 64, 8
"""Intervals of log d at first, and those that each of them is divided into again and again."""
AT_ONCE = 8
"""Widths of one call. So few stay close to the processor, and take a quarter of the time a width that 64 take."""


class ErrorTerms(NamedTuple):
    """What a pair with one active member reads though its AND is false, taken apart.

    Args:
      bystanders: p (s - 1), other active features wired to the same neuron by chance. A bias.
      common_mode: p sqrt((m - s) s / d_in) / 2, standard deviation of the cross-talk common to all neurons of the pair.
        The neurons sit at the kink of the ReLU, half of them on its slope, hence the half.
      kink: sqrt(p (1 - p) (m - s) s / d_in) / sqrt(2 pi), mean of ReLU of each neuron's own cross-talk. A bias.
    """

    bystanders: float
    common_mode: float
    kink: float


def error_terms(m: int | float, s: int | float, d_in: int | float, p: float) -> ErrorTerms:
    """The three terms at density p. Leading order: each as it would be without the others.

    With d_in = d and p = sqrt(L/d), L the neurons a read-off averages, they scale as

        bystanders ~ s L^(1/2) d^(-1/2),   common_mode ~ (m s L)^(1/2) / d,   kink ~ 0.40 (m s)^(1/2) L^(1/4) d^(-3/4)

    and only the kink gives d ~ m^(2/3). Source: derived for this project; Busch 2025, Corollary 4.35, bounds the last.
    """
    noise = max(m - s, 0) * s / d_in
    return ErrorTerms(
        bystanders=p * (s - 1), common_mode=p * sqrt(noise) / 2, kink=sqrt(p * (1 - p) * noise) / sqrt(2 * pi)
    )


def _tuned_errors(superposed, fan_in, m, s, log_d, d_in, tail, centred):
    def tuned_error(d):
        code = None if not superposed else d if d_in is None else d_in
        p = best_density(m, s, d, code, tail, centred, fan_in)
        return worst_quantile(m, s, d, p, code, tail, centred, fan_in)

    return jax.vmap(tuned_error)(jnp.exp(log_d))


@lru_cache(maxsize=1024)
def predicted_width(
    m: int | float,
    s: int | float,
    eps: float,
    *,
    superposed: bool = True,
    d_in: int | float | None = None,
    tail: float = 0.01,
    centred: bool = False,
    fan_in: int = 2,
) -> float:
    """The smallest width at which the predicted error quantile of the worst stratum, at the tuned density, is eps.

    Closed forms only (`theory.bernoulli`): a line to hold measured widths against, not a measurement. Subdivision of
    log d.

    Args:
      m, s: features, active features.
      eps: error allowed.
      superposed: features in superposition; otherwise aligned with the input's coordinates.
      d_in: dimension of the code vectors; None for as many as there are neurons. Ignored for aligned inputs.
      tail: fraction of the errors that may exceed eps: 0.01 holds the 99% quantile below it.
      centred: for the centred weights of `theory.bernoulli.error_cumulants`.
      fan_in: inputs of a gate.

    Returns: inf where no width up to 1e30 brings the error below eps, as may be behind codes of a fixed dimension.

    Raises:
      InputError: eps is not positive.
    """
    if eps <= 0:
        raise InputError("eps", eps, "the error allowed must be positive; use 0.5, say")

    code = None if d_in is None else float(d_in)
    errors = lambda log_d: program(_tuned_errors, 2)(superposed, fan_in, float(m), float(s), log_d, code, tail, centred)
    low, high, intervals = 0.0, log(WIDEST), FIRST
    while high - low > 1e-5:
        grid = np.linspace(low, high, intervals + 1)
        error = np.concatenate([errors(log_d) for log_d in grid[1:].reshape(-1, AT_ONCE)])
        above = np.flatnonzero(~(error <= eps))
        last = int(above[-1]) + 1 if len(above) else 0
        if last == intervals:
            return inf
        low, high, intervals = grid[last], grid[last + 1], FINER
    return exp(high)

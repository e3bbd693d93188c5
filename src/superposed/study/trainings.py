"""What the experiments with trained networks share: the recipe, the rows of padded networks, and counts of failures."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, log

import numpy as np
import scipy
from jaxtyping import Float

from superposed.measuring.errors import Errors
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths
from superposed.training import Trained

RATES = {("factored", 2): 0.03, ("factored", 4): 0.03, ("factored", 8): 0.03, ("free", 2): 0.03}
"""Learning rate by (read-off, loss power), by the rule of `experiments/trained_rates.py`: the smallest error on seeds
that nothing else uses. Loss power 8 takes the rate of power 4."""
SEED_BY_SEED = "ratio seed by seed, 95% t interval of its log"
UNTRAINED = 0.5
"""A network failed to train when its rms error on active pairs is this or more. Reading 0 everywhere gives 1."""


def recipe(steps: int, batch: int, **fields: object) -> Trained:
    """The training every experiment reports, at the learning rate chosen for its read-off and loss."""
    trained = Trained(steps=steps, batch=batch, features=16, **fields)
    return replace(trained, learning_rate=RATES[trained.read_off, trained.power])


def n_untrained(errors: Sequence[Errors]) -> int:
    """How many networks failed to train."""
    return sum(bool(network.rms[2] >= UNTRAINED) for network in errors)


def t_interval(values: Sequence[float] | Float[np.ndarray, " n"]) -> tuple[float, float, float]:
    """(low, mean, high): the mean with its 95% t interval; infinitely wide for a single value."""
    n, mean = len(values), float(np.mean(values))
    half = float(scipy.stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / n**0.5) if n > 1 else float("inf")
    return mean - half, mean, mean + half


def log_interval(logs: Sequence[float]) -> tuple[float, float, float]:
    """(low, best, high): exp of the mean and of its 95% t interval."""
    low, best, high = map(exp, t_interval(logs))
    return low, best, high


def error_rows(kind: str, m: int, s: int, task: AtWidths, seen: Seen) -> list[dict]:
    """rms, 99% quantile and largest error of each network, in its worst stratum."""
    worst = lambda values: float(np.nanmax(values))
    statistics = lambda e: {"rms": worst(e.rms), "q99": worst(e.quantile(0.99)), "max": worst(e.max_abs)}
    return [
        {"kind": "error", "network": kind, "m": m, "s": s, "width": width, "seed": seed, **statistics(errors)}
        for width in task.widths
        for seed, errors in enumerate(task.errors(seen, width))
    ]


def nearest_width(rows: Sequence[dict], m: int) -> int:
    """The measured width nearest to m."""
    return min({row["width"] for row in rows}, key=lambda width: abs(log(width / m)))

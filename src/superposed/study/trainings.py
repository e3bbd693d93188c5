"""What the experiments with trained networks share: the recipe, the rows of padded networks, and counts of failures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from superposed.measuring.cell import Cell
from superposed.measuring.errors import Errors
from superposed.measuring.measure import measure
from superposed.sweeping.tasks import AtWidths, SmallestWidth
from superposed.training import Trained

RATES = {
    ("factored", 2): 0.03,
    ("factored", 4): 0.03,
    ("factored", 8): 0.03,
    ("free", 2): 0.03,
}
"""Learning rate by (read-off, loss power), chosen by `experiments/trained_rates.py` on seeds of its own."""
LEAST_ROWS = 32
UNTRAINED = 0.5
"""A network failed to train when its rms error on active pairs is this or more. Reading 0 everywhere gives 1."""


def recipe(steps: int, batch: int, **fields: object) -> Trained:
    """The training every experiment reports, at the learning rate chosen for its read-off and loss."""
    trained = Trained(steps=steps, batch=batch, features=16, **fields)
    return replace(trained, learning_rate=RATES[trained.read_off, trained.power])


def padded(width: int) -> int:
    """Rows a network of this width is trained in: the next power of two. Empty rows cost as much as others."""
    return max(LEAST_ROWS, 1 << (width - 1).bit_length())


def measure_trained(cells: Sequence[Cell]) -> list[dict]:
    """Train and measure networks, those of one padded size together."""
    found: dict[int, dict] = {}
    for rows in sorted({padded(cell.width) for cell in cells}):
        chosen = [i for i, cell in enumerate(cells) if padded(cell.width) == rows]
        errors = measure([cells[i] for i in chosen], rows)
        found |= {i: one.to_json() for i, one in zip(chosen, errors, strict=True)}
    return [found[i] for i in range(len(cells))]


@dataclass(frozen=True)
class TrainedAtWidths(AtWidths):
    """`AtWidths` for networks whose cost is their training: they are padded no further than they need."""

    def measure(self, cells: Sequence[Cell]) -> list[dict]:
        return measure_trained(cells)


@dataclass(frozen=True)
class SmallestTrainedWidth(SmallestWidth):
    """`SmallestWidth` for networks whose cost is their training."""

    def measure(self, cells: Sequence[Cell]) -> list[dict]:
        return measure_trained(cells)


def n_untrained(errors: Sequence[Errors]) -> int:
    """How many networks failed to train."""
    return sum(bool(one.rms[2] >= UNTRAINED) for one in errors)


def t_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """(low, mean, high): the mean with its 95% t interval; infinitely wide for a single value."""
    n, mean = len(values), float(np.mean(values))
    half = float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / n**0.5) if n > 1 else float("inf")
    return mean - half, mean, mean + half

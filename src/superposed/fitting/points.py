"""A mean of its own at every point of the design: what laws are tested against, and where local exponents come from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from superposed.fitting.data import Sample
from superposed.fitting.laws import Covariates


@dataclass(frozen=True, eq=False)
class Saturated:
    """log d at every point freely, written as a level per series and the local exponents between neighbours:

        log d(m_k) = level + sum_{i<k} slope_i (log m_{i+1} - log m_i)

    A series is the points that agree in all covariates but `along`. The law is defined on the points it was made for.

    Attributes:
      free: names of its coefficients, "level ..." or "slope ...".
      columns: derivative of log d in each coefficient, a square matrix.
      ends: for each coefficient, the two points a slope lies between; (-1, -1) for levels.
    """

    free: tuple[str, ...]
    columns: Float[np.ndarray, "c c"]
    ends: tuple[tuple[int, int], ...]
    name: str = "a mean of its own at every point"

    def log_response(
        self, coef: Float[np.ndarray, "b p"], x: Covariates
    ) -> tuple[Float[np.ndarray, "b c"], Float[np.ndarray, "b c p"]]:
        """log d at the points of the design, and its derivatives in the coefficients."""
        return coef @ self.columns.T, np.broadcast_to(self.columns, (len(coef), *self.columns.shape))

    def starts(self, x: Covariates, y: Float[np.ndarray, " c"]) -> Float[np.ndarray, "b p"]:
        """The solution that goes through the middle of each point's data."""
        return np.linalg.solve(self.columns, y)[None]

    def bounds(self, y: Float[np.ndarray, " c"]) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
        """Unbounded."""
        return np.full(len(self.free), -np.inf), np.full(len(self.free), np.inf)


def saturated(sample: Sample) -> Saturated:
    """The saturated law for a sample's points."""
    cells, _ = sample.cells()
    log_m = np.log(cells[sample.along])
    others = [name for name in cells if name != sample.along]
    series = [tuple(cells[name][k] for name in others) for k in range(len(log_m))]
    columns, names, ends = np.zeros((len(log_m), len(log_m))), [], []
    for k in range(len(log_m)):  # cells are sorted with `along` last, so a series is contiguous and ascending
        begins = k == 0 or series[k] != series[k - 1]
        same = [j for j in range(k, len(log_m)) if series[j] == series[k]]
        columns[same, k] = 1.0 if begins else log_m[k] - log_m[k - 1]
        names.append(f"{'level' if begins else 'slope'} {k}")
        ends.append((-1, -1) if begins else (k - 1, k))
    return Saturated(tuple(names), columns, tuple(ends))

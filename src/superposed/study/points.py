"""Rows of an analysis that `figures.panels` draws: points with their spread over networks, and computed lines."""

from collections.abc import Mapping, Sequence

import numpy as np

from superposed.study.series import Series


def points(panel: str, series: str, values: Mapping[float, Sequence[float]]) -> list[dict]:
    """Medians with quartiles over networks, at each x; rows of kind "point"."""
    rows = []
    for x, seen in values.items():
        low, best, high = np.quantile(np.asarray(seen, float), (0.25, 0.5, 0.75))
        rows.append({"kind": "point", "panel": panel, "series": series, "x": x, "low": float(low),
                     "best": float(best), "high": float(high)})  # fmt: skip
    return rows


def widths(panel: str, series: Series, x: str, name: str | None = None) -> list[dict]:
    """A series of smallest widths as points; an interval counts by its geometric middle, or by its one finite end."""
    values: dict[float, list[float]] = {}
    for record in series.records:
        low = record["low"] or record["high"]
        high = record["high"] if record["high"] < float("inf") else low
        values.setdefault(record[x], []).append(float(low) ** 0.5 * float(high) ** 0.5)
    return points(panel, name or series.name, values)


def line(panel: str, series: str, curve: Mapping[float, float]) -> list[dict]:
    """A computed curve {x: y}; rows of kind "line"."""
    return [{"kind": "line", "panel": panel, "series": series, "x": x, "best": y} for x, y in curve.items()]


def edge(ladder: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """(last value that passes before any fails, first that fails) of rungs (value, passed); 0 or inf at an open side.

    For one seed whose chance of passing falls from 1 to 0 within a rung or two. Where it falls slowly, a ladder that
    stops at its first failure is biased, and a success curve has to be fitted.
    """
    low = 0.0
    for value, passed in sorted(ladder):
        if not passed:
            return low, float(value)
        low = float(value)
    return low, float("inf")

"""Rows of an analysis that `figures.panels` draws: points with their spread over networks, and computed lines."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

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


def column_points(panel: str, series: str, rows: Iterable[Mapping], x: str, value: str) -> list[dict]:
    """`points` of one column of table rows against another."""
    values: dict[float, list[float]] = {}
    for row in rows:
        values.setdefault(row[x], []).append(row[value])
    return points(panel, series, values)


def estimates(panel: str, series: str, values: Mapping[float, tuple[float, float, float]]) -> list[dict]:
    """Estimates (low, best, high) at each x; rows of kind "point". An open side has no end."""
    return [
        {"kind": "point", "panel": panel, "series": series, "x": x, "low": low if low > 0 else None, "best": best,
         "high": high if high < inf else None}
        for x, (low, best, high) in values.items()
    ]  # fmt: skip


def widths(panel: str, series: Series, x: str) -> list[dict]:
    """A series of smallest widths as points; x is a column of its records."""
    return points(panel, series.name, series.middles(x))


def line(panel: str, series: str, curve: Mapping[float, float]) -> list[dict]:
    """A computed curve {x: y}; rows of kind "line"."""
    return [{"kind": "line", "panel": panel, "series": series, "x": x, "best": y} for x, y in curve.items()]

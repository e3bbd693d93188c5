"""Figures of one kind: panels side by side, each with measured points, their intervals, and computed lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, readable_log
from superposed.figures.fits import COLOURS
from superposed.study.experiment import Analysis

MARKS = "osD^vP*X<>"
LINES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Panel:
    """One axes: which rows of the table it shows, and its words.

    Rows of kind "point" are marks and rows of kind "line" are lines, where their column "panel" has this name.
    Both have the columns series, x and best; points may have low and high.

    Args:
      name: as the column "panel" has it.
      x, y: what the axes are called.
      title: above the panel.
      linear: axes that are not logarithmic, "x", "y" or "xy".
      limits: of the y axis; None shows everything.
      joined: thin lines join the points of a series.
    """

    name: str
    x: str
    y: str
    title: str
    linear: str = ""
    limits: tuple[float, float] | None = None
    joined: bool = False


def draw_panels(figure: Figure, analysis: Analysis, panels: Sequence[Panel]) -> None:
    """The panels in a row. A series has the same colour and mark in all of them; the legends are below."""
    drawn = [row for row in analysis.table if row["kind"] in ("point", "line")]
    place = {name: n for n, name in enumerate(dict.fromkeys(row["series"] for row in drawn))}
    for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        draw_panel(ax, analysis, panel, place)
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.15), ncols=2 if len(panels) == 1 else 1)


def draw_panel(ax: Axes, analysis: Analysis, panel: Panel, place: dict[object, int]) -> None:
    """One panel; `place` numbers the series, which chooses colours and marks."""
    labelled = set()
    for kind in ("point", "line"):
        for series, rows in analysis.groups(kind, "series", panel=panel.name).items():
            n = place[series]
            colour = COLOURS[n % len(COLOURS)]
            label = None if series in labelled else series
            labelled.add(series)
            x, best = columns(rows, "x", "best")
            if kind == "line":
                ax.plot(x, best, color=colour, lw=1.1, ls=LINES[n // len(COLOURS) % len(LINES)], label=label)
                continue
            low, high = (
                np.array([np.nan if row.get(end) is None else row[end] for row in rows]) for end in ("low", "high")
            )
            bars = np.nan_to_num(np.abs([best - low, high - best]))
            style = MARKS[n % len(MARKS)] + "-" * panel.joined
            ax.errorbar(x, best, bars, fmt=style, color=colour, ms=4.5, lw=0.7, elinewidth=0.9, label=label)
    ax.set(xlabel=panel.x, ylabel=panel.y, title=panel.title)
    for letter in "xy":
        if letter not in panel.linear:
            ax.set(**{f"{letter}scale": "log"})
            readable_log(ax, letter)
    if panel.limits is not None:
        ax.set_ylim(panel.limits)

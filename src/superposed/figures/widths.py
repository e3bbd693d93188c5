"""The smallest width against m, and its local exponent."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct
from superposed.figures.fits import COLOURS, INK, draw_joint_region, draw_local_exponents, draw_widths
from superposed.fitting import Report
from superposed.study.experiment import Analysis

MARKS = {"built": "o", "drawn": "D"}
LINES = ("-", "--", "-.")


def draw_width_law(figure: Figure, analysis: Analysis, region: str) -> None:
    """Widths with the computed ones as lines; local exponents; the joint region of exponent and log power.

    Args:
      region: the name of the fit whose joint region is drawn.
    """
    axes = figure.subplot_mosaic([["widths", "local"], ["widths", "region"]], width_ratios=[1.25, 1])
    draw_scaling(axes["widths"], analysis)
    draw_locals(axes["local"], analysis)
    found = analysis.fits[region]
    if not isinstance(found, Report) or found.region is None:
        words = "exponent and log power\nare not bounded by these widths"
        axes["region"].text(0.5, 0.5, words, ha="center", va="center", transform=axes["region"].transAxes)
        axes["region"].set(xlabel="exponent", ylabel="power of the logarithm", xticks=(), yticks=())
    else:
        draw_joint_region(axes["region"], found)
    axes["region"].set_title(f"joint 95% region: {region}")


def colour_of(analysis: Analysis, row: Mapping[str, object]) -> str:
    """One colour a (criterion, s); built and drawn share it."""
    kinds = sorted({(r["criterion"] == "max", r["s"]) for r in analysis.rows("median")})
    return COLOURS[kinds.index((row["criterion"] == "max", row["s"])) % len(COLOURS)]


def draw_scaling(ax: Axes, analysis: Analysis) -> None:
    """Medians of the widths over the bars of all seeds, the computed widths as lines, and slopes 1/2 and 2/3 for the eye."""
    for name, medians in analysis.groups("median", "series").items():
        first, found = medians[0], analysis.fits[name]
        colour = colour_of(analysis, first)
        if isinstance(found, Report):
            draw_widths(ax, found.sample, colour)
        m, d = columns(medians, "m", "best")
        inside = colour if first["mode"] == "built" else "white"
        ax.plot(m, d, MARKS[first["mode"]], ms=5.5, color=colour, mfc=inside, label=name, zorder=3)
    for s, rows in analysis.groups("computed", "s", criterion="q99").items():
        line = LINES[distinct(analysis.rows("computed"), "s").index(s)]
        ax.plot(*columns(rows, "m", "best"), color=INK, lw=1, ls=line, label=f"closed form, q99, s = {s}", zorder=1)
    for k, rows in enumerate(analysis.groups("computed", "s", criterion="max").values()):
        label = None if k else "closed form, max"
        ax.plot(*columns(rows, "m", "best"), color=INK, lw=1, ls=":", label=label, zorder=1)
    guides(ax, analysis.rows("computed", criterion="q99", s=distinct(analysis.rows("computed"), "s")[0]))
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="smallest width d* (neurons)")
    ax.legend(loc="upper left")


def guides(ax: Axes, rows: Sequence[Mapping[str, object]]) -> None:
    """Slopes 1/2 and 2/3 through a point below the first width."""
    m, first = columns(rows, "m", "best")
    m = m[[0, -1]]
    for exponent, name in ((1 / 2, "1/2"), (2 / 3, "2/3")):
        d = first[0] / 12 * (m / m[0]) ** exponent
        ax.plot(m, d, color="0.6", lw=0.9, ls=":")
        middle, shift = (np.sqrt(m.prod()), np.sqrt(d.prod())), {"xytext": (4, -1), "textcoords": "offset points"}
        ax.annotate(f"slope {name}", middle, fontsize=8.5, color="0.4", ha="left", va="top", **shift)


def draw_locals(ax: Axes, analysis: Analysis) -> None:
    """Local exponents between neighbouring m against the computed ones."""
    for name, rows in analysis.groups("median", "series", criterion="q99").items():
        if isinstance(analysis.fits[name], Report):
            draw_local_exponents(ax, analysis.fits[name].local, colour_of(analysis, rows[0]))
    for s, rows in analysis.groups("computed local exponent", "s").items():
        line = LINES[distinct(analysis.rows("computed local exponent"), "s").index(s)]
        ax.plot(*columns(rows, "m", "best"), color=INK, lw=1, ls=line)
    ax.axhline(2 / 3, color="0.6", lw=0.9, ls=":")
    edge = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom"}
    ax.annotate("2/3", (1, 2 / 3), fontsize=8.5, color="0.4", **edge)
    ax.set(xscale="log", xlabel="features m", ylabel="local exponent", ylim=(0.1, 0.8))
    ax.set_title("q99: local exponents and closed form (lines)")

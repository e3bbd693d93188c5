"""The smallest width against m, and its local exponent."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.fits import COLOURS, INK, draw_joint_region, draw_local_exponents, draw_widths

MARKS = {"built": "o", "drawn": "D"}


def draw_width_law(panels: tuple, figure: Figure) -> None:
    """Widths with the finite-size prediction; local exponents below; the joint region of exponent and log power at the top.

    Args:
      panels: (series, reports by name, predicted lines of q99 by s, those of max).
    """
    series, fits, lines, worst = panels
    axes = figure.subplot_mosaic([["widths", "local"], ["widths", "region"]], width_ratios=[1.25, 1])
    draw_scaling(axes["widths"], series, lines, worst)
    draw_locals(axes["local"], series, fits, lines)
    top, found = next((name, found) for name, found in fits.items() if "top" in name)
    if found.region is None:
        axes["region"].text(
            0.5, 0.5, "exponent and log power\nare not bounded by these widths", ha="center", va="center"
        )
        axes["region"].set(xlabel="exponent", ylabel="power of the logarithm", xticks=(), yticks=())
    else:
        draw_joint_region(axes["region"], found)
    axes["region"].set_title(f"joint 95% region, {top}")


def colour_of(series: list, one) -> str:
    """One colour a (criterion, s); built and drawn share it."""
    kinds = sorted({(other.labels["criterion"] == "max", other.labels["s"]) for other in series})
    return COLOURS[kinds.index((one.labels["criterion"] == "max", one.labels["s"])) % len(COLOURS)]


def draw_scaling(ax: Axes, series: list, lines: dict, worst: dict) -> None:
    """Medians of the widths over the bars of all seeds, the predicted lines, and slopes 1/2 and 2/3 for the eye."""
    for one in series:
        colour = colour_of(series, one)
        filled = one.labels["mode"] == "built"
        draw_widths(ax, one.sample, colour)
        m, d = np.array(one.median()).T
        ax.plot(
            m,
            d,
            MARKS[one.labels["mode"]],
            ms=5.5,
            color=colour,
            mfc=colour if filled else "white",
            label=one.name,
            zorder=3,
        )
    for s, line in lines.items():
        m, d = np.array(line).T
        ax.plot(m, d, color=INK, lw=1, ls="-" if s == min(lines) else "--", label=f"predicted, q99, s = {s}", zorder=1)
    for line in worst.values():
        ax.plot(
            *np.array(line).T,
            color=INK,
            lw=1,
            ls=":",
            label="predicted, max" if line is worst[min(worst)] else None,
            zorder=1,
        )
    guides(ax, np.array(lines[min(lines)]))
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="smallest width d* (neurons)")
    ax.legend(loc="upper left")


def guides(ax: Axes, line: np.ndarray) -> None:
    """Slopes 1/2 and 2/3 through a point below the first width."""
    m = np.array([line[0, 0], line[-1, 0]])
    for exponent, name in ((1 / 2, "1/2"), (2 / 3, "2/3")):
        d = line[0, 1] / 12 * (m / m[0]) ** exponent
        ax.plot(m, d, color="0.6", lw=0.9, ls=":")
        middle = np.sqrt(m.prod()), np.sqrt(d.prod())
        ax.annotate(
            f"slope {name}",
            middle,
            fontsize=8.5,
            color="0.4",
            ha="left",
            va="top",
            xytext=(4, -1),
            textcoords="offset points",
        )


def draw_locals(ax: Axes, series: list, fits: dict, lines: dict) -> None:
    """Local exponents between neighbouring m against the predicted ones."""
    for one in series:
        if one.labels["criterion"] == "q99":
            draw_local_exponents(ax, fits[one.name].local, colour_of(series, one))
    for s, line in lines.items():
        log_m, log_d = np.log(np.array(line)).T
        middle = np.exp((log_m[1:] + log_m[:-1]) / 2)
        ax.plot(middle, np.diff(log_d) / np.diff(log_m), color=INK, lw=1, ls="-" if s == min(lines) else "--")
    ax.axhline(2 / 3, color="0.6", lw=0.9, ls=":")
    ax.annotate(
        "2/3", (1, 2 / 3), xycoords=("axes fraction", "data"), fontsize=8.5, color="0.4", ha="right", va="bottom"
    )
    ax.set(
        xscale="log",
        xlabel="features m",
        ylabel="local exponent",
        title="q99: local exponents and prediction (lines)",
        ylim=(0.1, 0.8),
    )

"""Errors of read-offs against the width and against m."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import readable_log, ticks_at
from superposed.figures.fits import COLOURS, INK, draw_widths

STRATA = ("none active", "one active", "both active")
MARKS = ("o", "s", "^")


def draw_aligned(panels: tuple, figure: Figure) -> None:
    """rms error against width; largest error against width; smallest width against m.

    Args:
      panels: (table rows, reports by name, width series, predicted line).
    """
    rows, fits, widths, line = panels
    axes = figure.subplots(1, 3)
    errors = [row for row in rows if row["kind"] == "error"]
    for ax, statistic, title in ((axes[0], "rms", "rms error"), (axes[1], "max", "largest error seen")):
        draw_falling(ax, errors, statistic)
        ax.set(ylabel=f"{title}, worst stratum (mean, range)", title=f"{title}, m = {errors[0]['m']}")
        ticks_at(ax, sorted({row["width"] for row in errors}))
        readable_log(ax, "y")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    draw_widths(axes[2], widths.sample, COLOURS[0])
    m, d = np.array(widths.median()).T
    axes[2].plot(m, d, "o", color=COLOURS[0], label="Rademacher, s = 3: median (ticks: networks)", zorder=3)
    axes[2].plot(*np.array(line).T, color=INK, lw=1, label="closed form: half of the networks pass")
    axes[2].set(
        xscale="log",
        xlabel="features m",
        ylabel="smallest width d* (neurons)",
        title="every pair within 1/2: linear in log m",
    )
    axes[2].set_ylim(top=axes[2].get_ylim()[1] * 1.25)
    axes[2].legend(loc="upper left")
    ticks_at(axes[2], m.tolist())


def draw_falling(ax: Axes, errors: list[dict], statistic: str) -> None:
    """Mean over networks of the worst stratum's statistic, with the range over networks, a line a (construction, s)."""
    names = list(dict.fromkeys(row["construction"] for row in errors))
    sparsities = sorted({row["s"] for row in errors})
    for i, name in enumerate(names):
        for s in sparsities:
            points = {}
            for row in errors:
                if (row["construction"], row["s"]) == (name, s):
                    points.setdefault(row["width"], {}).setdefault(row["seed"], []).append(row[statistic])
            d = np.array(sorted(points))
            worst = [np.array([max(v) for v in points[w].values()]) for w in d]
            mean, low, high = (np.array([f(v) for v in worst]) for f in (np.mean, np.min, np.max))
            style = "-" if s == sparsities[0] else "--"
            ax.errorbar(
                d,
                mean,
                [mean - low, high - mean],
                color=COLOURS[i],
                ls=style,
                marker=MARKS[i],
                ms=4,
                lw=1.2,
                label=f"{name}, s = {s}",
            )
    ax.set(xscale="log", yscale="log", xlabel="width d (neurons)")


def draw_random_init(panels: tuple, figure: Figure) -> None:
    """rms sqrt(d)/s against m, a colour a width, a mark a stratum, with the closed form as lines.

    Args:
      panels: (table rows, closed-form lines by stratum).
    """
    rows, lines = panels
    ax = figure.subplots()
    widths = sorted({row["width"] for row in rows})
    ms = np.array(sorted({row["m"] for row in rows}))
    for i, width in enumerate(widths):
        for j in range(3):
            scaled = [[r["scaled"] for r in rows if (r["m"], r["width"], r["active"]) == (m, width, j)] for m in ms]
            mean = np.array([np.mean(v) for v in scaled])
            error = np.array([1.96 * np.std(v, ddof=1) / len(v) ** 0.5 for v in scaled])
            shifted = ms * 1.04 ** (3 * i + j)
            label = f"d = {width}" if j == 1 else None
            ax.errorbar(shifted, mean, error, fmt=MARKS[j], ms=5, color=COLOURS[i], lw=1, label=label)
    for j, line in lines.items():
        y = line[-1][1]
        ax.axhline(
            y, color=INK, lw=0.8, ls=(":", "-", "--")[j], label=f"closed form, {STRATA[j]} ({MARKS_IN_WORDS[j]})"
        )
    ax.set(xscale="log", xlabel="features m", ylabel="rms error × √d / s")
    ax.set_title(f"random layer on superposed inputs, s = {rows[0]['s']}: no growth with m (mean of networks, 95%)")
    ticks_at(ax, ms.tolist())
    figure.legend(loc="outside lower center", ncols=3)


MARKS_IN_WORDS = ("circles", "squares", "triangles")

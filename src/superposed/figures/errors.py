"""Errors of read-offs against the width and against m."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, readable_log, ticks_at
from superposed.figures.fits import COLOURS, INK, draw_widths
from superposed.fitting import Report
from superposed.study.experiment import Analysis

STRATA = ("none active (circles)", "one active (squares)", "both active (triangles)")
MARKS = ("o", "s", "^")


def draw_aligned(figure: Figure, analysis: Analysis) -> None:
    """rms error against width; largest error against width; smallest width against m."""
    axes = figure.subplots(1, 3)
    for ax, statistic, title in ((axes[0], "rms", "rms error"), (axes[1], "max", "largest error seen")):
        draw_falling(ax, analysis, statistic)
        ax.set_ylabel(f"{title}, worst stratum (mean, range)")
        ax.set_title(f"{title}, m = {analysis.rows('error')[0]['m']}")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    draw_smallest(axes[2], analysis)


def draw_falling(ax: Axes, analysis: Analysis, statistic: str) -> None:
    """Mean over networks of the worst stratum's statistic, with the range over networks, a line a (construction, s)."""
    rows = analysis.rows("worst stratum", statistic=statistic)
    for i, (construction, same) in enumerate(analysis.groups("worst stratum", "construction").items()):
        for s in distinct(same, "s"):
            chosen = analysis.rows("worst stratum", statistic=statistic, construction=construction, s=s)
            d, low, mean, high = columns(chosen, "width", "low", "best", "high")
            style = {"ls": "-" if s == distinct(same, "s")[0] else "--", "marker": MARKS[i], "color": COLOURS[i]}
            label = f"{construction}, s = {s}"
            ax.errorbar(d, mean, [mean - low, high - mean], ms=4, lw=1.2, label=label, **style)
    ax.set(xscale="log", yscale="log", xlabel="width d (neurons)")
    ticks_at(ax, distinct(rows, "width"))
    readable_log(ax, "y")


def draw_smallest(ax: Axes, analysis: Analysis) -> None:
    """The smallest width at each m, with the closed form."""
    ((name, rows),) = analysis.groups("median", "series").items()
    if isinstance(analysis.fits[name], Report):
        draw_widths(ax, analysis.fits[name].sample, COLOURS[0])
    m, d = columns(rows, "m", "best")
    ax.plot(m, d, "o", color=COLOURS[0], label=f"{name}: median (ticks: networks)", zorder=3)
    computed = analysis.rows("computed")
    ax.plot(*columns(computed, "m", "best"), color=INK, lw=1, label="closed form: half of the networks pass")
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="smallest width d* (neurons)")
    ax.set(title="every pair within 1/2 (log axes)", ylim=(None, ax.get_ylim()[1] * 1.35))
    readable_log(ax, "y")
    ax.legend(loc="upper left")
    ticks_at(ax, m.tolist())


def draw_random_init(figure: Figure, analysis: Analysis) -> None:
    """rms sqrt(d)/s against m, a colour a width, a mark a stratum, with the closed form as lines."""
    ax = figure.subplots()
    means = analysis.rows("mean")
    for i, width in enumerate(distinct(means, "width")):
        for j, mark in enumerate(MARKS):
            m, low, best, high = columns(analysis.rows("mean", width=width, active=j), "m", "low", "best", "high")
            apart = m * 1.04 ** (3 * i + j)  # side by side, so that no mark hides another
            label = f"d = {width}" if j == 1 else None
            ax.errorbar(apart, best, [best - low, high - best], fmt=mark, ms=5, color=COLOURS[i], lw=1, label=label)
    for row in analysis.rows("computed"):
        j = row["active"]
        ax.axhline(row["best"], color=INK, lw=0.8, ls=(":", "-", "--")[j], label=f"closed form, {STRATA[j]}")
    ax.set(xscale="log", xlabel="features m", ylabel="rms error × √d / s")
    ax.set_title(f"random layer on superposed inputs, s = {means[0]['s']}: no growth with m (mean of networks, 95%)")
    ticks_at(ax, distinct(means, "m"))
    figure.legend(loc="outside lower center", ncols=3)

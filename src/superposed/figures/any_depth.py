"""The figure of depth: chance of a wrong bit in a layer against m, the depth that it allows, and against the width."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, legend_below, readable_log
from superposed.figures.circuits import NEURONS
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

CHANCE = "chance of a wrong bit, a layer and input"


def draw_any_depth(figure: Figure, analysis: Analysis) -> None:
    """Left: chances against m, drawn and counted. Middle: the depth at a given m. Right: chances against d."""
    left, middle, right = figure.subplots(1, 3)
    widths = sorted({*distinct(analysis.rows("curve"), "d"), *distinct(analysis.rows("measured"), "d")})
    colours = dict(zip(widths, COLOURS, strict=False))
    draw_chances(left, analysis, colours)
    draw_depths(middle, analysis, colours)
    draw_prices(right, analysis)


def draw_chances(ax: Axes, analysis: Analysis, colours: dict[int, str]) -> None:
    """Drawn chances as lines with bars, counted ones as squares; an arrow where none was wrong."""
    for d, rows in analysis.groups("curve", "d").items():
        share, low, best, high = columns(rows, "share", "low", "best", "high")
        ax.errorbar(
            share, best, [best - low, high - best], fmt="o-", ms=3, lw=1.2, color=colours[d], label=f"d = {d:,}"
        )
    for row in analysis.rows("measured"):
        best, low, high = (row[key] for key in ("best", "low", "high"))
        if row["wrong"]:
            ax.errorbar(row["share"], best, [[best - low], [high - best]], fmt="s", ms=5, mfc="none", capsize=2,
                        color=colours[row["d"]])  # fmt: skip
        else:
            ax.plot(row["share"], high, "v", ms=6, mfc="none", color=colours[row["d"]])
    if analysis.rows("measured"):
        ax.plot([], [], "s", mfc="none", color=INK, label="built (triangle: at most, at 95%)")
    ax.set(yscale="log", xlabel="features m, as a share of the mean field's capacity", ylabel=CHANCE)
    ax.set_title("How rare a wrong bit is, s = 2")
    legend_below(ax)


def draw_depths(ax: Axes, analysis: Analysis, colours: dict[int, str]) -> None:
    """Depth at which half of the networks are right on 20 inputs."""
    for d, rows in analysis.groups("curve", "d").items():
        ax.plot(*columns(rows, "m", "depth"), "o-", ms=3, lw=1.2, color=colours[d], label=f"d = {d:,}")
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="depth at which half of the networks are right")
    ax.set_title("The depth that is reached, 20 inputs")
    readable_log(ax, "x")
    legend_below(ax)


def draw_prices(ax: Axes, analysis: Analysis) -> None:
    """Chances against the width at fixed m; the two levels that the two depths ask for."""
    for (m, rows), colour in zip(analysis.groups("at m", "m").items(), COLOURS, strict=False):
        d, low, best, high = columns(rows, "d", "low", "best", "high")
        prices = analysis.rows("price", m=m)
        price = f": {prices[0]['best']:.3g} times the neurons" if prices else ""
        ax.errorbar(d, best, [best - low, high - best], fmt="o-", ms=3, lw=1.2, color=colour, label=f"m = {m:,}{price}")
    for row, line in zip(analysis.rows("target"), (":", "--"), strict=True):
        ax.axhline(row["best"], ls=line, lw=1, color=INK, label=f"half right at depth {row['depth']:,}")
    ax.set(xscale="log", yscale="log", xlabel=NEURONS, ylabel=CHANCE, title="What a thousand times the depth costs")
    readable_log(ax, "x")
    legend_below(ax)

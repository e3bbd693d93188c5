"""The figure of depth: chance of a wrong bit in a layer against m, the depth that it allows, and against the width."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, legend_below, readable_log
from superposed.figures.circuits import NEURONS
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

CHANCE = "chance of a wrong bit, a layer and input"


def draw_any_depth(figure: Figure, analysis: Analysis) -> None:
    """Chances against m, drawn. Counted chances against the drawn ones. The depth at a given m. Chances against d."""
    (chances, counted), (depths, prices) = figure.subplots(2, 2)
    colours = dict(zip(distinct(analysis.rows("curve"), "d"), COLOURS, strict=False))
    draw_chances(chances, analysis, colours)
    draw_counted(counted, analysis)
    draw_depths(depths, analysis, colours)
    draw_prices(prices, analysis)


def draw_chances(ax: Axes, analysis: Analysis, colours: dict[int, str]) -> None:
    """Drawn chances, with the scatter of the runs."""
    for d, rows in analysis.groups("curve", "d").items():
        share, low, best, high = columns(rows, "share", "low", "best", "high")
        ax.errorbar(
            share, best, [best - low, high - best], fmt="o-", ms=3, lw=1.2, color=colours[d], label=f"d = {d:,}"
        )
    ax.set(yscale="log", xlabel="features m, as a share of the mean field's capacity", ylabel=CHANCE)
    ax.set_title("How rare a wrong bit is, drawn, s = 2")
    legend_below(ax)


def draw_counted(ax: Axes, analysis: Analysis) -> None:
    """Counted chances against the drawn ones of the same networks; an arrow down where no input went wrong."""
    rows = sorted(analysis.rows("measured"), key=lambda row: (row["d"], row["m"]))
    for number, row in enumerate(rows):
        again, place = divmod(number, len(COLOURS))
        colour, mark = COLOURS[place], "so"[again % 2]
        low, best, high, first, law, last = (
            row[key] for key in ("low", "best", "high", "drawn_low", "drawn_best", "drawn_high")
        )
        across, label = [[law - first], [last - law]], f"d = {row['d']:,}, m = {row['m']:,}: {row['wrong']} went wrong"
        up, bars = (best, [[best - low], [high - best]]) if row["wrong"] else (high, None)
        ax.errorbar(law, up, bars, across, fmt=mark if bars else "v", ms=4, capsize=2, color=colour, label=label)
    if rows:
        ends = [min(row["drawn_low"] for row in rows), max(row["drawn_high"] for row in rows)]
        ax.plot(ends, ends, "-", lw=1, color=INK, label="equal")
        ax.set(xscale="log", yscale="log")
        legend_below(ax)
    ax.set(xlabel=f"{CHANCE}, drawn", ylabel=f"{CHANCE}, built")
    none = " (triangle: at most, at 95%)" if any(not row["wrong"] for row in rows) else ""
    ax.set_title(f"Built networks against drawn ones{none}")


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

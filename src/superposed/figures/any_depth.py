"""How rare a wrong bit is in a deep network, and how deep it runs."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, legend_below
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis


def draw_any_depth(figure: Figure, analysis: Analysis) -> None:
    """Left: the chance of a first wrong bit a layer against m/m_c, drawn and counted. Right: the depth reached."""
    left, right = figure.subplots(1, 2)
    networks = list(dict.fromkeys((row["design"], row["d"]) for row in analysis.rows("drawn") + analysis.rows("built")))
    colours = dict(zip(networks, COLOURS, strict=False))
    draw_chances(left, analysis, colours)
    draw_depths(right, analysis, colours)


def draw_chances(ax: Axes, analysis: Analysis, colours: dict) -> None:
    """Lines are drawn, points counted; a triangle is an upper limit where nothing was wrong."""
    for (design, d), colour in colours.items():
        ax.plot(
            *columns(analysis.rows("drawn", design=design, d=d), "fraction", "best"), "-", lw=1.3, color=colour,
            label=f"{design} design, d = {d:,}",
        )  # fmt: skip
        rows = analysis.rows("built", design=design, d=d)
        x, low, best, high = columns([row for row in rows if row["wrong"]], "fraction", "low", "best", "high")
        ax.errorbar(x, best, [best - low, high - best], fmt="o", ms=4, color=colour, capsize=2)
        ax.plot(*columns([row for row in rows if not row["wrong"]], "fraction", "high"), "v", ms=5, color=colour)
    ax.plot([], [], "o", ms=4, color=INK, label="built (95% interval)")
    ax.plot([], [], "v", ms=5, color=INK, label="built, none wrong: 95% limit")
    ax.set(yscale="log", xlabel="features over the mean field's capacity, m / m_c", ylabel="chance a layer and input")
    ax.set_title("A first wrong bit")
    legend_below(ax)


def draw_depths(ax: Axes, analysis: Analysis, colours: dict) -> None:
    """The depth to which half of the networks are right on 20 inputs."""
    for (design, d), colour in colours.items():
        rows = analysis.rows("depth", design=design, d=d)
        m, depth = columns(rows, "m", "best")
        ax.plot(m / d, depth, "o-", ms=3, lw=1.3, color=colour, label=f"{design} design, d = {d:,}")
    ax.set(xscale="log", yscale="log", xlabel="features a neuron, m / d", ylabel="layers")
    ax.set_title("Depth reached by half of the networks, 20 inputs")
    ax.set_ylim(bottom=1)
    legend_below(ax)

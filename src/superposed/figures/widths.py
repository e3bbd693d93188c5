"""The smallest width of the universal AND against m, and its local exponent."""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superposed.figures.axes import columns, distinct
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

SHAPES = ("o", "s", "^", "D")
LINES = ("-", "--", "-.", ":")
LABELS = {
    "Theorem 2": ("paper's construction\n(Theorem 2)", (0.5, 0.34), "left", "top"),
    "random layer": ("random layer (Theorem 14)", (0.97, 0.09), "right", "top"),
}
"""What a curve is called, and where the words stand in the axes."""


def draw_headline(figure: Figure, analysis: Analysis) -> None:
    """Left: measured widths as marks over the closed forms as lines. Right: the slopes of the same curves."""
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    draw_widths(left, analysis)
    draw_slopes(right, analysis)


def curves(analysis: Analysis) -> Iterator[tuple[dict, str, dict, dict]]:
    """(labels, construction's colour, shape of its marks, style of its lines) for every construction and s."""
    sparsities = distinct(analysis.rows("computed"), "s")
    for construction, colour in zip(analysis.groups("computed", "construction"), COLOURS, strict=False):
        for s, shape, line in zip(sparsities, SHAPES, LINES, strict=False):
            mark = {"ls": "", "marker": shape, "color": colour, "ms": 5.5, "mew": 1.2, "zorder": 3}
            yield {"construction": construction, "s": s}, colour, mark, {"color": colour, "lw": 1.1, "ls": line}


def draw_widths(ax: Axes, analysis: Analysis) -> None:
    """A colour a construction, a shape an s, filled marks where networks were built."""
    for labels, colour, mark, line in curves(analysis):
        ax.plot(*columns(analysis.rows("computed", **labels), "m", "best"), **line)
        for mode, inside in (("drawn", "white"), ("built", colour)):
            ax.plot(*columns(analysis.rows("median", mode=mode, **labels), "m", "best"), mfc=inside, **mark)
        words, place, across, up = LABELS[labels["construction"]]
        if labels["s"] == distinct(analysis.rows("computed"), "s")[0]:
            ax.text(*place, words, transform=ax.transAxes, color=colour, ha=across, va=up, fontweight="bold")
    (gap,) = analysis.rows("gap")
    beside = 3 * gap["m"]
    ax.annotate("", (beside, gap["high"]), (beside, gap["low"]), arrowprops={"arrowstyle": "<->", "color": INK})
    words = f"{gap['best'] / 1e6:.1f} million\ntimes narrower"
    ax.text(beside / 2, (gap["low"] * gap["high"]) ** 0.5, words, ha="right", color=INK)
    ends = [min(row["m"] for row in analysis.rows("computed")), gap["m"]]
    ax.plot(ends, ends, color="0.88", lw=4, zorder=0)
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="neurons d of the smallest layer", ylim=(60, 1e11))
    ax.set_title("ANDs of all pairs of m features in superposition")
    ax.legend(handles=keys(analysis), loc="upper left", handlelength=1.5)


def keys(analysis: Analysis) -> list[Line2D]:
    """What shapes, fillings and lines mean."""
    mark = {"ls": "", "color": INK, "ms": 5.5}
    sparsities = distinct(analysis.rows("computed"), "s")
    shapes = [
        Line2D([], [], marker=shape, mfc="white", label=f"{s} features active", **mark)
        for s, shape in zip(sparsities, SHAPES, strict=False)
    ]
    built = Line2D([], [], marker="o", label="filled: built networks", **mark)
    line = Line2D([], [], color=INK, lw=1.1, label="lines: closed forms")
    return [*shapes, built, line, Line2D([], [], color="0.88", lw=4, label="d = m")]


def draw_slopes(ax: Axes, analysis: Analysis) -> None:
    """Local exponents between neighbouring m with their 95% intervals, against those of the closed forms."""
    for labels, _, mark, line in curves(analysis):
        rows = [row for row in analysis.rows("local exponent", **labels) if row["high"] - row["low"] < 9]
        m, low, best, high = columns(rows, "m", "low", "best", "high")
        ax.errorbar(m, best, [best - low, high - best], mfc="white", elinewidth=0.9, **{**mark, "ms": 4.5})
        ax.plot(*columns(analysis.rows("computed local exponent", **labels), "m", "best"), **line)
    ax.axhline(2 / 3, color="0.6", lw=0.9, ls=":", zorder=0)
    ax.set(xscale="log", xlabel="features m", ylabel="slope of log d in log m", ylim=(-0.12, 0.8))
    ax.set_yticks([0, 1 / 3, 1 / 2, 2 / 3], ["0", "1/3", "1/2", "2/3"])
    ax.set_title("local exponent (95% intervals)")

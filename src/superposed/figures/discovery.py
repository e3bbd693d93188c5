"""Figure of what sparse dictionaries find in networks with known features."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, ticks_at
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

BLUE, RED, GREEN, PINK, ORANGE, SKY = COLOURS
METHODS = {
    "l1": ("L1", ORANGE), "topk": ("TopK", BLUE), "batchtopk": ("BatchTopK", GREEN),
    "matching": ("matching pursuit", RED),
}  # fmt: skip


PANELS = {
    "load": ("More features than neurons", "load", "features a neuron, m/d", True),
    "depth": ("Depth", "layer", "circuit layer (odd: AND, even: OR)", False),
    "size": ("Overcomplete dictionaries", "size", "latents a feature", True),
}
"""Title, column and label of the x axis, and whether it is logarithmic."""


def draw_discovery(figure: Figure, analysis: Analysis) -> None:
    """Shares of features found against load, depth and the dictionary's size, where asked; transcoders and U-AND."""
    asked = [kind for kind in PANELS if analysis.rows(kind)]
    bars = bool(analysis.rows("transcoder") or analysis.rows("uand"))
    n = len(asked) + bars
    axes = figure.subplots(1 if n < 3 else 2, 1 if n == 1 else 2, squeeze=False).ravel()
    for ax, kind in zip(axes, asked, strict=False):
        title, label, words, log = PANELS[kind]
        draw_shares(ax, analysis, kind, label, words, log)
        ax.set_title(title)
        ax.set(ylim=(-0.03, 1.03), ylabel="share of features found")
    axes[0].legend(loc="best", fontsize=8)
    if bars:
        draw_bars(axes[len(asked)], analysis)
    for ax in axes[n:]:
        ax.set_axis_off()


def draw_shares(ax: Axes, analysis: Analysis, kind: str, label: str, words: str, log: bool = False) -> None:
    """Share found with its 95% interval, a line a method and s."""
    rows = analysis.rows(kind)
    for s, method in dict.fromkeys((row["s"], row["method"]) for row in rows):
        line = sorted((r for r in rows if (r["s"], r["method"]) == (s, method)), key=lambda r: r[label])
        x, y, low, high = columns(line, label, "recovered", "recovered low", "recovered high")
        name, colour = METHODS[method]
        style = "o-" if s == 4 else "s--"
        ax.plot(x, y, style, color=colour, ms=4, label=f"{name}, s = {s}")
        ax.fill_between(x, low.clip(0, 1), high.clip(0, 1), color=colour, alpha=0.15, lw=0)
    ax.axhline(0.5, color="0.8", lw=0.8, zorder=0)
    ax.set_xlabel(words)
    if log:
        ax.set_xscale("log", base=2)
    ticks_at(ax, sorted({row[label] for row in rows}))


def draw_bars(ax: Axes, analysis: Analysis) -> None:
    """Transcoders (directions, edges) and the universal AND (inputs, ANDs), with 95% intervals."""
    bars = []
    for row in analysis.rows("transcoder"):
        bars += [(f"transcoder, m = {row['load']:g} d:\n{words}", row, score) for words, score in
                 (("gate directions", "recovered"), ("edges (avg. precision)", "average_precision"))]  # fmt: skip
    for row in analysis.rows("uand"):
        bars += [(f"U-AND, k = {row['k']}:\n{what}", row, f"{what} recovered") for what in ("inputs", "ANDs")]
    for place, (_, row, score) in enumerate(bars):
        low, high = max(row[f"{score} low"], 0), min(row[f"{score} high"], 1)
        colour = BLUE if row["kind"] == "transcoder" else PINK
        ax.barh(place, row[score], color=colour, alpha=0.7)
        ax.plot([low, high], [place, place], "-", color=INK, lw=1.2)
    ax.set_yticks(range(len(bars)), [label for label, _, _ in bars], fontsize=7)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.03), xlabel="share found")
    ax.set_title("Transcoders; universal AND")

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
    "load": ("More features than neurons", "load", "features a neuron, m/d"),
    "longer": ("Longer training, m = {load:g} d", "times", "steps, times those of the other panels"),
    "size": ("Overcomplete dictionaries, m = {load:g} d", "size", "latents a feature"),
    "depth": ("Depth, m = {load:g} d", "layer", "layer of ANDs"),
}
"""Title, column and label of the x axis."""


def draw_discovery(figure: Figure, analysis: Analysis) -> None:
    """Shares of features found, a panel a question; bars for transcoders and the universal AND."""
    asked = [kind for kind in PANELS if analysis.rows(kind)]
    top = [["load", "bars"]] if len(asked) < 4 else [["load", "load", "bars"], asked[1:]]
    panels = figure.subplot_mosaic(top)
    for kind in asked if len(asked) == 4 else asked[:1]:
        draw_shares(panels[kind], analysis, kind)
    panels["load"].legend(loc="best", fontsize=8)
    draw_bars(panels["bars"], analysis)


def draw_shares(ax: Axes, analysis: Analysis, kind: str) -> None:
    """The share found with its 95% interval, a line a method."""
    title, label, words = PANELS[kind]
    for method, rows in analysis.groups(kind, "method").items():
        rows = sorted(rows, key=lambda row: row[label])
        x, y, low, high = columns(rows, label, "recovered", "recovered low", "recovered high")
        name, colour = METHODS[method]
        ax.plot(x, y, "o-", color=colour, ms=4, label=name)
        ax.fill_between(x, low.clip(0, 1), high.clip(0, 1), color=colour, alpha=0.15, lw=0)
    ax.axhline(0.5, color="0.8", lw=0.8, zorder=0)
    if kind != "depth":
        ax.set_xscale("log", base=2)
    ticks_at(ax, sorted({row[label] for row in analysis.rows(kind)}))
    ax.set_title(title.format(load=analysis.rows(kind)[0]["load"]))
    ax.set(ylim=(-0.03, 1.03), xlabel=words, ylabel="share of features found")


def draw_bars(ax: Axes, analysis: Analysis) -> None:
    """Transcoders (directions, edges) and the universal AND (inputs, ANDs), with 95% intervals."""
    bars = []
    for row in analysis.rows("transcoder"):
        bars += [(f"transcoder, m = {row['load']:g} d: {words}", row, score) for words, score in
                 (("gates", "recovered"), ("edges", "average_precision"))]  # fmt: skip
    for row in analysis.rows("uand"):
        bars += [(f"U-AND, k = {row['k']}: {what}", row, f"{what} recovered") for what in ("inputs", "ANDs")]
    for place, (_, row, score) in enumerate(bars):
        low, high = max(row[f"{score} low"], 0), min(row[f"{score} high"], 1)
        colour = BLUE if row["kind"] == "transcoder" else PINK
        ax.barh(place, row[score], color=colour, alpha=0.7)
        ax.plot([low, high], [place, place], "-", color=INK, lw=1.2)
    ax.set_yticks(range(len(bars)), [label for label, _, _ in bars], fontsize=7)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.03), xlabel="share found (edges: average precision)")
    ax.set_title("Transcoders; universal AND")

"""Pictures of compiled networks for a newcomer."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns
from superposed.figures.fits import COLOURS
from superposed.study.experiment import Analysis

BLUE, RED, *_ = COLOURS
LIGHT_BLUE, GREY = "#9ecae1", "0.75"


def draw_gallery(figure: Figure, analysis: Analysis) -> None:
    """A dictionary's trie; read-offs after the last layer; read-offs by depth; overlaps of codes."""
    (words, spectrum), (depth, codes) = figure.subplots(2, 2)
    draw_trie(words, analysis)
    draw_spectrum(spectrum, analysis)
    draw_depth(depth, analysis)
    draw_codes(codes, analysis)


def draw_trie(ax: Axes, analysis: Analysis) -> None:
    """The features of each layer of a trie, by what they stand for, over its neurons."""
    rows = analysis.rows("trie")
    layer, neurons, *parts = columns(rows, "layer", "neurons", "words", "beginnings", "letters")
    names = ("features: words that have ended", "beginnings of words", "letters still to be read")
    bottom = np.zeros(len(layer))
    for part, name, colour in zip(parts, names, (BLUE, LIGHT_BLUE, GREY), strict=True):
        ax.bar(layer, part, 0.8, bottom=bottom, color=colour, label=name)
        bottom = bottom + part
    ax.step(np.append(layer - 0.5, layer[-1] + 0.5), np.append(neurons, neurons[-1]), where="post", color=RED, lw=2.2,
            label="neurons")  # fmt: skip
    ax.set(
        xticks=layer[::2],
        xlabel="layer l of the trie: l + 1 letters are read",
        ylabel="number of features, and of neurons",
    )
    ax.set_ylim(0, 1.75 * bottom.max())
    first, wrong = rows[0], sum(row["wrong"] for row in rows)
    sizes = f"{first['m']:,} words in {first['d']:,} neurons; {wrong:,} wrong bits on {first['checked']:,} strings"
    title(ax, "1. A dictionary in half as many neurons", sizes)
    ax.legend(loc="upper left")


def title(ax: Axes, what: str, sizes: str) -> None:
    """What the panel shows, and under it the network's sizes."""
    ax.set_title(f"{what}\n", fontweight="bold", loc="left")
    ax.text(0, 1.02, sizes, transform=ax.transAxes, fontsize="medium")


def draw_spectrum(ax: Axes, analysis: Analysis) -> None:
    """How many features have each read-off after the last layer, active and idle ones in colours of their own."""
    first = analysis.rows("features")[0]
    shown = {"idle": (BLUE, -0.03), "active": (RED, 0.03)}
    for of, rows in analysis.groups("features", "of").items():
        read, count = columns(rows, "read_off", "count")
        seen, mean = count > 0, count / first["inputs"]
        colour, shift = shown[of]
        ax.bar((read + shift)[seen], mean[seen], 0.1, color=colour, label=f"the {mean.sum():,.0f} {of} features")
    ax.axvline(first["threshold"], color="0.5", lw=1, ls=":", ymax=0.72, label="read as active beyond this line")
    ax.set(yscale="log", xticks=[0, 0.25, 0.5, 0.75, 1], ylim=(0.1, 300 * first["m"]))
    ax.set_xlabel(f"read-off of a feature after layer {first['depth']} (truth: 0 or 1)")
    ax.set_ylabel(f"number of features (mean of {first['inputs']} inputs)")
    title(ax, "2. More features than neurons", f"{first['m']:,} features in {first['width']:,} ReLU neurons")
    ax.legend(loc="upper right")


def draw_depth(ax: Axes, analysis: Analysis) -> None:
    """The active features of one input through the layers, with rounding and without, and the highest idle read-off."""
    kinds = {"round": ("with correction", BLUE), "identity": ("without", RED)}
    styles = {"active": ("-", 1.8, "the active features"), "highest idle": (":", 1.6, "highest idle one")}
    for reset, (name, colour) in kinds.items():
        for of, (line, width, words) in styles.items():
            for number, rows in analysis.groups("depth", "number", reset=reset, of=of).items():
                layer, read = columns(rows, "layer", "read_off")
                label = None if number else f"{name}: {words}"
                ax.plot(layer, np.where(read > 2, np.nan, read), line, color=colour, lw=width, label=label)
    ax.axhline(0.5, color="0.85", lw=1, zorder=0, label="read as active above this line")
    ax.set(ylim=(-0.1, 3.4), xlabel="layer of the circuit", ylabel="read-off (drawn up to 2)", yticks=np.arange(5) / 2)
    first = analysis.rows("depth")[0]
    title(ax, "3. Why correction matters", f"{first['m']:,} features in {first['width']:,} ReLU neurons")
    ax.legend(loc="upper left")


def draw_codes(ax: Axes, analysis: Analysis) -> None:
    """Pairs of features by the number of units they share, in a compiled network and at random, side by side."""
    names = {"compiled": ("as compiled", BLUE, -0.2), "random": ("units drawn at random", RED, 0.2)}
    for code, rows in analysis.groups("codes", "code").items():
        name, colour, shift = names[code]
        shared, pairs = columns(rows, "shared", "count")
        ax.bar((shared + shift)[pairs > 0], pairs[pairs > 0], 0.38, color=colour, label=name)
    first, every = analysis.rows("codes")[0], analysis.rows("codes")
    ax.set(yscale="log", xticks=range(first["c"] + 1), ylabel="pairs of features")
    ax.set_xlabel(f"units that two features share (each has {first['c']})")
    ax.set(xlim=(-0.6, first["c"] + 0.6), ylim=(0.5, 50 * max(row["count"] for row in every)))
    title(ax, "4. How features overlap", f"{first['m']:,} features in {first['width']:,} ReLU neurons")
    ax.legend(loc="upper right")

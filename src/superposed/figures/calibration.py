"""How often printed intervals hold a known truth, and which words a known truth is given."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

WORDS = {"supported": COLOURS[2], "inconclusive": "0.85", "contradicted": COLOURS[1]}


def draw_calibration(figure: Figure, analysis: Analysis) -> None:
    """Left: coverage of the printed interval by the scatter's kind. Right: the share of each word."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    draw_coverage(left, [row for row in analysis.rows("coverage") if "noise" in row and row["best"] is not None])
    draw_words(right, analysis)


def draw_coverage(ax: Axes, rows: list) -> None:
    """The share of printed intervals that hold the truth, with exact binomial bars."""
    low, best, high = columns(rows, "low", "best", "high")
    y = np.arange(len(rows))
    ax.errorbar(best, y, xerr=[best - low, high - best], fmt="o", ms=4, lw=1, color=COLOURS[0])
    ax.axvspan(0.93, 0.97, color=INK, alpha=0.12, lw=0)
    names = ["all designs" if row["noise"] == "all" else f"scatter {row['noise']}" for row in rows]
    ax.set_yticks(y, [f"{name}\n{row['total']} tables" for name, row in zip(names, rows, strict=True)])
    ax.invert_yaxis()
    ax.set(xlabel="intervals that hold the truth", xlim=(min(0.85, low.min() - 0.01), 1.005))
    ax.set_title("printed 95% interval (band: 93 to 97%)")


def draw_words(ax: Axes, analysis: Analysis) -> None:
    """A bar a truth and range, divided into the three words on the claim of 2/3."""
    labels = [(row["truth"], row["decades"]) for row in analysis.rows("supported")]
    left = np.zeros(len(labels))
    for word, colour in WORDS.items():
        (share,) = columns(analysis.rows(word), "best")
        ax.barh(np.arange(len(labels)), share, left=left, color=colour, label=word, height=0.8)
        left += share
    names = [f"{truth}, {decades:g} decades" for truth, decades in labels]
    ax.set_yticks(np.arange(len(labels)), names, fontsize=8 if len(labels) < 20 else 6.5)
    ax.invert_yaxis()
    ax.set(xlabel="share of simulated tables", title="word on the claim m^(2/3)", xlim=(0, 1))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3)

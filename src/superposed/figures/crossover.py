"""The error terms that compete in Theorem 2's construction, and what remedies do to the width."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import readable_log
from superposed.figures.fits import COLOURS, INK

MARKS = ("o", "s", "^", "D", "v", "P")
NAMES = {
    "bystanders": "bystanders wired by chance (bias)",
    "common_mode": "cross-talk common to all neurons (spread)",
    "kink": "own cross-talk at the ReLU's kink (bias)",
}


def draw_crossover(panels: tuple, figure: Figure) -> None:
    """Terms against m; widths of the remedies in units of m^(2/3) against m.

    Args:
      panels: (term rows, width series by remedy, their exponents in words, rows of the width for all pairs).
    """
    rows, series, exponents, all_pairs = panels
    left, right = figure.subplots(1, 2)
    draw_terms(left, rows)
    draw_remedies(right, series, exponents)
    top = max(m for one in series.values() for m, _ in one.median())
    m, d = np.array([(row["m"], row["width"]) for row in all_pairs if row["m"] <= top]).T
    right.plot(m, d / m ** (2 / 3), color=INK, lw=1, ls="--", label="plain, every pair right (max): computed")
    right.legend(loc="lower left")


def draw_terms(ax: Axes, rows: list[dict]) -> None:
    """Measured terms as marks, closed forms as lines."""
    for i, (term, name) in enumerate(NAMES.items()):
        own = [row for row in rows if row["term"] == term]
        m = [row["m"] for row in own]
        ax.plot(m, [row["closed form"] for row in own], color=COLOURS[i], lw=1.2)
        ax.plot(m, [row["measured"] for row in own], MARKS[i], color=COLOURS[i], ms=5.5, label=name)
    ax.plot([], [], color=INK, lw=1.2, label="closed form of each alone")
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="error of a pair with one active member")
    ax.set_title("error terms at the smallest width, each switched off in turn")
    ax.legend(loc="lower left")


def draw_remedies(ax: Axes, series: dict, exponents: dict[str, str]) -> None:
    """Medians over seeds, divided by m^(2/3), with the exponent at the top in the legend."""
    for i, (name, one) in enumerate(series.items()):
        m, d = np.array(one.median()).T
        label = f"{name}: {exponents[name].split('exponent ')[-1]}"
        ax.plot(m, d / m ** (2 / 3), "-", marker=MARKS[i], color=COLOURS[i], ms=5, lw=1, label=label)
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel=r"smallest width $d^*\,/\,m^{2/3}$")
    ax.set_title("remedies: width, and the exponent at large m")


def draw_sparsity_and_tolerance(panels: tuple, figure: Figure) -> None:
    """Smallest widths against s and against eps, with the closed form of each construction.

    Args:
      panels: (width series, predicted lines by (construction, what varies, m)).
    """
    series, lines = panels
    claims = {"s": (2 / 3, "2/3", "active features s"), "eps": (-4 / 3, "-4/3", "error allowed, eps")}
    for ax, (along, (slope, name, label)) in zip(figure.subplots(1, 2), claims.items(), strict=True):
        own = [one for one in series if one.along == along]
        for i, one in enumerate(own):
            x, d = np.array(one.median()).T
            ax.plot(x, d, MARKS[i], color=COLOURS[i], ms=5.5, label=one.name)
            ax.plot(x, d[0] * (x / x[0]) ** slope, color=COLOURS[i], lw=0.9, ls=":")
        for (_, kind, _), line in lines.items():
            if kind == along:
                ax.plot(*np.array(line).T, color=INK, lw=1)
        ax.plot([], [], color=INK, lw=1, label="closed form")
        ax.plot([], [], color="0.4", lw=0.9, ls=":", label=f"slope {name} through the first point")
        ticks = sorted({x for one in own for x, _ in one.median()})
        ax.set(xscale="log", yscale="log", xlabel=label, ylabel="smallest width d* (neurons)")
        ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
        ax.minorticks_off()
        readable_log(ax, "y")
        ax.legend(loc="best")

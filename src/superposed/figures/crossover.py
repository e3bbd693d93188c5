"""The error terms that compete in Theorem 2's construction, and what remedies do to the width."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, legend_below, readable_log
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis
from superposed.study.series import exponent_text

MARKS = ("o", "s", "^", "D", "v", "P")
NAMES = {
    "bystanders": "bystanders wired by chance (bias)",
    "common_mode": "cross-talk common to all neurons (spread)",
    "kink": "own cross-talk at the ReLU's kink (bias)",
}


def draw_crossover(figure: Figure, analysis: Analysis) -> None:
    """Terms against m; widths of the remedies in units of m^(2/3) against m."""
    left, right = figure.subplots(1, 2)
    draw_terms(left, analysis)
    draw_remedies(right, analysis)


def draw_terms(ax: Axes, analysis: Analysis) -> None:
    """Measured terms as marks, closed forms as lines."""
    for i, (term, rows) in enumerate(analysis.groups("term", "term").items()):
        m, measured, closed = columns(rows, "m", "measured", "closed form")
        ax.plot(m, closed, color=COLOURS[i], lw=1.2)
        ax.plot(m, measured, MARKS[i], color=COLOURS[i], ms=5.5, label=NAMES[term])
    ax.plot([], [], color=INK, lw=1.2, label="closed form of each alone")
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="error of a pair with one active member")
    ax.set_title("error terms at the smallest width, each switched off in turn")
    legend_below(ax)


def draw_remedies(ax: Axes, analysis: Analysis) -> None:
    """Medians over seeds, divided by m^(2/3), with the exponent at large m in the legend.

    The axis ends below the remedies, which differ by factors; a random layer falls out of it.
    """
    for i, (name, rows) in enumerate(analysis.groups("median", "series").items()):
        m, d = columns(rows, "m", "best")
        label = f"{name}: exponent {exponent_text(analysis.fits[name])}"
        ax.plot(m, d / m ** (2 / 3), "-", marker=MARKS[i], color=COLOURS[i], ms=5, lw=1, label=label)
    medians = analysis.rows("median")
    largest = max(row["m"] for row in medians)
    m, d = columns([row for row in analysis.rows("computed") if row["m"] <= largest], "m", "best")
    ax.plot(m, d / m ** (2 / 3), color=INK, lw=1, ls="--", label="plain, every pair right (max): computed")
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel=r"smallest width $d^*\,/\,m^{2/3}$")
    highest = max(row["best"] / row["m"] ** (2 / 3) for row in medians)
    ax.set(title="remedies: width, and the exponent at large m", ylim=(1, 1.3 * highest))
    readable_log(ax, "y")
    legend_below(ax)


def draw_sparsity_and_tolerance(figure: Figure, analysis: Analysis) -> None:
    """Smallest widths against s and against eps, with the closed form of each construction."""
    axes = {"s": ("active features s", "2/3"), "eps": ("error allowed, eps", "-4/3")}
    for ax, (along, (label, slope)) in zip(figure.subplots(1, 2), axes.items(), strict=True):
        for i, (name, rows) in enumerate(analysis.groups("median", "series", varies=along).items()):
            ax.plot(*columns(rows, along, "best"), MARKS[i], color=COLOURS[i], ms=5.5, label=name)
            for kind, style in (("computed", {"color": INK}), ("claimed slope", {"color": COLOURS[i], "ls": ":"})):
                ax.plot(*columns(analysis.rows(kind, series=name), along, "best"), lw=1, **style)
        ax.plot([], [], color=INK, lw=1, label="closed form")
        ax.plot([], [], color="0.4", lw=1, ls=":", label=f"slope {slope} through the first point")
        ticks = distinct(analysis.rows("median", varies=along), along)
        ax.set(xscale="log", yscale="log", xlabel=label, ylabel="smallest width d* (neurons)")
        ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
        ax.minorticks_off()
        readable_log(ax, "y")
        ax.legend(loc="best")

"""ANDs of k features: width against m, its local exponents, and error against width, a colour a fan-in."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns
from superposed.figures.fits import COLOURS
from superposed.study.experiment import Analysis


def draw_fan_in(figure: Figure, analysis: Analysis) -> None:
    """Left: drawn medians, built ones and closed forms. Middle: local exponents. Right: errors of aligned features."""
    axes = figure.subplots(1, 3)
    fan_ins = [row["k"] for row in analysis.rows("error")]
    colours = dict(zip(sorted(set(fan_ins)), COLOURS, strict=False))
    for k, colour in colours.items():
        draw_against_m(axes[0], analysis, k, colour)
        draw_exponents(axes[1], analysis, k, colour)
        axes[2].plot(*columns(analysis.rows("computed error", k=k), "d", "best"), "-", color=colour, lw=1)
        axes[2].plot(*columns(analysis.rows("error", k=k), "d", "best"), "o", color=colour, ms=4, label=f"k = {k}")
    axes[0].set(xscale="log", yscale="log", xlabel="features m", ylabel="smallest width d* (neurons)")
    built = "squares: built, " if analysis.rows("built width") else ""
    axes[0].set_title(f"99% of read-offs within 1/2, s = k\n({built}lines: closed form)")
    axes[0].legend(loc="upper left")
    axes[1].set(xscale="log", xlabel="features m", ylabel="local exponent of d*")
    axes[1].set_title("exponents (dashed: k/(k + 1))")
    axes[2].set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel="99% quantile of the error")
    axes[2].set_title("aligned features, tuned density\n(lines: closed form, falling as d^(-1/(k + 1)))")
    axes[2].legend(loc="lower left")


def draw_against_m(ax: Axes, analysis: Analysis, k: int, colour: str) -> None:
    """Medians over seeds: drawn as circles, built as squares; the closed form as a line."""
    points = sorted((row["m"], row["best"]) for row in analysis.rows("computed", k=k))
    points += [(row["m"], row["best"]) for row in analysis.rows("computed at built m", k=k)]
    ax.plot(*zip(*sorted(points), strict=True), color=colour, lw=1)
    for mode, mark, fill in (("drawn", "o", colour), ("built", "s", "white")):
        m, best = columns(analysis.rows("median", k=k, mode=mode), "m", "best")
        label = f"k = {k}" if mode == "drawn" else None
        ax.plot(m, best, mark, ms=4, color=colour, markerfacecolor=fill, label=label)


def draw_exponents(ax: Axes, analysis: Analysis, k: int, colour: str) -> None:
    """Exponents between neighbouring m with their intervals, and the claim."""
    m, low, best, high = columns(analysis.rows("local exponent", k=k), "m", "low", "best", "high")
    ax.errorbar(m, best, [best - low, high - best], fmt="o", ms=4, lw=1, color=colour, label=f"k = {k}")
    ax.axhline(k / (k + 1), color=colour, lw=1, ls=(0, (4, 3)))

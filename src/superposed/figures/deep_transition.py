"""The transition of deep networks: chance of passing against m, the half-pass against d and s, local exponents."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, legend_below, readable_log, ticks_at
from superposed.figures.circuits import NEURONS, as_many_as_neurons
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis
from superposed.study.series import number

STYLE = {"paper": ("o", "-"), "sparse": ("s", "--")}


def draw_deep_transition(figure: Figure, analysis: Analysis) -> None:
    """The share of networks that pass. Half-passes, built and drawn. Local exponents. Half-passes against s."""
    (chances, halves), (exponents, active) = figure.subplots(2, 2)
    draw_chances(chances, analysis)
    draw_half_passes(halves, analysis)
    draw_exponents(exponents, analysis)
    draw_active(active, analysis)


def draw_chances(ax: Axes, analysis: Analysis) -> None:
    """Counts with exact binomial bars and the fitted curves, a colour a width, a mark a design; s = 2."""
    colours = dict(zip(distinct(analysis.rows("passed", s=2), "d"), COLOURS, strict=False))
    for design, (mark, line) in STYLE.items():
        for d, rows in analysis.groups("passed", "d", design=design, s=2).items():
            m, low, best, high = columns(rows, "m", "low", "best", "high")
            ax.errorbar(m, best, [best - low, high - best], fmt=mark, ms=4, lw=0.7, color=colours[d])
            ax.plot(
                *columns(analysis.rows("fitted chance", design=design, s=2, d=d), "m", "best"), line, color=colours[d]
            )
    for d, colour in colours.items():
        ax.plot([], [], "-", color=colour, label=f"d = {d:,} ReLU neurons")
    for design, (mark, line) in STYLE.items():
        ax.plot([], [], line, marker=mark, ms=4, color=INK, label=f"{design} design")
    ax.set(
        xscale="log", xlabel="features m", ylabel="share of networks without a wrong bit", title="Built networks, s = 2"
    )
    readable_log(ax, "x")
    legend_below(ax)


def draw_half_passes(ax: Axes, analysis: Analysis) -> None:
    """Built half-passes with their intervals on the drawn curves; the mean field of the paper's design."""
    groups = sorted({(row["design"], row["s"]) for row in analysis.rows("drawn")})
    for (design, s), colour in zip(groups, COLOURS, strict=False):
        mark, line = STYLE[design]
        ax.plot(*columns(analysis.rows("drawn", design=design, s=s), "d", "best"), line, lw=1.2, color=colour)
        d, low, best, high = columns(analysis.rows("half", design=design, s=s), "d", "low", "best", "high")
        label = f"{'built' if len(d) else 'drawn only'}, {design} design, s = {s}"
        ax.errorbar(d, best, [best - low, high - best], fmt=mark, ms=4, color=colour, capsize=2, label=label)
    ax.plot([], [], "-", lw=1.2, color=INK, label="drawn")
    as_many_as_neurons(ax, distinct(analysis.rows("drawn"), "d"))
    ax.set(xscale="log", yscale="log", xlabel=NEURONS, ylabel="m at which half of the networks pass")
    ax.set_title("More features than neurons")
    legend_below(ax)


def draw_exponents(ax: Axes, analysis: Analysis) -> None:
    """Exponents between neighbouring widths."""
    for design, colour in zip(STYLE, COLOURS, strict=False):
        s = 2
        for of, line in (("drawn", STYLE[design][1]), ("mean field", ":")):
            rows = analysis.rows("local exponent", of=of, design=design, s=s)
            label = f"{of}, {design} design, s = {s}"
            ax.plot(*columns(rows, "d", "best"), line, marker="o", ms=3, lw=1.2, color=colour, label=label)
    ax.axhline(1.5, color="0.8", lw=1, zorder=0)
    ax.set(xscale="log", xlabel=NEURONS, ylabel="local exponent of m*", ylim=(1.2, 2.6))
    ax.set_title("Local exponents")
    legend_below(ax)


def draw_active(ax: Axes, analysis: Analysis) -> None:
    """Half-passes of the paper's design against s, relative to the drawn one at the smallest s; two powers beside."""
    drawn, built = analysis.groups("drawn", "d", design="paper"), analysis.groups("half", "d", design="paper")
    several = [d for d, rows in drawn.items() if len(rows) > 2 and (d in built or d == max(drawn))]
    for d, colour in zip(several, COLOURS, strict=False):
        rows = sorted(drawn[d], key=lambda row: row["s"])
        s, m = columns(rows, "s", "best")
        ax.plot(s, m / m[0], "-", lw=1.2, color=colour, label=f"drawn, d = {number(d)}")
        s, low, best, high = (column / scale for column, scale in zip(
            columns(built.get(d, []), "s", "low", "best", "high"), (1, m[0], m[0], m[0]), strict=True))  # fmt: skip
        if len(s) > 1:
            ax.errorbar(s, best, [best - low, high - best], fmt="o", ms=4, color=colour, capsize=2, label="built")
    values = distinct(analysis.rows("drawn", design="paper"), "s")
    for power, line in ((-0.5, "--"), (-3, ":")):
        label = f"$s^{{{power:g}}}$"
        ax.plot(values, [(s / values[0]) ** power for s in values], line, lw=1, color=INK, label=label)
    ax.set(xscale="log", yscale="log", xlabel="active features s", ylabel="m* / drawn m* at the smallest s")
    ax.set_title("The price of more active features")
    ticks_at(ax, values)
    readable_log(ax, "y")
    legend_below(ax)

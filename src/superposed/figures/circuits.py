"""Figures of circuits in superposition: capacities, errors through the depth, frontiers. d counts ReLU neurons."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, legend_below, readable_log, ticks_at
from superposed.figures.fits import COLOURS, INK, draw_model
from superposed.fitting import NotFitted, Report
from superposed.study.experiment import Analysis
from superposed.study.series import exponent_text

Row = Mapping[str, object]
BLUE, RED, GREEN, PINK, ORANGE, SKY = COLOURS
WORDS = {
    "round": "every unit rounds exactly",
    "decode": "every bit right at 1/2",
    "decode-rescaled": "every bit, read-off rescaled",
}
NEURONS = "ReLU neurons d of the widest layer"
READS = (-0.6, 2.6)  # read-offs that are drawn
LARGEST = "features m* at which half of the networks pass"


def draw_frontier(ax: Axes, fitted: Report | NotFitted, analysis: Analysis, name: str, colour: str, label: str) -> None:
    """The m at which half of the networks pass, with its 95% interval; a tick where 95 in 100 do; the best model.

    Every network stands behind them: a dot where it passed, a cross where it failed. An end without a bound is cut.
    """
    tried = analysis.rows("tried", series=name)
    for passed, mark in ((True, "."), (False, "x")):
        points = columns([r for r in tried if r["passed"] is passed], "d", "m")
        ax.plot(*points, mark, ms=3, mew=0.6, color=colour, alpha=0.35)
    lowest, highest = (end(r["m"] for r in tried) for end in (min, max))
    for r in analysis.rows("m*", series=name):
        ends = [max(r["low"], lowest), min(r["high"], highest)]
        ax.plot([r["d"], r["d"]], ends, "-", color=colour, lw=2, solid_capstyle="butt")
        ax.plot(r["d"], r["best"], "o", ms=4, color=colour)
    points = columns(analysis.rows("m* of 95 in 100", series=name), "d", "best")
    ax.plot(*points, "_", ms=9, mew=1.6, color=colour)
    if isinstance(fitted, Report):
        draw_model(ax, fitted.best.fitted, colour, band=False)
    ax.plot([], [], "o-", ms=4, color=colour, lw=1.6, label=f"{label}\nexponent {exponent_text(fitted)}")
    ax.set(xscale="log", yscale="log")


def neuron_ticks(ax: Axes, d: Iterable) -> None:
    """Ticks at the widths that were measured, where they are few and near enough to be told apart."""
    values = sorted(set(d))
    if values[-1] <= 256 * values[0]:
        ax.set_xticks(values, [f"{value:,.0f}" for value in values])
        ax.get_xaxis().set_tick_params(which="minor", bottom=False, labelbottom=False)


def as_many_as_neurons(ax: Axes, d: Iterable) -> None:
    """The line m = d, above which features are in superposition."""
    ends = np.array([min(d), max(d)], float)
    ax.plot(ends, ends, color="0.85", lw=5, zorder=0, label="m = d: as many features as neurons")


def draw_correction(figure: Figure, analysis: Analysis) -> None:
    """Left: largest m against d under both criteria, built and by exact law. Right: the tolerance against s."""
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    built = analysis.groups("tried", "criterion")
    for criterion, colour in (("decode-rescaled", ORANGE), ("decode", RED), ("round", BLUE)):
        wide = 3.0 if criterion == "decode-rescaled" else 1.2  # it all but coincides with "decode", drawn over it
        line = columns(analysis.rows("law", criterion=criterion), "d", "m")
        left.plot(*line, "--", color=colour, lw=wide, label=f"{WORDS[criterion]}: exact law")
        if criterion in built:
            draw_frontier(left, analysis.fits[criterion], analysis, criterion, colour, f"{WORDS[criterion]}: built")
    leading = analysis.rows("leading order")
    label = "leading order $D^{3/2} / (18\\sqrt{s}\\,\\ln D)$"
    left.plot(*columns(leading, "d", "m"), ":", color=INK, lw=1.2, label=label)
    d = distinct(leading, "d")
    as_many_as_neurons(left, d)
    neuron_ticks(left, d)
    left.set(xlabel="ReLU neurons d = 8 D of the layer", ylabel=LARGEST)
    left.set_title(f"Capacity of one error correction, s = {leading[0]['s']}")
    legend_below(left)
    draw_tolerance(right, analysis)


def draw_tolerance(ax: Axes, analysis: Analysis) -> None:
    """Largest tolerated read-off error against s, with the two printed powers through its middle."""
    medians, fit = analysis.rows("tolerance, median"), analysis.fits["tolerance"]
    s, low, median, high = columns(medians, "s", "low", "best", "high")
    label = f"built (median, 16-84%)\nexponent {exponent_text(fit)}"
    ax.errorbar(s, median, [median - low, high - median], fmt="o", color=BLUE, capsize=2, label=label)
    powers = {
        "as the proof has it": ("$(Ds)^{1/4}/\\sqrt{m}$", BLUE, "-"),
        "as printed": ("$(D/s)^{1/4}/\\sqrt{m}$", RED, "--"),
    }
    for name, rows in analysis.groups("tolerance, claimed", "power").items():
        formula, colour, style = powers[name]
        ax.plot(*columns(rows, "s", "best"), style, color=colour, lw=1.2, label=f"{name}, {formula}")
    ax.set(xscale="log", yscale="log", xlabel="active features s", ylabel="largest tolerated read-off error ε")
    ticks_at(ax, s.tolist())
    readable_log(ax, "y")
    first = analysis.rows("tolerance")[0]
    ax.set_title(f"Tolerance at d = {first['d']:,}, m = {2 * first['units']:,}")
    legend_below(ax)


def draw_deep(figure: Figure, analysis: Analysis) -> None:
    """Read-offs through the depth, of the network and its controls."""
    draw_reads(figure.subplots(), analysis.groups("depth", "name"))


def draw_reads(ax: Axes, depth: Mapping[str, Sequence[Row]]) -> None:
    """The lowest read-off of an active feature and the highest of an idle one, layer by layer, a colour a network."""
    for (name, rows), colour in zip(depth.items(), (BLUE, RED, PINK), strict=True):
        layers, wrong = [row["layer"] for row in rows], sum(row["wrong"] for row in rows)
        low, high = (
            [np.nan if row[key] is None else row[key] for row in rows] for key in ("lowest_active", "highest_idle")
        )
        label = f"{name}: m = {rows[0]['m']:,}, {wrong:,} wrong bits in {len(rows)} layers"
        ax.plot(layers, low, "-", color=colour, lw=1.6, label=label)
        ax.plot(layers, high, "--", color=colour, lw=1.6)
        if len(rows) < rows[0]["depth"]:
            seen = [read for read in (low[-1], high[-1]) if READS[0] < read < READS[1]]
            ax.plot(layers[-1:] * len(seen), seen, "x", color=colour)
    first = next(iter(depth.values()))[0]
    ax.plot([], [], "-", color=INK, lw=1.6, label="lowest read-off of an active feature")
    ax.plot([], [], "--", color=INK, lw=1.6, label="highest read-off of an idle one")
    ax.axhline(0.5, color="0.8", lw=1, zorder=0)
    ax.set(ylim=READS, xscale="log", xlabel="layer of the circuit", ylabel="read-off")
    ax.set_xscale("log", base=2)
    ax.get_xaxis().set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_title(f"d = {first['width']:,} ReLU neurons, s = {first['s']}, {first['batch']} inputs (×: stopped)")
    legend_below(ax)


STYLES = {"step": (BLUE, "-", "o"), "step, random gates": (GREEN, "-", "s"), "ramp": (ORANGE, "-", "^"),
          "relu": (RED, "--", "x"), "step at 4 m*": (PINK, "--", "x")}  # fmt: skip


def draw_superposition(figure: Figure, analysis: Analysis) -> None:
    """Wrong bits through the depth, where a network was run deep; the largest m against d; bits of circuit a weight."""
    runs = analysis.groups("run", "number")
    *first, middle, right = figure.subplots(1, 3 if runs else 2)
    if runs:
        draw_wrong_bits(first[0], list(runs.values()))
    colours = (BLUE, GREEN, PINK, ORANGE, SKY, RED, INK, "0.5")
    for name, colour in zip(analysis.groups("tried", "series"), colours, strict=False):
        draw_frontier(middle, analysis.fits[name], analysis, name, colour, name)
        law = analysis.rows("law", series=name)
        middle.plot(*columns(law, "d", "m"), ":", color=colour, lw=1.4)
        right.plot(*columns(law, "d", "bits_per_weight"), ":", color=colour, lw=1.4)
        bits = columns(analysis.rows("bits", series=name), "d", "bits_per_weight")
        right.plot(*bits, "o", color=colour, ms=4, label=f"{name}: half of the networks pass")
    for ax in (middle, right):
        ax.plot([], [], ":", color=INK, lw=1.4, label="law of chance hits")
    widths = distinct(analysis.rows("tried"), "d")
    as_many_as_neurons(middle, widths)
    middle.set(xlabel=NEURONS, ylabel=LARGEST, title="Largest m without a wrong bit")
    right.axhline(1, color=INK, lw=1.2, label="counting bound of weights 0 and 1")
    right.axhline(np.log(2), color=INK, lw=1.2, ls="--", label="associative memory: ln 2 a synapse")
    right.set(xscale="log", yscale="log", xlabel=NEURONS, ylabel="2 m log2 m bits over all weights of a layer")
    right.set_title("Bits of circuit a stored weight")
    for ax in (middle, right):
        neuron_ticks(ax, widths)
        legend_below(ax)


def draw_wrong_bits(ax: Axes, runs: Sequence[Sequence[Row]]) -> None:
    """Wrong bits of every layer in the whole batch: along zero for networks that never err, the controls leaving it."""
    names = [layers[0]["name"] for layers in runs]
    for number, layers in enumerate(runs):
        run = layers[0]
        colour, line, mark = STYLES[run["name"]]
        colour = SKY if run["name"] in names[:number] else colour
        layer, wrong = [row["layer"] for row in layers], [row["wrong"] for row in layers]
        total = sum(wrong)
        name, m = run["name"], run["m"]
        label = f"{name}: m = {m:,} = {m / run['width']:.3g} d, {run['batch']} inputs, {total:,} wrong"
        ax.plot(
            layer,
            wrong,
            line,
            color=colour,
            lw=1.6,
            marker=mark,
            ms=5 if total else 3.5,
            markevery=[-1] if not total else None,
            label=label,
        )
    ax.set_yscale("symlog", linthresh=1)
    low, high = -0.3, max(10.0, *(row["wrong"] for layers in runs for row in layers))
    ax.set_ylim(low, 2 * high)
    ax.set_yticks([0, *(10.0**k for k in range(0, int(np.log10(high)) + 1, 2))])
    ax.minorticks_off()
    ax.set_xscale("log", base=2)
    ax.get_xaxis().set_major_formatter(lambda value, _: f"{value:g}")
    ax.set(xlabel="layer of the circuit", ylabel="wrong bits in the batch")
    ax.set_title("Exact steps do not err; a ReLU or too many features do")
    legend_below(ax)

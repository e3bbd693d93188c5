"""Figures of circuits in superposition: capacities, errors through the depth, frontiers. d counts ReLU neurons everywhere."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import legend_below
from superposed.figures.fits import COLOURS, INK, draw_law
from superposed.fitting import Report
from superposed.study.capacities import exponent_text
from superposed.theory.error_correction import strict_leading_order

BLUE, RED, GREEN, PINK, ORANGE, SKY = COLOURS
WORDS = {
    "round": "every unit rounds exactly",
    "decode": "every bit right at 1/2",
    "decode-rescaled": "every bit, read-off rescaled",
}
NEURONS = "ReLU neurons d of the widest layer"
READS = (-0.6, 2.6)  # read-offs that are drawn
LARGEST = "largest number of features m*"


def slope_text(found: Report | str) -> str:
    """The exponent of a power law with its 95% interval, and the best law."""
    return "not fitted" if isinstance(found, str) else exponent_text(found)


def draw_intervals(ax: Axes, found: Report | str, records: list[dict], colour: str, label: str) -> None:
    """Where every network stops passing, seeds side by side, and the best law; triangles point to where open ends lie."""
    seeds = sorted({r["seed"] for r in records})
    for r in records:
        x = r["d"] * np.exp(0.06 * (2 * seeds.index(r["seed"]) - len(seeds) + 1) / len(seeds))
        if r["low"] > 0 and r["high"] < np.inf:
            ax.plot([x, x], [r["low"], r["high"]], "-", color=colour, lw=2, solid_capstyle="butt")
        else:
            ax.plot(x, r["low"] or r["high"], "^" if r["low"] else "v", ms=4, color=colour)
    if not isinstance(found, str):
        draw_law(ax, found.best.fitted, colour, band=False)
    ax.plot([], [], "-", color=colour, lw=1.6, label=f"{label}\n{slope_text(found)}")
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


def draw_correction(panels: tuple, figure: Figure) -> None:
    """Left: largest m against d under both criteria, built and by law. Right: the tolerance against s.

    Args:
      panels: (s, intervals by criterion, rows by kind, reports by name).
    """
    s, records, rows, found = panels
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for criterion, colour in (("decode-rescaled", ORANGE), ("decode", RED), ("round", BLUE)):
        line = sorted((r["d"], r["m"]) for r in rows["law"] if r["criterion"] == criterion)
        wide = 3.0 if criterion == "decode-rescaled" else 1.2  # it all but coincides with "decode", drawn over it
        left.plot(*np.array(line).T, "--", color=colour, lw=wide, label=f"{WORDS[criterion]}: exact law")
        if criterion in records:
            draw_intervals(left, found[criterion], records[criterion], colour, f"{WORDS[criterion]}: built")
    d = np.array(sorted({r["d"] for kind in ("law", "built") for r in rows[kind]}), float)
    left.plot(
        d,
        [strict_leading_order(one / 8, s) for one in d],
        ":",
        color=INK,
        lw=1.2,
        label="leading order $D^{3/2} / (18\\sqrt{s}\\,\\ln D)$",
    )
    as_many_as_neurons(left, d)
    neuron_ticks(left, list(d))
    left.set(xlabel="ReLU neurons d = 8 D of the layer", ylabel=LARGEST)
    left.set_title(f"Capacity of one error correction, s = {s}")
    legend_below(left)
    draw_tolerance(right, rows["tolerance"], found["tolerance"])


def draw_tolerance(ax: Axes, rows: list[dict], found: Report | str) -> None:
    """Largest tolerated read-off error against s, with the two printed powers through its middle."""
    s = np.array(sorted({row["s"] for row in rows}), float)
    eps = [[row["eps"] for row in rows if row["s"] == value] for value in s]
    median = np.array([np.median(e) for e in eps])
    bars = [median - [np.quantile(e, 0.16) for e in eps], [np.quantile(e, 0.84) for e in eps] - median]
    ax.errorbar(s, median, bars, fmt="o", color=BLUE, capsize=2, label=f"built (median, 16-84%)\n{slope_text(found)}")
    middle, relative = np.exp(np.log(median).mean()), s / np.exp(np.log(s).mean())
    ax.plot(s, middle * relative**0.25, color=BLUE, lw=1.2, label="as the proof has it, $(Ds)^{1/4}/\\sqrt{m}$")
    ax.plot(s, middle * relative**-0.25, "--", color=RED, lw=1.2, label="as printed, $(D/s)^{1/4}/\\sqrt{m}$")
    ax.set(xscale="log", yscale="log", xlabel="active features s", ylabel="largest tolerated read-off error ε")
    ax.set_xticks(s, [f"{value:g}" for value in s])
    ax.minorticks_off()
    low, high = ax.get_ylim()
    ax.set_yticks(
        [
            value
            for value in (0.006, 0.008, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2)
            if low <= value <= high
        ]
    )
    ax.get_yaxis().set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_title(f"Tolerance at d = {rows[0]['d']:,}, m = {2 * rows[0]['units']:,}")
    legend_below(ax)


def draw_deep(panels: tuple, figure: Figure) -> None:
    """Left: read-offs through the depth, with correction and for the controls. Right: the frontier.

    Args:
      panels: (rows a layer by network, intervals by s, reports by name).
    """
    depth, records, found = panels
    left, right = figure.subplots(1, 2)
    draw_reads(left, depth)
    for (s, own), report, colour in zip(records.items(), found.values(), COLOURS, strict=False):
        draw_intervals(right, report, own, colour, f"built, s = {s}")
    as_many_as_neurons(right, [r["d"] for own in records.values() for r in own])
    power_guides(right, [r for own in records.values() for r in own], (3 / 2, "3/2"), (2, "2"))
    neuron_ticks(right, [r["d"] for own in records.values() for r in own])
    right.set(xlabel=NEURONS, ylabel=LARGEST)
    right.set_title(f"Largest m without a wrong bit, {next(iter(found)).removeprefix('no wrong bit ').split(',')[0]}")
    legend_below(right)


def power_guides(ax: Axes, records: list[dict], *powers: tuple[float, str]) -> None:
    """Lines of given slopes below the measured intervals."""
    d = np.array([min(r["d"] for r in records), max(r["d"] for r in records)], float)
    start = min((r["low"] for r in records if r["low"] > 0), default=1.0) / 3
    for (exponent, name), style in zip(powers, (":", "-."), strict=True):
        ax.plot(d, start * (d / d[0]) ** exponent, style, color="0.5", lw=1.1, label=f"slope {name}")


def draw_reads(ax: Axes, depth: dict[str, list[dict]]) -> None:
    """The lowest read-off of a feature that is on and the highest of one that is off, layer by layer, a colour a network."""
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
    one = next(iter(depth.values()))[0]
    ax.plot([], [], "-", color=INK, lw=1.6, label="lowest read-off of an active feature")
    ax.plot([], [], "--", color=INK, lw=1.6, label="highest read-off of an idle one")
    ax.axhline(0.5, color="0.8", lw=1, zorder=0)
    ax.set(ylim=READS, xscale="log", xlabel="layer of the circuit", ylabel="read-off")
    ax.set_xscale("log", base=2)
    ax.get_xaxis().set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_title(f"d = {one['width']:,} ReLU neurons, s = {one['s']}, {one['batch']} inputs (×: stopped)")
    legend_below(ax)


STYLES = {"step": (BLUE, "-", "o"), "step, random gates": (GREEN, "-", "s"), "ramp": (ORANGE, "-", "^"),
          "relu": (RED, "--", "x"), "step at 4 m*": (PINK, "--", "x")}  # fmt: skip


def draw_superposition(panels: tuple, figure: Figure) -> None:
    """Left: wrong bits through the depth, networks and controls (left out where none was run). Right: the largest m against d.

    Args:
      panels: (layers of every run, intervals by (circuit, s), reports by name, the law's lines by (circuit, s)).
    """
    runs, records, found, lines = panels
    *left, right = np.atleast_1d(figure.subplots(1, 2 if runs else 1))
    if runs:
        draw_wrong_bits(left[0], runs)
    colours = (BLUE, GREEN, PINK, ORANGE, SKY, RED, INK, "0.5")
    for (key, own), report, colour in zip(records.items(), found.values(), colours, strict=False):
        draw_intervals(right, report, own, colour, f"{key[0]}, s = {key[1]}")
        right.plot(*np.array(lines[key]).T, ":", color=colour, lw=1.4)
    right.plot([], [], ":", color=INK, lw=1.4, label="law of chance hits")
    as_many_as_neurons(right, [r["d"] for own in records.values() for r in own])
    neuron_ticks(right, [r["d"] for own in records.values() for r in own])
    right.set(xlabel=NEURONS, ylabel=LARGEST, title="Largest m without a wrong bit")
    legend_below(right)


def draw_wrong_bits(ax: Axes, runs: list[tuple]) -> None:
    """Wrong bits of every layer in the whole batch: along zero for networks that never err, the controls leaving it."""
    names = [run.name for run, _ in runs]
    for number, (run, layers) in enumerate(runs):
        colour, line, mark = STYLES[run.name]
        colour = SKY if run.name in names[:number] else colour
        at, wrong = [row["layer"] for row in layers], [row["wrong"] for row in layers]
        total = sum(wrong)
        label = f"{run.name}: m = {run.m:,} = {run.m / run.width:.3g} d, {run.batch} inputs, {total:,} wrong"
        ax.plot(
            at,
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
    low, high = -0.3, max(10.0, *(row["wrong"] for _, layers in runs for row in layers))
    ax.set_ylim(low, 2 * high)
    ax.set_yticks([0, *(10.0**k for k in range(0, int(np.log10(high)) + 1, 2))])
    ax.minorticks_off()
    ax.set_xscale("log", base=2)
    ax.get_xaxis().set_major_formatter(lambda value, _: f"{value:g}")
    ax.set(xlabel="layer of the circuit", ylabel="wrong bits in the batch")
    ax.set_title("Exact steps do not err; a ReLU or too many features do")
    legend_below(ax)

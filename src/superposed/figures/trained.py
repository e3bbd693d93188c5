"""Trained networks: errors and smallest widths beside constructions, what the weights look like, and published runs."""

from math import comb

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, readable_log, ticks_at
from superposed.figures.fits import COLOURS, INK, draw_widths
from superposed.fitting import Report
from superposed.study.experiment import Analysis

MARKS = "osD^vP*X"
LINES = ("-", "--", "-.", ":")


def style(i: int) -> dict:
    """Colour and mark of the i-th kind: every pair of kinds differs in one of them."""
    return {"color": COLOURS[i % len(COLOURS)], "marker": MARKS[i % len(MARKS)], "ms": 4, "lw": 1.2}


def draw_trained_error(figure: Figure, analysis: Analysis) -> None:
    """rms error against width for every kind of network, the gain over Rademacher signs, and every m and s."""
    problems = distinct([{"at": (row["m"], row["s"])} for row in analysis.rows("mean")], "at")
    axes = figure.subplots(1, 2 if len(problems) == 1 else 3)
    kinds = list(analysis.groups("mean", "network"))
    m, s = max(problems, key=lambda at: len({r["network"] for r in analysis.rows("mean", m=at[0], s=at[1])}))
    for ax, kind, ylabel in ((axes[0], "mean", "rms error, worst stratum"), (axes[1], "gain", "times smaller error")):
        for i, network in enumerate(kinds):
            rows = analysis.rows(kind, network=network, m=m, s=s)
            if rows:
                d, low, best, high = columns(rows, "width", "low", "best", "high")
                ax.errorbar(d, best, [best - low, high - best], label=network, **style(i))
        ax.axvline(comb(m, 2), color="0.6", lw=0.9, ls=":")
        ax.annotate(
            "C(m, 2)",
            (comb(m, 2), 1),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            color="0.4",
            ha="right",
            va="top",
        )
        ax.set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel=ylabel)
        ticks_at(ax, distinct(analysis.rows(kind, m=m, s=s), "width"))
        readable_log(ax, "y")
    axes[0].set_title(f"m = {m}, s = {s} (mean of networks, 95%)")
    axes[1].set_title("against Rademacher signs of the same width")
    if len(problems) > 1:
        draw_every_problem(axes[2], analysis, problems)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)


def draw_every_problem(ax: Axes, analysis: Analysis, problems: list[tuple[int, int]]) -> None:
    """rms error of trained networks and of Rademacher signs against width, a colour an (m, s)."""
    for i, (m, s) in enumerate(problems):
        for network, line in (("trained", "-"), ("Rademacher", ":")):
            d, low, best, high = columns(
                analysis.rows("mean", network=network, m=m, s=s), "width", "low", "best", "high"
            )
            label = f"m = {m}, s = {s}" if line == "-" else None
            ax.errorbar(d, best, [best - low, high - best], label=label, **(style(i) | {"ls": line}))
    ax.set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel="rms error, worst stratum")
    ax.set_title("trained; dotted: Rademacher signs")
    ticks_at(ax, [2**n for n in range(2, 9)])
    readable_log(ax, "y")
    ax.legend(fontsize=8)


def draw_trained_width(figure: Figure, analysis: Analysis) -> None:
    """Smallest widths against m with slopes for the eye; the exponents between neighbours."""
    left, right = figure.subplots(1, 2, width_ratios=[1.2, 1])
    for i, (name, medians) in enumerate(analysis.groups("median", "series").items()):
        fitted = next(fit for key, fit in analysis.fits.items() if key.startswith(f"{name}, claim"))
        if isinstance(fitted, Report):
            draw_widths(left, fitted.sample, COLOURS[i % len(COLOURS)])
        m, d = columns(medians, "m", "best")
        left.plot(m, d, label=name, zorder=3, **style(i))
        local = analysis.rows("local exponent", series=name)
        if local:
            x, low, best, high = columns(local, "m", "low", "best", "high")
            right.errorbar(x, best, [best - low, high - best], label=name, **style(i))
    ms = np.array(distinct(analysis.rows("median"), "m"), float)
    left.plot(ms, ms * (ms - 1) / 2, color=INK, lw=1, ls=":", label="one neuron a pair")
    left.plot(ms, 4 * (ms / ms[0]) ** (2 / 3), color="0.6", lw=0.9, ls="--", label="slope 2/3")
    left.set(xscale="log", yscale="log", xlabel="features m", ylabel="smallest width d* (neurons)")
    left.set(title="99% of the read-offs within 1/2", ylim=(3, None))
    left.legend(loc="upper left")
    ticks_at(left, ms.tolist())
    right.axhline(2 / 3, color="0.6", lw=0.9, ls="--")
    right.axhline(0, color="0.6", lw=0.9)
    right.set(xscale="log", xlabel="features m", ylabel="local exponent", title="exponents between neighbours (95%)")
    ticks_at(right, ms.tolist())


def draw_trained_rates(figure: Figure, analysis: Analysis) -> None:
    """rms error against the learning rate, a line a read-off and loss."""
    ax = figure.subplots()
    kinds = list(dict.fromkeys((row["read_off"], row["power"]) for row in analysis.rows("mean")))
    for i, (read_off, power) in enumerate(kinds):
        rows = analysis.rows("mean", read_off=read_off, power=power)
        ax.plot(*columns(rows, "rate", "best"), label=f"{read_off} read-off, loss power {power}", **style(i))
    ax.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="rms error, worst stratum (geometric mean)")
    ticks_at(ax, distinct(analysis.rows("mean"), "rate"))
    readable_log(ax, "y")
    ax.legend()


def draw_trained_anchors(figure: Figure, analysis: Analysis) -> None:
    """The ReLU toy's loss ratios; mean square error of 300 gates; mean activations of the four classes."""
    toy, gates, classes = figure.subplots(1, 3)
    published = {2: 1.02, 4: 0.043}
    for i, (power, rows) in enumerate(analysis.groups("toy", "power").items()):
        toy.plot(
            [i] * len(rows), columns(rows, "ratio")[0], "o", ms=4, color=COLOURS[0], label=None if i else "networks"
        )
        toy.plot(i, published[power], "x", ms=9, color=INK, label=None if i else "published")
    toy.set(
        yscale="log", xticks=range(len(published)), xticklabels=[f"loss power {q}" for q in published], xlim=(-0.5, 1.5)
    )
    toy.set(ylabel="loss / loss of the dedicated solution", title="100 ReLUs in 50 neurons")
    toy.legend()
    for i, (reading, rows) in enumerate(analysis.groups("gates", "reading").items()):
        column = "balanced" if reading.startswith("300 features") else "mse"
        gates.plot(*columns(rows, "width", column), "o", ms=4, color=COLOURS[i], label=reading)
    if floors := analysis.rows("floor"):
        gates.plot(*columns(floors, "width", "best"), color="0.6", lw=1, label="least of any linear read-off")
    gates.plot([20, 150], [0.00487, 0.00141], "x", ms=9, color=INK, label="published")
    gates.set(
        xscale="log",
        yscale="log",
        xlabel="width d (neurons)",
        ylabel="mean square error",
        title="U-AND, 300 gates, s = 3",
    )
    ticks_at(gates, distinct(analysis.rows("gates"), "width"))
    readable_log(gates, "y")
    gates.legend()
    for i, (name, rows) in enumerate(analysis.groups("class", "class").items()):
        x = np.arange(len(rows)) + 0.2 * (i - 1.5)
        low, best, high, known = columns(rows, "low", "best", "high", "published")
        classes.bar(x, best, 0.18, yerr=[best - low, high - best], color=COLOURS[i], label=name)
        classes.plot(x, known, "x", ms=6, color=INK, label="published" if i == 3 else None)
    classes.set(xticks=range(4), xticklabels=["00", "01", "10", "11"], xlabel="the pair's two features")
    classes.set(ylabel="mean activation (A at 11 = 1/4)", title="four classes of neurons")
    classes.legend(ncols=2)


def draw_trained_weights(figure: Figure, analysis: Analysis) -> None:
    """The weights by start; the statistics of each kind of training; the score's hits on noisy constructions."""
    weights, statistics, checks = figure.subplots(1, 3, width_ratios=[1, 1.3, 0.8])
    first = analysis.rows("statistic")[0]
    problem = {key: first[key] for key in ("m", "s", "d")}
    starts = list(analysis.groups("statistic", "start", **problem))
    for i, start in enumerate(starts):
        part, weight = columns(analysis.rows("weights", start=start, seed=0, **problem), "part", "weight")
        weights.plot(weight, part, color=COLOURS[i % len(COLOURS)], ls=LINES[i // len(COLOURS)], label=start)
    weights.set(xlabel="weight / largest of its neuron", ylabel="share of weights below", title=words(problem))
    weights.legend(title="start")
    names = list(analysis.groups("statistic", "statistic"))
    for i, start in enumerate(starts):
        rows = analysis.rows("statistic", start=start, **problem)
        low, best, high = columns(rows, "low", "best", "high")
        x = np.arange(len(rows)) + 0.8 * (i / max(len(starts) - 1, 1) - 0.5) * 0.8
        statistics.errorbar(x, best, [best - low, high - best], ls="none", **(style(i) | {"lw": 1}))
    statistics.axhline(0, color="0.8", lw=0.8)
    labels = [name.replace("two_valued", "two-valued") for name in names]
    statistics.set(xticks=range(len(names)), xticklabels=labels, title="what was learned (mean, 95%)")
    for i, (network, rows) in enumerate(analysis.groups("check", "network").items()):
        noise, hits, of = columns(rows, "noise", "hits", "of")
        checks.plot(noise, hits / of, label=network, **style(i))
    checks.set(xlabel="noise on the weights", ylabel="named rightly", ylim=(-0.03, 1.03), title="the score, checked")
    checks.legend(loc="lower left")


def words(labels: dict) -> str:
    """m = 16, s = 3, d = 32."""
    return ", ".join(f"{key} = {value}" for key, value in labels.items())


def draw_trained_deep(figure: Figure, analysis: Analysis) -> None:
    """Share of networks without a wrong bit, and of bits that are wrong, against width; a line a start."""
    right, share = figure.subplots(1, 2)
    for i, (start, rows) in enumerate(analysis.groups("width", "start").items()):
        d, best, low, high, wrong = columns(rows, "width", "probability", "low", "high", "share")
        label = {"compiled": "compiled, then narrowed", "scratch": "from scratch"}[start]
        right.errorbar(d * 1.02**i, best, [best - low, high - best], capsize=2, label=label, **style(i))
        share.plot(d, np.maximum(wrong, 1e-6), label=label, **style(i))
    widths = distinct(analysis.rows("width"), "width")
    for ax in (right, share):
        ax.axvline(max(widths), color="0.6", lw=0.9, ls=":")
        ax.set(xscale="log", xlabel="width d (neurons a layer)")
        ticks_at(ax, widths)
    right.set(ylabel="share of networks without a wrong bit", ylim=(-0.03, 1.03))
    right.set(title="95% intervals over networks; dotted: the compiler's narrowest width")
    share.set(yscale="log", ylabel="share of bits that are wrong", title="all inputs of the domain (none: 1e-6)")
    right.legend(loc="lower right")

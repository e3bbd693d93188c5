"""The transition from failing to passing, over (m, d) and along the width, and the collapse of error curves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, readable_log, ticks_at
from superposed.figures.fits import COLOURS, INK, draw_phase, shade
from superposed.fitting import Report
from superposed.study.experiment import Analysis

MARKS = ("o", "s", "^", "D", "v", "P")


def draw_transition(figure: Figure, analysis: Analysis) -> None:
    """The fraction that passes over (m, d), the same in units of the half-pass width, and the collapse."""
    left, middle, right = figure.subplots(1, 3)
    draw_diagram(left, analysis)
    draw_success(middle, analysis)
    draw_curves(right, analysis)


def draw_diagram(ax: Axes, analysis: Analysis) -> None:
    """The fraction that passes at each (m, d), with the half-pass width's best model and its band."""
    rows, law = analysis.rows("passed"), analysis.fits["half-pass width"]
    m, d, passed = columns(rows, "m", "width", "best")
    draw_phase(ax, m, d, passed, law.best.fitted if isinstance(law, Report) else None)
    ax.set(title="every read-off within 1/2, built networks", ylabel="width d (neurons)")
    ax.margins(x=0.12)
    ticks_at(ax, distinct(rows, "m"))
    ax.set_ylim(d.min() / 1.2, d.max() * 1.35)
    readable_log(ax, "y")
    if isinstance(law, Report):
        ax.legend(loc="upper left")


def draw_success(ax: Axes, analysis: Analysis) -> None:
    """Counts with exact binomial bars, and the fitted curves, a colour and a mark an m."""
    curves = analysis.groups("fitted probability", "m")
    for i, (m, curve) in enumerate(curves.items()):
        half, sharpness = (analysis.rows(kind, m=m)[0]["best"] for kind in ("width, half pass", "sharpness"))
        x, y = columns(curve, "width", "best")
        ax.plot(x / half, y, color=COLOURS[i], lw=1.4)
        d, low, best, high = columns(analysis.rows("passed", m=m), "width", "low", "best", "high")
        label = f"m = {m}: {half:.0f} neurons, sharpness {sharpness:.1f}"
        bars = {"fmt": MARKS[i], "ms": 4.5, "lw": 0.9, "color": COLOURS[i]}
        ax.errorbar(d / half, best, [best - low, high - best], label=label, **bars)
    ax.axhline(0.5, color="0.6", lw=0.8, ls=":")
    ax.set(xlabel=r"width $d\,/\,d_{1/2}$", ylabel="fraction of networks that pass", yticks=np.linspace(0, 1, 6))
    ax.set(ylim=(-0.03, 1.06 + 0.09 * len(curves)), title="transition, in units of the half-pass width")
    if curves:
        ax.set_xscale("log")
        readable_log(ax, "x")
        ax.legend(loc="upper left")


def draw_curves(ax: Axes, analysis: Analysis) -> None:
    """Drawn errors against the width over m to the best exponent, light (small m) to dark (large m)."""
    whole = analysis.rows("collapse")[0]
    curves = analysis.groups("scaled error", "m")
    for k, (m, rows) in enumerate(curves.items()):
        label = f"m = {m:.3g}" if k in (0, len(curves) - 1) else None
        colour = shade(k / max(len(curves) - 1, 1))
        ax.plot(*columns(rows, "scaled_width", "q99"), "-o", ms=3, lw=1, color=colour, label=label)
    low, best, high = whole["low"], whole["best"], whole["high"]
    ax.set(xscale="log", yscale="log", xlabel=rf"width $d \,/\, m^{{{best:.3g}}}$")
    ax.set_ylabel("99% quantile of the error, worst stratum")
    ax.set_title(f"collapse: best exponent {best:.3f} [{low:.3f}, {high:.3f}]")
    names = {"best": "best exponent", "1/2": "exponent 1/2", "2/3": "exponent 2/3", "1": "exponent 1"}
    qualities = {name: whole.get(f"quality_{key}") for key, name in names.items()}
    words = "\n".join(f"{name}: quality {quality:.3f}" for name, quality in qualities.items() if quality is not None)
    ax.annotate(f"{words}\n(0: one curve)", (0.03, 0.03), xycoords="axes fraction", fontsize=8, va="bottom", color=INK)
    readable_log(ax)
    ax.legend(loc="upper right")

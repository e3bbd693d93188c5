"""Targeted ANDs: the number of gates against the width for two kinds of read, and what hubs do to built layers."""

from matplotlib.figure import Figure

from superposed.figures.axes import columns
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

MARKS = ("o", "s", "^")


def draw_targeted(figure: Figure, analysis: Analysis) -> None:
    """Left: gates against d, both reads and the counting bound. Right: errors of built layers, by layout."""
    left, right = figure.subplots(1, 2)
    for colour, (read, medians) in zip(COLOURS, analysis.groups("median", "read").items(), strict=False):
        left.plot(*columns(medians, "d", "best"), "o", ms=4, color=colour, label=f"{read} read, drawn")
        computed = analysis.rows("computed", read=read)
        exponent = computed[0]["exponent"]
        label = f"closed form, tends to d^{exponent:g}"
        left.plot(*columns(computed, "d", "best"), color=colour, lw=1, label=label)
    left.plot(*columns(analysis.rows("bound"), "d", "best"), color=INK, lw=1, ls="--", label="counting, 32-bit weights")
    d = columns(analysis.rows("bound"), "d", "best")[0]
    left.plot(d, d, color=INK, lw=0.8, ls=":", label="one gate a neuron")
    left.set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel="largest number of gates")
    left.set_title("chosen ANDs in one layer, two per feature")
    for mark, (layout, rows) in zip(MARKS, analysis.groups("built gates", "layout").items(), strict=False):
        d, low = columns([row for row in rows if row["low"] > 0], "d", "low")
        left.plot(d, low, mark, ms=4, color=INK, markerfacecolor="white", label=f"linear read, built, {layout}")
    left.legend(loc="upper left")
    for colour, (layout, rows) in zip(COLOURS, analysis.groups("hub error", "layout").items(), strict=False):
        right.plot(*columns(rows, "d", "low"), "o", ms=3, color=colour, alpha=0.5)
        medians = analysis.rows("hub median", layout=layout)
        right.plot(*columns(medians, "d", "best"), "-", lw=1, color=colour, label=layout)
    right.set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel="rms error, one active input")
    right.set_title("built layers of d/2 gates, s = 4,\nwhile a gate elsewhere is on")
    right.legend(loc="best")

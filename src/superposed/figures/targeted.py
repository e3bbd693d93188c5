"""Targeted ANDs: the number of gates against the width for two kinds of read, and what hubs do to built layers."""

from matplotlib.figure import Figure

from superposed.figures.axes import columns, ticks_at
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

STRATA = ("no input active", "one active", "both active")
MARKS = ("o", "s", "^")


def draw_targeted(figure: Figure, analysis: Analysis) -> None:
    """Left: gates against d, both reads and the counting bound. Right: errors of built layers, by degrees."""
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
    left.legend(loc="upper left")
    for degrees, fill in (("regular", None), ("zipf", "white")):
        for active, mark in enumerate(MARKS):
            n, low, best, high = columns(
                analysis.rows("built", degrees=degrees, active=active), "gates", "low", "best", "high"
            )
            right.errorbar(
                n, best, [best - low, high - best], fmt=mark + "-", ms=5, lw=1, color=COLOURS[active],
                markerfacecolor=fill, label=f"{STRATA[active]}, {degrees}",
            )  # fmt: skip
    right.set(xscale="log", yscale="log", xlabel="gates on the list", ylabel="99% quantile of the error")
    ticks_at(right, sorted({row["gates"] for row in analysis.rows("built")}))
    right.set_title(f"built layers of {analysis.rows('built')[0]['width']:,} neurons (range over networks)")
    right.legend(loc="upper left", bbox_to_anchor=(0, -0.13), ncols=2)

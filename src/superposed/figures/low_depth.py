"""Circuits without correction: the error from layer to layer, and the first wrong layer against the width."""

from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, ticks_at
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis


def draw_low_depth(figure: Figure, analysis: Analysis) -> None:
    """Left: largest error of active features by layer, a colour a width. Right: first layer with a wrong bit."""
    left, right = figure.subplots(1, 2)
    widths = distinct(analysis.rows("layer"), "width")
    for i, d in enumerate(widths[-len(COLOURS) :]):
        rows = analysis.rows("layer", width=d)
        layer, active = columns(rows, "layer", "active")
        left.plot(layer, active, "o", ms=4, color=COLOURS[i], alpha=0.7, label=f"d = {d:,}")
        predicted = sorted({(row["layer"], row["predicted"]) for row in rows})
        left.plot(*zip(*predicted, strict=True), color=COLOURS[i], lw=1)
    left.axhline(0.5, color=INK, lw=1, ls=":")
    left.annotate("a bit is lost", (1, 0.5), xytext=(0, 3), textcoords="offset points", color=INK, fontsize=8)
    left.set(yscale="log", xlabel="layer of the circuit", ylabel="largest error of active features")
    left.set_title("no correction: errors double (lines: prediction)")
    left.set_xticks(distinct(analysis.rows("layer"), "layer"))
    left.legend(loc="lower right")
    for i, (bit, rows) in enumerate(analysis.groups("breaks", "bit").items()):
        d, low, best, high, predicted = columns(rows, "width", "low", "best", "high", "predicted")
        label = f"{bit}: median, range of networks"
        right.errorbar(d * 1.05**i, best, [best - low, high - best], fmt="os"[i], color=COLOURS[i], ms=5, label=label)
    right.plot(d, predicted, color=INK, lw=1, drawstyle="steps-mid", label="prediction (active features alone)")
    right.set(xscale="log", xlabel="width d (neurons)", ylabel="first layer with a wrong bit", ylim=(0, None))
    right.set_title("random circuits, m = 2 d gates a layer, s = 3")
    ticks_at(right, d.tolist())
    right.legend(loc="upper left")

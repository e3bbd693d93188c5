"""Boolean functions read off one layer: rms error against the width, a colour a function, a line style a form."""

from matplotlib.figure import Figure

from superposed.figures.axes import columns, ticks_at
from superposed.figures.fits import COLOURS
from superposed.study.experiment import Analysis

STYLES = {"split": ("o", "-"), "one-code": ("s", "--")}


def draw_truth_tables(figure: Figure, analysis: Analysis) -> None:
    """Medians over networks."""
    ax = figure.subplots()
    for colour, function in zip(COLOURS, analysis.groups("median", "function"), strict=False):
        for form, (mark, line) in STYLES.items():
            if rows := analysis.rows("median", function=function, form=form):
                label = f"{function}, {form}"
                ax.plot(*columns(rows, "d", "best"), mark + line, ms=4, lw=1, color=colour, label=label)
    ax.set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel="rms error, worst stratum (median)")
    ax.set_title("functions of three features from one layer, m = 32, s = 3")
    ticks_at(ax, sorted({row["d"] for row in analysis.rows("median")}))
    ax.legend(loc="best")

"""Boolean functions read off one layer: width against m in superposition, and error against width, aligned."""

from matplotlib.figure import Figure

from superposed.figures.axes import columns
from superposed.figures.fits import COLOURS, INK
from superposed.study.experiment import Analysis

STYLES = {"split": ("o", "-"), "one-code": ("s", "--")}


def draw_truth_tables(figure: Figure, analysis: Analysis) -> None:
    """Medians over seeds; a colour a function, a line style a form."""
    left, right = figure.subplots(1, 2)
    for colour, function in zip(COLOURS, analysis.groups("median", "function"), strict=False):
        for form, (mark, line) in STYLES.items():
            for ax, kind, along in ((left, "median", "m"), (right, "error", "d")):
                if rows := analysis.rows(kind, function=function, form=form):
                    label = f"{function}, {form}"
                    ax.plot(*columns(rows, along, "best"), mark + line, ms=4, lw=1, color=colour, label=label)
    left.plot(*columns(analysis.rows("computed"), "m", "best"), color=INK, lw=1, label="AND of three (closed form)")
    left.set(xscale="log", yscale="log", xlabel="features m", ylabel="smallest width d* (neurons)")
    left.set_title("in superposition, 99% of read-offs within 1/2, s = 3\n(drawn)")
    right.set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel="rms error, worst stratum")
    right.set_title("aligned features, s = 3\n(drawn)")
    for ax in (left, right):
        ax.legend(loc="best")

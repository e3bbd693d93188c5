"""The smallest width of one construction against m: intervals, the best model, local exponents."""

from matplotlib.figure import Figure

from superposed.figures.axes import columns
from superposed.figures.fits import COLOURS, INK, draw_local_exponents, draw_model, draw_widths
from superposed.fitting import Report
from superposed.study.experiment import Analysis


def draw_width_sweep(figure: Figure, analysis: Analysis) -> None:
    """Left: every seed's interval, medians, the best model and the closed form. Right: exponents between neighbours."""
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    ((name, fitted),) = analysis.fits.items()
    if isinstance(fitted, Report):
        draw_widths(left, fitted.sample)
        best = fitted.best.fitted
        draw_model(left, best, label=f"best model: {best.model.name}")
        draw_local_exponents(right, fitted.local)
        right.axhline(fitted.claim, color=INK, lw=1, ls=(0, (4, 3)))
    left.plot(*columns(analysis.rows("median"), "m", "best"), "o", color=COLOURS[0], label="median over seeds")
    if computed := analysis.rows("computed"):
        left.plot(*columns(computed, "m", "best"), color=COLOURS[1], lw=1, ls="--", label="closed form")
    left.set(xscale="log", yscale="log", xlabel="features m", ylabel="smallest width d* (neurons)", title=name)
    left.legend(loc="upper left")
    right.set(xscale="log", xlabel="features m", ylabel="local exponent")

"""Drawings of fits: widths and their models, exponents the data allow, local exponents, collapse, phase diagram."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from superposed.fitting.data import Sample
from superposed.fitting.fits import Fit
from superposed.fitting.goodness import LocalExponent

# Okabe & Ito's colours, told apart with any colour vision; assigned in order, never cycled
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK = "#333333"


def draw_widths(ax: Axes, sample: Sample, colour: str = COLOURS[0]) -> None:
    """Each measured interval as a thin bar, shifted a little per unit so that seeds do not hide each other.

    Rows open on one side end in a caret that points to where the width lies.
    """
    x = sample.covariates[sample.along] * _spread(sample)
    shut = (sample.low > 0) & np.isfinite(sample.high)
    exact = shut & (sample.low == sample.high)
    bars = shut & ~exact
    ax.vlines(x[bars], sample.low[bars], sample.high[bars], color=colour, lw=1.2, alpha=0.55)
    ax.plot(x[exact], sample.low[exact], "o", ms=3, color=colour, alpha=0.55)
    above, below = np.isinf(sample.high), sample.low == 0
    ax.plot(x[above], sample.low[above], marker=6, ls="none", ms=5, color=colour, alpha=0.8)
    ax.plot(x[below], sample.high[below], marker=7, ls="none", ms=5, color=colour, alpha=0.8)
    ax.set(xscale="log", yscale="log", xlabel=f"features {sample.along}" if sample.along == "m" else sample.along)


def draw_model(ax: Axes, fitted: Fit, colour: str = INK, label: str | None = None, band: bool = True) -> None:
    """The fitted model and its 95% band over the range of the data.

    Raises:
      ValueError: another covariate varies, so that the model is no single line (draw one sample at a time).
    """
    sample = fitted.sample
    column = sample.covariates[sample.along]
    others = {name: values for name, values in sample.covariates.items() if name != sample.along}
    varied = [name for name, values in others.items() if np.ptp(values) > 0]
    if varied:
        raise ValueError(
            f"{varied[0]} varies in the sample: a model is a line for one value of it; take a part of the sample"
        )
    x = np.geomspace(column.min(), column.max(), 200)
    centre, error = fitted.predict(
        {sample.along: x, **{name: np.full(len(x), values[0]) for name, values in others.items()}}
    )
    if band:
        ax.fill_between(x, np.exp(centre - 1.96 * error), np.exp(centre + 1.96 * error), color=colour, alpha=0.15, lw=0)
    ax.plot(x, np.exp(centre), color=colour, lw=1.6, label=label)


def draw_local_exponents(ax: Axes, local: Sequence[LocalExponent]) -> None:
    """Slopes between neighbouring m with their intervals; the horizontal bar spans the pair each belongs to.

    Pairs whose slope is open on a side (every width of one of the two was) are left out: they have no best value.
    """
    shown = [e for e in local if np.isfinite(e.low) and np.isfinite(e.high)]
    x, best = np.array([e.middle for e in shown]), np.array([e.best for e in shown])
    ax.hlines(best, [e.start for e in shown], [e.stop for e in shown], color=COLOURS[0], lw=1, alpha=0.5)
    ax.vlines(x, [e.low for e in shown], [e.high for e in shown], color=COLOURS[0], lw=1.4)
    ax.plot(x, best, "o", ms=4, color=COLOURS[0])
    ax.set(xscale="log", ylabel="local exponent")


def draw_phase(
    ax: Axes,
    m: Float[np.ndarray, " n"],
    d: Float[np.ndarray, " n"],
    passed: Float[np.ndarray, " n"],
    threshold: Fit | None = None,
) -> None:
    """The fraction of draws that pass at each (m, d), from white (none) to dark (all), and the fitted threshold."""
    drawn = ax.scatter(m, d, c=passed, cmap="Blues", vmin=0, vmax=1, s=26, edgecolors=INK, linewidths=0.4)
    ax.figure.colorbar(drawn, ax=ax, label="fraction of networks that pass")
    if threshold is not None:
        draw_model(ax, threshold, COLOURS[1], label=f"half pass: {threshold.model.name}")
    ax.set(xscale="log", yscale="log", xlabel="features m", ylabel="width d")


def _spread(sample: Sample) -> Float[np.ndarray, " n"]:
    """A factor per row that fans out rows at one point, within 4% of the smallest gap between values of `along`."""
    column = sample.covariates[sample.along]
    values = np.unique(column)
    gap = np.log(values[1:] / values[:-1]).min() if len(values) > 1 else 1.0
    rank = np.zeros(len(column))
    for value in values:
        rows = np.flatnonzero(column == value)
        rank[rows] = np.linspace(-1, 1, len(rows)) if len(rows) > 1 else 0.0
    return np.exp(0.15 * gap * rank)


def shade(share: float) -> tuple[float, float, float]:
    """From light to dark blue."""
    light, dark = np.array([0.62, 0.79, 0.88]), np.array([0.03, 0.19, 0.42])
    return tuple(float(c) for c in light + share * (dark - light))

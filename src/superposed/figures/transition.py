"""The transition from failing to passing, over (m, d) and along the width, and the collapse of error curves."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.axes import readable_log, ticks_at
from superposed.figures.fits import COLOURS, INK, draw_collapse, draw_phase
from superposed.fitting import Report, Success

MARKS = ("o", "s", "^", "D", "v", "P")


def draw_transition(panels: tuple, figure: Figure) -> None:
    """Phase diagram; P(pass) against the width in units of the half-pass width; collapse.

    Args:
      panels: (counts by m and width, transitions by m, the half-pass width's report, the collapse of all m).
    """
    rows, found, law, together = panels
    left, middle, right = figure.subplots(1, 3)
    draw_diagram(left, rows, law)
    draw_success(middle, rows, found)
    draw_curves(right, together)


def draw_diagram(ax: Axes, rows: list[dict], law: Report | str) -> None:
    """The fraction that passes at each (m, d), with the half-pass width's best law and its band."""
    m, d, passed = (np.array([float(row[key]) for row in rows]) for key in ("m", "width", "best"))
    draw_phase(ax, m, d, passed, law.best.fitted if isinstance(law, Report) else None)
    ax.set(title="every read-off within 1/2, built networks", ylabel="width d (neurons)")
    ax.margins(x=0.12)
    ticks_at(ax, sorted(set(m.tolist())))
    ax.set_ylim(d.min() / 1.2, d.max() * 1.35)
    readable_log(ax, "y")
    if isinstance(law, Report):
        ax.legend(loc="upper left")


def draw_success(ax: Axes, rows: list[dict], found: dict[int, Success | str]) -> None:
    """Counts with exact binomial bars, and the fitted curves, a colour and a mark an m."""
    fitted = [(i, m, one) for i, (m, one) in enumerate(found.items()) if isinstance(one, Success)]
    for i, m, one in fitted:
        own = [row for row in rows if row["m"] == m]
        d, low, best, high = (np.array([float(row[key]) for row in own]) for key in ("width", "low", "best", "high"))
        x = np.geomspace(d.min() / 1.15, d.max() * 1.15, 200)
        ax.plot(x / one.half[1], one.probability(x), color=COLOURS[i], lw=1.4)
        ax.errorbar(
            d / one.half[1], best, [best - low, high - best], fmt=MARKS[i], ms=4.5, lw=0.9, color=COLOURS[i],
            label=f"m = {m}: {one.half[1]:.0f} neurons, sharpness {one.sharpness[1]:.1f}",
        )  # fmt: skip
    ax.axhline(0.5, color="0.6", lw=0.8, ls=":")
    ax.set(
        xlabel=r"width $d\,/\,d_{1/2}$",
        ylabel="fraction of networks that pass",
        ylim=(-0.03, 1.06 + 0.09 * len(fitted)),
        yticks=np.linspace(0, 1, 6),
    )
    ax.set_title("transition, in units of the half-pass width")
    if fitted:
        ax.set_xscale("log")
        readable_log(ax, "x")
        ax.legend(loc="upper left")


def draw_curves(ax: Axes, together: dict) -> None:
    """Drawn errors against the width over m to the best exponent, with its interval and the qualities of the rivals."""
    m, error = together["points"]
    low, best, high = together["exponent"]
    draw_collapse(ax, together["at"]["best"], m, error)
    ax.set(
        ylabel="99% quantile of the error, worst stratum",
        title=f"collapse: best exponent {best:.3f} [{low:.3f}, {high:.3f}]",
    )
    rivals = "\n".join(
        f"at exponent {key}: quality {one.quality:.3f}" for key, one in together["at"].items() if key != "best"
    )
    ax.annotate(rivals, (0.03, 0.085), xycoords="axes fraction", fontsize=8, va="bottom", color=INK)
    readable_log(ax)
    ax.legend(loc="upper right")

"""Axes a reader can read."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator


def readable_log(ax: Axes, which: str = "xy") -> None:
    """Plain numbers at 1, 2, 5, 10, ... where an axis spans less than two decades, and closer ones below a factor of 5.

    Wider axes keep powers of ten alone.

    Raises:
      ValueError: `which` holds another letter than x or y.
    """
    for letter in which:
        if letter not in "xy":
            raise ValueError(f"which = {which!r}: only x and y")
        axis = ax.xaxis if letter == "x" else ax.yaxis
        low, high = ax.get_xlim() if letter == "x" else ax.get_ylim()
        axis.set_minor_formatter(NullFormatter())
        if high / low < 100:
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 5 else (1, 1.5, 2, 3, 5, 7)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))


def tick(value: float) -> str:
    """A tick's label: 0.25, 2000, 7.5 x 10^8."""
    if value < 1e6:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    return rf"${value / 10**power:g}\times10^{{{power}}}$"


def ticks_at(ax: Axes, values: list[float]) -> None:
    """Ticks of a logarithmic x axis at the measured values."""
    ax.set_xticks(values, [f"{value:g}" for value in values])
    ax.xaxis.set_minor_locator(NullLocator())


def legend_below(ax: Axes) -> None:
    """The legend under the axis, where it hides nothing and stretches no range; the layout makes room."""
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.13))


def columns(rows: Sequence[Mapping[str, object]], *keys: str) -> list[Float[np.ndarray, " n"]]:
    """Columns of table rows as arrays; NaN where a row holds None."""
    return [np.array([np.nan if row[key] is None else float(row[key]) for row in rows]) for key in keys]


def distinct(rows: Iterable[Mapping[str, object]], key: str) -> list:
    """The values that a column takes, sorted."""
    return sorted({row[key] for row in rows})

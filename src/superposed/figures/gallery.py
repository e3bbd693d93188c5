"""Three pictures of compiled networks for a newcomer."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposed.figures.fits import COLOURS

BLUE, RED, *_ = COLOURS


def draw_gallery(panels: tuple, figure: Figure) -> None:
    """The three pictures side by side.

    Args:
      panels: (the spectrum, read-offs by depth with and without correction, overlaps of both codes).
    """
    for ax, draw, rows in zip(figure.subplots(1, 3), (draw_spectrum, draw_depth, draw_codes), panels, strict=True):
        draw(ax, rows)


def title(ax: Axes, what: str, sizes: str) -> None:
    """What the panel shows, and under it the network's sizes."""
    ax.set_title(f"{what}\n", fontweight="bold", loc="left")
    ax.text(0, 1.02, sizes, transform=ax.transAxes, fontsize="medium")


def draw_spectrum(ax: Axes, row: dict) -> None:
    """How many features have each read-off after the last layer, active and idle ones in colours of their own."""
    for of, colour, shift in (("idle", BLUE, -0.03), ("active", RED, 0.03)):
        counts = np.array(row[of]) / row["inputs"]
        at = np.arange(len(counts)) / 4
        ax.bar(
            (at + shift)[counts > 0],
            counts[counts > 0],
            0.1,
            color=colour,
            label=f"the {counts.sum():,.0f} {of} features",
        )
    ax.axvline(row["threshold"], color="0.5", lw=1, ls=":", ymax=0.72, label="read as active beyond this line")
    ax.set(yscale="log", xticks=[0, 0.25, 0.5, 0.75, 1], ylim=(0.1, 300 * row["m"]))
    ax.set(
        xlabel=f"read-off of a feature after layer {row['depth']} (truth: 0 or 1)",
        ylabel=f"number of features (mean of {row['inputs']} inputs)",
    )
    title(ax, "1. More features than neurons", f"{row['m']:,} features in {row['width']:,} ReLU neurons")
    ax.legend(loc="upper right")


def draw_depth(ax: Axes, rows: list[dict]) -> None:
    """The active features of one input through the layers, with rounding and without, and the highest idle read-off."""
    names = {"round": ("with correction", BLUE), "identity": ("without", RED)}
    for row in sorted(rows, key=lambda row: row["reset"], reverse=True):
        name, colour = names[row["reset"]]
        at = [layer["layer"] for layer in row["layers"]]
        lines = ax.plot(at, up_to_two([layer["active"] for layer in row["layers"]]), "-", color=colour, lw=1.8)
        lines[0].set_label(f"{name}: the active features")
        ax.plot(
            at,
            up_to_two([layer["highest_idle"] for layer in row["layers"]]),
            ":",
            color=colour,
            lw=1.6,
            label=f"{name}: highest idle one",
        )
    ax.axhline(0.5, color="0.85", lw=1, zorder=0, label="read as active above this line")
    ax.set(
        ylim=(-0.1, 3.4), xlabel="layer of the circuit", ylabel="read-off (drawn up to 2)", yticks=[0, 0.5, 1, 1.5, 2]
    )
    title(ax, "2. Why correction matters", f"{rows[0]['m']:,} features in {rows[0]['width']:,} ReLU neurons")
    ax.legend(loc="upper left")


def up_to_two(values: list) -> np.ndarray:
    """The values, NaN beyond 2, so that curves which run away end below the legend."""
    return np.where(np.array(values, float) > 2, np.nan, values)


def draw_codes(ax: Axes, rows: list[dict]) -> None:
    """Pairs of features by the number of units they share, in a compiled network and at random, side by side."""
    names = {"compiled": "as compiled", "random": "units drawn at random"}
    for row, colour, shift in zip(rows, (BLUE, RED), (-0.2, 0.2), strict=True):
        pairs = np.array(row["pairs"])
        at = np.arange(len(pairs)) + shift
        ax.bar(at[pairs > 0], pairs[pairs > 0], 0.38, color=colour, label=names[row["code"]])
    ax.set(
        yscale="log",
        xticks=range(rows[0]["c"] + 1),
        xlabel=f"units that two features share (each has {rows[0]['c']})",
        ylabel="pairs of features",
    )
    ax.set_xlim(-0.6, rows[0]["c"] + 0.6)
    ax.set_ylim(0.5, 50 * max(max(row["pairs"]) for row in rows))
    title(ax, "3. How features overlap", f"{rows[0]['m']:,} features in {rows[0]['width']:,} ReLU neurons")
    ax.legend(loc="upper right")

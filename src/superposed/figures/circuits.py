"""Figures of circuits in superposition, each drawn on the Axes it is given from rows already measured."""

import numpy as np

COLOURS = {"round": "#1b6ca8", "decode": "#d1495b", "decode-rescaled": "#edae49"}
WORDS = {"round": "every unit rounds exactly", "decode": "every bit decodes at 1/2", "decode-rescaled": "every bit, read-off rescaled"}
WITH, WITHOUT, TOO_MANY = "#1b6ca8", "#d1495b", "#8d6a9f"


def _plain(axes, x: str, y: str, title: str = "") -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def plot_capacity(axes, found: dict, slopes: dict, s: int, leading_order) -> None:
    """Largest m of a correction layer against its units: points built (median and range of seeds), lines by law."""
    for (kind, criterion), points in sorted(found.items(), reverse=True):
        units = np.array(sorted(points), float)
        median = np.array([np.median(points[int(u)]) for u in units])
        exponent, error = slopes[kind, criterion]
        label = f"{WORDS[criterion]} ({kind}, slope {exponent:.2f}" + (")" if np.isnan(error) else f" ± {error:.2f})")
        if kind == "law":
            axes.plot(units, median, color=COLOURS[criterion], lw=1.6, label=label)
        else:
            low = median - [min(points[int(u)]) for u in units]
            high = [max(points[int(u)]) for u in units] - median
            axes.errorbar(units, median, [low, high], fmt="o", color=COLOURS[criterion], ms=5, capsize=2, label=label)
    units = np.array(sorted({u for points in found.values() for u in points}), float)
    axes.plot(units, [leading_order(u, s) for u in units], ":", color="0.35", lw=1.2, label="D^(3/2) / (18 √s ln D)")
    axes.plot(units, 8 * units, "-", color="0.85", lw=6, zorder=0, label="m = number of neurons")
    axes.set(xscale="log", yscale="log")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.55)  # room for the legend above the points
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    _plain(axes, "units D of the layer (8 ReLU neurons each)", "largest number of features m", f"Capacity of one error correction, s = {s}")


def plot_tolerance(axes, rows: list[dict], fitted: tuple[float, float]) -> None:
    """Largest tolerated read-off error against s, with the two printed powers through its middle."""
    s = np.array(sorted({row["s"] for row in rows}), float)
    eps = [[row["eps"] for row in rows if row["s"] == value] for value in s]
    median = np.array([np.median(e) for e in eps])
    axes.errorbar(s, median, [median - [np.quantile(e, 0.16) for e in eps], [np.quantile(e, 0.84) for e in eps] - median],
                  fmt="o", color=WITH, capsize=2, label=f"built, slope {fitted[0]:+.2f} ± {fitted[1]:.2f}")
    middle = np.exp(np.log(median).mean())
    relative = s / np.exp(np.log(s).mean())
    axes.plot(s, middle * relative**0.25, color=WITH, lw=1.2, label="proof: $(Ds)^{1/4}/\\sqrt{m}$")
    axes.plot(s, middle * relative**-0.25, "--", color=WITHOUT, lw=1.2, label="as printed: $(D/s)^{1/4}/\\sqrt{m}$")
    axes.set(xscale="log", yscale="log")
    axes.legend(fontsize=7, frameon=False)
    _plain(axes, "active features s", "largest tolerated read-off error ε", f"Tolerance at D = {rows[0]['units']}, m = {rows[0]['m']}")


def plot_margins(axes, rows: list[dict]) -> None:
    """Wrong bits of every layer, in the whole batch: a line at zero for networks that never err, and the controls leaving it."""
    styles = {"step": (WITH, "-"), "step, random gates": ("#2a9d8f", "-"), "ramp": ("#edae49", "-"),
              "relu": (WITHOUT, "--"), "step at 4 m*": (TOO_MANY, "--")}
    for name, width, m in dict.fromkeys((row["name"], row["width"], row["m"]) for row in rows):
        own = [row for row in rows if (row["name"], row["width"], row["m"]) == (name, width, m)]
        colour, line = styles[name]
        layers, wrong = [row["layer"] for row in own], [row["wrong"] for row in own]
        label = f"{name}: {m:,} features in {width:,} neurons\n(m = {m / width:.0f} d), {own[0]['batch']} inputs, {sum(wrong):,} wrong bits"
        axes.plot(layers, wrong, line, color=colour, lw=2, marker="x" if sum(wrong) else None, label=label)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(-0.15, None)
    axes.set_xscale("log", base=2)
    axes.legend(fontsize=6.5, frameon=False, loc="upper right")
    _plain(axes, "layer of the circuit", "wrong bits in the batch", "Exact steps never err; a ReLU or too many features do")


def plot_frontier(axes, found: dict, law: dict, slopes: dict) -> None:
    """Intervals of the largest m without a wrong bit against the number of neurons, by circuit and s, with the law's line."""
    palette = ("#1b6ca8", "#d1495b", "#2a9d8f", "#8d6a9f", "#edae49", "#5f7a61", "#30638e", "#b56576")
    colours = dict(zip(sorted(found), palette))
    for key, points in sorted(found.items()):
        circuit, s = key
        exponent, error = slopes[key]
        for width, edges in points.items():
            for low, high in edges:
                axes.plot([width, width], [low, high], "_-", color=colours[key], lw=2, ms=6)
        axes.plot([], [], "_-", color=colours[key], label=f"{circuit}, s = {s}: slope {exponent:.2f} ± {error:.2f}")
        axes.plot(list(law[key]), list(law[key].values()), ":", color=colours[key], lw=1.2)
    widths = np.array(sorted({width for points in found.values() for width in points}), float)
    axes.plot(widths, widths, "-", color="0.85", lw=6, zorder=0, label="m = d: as many features as neurons")
    axes.set(xscale="log", yscale="log")
    axes.legend(fontsize=7, frameon=False)
    _plain(axes, "neurons d of the widest layer", "largest m without a wrong bit", "Frontier (dotted: law of chance hits)")


def plot_depth(axes, rows: list[dict]) -> None:
    """The lowest read-off of a feature that is on and the highest of one that is off, layer by layer, a colour a network."""
    for name, colour in zip(dict.fromkeys(row["name"] for row in rows), (WITH, WITHOUT, TOO_MANY)):
        own = [row for row in rows if row["name"] == name]
        layers = np.array([row["layer"] for row in own])
        low, high = ([row[key] for row in own] for key in ("lowest_active", "highest_idle"))
        wrong = sum(row["wrong"] for row in own)
        label = f"{name}: m = {own[0]['m']:,}, {wrong:,} wrong bits in {len(own)} layers"
        axes.plot(layers, low, "-", color=colour, lw=1.6, label=label)
        axes.plot(layers, high, "--", color=colour, lw=1.6)
        if len(own) < own[0]["asked"]:
            axes.plot(layers[-1:], low[-1:], "x", color=colour)
            axes.plot(layers[-1:], high[-1:], "x", color=colour)
    axes.axhline(0.5, color="0.8", lw=1, zorder=0)
    axes.set_ylim(-0.6, 2.4)
    axes.set_xscale("log", base=2)
    axes.legend(fontsize=7, frameon=False, loc="upper right")
    _plain(axes, "layer of the circuit", "read-off", f"d = {rows[0]['width']:,}: lowest active (solid), highest idle (dashed)")


def plot_template_frontier(axes, found: dict, slopes: dict) -> None:
    """Intervals of the largest m without a wrong bit of the corrected template against the number of neurons, by s."""
    for (s, points), colour in zip(sorted(found.items()), ("#2a9d8f", "#1b6ca8", "#d1495b", "#8d6a9f")):
        for width, edges in points.items():
            for low, high in edges:
                axes.plot([width, width], [low, high], "_-", color=colour, lw=2, ms=6)
        axes.plot([], [], "_-", color=colour, label=f"s = {s}: slope {slopes[s][0]:.2f} ± {slopes[s][1]:.2f}")
    widths = np.array(sorted({width for points in found.values() for width in points}), float)
    top = np.sqrt(np.prod(found[min(found)][int(widths[-1])][0]))
    axes.plot(widths, top * (widths / widths[-1]) ** 1.5, ":", color="0.35", label="power 3/2")
    axes.plot(widths, top * (widths / widths[-1]) ** 2, "-.", color="0.6", label="power 2")
    axes.plot(widths, widths, "-", color="0.85", lw=6, zorder=0, label="m = d: as many features as neurons")
    axes.set(xscale="log", yscale="log")
    axes.legend(fontsize=7, frameon=False)
    _plain(axes, "neurons d of the widest layer", "largest m without a wrong bit", "Frontier of the corrected template")


def plot_spectrum(axes, rows: list[dict]) -> None:
    """How many features have each read-off in the last layer, active and idle ones in colours of their own."""
    last = max(row["layer"] for row in rows)
    for row, colour in zip([r for r in rows if r["layer"] == last], (WITHOUT, WITH)):
        counts = np.array(row["counts"]) / row["inputs"]
        values = np.arange(len(counts)) / 4
        label = f"{counts.sum():,.0f} features that are {row['features']}"
        axes.bar(values[counts > 0], counts[counts > 0], 0.12, color=colour, label=label)
    m, width = rows[0]["m"], rows[0]["width"]
    axes.axvline(0.875, color="0.5", lw=1, ls=":")
    axes.set_yscale("log")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.set_ylim(0.02, 40 * m)
    axes.legend(fontsize=8, frameon=False)
    _plain(axes, f"read-off after {last} layers (dotted: threshold)", "features, mean of an input", f"{m:,} features in {width:,} neurons")


def plot_reads_by_depth(axes, rows: list[dict]) -> None:
    """The active features of one input through the layers, with rounding and without, and the highest idle read-off."""
    for reset, colour, name in (("identity", WITHOUT, "without correction"), ("round", WITH, "with correction")):
        own = [row for row in rows if row["reset"] == reset]
        layers = [row["layer"] for row in own]
        active = axes.plot(layers, [row["active"] for row in own], "-", color=colour, lw=1.8)
        active[0].set_label(f"active features, {name}")
        axes.plot(layers, [row["highest_idle"] for row in own], ":", color=colour, lw=1.4, label=f"highest idle one, {name}")
    axes.axhline(0.5, color="0.85", lw=1, zorder=0)
    axes.set_ylim(-0.3, 2.2)
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    _plain(axes, "layer of the circuit", "read-off", f"One input through the depth, m = {rows[0]['m']:,}")


def plot_codes(axes, rows: list[dict]) -> None:
    """Pairs of features by the number of units they share, designed and random channels side by side."""
    for row, colour, offset in zip(rows, (WITH, "0.6"), (-0.2, 0.2)):
        pairs = np.array(row["pairs"])
        shared = np.arange(len(pairs))
        axes.bar((shared + offset)[pairs > 0], pairs[pairs > 0], 0.38, color=colour, label=f"{row['code']} channels")
    axes.set_yscale("log")
    axes.set_ylim(0.5, None)
    axes.set_xticks(range(rows[0]["c"] + 1))
    axes.legend(fontsize=8, frameon=False)
    _plain(axes, "units that two features share", "pairs of features", f"{rows[0]['m']:,} channels of {rows[0]['c']} in {rows[0]['units']:,} units")

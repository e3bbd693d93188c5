"""Trained networks: errors under several loss powers, and against the number of active features."""

from matplotlib.figure import Figure

from superposed.figures.axes import columns, distinct, readable_log, ticks_at
from superposed.figures.trained import LINES, style
from superposed.study.experiment import Analysis

WORDS = {"rms": "rms", "q99": "99% quantile", "max": "largest"}


def draw_trained_losses(figure: Figure, analysis: Analysis) -> None:
    """Errors over those of loss power 2 against width; rms errors against s."""
    losses, sparsity = figure.subplots(1, 2)
    problems = distinct([{"at": (row["m"], row["s"])} for row in analysis.rows("ratio")], "at")
    for i, (statistic, power) in enumerate(
        (statistic, power) for statistic in WORDS for power in distinct(analysis.rows("ratio"), "power")
    ):
        for (m, s), line in zip(problems, LINES, strict=False):
            rows = analysis.rows("ratio", statistic=statistic, power=power, m=m, s=s)
            d, low, best, high = columns(rows, "width", "low", "best", "high")
            label = f"{WORDS[statistic]}, loss power {power}" if (m, s) == problems[0] else None
            losses.errorbar(d, best, [best - low, high - best], label=label, **style(i), ls=line)
    losses.axhline(1, color="0.6", lw=0.9)
    losses.set(xscale="log", yscale="log", xlabel="width d (neurons)", ylabel="error / error under loss power 2")
    names = ("solid", "dashed", "dash-dotted", "dotted")
    losses.set_title(", ".join(f"{name}: m = {m}, s = {s}" for (m, s), name in zip(problems, names, strict=False)))
    ticks_at(losses, distinct(analysis.rows("ratio"), "width"))
    readable_log(losses, "y")
    figure.legend(*losses.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    kinds = list(dict.fromkeys((row["network"], row["m"], row["width"]) for row in analysis.rows("sparsity")))
    for i, (network, m, width) in enumerate(kinds):
        rows = analysis.rows("sparsity", network=network, m=m, width=width)
        s, low, best, high = columns(rows, "s", "low", "best", "high")
        sparsity.errorbar(s, best, [best - low, high - best], label=f"{network}, m = {m}, d = {width}", **style(i))
    sparsity.set(xscale="log", yscale="log", xlabel="active features s", ylabel="rms error, worst stratum")
    sparsity.set_title("mean of networks, 95%")
    ticks_at(sparsity, distinct(analysis.rows("sparsity"), "s"))
    readable_log(sparsity, "y")
    sparsity.legend(loc="upper left", fontsize=8)

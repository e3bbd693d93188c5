"""Figures on disk: NAME.png and NAME.svg, NAME.csv with every number in them, NAME.json with fits and verdicts."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from superposed.files import finite, write_whole
from superposed.fitting import NotFitted, Report
from superposed.study.experiment import Analysis, Experiment

STYLE = {
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10, "axes.titlelocation": "left",
    "axes.labelsize": 10, "xtick.labelsize": 9, "ytick.labelsize": 9, "legend.fontsize": 8.5, "legend.frameon": False,
    "font.family": "DejaVu Sans", "svg.hashsalt": "superposed", "svg.fonttype": "none", "figure.dpi": 150,
}  # fmt: skip


def save(name: str, experiment: Experiment, profile: str, analysis: Analysis, folder: Path) -> list[Path]:
    """Write the four files of an experiment's figure; each is replaced whole. Returns their paths.

    They hold nothing that differs from machine to machine. What the rows were measured with stands beside the rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=experiment.size, layout="constrained")
        experiment.draw(figure, analysis)
        png, svg = io.BytesIO(), io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    findings = [vars(finding) for finding in analysis.findings]
    summary = {
        "claim": experiment.claim,
        "meaning": experiment.meaning,
        "profile": profile,
        "findings": findings,
        "fits": {key: plain(fit) for key, fit in analysis.fits.items()},
    }
    contents = {
        "png": png.getvalue(), "svg": svg.getvalue(), "csv": csv_text(rounded(analysis.table)).encode(),
        "json": (json.dumps(rounded(finite(summary)), indent=1, allow_nan=False) + "\n").encode(),
    }  # fmt: skip
    return [write_whole(folder / f"{name}.{suffix}", content) for suffix, content in contents.items()]


def plain(fit: Report | NotFitted | Mapping[str, object]) -> Mapping[str, object]:
    """A fit as plain numbers, or the reason why there is none."""
    return (
        {"not fitted": fit.reason} if isinstance(fit, NotFitted) else fit.to_json() if isinstance(fit, Report) else fit
    )


def rounded(value: object) -> object:
    """The value with nine digits of every float: the last ones differ from processor to processor."""
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def csv_text(rows: Sequence[dict]) -> str:
    """Rows as CSV; the columns are all keys in order of appearance, empty where a row lacks one."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

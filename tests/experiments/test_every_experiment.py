"""Every file of experiments/ at its tiny size: it answers, resumes, draws, and fixes what it must in advance."""

import csv
import json
import runpy
from itertools import product
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from superposed.cli.reproduce import figure
from superposed.cli.run import complete
from superposed.figures import save
from superposed.study.loading import experiment_names, experiments_folder, load_experiment

LONG = (
    "any_depth", "codes", "crossover", "deep_circuits", "deep_transition", "discovery", "error_correction", "family",
    "fan_in", "quadratic", "sparsity_and_tolerance", "trained_anchors", "trained_losses", "trained_rates",
    "trained_weights", "trained_width", "truth_tables", "uand_aligned",
)  # fmt: skip
"""Mostly compilation. In the short tests `uand_superposed`, `transition` and `trained_error` stand for them."""


@pytest.fixture(autouse=True)
def no_layout(monkeypatch):
    """To place labels well takes most of a drawing's time. tests/cli draws a figure with its layout."""
    monkeypatch.setattr(save, "Figure", lambda figsize, layout: Figure(figsize=figsize))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in experiment_names()]
)
def test_it_answers_and_draws(name: str, tmp_path: Path):
    _, experiment = load_experiment(name)
    rows, figures = tmp_path / "rows", tmp_path / "figures"
    finished, n = complete(name, experiment, "tiny", rows)
    assert finished and n > 1
    assert complete(name, experiment, "tiny", rows) == (True, n)  # asking again measures nothing
    analysis = figure(name, experiment, "tiny", rows, figures)
    assert all(f.question and f.range and f.measured for f in analysis.findings) and analysis.findings

    written = {suffix: figures / f"{name}.{suffix}" for suffix in ("png", "svg", "csv", "json")}
    assert set(figures.iterdir()) == set(written.values())
    summary = json.loads(written["json"].read_text())
    assert [finding["question"] for finding in summary["findings"]] == [f.question for f in analysis.findings]
    assert summary["fits"].keys() == analysis.fits.keys()
    with open(written["csv"]) as file:
        assert [row["kind"] for row in csv.DictReader(file)] == [row["kind"] for row in analysis.table]


@pytest.mark.parametrize("name", experiment_names())
def test_it_says_what_it_claims_and_what_the_answer_means(name: str):
    _, experiment = load_experiment(name)
    assert list(experiment.profiles)[:4] == ["tiny", "quick", "standard", "full"]
    assert len(experiment.claim) > 20 and 1 < experiment.meaning.count(". ") + 1 <= 3


@pytest.mark.parametrize("statistic", ["rms", "max"])
def test_networks_of_one_seed_are_one_unit(statistic: str):
    """They share their first neurons, so four seeds are four units, whatever the number of widths."""
    error_series = runpy.run_path(str(experiments_folder() / "uand_aligned.py"))["error_series"]
    cells = product((64, 128, 256), range(4), range(3))
    errors = [{"width": d, "seed": seed, "active": j, "rms": 1 / d, "max": 3 / d} for d, seed, j in cells]
    series = error_series("a", errors, statistic).sample
    assert series.along == "d" and len(series.unit) == 12 and len(set(series.unit)) == 4

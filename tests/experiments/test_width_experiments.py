"""Experiments of drawn widths at their tiny size: findings with verdicts, and the four files of a figure."""

from pathlib import Path

import pytest

from superposed.figures.save import save
from superposed.study.loading import load_experiment
from superposed.sweeping.store import Store
from superposed.sweeping.sweep import sweep


@pytest.mark.slow
@pytest.mark.parametrize("name", ["crossover", "sparsity_and_tolerance"])
def test_tiny_profile(name: str, tmp_path: Path):
    _, experiment = load_experiment(name)
    profile = experiment.profiles["tiny"]
    assert list(experiment.profiles) == ["tiny", "quick", "standard", "full"]
    with Store(tmp_path / "rows", {}) as store:
        assert list(sweep(experiment.tasks(profile), store))
        assert not list(sweep(experiment.tasks(profile), store))  # asking again measures nothing
        analysis = experiment.analyse(profile, store.records)
    assert analysis.table and all(finding.verdict for finding in analysis.findings)
    assert len(save(name, experiment, "tiny", analysis, tmp_path)) == 4

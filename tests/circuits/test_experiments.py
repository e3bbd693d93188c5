"""The experiments of circuits at their tiny size: rows that JSON holds, verdicts, figures."""

import importlib
import json

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

NAMES = ("error_correction", "deep_circuits", "true_superposition", "gallery")


@pytest.mark.parametrize("name", NAMES)
def test_tiny_profile(name, tmp_path):
    experiment = importlib.import_module(f"experiments.{name}")
    assert set(experiment.PROFILES) == {"tiny", "quick", "standard", "full"} and experiment.__doc__
    rows = json.loads(json.dumps(list(experiment.measure("tiny"))))
    assert rows == json.loads(json.dumps(list(experiment.measure("tiny"))))
    assert experiment.verdict(rows)
    figure = plt.figure(figsize=(10, 4.6), layout="constrained")
    experiment.draw(rows, figure)
    figure.savefig(tmp_path / "figure.png")
    assert all(axes.get_xlabel() and axes.get_ylabel() and axes.get_title(loc="left") for axes in figure.axes)
    plt.close(figure)


def test_controls_fail_where_the_network_does_not():
    from experiments.deep_circuits import measure, verdict
    depth = verdict(list(measure("tiny")))["depth"]
    assert depth["corrected"]["wrong"] == 0 and depth["not corrected"]["wrong"] > 0

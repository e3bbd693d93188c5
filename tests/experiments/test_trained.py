"""What the experiments with trained networks conclude from errors that were made up."""

import runpy
from dataclasses import replace

import numpy as np
import pytest

from superposed.study.loading import experiments_folder
from superposed.sweeping.record import Record, Seen

ERROR, LOSSES, ANCHORS, DEEP = (
    runpy.run_path(str(experiments_folder() / f"trained_{name}.py")) for name in ("error", "losses", "anchors", "deep")
)


def rows(scale: float, widths=(8, 16, 32), seeds=4) -> list[dict]:
    noise = np.exp(0.01 * np.random.default_rng(0).normal(size=(len(widths), seeds)))
    return [
        {"width": d, "seed": i, "rms": scale * noise[j, i], "q99": 2 * scale, "max": scale**2}
        for j, d in enumerate(widths)
        for i in range(seeds)
    ]


def test_loss_powers_are_compared_seed_by_seed_at_one_width():
    profile = replace(LOSSES["PROFILES"]["quick"], seeds=4)
    labelled = lambda scale: [{**row, "m": 12, "s": 3} for row in rows(scale)]
    ratios = LOSSES["ratio_rows"](8, labelled(1.2), labelled(1), 16)
    assert [(row["statistic"], round(row["best"], 6)) for row in ratios] == [("rms", 1.2), ("q99", 1.2), ("max", 1.44)]
    finding = LOSSES["ratio_finding"](ratios, profile)
    assert finding.question.startswith("Loss power 8, m = 12, s = 3, d = 16") and finding.verdict == "measured"
    assert [part.split()[-3] for part in finding.measured.split("; ")] == ["1.20", "1.20", "1.44"]


def test_the_exponent_in_s_runs_from_the_smallest_to_the_largest():
    errors = lambda kind, power: {(kind, 12, 16, s): rows(s**power, widths=(16,)) for s in (2, 3, 6)}
    profile = replace(LOSSES["PROFILES"]["quick"], seeds=4)
    finding = LOSSES["growth_finding"](errors("trained", 0.5) | errors("Rademacher", 1.0), 12, 16, profile)
    assert finding.range.startswith("s = 2 to 6") and "d = 16" in finding.question
    trained, signs = finding.measured.split("; ")
    assert trained.startswith("trained s^0.50") and signs.startswith("Rademacher s^1.00")


def test_the_gain_of_a_start_is_over_that_construction_and_over_random_weights():
    errors = lambda scale: {(row["width"], row["seed"]): row["rms"] for row in rows(scale)}
    by_task = {(kind, 16, 3): errors(scale) for kind, scale in
               {"trained from Gaussian": 1, "Gaussian": 4, "trained": 2, "Rademacher": 3}.items()}  # fmt: skip
    (finding,) = ERROR["start_findings"](by_task, replace(ERROR["PROFILES"]["quick"], seeds=4))
    assert "trained from Gaussian, m = 16, s = 3, d = 16" in finding.question
    ours, random = finding.measured.split("Gaussian's, ")
    assert ours.startswith("4.00") and random.startswith("2.000")
    table = [row for kind, scale in (("trained", 2), ("Gaussian", 4)) for row in
             ERROR["gain_rows"](kind, 16, 3, errors(scale), errors(3))]  # fmt: skip
    gain = ERROR["gain_finding"](16, 3, table, replace(ERROR["PROFILES"]["quick"], seeds=4))
    assert "d = 16" in gain.question
    assert [part.split()[:2] for part in gain.measured.split("; ")] == [["trained", "1.50"], ["Gaussian", "0.75"]]


def test_published_errors_are_held_against_the_floor():
    profile = replace(ANCHORS["PROFILES"]["quick"], seeds=2)
    floors = ANCHORS["floor_rows"](profile)
    assert [row["width"] for row in floors] == [20, 150]
    made_up = [{"width": row["width"], "mse": row["best"] * ratio} for row in floors for ratio in (1.0, 1.1)]
    finding = ANCHORS["floor_finding"](made_up, floors, profile)
    assert "0.00869 at d = 20 (published 0.00487)" in finding.measured
    assert "0.00457 at d = 150 (published 0.00141)" in finding.measured and "1.050" in finding.measured


@pytest.mark.parametrize(
    ("after", "verdict", "half"),
    [([[0, 0], [0, 3], [5, 5]], "holds", "half are right down to d = 20"),
     ([[1, 0], [2, 3], [5, 5]], "fails", "half are right down to d = 40"),
     ([[1, 2], [2, 3], [5, 5]], "fails", "half are right down to none of these widths")],
)  # fmt: skip
def test_what_training_keeps_is_counted(after, verdict, half):
    profile = replace(DEEP["PROFILES"]["quick"], seeds=2, parts=(1.0, 0.5, 0.25))
    result = {"widths": [40, 20, 10], "bits": 1000, "before": [0, 0], "wrong": after}
    reported, _ = DEEP["tasks"](profile)
    seen = Seen(Record(cell, result) for cell in reported.cells)
    analysis = DEEP["analyse"](profile, seen)
    kept, compiled, scratch = analysis.findings
    assert kept.verdict == verdict and compiled.measured.endswith(half) and scratch.measured.endswith(half)
    assert [row["right"] for row in analysis.rows("width", start="scratch")] == [w.count(0) for w in after]

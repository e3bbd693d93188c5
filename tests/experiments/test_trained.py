"""What the experiments with trained networks conclude from errors that were made up."""

import runpy
from dataclasses import replace

import numpy as np
import pytest

from superposed.study.loading import experiments_folder
from superposed.sweeping.record import Record, Seen

ERROR, ANCHORS, DEEP = (
    runpy.run_path(str(experiments_folder() / f"trained_{name}.py")) for name in ("error", "anchors", "deep")
)


def rows(scale: float, widths=(8, 16, 32), seeds=4) -> list[dict]:
    noise = np.exp(0.01 * np.random.default_rng(0).normal(size=(len(widths), seeds)))
    return [
        {"width": d, "seed": i, "rms": scale * noise[j, i], "q99": 2 * scale, "max": scale**2}
        for j, d in enumerate(widths)
        for i in range(seeds)
    ]


def test_loss_powers_are_compared_at_the_width_nearest_m():
    measured = {("trained", 16, 3): rows(1), ("trained, loss power 8", 16, 3): rows(1.2), ("Gaussian", 16, 3): rows(9)}
    (finding,) = ERROR["loss_findings"](measured, replace(ERROR["PROFILES"]["quick"], seeds=4))
    assert "d = 16" in finding.question and "loss power 8" in finding.question and finding.verdict == "measured"
    assert [part.split()[:2] for part in finding.measured.split("; ")] == [
        ["rms", "1.20"], ["q99", "1.20"], ["max", "1.44"]]  # fmt: skip


def test_the_exponent_in_s_runs_from_the_smallest_to_the_largest():
    errors = lambda kind, power: {
        (kind, 16, s): {(row["width"], row["seed"]): row["rms"] for row in rows(s**power)} for s in (2, 3, 6)
    }
    by_task = errors("trained", 0.5) | errors("Rademacher", 1.0) | {("trained", 32, 3): {(8, 0): 1.0}}
    (finding,) = ERROR["sparsity_findings"](by_task, replace(ERROR["PROFILES"]["quick"], seeds=4))
    assert finding.range.startswith("s = 2 to 6") and "d = 16" in finding.question
    trained, signs = finding.measured.split("; ")
    assert trained.startswith("trained s^0.50") and signs.startswith("Rademacher s^1.00")


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

"""What the experiment on the transition concludes from counts and errors that were made up."""

import runpy
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from superposed.fitting import NotFitted, Report
from superposed.study.loading import experiments_folder
from superposed.theory.bernoulli_tail import quantile_width

MODULE = runpy.run_path(str(experiments_folder() / "transition.py"))
PROFILE = replace(MODULE["PROFILES"]["quick"], draws=30, drawn=(2**20, 2**30, 2**40))
WIDTHS = np.geomspace(500, 4000, 10)


def passed(sharpness: dict[int, float], n: int = 200) -> list[dict]:
    """Expected counts, rounded, with half-pass width 100 m^(2/3)."""
    chance = lambda m, g, width: expit(g * np.log(width / (100 * m ** (2 / 3))))
    return [
        {"m": m, "s": 2, "width": width, "networks": n, "passed": round(n * chance(m, g, width))}
        for m, g in sharpness.items()
        for width in WIDTHS
    ]


@pytest.mark.parametrize(("sharpness", "verdict"), [
    ({32: 4.0, 64: 6.0, 128: 9.0}, "supported"),
    ({32: 6.0, 64: 6.0, 128: 6.0}, "inconclusive"),
    ({32: 9.0, 64: 6.0, 128: 4.0}, "contradicted"),
])  # fmt: skip
def test_sharpening_is_judged_by_the_ratio(sharpness, verdict):
    found = MODULE["transitions"](passed(sharpness))
    half = [transition.half[1] / (100 * m ** (2 / 3)) for m, transition in found.items()]
    assert half == pytest.approx([1] * 3, rel=0.01)
    assert MODULE["sharpening_finding"](found).verdict == verdict


def test_the_threshold_is_a_fit_to_the_half_pass_widths():
    found = MODULE["transitions"](passed({32: 6.0, 64: 6.0, 128: 6.0}))
    law = MODULE["threshold"](found, PROFILE)
    assert isinstance(law, Report) and law.entry("power").candidate.exponent[1] == pytest.approx(2 / 3, abs=0.01)
    assert {entry.candidate.name for entry in law.entries} == {"power", "logarithm only", "closed form"}


def test_where_all_pass_nothing_is_measured():
    rows = [row | {"passed": row["networks"]} for row in passed({32: 6.0, 64: 6.0})]
    found = MODULE["transitions"](rows)
    assert MODULE["transition_finding"](32, found[32], PROFILE).verdict == "not measured"
    assert MODULE["sharpening_finding"](found).verdict == "not measured"
    assert isinstance(MODULE["threshold"](found, PROFILE), NotFitted)


@pytest.mark.parametrize(
    ("power", "verdict"), [pytest.param(0.0, "supported", marks=pytest.mark.slow), (0.05, "contradicted")]
)
def test_the_collapse_is_judged_by_that_of_the_closed_form(power, verdict):
    """Curves of the closed form itself, and the same with widths that leave it by a power of m."""
    random = np.random.default_rng(0)
    rows = [
        {
            "m": m,
            "width": round(width * m**power),
            "seed": seed,
            "q99": eps * np.exp(0.05 * random.standard_normal()),
        }
        for m in PROFILE.drawn
        for eps in np.geomspace(1.0, 0.2, 5).tolist()
        for width in [quantile_width(m, 2, eps)]
        for seed in range(PROFILE.seeds)
    ]
    together = MODULE["collapses"](rows, PROFILE)
    assert len(together) == len(PROFILE.drawn) and MODULE["collapse_finding"](together[0], PROFILE).verdict == verdict


def test_no_two_widths_share_a_seed():
    for tasks in MODULE["built"](PROFILE).values():
        seeds = [cell.seed for task in tasks for width in task.widths for cell in task.cells(width)]
        assert len(set(seeds)) == len(seeds) == PROFILE.widths * PROFILE.networks
        assert all(max(task.widths) <= task.rows for task in tasks)

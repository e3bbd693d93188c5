"""What the experiment on depth concludes from rows that were made up."""

import runpy

import numpy as np
import pytest

from superposed.study.loading import experiments_folder
from superposed.sweeping.record import Record, Seen

MODULE = runpy.run_path(str(experiments_folder() / "any_depth.py"))
PROFILE = MODULE["PROFILES"]["quick"]


def prices(chance) -> list[dict]:
    """The price of depth of quick, where every cell has `chance(cell)`, scattered a little over the runs."""
    steps, scatter = MODULE["chances"](PROFILE), np.exp(0.02 * np.random.default_rng(0).standard_normal(PROFILE.seeds))
    seen = Seen(Record(cell, {"chances": list(chance(cell) * scatter)}) for cell in steps.cells)
    return MODULE["price_rows"](PROFILE, seen)


def test_the_price_of_depth_has_an_interval_around_it():
    (price,) = prices(lambda cell: np.exp(-0.21 * cell["width"] ** 0.5) * 3e4)
    first, last = ((d / 0.21) ** 2 for d in np.log(3e4 * 20 / np.log(2) * np.array([64, 64_000])))
    assert price["best"] == pytest.approx(last / first, rel=0.01) and price["low"] < price["best"] < price["high"]
    assert prices(lambda cell: 1e-12) == []


def test_a_counted_chance_stands_beside_the_drawn_one():
    law = {"drawn_low": 8e-4, "drawn_best": 1e-3, "drawn_high": 2e-3}
    none = {"d": 8192, "m": 200, "wrong": 0, "trials": 1000, "low": 0.0, "best": 0.0, "high": 3e-3, **law}
    some = {**none, "wrong": 4, "low": 1e-3, "best": 4e-3, "high": 1e-2}
    said = [MODULE["built_finding"](row).measured for row in (none, some)]
    assert said[0] == "at most 3.0e-03; drawn 1.0e-03 [8.0e-04, 2.0e-03]"
    assert said[1] == "4.0e-03 [1.0e-03, 1.0e-02]; drawn 1.0e-03 [8.0e-04, 2.0e-03]"


def test_every_built_chance_is_drawn_too():
    for name in ("tiny", "standard", "full"):
        profile = MODULE["PROFILES"][name]
        drawn = {(cell["m"], cell["width"]) for cell in MODULE["chances"](profile).cells}
        assert {(rate.m, rate.width) for rate in profile.rates} <= drawn and profile.rates

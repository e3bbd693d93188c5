"""What the experiment on depth concludes from rows that were made up."""

import runpy

import numpy as np
import pytest

from superposed.study.loading import experiments_folder
from superposed.sweeping.record import Record, Seen

MODULE = runpy.run_path(str(experiments_folder() / "any_depth.py"))
PROFILE = MODULE["PROFILES"]["quick"]


def row(d: int, m: int, best: float) -> dict:
    return {"kind": "chance", "d": d, "m": m, "best": best}


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


def test_wrong_inputs_are_counted_once_they_have_settled(monkeypatch):
    first = np.array([[3, 9, 12, 12, 21], [21, 21, 12, 9, 5]])  # of two networks, to depth 20; 8 layers are skipped
    monkeypatch.setitem(MODULE["measure"].__globals__, "first_wrong_layers", lambda *_: first)
    seen = MODULE["measure"](
        {"s": 2, "width": 4096, "m": 64, "layers": 20, "skip": 8, "batch": 5, "networks": 2, "seed": 0}
    )
    assert seen["wrong"] == 5 and seen["trials"] == (1 + 4 + 4 + 12) + (12 + 12 + 4 + 1)
    assert seen["together"] == pytest.approx((1 + 4 + 1 + 1) / 5)


def test_a_counted_chance_stands_beside_the_drawn_one():
    counted = {"d": 8192, "m": 200, "wrong": 0, "trials": 1000, "low": 0.0, "best": 0.0, "high": 3e-3}
    drawn = [row(8192, 100, 1e-4), row(8192, 400, 1e-2)]
    assert MODULE["built_finding"](counted, drawn).measured == "< 3.0e-03; drawn 1.0e-03"
    assert MODULE["built_finding"]({**counted, "m": 50}, drawn).measured == "< 3.0e-03; none drawn"

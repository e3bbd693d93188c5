"""What the experiment on deep networks concludes from half-pass points that were made up."""

import runpy

import pytest

from superposed.fitting import NotFitted
from superposed.study.loading import experiments_folder

MODULE = runpy.run_path(str(experiments_folder() / "deep_transition.py"))


def half(d: int, best: float) -> dict:
    return {"design": "paper", "s": 2, "d": d, "low": 0.97 * best, "best": best, "high": 1.03 * best}


def test_the_law_is_fitted_along_the_width():
    widths = (4096, 16384, 65536, 2**18, 2**20)
    drawn = [{"kind": "drawn", "design": "paper", "s": 2, "d": d, "best": d**1.8} for d in widths]
    law = MODULE["law"]([half(d, d**1.5) for d in widths], drawn, "paper", 2)
    assert law.entry("power").candidate.exponent[1] == pytest.approx(1.5, abs=1e-3)
    one = MODULE["law"]([half(4096, 500)], drawn, "paper", 2)
    assert isinstance(one, NotFitted) and one.reason.startswith("1 widths")

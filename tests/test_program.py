"""Compiled programs add up rightly, also where JAX was up before this package was imported."""

import subprocess
import sys

import jax
import pytest

from superposed import program
from superposed.program import WrongSums, check_sums, compiler_options, sum_error

LATE_IMPORT = """
import os, sys, jax
jax.devices()
before = dict(os.environ)
import superposed.measuring.measure
from superposed.program import sum_error
assert dict(os.environ) == before, "the environment is the user's"
assert "scipy.stats" not in sys.modules, "it is loaded where it is first used: that is a third of the start"
print(sum_error())
"""


def test_sums_are_right_when_the_backend_was_up_before_the_import():
    printed = subprocess.run([sys.executable, "-c", LATE_IMPORT], capture_output=True, text=True, check=True).stdout
    assert float(printed) < 1e-4


def test_options_that_a_compiler_does_not_know_are_left_out(monkeypatch):
    monkeypatch.setattr(program, "FAST_COMPILE", {"xla_backend_optimization_level": 1, "xla_no_such_option": True})
    assert "xla_no_such_option" not in compiler_options()
    assert jax.default_backend() != "cpu" or "xla_backend_optimization_level" in compiler_options()


def test_wrong_sums_are_an_error(monkeypatch):
    assert sum_error() < 1e-4
    monkeypatch.setattr(program, "sum_error", lambda: 20.5)
    with pytest.raises(WrongSums, match=r"wrong by 20.5"):
        check_sums.__wrapped__()

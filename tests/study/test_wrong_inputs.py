"""Counts of wrong inputs: who was at risk, what came together, and intervals of several runs."""

import numpy as np
import pytest

from superposed.compiler.first_wrong import first_wrong_layers
from superposed.compiler.scanned import Plan
from superposed.fitting import proportion_interval
from superposed.study.deep_runs import upper_limit
from superposed.study.wrong_inputs import Rate, broke_at, clean_run, count_first, count_run, pooled
from superposed.theory.density_evolution import Design


def test_wrong_inputs_are_counted_once_they_have_settled():
    first = np.array([[3, 9, 12, 12, 21], [21, 21, 12, 9, 5]])  # of two networks, to depth 20; 8 layers are skipped
    count = count_first(first, 20, 8)
    assert count["wrong"] == 5 and count["trials"] == (1 + 4 + 4 + 12) + (12 + 12 + 4 + 1)
    assert count["together"] == pytest.approx((1 + 4 + 1 + 1) / 5)


def test_runs_are_pooled_and_what_comes_together_counts_once():
    runs = [{"wrong": 4, "trials": 1000, "together": 2.0}, {"wrong": 0, "trials": 600, "together": 1.0}]
    low, high = proportion_interval(2, 800)
    assert pooled(runs) == {"wrong": 4, "trials": 1600, "low": low, "best": 4 / 1600, "high": high}
    none = pooled(runs[1:])
    assert (none["low"], none["best"], none["high"]) == (0, 0, upper_limit(600))


def test_runs_of_a_rate_are_networks_of_their_own():
    rate = Rate(512, 16, 6, None, networks=2, skip=0, runs=2)
    cells = rate.steps().cells
    assert [cell["seed"] for cell in cells] == [0, 2] and all("runs" not in cell for cell in cells)
    first = first_wrong_layers(Plan(Design(512, 2), 16), [16, 16], [2, 3], 6, None)
    assert count_run(cells[1]) == count_first(first, 6, 0) and (first <= 6).any()
    cell = {"m": 16, "seed": 2, "depth": 6, "batch": None}
    assert broke_at(Plan(Design(512, 2), 16), cell, piece=6) == {"broke_at": int(first[0].min())}


def test_a_run_without_a_wrong_bit_gives_a_limit():
    cell = {"depth": 100, "batch": 30}
    assert clean_run(cell, 7)[:2] == ("the first wrong bit in layer 7", "fails")
    measured, verdict, _ = clean_run(cell, None)
    assert verdict == "holds" and measured.endswith("fewer than 1.0e-03 of inputs")

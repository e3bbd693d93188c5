"""Verdicts are those of the errors: the same networks pass, whatever the sums and the criterion."""

import numpy as np
import pytest

from superposed.constructions import Bernoulli, Gaussian, Rademacher, Superposed
from superposed.measuring.cell import Cell
from superposed.measuring.criteria import passes
from superposed.measuring.measure import measure
from superposed.measuring.programs import n_compilations
from superposed.measuring.sampling import Sampling
from superposed.measuring.verdicts import can_judge, judge
from superposed.sweeping.record import Seen
from superposed.sweeping.smallest import Verdicts, by_verdicts, search_for, searched


@pytest.mark.parametrize(
    ("construction", "m"),
    [
        (Rademacher(), 139),
        (Gaussian(), 20),
        pytest.param(Bernoulli(0.3), 20, marks=pytest.mark.slow),
        pytest.param(Superposed(Bernoulli()), 20, marks=pytest.mark.slow),
    ],
    ids=["bits, nested", "products, nested", "wires", "products, codes"],
)
def test_verdicts_are_those_of_the_errors(construction, m):
    """eps is each network's own largest error, which fails, and the number above it, which passes."""
    cells = [Cell(construction, m, 3, width, seed, Sampling(3)) for seed in (0, 1) for width in (33, 64, 900)]
    errors = measure(cells)
    largest = [float(np.nanmax(found.max_abs)) for found in errors]
    for eps in (largest[0], largest[5], float(np.nextafter(largest[5], 9))):
        assert judge(cells, "max", eps) == [passes(found, "max", eps) for found in errors]
    assert judge(cells, "max", largest[5])[5] is False
    assert judge(cells, "max", float(np.nextafter(largest[5], 9)))[5] is True
    assert judge(cells, "decode", 0.5) == [passes(found, "decode", 0.5) for found in errors]


def test_only_criteria_of_every_read_off_are_judged():
    cell = Cell(Rademacher(), 20, 3, 64, 0, Sampling(3))
    assert can_judge(cell, "max") and can_judge(cell, "decode")
    assert not can_judge(cell, "q99") and not can_judge(cell, "rms")
    assert not can_judge(Cell(Rademacher(), 20, 3, 64, 0, Sampling(3, 8)), "max")
    assert not can_judge(Cell(Rademacher(), 20, 3, 64, 0, Sampling(3), "drawn"), "max")


def test_a_search_by_verdicts_ends_where_one_by_rows_does_and_each_compiles_once():
    """The search begins above 2,048 neurons and ends below them."""
    task = search_for(Rademacher(), 20, 3, 0.5, success=None, seeds=3, start=2100, most=4096)
    quick = by_verdicts(task)
    assert isinstance(quick, Verdicts) and not isinstance(
        by_verdicts(search_for(Rademacher(), 20, 3, 0.5, criterion="q99")), Verdicts
    )
    rows, verdicts, before = Seen(), Seen(), n_compilations()
    for search, seen in ((task, rows), (quick, verdicts)):
        for _ in searched(search, seen):
            pass
    assert n_compilations() - before == 2
    assert quick.brackets(verdicts) == task.brackets(rows) and quick.brackets(verdicts)[0].high < 2048
    assert all(set(record.seen) == {"passed"} for record in verdicts.values())

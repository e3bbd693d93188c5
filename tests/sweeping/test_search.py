"""The search finds the rung where failing turns into passing, from any start, in few steps."""

import jax
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.constructions import Bernoulli, Rademacher
from superposed.measuring.criteria import passes
from superposed.measuring.errors import Errors, tally
from superposed.measuring.sampling import Sampling
from superposed.program import program
from superposed.sweeping.record import Record, Seen
from superposed.sweeping.search import Bracket, bracket, ladder, next_width
from superposed.sweeping.tasks import AtWidths, SmallestWidth

tallies = program(jax.vmap(tally, (None, 0)))


def errors_of(error: np.ndarray, stratum: int) -> Errors:
    """The errors of pairs of one stratum."""
    padded = np.zeros((1, 1024), np.float32)
    padded[0, : len(error)] = error
    of_stratum = (np.arange(3)[:, None, None] == stratum) & (np.arange(1024) < len(error))
    return Errors.of([tallies(padded, of_stratum)])


def search(threshold: float, start: float, most: int = 2**16, steps: int = 8):
    """(bracket, number of widths measured) for a criterion that passes from `threshold` on."""
    passed = {}
    while (width := next_width(passed, start, most, steps)) is not None:
        assert width not in passed
        passed[width] = width >= threshold
    return bracket(passed), len(passed)


@pytest.mark.parametrize("threshold", [1, 2, 17, 100, 1000, 1733, 60_000])
@pytest.mark.parametrize("start", [1, 300, 2**16])
def test_neighbouring_rungs_enclose_the_answer(threshold, start):
    found, n_measured = search(threshold, start)
    rungs = ladder(2**16)
    assert found.low < threshold <= found.high
    assert found.low == 0 or rungs.index(found.high) == rungs.index(found.low) + 1
    assert n_measured <= 24  # an octave a stride from one end to the other, and the halving of an octave


def test_open_ends():
    assert search(1e9, 100)[0] == Bracket(65536, None)
    assert search(0, 100)[0] == Bracket(0, 1)
    assert Bracket(65536, None).best is None


def test_a_good_guess_takes_few_steps():
    assert search(1000, 990, steps=32)[1] <= 3


def test_a_failure_above_a_passing_width_does_not_count():
    assert bracket({10: False, 20: True, 30: False, 40: True}) == Bracket(10, 20)


def test_rungs_are_shared_and_fine():
    rungs = np.array(ladder(1000))
    assert np.all(np.diff(rungs) > 0) and rungs[0] == 1 and rungs[-1] <= 1000
    assert np.all(rungs[30:] / rungs[29:-1] < 1.12)
    assert set(ladder(1000)) <= set(ladder(1000, 16))


def test_the_smallest_width_over_seeds_and_for_each_seed():
    each = SmallestWidth(Rademacher(), 8, 2, 4, Sampling(16), "rms", 0.2, start=64, most=1024)
    share = SmallestWidth(Rademacher(), 8, 2, 4, Sampling(16), "rms", 0.2, success=0.5, start=64, most=1024)
    seen = Seen()
    for task in (each, share):
        while cells := task.pending(seen):
            for cell, errors in zip(cells, task.measure(cells), strict=True):
                seen.add(Record(cell.to_json(), errors))
    best = sorted(found.best for found in each.brackets(seen))
    (pooled,) = share.brackets(seen)
    assert len(best) == 4 and best[0] <= pooled.best * 1.1 and pooled.best <= best[-1] * 1.1
    assert 4 / 0.04 * 0.5 < pooled.best < 4 / 0.04 * 2  # rms^2 = 4/d at s = 2


def test_tasks_of_disjoint_seeds_share_no_draw():
    first, second = (AtWidths(Rademacher(), 8, 2, (16, 32), 3, Sampling(4), first_seed=seed) for seed in (0, 3))
    assert [cell.seed for cell in second.cells(16)] == [3, 4, 5]
    entropies = lambda task, width: {tuple(cell.entropy) for cell in task.cells(width)}
    assert entropies(second, 32) == entropies(second, 16)
    assert not entropies(first, 16) & entropies(second, 16)
    seen = Seen(
        Record(cell.to_json(), errors_of(np.array([cell.seed / 8]), 1).to_json()) for cell in second.pending(Seen())
    )
    assert [errors.max_abs[1] for errors in second.errors(seen, 32)] == [3 / 8, 4 / 8, 5 / 8]
    assert not second.pending(seen) and len(first.pending(seen)) == 6


def test_refused_widths_are_never_measured_and_count_as_failing():
    refused_below = np.log(8) ** 4
    task = SmallestWidth(Bernoulli("paper"), 8, 2, 1, Sampling(16), "rms", 10.0, start=4, most=64)
    seen, widths = Seen(), []
    while cells := task.pending(seen):
        widths += [cell.width for cell in cells]
        for cell, errors in zip(cells, task.measure(cells), strict=True):
            seen.add(Record(cell.to_json(), errors))
    (found,) = task.brackets(seen)
    assert min(widths) >= refused_below and found.high == min(widths)
    assert found.low == max(width for width in ladder(64) if width < refused_below)


def test_refused_widths_lengthen_no_stride():
    rungs = ladder(2**16)
    refused = frozenset(width for width in rungs if width < 1059)
    first = next_width({}, 256, 2**16, refused=refused)
    assert first == min(set(rungs) - refused)
    assert next_width({first: False}, 256, 2**16, refused=refused) == rungs[rungs.index(first) + 1]
    assert next_width({first: True}, 256, 2**16, refused=refused) is None


def test_a_stride_is_one_octave_at_most():
    widths, passed = [], {}
    while (width := next_width(passed, 256, 2**16)) is not None:
        widths.append(width)
        passed[width] = False
    assert max(b / a for a, b in zip(widths, widths[1:], strict=False)) <= 2.001


def test_seven_of_25_seeds_are_28_percent():
    task = SmallestWidth(Rademacher(), 8, 2, 25, Sampling(16), "rms", 0.2, success=0.28)
    assert task.needed == 7
    assert SmallestWidth(Rademacher(), 8, 2, 25, Sampling(16), "rms", 0.2, success=0.29).needed == 8


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"widths": (32, 300), "rows": 128}, "rows = 128: a network of width 300 needs as many rows"),
        ({"widths": ()}, "at least one width"),
        ({"seeds": 0}, "seeds = 0"),
    ],
)
def test_bad_tasks_at_widths_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        AtWidths(
            **{"construction": Rademacher(), "m": 8, "s": 3, "widths": (32,), "seeds": 3, "sampling": Sampling()}
            | values
        )


@pytest.mark.parametrize(
    ("values", "message"), [({"success": 2.0}, "success = 2.0"), ({"most": 0}, "most = 0"), ({"steps": 0}, "steps = 0")]
)
def test_bad_searches_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        SmallestWidth(Rademacher(), 8, 3, 3, Sampling(), "max", 0.5, **values)


@pytest.mark.parametrize(("criterion", "expected"), [("max", False), ("q99", True), ("rms", True), ("decode", False)])
def test_criteria_differ_as_they_should(criterion, expected):
    errors = errors_of(np.repeat([0.7, 0.1], [5, 995]), 1)
    assert passes(errors, criterion, 0.5) is expected


def test_an_error_of_eps_itself_does_not_pass():
    at_eps = errors_of(np.full(100, 0.5), 1)
    assert not any(passes(at_eps, criterion, 0.5) for criterion in ("max", "q99", "rms"))
    assert passes(errors_of(np.repeat([0.5, 0.1], [1, 99]), 1), "q99", 0.5) and not passes(
        errors_of(np.repeat([0.5, 0.1], [2, 98]), 1), "q99", 0.5
    )


def test_decode_looks_at_the_side_that_matters():
    of = lambda value, stratum: errors_of(np.array([value]), stratum)
    assert passes(of(-0.9, 0), "decode", 1.0) and not passes(of(0.6, 1), "decode", 1.0)
    assert passes(of(0.9, 2), "decode", 1.0) and not passes(of(-0.6, 2), "decode", 1.0)


def test_bad_criteria_are_refused():
    errors = errors_of(np.zeros(1), 0)
    with pytest.raises(ValueError, match="eps = -1"):
        passes(errors, "max", -1)
    with pytest.raises(ValueError, match="criterion = 'mean'"):
        passes(errors, "mean", 1)


def test_rungs_of_other_searches_do_not_lengthen_the_stride():
    rungs = ladder(2**20)
    below = dict.fromkeys(rungs[20:60], False)
    start = rungs[80]
    assert next_width(below, start, 2**20) == start
    assert next_width(below | {start: False}, start, 2**20) == rungs[81]
    above = dict.fromkeys(rungs[100:120], True)
    assert next_width(above, start, 2**20) == start
    assert next_width(above | {start: True}, start, 2**20) == rungs[79]

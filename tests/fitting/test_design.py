"""The power of a design against the noncentral t distribution and against simulated measurements."""

import numpy as np
import pytest
from scipy.stats import binomtest, nct
from scipy.stats import t as t_distribution
from synthetic_widths import LADDER, two_thirds, widths

from superposed.bad_input import InputError
from superposed.fitting import (
    Crossover,
    Design,
    NotFitted,
    fit,
    fixed_power_log,
    intervals,
    power,
    power_log,
    power_of,
)
from superposed.fitting.design import exclusion_power

STRAIGHT = Design(power(), np.array([0.0, 2 / 3]))
BENT = Design(power_log(), np.array([0.0, 2 / 3, 0.0]))


@pytest.mark.parametrize("shift, dof", [(0.5, 4), (2.5, 10), (4.0, 60)])
def test_power_is_that_of_the_noncentral_t(shift, dof):
    critical = t_distribution.ppf(0.975, dof)
    expected = nct.sf(critical, dof, shift) + nct.cdf(-critical, dof, shift)
    assert exclusion_power(shift, 1.0, float(dof)) == pytest.approx(expected, abs=2e-5)


def test_power_is_how_often_simulated_intervals_exclude_the_rival():
    rival, trials = 2 / 3 + 0.02, 80
    promised = power_of(STRAIGHT, LADDER, 8, rival)
    excluded = sum(
        intervals(fit(power(), widths(two_thirds, seed=seed)), ("log m",))["log m"][1] < rival for seed in range(trials)
    )
    assert 0.2 < promised.power < 0.8  # somewhere a wrong formula would show
    assert binomtest(excluded, trials, promised.power).pvalue > 0.001, (excluded, promised.power)


def test_what_is_said_to_be_needed_is_just_enough():
    weak = power_of(BENT, LADDER, 8, 1 / 2)
    assert not weak.decides and weak.half_width > 0.05
    assert power_of(BENT, LADDER, weak.seeds_needed, 1 / 2).decides
    assert not power_of(BENT, LADDER, weak.seeds_needed - 1, 1 / 2).decides
    further = 2.0 ** np.arange(6, np.log2(weak.largest_needed) + 0.5)
    assert power_of(BENT, further, 8, 1 / 2).decides
    assert not power_of(BENT, further[:-1], 8, 1 / 2).decides


def test_a_crossover_needs_a_longer_ladder_than_a_straight_line():
    crossover = Design(Crossover(), np.array([*np.log([20.0, 2.0, 8.0]), 2 / 3]))
    straight, crossing = (power_of(design, LADDER, 20, 1 / 2) for design in (STRAIGHT, crossover))
    assert straight.decides and not crossing.decides
    assert crossing.largest_needed > 1000 * straight.largest_needed


def test_designs_that_identify_nothing_have_no_power():
    found = power_of(BENT, LADDER[:2], 8, 0.5)
    assert isinstance(found, NotFitted) and "2 values of m x 8 seeds do not identify" in found.reason


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: Design(fixed_power_log(), np.zeros(2)), "states its exponent"),
        (lambda: Design(power(), np.array([0.0, 0.5]), sigma=0.0), "sigma = 0.0"),
        (lambda: Design(power(), np.array([0.0, 0.5]), rung=0.9), "rung = 0.9"),
        (lambda: power_of(STRAIGHT, LADDER, 0, 0.5), "seeds = 0"),
        (lambda: power_of(STRAIGHT, LADDER, 8, 2 / 3), "this is the true exponent"),
    ],
)
def test_designs_that_cannot_be_judged_are_refused(make, says):
    with pytest.raises(InputError, match=says):
        make()

"""The power of a design against the noncentral t distribution and against simulated measurements."""

import numpy as np
import pytest
from scipy.stats import nct
from scipy.stats import t as t_distribution
from synthetic_widths import LADDER, two_thirds, widths

from superposed.fitting import Crossover, fit, fixed_power_log, intervals, power, power_log, power_of
from superposed.fitting.design import exclusion_power

TRUE = (0.0, 2 / 3, 0.0)


@pytest.mark.parametrize("shift, dof", [(0.5, 4), (2.5, 10), (4.0, 60)])
def test_power_is_that_of_the_noncentral_t(shift, dof):
    critical = t_distribution.ppf(0.975, dof)
    expected = nct.sf(critical, dof, shift) + nct.cdf(-critical, dof, shift)
    assert exclusion_power(shift, 1.0, float(dof)) == pytest.approx(expected, abs=2e-5)


def test_power_is_how_often_simulated_intervals_exclude_the_rival():
    rival, trials = 2 / 3 + 0.02, 80
    promised = power_of(power(), TRUE[:2], LADDER.tolist(), 8, rival, sigma=0.1, rung=1.1)
    excluded = sum(
        intervals(fit(power(), widths(two_thirds, seed=seed)), ("log m",))["log m"][1] < rival for seed in range(trials)
    )
    assert 0.2 < promised.power < 0.8  # somewhere a wrong formula would show
    assert abs(excluded / trials - promised.power) < 5 * np.sqrt(promised.power * (1 - promised.power) / trials) + 0.02


def test_what_is_said_to_be_needed_is_just_enough():
    weak = power_of(power_log(), TRUE, LADDER.tolist(), 8, 1 / 2)
    assert not weak.decides and weak.half_width > 0.05
    assert power_of(power_log(), TRUE, LADDER.tolist(), weak.seeds_needed, 1 / 2).decides
    assert not power_of(power_log(), TRUE, LADDER.tolist(), weak.seeds_needed - 1, 1 / 2).decides
    further = 2.0 ** np.arange(6, np.log2(weak.largest_needed) + 0.5)
    assert power_of(power_log(), TRUE, further.tolist(), 8, 1 / 2).decides
    assert not power_of(power_log(), TRUE, further[:-1].tolist(), 8, 1 / 2).decides


def test_a_crossover_needs_a_longer_ladder_than_a_straight_line():
    straight = power_of(power(), TRUE[:2], LADDER.tolist(), 20, 1 / 2)
    crossing = power_of(Crossover(), (*np.log([20.0, 2.0, 8.0]), 2 / 3), LADDER.tolist(), 20, 1 / 2)
    assert straight.decides and not crossing.decides
    assert crossing.largest_needed > 1000 * straight.largest_needed


@pytest.mark.parametrize(
    "law, coef, m, sigma, says",
    [
        (fixed_power_log(), (0.0, 0.0), LADDER.tolist(), 0.1, "states its exponent"),
        (power_log(), TRUE, [64.0, 128.0], 0.1, "2 values of m x 8 seeds do not identify"),
        (power_log(), TRUE, LADDER.tolist(), 0.0, "needs sigma > 0"),
    ],
)
def test_designs_that_cannot_be_judged_are_refused(law, coef, m, sigma, says):
    with pytest.raises(ValueError, match=says):
        power_of(law, coef, m, 8, 0.5, sigma)

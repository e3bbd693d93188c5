"""The chance of a rare wrong bit: against plain draws where it is common, and what is read off between several m."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.theory.deep_drawn import first_wrong
from superposed.theory.density_evolution import Design, mean_field_capacity, sparse_design
from superposed.theory.rare_errors import at_chance, either, over_runs, price_of_width, wrong_bit_chance


@pytest.mark.parametrize(("design", "fraction"), [(Design(4096, 2), 0.25), (sparse_design(4096, 2), 0.6)])
def test_weighted_draws_give_the_chance_that_plain_draws_give(design, fraction):
    m, settle, depth = fraction * mean_field_capacity(design), 8, 24
    first = first_wrong(1, m, design, depth, 3000)
    right = first > settle
    wrong, trials = (right & (first <= depth)).sum(), (np.minimum(first[right], depth) - settle).sum()
    runs = np.array([wrong_bit_chance(seed, m, design, 32, 16, 20) for seed in range(6)])
    chance, error, plain = runs.mean(), runs.std(ddof=1) / 6**0.5, wrong / trials
    assert wrong > 20 and abs(chance - plain) < 5 * np.hypot(error, np.sqrt(plain / trials)), (chance, error, plain)


def test_between_several_m_chances_are_straight_in_log_log():
    m = np.array([100.0, 200.0, 400.0])
    chances = 1e-12 * (m / 100) ** 10
    assert at_chance(m, chances, 1e-12 * 3**10) == pytest.approx(300, rel=1e-6)
    assert np.isnan(at_chance(m, chances, 1e-13)) and np.isnan(at_chance(m, chances, 1.0))


def test_a_chance_is_a_mean_over_layers():
    with pytest.raises(InputError, match="layers = 0: .* one layer or more"):
        wrong_bit_chance(0, 100, Design(4096, 2), layers=0)


def test_an_interval_over_runs_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    runs = np.exp(rng.normal(0, 0.5, (400, 8, 2)))  # of mean exp(1/8)
    intervals = np.array([over_runs(one, lambda mean: float(mean[0] * mean[1])) for one in runs])
    held = ((intervals[:, 0] < np.exp(1 / 4)) & (np.exp(1 / 4) < intervals[:, 2])).mean()
    assert abs(held - 0.95) < 5 * np.sqrt(0.95 * 0.05 / 400) and (intervals[:, 0] < intervals[:, 1]).all()
    with pytest.raises(InputError, match="runs = 1: .* two runs"):
        over_runs(runs[0, :1], lambda mean: float(mean[0]))


def test_price_in_width_is_a_step_of_the_root_where_the_chance_falls_with_it():
    widths = np.geomspace(1500, 40_000, 200)
    chances = np.exp(-0.17 * np.sqrt(widths))
    first, last = (np.log(n_layers * 20 / np.log(2)) / 0.17 for n_layers in (64, 64_000))
    assert price_of_width(widths, chances, 64, 1000) == pytest.approx((last / first) ** 2, rel=1e-3)
    assert np.isnan(price_of_width(widths[widths > 12_000], chances[widths > 12_000], 64))


def test_one_of_two_rare_events():
    assert either(np.array([1e-20]), 2e-20)[0] == pytest.approx(3e-20, rel=1e-12)
    assert either(np.array([0.5]), 0.5)[0] == 0.75

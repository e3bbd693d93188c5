"""The far tail of the Bernoulli error: against numerical convolution, against drawn errors, against networks."""

import jax
import numpy as np
import pytest

from superposed.constructions import Bernoulli, Superposed
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.program import program
from superposed.theory.bernoulli import best_density
from superposed.theory.bernoulli_drawn import draw_superposed
from superposed.theory.bernoulli_tail import all_pairs_width, chance_above, chance_mean_above, expected_failures
from superposed.theory.bernoulli_width import predicted_width
from superposed.theory.codes import Events


def test_the_saddle_point_is_that_of_the_convolved_density_far_out():
    n, mean, std, step = 24, -0.1, 0.5, 2**-9
    y = np.arange(2**13) * step
    density = np.exp(-((y - mean) ** 2) / (2 * std**2)) / np.sqrt(2 * np.pi) / std * step
    density[0] = 1 - density[1:].sum()
    total = np.fft.irfft(np.fft.rfft(density, 2**15) ** n)
    for level in (0.25, 0.4, 0.5, 0.6):
        exact = total[int(n * level / step) + 1 : 2**14].sum()
        (found,) = chance_mean_above(level, np.array([float(n)]), np.array([[mean]]), std, np.array([1.0]))[0]
        assert exact > 1e-13
        assert found == pytest.approx(exact, rel=0.05)
    assert exact < 1e-9


def drawn(n_events, m, s, d, p):
    return draw_superposed(jax.random.key(0), Events(m, s, d, d, n_events, 4), p)


@pytest.mark.parametrize(
    ("m", "s", "active"), [(1e6, 2, 1), (1e9, 2, 2), pytest.param(1e9, 3, 1, marks=pytest.mark.slow)]
)
def test_tail_is_that_of_drawn_errors(m, s, active):
    d = 1.7 * predicted_width(m, s, 0.5)
    p = float(program(best_density)(m, float(s), d, d))
    error = np.asarray(program(drawn, 1, loops=True)(2**16, m, float(s), d, p))[active]
    for level in np.quantile(error, (0.99, 0.999, 0.9997)):
        hits = (error > level).sum()
        expected = len(error) * chance_above(m, s, d, p, d, float(level), active=active)
        assert expected == pytest.approx(hits, rel=0.1, abs=4 * np.sqrt(hits))


def test_half_of_the_networks_are_right_about_every_pair_at_the_predicted_width():
    m, s, networks = 64, 2, 20
    d = all_pairs_width(m, s, 0.5, inputs=16, tail=0.01)
    cells = [
        Cell(Superposed(Bernoulli()), m, s, round(d * factor), seed, Sampling(16))
        for factor in (0.8, 1.25)
        for seed in range(networks)
    ]
    passed = [errors.max_abs.max() < 0.5 for errors in measure(cells)]
    assert sum(passed[:networks]) < networks / 2 < sum(passed[networks:])


def test_the_logarithm_of_all_pairs_has_the_power_one_third():
    ms = (1e18, 1e22)
    one, two = (all_pairs_width(m, 2, 0.5) / m ** (2 / 3) for m in ms)
    assert np.log(two / one) / np.log(np.log(ms[1]) / np.log(ms[0])) == pytest.approx(1 / 3, abs=0.02)


def test_failures_fall_with_the_width_and_a_tolerance_must_be_positive():
    failures = [expected_failures(1e4, 2, d, 0.04, d, 0.5) for d in (6000.0, 9000.0, 12000.0)]
    assert failures[0] > failures[1] > failures[2] > 0
    with pytest.raises(ValueError, match="eps = 0"):
        chance_above(1e4, 2, 9000, 0.04, 9000, 0, active=1)

"""The interval likelihood against SciPy's normal distribution and finite differences."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from superposed.fitting.likelihood import log_interval, row_terms


@pytest.mark.parametrize("a, b", [(-1.0, 0.5), (-np.inf, 0.3), (0.2, np.inf), (-8.0, -7.5), (7.5, 8.0), (-1e-3, 1e-3)])
def test_log_probability_of_an_interval(a, b):
    expected = np.log(quad(norm.pdf, a, b, epsabs=0, epsrel=1e-11)[0])
    assert log_interval(np.array([[a]]), np.array([[b]])).item() == pytest.approx(expected, rel=1e-9)


def test_tails_do_not_underflow():
    found = log_interval(np.array([[40.0, -41.0]]), np.array([[41.0, -40.0]]))[0]
    assert found[0] == found[1] == pytest.approx(norm.logsf(40.0), rel=1e-9)


LOW = np.array([-0.3, -np.inf, 0.4, 0.1, 1.0, -5.0])
HIGH = np.array([0.2, 0.1, np.inf, 0.1, 1.0 + 1e-8, 4.0])


def at(mu, t):
    return row_terms(LOW, HIGH, np.full((1, 6), mu), np.full((1, 6), t))


@pytest.mark.parametrize("mu, t", [(0.05, -0.7), (0.3, 0.4), (-0.6, -1.5)])
def test_derivatives_are_those_of_the_value(mu, t):
    h = 1e-5
    by_mu = [(up - down) / (2 * h) for up, down in zip(at(mu + h, t), at(mu - h, t), strict=True)]
    by_t = [(up - down) / (2 * h) for up, down in zip(at(mu, t + h), at(mu, t - h), strict=True)]
    found = at(mu, t)
    for exact, numeric in (
        (found.mu, by_mu[0]),
        (found.t, by_t[0]),
        (found.mu_mu, by_mu[1]),
        (found.mu_t, by_t[1]),
        (found.t_t, by_t[2]),
    ):
        np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-7)


def test_a_narrow_interval_is_a_density_times_its_width():
    wide = at(0.05, -0.7).value[0, 4] - np.log(1e-8)
    assert wide == pytest.approx(norm.logpdf(1.0, 0.05, np.exp(-0.7)), rel=1e-7)

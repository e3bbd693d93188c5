"""Data collapse finds the scale that was put in."""

import numpy as np
import pytest
from scipy.stats import binomtest

from superposed.fitting import best_collapse, collapse, collapse_interval


def curves(noise=0.0, exponent=2 / 3):
    m = np.repeat(2.0 ** np.arange(6, 13), 10)
    d = m**exponent * np.tile(np.geomspace(3, 30, 10), 7)
    x = d / m**exponent
    return m, d, x**-0.4 * np.exp(noise * np.random.default_rng(0).standard_normal(len(m)))


def test_the_true_scale_collapses_exactly():
    found = collapse(*curves(), 2 / 3)
    assert found.quality < 1e-12
    assert collapse(*curves(), 1.0).quality > 0.5


def test_the_best_exponent_is_found_through_noise():
    found = best_collapse(*curves(0.01))
    assert abs(found.exponent - 2 / 3) < 0.01 and found.overlap > 0.9


def test_curves_that_cannot_be_compared():
    m, d, error = curves()
    with pytest.raises(ValueError, match="at least two values of m"):
        collapse(m[:10], d[:10], error[:10], 2 / 3)
    assert "no two error curves overlap" in collapse(m, d, error, 30.0).reason
    with pytest.raises(ValueError, match="error: a collapse needs"):
        collapse(m, d, 0 * error, 2 / 3)


def seeds_of(random, n=8, noise=0.05):
    """Error curves of n seeds, whose networks of one m err together at all widths."""
    m = np.repeat(2.0 ** np.array([20, 30, 40]), 5)
    d = m ** (2 / 3) * np.tile(np.geomspace(1 / 4, 4, 5), 3)
    together = np.repeat(random.standard_normal((3, n)), 5, axis=0)
    return (
        m,
        d,
        (d / m ** (2 / 3))[:, None] ** -0.7 * np.exp(noise * (together + 0.3 * random.standard_normal((15, n)))),
    )


def test_the_bootstrap_interval_covers_the_exponent():
    found = [collapse_interval(*seeds_of(np.random.default_rng(k)), draws=40) for k in range(20)]
    assert all(low <= best <= high and high - low < 0.02 for low, best, high in found)
    assert binomtest(sum(low <= 2 / 3 <= high for low, _, high in found), len(found), 0.95).pvalue > 0.01
    assert collapse_interval(*seeds_of(np.random.default_rng(0)), draws=40) == found[0]


def test_one_seed_has_no_interval():
    m, d, error = curves()
    with pytest.raises(ValueError, match="one seed"):
        collapse_interval(m, d, error[:, None])

"""The tuned density and the predicted width of the Bernoulli U-AND."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiled import cumulants, signed, superposed, tuned
from scipy.stats import binom

from superposed.program import program
from superposed.theory.bernoulli import paper_density, wired_distribution, worst_quantile
from superposed.theory.bernoulli_width import error_terms, predicted_width
from superposed.theory.remedies import signed_cumulants


def worst(key, m, s, d, p):
    """Drawn 99% quantile of the worst stratum."""
    return np.quantile(np.abs(np.asarray(superposed(key, m, s, d, d, p))), 0.99, axis=1)[1:].max()


@pytest.mark.parametrize("m", [64.0, 1e6, 1e12])
@pytest.mark.parametrize("s", [1, 2, 6])
def test_density_is_a_density_and_smooth_in_width(m, s):
    for d in (1.0, 16.0, 1e3, 1e5, 1e9):
        p, next_p = (float(tuned(m, s, width, width)) for width in (d, 1.01 * d))
        assert 0 < p <= 1
        assert abs(np.log(next_p / p)) < 0.05  # far from the widths of interest the optimum is flat
        assert 0 < float(tuned(m, s, d)) <= 1


@pytest.mark.parametrize("m", [pytest.param(256.0, marks=pytest.mark.slow), 1e6])
def test_no_density_is_much_better_than_the_tuned_one(m):
    d = predicted_width(m, 2, 0.5)
    p = float(tuned(m, 2, d, d))
    key = jax.random.key(0)
    best = min(worst(key, m, 2, d, f * p) for f in np.exp(np.linspace(-0.5, 0.5, 5)))
    # error falls about as d^(-3/4): 3% of error is 4% of width
    assert worst(key, m, 2, d, p) < 1.03 * best


def test_brute_force_over_the_prediction_finds_no_better_density():
    m, s, d = 1e4, 3, 8e3
    everywhere = program(jax.vmap(lambda p: worst_quantile(m, s, d, p, d)))
    found, others = everywhere(tuned(m, s, d, d)[None]), everywhere(jnp.geomspace(d**-0.5, 1, 300))
    assert float(found[0]) <= float(others.min()) * 1.001


@pytest.mark.parametrize("m", [64.0, 1e4, 1e8, 1e12])
def test_predicted_width_is_that_of_the_drawn_law(m):
    d = predicted_width(m, 2, 0.5)
    error = worst(jax.random.key(1), m, 2, d, tuned(m, 2, d, d))
    assert abs(error - 0.5) < 0.5 * 0.03  # 1% from the closed form, 0.5% from the sample


@pytest.mark.parametrize(
    "n, p", [(0, 0.2), (1, 0.3), (16, 0.99), (62, 0.03), (30, 0.3), (49, 0.3), (100, 0.08), (1000, 0.9), (60, 1.0)]
)
def test_wired_distribution_has_the_moments_of_the_binomial(n, p):
    values, chance = (np.asarray(x, float) for x in program(wired_distribution)(np.float32(n), np.float32(p)))
    k = np.arange(n + 1)
    fired = np.maximum(k - 1, 0) @ binom.pmf(k, n, p)
    assert chance.sum() == pytest.approx(1, abs=1e-5)
    assert chance @ np.maximum(values - 1, 0) == pytest.approx(fired, rel=1e-3, abs=1e-5)
    assert chance @ values**2 - (chance @ values) ** 2 == pytest.approx(n * p * (1 - p), rel=0.01, abs=2e-3)


def test_closed_forms_hold_where_many_wired_features_are_active():
    m, s, d, p = 1000, 50, 2000, 0.3
    shared = np.arange(1, d + 1)
    for j in (0, 1, 2):
        wired = np.arange(s - j + 1)
        read, chance = np.maximum(j - 1 + wired, 0), binom.pmf(wired, s - j, p)
        variance = (chance @ read**2 - (chance @ read) ** 2) * (binom.pmf(shared, d, p**2) @ (1 / shared))
        closed = cumulants(float(m), float(s), float(d), p, active=j)
        assert float(closed.mean) == pytest.approx(chance @ read - (j == 2), rel=1e-3)
        assert float(closed.variance) == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize("m, s, d, p", [(1e12, 4, 1e9, 2e-4)])
def test_signed_weights_have_their_closed_moments(m, s, d, p):
    drawn = np.asarray(signed(jax.random.key(3), m, s, d, d, p), float)
    for j in (0, 1, 2):
        closed = signed_cumulants(m, s, d, p, d, active=j)
        squares, root = (drawn[j] - drawn[j].mean()) ** 2, drawn[j].size ** 0.5
        assert float(closed.mean) == pytest.approx(drawn[j].mean(), abs=5 * drawn[j].std() / root)
        assert float(closed.variance) == pytest.approx(squares.mean(), abs=5 * squares.std() / root)


def test_predicted_width_grows_with_s_also_where_hardly_anything_varies():
    widths = [predicted_width(10**12, s, 0.5) for s in (2, 8, 12, 16, 32)]
    assert all(a < b for a, b in zip(widths, widths[1:], strict=False))


def test_local_exponents_of_the_predicted_width():
    """docs/theory.md, section 4: from .49 at m = 10^3-10^4 to 2/3."""
    m = 10.0 ** np.arange(3, 13)
    exponents = np.diff(np.log10([predicted_width(x, 2, 0.5) for x in m]))
    assert np.allclose(exponents[:7], [0.49, 0.56, 0.62, 0.64, 0.653, 0.657, 0.661], atol=0.015)
    assert np.all(np.diff(exponents) > 0)
    assert exponents[-1] == pytest.approx(2 / 3, abs=0.002)


def test_kink_alone_gives_two_thirds():
    """At fixed d p^2 a width that keeps a term constant grows as m^0, m^(1/2) and m^(2/3)."""
    terms = [error_terms(m, 2, m**power, 4 / m ** (power / 2)) for power in (1 / 2, 2 / 3) for m in (1e9, 1e12)]
    assert terms[0].common_mode == pytest.approx(terms[1].common_mode, rel=1e-3)
    assert terms[2].kink == pytest.approx(terms[3].kink, rel=0.01)
    assert terms[3].bystanders < 0.11 * terms[2].bystanders
    assert terms[3].common_mode < 0.5 * terms[2].common_mode


def test_an_unreachable_error_takes_infinite_width_and_a_meaningless_one_is_refused():
    with pytest.raises(ValueError, match="eps"):
        predicted_width(1e5, 2, 0.0)
    assert predicted_width(1e5, 2, 0.5, d_in=5) == np.inf


def test_paper_density():
    assert float(paper_density(300, 4096)) == pytest.approx(np.log(300) ** 2 / 64)

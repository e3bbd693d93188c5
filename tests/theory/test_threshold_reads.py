"""Threshold reads of all ANDs: the reduced sampler against whole dictionaries, the quadratures against the sampler."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.theory.threshold_reads import (
    chance_of_no_error,
    draw_margins,
    expected_errors,
    few_errors_midpoint_width,
    few_errors_width,
    midpoint_width,
    optimal_width,
    tail_levels,
    width_of_count,
)


def dictionary_reads(rng, m, k, d, n):
    """Reads <e_i, u> [n, m] of n whole dictionaries of m Gaussian directions, the first k of them active."""
    codes = rng.standard_normal((n, m, d)) / np.sqrt(d)
    return np.einsum("nmd,nd->nm", codes, codes[:, :k].sum(1))


def wrong_ands(reads, k, threshold):
    """Number of wrong ANDs [n, 3] among pairs with none, one and both features active, counted pair by pair."""
    first, second = np.triu_indices(reads.shape[1], 1)
    active = (first < k).astype(int) + (second < k)
    wrong = (reads[:, first] + reads[:, second] > threshold) != (active == 2)
    return np.stack([wrong[:, active == stratum].sum(1) for stratum in range(3)], 1)


def test_published_widths():
    m, k = 1024.0**4, 1024
    assert np.allclose(tail_levels(m, k), (3.09727, 7.04770), atol=5e-6)
    assert round(optimal_width(m, k).d) == 273387 and round(midpoint_width(m, k).d) == 421562


def test_few_expected_errors_ask_for_the_widths_of_their_closed_forms():
    """Logarithms of logarithms are left out, so the closed forms are right for large m; 16 and 4 are their limits."""
    k, m = 64, 64.0**64
    for closed in (few_errors_width, few_errors_midpoint_width):
        width = closed(m, k)
        assert width_of_count(m, k, width.threshold) == pytest.approx(width.d, rel=0.02)
        assert expected_errors(m, k, width_of_count(m, k, width.threshold), width.threshold).sum() == pytest.approx(1)
    best = few_errors_width(m, k)
    for shift in (-0.05, 0.05):  # the threshold of the closed form is about the best one
        assert width_of_count(m, k, best.threshold + shift) > width_of_count(m, k, best.threshold)
    assert few_errors_midpoint_width(1e300, 2).d / (2 * np.log(1e300)) == pytest.approx(16, rel=0.01)
    assert few_errors_width(1e300, 2).d / (2 * np.log(1e300)) == pytest.approx(4, rel=0.15)
    assert best.d > optimal_width(m, k).d and few_errors_midpoint_width(m, k).d > midpoint_width(m, k).d


def test_published_count_of_clean_draws():
    """1208 of 4096 draws without an error at the midpoint rule's width; as many here, within five standard errors."""
    m, k = 1024.0**4, 1024
    width = midpoint_width(m, k)
    clean = (draw_margins(np.random.default_rng(0), m, k, width.d, width.threshold, 4096) > 0).all(1).mean()
    assert abs(clean - 1208 / 4096) < 5 * np.sqrt(2 * clean * (1 - clean) / 4096)


@pytest.mark.parametrize(("m", "k", "d", "threshold"), [(12, 3, 20, 1.5), (20, 6, 60, 1.7), (6, 2, 8, 1.4)])
def test_sampler_and_expected_errors_are_those_of_whole_dictionaries(m, k, d, threshold):
    n = 20_000
    rng = np.random.default_rng(1)
    wrong = wrong_ands(dictionary_reads(rng, m, k, d, n), k, threshold)
    failing = (draw_margins(rng, m, k, d, threshold, n) <= 0).mean(0)
    built = (wrong > 0).mean(0)
    assert (np.abs(failing - built) <= 5 * np.sqrt(2 * (built * (1 - built) + 1 / n) / n)).all()
    error = wrong.std(0) / np.sqrt(n)
    # The average over H is exact to Wilson and Hilferty's cube: a hundredth at d = 8.
    assert (np.abs(expected_errors(m, k, d, threshold) - wrong.mean(0)) <= 5 * error + 0.01 * wrong.mean(0)).all()


@pytest.mark.parametrize("rule", [optimal_width, midpoint_width])
@pytest.mark.parametrize(("k", "power"), [(32, 2), (256, 2), (1024, 4)])
@pytest.mark.parametrize("share", [0.9, 1.0, 1.2])
def test_chance_of_no_error_is_that_of_the_sampler(rule, k, power, share):
    m, n = float(k) ** power, 2048
    d, threshold = share * rule(m, k).d, rule(m, k).threshold
    clean = (draw_margins(np.random.default_rng(2), m, k, d, threshold, n) > 0).all(1).mean()
    assert abs(clean - chance_of_no_error(m, k, d, threshold)) < 0.03 + 5 * np.sqrt(clean * (1 - clean) / n)


def test_the_mean_error_count_is_the_wrong_statistic():
    """Most draws are clean where the expected number of wrong ANDs is above one: rare draws have very many."""
    m, k = 1024.0**4, 1024
    d, threshold = 1.2 * midpoint_width(m, k).d, 1.5
    assert chance_of_no_error(m, k, d, threshold) > 0.9 and expected_errors(m, k, d, threshold).sum() > 1


@pytest.mark.parametrize(("m", "k", "named"), [(10, 1, "k = 1"), (5, 4, "m = 5")])
def test_too_few_features_are_refused(m, k, named):
    with pytest.raises(InputError, match=named):
        optimal_width(m, k)
    with pytest.raises(InputError, match=named):
        draw_margins(np.random.default_rng(0), m, k, 100, 1.5, 4)

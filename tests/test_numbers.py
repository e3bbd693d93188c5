"""Published and independently derived values, at five standard errors of the sample's own."""

import numpy as np
import pytest

from superposed.constructions import Bernoulli, Rademacher, RandomInit, Superposed
from superposed.measuring.cell import Cell
from superposed.measuring.criteria import passes
from superposed.measuring.errors import pooled
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.theory.sign import gaussian_constant, noisy_rademacher_constant, rademacher_constant
from superposed.theory.sign_moments import aligned_variance, chance_all_pairs_pass

SIXTEEN_INPUTS = Sampling(16)


def by_network(construction, m, s, *widths, seeds=24, sampling=SIXTEEN_INPUTS):
    """The errors of each network, in a list for each width. One program serves all widths."""
    cells = [Cell(construction, m, s, d, seed, sampling) for d in widths for seed in range(seeds)]
    errors = measure(cells, rows=1 << (max(widths) - 1).bit_length())
    return [errors[i : i + seeds] for i in range(0, len(errors), seeds)]


def within_five_standard_errors(values, expected):
    """Whether the mean over networks, the independent units, agrees."""
    return abs(np.mean(values) - expected) < 5 * np.std(values, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize(("s", "c"), [(2, 1 / 2), (3, 1 / 4), (4, 1 / 4), (6, 3 / 16), (8, 0.15625)])
def test_rademacher_constant(s, c):
    assert float(rademacher_constant(s)) == pytest.approx(c, rel=1e-6)


@pytest.mark.parametrize(("s", "c"), [(2, 0.233695), (3, 0.168613), (4, 0.140013), (6, 0.110243)])
def test_gaussian_constant(s, c):
    assert float(gaussian_constant(s)) == pytest.approx(c, abs=6e-7)


def test_constants_against_simulation():
    rng = np.random.default_rng(0)
    for s, draw, constant in (
        (7, lambda n: rng.choice([-1.0, 1.0], n), rademacher_constant),
        (5, rng.standard_normal, gaussian_constant),
    ):
        w = draw((400_000, s))
        terms = np.sign(w[:, 0] * w[:, 1]) * np.maximum(w.sum(axis=1), 0)
        assert abs(terms.mean() - float(constant(s))) < 5 * terms.std() / np.sqrt(len(terms))


@pytest.mark.parametrize(("s", "variance"), [(2, 4), (3, 24)])
def test_aligned_rademacher_mean_and_variance(s, variance):
    (networks,) = by_network(Rademacher(), 32, s, 512)
    for j, expected in enumerate((variance, variance, variance - 1)):
        assert within_five_standard_errors([e.mean[j] for e in networks], 0)
        assert within_five_standard_errors([e.rms[j] ** 2 * 512 for e in networks], expected)


@pytest.mark.parametrize(
    ("m", "expected"), [(32, (0.61, 0.97)), pytest.param(64, (0.13, 0.88), marks=pytest.mark.slow)]
)
def test_chance_that_every_pair_passes(m, expected):
    variance = aligned_variance(3, float(rademacher_constant(3)), 0)
    both = by_network(Rademacher(), m, 3, 1536, 2048, seeds=40)
    for d, networks, chance in zip((1536, 2048), both, expected, strict=True):
        assert chance_all_pairs_pass(m, 3, d, 0.5, variance, 16) == pytest.approx(chance, abs=0.006)
        passed = np.mean([passes(e, "max", 0.5) for e in networks])
        assert abs(passed - chance) < 5 * np.sqrt(chance * (1 - chance) / 40)


def test_superposed_rademacher_behind_crowded_codes():
    both = by_network(Superposed(Rademacher()), 1024, 3, 512, 1024, seeds=8, sampling=Sampling(16, 32))
    for d, networks, expected in zip((512, 1024), both, (14.7, 9.39), strict=True):
        nu = 1024 * 3 / d
        assert np.sqrt((3 + nu) / 2) / float(noisy_rademacher_constant(3, nu)) == pytest.approx(expected, abs=0.06)
        scaled = [e.std[0] * d**0.5 for e in networks]
        assert np.mean(scaled) == pytest.approx(expected, rel=0.02)


def test_random_init_error_is_free_of_m():
    scaled = {
        m: pooled(*by_network(RandomInit(), m, 4, 256, seeds=4, sampling=Sampling(16, 64))).rms[1] * 256**0.5 / 4
        for m in (256, 4096)
    }
    assert all(2.5 < value < 2.9 for value in scaled.values())


def test_the_largest_bernoulli_error_falls_slower_than_the_rms_of_signs():
    widths = (256, 4096)
    by_width = by_network(Bernoulli(), 300, 3, *widths, seeds=4)
    largest = [np.mean([e.max_abs.max() for e in networks]) for networks in by_width]
    slope = np.log(largest[1] / largest[0]) / np.log(widths[1] / widths[0])
    assert -0.42 < slope < -0.25


def test_drawn_and_built_errors_agree():
    construction, n = Superposed(Bernoulli()), 16
    (built,) = by_network(construction, 70, 2, 600, seeds=n, sampling=Sampling(64, 16))
    drawn = measure([Cell(construction, 70, 2, 600, seed, Sampling(4096), "drawn") for seed in range(n)])
    for j in range(3):
        for statistic in (lambda e: e.mean, lambda e: e.std, lambda e: e.quantile(0.9)):
            a, b = ([statistic(e)[j] for e in side] for side in (built, drawn))
            error = np.sqrt(np.var(a, ddof=1) / n + np.var(b, ddof=1) / n)
            assert abs(np.mean(a) - np.mean(b)) < 5 * error

"""The three words, from the numbers, by the rules of `judge`."""

import math

import numpy as np
import pytest
from synthetic_widths import crossing, square_root, two_thirds, two_thirds_log, widths

from superposed.fitting import (
    Candidate,
    Crossover,
    fit,
    fixed_power_log,
    judge,
    judge_growth,
    judge_interval,
    logarithm,
    power,
    power_log,
    report,
    sample,
)
from superposed.fitting.verdict import would_decide

CLAIM = 2 / 3
DATA = widths(m=2.0 ** np.arange(6, 17))
FITS = {law.name: fit(law, DATA) for law in (power(), power_log(), fixed_power_log(), logarithm())}


def candidate(name, low, high, p=0.5, delta=0.0):
    middle = (low + high) / 2
    return Candidate(FITS[name], p, delta, delta, (low, middle, high))


STATED = candidate("2/3 and log", CLAIM, CLAIM)


@pytest.mark.parametrize(
    "candidates, word",
    [
        ([candidate("power", 0.66, 0.67)], "supported"),
        ([candidate("power", 0.66, 0.67), candidate("power and log", 0.64, 0.70), STATED], "supported"),
        # a law that excludes the claim narrowly counts by the union of regions
        ([candidate("power", 0.66, 0.67), candidate("power and log", 0.67, 0.69)], "supported"),
        # region too wide, by a hair
        ([candidate("power", CLAIM - 0.051, CLAIM + 0.051)], "inconclusive"),
        ([candidate("power", CLAIM - 0.049, CLAIM + 0.049)], "supported"),
        # narrow enough, but a rival of the list is inside
        ([candidate("power", 0.66, 0.755)], "inconclusive"),
        # a rival law that fits as well
        ([candidate("power", 0.66, 0.67), candidate("logarithm only", 0.0, 0.0)], "inconclusive"),
        ([candidate("power", 0.66, 0.67), candidate("logarithm only", 0.0, 0.0, delta=6.5)], "supported"),
        ([candidate("power", 0.66, 0.67), candidate("logarithm only", 0.0, 0.0, p=0.005)], "supported"),
        # excluded by every law that fits
        ([candidate("power", 0.49, 0.51)], "contradicted"),
        ([candidate("power", 0.49, 0.51), candidate("2/3 and log", CLAIM, CLAIM, delta=7.0)], "contradicted"),
        ([candidate("power", 0.49, 0.51), STATED], "inconclusive"),
        ([candidate("power", 0.66, 0.67, p=0.001), candidate("power and log", 0.5, 0.6)], "contradicted"),
        # the claim is only presupposed
        ([STATED], "inconclusive"),
        # nothing fits
        ([candidate("power", 0.66, 0.67, p=0.001)], "inconclusive"),
        # a law that cannot be tested counts as fitting
        ([candidate("power", 0.66, 0.67, p=None)], "supported"),
        # an unbounded region supports nothing
        (
            [candidate("power", 0.66, 0.67), Candidate(FITS["power and log"], 0.5, 0.0, 0.0, (0.6, 0.7, math.inf))],
            "inconclusive",
        ),
    ],
)
def test_rules(candidates, word):
    assert judge(candidates, CLAIM).word == word


def test_excluded_exponents_are_those_no_credible_law_allows():
    found = judge(
        [
            candidate("power", 0.66, 0.67),
            candidate("power and log", 0.49, 0.76),
            candidate("logarithm only", 0.0, 0.0, delta=9.0),
        ],
        CLAIM,
    )
    assert found.excluded == ("0", "1", "3/2", "2")
    assert found.region == (0.49, 0.76)


def test_credibility_is_measured_from_the_best_adequate_law():
    """A law that does not fit sets no standard, however small its Akaike criterion."""
    found = judge(
        [candidate("logarithm only", 0.0, 0.0, p=1e-4, delta=0.0), candidate("power", 0.66, 0.67, delta=20.0)], CLAIM
    )
    assert found.word == "supported"


def test_few_rows_do_not_dismiss_a_rich_law():
    """With one seed at seven m the correction is larger than any likelihood could make up for."""
    found = report(widths(seeds=1, sigma=0.03, rung=1), draws=0)
    assert found.entry("power and log").candidate.delta > 6
    assert (
        found.verdict.region[1] - found.verdict.region[0]
        > found.entry("power").candidate.exponent[2] - found.entry("power").candidate.exponent[0]
    )


@pytest.mark.parametrize(
    "law, word", [(two_thirds, "supported"), (two_thirds_log, "supported"), (square_root, "contradicted")]
)
def test_words_for_known_truths(law, word):
    found = report(widths(law, m=2.0 ** np.arange(6, 25, 2), seeds=20, sigma=0.05, rung=1.05, seed=1), draws=0)
    assert found.verdict.word == word, found.verdict.why


def test_a_crossover_that_reaches_too_little_is_inconclusive_and_says_what_would_decide():
    found = report(widths(crossing, m=2.0 ** np.arange(6, 13), seeds=12, sigma=0.05, rung=1.05), draws=0)
    assert found.verdict.word == "inconclusive"
    assert found.verdict.would_decide["largest m"] > 2.0**12
    assert "2/3" not in found.verdict.excluded
    # the straight line alone would have refuted a true law
    assert found.entry("power").candidate.exponent[2] < CLAIM


@pytest.mark.parametrize(
    "interval, word",
    [
        ((0.65, 0.66, 0.67), "supported"),
        ((0.6, 0.7, 0.8), "inconclusive"),
        ((0.64, 0.65, 0.66), "contradicted"),
        ((0.0, 0.1, 0.6), "contradicted"),
    ],
)
def test_words_for_intervals(interval, word):
    assert judge_interval(interval, CLAIM)[0] == word


@pytest.mark.parametrize(
    "ratio, word",
    [((1.1, 1.2, 1.3), "supported"), ((0.9, 1.2, 1.3), "inconclusive"), ((0.7, 0.8, 0.9), "contradicted")],
)
def test_words_for_growth(ratio, word):
    assert judge_growth(ratio)[0] == word


def test_rows_given_twice_say_no_more():
    once = widths(two_thirds_log, seeds=8, seed=5)
    twice = sample(
        np.repeat(once.low, 2),
        np.repeat(once.high, 2),
        unit=np.repeat(once.unit, 2),
        m=np.repeat(once.covariates["m"], 2),
    )
    deltas = [[e.candidate.delta_plain for e in report(data, draws=0).entries] for data in (once, twice)]
    np.testing.assert_allclose(*deltas, atol=0.5, rtol=0.1)


def test_a_doubt_between_laws_names_no_design():
    """What would decide is never the present design."""
    data = widths(two_thirds, m=2.0 ** np.arange(6, 14), seeds=8)
    for law in (power(), power_log()):
        fitted = fit(law, data)
        known = Candidate(fitted, 0.5, 0.0, 0.0, (CLAIM - 0.01, CLAIM, CLAIM + 0.01))
        assert set(would_decide([known], CLAIM).values()) == {None}


def test_what_would_decide_does_decide():
    """The predicted number of seeds shrinks the region to about the goal."""
    few = report(widths(two_thirds_log, m=2.0 ** np.arange(6, 16), seeds=10, seed=2), draws=0)
    seeds = int(few.verdict.would_decide["seeds"])
    many = report(widths(two_thirds_log, m=2.0 ** np.arange(6, 16), seeds=seeds, seed=3), draws=0)
    low, high = many.verdict.region
    assert (high - low) / 2 < 0.06


def test_a_hidden_term_cannot_save_a_claim():
    """Exact square-root widths over 18 octaves: a crossover to 2/3 is left only with a term nobody could see."""
    data = widths(square_root, m=2.0 ** np.arange(6, 25, 2), seeds=20, sigma=0.03, rung=1.03)
    crossover = fit(Crossover(), data)
    allowed = Candidate(crossover, 0.5, 0.0, 0.0, (0.5, 0.6, 2.0))
    assert judge([candidate("power", 0.49, 0.51), allowed], CLAIM).word == "contradicted"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truth", "wrong"),
    [
        (two_thirds, "contradicted"),
        (two_thirds_log, "contradicted"),
        (crossing, "contradicted"),
        (square_root, "supported"),
    ],
)
@pytest.mark.parametrize("octaves", [5, 11])
def test_a_wrong_word_is_rarer_than_one_in_ten(truth, wrong, octaves):
    trials = 60
    words = [
        report(widths(truth, m=2.0 ** np.arange(6, 7 + octaves), seed=seed), CLAIM, draws=0).verdict.word
        for seed in range(trials)
    ]
    assert words.count(wrong) <= 0.1 * trials, words

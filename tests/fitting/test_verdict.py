"""The three words, from the numbers, by the rules of `judge`."""

import math

import numpy as np
import pytest
from synthetic_widths import crossing, square_root, two_thirds, two_thirds_log, widths

from superposed.fitting import (
    Candidate,
    Crossover,
    NotFitted,
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

CLAIM = 2 / 3
DATA = widths(m=2.0 ** np.arange(6, 17))
FITS = {model.name: fit(model, DATA) for model in (power(), power_log(), fixed_power_log(), logarithm())}


def candidate(name, low, high, p=0.5, delta=0.0):
    middle = (low + high) / 2
    return Candidate(FITS[name], p, delta, delta, (low, middle, high))


STATED = candidate("2/3 and log", CLAIM, CLAIM)


@pytest.mark.parametrize(
    "candidates, word",
    [
        ([candidate("power", 0.66, 0.67)], "supported"),
        ([candidate("power", 0.66, 0.67), candidate("power and log", 0.64, 0.70), STATED], "supported"),
        # the interval is that of the wider model, which misses the claim, while the narrow one allows it
        ([candidate("power", 0.66, 0.67), candidate("power and log", 0.67, 0.69)], "inconclusive"),
        ([candidate("power", 0.72, 0.73), candidate("power and log", 0.64, 0.70)], "supported"),
        # an interval that reaches too far, by a hair, and one that reaches too far on one side only
        ([candidate("power", CLAIM - 0.051, CLAIM + 0.051)], "inconclusive"),
        ([candidate("power", CLAIM - 0.049, CLAIM + 0.049)], "supported"),
        ([candidate("power", CLAIM - 0.055, CLAIM + 0.001)], "inconclusive"),
        # narrow enough, but a rival of the list is inside
        ([candidate("power", 0.66, 0.755)], "inconclusive"),
        # a rival model that fits as well
        ([candidate("power", 0.66, 0.67), candidate("logarithm only", 0.0, 0.0)], "inconclusive"),
        ([candidate("power", 0.66, 0.67), candidate("logarithm only", 0.0, 0.0, delta=6.5)], "supported"),
        ([candidate("power", 0.66, 0.67), candidate("logarithm only", 0.0, 0.0, p=0.005)], "supported"),
        # excluded by every model that fits
        ([candidate("power", 0.49, 0.51)], "contradicted"),
        ([candidate("power", 0.49, 0.51), candidate("2/3 and log", CLAIM, CLAIM, delta=7.0)], "contradicted"),
        ([candidate("power", 0.49, 0.51), STATED], "inconclusive"),
        ([candidate("power", 0.66, 0.67, p=0.001), candidate("power and log", 0.5, 0.6)], "contradicted"),
        # the claim is only presupposed
        ([STATED], "inconclusive"),
        # nothing fits
        ([candidate("power", 0.66, 0.67, p=0.001)], "inconclusive"),
        # a model that cannot be tested counts as fitting
        ([candidate("power", 0.66, 0.67, p=None)], "supported"),
        # an unbounded region supports nothing
        (
            [candidate("power", 0.66, 0.67), Candidate(FITS["power and log"], 0.5, 0.0, 0.0, (0.6, 0.7, math.inf))],
            "inconclusive",
        ),
    ],
)
def test_rules(candidates, word):
    assert judge(candidates, CLAIM, decades=2.0).word == word


@pytest.mark.parametrize("interval, word", [((0.66, 0.67), "supported"), ((0.49, 0.51), "contradicted")])
def test_less_than_two_decades_or_a_rival_left_out_give_no_word(interval, word):
    decisive = [candidate("power", *interval)]
    assert judge(decisive, CLAIM, decades=2.0).word == word
    short = judge(decisive, CLAIM, decades=1.9)
    assert short.word == "inconclusive" and "the data span 1.9 decades, and a word needs 2" in short.why
    left_out = judge(decisive, CLAIM, decades=4.0, missing=("crossover",))
    assert left_out.word == "inconclusive" and "a rival could not be fitted (crossover)" in left_out.why


def test_two_values_of_m_are_no_verdict():
    """A straight line goes through any two points, and no rival can be fitted to tell it from."""
    found = report(widths(m=np.array([1e3, 1e9]), seeds=20))
    assert found.verdict.word == "inconclusive" and "could not be fitted" in found.verdict.why


def test_excluded_exponents_are_those_no_credible_model_allows():
    found = judge(
        [
            candidate("power", 0.66, 0.67),
            candidate("power and log", 0.49, 0.76),
            candidate("logarithm only", 0.0, 0.0, delta=9.0),
        ],
        CLAIM,
        decades=4.0,
    )
    assert found.excluded == ("0", "1", "3/2", "2")
    assert found.exponent == (0.49, 0.625, 0.76)


def test_the_printed_interval_is_of_credible_models_alone():
    """Special cases and models that do not fit are not printed. Nothing is where no credible model has an exponent."""
    line, bent = candidate("power", 0.66, 0.67), candidate("power and log", 0.6, 0.7, delta=1.0)
    assert [c.name for c in judge([line, bent], CLAIM, 4.0).widest] == ["power and log"]
    assert judge([line, candidate("power and log", 0.6, 0.7, p=0.001)], CLAIM, 4.0).exponent == line.exponent
    assert judge([candidate("power", 0.66, 0.67, delta=9.0), STATED], CLAIM, 4.0).exponent is None


def test_credibility_is_measured_from_the_best_adequate_model():
    """A model that does not fit sets no standard, however small its Akaike criterion."""
    found = judge(
        [candidate("logarithm only", 0.0, 0.0, p=1e-4, delta=0.0), candidate("power", 0.66, 0.67, delta=20.0)],
        CLAIM,
        decades=4.0,
    )
    assert found.word == "supported"


def test_few_rows_do_not_dismiss_a_rich_model():
    """With one seed at seven m the correction is larger than any likelihood could make up for."""
    found = report(widths(seeds=1, sigma=0.03, rung=1))
    assert found.entry("power and log").candidate.delta > 6
    assert "power and log" in [c.name for c in found.verdict.widest]


@pytest.mark.parametrize(
    "model, word", [(two_thirds, "supported"), (two_thirds_log, "supported"), (square_root, "contradicted")]
)
def test_words_for_known_truths(model, word):
    found = report(widths(model, m=2.0 ** np.arange(6, 25, 2), seeds=20, sigma=0.05, rung=1.05, seed=1))
    assert found.verdict.word == word, found.verdict.why


def test_a_crossover_that_reaches_too_little_is_inconclusive_and_says_what_would_decide():
    found = report(widths(crossing, m=2.0 ** np.arange(6, 13), seeds=12, sigma=0.05, rung=1.05))
    assert found.verdict.word == "inconclusive"
    assert found.would_decide["largest m"] > 2.0**12
    assert "2/3" not in found.verdict.excluded
    # the straight line alone would have refuted a true model
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
    deltas = [[e.candidate.delta_plain for e in report(data).entries] for data in (once, twice)]
    np.testing.assert_allclose(*deltas, atol=0.5, rtol=0.1)


def test_what_would_decide_does_decide():
    """The predicted number of seeds narrows the interval to about .05."""
    rivals = (power(), power_log())
    few = report(widths(two_thirds_log, m=2.0 ** np.arange(6, 16), seeds=10, seed=2), models=rivals)
    seeds = few.would_decide["seeds"]
    many = report(widths(two_thirds_log, m=2.0 ** np.arange(6, 16), seeds=seeds, seed=3), models=rivals)
    low, _, high = many.verdict.exponent
    assert (high - low) / 2 < 0.06


def test_what_is_decided_asks_for_nothing():
    assert report(widths(m=2.0 ** np.arange(6, 25, 2), seeds=20, sigma=0.05, rung=1.05, seed=1)).would_decide is None


def test_a_hidden_term_cannot_save_a_claim():
    """Exact square-root widths over 18 octaves: a crossover to 2/3 is left only with a term nobody could see."""
    data = widths(square_root, m=2.0 ** np.arange(6, 25, 2), seeds=20, sigma=0.03, rung=1.03)
    crossover = fit(Crossover(), data)
    allowed = Candidate(crossover, 0.5, 0.0, 0.0, (0.5, 0.6, 2.0))
    assert judge([candidate("power", 0.49, 0.51), allowed], CLAIM, 4.0).word == "contradicted"


def test_a_fit_that_fails_is_no_evidence(monkeypatch):
    """Where the crossover with the claimed exponent cannot be fitted, the crossover still allows the claim."""
    data = widths(square_root, m=2.0 ** np.arange(6, 25, 2), seeds=20, sigma=0.03, rung=1.03)
    allowed = Candidate(fit(Crossover(), data), 0.5, 0.0, 0.0, (0.5, 0.6, 2.0))
    monkeypatch.setattr("superposed.fitting.verdict.fit", lambda *args: NotFitted("no maximum was reached"))
    assert judge([candidate("power", 0.49, 0.51), allowed], CLAIM, 4.0).word == "inconclusive"

"""What a run without a wrong bit says: an upper limit, not a zero."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.study.deep_runs import no_wrong_bit, no_wrong_bits, upper_limit


def test_upper_limit_is_the_chance_that_is_missed_in_one_case_of_twenty():
    for trials in (1, 20, 10**6):
        assert np.isclose((1 - upper_limit(trials)) ** trials, 0.05)
    assert abs(upper_limit(10**6) * 10**6 - 3) < 0.01
    with pytest.raises(InputError, match="trials = 0"):
        upper_limit(0)


def test_verdict_of_a_run():
    layers = [{"layer": n, "wrong": 0} for n in range(1, 65)]
    assert no_wrong_bit(layers, 64, 20)[0] == "holds" and "2.3e-03" in no_wrong_bit(layers, 64, 20)[2]
    assert no_wrong_bit(layers[:9], 64, 20)[0] == "fails"
    broken = [*layers[:9], {"layer": 10, "wrong": 3}]
    assert no_wrong_bit(broken, 64, 20)[:2] == ("fails", "3 wrong bits, the first in layer 10, stopped after layer 10")


def test_verdict_of_several_networks():
    clean = [{"layer": n, "wrong": 0} for n in range(1, 65)]
    broken = [*clean[:9], {"layer": 10, "wrong": 3}]
    assert no_wrong_bits([clean] * 4, 64, 20)[:2] == ("holds", "0 wrong bits in 64 layers of 4 networks")
    assert (
        "5.8e-04" in no_wrong_bits([clean] * 4, 64, 20)[2] and "0.00 to 0.60" in no_wrong_bits([clean] * 4, 64, 20)[2]
    )
    fails = ("fails", "2 of 3 networks have wrong bits, the first in layer 5 to 10")
    assert no_wrong_bits([clean, broken, [*clean[:4], {"layer": 5, "wrong": 1}]], 64, 20)[:2] == fails

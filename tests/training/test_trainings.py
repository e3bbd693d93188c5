"""What the experiments share: intervals and failures."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from superposed.constructions import Rademacher
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.study.trainings import n_untrained, t_interval
from superposed.training import Trained


def test_intervals_are_those_of_a_t_test():
    values = [1.0, 2.5, 2.0, 4.0]
    low, mean, high = t_interval(values)
    assert mean == np.mean(values) and (low, high) == pytest.approx(tuple(ttest_1samp(values, 0).confidence_interval()))
    assert t_interval([3.0]) == (-np.inf, 3.0, np.inf)


def test_networks_that_read_zero_count_as_failed():
    wild = Trained(steps=10, batch=8, optimiser="sgd", learning_rate=1e30)  # as in test_trained, compiled once
    errors = measure([Cell(wild, 8, 2, 8, 0, Sampling(8))], 8)
    good = measure([Cell(Rademacher(), 8, 2, 16, 0, Sampling(None))], 16)
    assert n_untrained([*errors, *good]) == 1

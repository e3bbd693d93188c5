"""The worst error of Theorem 1's network, drawn, against networks that are built and looked at on every input."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.constructions import Bernoulli
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.theory.worst_case import draw_worst_error


def test_drawn_worst_errors_are_those_of_every_input_of_built_networks():
    m, s, d, p, n = 7, 3, 120, 0.25, 64
    cells = [Cell(Bernoulli(p), m, s, d, seed, Sampling(None)) for seed in range(n)]
    built = np.array([errors.max_abs.max() for errors in measure(cells, rows=128)])
    drawn = np.array([draw_worst_error(np.random.default_rng(seed), m, s, d, p) for seed in range(2000)])
    spread = np.sqrt(built.var() / n + drawn.var() / 2000)
    assert abs(built.mean() - drawn.mean()) < 5 * spread
    assert abs((built < np.median(drawn)).mean() - 0.5) < 5 * np.sqrt(0.25 / n)


def test_a_triple_that_shares_a_neuron_is_a_known_error():
    """At d = 10^20 and p = 20/sqrt(d) no three features share a neuron, nearly surely, and the error is 0."""
    rng = np.random.default_rng(0)
    assert draw_worst_error(rng, 6, 3, 1e20, 20 / 1e10) == 0
    assert 0 < draw_worst_error(rng, 6, 3, 1e4, 0.2) < 1
    with pytest.raises(InputError, match="lower p or d"):
        draw_worst_error(rng, 100, 3, 1e9, 0.5)

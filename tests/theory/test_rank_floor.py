"""The floor of linear read-offs against the eigenvalues of all inputs, and against a layer that reaches it."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from superposed.theory.rank_floor import chances_of_sets, rank_floor


@pytest.mark.parametrize(("m", "s"), [(7, 2), (7, 3), (8, 5), (4, 4)])
def test_exactly_s_active_features(m, s):
    b = np.zeros((comb(m, s), m))
    for row, active in zip(b, combinations(range(m), s), strict=True):
        row[list(active)] = 1
    check(m, s, "exact", b, np.full(len(b), 1 / len(b)))


def test_independent_features():
    m, s = 5, 2
    b = np.array(list(product([0, 1], repeat=m)), float)
    check(m, s, "independent", b, np.prod(np.where(b == 1, s / m, 1 - s / m), axis=1))


def check(m, s, activity, b, chance):
    k, l = np.triu_indices(m, 1)
    y = b[:, k] * b[:, l]
    values = np.sort(np.linalg.eigvalsh((y * chance[:, None]).T @ y))
    for d in range(comb(m, 2) + 1):
        expected = values[: comb(m, 2) - d].sum() / comb(m, 2)
        assert abs(rank_floor(m, d, chances_of_sets(m, s, activity)) - expected) < 1e-12

"""Drawn errors of every construction that has a distribution, against networks built by the same construction,
through `measure`."""

import numpy as np
import pytest

from superposed.constructions import (
    Bernoulli,
    CentredBernoulli,
    CentredReadOff,
    Gaussian,
    Quadratic,
    QuadraticForm,
    Rademacher,
    RandomInit,
    RandomQuadratic,
    SignedBernoulli,
    Superposed,
    TruthTable,
)  # fmt: skip
from superposed.measuring.cell import Cell
from superposed.measuring.errors import pooled
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling

pytestmark = pytest.mark.slow

M, S, WIDTH, NETWORKS = 64, 3, 128, 24
CONSTRUCTIONS = [
    Superposed(Bernoulli()), Superposed(SignedBernoulli()), CentredReadOff(), Superposed(Rademacher()), Bernoulli(),
    Gaussian(), Superposed(Gaussian()), CentredBernoulli(), SignedBernoulli(), RandomInit("aligned"),
    RandomInit(d_in=50), Superposed(CentredBernoulli(), d_in=400), Superposed(Bernoulli(shared=12.0)), Rademacher(),
    Superposed(CentredBernoulli()), Superposed(CentredReadOff()), RandomInit(),
    Quadratic(), Superposed(Quadratic()), RandomQuadratic(), RandomQuadratic(d_in=50), QuadraticForm(),
]  # fmt: skip


FUNCTIONS = [TruthTable(), Superposed(TruthTable()), Superposed(TruthTable((0, 1, 0, 0), "one-code"))]
"""XOR of three features, and a and not b: the drawn distribution asks for some twenty neurons a set of features."""


@pytest.mark.parametrize("construction", CONSTRUCTIONS + FUNCTIONS, ids=repr)
def test_drawn_errors_have_the_moments_of_built_ones(construction):
    width, sampling = (2000, Sampling(16, 6)) if construction in FUNCTIONS else (WIDTH, Sampling(16))
    built = measure([Cell(construction, M, S, width, seed, sampling) for seed in range(NETWORKS)])
    drawn = pooled(measure([Cell(construction, M, S, width, seed, Sampling(8192), "drawn") for seed in range(4)]))
    for moment in ("mean", "rms"):
        by_network = np.array([getattr(errors, moment) for errors in built]) ** (1 if moment == "mean" else 2)
        exact = getattr(drawn, moment) ** (1 if moment == "mean" else 2)
        # Kurtosis 10 bounds the standard error of the drawn mean square for every distribution here.
        of_drawn = (drawn.std**2 if moment == "mean" else 9 * drawn.rms**4) / drawn.count
        error = np.sqrt(by_network.var(axis=0, ddof=1) / NETWORKS + of_drawn) + 1e-6
        np.testing.assert_array_less(np.abs(by_network.mean(axis=0) - exact) / error, 5, err_msg=f"{moment}: {exact}")

"""The constructions of the paper, one file a theorem: values that build a `Network` for a problem and a width."""

from superposed.constructions.base import Construction
from superposed.constructions.bernoulli import Bernoulli
from superposed.constructions.centred import CentredBernoulli, CentredReadOff, SignedBernoulli
from superposed.constructions.fan_in import FanIn
from superposed.constructions.naive import Naive
from superposed.constructions.quadratic import Quadratic, QuadraticForm, RandomQuadratic
from superposed.constructions.random_init import RandomInit
from superposed.constructions.sign import Gaussian, Rademacher
from superposed.constructions.superposed import Superposed
from superposed.constructions.truth_table import TruthTable

ALL = (
    Naive, Bernoulli, CentredBernoulli, SignedBernoulli, CentredReadOff, Rademacher, Gaussian, RandomInit,
    Quadratic, RandomQuadratic, QuadraticForm, FanIn, TruthTable,
)  # fmt: skip
"""The one list of constructions. The command line, the common tests and the docs read it; `Superposed` wraps most of
them."""

__all__ = [
    "ALL", "Bernoulli", "CentredBernoulli", "CentredReadOff", "Construction", "FanIn", "Gaussian", "Naive", "Quadratic",
    "QuadraticForm", "Rademacher", "RandomInit", "RandomQuadratic", "SignedBernoulli", "Superposed", "TruthTable",
]  # fmt: skip

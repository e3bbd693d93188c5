"""The constructions of the paper, one file a theorem: values that build a `Network` for a problem and a width."""

from superposed.constructions.bernoulli import Bernoulli
from superposed.constructions.centred import CentredBernoulli, CentredReadOff, SignedBernoulli
from superposed.constructions.naive import Naive
from superposed.constructions.random_init import RandomInit
from superposed.constructions.sign import Gaussian, Rademacher
from superposed.constructions.superposed import Superposed

__all__ = [
    "Bernoulli", "CentredBernoulli", "CentredReadOff", "Gaussian", "Naive", "RandomInit", "Rademacher", "SignedBernoulli", "Superposed",
]  # fmt: skip

"""The run-time checks of shapes and types are on, for the first calls of a function and for some later ones."""

import numpy as np
import pytest
from checker import EVERY, FIRST, at_first, checked
from jaxtyping import Float, TypeCheckError

from superposed.theory.floor import welch_floor


def test_functions_of_the_package_are_checked():
    """This one is called a few times in all tests."""
    with pytest.raises(TypeCheckError):
        welch_floor("many", 2)


def test_first_calls_are_checked_and_every_hundredth_later_one():
    @at_first(typechecker=checked)
    def double(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return x + x

    with pytest.raises(TypeCheckError):
        double(2)
    for _ in range(FIRST):
        double(np.ones(3))
    refused = 0
    for _ in range(2 * EVERY):
        try:
            double(2)
        except TypeCheckError:
            refused += 1
    assert refused == 2

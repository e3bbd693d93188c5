"""Terms and laws: what their names say is what they compute."""

import numpy as np
import pytest

from superposed.fitting import Crossover, ErrorTerm, Law, closed_form, fixed_power_log, logarithm, power, power_log
from superposed.fitting.laws import term

X = {"m": np.array([4.0, 64.0, 1e6]), "eps": np.array([0.5, 0.25, 0.1]), "s": np.array([2.0, 3.0, 2.0])}


@pytest.mark.parametrize(
    "name, expected",
    [
        ("1", np.ones(3)),
        ("s", X["s"]),
        ("log m", np.log(X["m"])),
        ("log log m", np.log(np.log(X["m"]))),
        ("log eps", np.log(X["eps"])),
        ("log(1/eps)", -np.log(X["eps"])),
        ("log log(1/eps)", np.log(-np.log(X["eps"]))),
    ],
)
def test_terms(name, expected):
    np.testing.assert_allclose(term(name, X), expected)


@pytest.mark.parametrize(
    "name, says", [("log L", "no covariate 'L'"), ("log log eps", "eps = 0.5"), ("m**2", "not understood")]
)
def test_terms_that_make_no_sense(name, says):
    with pytest.raises(ValueError, match=says.replace("*", r"\*")):
        term(name, X)


def test_a_fixed_coefficient_must_be_a_term():
    with pytest.raises(ValueError, match="not among its terms"):
        Law("x", ("1",), {"log m": 1.0})


def test_exponents_of_the_families():
    assert power().exponent("m") == ("log m", 0.0)
    assert fixed_power_log(2 / 3).exponent("m") == (None, 2 / 3)
    assert fixed_power_log(2 / 3).name == "2/3 and log"
    assert logarithm().exponent("m") == (None, 0.0)
    assert power_log("d").exponent("d") == ("log d", 0.0)
    assert closed_form("theory", lambda x: x["m"], 1.0).exponent("m") == (None, 1.0)
    assert closed_form("theory", lambda x: x["m"], 1.0, free_exponent=True).exponent("m") == ("log m", 1.0)
    assert Crossover().exponent("m") == ("exponent", 0.0)
    assert Crossover(asymptotic=2 / 3).exponent("m") == (None, 2 / 3)


def test_a_closed_law_multiplies_its_terms():
    law = closed_form("theory", lambda x: x["s"] * x["m"], 1.0)
    np.testing.assert_allclose(law.log_response(np.array([[0.5]]), X)[0][0], 0.5 + np.log(X["s"] * X["m"]))


@pytest.mark.parametrize("law", [Crossover(), Crossover(asymptotic=0.7, terms=("log s",)), power_log()])
def test_jacobians_are_those_of_the_law(law):
    at = np.linspace(0.8, 1.6, len(law.free))[None]
    jacobian, h = law.log_response(at, X)[1][0], 1e-6
    for k in range(len(law.free)):
        shift = np.zeros_like(at)
        shift[0, k] = h
        numeric = (law.log_response(at + shift, X)[0] - law.log_response(at - shift, X)[0])[0] / (2 * h)
        np.testing.assert_allclose(jacobian[:, k], numeric, atol=1e-8)


def test_the_crossover_solves_its_equation():
    needs = np.array([20.0, 2.0, 8.0])
    d = np.exp(Crossover(asymptotic=2 / 3).log_response(np.log(needs)[None], X)[0][0])
    errors = (needs[0] / d) ** 0.5 + needs[1] * X["m"] ** 0.5 / d + (needs[2] * X["m"] ** (2 / 3) / d) ** 0.75
    np.testing.assert_allclose(errors, 1.0, rtol=1e-10)


def test_the_crossover_tends_to_its_last_term():
    far = {"m": np.geomspace(1e38, 1e40, 3)}
    law = Crossover(asymptotic=2 / 3)
    slope = np.diff(law.log_response(np.log([[20.0, 2.0, 8.0]]), far)[0][0]) / np.diff(np.log(far["m"]))
    np.testing.assert_allclose(slope, 2 / 3, atol=1e-3)
    np.testing.assert_allclose(law.shares(np.log([20.0, 2.0, 8.0]), far).sum(1), 1.0)


def test_one_error_term_alone_is_a_power_law():
    law = Crossover(errors=(ErrorTerm(3 / 4, None),))
    np.testing.assert_allclose(law.log_response(np.array([[1.0, 0.6]]), X)[0][0], 1 + 0.6 * np.log(X["m"]))

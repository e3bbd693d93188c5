"""Terms and models: what their names say is what they compute."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.fitting import (
    Crossover,
    ErrorTerm,
    Model,
    closed_form,
    fixed_power_log,
    logarithm,
    power,
    power_log,
    through,
)
from superposed.fitting.models import term

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


@pytest.mark.parametrize("name, says", [("log L", "no covariate 'L'"), ("m**2", "not understood")])
def test_terms_that_make_no_sense(name, says):
    with pytest.raises(InputError, match=says):
        term(name, X)


def test_the_log_of_a_negative_number_is_no_number():
    np.testing.assert_array_equal(np.isnan(term("log log eps", X)), [True, True, True])


def test_a_fixed_coefficient_must_be_a_term():
    with pytest.raises(ValueError, match="fixed or limited but missing"):
        Model("x", ("1",), {"log m": 1.0})


def test_exponents_of_the_families():
    assert power().exponent("m") == ("log m", 0.0)
    assert fixed_power_log(2 / 3).exponent("m") == (None, 2 / 3)
    assert fixed_power_log(2 / 3).name == "2/3 and log"
    assert logarithm().exponent("m") == (None, 0.0)
    assert power_log("d").exponent("d") == ("log d", 0.0)
    assert closed_form("theory", lambda x: x["m"], 1.0).exponent("m") == (None, 1.0)
    assert Crossover().exponent("m") == ("exponent", 0.0)
    assert Crossover(asymptotic=2 / 3).exponent("m") == (None, 2 / 3)


def test_a_closed_form_multiplies_its_terms():
    model = closed_form("theory", lambda x: x["s"] * x["m"], 1.0)
    np.testing.assert_allclose(model.log_response(np.array([[0.5]]), X)[0][0], 0.5 + np.log(X["s"] * X["m"]))


@pytest.mark.parametrize("model", [Crossover(), Crossover(asymptotic=0.7, terms=("log s",)), power_log()])
def test_jacobians_are_those_of_the_model(model):
    at = np.linspace(0.8, 1.6, len(model.free))[None]
    jacobian, h = model.log_response(at, X)[1][0], 1e-6
    for k in range(len(model.free)):
        shift = np.zeros_like(at)
        shift[0, k] = h
        numeric = (model.log_response(at + shift, X)[0] - model.log_response(at - shift, X)[0])[0] / (2 * h)
        np.testing.assert_allclose(jacobian[:, k], numeric, atol=1e-8)


def test_the_crossover_solves_its_equation():
    needs = np.array([20.0, 2.0, 8.0])
    d = np.exp(Crossover(asymptotic=2 / 3).log_response(np.log(needs)[None], X)[0][0])
    errors = (needs[0] / d) ** 0.5 + needs[1] * X["m"] ** 0.5 / d + (needs[2] * X["m"] ** (2 / 3) / d) ** 0.75
    np.testing.assert_allclose(errors, 1.0, rtol=1e-10)


def test_the_crossover_tends_to_its_last_term():
    far = {"m": np.geomspace(1e38, 1e40, 3)}
    model = Crossover(asymptotic=2 / 3)
    slope = np.diff(model.log_response(np.log([[20.0, 2.0, 8.0]]), far)[0][0]) / np.diff(np.log(far["m"]))
    np.testing.assert_allclose(slope, 2 / 3, atol=1e-3)
    np.testing.assert_allclose(model.shares(np.log([20.0, 2.0, 8.0]), far).sum(1), 1.0)


def test_one_error_term_alone_is_a_power():
    model = Crossover(errors=(ErrorTerm(3 / 4, None),))
    np.testing.assert_allclose(model.log_response(np.array([[1.0, 0.6]]), X)[0][0], 1 + 0.6 * np.log(X["m"]))


def test_a_computed_curve_goes_on_as_it_ends():
    """Straight in log-log between its points, and beyond them: never flat."""
    model = through([(4.0, 2.0), (1.0, 1.0), (16.0, 16.0)], 2 / 3)
    inside_and_beyond = np.log(model.closed({"m": np.array([0.25, 2.0, 4.0, 8.0, 64.0])}))
    np.testing.assert_allclose(inside_and_beyond, np.log([0.5, 2**0.5, 2.0, 2**2.5, 128.0]))


@pytest.mark.parametrize(
    "points, says",
    [
        ([(4.0, 2.0)], "two points or more"),
        ([(1.0, 2.0), (1.0, 3.0)], "two points"),
        ([(1.0, 0.0), (2.0, 1.0)], "above 0"),
    ],
)
def test_too_little_for_a_curve_is_refused(points, says):
    with pytest.raises(InputError, match=says):
        through(points, 1.0)


def test_which_models_are_special_cases():
    closed = closed_form("theory", lambda x: x["m"], 1.0)
    assert power_log().contains(power()) and power_log().contains(logarithm())
    assert not power().contains(power_log()) and not power().contains(power())
    assert not power_log().contains(fixed_power_log()) and not power_log().contains(closed)
    assert not Crossover().contains(power()) and not power_log().contains(Crossover())


def test_a_bounded_model_limits_the_log_power_alone():
    low, high = power_log().bounded("m").bounds(np.zeros(1))
    np.testing.assert_array_equal(high, [np.inf, np.inf, 2.0])
    np.testing.assert_array_equal(low, [-np.inf, -np.inf, -2.0])
    assert np.all(np.isinf(power().bounded("m").bounds(np.zeros(1))))

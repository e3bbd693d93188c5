"""Fits against oracles: closed-form least squares, exact t and F intervals, iminuit on censored data."""

import time

import numpy as np
import pytest
from iminuit import Minuit
from scipy.stats import f as f_distribution
from scipy.stats import norm
from scipy.stats import t as t_distribution
from synthetic_widths import LADDER, crossing, two_thirds, widths

from superposed.bad_input import InputError
from superposed.fitting import Crossover, Model, NotFitted, fit, intervals, joint_region, power, power_log, sample


def least_squares(data, columns, weight=1.0):
    """Coefficients, their covariance and the degrees of freedom of weighted least squares."""
    y = data.log_low
    root = np.sqrt(np.broadcast_to(weight, y.shape))[:, None]
    inverse = np.linalg.inv((columns * root).T @ (columns * root))
    coef = inverse @ (columns * root**2).T @ y
    dof = len(y) - columns.shape[1]
    return coef, inverse * (root[:, 0] ** 2 @ (y - columns @ coef) ** 2) / dof, dof


def test_exact_widths_give_least_squares():
    data = widths(rung=1)
    log_m = np.log(data.covariates["m"])
    coef, covariance, dof = least_squares(data, np.stack([np.ones_like(log_m), log_m, np.log(log_m)], axis=1))
    found = fit(power_log(), data)
    np.testing.assert_allclose(found.parameters[:-1], coef, rtol=1e-6)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-5)
    assert found.dof == dof


def test_given_standard_errors_give_weighted_least_squares():
    generator = np.random.default_rng(5)
    d = np.geomspace(64, 4096, 13)
    error = 0.01 + 0.1 * generator.random(13)
    y = 1 - 0.5 * np.log(d) + error * generator.standard_normal(13)
    data = sample(np.exp(y), np.exp(y), along="d", scatter=error, d=d)
    coef, covariance, _ = least_squares(data, np.stack([np.ones(13), np.log(d)], axis=1), error**-2.0)
    found = fit(power("d"), data)
    np.testing.assert_allclose(found.parameters[:-1], coef, rtol=1e-6)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-5)


def test_exact_widths_give_students_intervals():
    data = widths(rung=1, seeds=4)
    log_m = np.log(data.covariates["m"])
    coef, covariance, dof = least_squares(data, np.stack([np.ones_like(log_m), log_m], axis=1))
    reach = t_distribution.ppf(0.975, dof) * np.sqrt(covariance[1, 1])
    np.testing.assert_allclose(intervals(fit(power(), data))["log m"], (coef[1] - reach, coef[1] + reach), rtol=1e-4)


def test_exact_widths_give_the_f_ellipse():
    data = widths(rung=1, seeds=4)
    found = fit(power_log(), data)
    curve = joint_region(found, "log m", "log log m") - found.parameters[1:3]
    inverse = np.linalg.inv(found.covariance[1:3, 1:3])
    np.testing.assert_allclose(
        np.einsum("ki,ij,kj->k", curve, inverse, curve), 2 * f_distribution.ppf(0.95, 2, found.dof), rtol=1e-3
    )


def test_censored_profile_intervals_are_those_of_minuit():
    data = widths(seeds=8, censored=True, seed=3)
    assert np.isinf(data.high).any() and (data.low == 0).any()
    log_m = np.log(data.covariates["m"])

    def loss(a, b, t):
        mean, sigma = a + b * log_m, np.exp(t)
        upper, lower = norm.cdf((data.log_high - mean) / sigma), norm.cdf((data.log_low - mean) / sigma)
        return -2 * np.sum(np.log(upper - lower))

    found = fit(power(), data)
    minuit = Minuit(loss, a=1.0, b=0.7, t=-2.0)
    minuit.errordef, minuit.strategy, minuit.tol = found.threshold(0.95, [1]), 2, 1e-4
    minuit.migrad()
    minuit.minos("b", cl=None)
    assert found.loglik == pytest.approx(-minuit.fval / 2, abs=1e-5)
    expected = (minuit.values["b"] + minuit.merrors["b"].lower, minuit.values["b"] + minuit.merrors["b"].upper)
    np.testing.assert_allclose(intervals(found)["log m"], expected, atol=2e-5)


def test_the_crossover_recovers_its_exponent():
    found = fit(Crossover(), widths(crossing, 2.0 ** np.arange(6, 34, 3), sigma=0.02, rung=1.01))
    low, high = intervals(found, ("exponent",))["exponent"]
    assert low < 2 / 3 < high and high - low < 0.05


def test_capacity_laws_are_fitted_with_the_same_machinery():
    d = np.repeat(LADDER, 5)
    generator = np.random.default_rng(2)
    m = 0.1 * d**1.5 * np.exp(0.05 * generator.standard_normal(len(d)))
    found = fit(power("d"), sample(m / 1.02, m * 1.02, along="d", d=d))
    low, high = intervals(found)["log d"]
    assert low < 1.5 < high and high - low < 0.06


def test_laws_in_several_covariates():
    generator = np.random.default_rng(7)
    m, s, eps = (v.ravel() for v in np.meshgrid(LADDER, [2.0, 3.0, 4.0], [0.5, 0.25]))
    y = 1 + 2 / 3 * np.log(m) + 2 / 3 * np.log(s) - 4 / 3 * np.log(eps) + 0.05 * generator.standard_normal(len(m))
    found = fit(
        Model("joint", ("1", "log m", "log s", "log eps")),
        sample(np.exp(y) / 1.03, np.exp(y) * 1.03, m=m, s=s, eps=eps),
    )
    for name, truth in (("log m", 2 / 3), ("log s", 2 / 3), ("log eps", -4 / 3)):
        low, high = intervals(found, (name,))[name]
        assert low < truth < high and high - low < 0.3


def test_dependent_rows_do_not_narrow_intervals():
    """The same seeds copied four times bring no information."""
    data = widths(rung=1)
    again = sample(
        np.tile(data.low, 4), np.tile(data.high, 4), unit=np.tile(data.unit, 4), m=np.tile(data.covariates["m"], 4)
    )
    once, copied = (intervals(fit(power(), d))["log m"] for d in (data, again))
    assert 0.75 < (copied[1] - copied[0]) / (once[1] - once[0]) < 1.33


@pytest.mark.parametrize(
    "model, data, says",
    [
        (power(), widths(m=LADDER[:1]), "not identified by 1 distinct"),
        (power(), sample([1.0, 2.0], [1.0, 2.0], m=[64.0, 128.0]), "leave nothing"),
        (
            Model("twice", ("log m", "log s")),
            sample([1.0] * 4, [2.0] * 4, m=[64.0, 128.0] * 2, s=[64.0, 128.0] * 2),
            "collinear",
        ),
        (power_log(), sample([1.0] * 4, [2.0] * 4, m=[1.0, 2.0, 4.0, 8.0]), "not defined at m = 1"),
        (power(), sample([0.0] * 4, [2.0, 4.0] * 2, m=[64.0, 128.0] * 2), "open on the same side"),
    ],
)  # fmt: skip
def test_what_is_not_identified_is_not_fitted(model, data, says):
    found = fit(model, data)
    assert isinstance(found, NotFitted) and says in found.reason


def test_a_covariate_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="no covariate 's'"):
        fit(power("m", "log s"), widths())


def test_a_region_that_is_not_there():
    assert "no free 'log log m'" in joint_region(fit(power(), widths()), "log m", "log log m").reason


def test_pass_or_fail_at_each_width_is_enough():
    """Current-status data: a draw of its own at every width says only on which side its threshold lies."""
    generator = np.random.default_rng(3)
    m = np.repeat(2.0 ** np.arange(6, 15, 2), 200)
    tried = np.exp(two_thirds(m)) * np.exp(generator.uniform(-0.6, 0.6, len(m)))
    passed = np.exp(two_thirds(m) + 0.2 * generator.standard_normal(len(m))) <= tried
    found = fit(power(), sample(np.where(passed, 0, tried), np.where(passed, tried, np.inf), m=m))
    low, high = intervals(found)["log m"]
    assert low < 2 / 3 < high and high - low < 0.06
    assert abs(found.sigma - 0.2) < 0.04


def test_twenty_thousand_rows_take_seconds():
    data = widths(m=np.geomspace(64, 2.0**40, 2000), seeds=10)
    start = time.process_time()
    low, high = intervals(fit(power_log(), data))["log m"]
    assert low < 2 / 3 < high
    assert time.process_time() - start < 20


def test_a_coarse_ladder_without_visible_scatter_still_gives_an_interval():
    data = widths(sigma=1e-4, rung=1.3)
    low, high = intervals(fit(power(), data))["log m"]
    assert low < 2 / 3 < high


def test_predictions_have_the_law_s_own_error():
    found = fit(power(), widths(rung=1))
    mean, error = found.predict({"m": np.array([300.0])})
    assert abs(mean[0] - two_thirds(np.array(300.0))) < 5 * error[0]

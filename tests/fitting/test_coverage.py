"""95% intervals contain the truth 95 times in a hundred: a few dozen draws here, hundreds in the slow run."""

import numpy as np
import pytest
from synthetic_widths import LADDER, square_log, two_thirds, two_thirds_log, widths

from superposed.fitting import bootstrap, fit, fixed_power_log, intervals, logarithm, power, power_log, scatter_of

DESIGNS = {
    "eight seeds": {"seeds": 8},
    "censored": {"seeds": 8, "censored": True},
    "exact, four seeds": {"seeds": 4, "rung": 1},
    "coarse ladder": {"seeds": 8, "sigma": 0.03, "rung": 1.19},
    "noisy, short": {"seeds": 8, "sigma": 0.3, "m": LADDER[:4]},
    "scatter shrinks": {"seeds": 20, "slope": -0.2, "m": 2.0 ** np.arange(6, 17)},
}
LAWS = {
    "power": (two_thirds, power, {"log m": 2 / 3}),
    "power and log": (two_thirds_log, power_log, {"log m": 2 / 3, "log log m": 1.0}),
    "2/3 and log": (two_thirds_log, fixed_power_log, {"log log m": 1.0}),
    "logarithm only": (square_log, logarithm, {"log log m": 2.0}),
}


def coverage(law, design, trials, interval):
    truth, make, coefficients = LAWS[law]
    hits = np.zeros(len(coefficients))
    for seed in range(trials):
        data = widths(truth, **(DESIGNS[design] | {"seed": seed}))
        found = fit(make(), data, *scatter_of(data)) if "slope" in DESIGNS[design] else fit(make(), data)
        ends = interval(found, tuple(coefficients))
        hits += [ends[name][0] <= value <= ends[name][1] for name, value in coefficients.items()]
    return hits / trials


@pytest.mark.parametrize(
    "law, design", [("power", "eight seeds"), ("power and log", "censored"), ("logarithm only", "exact, four seeds")]
)
def test_profile_intervals_cover(law, design):
    trials = 60
    assert np.all(np.abs(coverage(law, design, trials, intervals) - 0.95) < 5 * np.sqrt(0.95 * 0.05 / trials))


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("law", ["power", "power and log"])
def test_profile_intervals_cover_93_to_97_in_a_hundred(law, design):
    trials = 400
    slack = 2 * np.sqrt(0.95 * 0.05 / trials)
    found = coverage(law, design, trials, intervals)
    assert np.all((found > 0.93 - slack) & (found < 0.97 + slack)), found


def resampled(found, names):
    redrawn = bootstrap(found, 200)
    return {name: redrawn.interval(name) for name in names}


@pytest.mark.slow
def test_the_bootstrap_covers_too():
    found = coverage("power", "eight seeds", 600, resampled)
    assert np.all(np.abs(found - 0.95) < 0.02 + 2 * np.sqrt(0.95 * 0.05 / 600)), found

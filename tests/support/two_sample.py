"""Do two samples of errors follow one distribution? Tolerances from the samples' own standard errors."""

import numpy as np

LEVELS = (0.5, 0.9, 0.99, 0.999)


def deviations(drawn: np.ndarray, built: np.ndarray) -> dict[str, float]:
    """Differences between drawn errors [n] and built ones [networks, events], in units of their standard error.

    Compared are mean, standard deviation, and the fractions of |error| above the drawn sample's quantiles (which,
    unlike quantiles themselves, have a standard error where a distribution has atoms). Events of one network are not
    independent, so built errors count network by network.
    """
    cut = np.quantile(np.abs(drawn), LEVELS)
    mean, variance = drawn.mean(), drawn.var()
    statistics = {"mean": lambda e: e, "std": lambda e: (e - mean) ** 2}
    for level, t in zip(LEVELS, cut, strict=True):
        # a hair above the cut, so that rounding moves no atom across it
        statistics[f"above q{100 * level:g}"] = lambda e, t=t: (np.abs(e) > t + 1e-4).astype(float)
    result = {}
    for name, statistic in statistics.items():
        one, other = statistic(drawn), statistic(built).mean(axis=1)
        rare = one.mean() * (1 - one.mean()) / built.size if name.startswith("above") else 0  # never below chance alone
        error = np.sqrt(one.var() / one.size + max(other.var(ddof=1) / other.size, rare))
        result[name] = (one.mean() - other.mean()) / max(error, 1e-7 * (1 + variance))
    return result


def assert_one_distribution(drawn: np.ndarray, built: np.ndarray, sigma: float = 5.0) -> None:
    """Each stratum of drawn [k, n] and built [networks, k, events] agrees within sigma standard errors."""
    for active in range(len(drawn)):
        for name, z in deviations(np.asarray(drawn[active]), np.asarray(built[:, active])).items():
            assert abs(z) < sigma, f"{active} active, {name}: drawn and built differ by {z:.1f} standard errors"

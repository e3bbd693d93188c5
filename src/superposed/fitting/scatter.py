"""Whether the scatter between seeds changes along the design; a rule that looks at no law."""

import numpy as np
from jaxtyping import Float

from superposed.fitting.data import Sample
from superposed.fitting.fits import fit
from superposed.fitting.points import saturated

SLOPES = np.linspace(-1.0, 1.0, 21)
SEEDS_NEEDED = 3.0  # mean units per point below which a trend of the scatter is not looked for


def scatter_of(sample: Sample) -> tuple[Float[np.ndarray, " n"], bool]:
    """(log h, fitted): the relative scatter h_i = (m_i / geometric mean)^g of the rows, and whether g was fitted.

    g is the maximum-likelihood slope under a mean of its own at every point, kept when the likelihood ratio against g = 0
    is significant at 5%; otherwise h = 1. A sample with known scatter keeps it.
    """
    flat = np.zeros(len(sample.low))
    if sample.scatter is not None:
        return np.log(sample.scatter), False
    cells, cell = sample.cells()
    points, asked = len(cells[sample.along]), len(np.unique(np.stack([sample.unit, cell]), axis=1).T)
    if asked < SEEDS_NEEDED * points or len(np.unique(cells[sample.along])) < 3:
        return flat, False
    log_m = np.log(sample.covariates[sample.along])
    law, centred = saturated(sample), log_m - log_m.mean()
    constant = fit(law, sample, flat)
    best, best_slope = constant, 0.0
    for slope in SLOPES:
        try:
            sloped = fit(law, sample, slope * centred)
        except ValueError:  # over many decades a steep slope has no maximum: the data rule it out
            continue
        if sloped.loglik > best.loglik:
            best, best_slope = sloped, slope
    ratio = 2 * (best.loglik - constant.loglik)
    if ratio <= constant.threshold(0.95, [0]) / constant.design_effect([0]):
        return flat, False
    return best_slope * centred, True

"""The error terms that compete in Theorem 2's construction, each measured by switching it off in the drawn
distribution."""

import jax
import numpy as np

from superposed.program import program
from superposed.theory.bernoulli_drawn import draw_superposed
from superposed.theory.bernoulli_width import ErrorTerms
from superposed.theory.codes import ALIGNED, Events

ONE_ACTIVE = 1


def drawn_terms(seed: int, m: int | float, s: int, d: float, d_in: float, p: float, n_events: int) -> ErrorTerms:
    """`bernoulli_width.error_terms` measured on n_events pairs with one active member, all terms at work at once.

        bystanders  = mean error of the same networks with orthogonal codes: no cross-talk at all
        common_mode = standard deviation of (error - error with centred weights), event by event: neurons, codes and
                      inputs are the same, and centring takes away the common mode alone
        kink        = mean of (error with centred weights - error with orthogonal codes)

    So the terms are seen as they act together, where the closed forms take each without the others.
    """
    key = jax.random.key(seed)

    def errors(d_in: float, centred: bool) -> np.ndarray:
        drawn = program(_draw, 2, loops=True)(n_events, s, key, float(m), d, d_in, p, centred)
        return np.asarray(drawn, float)[ONE_ACTIVE]

    plain, centred, orthogonal = errors(d_in, False), errors(d_in, True), errors(ALIGNED, False)
    return ErrorTerms(
        bystanders=float(orthogonal.mean()),
        common_mode=float((plain - centred).std()),
        kink=float((centred - orthogonal).mean()),
    )


def _draw(n_events, s, key, m, d, d_in, p, centred):
    return draw_superposed(key, Events(m, s, d, d_in, n_events, s), p, centred=centred)

"""The error terms that compete in Theorem 2's construction, each measured by switching it off in the drawn law."""

from functools import partial

import jax
import numpy as np

from superposed.laws.bernoulli_drawn import draw_aligned, draw_superposed
from superposed.laws.bernoulli_width import ErrorTerms

ONE_ACTIVE = 1
_STATIC = ("n_events", "max_active", "centred")
_aligned = jax.jit(draw_aligned, static_argnames=_STATIC[:2])
_superposed = jax.jit(draw_superposed, static_argnames=_STATIC)


def drawn_terms(seed: int, m: int | float, s: int, d: float, d_in: float, p: float, n_events: int) -> ErrorTerms:
    """`bernoulli_width.error_terms` measured on n_events pairs with one active member, all terms at work at once.

        bystanders  = mean error of the same network on aligned inputs: no cross-talk at all
        common_mode = standard deviation of (error - error with centred weights), event by event: their neurons, codes and
                      inputs are the same, and centring takes away the common mode alone
        kink        = mean error with centred weights, minus bystanders: what each neuron's own cross-talk adds

    So the terms are seen as they act together, where the closed forms take each without the others: the kink comes out
    smaller where cross-talk is large, and the common mode too where the kink is smeared.
    """
    key = jax.random.key(seed)
    draw = partial(_superposed, key, float(m), s, d, d_in, p, n_events, max_active=s)
    plain, centred = (np.asarray(draw(centred=c), float)[ONE_ACTIVE] for c in (False, True))
    alone = np.asarray(_aligned(key, float(m), s, d, p, n_events, max_active=s), float)[ONE_ACTIVE].mean()
    return ErrorTerms(bystanders=float(alone), common_mode=float((plain - centred).std()), kink=float(centred.mean() - alone))

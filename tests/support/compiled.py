"""The drawn laws, each compiled once for all tests, whatever m and s: N events a stratum, s at most 6."""

from functools import partial

import jax

from superposed.theory import bernoulli_drawn, remedies, sign_drawn
from superposed.theory.bernoulli import best_density

N = 20_000
tuned = jax.jit(best_density)


def _compiled(draw, **static):
    return partial(
        jax.jit(draw, static_argnames=("n_events", "max_active", *static)), n_events=N, max_active=6, **static
    )


superposed = _compiled(bernoulli_drawn.draw_superposed)
centred_weights = _compiled(bernoulli_drawn.draw_superposed, centred=True)
aligned = _compiled(bernoulli_drawn.draw_aligned)
rademacher = _compiled(sign_drawn.draw_rademacher)
gaussian = _compiled(sign_drawn.draw_gaussian)
random_init = _compiled(sign_drawn.draw_random_init)
signed = _compiled(remedies.draw_signed)
centred_read_off = _compiled(remedies.draw_centred_read_off)

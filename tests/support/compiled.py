"""The drawn distributions, each compiled once for all tests, whatever m and s: N events a stratum, s at most 6."""

from functools import partial

from superposed.program import program
from superposed.theory import bernoulli_drawn, remedies, sign_drawn
from superposed.theory.bernoulli import best_density, error_cumulants
from superposed.theory.codes import Events

N = 10_000
tuned = program(best_density)


def _cumulants(active, fan_in, *arguments):
    return error_cumulants(*arguments, active=active, fan_in=fan_in)


def cumulants(*arguments, active, fan_in=2):
    """The closed forms of `error_cumulants`."""
    return program(_cumulants, 2)(active, fan_in, *arguments)


def _draw(draw, centred, key, m, s, d, d_in, *hyper_parameters):
    return draw(key, Events(m, s, d, d_in, N, 6), *hyper_parameters, **({"centred": True} if centred else {}))


def _compiled(draw, centred=False):
    return partial(program(_draw, 2, loops=True), draw, centred)


superposed = _compiled(bernoulli_drawn.draw_superposed)
centred_weights = _compiled(bernoulli_drawn.draw_superposed, centred=True)
aligned = _compiled(bernoulli_drawn.draw_aligned)
rademacher = _compiled(sign_drawn.draw_rademacher)
gaussian = _compiled(sign_drawn.draw_gaussian)
random_init = _compiled(sign_drawn.draw_random_init)
signed = _compiled(remedies.draw_signed)
centred_read_off = _compiled(remedies.draw_centred_read_off)

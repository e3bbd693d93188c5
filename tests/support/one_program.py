"""Networks and their read-offs by one compiled program each. Operation by operation they would take some forty."""

import jax

from superposed.measuring.evaluate import dense_read_offs
from superposed.program import program


def network_of(construction, key, problem, width, rows):
    """The network of a construction."""
    return program(lambda key: construction(key, problem, width, rows))(key)


read_offs_of = program(dense_read_offs)
every_read_off = program(jax.vmap(dense_read_offs, (None, 0)))

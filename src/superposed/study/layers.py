"""Layers of many widths from one compiled program, for what is computed from their weights."""

from functools import lru_cache

import jax
import jax.numpy as jnp

from superposed.constructions.base import Construction
from superposed.networks.network import Network
from superposed.networks.problem import Problem
from superposed.program import program


def layer_of(construction: Construction, m: int, s: int, width: int, rows: int, seed: int) -> Network:
    """The network of `width` neurons with arrays of `rows` rows; one program for each construction, m, s and rows."""
    return _built()(construction, m, s, rows, jnp.int32(width), jnp.uint32(seed))


def _build(construction: Construction, m: int, s: int, rows: int, width: jax.Array, seed: jax.Array) -> Network:
    return construction(jax.random.key(seed), Problem(m, s), width, rows)


@lru_cache
def _built():
    return program(_build, 4)

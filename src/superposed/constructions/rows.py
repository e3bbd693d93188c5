"""Random matrices built row by row from their own keys, so that narrower networks are the first rows of wider ones."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.constructions.base import Width
from superposed.networks.network import matmul
from superposed.random_bits import written_out

AT_ONCE = 32
"""Rows drawn together on a CPU."""


def random_rows(
    key: Key[Array, ""], rows: int, width: Width, draw: Callable[[Key[Array, ""]], Array]
) -> Float[Array, "rows _"]:
    """A matrix whose row i is draw(fold_in(key, i)) for i < width and zero from there on.

    On a CPU rows are drawn a few at a time, so that their random numbers stay in the cache. Rows that are zero are not
    drawn there at all.
    """
    key = written_out(key)
    row = lambda i: jnp.where(i < width, draw(jax.random.fold_in(key, i)), 0).astype(jnp.float32)
    if jax.default_backend() != "cpu":
        return jax.vmap(row)(jnp.arange(rows))
    at_once = min(AT_ONCE, rows)
    padded = -(-rows // at_once) * at_once
    some = lambda n: jax.vmap(row)(n * at_once + jnp.arange(at_once))
    add = lambda n, matrix: jax.lax.dynamic_update_slice_in_dim(matrix, some(n), n * at_once, 0)
    columns = jax.eval_shape(row, 0).shape
    until = jnp.ceil(jnp.minimum(width, rows) / at_once).astype(jnp.int32)
    return jax.lax.fori_loop(0, until, add, jnp.zeros((padded, *columns)))[:rows]


def random_codes(key: Key[Array, ""], rows: int, d_in: Width, m: int) -> Float[Array, "rows m"]:
    """Feature encoding Phi: m random unit vectors in d_in dimensions, as the columns of a matrix with `rows` rows."""
    phi = random_rows(key, rows, d_in, lambda k: jax.random.normal(k, (m,)))
    norm = jnp.sqrt(matmul(jnp.ones((1, rows)), phi**2))  # by chunks: the same bits whatever the padding
    return phi / jnp.maximum(norm, jnp.finfo(jnp.float32).tiny)

"""Random matrices built row by row from their own keys, so that narrower networks are the first rows of wider ones."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.constructions.base import Width
from superposed.networks.network import matmul


def random_rows(
    key: Key[Array, ""], rows: int, width: Width, draw: Callable[[Key[Array, ""]], Array]
) -> Float[Array, "rows _"]:
    """A matrix whose row i is draw(fold_in(key, i)) for i < width and zero from there on."""
    row_keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(rows))
    matrix = jax.vmap(draw)(row_keys).astype(jnp.float32)
    return jnp.where(jnp.arange(rows)[:, None] < width, matrix, 0)


def random_codes(key: Key[Array, ""], rows: int, d_in: Width, m: int) -> Float[Array, "rows m"]:
    """Feature encoding Phi: m random unit vectors in d_in dimensions, as the columns of a matrix with `rows` rows."""
    phi = random_rows(key, rows, d_in, lambda k: jax.random.normal(k, (m,)))
    norm = jnp.sqrt(matmul(jnp.ones((1, rows)), phi**2))  # by chunks: the same bits whatever the padding
    return phi / jnp.maximum(norm, jnp.finfo(jnp.float32).tiny)

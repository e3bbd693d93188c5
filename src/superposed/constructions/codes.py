"""Feature encodings of a fixed dimension: how m unit vectors may be placed in d_in dimensions."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Width
from superposed.constructions.rows import random_codes
from superposed.networks.network import matmul

CODES = ("random", "ternary", "binary", "binary with feature signs", "orthonormal blocks", "low coherence")
"""random: uniform unit vectors. ternary: +-1 on sqrt(d_in) random coordinates, binary: +1 on them. Feature signs flip
whole vectors. orthonormal blocks: random bases side by side. low coherence: random vectors pushed apart."""
POWER, PUSHES, STEP = 8, 200, 0.04
"""Low coherence: gradient steps on the sum of the POWER-th powers of all cross-talks."""


def check_code(code: str, d_in: int | None) -> None:
    """Raises InputError for an unknown code, or one that needs a fixed dimension and has none."""
    if code not in CODES:
        raise InputError("code", code, f"one of {', '.join(CODES)}")
    if code != "random" and d_in is None:
        raise InputError("code", code, "it is made for a fixed dimension; give d_in")


def feature_codes(key: Key[Array, ""], code: str, rows: int, d_in: Width, m: int) -> Float[Array, "rows m"]:
    """Phi, the m feature directions as unit columns. All but "random" need a plain number d_in = rows."""
    if code == "random":
        return random_codes(key, rows, d_in, m)
    if code == "orthonormal blocks":
        keys = jax.random.split(key, -(-m // rows))
        bases = jax.vmap(lambda k: jnp.linalg.qr(jax.random.normal(k, (rows, rows)))[0])(keys)
        return jnp.concatenate(list(bases), axis=1)[:, :m]
    if code == "low coherence":
        return pushed_apart(random_codes(key, rows, d_in, m))
    place_key, sign_key = jax.random.split(key)
    rank = jnp.argsort(jnp.argsort(jax.random.bits(place_key, (rows, m)), axis=0), axis=0)
    n_ones = max(round(rows**0.5), 1)
    phi = (rank < n_ones) / jnp.sqrt(jnp.float32(n_ones))
    signs = {"binary": (1, 1), "binary with feature signs": (1, m), "ternary": (rows, m)}[code]
    return phi if code == "binary" else phi * jax.random.rademacher(sign_key, signs)


def pushed_apart(phi: Float[Array, "d m"]) -> Float[Array, "d m"]:
    """Unit columns whose largest cross-talks were lowered, by gradient steps on sum of (phi_k.phi_l)^POWER.

    Each step moves a column by at most STEP, and less towards the end.
    """
    m = phi.shape[1]

    def push(n: Array, phi: Float[Array, "d m"]) -> Float[Array, "d m"]:
        gram = matmul(phi.T, phi) * (1 - jnp.eye(m))
        gradient = matmul(phi, (gram / jnp.abs(gram).max()) ** (POWER - 1))
        longest = jnp.sqrt((gradient**2).sum(axis=0)).max()
        moved = phi - STEP * (1 - n / PUSHES) * gradient / jnp.maximum(longest, 1e-20)
        return moved / jnp.sqrt((moved**2).sum(axis=0))

    return jax.lax.fori_loop(0, PUSHES, push, phi)


def cross_talk(phi: Float[Array, "d m"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(largest, root mean square) of |phi_k.phi_l| over pairs. Welch: the latter is at least `welch_floor(m, d)`."""
    m = phi.shape[1]
    gram = matmul(phi.T, phi) * (1 - jnp.eye(m))
    return jnp.abs(gram).max(), jnp.sqrt((gram**2).sum() / (m * (m - 1)))

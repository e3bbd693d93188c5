"""What training minimises: the mean of |read-off - AND|^q over inputs and pairs, from all pairs or from a few.

Pairs fall into strata j = 0, 1, 2 by how many of their two features are active. An input with n active features has
N_0 = C(m - n, 2), N_1 = n (m - n) and N_2 = C(n, 2) of them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, UInt32

from superposed.training.table import pair_index

EXACT = jax.lax.Precision.HIGHEST


class Inputs(NamedTuple):
    """A batch of boolean inputs.

    Args:
      b: the features [n, m], 0 or 1.
      keys: random numbers, the smallest of which are those of the active features [n, m]. A key's low bits are its
        feature's number. So no two keys of an input are equal, and the smallest key names its feature.
      n_active: how many are active [n].
    """

    b: Float[Array, "n m"]
    keys: UInt32[Array, "n m"]
    n_active: Int[Array, " n"]


def draw_inputs(key: Key[Array, ""], n: int, m: int, s: int | Int[Array, ""], activity: str) -> Inputs:
    """n inputs with exactly s active features each, or with every feature active on its own with probability s/m.

    The s smallest keys are found by s minima. To sort all keys would cost more than a training step's products.
    """
    bits = number_bits(m)
    drawn = jax.random.bits(key, (n, m), jnp.uint32) >> bits
    keys = drawn << bits | jnp.arange(m, dtype=jnp.uint32)
    if activity == "exact":
        last = jax.lax.fori_loop(1, s, lambda _, last: next_key(keys, last + 1), jnp.min(keys, axis=1))
        active, n_active = keys <= last[:, None], jnp.full(n, s)
    else:
        active = drawn < s / m * 2 ** (32 - bits)
        n_active = jnp.sum(active, axis=1)
    return Inputs(active.astype(jnp.float32), keys, n_active)


def number_bits(m: int) -> int:
    """Low bits of a key that hold the number of one of m features."""
    return (m - 1).bit_length()


def next_key(keys: UInt32[Array, "n m"], least: UInt32[Array, " n"]) -> UInt32[Array, " n"]:
    """The smallest key from `least` on, for each input; the largest number there is where no key is left."""
    return jnp.min(jnp.where(keys >= least[:, None], keys, jnp.uint32(2**32 - 1)), axis=1)


def strata_sizes(n_active: int | Array, n_idle: int | Array) -> Float[Array, "*n strata"]:
    """(C(idle, 2), active * idle, C(active, 2)), on the last axis."""
    on, off = jnp.asarray(n_active, jnp.float32), jnp.asarray(n_idle, jnp.float32)
    return jnp.stack([off * (off - 1) / 2, on * off, on * (on - 1) / 2], axis=-1)


def expected_sizes(m: int, s: int | Int[Array, ""], activity: str) -> Float[Array, " strata"]:
    """E N_j over inputs."""
    if activity == "exact":
        return strata_sizes(s, m - jnp.asarray(s))
    p = s / m
    return m * (m - 1) / 2 * jnp.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2]).astype(jnp.float32)


class Pairs(NamedTuple):
    """The pairs of each input that are looked at: every pair among some of its features.

    Args:
      features: which [n, f]; None for all m of every input.
      active: whether they are active [n, f].
      exists: false where an input has fewer features to look at than slots [n, f].
      weight: of a pair by stratum [n, 3]. The weighted sum over the pairs looked at is an unbiased estimate of the sum
        over all.
    """

    features: Int[Array, "n f"] | None
    active: Bool[Array, "n f"]
    exists: Bool[Array, "n f"]
    weight: Float[Array, "n strata"]


def choose_pairs(inputs: Inputs, m: int, n_features: int | None, scale: Float[Array, "*n strata"]) -> Pairs:
    """Every pair among n_features features of each input; among all of them where that is None.

    The active features come first, at most n_features - 2 of them, then random idle ones. Both parts are uniform
    samples of their kind, so a stratum of N_j pairs of which n_j are looked at has weight scale_j N_j / n_j.

    Args:
      scale: weight of a pair of each stratum when all pairs are looked at.
    """
    sizes = strata_sizes(inputs.n_active, m - inputs.n_active)
    if n_features is None or n_features >= m:
        active = inputs.b == 1
        return Pairs(None, active, jnp.ones_like(active), jnp.broadcast_to(scale, sizes.shape))
    n_active = inputs.n_active[:, None]
    on = jnp.minimum(n_active, n_features - 2)
    off = jnp.minimum(n_features - on, m - n_active)
    slot = jnp.arange(n_features)
    features = smallest_keys(inputs, on[:, 0], n_features) & (2 ** number_bits(m) - 1)
    features = jnp.minimum(features.astype(jnp.int32), m - 1)
    seen = strata_sizes(on[:, 0], off[:, 0])
    return Pairs(features, slot < on, slot < on + off, jnp.where(seen > 0, scale * sizes / jnp.maximum(seen, 1), 0))


def smallest_keys(inputs: Inputs, on: Int[Array, " n"], n_features: int) -> UInt32[Array, "n f"]:
    """The `on` smallest keys of active features, then the smallest of idle ones."""
    first_idle = jnp.max(jnp.where(inputs.b == 1, inputs.keys, 0), axis=1) + (inputs.n_active > 0)

    def step(least: Array, slot: Array) -> tuple[Array, Array]:
        found = next_key(inputs.keys, jnp.where(slot == on, first_idle, least))
        return found + 1, found

    _, found = jax.lax.scan(step, jnp.zeros_like(first_idle), jnp.arange(n_features))
    return found.T


def read_pairs(read: Array, a: Float[Array, "n d"], pairs: Pairs, m: int, factored: bool) -> Float[Array, "n *pair"]:
    """Read-offs of the pairs: a grid [n, f, f] from a code [d, m], a list of k < l from a table [C(m, 2), d]."""
    if factored:
        if pairs.features is None:
            scaled = a[:, :, None] * read
            return jnp.einsum("ndk,dl->nkl", scaled, read, precision=EXACT)
        code = read.T[pairs.features]
        return jnp.einsum("nkd,nld->nkl", code * a[:, None], code, precision=EXACT)
    if pairs.features is None:
        return jnp.matmul(a, read.T, precision=EXACT)
    first, second = jnp.triu_indices(pairs.features.shape[1], 1)
    vectors = read[pair_index(pairs.features[:, first], pairs.features[:, second], m)]
    return jnp.einsum("npd,nd->np", vectors, a, precision=EXACT)


def pair_loss(
    read: Array, a: Float[Array, "n d"], pairs: Pairs, m: int, factored: bool, power: int | float
) -> Float[Array, ""]:
    """Mean over inputs of the weighted sum over pairs of |read-off - AND|^power."""
    grid = lambda x: (x[:, :, None], x[:, None, :])
    if factored:
        once = jnp.triu(jnp.ones((pairs.active.shape[1],) * 2, bool), 1)
    else:
        first, second = jnp.triu_indices(pairs.active.shape[1], 1)
        grid, once = (lambda x: (x[:, first], x[:, second])), True
    (k, l), (k_exists, l_exists) = grid(pairs.active), grid(pairs.exists)
    stratum = k.astype(jnp.int32) + l
    none, one, both = (pairs.weight[:, j].reshape(-1, *[1] * (stratum.ndim - 1)) for j in range(3))
    weight = jnp.where(stratum == 0, none, jnp.where(stratum == 1, one, both)) * (once & k_exists & l_exists)
    error = read_pairs(read, a, pairs, m, factored) - (stratum == 2)
    return jnp.sum(weight * to_power(error, power)) / a.shape[0]


def to_power(error: Array, power: int | float) -> Array:
    """|error|^power; even powers as products, whose gradient is finite everywhere."""
    if power in (2, 4, 8):
        squared = error**2
        return squared if power == 2 else squared**2 if power == 4 else (squared**2) ** 2
    return jnp.abs(error) ** power

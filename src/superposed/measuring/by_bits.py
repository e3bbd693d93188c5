"""Sums over neurons of all pairs of features, by counting bits instead of multiplying.

Where the code has two values and activations are whole numbers, neurons of the same activation a are counted together:

    signs, V_ik = +-1:    S_kl = sum_i a_i V_ik V_il = sum_i a_i - 2 sum_a a #{i : a_i = a, V_ik != V_il}
    wires, V_ik = 0, 1:   S_kl = sum_a a #{i : a_i = a, V_ik = V_il = 1}

A word holds 32 neurons of one activation, so a pair costs one comparison and one count of bits a word. On a CPU that is
about five times as fast as the matrix product. The sums are whole numbers below 2^24, so they are the product's, bit
for bit.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt

WORD = 32
AT_ONCE = 4
"""Words that are counted before the sums are written back."""
MOST_LEVELS = 8
"""With more active features than these, activations take so many values that words stay half empty."""


class Words(NamedTuple):
    """The active neurons of one input, sorted by rung and then by activation, in whole words.

    Args:
      bits: of each feature's code.
      level: the activation of the word's neurons.
      end: how many words come before the end of each rung.
      total: sum of the activations up to each rung.
    """

    bits: UInt[Array, "w m"]
    level: Int[Array, " w"]
    end: Int[Array, " r"]
    total: Int[Array, " r"]


def packed(code: Float[Array, "d m"]) -> UInt[Array, "d p"]:
    """Whether the code is positive, 32 features a word; the last word is filled up with zeros."""
    d, m = code.shape
    bits = jnp.pad(code > 0, ((0, 0), (0, -m % WORD))).reshape(d, -1, WORD).astype(jnp.uint32)
    return (bits << jnp.arange(WORD, dtype=jnp.uint32)).sum(axis=-1).astype(jnp.uint32)


def words_of(rows: UInt[Array, "d p"], a: Float[Array, " d"], width: Int[Array, " r"], levels: int, m: int) -> Words:
    """The words of one input.

    Args:
      rows: the packed code.
      a: activations, whole numbers up to `levels`.
      width: of each rung, in rising order; the last one holds every active neuron.
      m: features.
    """
    d, level = a.shape[0], a.astype(jnp.int32)
    so_far = jnp.cumsum(level[:, None] == jnp.arange(1, levels + 1), axis=0)
    up_to = jnp.where(width[:, None] > 0, so_far[width - 1], 0)  # active neurons before each rung's end, by level
    before = jnp.pad(up_to, ((1, 0), (0, 0)))[:-1]
    size = -(-(up_to - before) // WORD)  # in words, by rung and level
    end = jnp.cumsum(size.ravel()).reshape(size.shape)

    passed = lambda edges, n: (jnp.arange(n)[:, None] >= edges).sum(axis=1)  # compiles sooner than a binary search
    rung = jnp.minimum(passed(width, d), len(width) - 1)
    column = jnp.maximum(level - 1, 0)
    rank = so_far[jnp.arange(d), column] - 1 - before[rung, column]
    n_words = -(-d // WORD) + size.size + AT_ONCE
    place = jnp.where(level > 0, (end - size)[rung, column] * WORD + rank, n_words * WORD)
    neuron = jnp.full(n_words * WORD, d, jnp.int32).at[place].set(jnp.arange(d, dtype=jnp.int32), mode="drop")
    by_feature = jnp.pad(rows, ((0, 1), (0, 0)))[neuron].reshape(n_words, WORD, -1)
    bits = jnp.swapaxes(transposed(by_feature), 1, 2).reshape(n_words, -1)[:, :m]
    which = passed(end.ravel(), n_words)
    return Words(bits, (which % levels + 1).astype(jnp.int32), end[:, -1], up_to @ jnp.arange(1, levels + 1))


def transposed(x: UInt[Array, "w 32 p"]) -> UInt[Array, "w 32 p"]:
    """Every 32 x 32 block of bits transposed: bit i of entry (w, f, p) becomes bit f of (w, i, p).

    Halves, quarters, ... of the block change places (Warren, Hacker's Delight, section 7-3).
    """
    n, _, p = x.shape
    for shift, mask in ((16, 0xFFFF), (8, 0xFF00FF), (4, 0xF0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        pairs = x.reshape(n, WORD // (2 * shift), 2, shift, p)
        low, high = pairs[:, :, 0], pairs[:, :, 1]
        change = ((low >> shift) ^ high) & jnp.uint32(mask)
        x = jnp.stack([low ^ (change << shift), high ^ change], axis=2).reshape(n, WORD, p)
    return x


def count(
    words: Words, signs: bool, first: Int[Array, ""], until: Int[Array, ""], left: UInt[Array, "w k"],
    right: UInt[Array, "w l"], so_far: Int[Array, "k l"],
) -> Int[Array, "k l"]:  # fmt: skip
    """so_far + sum over words first, ..., until - 1 of a times the bits in which two features differ, or are both on.

    Args:
      left, right: columns of `words.bits`.
    """

    def add(n: Int[Array, ""], counts: Int[Array, "k l"]) -> Int[Array, "k l"]:
        start = first + n * AT_ONCE
        k, l, level = (jax.lax.dynamic_slice_in_dim(x, start, AT_ONCE) for x in (left, right, words.level))
        level = jnp.where(start + jnp.arange(AT_ONCE) < until, level, 0)
        for w in range(AT_ONCE):
            pairs = (k[w][:, None] ^ l[w]) if signs else (k[w][:, None] & l[w])
            counts = counts + level[w] * jax.lax.population_count(pairs).astype(jnp.int32)
        return counts

    return jax.lax.fori_loop(0, -(-(until - first) // AT_ONCE), add, so_far)

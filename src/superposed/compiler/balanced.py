"""Random orders of n things as pure functions of their index, so that a code of any size needs no memory."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key, UInt

ROUNDS = 4


def mixed(x: UInt[Array, "*shape"]) -> UInt[Array, "*shape"]:
    """A hash of 32 bits, one to one (the finaliser of MurmurHash3)."""
    x = (x ^ (x >> 16)) * jnp.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * jnp.uint32(0xC2B2AE35)
    return x ^ (x >> 16)


def order_keys(key: Key[Array, ""], blocks: int) -> UInt[Array, "blocks rounds"]:
    """What distinguishes the random orders of several blocks."""
    return jax.random.bits(key, (blocks, 2 * ROUNDS))


def rank(i: Int[Array, "*shape"], keys: UInt[Array, " rounds"], n: Int[Array, ""] | int) -> Int[Array, "*shape"]:
    """The place of thing i in a random order of n, in 0, ..., n - 1; `thing` is its inverse.

    A Feistel network: i is written as two digits, and each in turn is shifted by a hash of the other. The two digits
    count a little further than n, so places beyond n go round again.
    """
    return _inside(lambda x: _rounds(x, keys, n, range(2 * ROUNDS), 1), i, n)


def thing(place: Int[Array, "*shape"], keys: UInt[Array, " rounds"], n: Int[Array, ""] | int) -> Int[Array, "*shape"]:
    """The thing at a place of the random order: the inverse of `rank`."""
    return _inside(lambda x: _rounds(x, keys, n, reversed(range(2 * ROUNDS)), -1), place, n)


def _inside(step, x, n):
    return jax.lax.while_loop(lambda y: (y >= n).any(), lambda y: jnp.where(y >= n, step(y), y), step(x))


def _rounds(x, keys, n, numbers, sign):
    high_base = jnp.sqrt(jnp.asarray(n, jnp.float32)).astype(jnp.int32) + 1
    low_base = -(-n // high_base)
    high, low = x // low_base, x % low_base
    for number in numbers:
        if number % 2:
            shift = (mixed(high.astype(jnp.uint32) + keys[number]) >> 1).astype(jnp.int32) % low_base
            low = (low + sign * shift) % low_base
        else:
            shift = (mixed(low.astype(jnp.uint32) + keys[number]) >> 1).astype(jnp.int32) % high_base
            high = (high + sign * shift) % high_base
    return high * low_base + low

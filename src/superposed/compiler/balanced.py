"""Random orders of n things as pure functions of their index, so that a code of any size needs no memory."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key, UInt

ROUNDS = 4
BASES = 64  # numbers of values that are tried for the first digit


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
    may count a little further than n; places beyond n go round again.
    """
    return _inside(lambda x: _rounds(x, keys, n, range(2 * ROUNDS), 1), i, n)


def thing(place: Int[Array, "*shape"], keys: UInt[Array, " rounds"], n: Int[Array, ""] | int) -> Int[Array, "*shape"]:
    """The thing at a place of the random order: the inverse of `rank`."""
    return _inside(lambda x: _rounds(x, keys, n, reversed(range(2 * ROUNDS)), -1), place, n)


def _inside(step, x, n):
    return jax.lax.while_loop(lambda y: (y >= n).any(), lambda y: jnp.where(y >= n, step(y), y), step(x))


def _rounds(x, keys, n, numbers, sign):
    high_base = _high_base(n)
    low_base = -(-n // high_base)
    high, low = _digits(x, low_base)
    for number in numbers:
        if number % 2:
            low = _turned(low, _shift(high, keys[number], low_base), low_base, sign)
        else:
            high = _turned(high, _shift(low, keys[number], high_base), high_base, sign)
    return high * low_base + low


def _high_base(n):
    """How many values the first digit has: of a few near the root of n, the one that leaves fewest places beyond n.

    None is left where it divides n. Then no thing goes round again, which would cost a pass over all of them.
    """
    root = jnp.sqrt(jnp.asarray(n, jnp.float32)).astype(jnp.int32) + 1
    bases = jnp.maximum(root - jnp.arange(BASES), root // 2 + 1)
    return bases[jnp.argmin(-n % bases)]


def _digits(x, base):
    """(x // base, x % base) without an integer division, which processors do one at a time; exact below 2^31."""
    high = (x.astype(jnp.float32) / base).astype(jnp.int32)
    low = x - high * base
    few = jnp.where(low < 0, -1, jnp.where(low >= base, 1, 0))  # the quotient's rounding, below 2^-24 of itself
    return high + few, low - few * base


def _shift(digit, key, base):
    """A hash of the digit in 0, ..., base - 1: the upper 16 bits as a fraction of base, which is below 2^16."""
    return ((mixed(digit.astype(jnp.uint32) + key) >> 16) * base.astype(jnp.uint32) >> 16).astype(jnp.int32)


def _turned(digit, shift, base, sign):
    turned = digit + sign * shift
    return turned - sign * jnp.where((turned >= base) if sign > 0 else (turned < 0), base, 0)

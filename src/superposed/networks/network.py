"""A network as a pytree of arrays: the encoding of its input, its layers, and a read-off of the gates."""

from functools import reduce
from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

CHUNK = 128
"""Contractions run over this many terms at a time, so that zero padding adds exact zeros and changes no bit."""


def matmul(a: Float[Array, "n k"], b: Float[Array, "k *p"]) -> Float[Array, "n *p"]:
    """a @ b in full float32 (accelerators otherwise round to bf16 or TF32), for a [n, k] and b [k] or [k, p].

    The contraction is summed in chunks of fixed size from the first to the last: a product padded with zeros gives the
    same bits, whatever the padding.
    """
    padding = -a.shape[1] % CHUNK
    a = jnp.pad(a, ((0, 0), (0, padding)))
    b = jnp.pad(b, ((0, padding),) + ((0, 0),) * (b.ndim - 1))

    def add_chunk(i: Int[Array, ""], total: Array) -> Array:
        left, right = (jax.lax.dynamic_slice_in_dim(x, i * CHUNK, CHUNK, axis) for x, axis in ((a, 1), (b, 0)))
        return total + jnp.matmul(left, right, precision=jax.lax.Precision.HIGHEST)

    zero = jnp.zeros((a.shape[0], *b.shape[1:]), jnp.float32)
    return jax.lax.fori_loop(0, a.shape[1] // CHUNK, add_chunk, zero)


class Layer(NamedTuple):
    """One ReLU layer, x -> ReLU(W x + b), with W kept as a product of factors W = F_0 F_1 ... F_n.

    Args:
      factors: matrices whose product, from left to right, is the weight matrix W [d_out, d_in]. They are applied from
        the right one after the other, so that W = V Phi^T costs O((d + d_in) m) an input instead of O(d m d_in) once.
      b: bias [d_out].
    """

    factors: tuple[Float[Array, "_ _"], ...]
    b: Float[Array, " d"]

    @property
    def w(self) -> Float[Array, "d d_in"]:
        """The weight matrix, multiplied out."""
        return reduce(matmul, self.factors)

    def __call__(self, x: Float[Array, " d_in"]) -> Float[Array, " d"]:
        for factor in reversed(self.factors):
            x = matmul(factor, x)
        return self.activation(x + self.b)

    def activation(self, z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """What a neuron makes of its pre-activation: ReLU(z)."""
        return jax.nn.relu(z)


class SquareLayer(Layer):
    """A layer of quadratic neurons, x -> (W x + b)^2. One of them is two ReLUs that are squared: z^2 is even in z."""

    def activation(self, z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        return z**2


@runtime_checkable
class ReadOff(Protocol):
    """Linear read-offs of every pair's AND from an activation a [d]."""

    def block(self, a: Float[Array, " d"], k: Int[Array, " n"], l: Int[Array, " p"]) -> Float[Array, "n p"]:
        """Read-offs of all n x p pairs of one feature of k with one of l."""

    def with_all(self, a: Float[Array, " d"], k: Int[Array, ""]) -> Float[Array, " m"]:
        """Read-offs of the pairs of feature k with every feature."""


class Network(NamedTuple):
    """A network on boolean features with a linear read-off of their ANDs; its layers are ReLUs unless they say other.

    Args:
      encoding: Phi [d_in, m], columns the feature directions; None for features aligned with the input's coordinates.
      layers: applied from first to last.
      read_off: how the pairs' ANDs are read from the last layer.
    """

    encoding: Float[Array, "d_in m"] | None
    layers: tuple[Layer, ...]
    read_off: ReadOff


def encode(network: Network, b: Float[Array, " m"]) -> Float[Array, " d_in"]:
    """The network's input x = Phi b, or b itself when features are aligned."""
    return b if network.encoding is None else matmul(network.encoding, b)


def hidden(network: Network, b: Float[Array, " m"]) -> Float[Array, " d"]:
    """The last hidden activation on features b: a = ReLU(W_L ... ReLU(W_1 x + b_1) ... + b_L), x = Phi b."""
    x = encode(network, b)
    for layer in network.layers:
        x = layer(x)
    return x

"""Every read-off of every input with two active features, in one matrix product: for small layers, exactly.

With s = 2 an input turns on one of the F = C(m, 2) gates. Column i of A [d, F] is the layer's activation on input i.
Row j of R [F, d] is the read-off of gate j, and M = R A should be the identity. `constructions.read_by.ReadBy` reads
the same way for any s, inside the common measurement.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from superposed.bad_input import InputError
from superposed.networks.network import Network, SquareLayer
from superposed.networks.read_off import SharedMean

RIDGE = 1e-9  # added to the diagonal of a a^T, in units of its mean
HOW = ("own", "centred", "sign", "least squares")


class Quality(NamedTuple):
    """The errors M - I, with I the identity.

    Args:
      rms: root mean square over all gates and inputs.
      strata, q99: root mean square, and 99% quantile of the absolute error, of pairs with none, one, both active.
    """

    rms: float
    strata: tuple[float, float, float]
    q99: tuple[float, float, float]


def all_pairs(m: int) -> Int[np.ndarray, "gates 2"]:
    """The pairs k < l of m features, in lexicographic order."""
    return np.stack(np.triu_indices(m, 1), axis=1)


def reach_of(network: Network, width: int) -> Float[np.ndarray, "d m"]:
    """W Phi, what each feature adds to the pre-activations of the first `width` neurons."""
    (layer,) = network.layers
    phi = None if network.encoding is None else np.asarray(network.encoding, float)
    product = None
    for factor in (*layer.factors, *(() if phi is None else (phi,))):
        product = np.asarray(factor, float)[:width] if product is None else product @ np.asarray(factor, float)
    return product


def quality(network: Network, width: int, how: str, inputs: Int[np.ndarray, "n 2"] | None = None) -> Quality:
    """The errors of the read-offs from a layer's first `width` neurons.

    "own" takes the network's code, "centred" takes W Phi less its mean over features, and "sign" takes the signs of
    that. They are scaled so that active pairs read 1 on average; a `SharedMean` is divided by each pair's number of
    neurons. "least squares" is S^-1 mu / (mu^T S^-1 mu) with S the mean of a a^T over all C(m, 2) inputs and mu a
    gate's own activation.

    Args:
      inputs: pairs of active features that are looked at; None takes all.

    Raises:
      InputError: the way of reading is unknown.
    """
    if how not in HOW:
        raise InputError("how", how, f"one of {', '.join(HOW)}")
    reach = reach_of(network, width)
    m = reach.shape[1]
    pairs = all_pairs(m)
    bias = np.asarray(network.layers[0].b, float)[:width, None]
    z = reach[:, pairs[:, 0]] + reach[:, pairs[:, 1]] + bias
    a = z**2 if isinstance(network.layers[0], SquareLayer) else np.maximum(z, 0)
    if how == "least squares":
        second = a @ a.T
        read = np.linalg.solve(second + RIDGE * np.trace(second) / width * np.eye(width), a).T
        read /= np.maximum(np.einsum("fd,df->f", read, a), 1e-300)[:, None]
    else:
        code = reach - reach.mean(axis=1, keepdims=True)
        code = np.asarray(network.read_off.code, float)[:width] if how == "own" else code
        code = np.sign(code) if how == "sign" else code
        read = (code[:, pairs[:, 0]] * code[:, pairs[:, 1]]).T
        if how == "own" and isinstance(network.read_off, SharedMean):
            read /= np.maximum(read.sum(axis=1, keepdims=True), 1)
        else:
            read /= np.einsum("fd,df->f", read, a).mean()
    return _judge(read, a, pairs, inputs)


def _judge(read: np.ndarray, a: np.ndarray, pairs: np.ndarray, inputs: np.ndarray | None) -> Quality:
    """The errors of all gates on the inputs, by how many of a gate's features are active."""
    m = pairs.max() + 1
    number = np.zeros((m, m), int)
    number[pairs[:, 0], pairs[:, 1]] = np.arange(len(pairs))
    chosen = np.arange(len(pairs)) if inputs is None else number[inputs[:, 0], inputs[:, 1]]
    active = np.zeros((m, len(chosen)), np.int8)
    active[pairs[chosen].T, np.arange(len(chosen))] = 1
    stratum = active[pairs[:, 0]] + active[pairs[:, 1]]
    error = read @ a[:, chosen] - (stratum == 2)
    by_stratum = [error[stratum == j] for j in range(3)]
    return Quality(
        float(np.sqrt(np.mean(error**2))),
        tuple(float(np.sqrt(np.mean(e**2))) for e in by_stratum),
        tuple(float(np.quantile(np.abs(e), 0.99)) for e in by_stratum),
    )

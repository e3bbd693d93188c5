"""What is known about one circuit layer of a compiled network, and the activations of that layer."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from superposed.bad_input import InputError
from superposed.compiler.file import CompiledNetwork, relu_layer, thinned


class LayerTruth(NamedTuple):
    """The features of one circuit layer, as they lie in the activations of a network layer.

    Args:
      directions: row k is the activation when feature k alone is on.
      read_off: row k is the vector whose product with an activation is near 1 where feature k is on, else near 0.
      threshold: feature k is on where its read-off exceeds this.
      network_layer: the network layer whose activations these are, counted from 0.
    """

    directions: Float[np.ndarray, "m d"]
    read_off: Float[np.ndarray, "m d"]
    threshold: float
    network_layer: int


def layer_truth(compiled: CompiledNetwork, layer: int) -> LayerTruth:
    """The ground truth of circuit layer `layer` = 1, 2, ..., depth.

    Raises:
      InputError: there is no such layer.
    """
    check_layer(compiled, layer)
    features = compiled.features(layer)
    d = len(compiled.tensors[f"layers.{features.layer}.bias"])
    read_off = features.matrix(features.read_off, d).toarray()
    return LayerTruth(features.dictionary(d), read_off, features.threshold, features.layer)


def check_layer(compiled: CompiledNetwork, layer: int) -> None:
    """Raises InputError unless the circuit has this layer of gates."""
    depth = compiled.metadata["depth"]
    if not 1 <= layer <= depth:
        raise InputError("layer", layer, f"the circuit has the layers 1 to {depth}; choose one of them")


def layer_weights(compiled: CompiledNetwork, network_layer: int) -> Float[np.ndarray, "d d_in"]:
    """The weight matrix of a network layer, a = ReLU(weight @ a_before + bias)."""
    return compiled.tensors[f"layers.{network_layer}.weight"].astype(np.float32)


def first_weights(compiled: CompiledNetwork, layer: int) -> Float[np.ndarray, "d d_in"]:
    """The weights that read circuit layer `layer` - 1: those of the first network layer that computes `layer`."""
    before = layer_truth(compiled, layer - 1).network_layer if layer > 1 else -1
    return layer_weights(compiled, before + 1)


def activations(
    compiled: CompiledNetwork, b: Float[np.ndarray, "batch m"], network_layer: int
) -> Float[np.ndarray, "batch d"]:
    """The activations after network layer `network_layer` on inputs b of zeros and ones."""
    a = compiled.encode(b.astype(np.float32))
    for index in range(network_layer + 1):
        a = relu_layer(a, thinned(compiled.tensors[f"layers.{index}.weight"]), compiled.tensors[f"layers.{index}.bias"])
    return a

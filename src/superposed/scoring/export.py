"""A compiled network in the form that other libraries load."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from safetensors.numpy import save_file

from superposed.bad_input import InputError
from superposed.compiler.file import CompiledNetwork
from superposed.scoring.truth import layer_truth

MOST_BYTES = 2**31 - 2**20  # what an ONNX file can hold: a protocol buffer ends at 2 GiB


class Affine(NamedTuple):
    """x -> weight x + bias, then a ReLU or not."""

    weight: Float[np.ndarray, "d_out d_in"]
    bias: Float[np.ndarray, " d_out"]
    relu: bool


def stack(compiled: CompiledNetwork) -> list[Affine]:
    """The network from the circuit's inputs to its last layer's features: the encoding, the ReLU layers, the read-off.

    The read-off has the threshold taken away, so that a feature of the last layer is on where its output is positive.
    """
    encoding = full_encoding(compiled)
    affine = [Affine(encoding, np.zeros(len(encoding), np.float32), relu=False)]
    for layer in range(1, compiled.depth + 1):
        affine += [Affine(w.astype(np.float32), b.astype(np.float32), relu=True) for w, b in compiled.weights(layer)]
    features = compiled.features(compiled.depth)
    read = features.matrix(features.read_off, len(affine[-1].weight)).toarray().astype(np.float32)
    return [*affine, Affine(read, np.full(len(read), -features.threshold, np.float32), relu=False)]


def full_encoding(compiled: CompiledNetwork) -> Float[np.ndarray, "D m"]:
    """The encoding of all inputs, with columns of zeros for those that no gate reads."""
    part = compiled.tensors["encoding"]
    encoding = np.zeros((len(part), compiled.circuit.n_inputs), np.float32)
    encoding[:, compiled.tensors["encoding.inputs"]] = part
    return encoding


def torch_modules(affine: list[Affine]) -> str:
    """The `nn.Sequential` whose state dict `write_torch` writes, as an expression of Python."""
    modules = []
    for each in affine:
        modules.append(f"nn.Linear({each.weight.shape[1]}, {each.weight.shape[0]})")
        if each.relu:
            modules.append("nn.ReLU()")
    return f"nn.Sequential({', '.join(modules)})"


def write_torch(path: Path, affine: list[Affine]) -> None:
    """Writes the state dict of a plain `nn.Sequential`: `model.load_state_dict(torch.load(path))`.

    Raises:
      InputError: PyTorch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise InputError("format", "torch", "needs PyTorch: pip install torch") from None
    state, index = {}, 0
    for each in affine:
        state |= {f"{index}.weight": torch.from_numpy(each.weight), f"{index}.bias": torch.from_numpy(each.bias)}
        index += 2 if each.relu else 1
    part = path.with_name(path.name + ".part")
    torch.save(state, part)
    part.replace(path)


def write_onnx(path: Path, affine: list[Affine]) -> None:
    """Writes an ONNX model from `inputs` [batch, m] to `features` [batch, m_last], on where positive.

    Raises:
      InputError: the package onnx is not installed, or the network is larger than an ONNX file can be.
    """
    try:
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise InputError("format", "onnx", "needs the package onnx: pip install onnx") from None
    size = sum(each.weight.nbytes for each in affine)
    if size > MOST_BYTES:
        raise InputError("format", "onnx", f"holds at most 2 GiB, the weights take {size / 2**30:.3g}; use safetensors")
    nodes, arrays, before = [], [], "inputs"
    for i, each in enumerate(affine):
        arrays += [numpy_helper.from_array(each.weight, f"weight.{i}"), numpy_helper.from_array(each.bias, f"bias.{i}")]
        after = "features" if i == len(affine) - 1 else f"sum.{i}"
        nodes.append(helper.make_node("Gemm", [before, f"weight.{i}", f"bias.{i}"], [after], transB=1))
        if each.relu:
            nodes.append(helper.make_node("Relu", [after], [f"activation.{i}"]))
            after = f"activation.{i}"
        before = after
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("inputs", affine[0].weight.shape[1]), ("features", len(affine[-1].weight)))
    ]
    graph = helper.make_graph(nodes, "superposed", ends[:1], ends[1:], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    part = path.with_name(path.name + ".part")
    onnx.save(model, part)
    part.replace(path)


def write_saelens(path: Path, compiled: CompiledNetwork, layer: int) -> tuple[int, int]:
    """Writes a layer's true directions as the state dict of SAELens's `FeatureDictionary`; returns its (m, d).

        activations = features @ feature_vectors + bias,   with bias = 0

    The network's activations are this sum where the active features share no neuron and none is on by chance. A neuron
    that two of them share has activation 1 in a network of clipped wires, and 2 in the sum. SAELens draws features
    independently of each other; so take activations from `superposed sample`, and from SAELens the scores of
    directions.

    Raises:
      InputError: there is no such layer.
    """
    directions = np.ascontiguousarray(layer_truth(compiled, layer).directions, np.float32)
    part = path.with_name(path.name + ".part")
    save_file({"feature_vectors": directions, "bias": np.zeros(directions.shape[1], np.float32)}, part)
    part.replace(path)
    return directions.shape

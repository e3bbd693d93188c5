"""Recovered components of one circuit layer's weights against the rank-one matrices of its gates.

The weights of a `channels` layer read the features of the layer before and write those of the layer's gates:

    W ~ sum_g out_g in_g^T

where in_g reads the inputs of gate g, and out_g is one on the neurons that carry the gate. Where wires are summed this
is an equation. Where wires that several gates share are counted once, the rest is reported as `residual`.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from superposed.bad_input import InputError
from superposed.compiler.file import CompiledNetwork
from superposed.scoring.dictionary import check_finite, cosines, match
from superposed.scoring.sample import Sample, from_table
from superposed.scoring.truth import check_layer, first_weights, layer_truth


class Components(NamedTuple):
    """Rank-one components out_c in_c^T of a weight matrix [d_out, d_in], and how important each is on sampled inputs.

    Args:
      out: of every component, on the neurons of the layer.
      into: of every component, on the neurons of the layer before (on the encoding, in layer 1).
      importance: causal importances from 0 to 1 on the rows of a sample.
    """

    out: Float[np.ndarray, "n d_out"]
    into: Float[np.ndarray, "n d_in"]
    importance: Float[np.ndarray, "rows n"] | None = None


def gate_components(compiled: CompiledNetwork, layer: int) -> Components:
    """The true components of a circuit layer, one a gate, with one common scale that fits the stored weights best.

    Raises:
      InputError: no such layer, or a template whose layers are no sums of gates.
    """
    check_layer(compiled, layer)
    gates, weights = compiled.circuit.layers[layer - 1], first_weights(compiled, layer)
    if compiled.metadata["template"].startswith("correct") or (gates.inputs < -1).any():
        rule = "has layers that are no sums of gates; score a network of template channels, without inhibitors"
        raise InputError("template", compiled.metadata["template"], rule)
    second, _ = compiled.weights(layer)[1]  # which neurons of the first ReLU layer a unit is made of
    sign = np.sign(weights.sum(1))
    carried = ((layer_truth(compiled, layer).read_off != 0) @ (second != 0)).astype(bool) * sign
    before = (
        layer_truth(compiled, layer - 1).read_off if layer > 1 else compiled.encode(np.eye(compiled.circuit.n_inputs))
    )
    into = np.zeros((len(gates.op), weights.shape[1]), np.float32)
    for slot in gates.inputs.T:
        into += np.where((slot >= 0)[:, None], before[slot], 0)
    out = np.ascontiguousarray(carried, np.float32)
    made = out.T @ into
    scale = float((made * weights).sum(dtype=np.float64) / max((made**2).sum(dtype=np.float64), 1e-30))
    return Components(out * np.float32(scale), into)


def component_scores(
    truth: Components, found: Components, weights: Float[np.ndarray, "d_out d_in"], on: np.ndarray | None
) -> dict[str, float]:
    """How well components agree with the true ones.

    Args:
      on: which gates are on [rows, m], for the importances.

    Returns:
      mmcs: the mean over true components of the largest |cos| with any recovered one, as matrices (mean max cosine
        similarity, Braun et al. 2025, arXiv 2501.14926).
      ml2r: the mean over true components of |best| / |true|, with `best` the recovered component of largest |cos| (mean
        L2 ratio, same source). Below 1 a component is only part of its gate.
      residual: |W - sum of the components| / |W|.
      needed_error, idle_error: the mean of |importance - truth| over pairs of row and gate, with the gate on and off,
        after matching components to gates (Hungarian method on |cos|). A gate that is on is needed (truth 1): without
        it a true bit is lost. One that is off is not (truth 0). A gate without a component has importance 0.
    """
    cosine = cosines(truth.out, found.out) * cosines(truth.into, found.into)
    best = cosine.argmax(1)
    size = lambda c: np.linalg.norm(c.out, axis=1) * np.linalg.norm(c.into, axis=1)
    scores = {
        "mmcs": float(cosine.max(1).mean()),
        "ml2r": float((size(found)[best] / size(truth)).mean()),
        "residual": float(np.linalg.norm(weights - found.out.T @ found.into) / np.linalg.norm(weights)),
    }
    if found.importance is None or on is None:
        return scores
    matched = match(cosine)
    importance = np.zeros(on.shape, np.float32)
    importance[:, matched.feature] = found.importance[:, matched.latent]
    error = np.abs(importance - on)
    mean = lambda where: float(error[where].mean()) if where.any() else float("nan")
    return scores | {"needed_error": mean(on > 0), "idle_error": mean(on == 0)}


def score_components(
    compiled: CompiledNetwork, layer: int, found: Components, sample: Sample | None = None, seed: int = 0
) -> dict[str, dict[str, float]]:
    """The table of a circuit layer's components, {row: {score: value}}: the tool's, the floors, and the true gates.

    Floors: as many random components, the singular vectors, and the rows of the weights (one component a neuron).

    Raises:
      InputError: components or importances that do not fit, or as `gate_components`.
    """
    truth, weights = gate_components(compiled, layer), first_weights(compiled, layer)
    check_components(found, weights, None if sample is None else len(sample.activations))
    on = None if sample is None else from_table(sample.features, len(truth.out)).toarray()
    left, values, right = np.linalg.svd(weights, full_matrices=False)
    rank = min(len(found.out), len(values))
    rng, n = np.random.default_rng(seed), len(found.out)
    random = [rng.normal(size=(n, k)).astype(np.float32) / np.sqrt(k) for k in weights.shape]
    rows = {
        "recovered": found,
        "random components": Components(random[0] * np.float32(np.linalg.norm(weights) / np.sqrt(n)), random[1]),
        "singular vectors": Components(left[:, :rank].T * values[:rank, None], right[:rank]),
        "neurons": Components(np.eye(len(weights), dtype=np.float32), weights),
        "true gates": truth._replace(importance=on),
    }
    return {name: component_scores(truth, each, weights, on) for name, each in rows.items()}


def check_components(found: Components, weights: Float[np.ndarray, "d_out d_in"], rows: int | None) -> None:
    """Raises InputError for components that do not fit the weights, or importances that do not fit the sample."""
    for name, value, size in (("out", found.out, weights.shape[0]), ("into", found.into, weights.shape[1])):
        if value.ndim != 2 or value.shape[1] != size or len(value) != len(found.out) or not len(value):
            raise InputError(f"{name}.shape", value.shape, f"one component a row, ({len(found.out) or 'n'}, {size})")
        check_finite(name, value)
    importance = found.importance
    if importance is None:
        return
    if rows is None:
        raise InputError(
            "importance.shape", importance.shape, "importances need the sample that they are of; give it too"
        )
    if importance.shape != (rows, len(found.out)):
        rule = f"a row an activation and a column a component, ({rows}, {len(found.out)})"
        raise InputError("importance.shape", importance.shape, rule)
    check_finite("importance", importance)
    if not ((importance >= 0) & (importance <= 1)).all():
        raise InputError("importance", f"{importance.min()} to {importance.max()}", "lies between 0 and 1")

"""Recompute from a compiled network's plain arrays what its file claims, one layer at a time."""

from typing import NamedTuple

import jax
import numpy as np
import scipy.sparse as sp

from superposed.circuits.circuit import Circuit, evaluate_active, wires
from superposed.circuits.inputs import Inputs, domain_of, input_rng, inputs_to_check
from superposed.compiler.certificate import can_be_certified, worst_sets
from superposed.compiler.check import Check, gather, leave_out
from superposed.compiler.contents import digest, metadata_digest
from superposed.compiler.file import CompiledNetwork, Features, relu_layer, thinned
from superposed.compiler.template import template_of
from superposed.compiler.tensor_shapes import wrong_tensors
from superposed.compiler.write import turned_on_by

TOLERANCE = 1e-3  # between read-offs of the plain weights and of the factors they were multiplied out from
ROWS = 256  # inputs, or directions, looked at in one dense array


class Verification(NamedTuple):
    """What a compiled network did, and how that compares with its file.

    Args:
      found: the check on this run's inputs; None where the arrays do not fit together.
      problems: ways in which the file is not as claimed. notes: what other inputs than those of `compile` show.
      extra: neurons on by chance beside the directions of the features that are on, mean over gates turned on alone.
    """

    found: Check | None
    problems: list[str]
    notes: list[str]
    extra: float = 0.0


def verify_network(compiled: CompiledNetwork, n_inputs: int, seed: int, all_inputs: bool = False) -> Verification:
    """Runs the plain weights on every input of the domain, or n drawn ones, and recomputes every claim.

    Inputs are drawn as `compile` draws them, the same ones for its seed and number. Digests are compared too; they
    protect against accident, not against intent.

    Raises:
      InputError: `all_inputs` where there are more than two million.
    """
    metadata = compiled.metadata
    problems = [f"{name} is not the one that was written" for name in changed(compiled)]
    unfit = lambda why: Verification(None, [*problems, f"its tensors do not fit together: {why}"], [])
    try:
        circuit = compiled.circuit
        if wrong := list(wrong_tensors(compiled, circuit)):
            return unfit("; ".join(wrong))
    except (KeyError, IndexError, ValueError, TypeError, RecursionError) as error:
        return unfit(error)
    problems += wrong_claims(compiled, circuit)
    s, claimed = metadata["s"], metadata["check"]
    domain = domain_of(circuit, metadata["s_inputs"])
    drawn = inputs_to_check(input_rng(jax.random.key(seed)), circuit, domain, n_inputs, all_inputs)
    same = not drawn.exhaustive and (seed, n_inputs) == (metadata["seed"], claimed["inputs"])
    inputs, left_out = leave_out(circuit, drawn, s)
    found, off, extra = run_layers(compiled, circuit, inputs)
    problems += [f"features.{depth}.directions are not what a forward pass shows" for depth in off]
    problems += [
        f"claims layer {depth} as certified, but its weights do not prove it"
        for depth in metadata["worst_case"]["certified"]
        if depth <= len(circuit.layers) and not is_certified(compiled, circuit, depth)
    ]
    found = found._replace(exhaustive=drawn.exhaustive, left_out=left_out)
    if found.wrong_bits:
        bits = f"{found.wrong_bits} wrong bit{'s' * (found.wrong_bits > 1)} on {describe(found)}"
        return Verification(found, [*problems, bits], [], extra)
    more, notes = compare_checks(found, claimed, same)
    if wrong := metadata["worst_case"]["wrong"]:
        tried = metadata["worst_case"]["tried"]
        notes.append(f"`compile` found wrong bits on {wrong:,} of {tried:,} inputs that it chose to do harm in layer 1")
    return Verification(found, problems + more, notes, extra)


def describe(check: Check) -> str:
    """The inputs of a check, in words."""
    left = f", {check.left_out:,} left out with too many active features" if check.left_out else ""
    if check.exhaustive:
        return f"all {check.inputs:,} inputs of the domain{left}"
    return f"{check.inputs:,} drawn inputs ({check.different:,} different ones{left})"


def changed(compiled: CompiledNetwork) -> list[str]:
    """Names of tensors whose digest is not the one in the file; "metadata" for that."""
    now = {name: digest(compiled.tensors[name]) for name in compiled.tensors}
    now["metadata"] = metadata_digest(compiled.metadata)
    claimed = compiled.metadata["digests"]
    return [name for name in sorted({*now, *claimed}) if now.get(name) != claimed.get(name)]


def wrong_claims(compiled: CompiledNetwork, circuit: Circuit) -> list[str]:
    """Claims of the metadata that are not what the arrays say."""
    tensors, metadata = compiled.tensors, compiled.metadata
    n_layers = sum(name.endswith(".weight") for name in tensors)
    is_so = {
        "width": max(len(tensors[f"layers.{i}.bias"]) for i in range(n_layers)),
        "features": max(circuit.widths[1:]),
        "encoding": len(tensors["encoding"]),
        "depth": len(circuit.layers),
        "relu_layers": n_layers,
        "state": max(int(tensors[f"features.{n}.unit"].max()) + 1 for n in range(1, len(circuit.layers) + 1)),
    }
    problems = [
        f"claims {name} {metadata[name]:,}, but it is {value:,}"
        for name, value in is_so.items()
        if metadata[name] != value
    ]
    check = metadata["check"]
    count = domain_of(circuit, metadata["s_inputs"]).count(2**53)
    seen = check["different"] + check["left_out"]
    if check["exhaustive"] and not (check["inputs"] == check["different"] and seen == count):
        many = f"{'more than ' * (count > 2**53)}{count:,}"
        problems.append(f"claims a check of all {seen:,} inputs, but the domain has {many}")
    if check["wrong_bits"] or check["different"] > check["inputs"]:
        numbers = f"{check['inputs']} inputs, {check['different']} different ones"
        problems.append(f"claims {check['wrong_bits']} wrong bits on {numbers}")
    worst = metadata["worst_case"]
    if (
        not set(worst["certified"]) <= set(range(1, len(circuit.layers) + 1))
        or not 0 <= worst["wrong"] <= worst["tried"]
    ):
        problems.append(
            f"claims layers {worst['certified']} as certified, and {worst['wrong']} of {worst['tried']} wrong"
        )
    if not abs(check.get("largest_error", np.nan) - max(1 - check["lowest_active"], check["highest_idle"])) <= 1e-9:
        problems.append("claims a largest error that does not follow from its lowest active and highest idle read-off")
    return problems


def is_certified(compiled: CompiledNetwork, circuit: Circuit, depth: int) -> bool:
    """Whether plain weights prove that no s features, stored exactly, turn an idle gate of this layer on.

    The layer must be steps ReLU(1 - ReLU(T - W h)) with W >= 0, and a gate must be read as on only if all of its units
    are on. Then `certificate.worst_sets` decides, on the counts that each feature's direction brings to each unit.
    """
    gates, features, layers = circuit.layers[depth - 1], compiled.features(depth), list(compiled.stored_weights(depth))
    if len(layers) != 2 or not can_be_certified(gates, circuit.widths[depth - 1]):
        return False
    (weight, bias), (second, ones) = layers
    is_used = features.read_off != 0
    all_needed = 1 - np.where(is_used, features.read_off, 1).min() < features.threshold
    if weight.ndim != 2 or weight.max() > 0 or second.ndim != 1 or not all_needed:
        return False
    if (second != -1).any() or (ones != 1).any():
        return False
    if depth == 1:
        states = sp.csr_array(compiled.encode(sp.eye_array(circuit.n_inputs, format="csr", dtype=np.float32)))
    else:
        before = compiled.features(depth - 1)
        states = before.matrix(before.directions, weight.shape[1])
    counts = sp.csr_array(-(states @ sp.csr_array(weight.T.astype(np.float32))))
    code = features.matrix(is_used.astype(np.float32), len(bias))
    return worst_sets(counts, bias, code, gates, compiled.metadata["s"]).certified


def run_layers(compiled: CompiledNetwork, circuit: Circuit, inputs: Inputs) -> tuple[Check, list[int], float]:
    """(check of the plain weights, layers whose directions are off, mean neurons on by chance), a layer at a time."""
    overlap = template_of(compiled.metadata["template"], compiled.metadata["s"]).overlap
    b, a, layers, off, extra = inputs.b, sp.csr_array(compiled.encode(inputs.b)), [], [], []
    prior = None
    for depth, gates in enumerate(circuit.layers, start=1):
        weights, features = [(thinned(w), bias) for w, bias in compiled.weights(depth)], compiled.features(depth)
        alone = wires(turned_on_by(gates), circuit.widths[depth - 1]).T.tocsr()
        state = sp.csr_array(compiled.encode(alone)) if prior is None else _state(prior, alone, a.shape[1], overlap)
        far, by_chance = _compare_directions(state, weights, features, evaluate_active(gates, alone))
        off += [depth] * (far > TOLERANCE)
        extra.append(by_chance)
        b = evaluate_active(gates, b)
        a, result = _read(a, weights, features, b)
        layers.append(result)
        prior = features
    check = gather([(inputs.times, b, layers)]) if len(inputs.times) else gather([])
    return check, off, float(np.mean(extra))


def _compare_directions(
    state: sp.csr_array, weights: list, features: Features, on: sp.csr_array
) -> tuple[float, float]:
    """(furthest that a forward pass comes from a stored direction, mean neurons on by chance), a gate a row."""
    far, by_chance = 0.0, 0
    directions = features.matrix(features.directions, len(weights[-1][1]))
    for start in range(0, state.shape[0], ROWS):
        rows = slice(start, start + ROWS)
        after = _run(state[rows], weights)
        at = np.take_along_axis(after, features.neurons[rows].astype(int), 1)
        off = np.where(features.read_off[rows] != 0, at - features.directions[rows], 0)
        far = max(far, float(np.abs(off).max(initial=0)))
        by_chance += int(((after > 0.5) & ~((on[rows] @ directions) > 0.5).toarray()).sum())
    return far, by_chance / state.shape[0]


def _state(features: Features, b: sp.csr_array, d: int, overlap: str) -> sp.csr_array:
    """Activations that make features b [batch, m] active and no other."""
    a = (b @ features.matrix(features.directions, d)).tocsr()
    if overlap == "max":
        a.data = np.minimum(a.data, 1)
    return a


def _run(a: sp.csr_array | np.ndarray, weights: list[tuple]) -> np.ndarray:
    for weight, bias in weights:
        a = relu_layer(a, weight, bias)
    return a


def _read(a: sp.csr_array, weights: list, features: Features, truth: sp.csr_array) -> tuple[sp.csr_array, tuple]:
    """The next activations, and (wrong bits, lowest active, highest idle) of their read-offs."""
    parts, wrong, lowest, highest = [], 0, 1.0, 0.0
    for start in range(0, a.shape[0], ROWS):
        after = _run(a[start : start + ROWS], weights)
        read, is_on = features.read(after), truth[start : start + ROWS].toarray() > 0
        wrong += int((((read > features.threshold) != is_on) | ~np.isfinite(read)).sum())
        lowest = min(lowest, float(read[is_on].min(initial=np.inf)))
        highest = max(highest, float(read[~is_on].max(initial=-np.inf)))
        parts.append(sp.csr_array(after))
    return sp.vstack(parts, format="csr"), (wrong, lowest, highest)


def compare_checks(found: Check, claimed: dict, same: bool) -> tuple[list[str], list[str]]:
    """Problems, and notes, where read-offs differ from those claimed.

    Inputs are the same where both checks are of all inputs, or drawn alike. A larger error on others than were checked
    is a note, since it breaks no claim while no bit is wrong.
    """
    off = max(abs(found.lowest_active - claimed["lowest_active"]), abs(found.highest_idle - claimed["highest_idle"]))
    words = f"largest error {found.largest_error:.3g} on {describe(found)}, {claimed['largest_error']:.3g} claimed"
    if found.exhaustive and claimed["exhaustive"]:
        counts = (found.active, found.different, found.left_out)
        same_counts = counts == (claimed["active"], claimed["different"], claimed["left_out"])
        return ([] if off <= TOLERANCE and same_counts else [f"{words}: another check of all inputs than claimed"]), []
    larger = found.largest_error > claimed["largest_error"] + TOLERANCE
    if found.exhaustive and found.largest_error < claimed["largest_error"] - TOLERANCE:
        return [f"{words} on some of them"], []
    if larger and (same or claimed["exhaustive"]):
        return [f"{words} on {'the same ones' if same else 'all inputs'}"], []
    return [], [f"{words} on those of `compile`"] * larger

"""Recompute from a compiled network's dense arrays what its file claims."""

from typing import NamedTuple

import jax
import numpy as np
import scipy.sparse as sp

from superposed.circuits.circuit import Circuit, evaluate_circuit, walk
from superposed.circuits.inputs import Inputs, batches, count_sparse_inputs, input_rng, inputs_to_check
from superposed.compiler.channels import gate_kinds
from superposed.compiler.compile import Check, Template, make_check
from superposed.compiler.file import CompiledNetwork, digests, forward, metadata_digest, stored_circuit

TOLERANCE = 1e-3  # between read-offs of the dense weights and of the factors they were multiplied out from
ROWS = 256  # inputs, or directions, looked at in one dense array


class Verification(NamedTuple):
    """What a compiled network did, and how that compares with its file.

    Args:
      found: the check on this run's inputs; None where the arrays do not fit together.
      problems: ways in which the file is not as claimed. notes: what other inputs than those of `compile` show.
    """

    found: Check | None
    problems: list[str]
    notes: list[str]


def verify_network(compiled: CompiledNetwork, n_inputs: int, seed: int, all_inputs: bool = False) -> Verification:
    """Runs the dense weights on every input with at most s active features, or n drawn ones, and recomputes every claim.

    Inputs are drawn as `compile` draws them, the same ones for its seed and number.

    Raises ValueError for `all_inputs` where there are more than two million.
    """
    tensors, metadata = compiled
    now = {**digests(tensors), "metadata": metadata_digest(metadata)}
    problems = [
        f"{name} is not the one that was written"
        for name in sorted({*now, *metadata["digests"]})
        if now.get(name) != metadata["digests"].get(name)
    ]
    try:
        circuit = stored_circuit(tensors)
        problems += wrong_claims(tensors, circuit, metadata)
    except (KeyError, IndexError, ValueError, TypeError, RecursionError) as error:
        return Verification(None, [*problems, f"its tensors do not fit together: {error}"], [])
    s, claimed = metadata["s"], metadata["check"]
    inputs = inputs_to_check(input_rng(jax.random.key(seed)), circuit, s, n_inputs, all_inputs)
    same = not inputs.exhaustive and (seed, n_inputs) == (metadata["seed"], claimed["inputs"])
    within = np.concatenate([stays_sparse(circuit, rows, s) for rows, _ in batches(inputs)])
    n = int((~within).sum())
    beyond = [f"{n:,} input{'s' * (n > 1)} left out, on which more than s = {s} features of a layer are active"] * (
        n > 0
    )
    try:
        found = run_dense(tensors, circuit, Inputs(inputs.b[within], inputs.times[within], inputs.exhaustive))
    except (KeyError, IndexError, ValueError, TypeError) as error:
        return Verification(None, [*problems, f"its tensors do not fit together: {error}"], [])
    more, notes = compare_checks(found, claimed, same)
    if found.wrong_bits:
        more, notes = [f"{found.wrong_bits} wrong bit{'s' * (found.wrong_bits > 1)} on {describe(found)}"], []
    if claimed["exhaustive"] or same:
        return Verification(found, problems + beyond + more, notes)
    return Verification(found, problems + more, beyond + notes)


def describe(check: Check) -> str:
    """The inputs of a check, in words."""
    if check.exhaustive:
        return f"all {check.inputs:,} inputs with at most s active features"
    return f"{check.inputs:,} random inputs ({check.different:,} different ones)"


def wrong_claims(tensors: dict[str, np.ndarray], circuit: Circuit, metadata: dict) -> list[str]:
    """Claims of the metadata, and stored directions, that are not what the other arrays say."""
    template = metadata["template"]
    per_layer = 2 if template == "correct" else 1
    weights = [tensors[f"layers.{i}.weight"] for i in range(per_layer * len(circuit.layers))]
    is_so = {
        "width": max(len(weight) for weight in weights),
        "features": max(circuit.widths),
        "depth": len(circuit.layers),
        "state": max(
            state_size(tensors[f"layers.{per_layer * depth - 1}.bias"], gates, template)
            for depth, gates in enumerate(circuit.layers, 1)
        ),
    }
    problems = [
        f"claims {name} {metadata[name]:,}, but it is {value:,}"
        for name, value in is_so.items()
        if metadata[name] != value
    ]
    if sum(name.startswith("layers.") and name.endswith(".weight") for name in tensors) != len(weights):
        problems.append(f"has other layers than the {len(weights)} of this template and circuit")
    for depth in range(1, len(circuit.layers) + 1):
        if not same_directions(tensors, depth, template):
            problems.append(f"features.{depth}.directions are not the activations of each feature alone")
    count, check = count_sparse_inputs(circuit.n_inputs, metadata["s"], 2**53), metadata["check"]
    if check["exhaustive"] and not check["inputs"] == check["different"] == count:
        problems.append(
            f"claims a check of all {check['inputs']:,} inputs, but {'more than ' * (count > 2**53)}{count:,} have at most s active features"
        )
    if check["wrong_bits"] or check["different"] > check["inputs"]:
        problems.append(
            f"claims {check['wrong_bits']} wrong bits on {check['inputs']} inputs, {check['different']} different ones"
        )
    if not abs(check["largest_error"] - max(1 - check["lowest_active"], check["highest_idle"])) <= 1e-9:
        problems.append("claims a largest error that does not follow from its lowest active and highest idle read-off")
    return problems


def state_size(bias: np.ndarray, gates, template: Template) -> int:
    """Units of the state that a circuit layer hands on, from its neurons' biases.

    With correction eight neurons are a unit. In channels, biases fall inside a unit and rise, or stay, where the next one
    begins; but they fall too from one kind of gate to one that turns on only beyond where the units before have done all turns.
    """
    if template == "correct":
        return len(bias) // 8
    at, steps = gate_kinds(gates)
    kinds = np.unique(np.stack([at, steps], 1), axis=0)
    return 1 + int((bias[1:] >= bias[:-1]).sum() + (kinds[1:, 0] > kinds[:-1].max(1)).sum())


def same_directions(tensors: dict[str, np.ndarray], depth: int, template: Template) -> bool:
    """Whether a layer's stored directions are those that its read-offs and biases give.

    A neuron of feature k hands on ReLU(t + bias). In channels t is the full count, at which the first neuron of a unit
    that hands on one gives 1; with correction t = +-1, by the unit's sign in the feature's code and in the rounding.
    """
    read_off, stored = tensors[f"features.{depth}.read_off"], tensors[f"features.{depth}.directions"]
    bias = tensors[f"layers.{int(tensors[f'features.{depth}.layer'][0])}.bias"]
    if stored.shape != read_off.shape or read_off.shape != (len(tensors[f"circuit.{depth}.op"]), len(bias)):
        return False
    rising = np.where(np.round(-3 * bias) % 3 == 1, 1, -1)  # the first of the two neurons of a rounding's step
    for start in range(0, len(read_off), ROWS):
        rows = read_off[start : start + ROWS]
        at = (
            np.sign(rows) * rising
            if template == "correct"
            else 1 - np.where(rows != 0, bias, -np.inf).max(1, keepdims=True)
        )
        own = np.where(rows != 0, np.maximum(at + bias, 0), 0)
        if not np.allclose(
            stored[start : start + ROWS] * tensors[f"features.{depth}.direction_unit"], own, atol=TOLERANCE
        ):
            return False
    return True


def stays_sparse(circuit: Circuit, b: sp.csr_array, s: int) -> np.ndarray:
    """Of each input [batch, m], whether at most s features of every layer are active: the others are outside every claim."""
    return np.logical_and.reduce(
        [np.diff(features.indptr) <= s for features in (b, *(f for _, f in walk(circuit.layers, b)))]
    )


def run_dense(tensors: dict[str, np.ndarray], circuit: Circuit, inputs: Inputs) -> Check:
    """As `compiler.check`, of the dense weights."""
    drawn = seen = active = wrong = 0
    lowest, highest = np.inf, -np.inf
    for rows, times in batches(inputs, ROWS):
        b = rows.toarray()
        truths = evaluate_circuit(circuit, b > 0)[1:]
        for depth, (read, truth) in enumerate(zip(forward(tensors, b), truths, strict=True), start=1):
            wrong += int((((read > tensors[f"features.{depth}.threshold"]) != truth) | ~np.isfinite(read)).sum())
            lowest = min(lowest, float(read[truth].min(initial=np.inf)))
            highest = max(highest, float(read[~truth].max(initial=-np.inf)))
        drawn, seen, active = drawn + int(times.sum()), seen + len(times), active + int(times @ truths[-1].sum(1))
    return make_check(drawn, seen, inputs.exhaustive, active, wrong, lowest, highest)


def compare_checks(found: Check, claimed: dict, same: bool) -> tuple[list[str], list[str]]:
    """Problems, and notes, where read-offs differ from those claimed.

    Inputs are the same where both checks are of all inputs, or drawn alike; a larger error on others than were checked is
    a note, since it breaks no claim while no bit is wrong.
    """
    larger = found.largest_error > claimed["largest_error"] + TOLERANCE
    words = f"largest error {found.largest_error:.3g} on {describe(found)}, {claimed['largest_error']:.3g} claimed"
    if found.exhaustive:
        smaller = found.largest_error < claimed["largest_error"] - TOLERANCE
        if claimed["exhaustive"]:
            off = max(
                abs(found.lowest_active - claimed["lowest_active"]), abs(found.highest_idle - claimed["highest_idle"])
            )
            if not off <= TOLERANCE or found.active != claimed["active"]:
                return [
                    f"{words} on the same ones"
                    if larger or smaller
                    else "its check of all inputs gave other read-offs than claimed"
                ], []
        elif smaller:
            return [f"{words} on some of them"], []
    if larger and (same or claimed["exhaustive"]):
        return [f"{words} on {'the same ones' if same else 'all inputs'}"], []
    return [], [f"{words} on those of `compile`"] * larger

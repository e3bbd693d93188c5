"""Compile a circuit into a plain ReLU network, check it against the circuit, and measure what the check shows."""

from typing import Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Key

from superposed.circuits.circuit import Circuit, check_sparsity, walk
from superposed.circuits.inputs import Inputs, batches, input_rng, inputs_to_check
from superposed.compiler.channels import Channels
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import SparseNetwork, check_network

Template = Literal["channels", "correct"]
MOST_TIMES = 80  # the width asked for: how far a width that would do is looked for


class Check(NamedTuple):
    """What a network's read-offs did on checked inputs, over all layers of the circuit.

    Args:
      inputs: number of inputs; different: how many of them differ; exhaustive: whether they are all inputs with at most s
        active features.
      active: how many features of the last layer were on, summed over inputs: a check of nothing but zeros shows little.
      wrong_bits: read-offs on the wrong side of the threshold, each different input counted once.
      lowest_active, highest_idle: the smallest read-off of a feature that is on, the largest of one that is off.
      largest_error: the furthest that a read-off comes from its truth towards the other bit, max(1 - lowest_active, highest_idle).
    """

    inputs: int
    different: int
    exhaustive: bool
    active: int
    wrong_bits: int
    lowest_active: float
    highest_idle: float

    @property
    def largest_error(self) -> float:
        return max(1 - self.lowest_active, self.highest_idle)


def make_check(
    inputs: int, different: int, exhaustive: bool, active: int, wrong: int, lowest: float, highest: float
) -> Check:
    """A check; where no feature was on, or none off, their read-offs are as good as can be."""
    return Check(
        inputs,
        different,
        exhaustive,
        active,
        wrong,
        lowest if np.isfinite(lowest) else 1.0,
        highest if np.isfinite(highest) else 0.0,
    )


def build(key: Key[Array, ""], circuit: Circuit, width: int, s: int, template: Template = "channels") -> SparseNetwork:
    """The template's network for a circuit, not yet checked. Raises ValueError where it has no room."""
    if width < 1:
        raise ValueError(f"width {width}: a network has at least one neuron; use --width 1 or more")
    construction = Channels(c=channel_size(s)) if template == "channels" else Corrected(s)
    return construction(key, circuit, width)


def channel_size(s: int) -> int:
    """Units in a channel: s + 1, so that s active channels, each meeting another in one unit, never cover it; 4 to 6."""
    return min(max(s + 1, 4), 6)


def check(network: SparseNetwork, circuit: Circuit, inputs: Inputs) -> Check:
    """Runs network and circuit on the inputs, layer by layer, and compares every read-off of every layer.

    Stops at the first batch with wrong bits, of which only the number seen so far is then known.
    """
    drawn = seen = active = wrong = 0
    lowest, highest = np.inf, -np.inf
    for part, times in batches(inputs):
        errors = check_network(network, circuit, part)
        drawn, seen, wrong = drawn + int(times.sum()), seen + len(times), wrong + sum(e.wrong for e in errors)
        active += int(times @ np.diff([features for _, features in walk(circuit.layers, part)][-1].indptr))
        lowest = min(lowest, *(e.lowest_active for e in errors))
        highest = max(highest, *(e.highest_idle for e in errors))
        if wrong:
            break
    return make_check(drawn, seen, inputs.exhaustive, active, wrong, lowest, highest)


def compile_circuit(
    key: Key[Array, ""],
    circuit: Circuit,
    width: int,
    s: int,
    template: Template = "channels",
    n_inputs: int = 100_000,
    all_inputs: bool = False,
) -> tuple[SparseNetwork, Check]:
    """A network that computes the circuit without a wrong bit on all checked inputs, and the check.

    Args:
      key: of codes and signs, and of the random inputs.
      width: ReLU neurons a layer may have.
      s: features that are active at most in any layer.
      n_inputs: sparse inputs to check, drawn; every input with at most s active features where there are no more of them,
        or with `all_inputs`.

    Raises:
      ValueError: the circuit is not s-sparse on a checked input (names layer and gate), or the width is too small: by
        theory, by lack of room, or by the check. The message says which width would do, found by building and checking.
    """
    build_key, _ = jax.random.split(key)
    inputs = inputs_to_check(input_rng(key), circuit, s, n_inputs, all_inputs)
    for part, _ in batches(inputs):
        check_sparsity(circuit, part, s)
    problem, network, result = _attempt(build_key, circuit, width, s, template, inputs)
    if problem is None:
        return network, result
    enough = smallest_passing_width(build_key, circuit, width, s, template, inputs)
    other = "; try --template channels" if template == "correct" else ", nor one at which no two features share a unit"
    way_out = f"--width {enough} would do" if enough else f"none up to {MOST_TIMES} times as wide passes{other}"
    raise ValueError(f"--width {width} is too small for this circuit at s = {s}: {problem}; {way_out}")


def _attempt(key, circuit, width, s, template, inputs):
    """(what is wrong or None, network, check)"""
    try:
        if template == "channels":
            Channels(channel_size(s)).check_load(circuit, s, width)
        network = build(key, circuit, width, s, template)
    except ValueError as error:
        if "--template" in str(error) or width < 1:
            raise
        return str(error).removeprefix(f"width {width}: ").removesuffix("; raise --width"), None, None
    result = check(network, circuit, inputs)
    if result.wrong_bits:
        return (
            f"{result.wrong_bits} wrong bit{'s' * (result.wrong_bits > 1)} on the first {result.different} different inputs",
            network,
            result,
        )
    return None, network, result


def smallest_passing_width(
    key: Key[Array, ""], circuit: Circuit, width: int, s: int, template: Template, inputs: Inputs
) -> int | None:
    """The first width on the ladder width * 1.25^k, k = 1, 2, ... that passes the check on the inputs.

    Ends at MOST_TIMES the width; not before channels no longer share units, and with correction not before 16,384.
    """
    width = max(width, 8)
    least = 2.5 * channel_size(s) * max(circuit.widths) if template == "channels" else 2**14
    wider = width * 1.25
    while wider <= max(MOST_TIMES * width, least):
        if _attempt(key, circuit, int(np.ceil(wider)), s, template, inputs)[0] is None:
            return int(np.ceil(wider))
        wider *= 1.25
    return None

"""What a network's read-offs do on the inputs that it is checked on."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from superposed.circuits.circuit import Circuit, most_active, sparsity_error, walk
from superposed.circuits.inputs import Inputs, batches
from superposed.compiler.deep import SparseNetwork, check_network


class Check(NamedTuple):
    """What a network's read-offs did on checked inputs, over all layers of the circuit.

    Args:
      inputs: number of inputs; different: how many of them differ; exhaustive: whether they are all of the domain.
      left_out: different inputs that were not run, because the circuit itself has more than s active features on them.
      active: how many features of the last layer were on, summed over inputs: a check of nothing but zeros shows
        little.
      wrong_bits: read-offs on the wrong side of the threshold, each different input counted once.
      lowest_active, highest_idle: the smallest read-off of a feature that is on, the largest of one that is off.
    """

    inputs: int
    different: int
    exhaustive: bool
    left_out: int
    active: int
    wrong_bits: int
    lowest_active: float
    highest_idle: float

    @property
    def largest_error(self) -> float:
        """The furthest that a read-off comes from its truth towards the other bit."""
        return max(1 - self.lowest_active, self.highest_idle)

    @property
    def chance_wrong(self) -> float:
        """Upper limit, at 95%, of the chance that an input drawn as these were has a wrong bit, where none had.

        1 - 0.05^(1/n), about 3/n. Zero where all inputs were run.
        """
        return 0.0 if self.exhaustive else float(-np.expm1(np.log(0.05) / max(self.inputs, 1)))


def leave_out(circuit: Circuit, inputs: Inputs, s: int) -> tuple[Inputs, int]:
    """The inputs on which at most s features of every layer are active, and the number of the others.

    Raises:
      GateError: on most of them more than s are active.
    """
    parts = [most_active(circuit, rows) <= s for rows, _ in batches(inputs)]
    within = np.concatenate(parts) if parts else np.zeros(0, bool)
    if 2 * within.sum() < len(within):
        first = int(np.argmin(within))
        raise sparsity_error(circuit, inputs.b[first : first + 1], s)
    return Inputs(inputs.b[within], inputs.times[within], inputs.exhaustive), int((~within).sum())


def check_network_on(network: SparseNetwork, circuit: Circuit, inputs: Inputs) -> Check:
    """Runs network and circuit on the inputs, layer by layer, and compares every read-off of every layer.

    Stops at the first batch with wrong bits, of which only the number seen so far is then known.
    """
    return gather(
        (
            times,
            [features for _, features in walk(circuit.layers, part)][-1],
            [(e.wrong, e.lowest_active, e.highest_idle) for e in check_network(network, circuit, part)],
        )
        for part, times in batches(inputs)
    )._replace(exhaustive=inputs.exhaustive)


def gather(parts: Iterable[tuple]) -> Check:
    """One check from batches of (times drawn, last features [batch, n], layers of (wrong, lowest, highest)).

    Where no feature was on, or none off, their read-offs are as good as can be.
    """
    drawn = seen = active = wrong = 0
    lowest, highest = 1.0, 0.0
    for times, last, layers in parts:
        drawn, seen = drawn + int(times.sum()), seen + len(times)
        active += int(times @ np.asarray(last.sum(1)))
        wrong += sum(layer[0] for layer in layers)
        lowest = min(lowest, *(layer[1] for layer in layers))
        highest = max(highest, *(layer[2] for layer in layers))
        if wrong:
            break
    return Check(drawn, seen, False, 0, active, wrong, float(lowest), float(highest))

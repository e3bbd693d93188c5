"""Compile a circuit into a plain ReLU network and check it against the circuit."""

from collections.abc import Iterable
from typing import NamedTuple

import jax
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Key

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, most_active, sparsity_error, walk
from superposed.circuits.inputs import Domain, Inputs, batches, different, domain_of, input_rng, inputs_to_check
from superposed.compiler.certificate import certified_layers, worst_inputs
from superposed.compiler.deep import SparseNetwork, check_network, has_wrong_bits
from superposed.compiler.refused import NoRoom
from superposed.compiler.template import Template, template_of

SAMPLE = 4096  # of the inputs, by which a template sizes what it lays out
ATTACKS = 1000  # of the adversary's inputs that are run, the worst first
DRAWS = 3  # of the codes at one width
RUNG, RUNGS = 1.05, 4  # if all draws fail, the next four narrower widths RUNG^k are tried too
MOST_TIMES = 80  # the width asked for: how far a width that would do is looked for


class WidthTooSmall(InputError):
    """A width at which no network passed the check.

    Args:
      width, s: what was asked for.
      problem: what went wrong there.
      enough: a larger width that was built and passed; None if none was found.
    """

    def __init__(self, width: int, s: int, problem: str, enough: int | None):
        way_out = f"width {enough} would do" if enough else f"no width up to {MOST_TIMES} times as large passed"
        super().__init__("width", width, f"too small for this circuit at s = {s}: {problem}; {way_out}")
        self.width, self.s, self.problem, self.enough = width, s, problem, enough


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


class WorstCase(NamedTuple):
    """What is known beyond the inputs that were drawn.

    Args:
      certified: layers of the circuit, from 1, in which no s exactly stored features can make a wrong bit.
      tried: inputs that an adversary chose against the first layer, if it is not certified; wrong: those with a wrong
        bit.
    """

    certified: list[int]
    tried: int
    wrong: int


class Compiled(NamedTuple):
    """A network that computes a circuit, and how that was checked.

    Args:
      network: without a wrong bit on any checked input.
      check: what its read-offs did on them.
      worst: what is known about inputs that were chosen to do harm.
      s: most features active in any layer. domain: the inputs it was checked for.
    """

    network: SparseNetwork
    check: Check
    worst: WorstCase
    s: int
    domain: Domain


def compile_circuit(
    key: Key[Array, ""],
    circuit: Circuit,
    width: int,
    s: int,
    template: str = "channels",
    n_inputs: int = 100_000,
    all_inputs: bool = False,
    s_inputs: int | None = None,
    b: sp.csr_array | None = None,
) -> Compiled:
    """A network that computes the circuit without a wrong bit on all checked inputs.

    Inputs on which the circuit itself has more than s active features are left out and counted. Codes are drawn three
    times, and three times at each of four narrower widths, before the width is refused (`codes_to_try`). At the width
    itself they are also drawn again where an adversary finds an input with a wrong bit (`attacked`). If it finds one in
    every draw, the best draw is taken. So `worst` of the result says whether inputs with wrong bits are known.

    Args:
      key: of codes and signs, and of the random inputs.
      width: ReLU neurons a layer may have.
      s: features that are active at most in any layer.
      template: a name in `TEMPLATES`.
      n_inputs: inputs to check, drawn; every input of the domain where there are no more, or with `all_inputs`.
      s_inputs: most active inputs, s if None.
      b: inputs [n, m] to check instead of drawn ones.

    Raises:
      GateError: the circuit has more than s active features on most of the inputs; names layer and gate.
      WidthTooSmall: no network passed; says which width would do, found by building and checking.
      InputError: a number breaks a rule, or the template refuses the gates.
    """
    if width < 1:
        raise InputError("width", width, "a network has at least one neuron")
    build_key, _ = jax.random.split(key)
    make, domain = template_of(template, s), domain_of(circuit, min(s, s_inputs or s))
    drawn = inputs_to_check(input_rng(key), circuit, domain, n_inputs, all_inputs) if b is None else different(b)
    inputs, left_out = leave_out(circuit, drawn, s)
    problem, best = None, None
    for neurons, draw in codes_to_try(width):
        if best is not None and (neurons < width or best[2].wrong == 0):
            break
        network, result, wrong = attempt(jax.random.fold_in(build_key, draw), circuit, neurons, make, inputs)
        if wrong is not None:
            problem = problem or wrong
            if network is None:  # no room here, so none in fewer neurons either
                break
            continue
        harm = attacked(network, circuit, s, domain)
        if best is None or harm.wrong < best[2].wrong:
            best = network, result._replace(left_out=left_out), harm
    if best is None:
        raise WidthTooSmall(width, s, problem, passing_width(build_key, circuit, width, make, inputs))
    network, check, harm = best
    worst = harm._replace(certified=certified_layers(network, circuit.layers, s))
    return Compiled(network, check, worst, s, domain)


def codes_to_try(width: int) -> list[tuple[int, int]]:
    """(neurons, draw) of the codes that are tried at a width, in order. By chance a narrower network may pass alone.

    Codes depend on the seed, the width and the draw alone. So if a draw passes at a rung 1.05^k, no width up to 1.2
    times the rung is refused.
    """
    below = int(np.log(width) / np.log(RUNG)) + 1
    rungs = {int(RUNG**k) for k in range(below, max(below - 2 * RUNGS, -1), -1)}
    narrower = sorted((rung for rung in rungs if rung < width), reverse=True)[:RUNGS]
    return [(neurons, draw) for neurons in (width, *narrower) for draw in range(DRAWS)]


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


def attempt(
    key: Key[Array, ""], circuit: Circuit, width: int, template: Template, inputs: Inputs
) -> tuple[SparseNetwork | None, Check | None, str | None]:
    """(network, check, what is wrong), with None for "nothing wrong". Without room for the codes: (None, None, why)."""
    try:
        network = template(key, circuit, width, inputs.b[:SAMPLE])
    except NoRoom as error:
        return None, None, error.why
    result = check_network_on(network, circuit, inputs)
    if not result.wrong_bits:
        return network, result, None
    bits = f"{result.wrong_bits} wrong bit{'s' * (result.wrong_bits > 1)}"
    return network, result, f"{bits} on the first {result.different} different inputs"


def attacked(network: SparseNetwork, circuit: Circuit, s: int, domain: Domain) -> WorstCase:
    """How many inputs with wrong bits are among those that an adversary chooses to do harm in the first layer.

    Only inputs of the domain are run, on which the circuit stays s-sparse.
    """
    b = worst_inputs(network, circuit.layers[0], domain.s)
    b = b[np.flatnonzero(domain.holds(b))] if b.shape[0] else b
    b = b[np.flatnonzero(most_active(circuit, b) <= s)] if b.shape[0] else b
    b = b[:ATTACKS]
    return WorstCase([], b.shape[0], int(has_wrong_bits(network, circuit.layers, b).sum()) if b.shape[0] else 0)


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


def passing_width(key: Key[Array, ""], circuit: Circuit, width: int, template: Template, inputs: Inputs) -> int | None:
    """The first width on the ladder width * 1.25^k, k = 1, 2, ... at which the first draw of codes passes the check.

    So `compile_circuit` with the same key passes there. The ladder ends at MOST_TIMES the width, but not before
    channels no longer share units, and with correction not before 16,384.
    """
    first_draw = jax.random.fold_in(key, 0)
    wider, end = max(width, 8) * 1.25, max(MOST_TIMES * max(width, 8), 2**14, 16 * max(circuit.widths))
    while wider <= end:
        if attempt(first_draw, circuit, int(np.ceil(wider)), template, inputs)[2] is None:
            return int(np.ceil(wider))
        wider *= 1.25
    return None

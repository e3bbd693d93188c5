"""Compile a circuit into a plain ReLU network and check it against the circuit."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Key

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, most_active
from superposed.circuits.inputs import Domain, Inputs, different, domain_of, input_rng, inputs_to_check
from superposed.compiler.certificate import certified_layers, worst_inputs
from superposed.compiler.check import Check, check_network_on, leave_out
from superposed.compiler.deep import SparseNetwork, has_wrong_bits
from superposed.compiler.refused import NoRoom
from superposed.compiler.template import Template, template_of

SAMPLE = 4096  # of the inputs, by which a template sizes what it lays out
ATTACKS = 1000  # of the adversary's inputs that are run, the worst first
DRAWS = 3  # of the codes at one width
RUNG = 1.05  # if all draws fail, the narrower widths RUNG^k are tried too
GLANCE = 256  # different inputs that are run before all others
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
    times. They are drawn again too where an adversary finds an input with a wrong bit (`attacked`). If it finds one in
    every draw, the best draw is taken. So `worst` of the result says whether inputs with wrong bits are known.

    If all three draws fail, three are tried at each narrower width 1.05^k, the widest first. Codes depend on the seed,
    the width and the draw alone. So no width is refused where a narrower 1.05^k is not. The search ends early where
    every draw is wrong on more than half of the first 256 inputs: narrower networks are not expected to pass then.

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
    attempt_at = partial(attempt, build_key, circuit, make, inputs)
    problem, best = None, None
    for neurons in (width, *rungs_below(width)):
        draws = []
        for draw in range(DRAWS):
            draws.append(found := attempt_at(neurons, draw))
            problem = problem or found.problem
            if found.problem is None:
                harm = attacked(found.network, circuit, s, domain)
                best = min(best or (harm, found), (harm, found), key=lambda pair: pair[0].wrong)
            if found.network is None or (best and (best[0].wrong == 0 or neurons < width)):
                break
        if best or all(found.is_hopeless for found in draws):
            break
    if best is None:
        raise WidthTooSmall(width, s, problem, passing_width(attempt_at, width, max(circuit.widths)))
    harm, (network, check, *_) = best
    worst = harm._replace(certified=certified_layers(network, circuit.layers, s))
    return Compiled(network, check._replace(left_out=left_out), worst, s, domain)


def rungs_below(width: int) -> list[int]:
    """The widths 1.05^k below this one, the widest first."""
    rungs = {int(RUNG**k) for k in range(int(np.log(width) / np.log(RUNG)) + 2)}
    return sorted((rung for rung in rungs if rung < width), reverse=True)


class Attempt(NamedTuple):
    """One draw of the codes at one width.

    Args:
      network: None where the codes have no room. check: what it did on all inputs; None if it failed before.
      problem: what is wrong; None for nothing.
      is_hopeless: more than half of the first inputs have wrong bits, or there is no room.
    """

    network: SparseNetwork | None
    check: Check | None
    problem: str | None
    is_hopeless: bool = False


def attempt(
    key: Key[Array, ""], circuit: Circuit, template: Template, inputs: Inputs, width: int, draw: int
) -> Attempt:
    """The network of one draw of the codes, on the first few inputs, and if it is right there on all."""
    try:
        network = template(jax.random.fold_in(key, draw), circuit, width, inputs.b[:SAMPLE])
    except NoRoom as error:
        return Attempt(None, None, error.why, is_hopeless=True)
    wrong = has_wrong_bits(network, circuit.layers, inputs.b[:GLANCE])
    if wrong.any():
        problem = f"wrong bits on {wrong.sum()} of the first {len(wrong)} different inputs"
        return Attempt(network, None, problem, is_hopeless=len(wrong) == GLANCE and wrong.mean() > 1 / 2)
    check = check_network_on(network, circuit, inputs)
    bits = f"{check.wrong_bits} wrong bit{'s' * (check.wrong_bits > 1)} on the first {check.different} different inputs"
    return Attempt(network, check, bits if check.wrong_bits else None)


def attacked(network: SparseNetwork, circuit: Circuit, s: int, domain: Domain) -> WorstCase:
    """How many inputs with wrong bits are among those that an adversary chooses to do harm in the first layer.

    Only inputs of the domain are run, on which the circuit stays s-sparse.
    """
    b = worst_inputs(network, circuit.layers[0], domain.s)
    b = b[np.flatnonzero(domain.holds(b))] if b.shape[0] else b
    b = b[np.flatnonzero(most_active(circuit, b) <= s)] if b.shape[0] else b
    b = b[:ATTACKS]
    return WorstCase([], b.shape[0], int(has_wrong_bits(network, circuit.layers, b).sum()) if b.shape[0] else 0)


def passing_width(attempt_at: Callable[[int, int], Attempt], width: int, widest: int) -> int | None:
    """The first width on the ladder width * 1.25^k, k = 1, 2, ... at which the first draw of codes passes the check.

    So `compile_circuit` with the same key passes there. The ladder ends at MOST_TIMES the width. But it does not end
    before channels of the `widest` layer share no units, and with correction not before 16,384.
    """
    wider, end = max(width, 8) * 1.25, max(MOST_TIMES * max(width, 8), 2**14, 16 * widest)
    while wider <= end:
        if attempt_at(int(np.ceil(wider)), 0).problem is None:
            return int(np.ceil(wider))
        wider *= 1.25
    return None

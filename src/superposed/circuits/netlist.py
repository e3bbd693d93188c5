"""Netlists: gates by name, in any order, and how they become a circuit in layers that maps zero to zero."""

from collections import defaultdict
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import product
from typing import NamedTuple

from superposed.circuits.circuit import Circuit, Op, make_gates

PLAIN = {"AND": Op.AND, "ANDNOT": Op.AND, "OR": Op.OR, "XOR": Op.XOR, "BUFF": Op.COPY, "BUF": Op.COPY, "COPY": Op.COPY}
ZERO_TO_ONE = ("NOT", "INV", "NAND", "NOR", "XNOR")
MOST_TABLE = 8  # inputs of a gate that is given by a truth table


class Gate(NamedTuple):
    """One gate of a netlist.

    Args:
      op: its name, such as AND, NOR or TABLE; a TABLE0 is off, not on, where its cover fits.
      reads: signals it reads; inhibitors: signals of which none may be on (ANDNOT only).
      cover: for a TABLE, patterns such as "1-0", one character a signal; the gate is on where one of them fits.
      line: where it stands in its file.
    """

    op: str
    reads: tuple[str, ...]
    inhibitors: tuple[str, ...] = ()
    cover: tuple[str, ...] = ()
    line: int = 1


class Netlist(NamedTuple):
    """Gates by the name of the signal that they drive.

    Args:
      inputs, outputs: names of signals.
      gates: every other signal; those with op DFF are one step late.
      lines: where inputs and outputs stand in the file.
      s: most active features in any layer, if known.
    """

    inputs: list[str]
    outputs: list[str]
    gates: dict[str, Gate]
    lines: dict[str, int]
    s: int | None = None


class NetlistError(ValueError):
    """A rule that a netlist breaks, and the line on which it does."""

    def __init__(self, line: int, message: str):
        super().__init__(f"line {line}: {message}")
        self.line = line


def in_order(netlist: Netlist) -> list[str]:
    """All gates, each after those that it reads.

    Raises:
      NetlistError: a gate reads an unknown signal, or itself through others; an output is no signal.
    """
    known = set(netlist.inputs) | set(netlist.gates)
    for name, gate in netlist.gates.items():
        for read in (*gate.reads, *gate.inhibitors):
            if read not in known:
                raise NetlistError(gate.line, f"{name!r} reads {read!r}, which is neither an input nor a gate")
    for name in netlist.outputs:
        if name not in known:
            raise NetlistError(netlist.lines[name], f"OUTPUT({name}) names neither an input nor a gate")
    sorter = TopologicalSorter({name: (*gate.reads, *gate.inhibitors) for name, gate in netlist.gates.items()})
    try:
        return [name for name in sorter.static_order() if name in netlist.gates]
    except CycleError as error:
        read, name = error.args[1][:2]
        line = netlist.gates[name].line
        raise NetlistError(
            line, f"{name!r} reads {read!r}, which depends on {name!r}: the circuit has a loop"
        ) from None


def unrolled(netlist: Netlist, steps: int) -> Netlist:
    """The netlist through `steps` clock ticks; flip-flops (DFF) begin at zero and carry their signal one step on.

    Signals of step t are called name@t. Inputs are fresh in every step, and the outputs of all steps are outputs.
    """
    late = {name: gate.reads[0] for name, gate in netlist.gates.items() if gate.op == "DFF"}
    gates, lines = {}, {}
    for t in range(steps):
        at = {name: f"{name}@{t}" for name in (*netlist.inputs, *netlist.gates)}
        for name, gate in netlist.gates.items():
            if name in late:
                before = (f"{late[name]}@{t - 1}",) if t else ()
                gates[at[name]] = Gate("BUFF" if t else "ZERO", before, line=gate.line)
            else:
                reads, inhibitors = (tuple(at.get(k, k) for k in names) for names in (gate.reads, gate.inhibitors))
                gates[at[name]] = gate._replace(reads=reads, inhibitors=inhibitors)
        lines |= {at.get(name, name): line for name, line in netlist.lines.items()}
    every = lambda names: [f"{name}@{t}" for t in range(steps) for name in names]
    return Netlist(every(netlist.inputs), every(netlist.outputs), gates, lines, netlist.s)


def value_of(gate: Gate, bits: tuple[int, ...]) -> int:
    """The gate's value on the values of its reads and inhibitors."""
    reads, inhibitors = bits[: len(gate.reads)], bits[len(gate.reads) :]
    if gate.op in ("TABLE", "TABLE0"):  # TABLE0 is given by where it is off
        return int(gate.op == "TABLE0") ^ int(
            any(all(c in ("-", str(bit)) for c, bit in zip(row, reads, strict=True)) for row in gate.cover)
        )
    op = {"INV": "NOT", "BUF": "BUFF", "COPY": "BUFF", "ANDNOT": "AND"}.get(gate.op, gate.op)
    value = {"AND": all, "NAND": all, "OR": any, "NOR": any, "ZERO": any}.get(op, lambda bits: sum(bits) % 2)(reads)
    return int(bool(value) != (op in ZERO_TO_ONE)) & int(not any(inhibitors))


def deviations(netlist: Netlist, quiet: Mapping[str, int]) -> tuple[Netlist, dict[str, int]]:
    """The netlist of what deviates from a quiet input, and the quiet value of every signal.

    A signal is on in the new netlist where its value differs from its quiet value, so all is zero on the quiet input.
    An AND whose inputs are quiet at 1 deviates when one of them does, so it becomes an OR. An AND with some inputs that
    are quiet at 0 deviates when all of those do and no other input does. So it becomes an AND with inhibitors. An OR is
    the same with 0 and 1 exchanged; NOT,
    NAND and NOR are as BUFF, AND and OR. Truth tables become ANDs with inhibitors under an OR. Signals that cannot
    deviate are left out, outputs among them.
    """
    values, gates, constant = dict(quiet), {}, set()
    for name in in_order(netlist):
        gate = netlist.gates[name]
        every = (*gate.reads, *gate.inhibitors)
        values[name] = value_of(gate, tuple(values[read] for read in every))
        deviating = [read for read in dict.fromkeys(every) if read not in constant]
        new = _deviation(gate, deviating, values)
        if new is None:
            constant.add(name)
        elif isinstance(new, Gate):
            gates[name] = new
        else:
            parts = {f"{name}~{i}": part for i, part in enumerate(new)}
            gates |= parts
            gates[name] = Gate("OR", tuple(parts), line=gate.line)
    outputs = [name for name in netlist.outputs if name not in constant]
    if not outputs and netlist.outputs:
        raise NetlistError(netlist.lines[netlist.outputs[0]], "every output has the same value on every input")
    return netlist._replace(gates=gates, outputs=outputs), values


def _deviation(gate: Gate, deviating: list[str], quiet: Mapping[str, int]) -> Gate | list[Gate] | None:
    """The gate that says when this one deviates, a list of gates of which one must be on, or None for never."""
    if not deviating:
        return None
    once = len(deviating) == len(gate.reads) + len(gate.inhibitors)
    base = {"NAND": "AND", "NOR": "OR"}.get(gate.op, gate.op)
    if once and not gate.inhibitors and base in ("AND", "OR"):
        decides = int(base == "OR")  # one input at this value decides an OR; at the other an AND
        deciding = tuple(k for k in deviating if quiet[k] == decides)
        others = tuple(k for k in deviating if quiet[k] != decides)
        return _and(deciding, others, gate.line) if deciding else _or(others, gate.line)
    if once and gate.op in ("XOR", "XNOR", "NOT", "INV", "BUF", "BUFF", "COPY"):
        return Gate("XOR" if len(deviating) > 1 else "BUFF", tuple(deviating), line=gate.line)
    if len(deviating) > MOST_TABLE:
        raise NetlistError(gate.line, f"a truth table of {len(deviating)} signals; at most {MOST_TABLE}")
    return _from_table(gate, deviating, quiet)


def _and(reads: tuple[str, ...], inhibitors: tuple[str, ...], line: int) -> Gate:
    return Gate("ANDNOT", reads, inhibitors, line=line) if inhibitors else _or(reads, line, "AND")


def _or(reads: tuple[str, ...], line: int, op: str = "OR") -> Gate:
    return Gate(op if len(reads) > 1 else "BUFF", reads, line=line)


def _from_table(gate: Gate, deviating: list[str], quiet: Mapping[str, int]) -> Gate | list[Gate] | None:
    """The gate's truth table over deviations as ANDs with inhibitors, one for each pattern of a small cover."""
    every = (*gate.reads, *gate.inhibitors)
    before, on = value_of(gate, tuple(quiet[k] for k in every)), set()
    for change in product((0, 1), repeat=len(deviating)):
        flipped = dict(zip(deviating, change, strict=False))
        if value_of(gate, tuple(quiet[k] ^ flipped.get(k, 0) for k in every)) != before:
            on.add(change)
    if all((change in on) == sum(change) % 2 for change in product((0, 1), repeat=len(deviating))):
        return Gate("XOR" if len(deviating) > 1 else "BUFF", tuple(deviating), line=gate.line)
    patterns = cover(on, len(deviating))
    pick = lambda pattern, bit: tuple(k for k, value in zip(deviating, pattern, strict=False) if value == bit)
    parts = [_and(pick(pattern, 1), pick(pattern, 0), gate.line) for pattern in patterns]
    return None if not parts else parts[0] if len(parts) == 1 else parts


def cover(on: set[tuple[int, ...]], n: int) -> list[tuple[int | None, ...]]:
    """Few patterns of 0, 1 and None (either) that together fit exactly the points `on`, the largest first."""
    fits = lambda pattern: set(product(*((0, 1) if value is None else (value,) for value in pattern)))
    primes = [pattern for pattern in product((0, 1, None), repeat=n) if fits(pattern) <= on]
    chosen, left = [], set(on)
    while left:
        best = max(primes, key=lambda pattern: (len(fits(pattern) & left), pattern.count(None)))
        chosen.append(best)
        left -= fits(best)
    return chosen


def levelled(netlist: Netlist) -> Circuit:
    """The netlist as a circuit in layers.

    A gate's layer is one more than that of its latest input. Signals needed further on, and outputs, are carried by
    copies of the same name. Inputs are in the order of the netlist; so are a layer's gates, its copies after them. The
    last layer instead begins with the outputs.

    Raises:
      NetlistError: a gate turns zeros into ones, has an unknown name, or reads what is not there.
    """
    order, level = in_order(netlist), dict.fromkeys(netlist.inputs, 0)
    for name in order:
        gate = netlist.gates[name]
        if gate.op not in PLAIN:
            raise NetlistError(gate.line, _unknown(gate.op))
        level[name] = 1 + max(level[read] for read in (*gate.reads, *gate.inhibitors))
    depth = max(level.values())
    by_level, last_use = defaultdict(list), dict(level)
    for name, gate in netlist.gates.items():
        by_level[level[name]].append(name)
        for read in (*gate.reads, *gate.inhibitors):
            last_use[read] = max(last_use[read], level[name] - 1)
    last_use |= dict.fromkeys(netlist.outputs, depth)
    place = {name: k for k, name in enumerate(netlist.outputs)}
    names, layers = [list(netlist.inputs)], []
    for layer in range(1, depth + 1):
        position = {name: k for k, name in enumerate(names[-1])}
        here = by_level[layer] + [name for name in names[-1] if last_use[name] >= layer]
        if layer == depth:
            here.sort(key=lambda name: place.get(name, len(place)))
        layers.append(make_gates([_row(netlist.gates.get(n), n, level[n] == layer, position) for n in here]))
        names.append(here)
    return Circuit(len(netlist.inputs), tuple(layers), netlist.s, tuple(map(tuple, names)))


def _row(gate: Gate | None, name: str, here: bool, position: Mapping[str, int]) -> tuple:
    if gate is None or not here:
        return Op.COPY, [position[name]]
    return PLAIN[gate.op], [position[k] for k in gate.reads], [position[k] for k in gate.inhibitors]


def _unknown(op: str) -> str:
    if op in ZERO_TO_ONE:
        return f"{op} turns zeros into ones, and a sparse circuit must map zero to zero; use --quiet zeros"
    if op in ("TABLE", "TABLE0"):
        return "a truth table; use --quiet zeros, which rewrites it into gates"
    if op == "DFF":
        return "a flip-flop; use --steps to unroll it"
    return f"gate {op}: the gates are AND, OR, XOR and BUFF, of signals separated by commas"

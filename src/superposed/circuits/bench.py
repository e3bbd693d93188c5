"""Circuits as ISCAS `.bench` text: signals put into layers, and carried on by copies."""

import re
from collections import defaultdict

from superposed.circuits.circuit import Circuit, Op, make_gates

FORMAT = "superposed-circuit"
BENCH_OPS = {"AND": Op.AND, "OR": Op.OR, "XOR": Op.XOR, "BUFF": Op.COPY, "BUF": Op.COPY}
ZERO_TO_ONE = ("NOT", "NAND", "NOR", "XNOR", "INV")


def format_bench(circuit: Circuit) -> str:
    """The `.bench` form: features are called f<layer>_<position>, the last layer's are the outputs."""
    lines = [f"# {FORMAT}: {len(circuit.layers)} layers" + ("" if circuit.s is None else f", s = {circuit.s}")]
    lines += [f"INPUT(f0_{k})" for k in range(circuit.n_inputs)]
    lines += [f"OUTPUT(f{len(circuit.layers)}_{g})" for g in range(circuit.widths[-1])]
    for depth, gates in enumerate(circuit.layers, start=1):
        for g, (op, inputs) in enumerate(zip(gates.op, gates.inputs)):
            reads = ", ".join(f"f{depth - 1}_{k}" for k in inputs if k >= 0)
            lines.append(f"f{depth}_{g} = {'BUFF' if op == Op.COPY else Op(op).name}({reads})")
    return "\n".join(lines) + "\n"


def parse_bench(text: str) -> Circuit:
    """A circuit from ISCAS `.bench` text (INPUT(a), OUTPUT(z), z = AND(a, b), # comments; any order of lines).

    A gate's layer is one more than that of its latest input. Signals needed further on, and outputs, are carried by
    copies of the same name. Inputs are in the order of their lines; so are a layer's gates, its copies after them; the last
    layer instead begins with the outputs in the order of theirs. Raises ValueError with line and rule: NOT, NAND, NOR, XNOR turn zeros into ones and are refused.
    """
    inputs, outputs, gates, lines, s = _read_bench(text)
    level = _levels(inputs, gates, lines)
    depth = max(level.values())
    for name in outputs:
        if name not in level:
            raise ValueError(f"line {lines[name]}: OUTPUT({name}) names neither an input nor a gate")
    by_level = defaultdict(list)
    for name in gates:
        by_level[level[name]].append(name)
    last_use = dict(level)
    for name, (_, reads) in gates.items():
        for read in reads:
            last_use[read] = max(last_use[read], level[name] - 1)
    for name in outputs:
        last_use[name] = depth
    places = {name: k for k, name in enumerate(outputs)}
    names = [inputs]
    layers = []
    for layer in range(1, depth + 1):
        position = {name: k for k, name in enumerate(names[-1])}
        here = by_level[layer] + [name for name in names[-1] if last_use[name] >= layer]
        if layer == depth:
            here.sort(key=lambda name: places.get(name, len(places)))
        layers.append(
            make_gates(
                [
                    (gates[n][0], [position[r] for r in gates[n][1]]) if level[n] == layer else (Op.COPY, [position[n]])
                    for n in here
                ]
            )
        )
        names.append(here)
    return Circuit(len(inputs), tuple(layers), s, tuple(map(tuple, names)))


def bench_gate_line(text: str, layer: int, gate: int) -> int:
    """The line on which the input, gate or copied signal in this place of a layer is defined."""
    return _read_bench(text)[3][parse_bench(text).names[layer][gate]]


def _read_bench(text: str):
    inputs, outputs, gates, lines, defined = [], [], {}, {}, set()
    remark = re.match(rf"# {FORMAT}: .*s = (\d+)", text)
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        if port := re.fullmatch(r"(INPUT|OUTPUT)\s*\(\s*([^\s(),=]+)\s*\)", line, re.IGNORECASE):
            name = port[2]
            (inputs if port[1].upper() == "INPUT" else outputs).append(name)
            if port[1].upper() == "OUTPUT":
                lines.setdefault(name, number)
                continue
        elif gate := re.fullmatch(r"([^\s(),=]+)\s*=\s*(\w+)\s*\(([^()]*)\)", line):
            name, op, reads = gate[1], gate[2].upper(), [read.strip() for read in gate[3].split(",")]
            if op in ZERO_TO_ONE:
                raise ValueError(
                    f"line {number}: {op} turns zeros into ones, and a sparse circuit must map zero to zero; rewrite it without {op}"
                )
            if op not in BENCH_OPS or not all(reads):
                raise ValueError(
                    f"line {number}: {line!r}: the gates are AND, OR, XOR and BUFF, of signals separated by commas"
                )
        else:
            raise ValueError(f"line {number}: {line!r} is not INPUT(a), OUTPUT(z) or z = AND(a, b)")
        if name in defined:
            raise ValueError(f"line {number}: {name!r} is defined twice")
        defined.add(name)
        lines[name] = number
        if not port:
            gates[name] = (BENCH_OPS[op], reads)
    if not inputs or not gates:
        raise ValueError("line 1: a circuit has at least one INPUT and one gate")
    return inputs, outputs, gates, lines, int(remark[1]) if remark else None


def _levels(inputs: list[str], gates: dict, lines: dict[str, int]) -> dict[str, int]:
    """Each signal's layer: one more than the latest of those it reads. Iterative, since circuits are deep."""
    level = dict.fromkeys(inputs, 0)
    for root in gates:
        stack, open_ = [root], {root}
        while stack:
            name = stack[-1]
            missing = [read for read in gates[name][1] if read not in level]
            if not missing:
                level[name] = 1 + max(level[read] for read in gates[name][1])
                open_.discard(stack.pop())
                continue
            read = missing[0]
            if read not in gates:
                raise ValueError(f"line {lines[name]}: {name!r} reads {read!r}, which is neither an input nor a gate")
            if read in open_:
                raise ValueError(
                    f"line {lines[name]}: {name!r} reads {read!r}, which depends on {name!r}: the circuit has a loop"
                )
            stack.append(read)
            open_.add(read)
    return level

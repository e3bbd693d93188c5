"""Netlists as ISCAS `.bench` text: INPUT(a), OUTPUT(z), z = AND(a, b), # comments, lines in any order."""

import re

from superposed.circuits.circuit import Circuit, Op
from superposed.circuits.netlist import PLAIN, ZERO_TO_ONE, Gate, Netlist, NetlistError

FORMAT = "superposed-circuit"
SIGNAL = r"[^\s(),=]+"


def format_bench(circuit: Circuit) -> str:
    """The `.bench` form: features are called f<layer>_<position>, and the last layer's are the outputs.

    An AND with inhibitors, which `.bench` does not know, is written ANDNOT(a, !b).
    """
    lines = [f"# {FORMAT}: {len(circuit.layers)} layers" + ("" if circuit.s is None else f", s = {circuit.s}")]
    lines += [f"INPUT(f0_{k})" for k in range(circuit.n_inputs)]
    lines += [f"OUTPUT(f{len(circuit.layers)}_{g})" for g in range(circuit.widths[-1])]
    for depth, gates in enumerate(circuit.layers, start=1):
        for g, (op, inputs) in enumerate(zip(gates.op, gates.inputs, strict=False)):
            reads = [f"f{depth - 1}_{k}" for k in inputs if k >= 0] + [
                f"!f{depth - 1}_{-2 - k}" for k in inputs if k < -1
            ]
            name = "BUFF" if op == Op.COPY else "ANDNOT" if (inputs < -1).any() else Op(op).name
            lines.append(f"f{depth}_{g} = {name}({', '.join(reads)})")
    return "\n".join(lines) + "\n"


def parse_bench(text: str) -> Netlist:
    """The netlist in ISCAS `.bench` text. Raises NetlistError with line and rule."""
    inputs, outputs, gates, lines, defined = [], [], {}, {}, set()
    remark = re.match(rf"# {FORMAT}: .*s = (\d+)", text)
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        if port := re.fullmatch(rf"(INPUT|OUTPUT)\s*\(\s*({SIGNAL})\s*\)", line, re.IGNORECASE):
            name = port[2]
            lines.setdefault(name, number)
            if port[1].upper() == "OUTPUT":
                outputs.append(name)
                continue
            inputs.append(name)
            lines[name] = number
        elif gate := re.fullmatch(rf"({SIGNAL})\s*=\s*(\w+)\s*\(([^()]*)\)", line):
            name, op, reads = gate[1], gate[2].upper(), [read.strip() for read in gate[3].split(",")]
            if op not in (*PLAIN, *ZERO_TO_ONE, "DFF") or not all(reads):
                rule = "the gates are AND, OR, XOR, BUFF, NOT, NAND, NOR, XNOR and DFF, of signals separated by commas"
                raise NetlistError(number, f"{line!r}: {rule}")
            inhibitors = tuple(read[1:] for read in reads if read[0] == "!") if op == "ANDNOT" else ()
            kept = tuple(read for read in reads if op != "ANDNOT" or read[0] != "!")
            gates[name] = Gate(op, kept, inhibitors, line=number) if name not in gates else gates[name]
        else:
            raise NetlistError(number, f"{line!r} is not INPUT(a), OUTPUT(z) or z = AND(a, b)")
        if name in defined:
            raise NetlistError(number, f"{name!r} is defined twice")
        defined.add(name)
    if not inputs or not gates:
        raise NetlistError(1, "a circuit has at least one INPUT and one gate")
    return Netlist(inputs, outputs, gates, lines, int(remark[1]) if remark else None)

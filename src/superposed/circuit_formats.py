"""Circuits as text: the project's JSON form and the ISCAS `.bench` form. Every error names the file, the line and the rule.

The JSON form is one object:

    {"format": "superposed-circuit", "version": 1,
     "inputs": 4,                               a number, or a list of names
     "s": 2,                                    optional: how many features are active at most in any layer
     "layers": [[{"op": "and", "in": [0, 1]},   a layer is a list of gates; "in" holds positions in the layer before,
                 {"op": "xor", "in": [2, 3], "name": "parity"}],     or names given there
                [{"op": "or", "in": [0, "parity"]}]]}

with op one of and, or, xor, copy. Gates read the layer before and no other; a feature is carried on by a copy.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import numpy as np

from superposed.circuit import MOST_FEATURES, Circuit, GateError, Gates, Op, check_circuit, make_gates

FORMAT, VERSION = "superposed-circuit", 1
BENCH_OPS = {"AND": Op.AND, "OR": Op.OR, "XOR": Op.XOR, "BUFF": Op.COPY, "BUF": Op.COPY}
ZERO_TO_ONE = ("NOT", "NAND", "NOR", "XNOR", "INV")


def read_circuit(path: str | Path, fan_in: int | None = None) -> Circuit:
    """The circuit in a file, `.bench` or JSON by its name's ending.

    Raises:
      OSError: the file cannot be read.
      ValueError: it is not such a circuit; the message names file, line, rule, and where it helps a way out.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a text file; circuits are JSON or .bench text") from None
    try:
        return check_circuit((parse_bench if _is_bench(path) else parse_json)(text), fan_in)
    except GateError as error:
        raise with_line(error, path) from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def with_line(error: GateError, path: str | Path) -> ValueError:
    """The error of a gate, or input, of the circuit in a file, with the file's name and the line on which it stands."""
    text = Path(path).read_text(encoding="utf-8")
    line = (_bench_gate_line if _is_bench(path) else _gate_line)(text, error.layer, error.gate)
    return ValueError(f"{path}: line {line}: {error}")


def _is_bench(path: str | Path) -> bool:
    return Path(path).suffix.lower() == ".bench"


def write_circuit(circuit: Circuit, path: str | Path) -> None:
    """Writes the circuit, as `.bench` or JSON by the name's ending; `read_circuit` gives back the same, but for names in `.bench`."""
    Path(path).write_text((format_bench if _is_bench(path) else format_json)(circuit), encoding="utf-8")


def format_json(circuit: Circuit) -> str:
    """The JSON form, a gate a line."""
    names = circuit.names or [()] * len(circuit.widths)
    layers = ",\n".join(" [" + ",\n  ".join(map(_gate_json, *gates, called or repeat(None))) + "]" for gates, called in zip(circuit.layers, names[1:]))
    inputs = json.dumps(names[0]) if names[0] else circuit.n_inputs
    s = "" if circuit.s is None else f' "s": {circuit.s},'
    return f'{{"format": "{FORMAT}", "version": {VERSION}, "inputs": {inputs},{s} "layers": [\n{layers}\n]}}\n'


def _gate_json(op: np.integer, inputs: np.ndarray, name: str | None) -> str:
    gate = {"op": Op(op).name.lower(), "in": [int(k) for k in inputs if k >= 0]}
    return json.dumps(gate if name is None else {**gate, "name": name})


def parse_json(text: str) -> Circuit:
    """A circuit from its JSON form; see the module's docstring. Raises ValueError with line and rule."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: not JSON: {error.msg}; docs/circuits.md shows the form") from None
    except RecursionError:
        raise ValueError("line 1: brackets inside brackets too deep for a circuit; docs/circuits.md shows the form") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ValueError(f'line 1: a circuit is an object with "format": "{FORMAT}"')
    if value.get("version") != VERSION:
        raise ValueError(f"line {_key_line(text, 'version')}: version {value.get('version')!r} is not known; this program reads version {VERSION}")
    inputs, s = value.get("inputs"), value.get("s")
    n_inputs = len(inputs) if isinstance(inputs, list) else inputs
    if type(n_inputs) is not int or not 1 <= n_inputs <= MOST_FEATURES:
        raise ValueError(f'line {_key_line(text, "inputs")}: "inputs" must be a whole number from 1 to {MOST_FEATURES} or a list of names')
    if s is not None and (type(s) is not int or not 1 <= s <= MOST_FEATURES):
        raise ValueError(f'line {_key_line(text, "s")}: "s" must be a whole number from 1 to {MOST_FEATURES}')
    if not isinstance(value.get("layers"), list) or not all(isinstance(layer, list) for layer in value["layers"]):
        raise ValueError(f'line {_key_line(text, "layers")}: "layers" must be a list of lists of gates')
    names = [_names(inputs if isinstance(inputs, list) else [], lambda: _key_line(text, "inputs"), "inputs")] + [{} for _ in value["layers"]]
    sizes = [n_inputs] + [len(layer) for layer in value["layers"]]
    for depth, layer in enumerate(value["layers"], start=1):
        given = [gate.get("name") if isinstance(gate, dict) else None for gate in layer]
        names[depth] = _names(given, lambda depth=depth: _gate_line(text, depth, -1), f"layer {depth}")
    called = tuple(_in_order(places, n) for places, n in zip(names, sizes)) if any(names) else None
    layers = []
    for depth, layer in enumerate(value["layers"], start=1):
        gates = []
        for g, gate in enumerate(layer):
            try:
                gates.append(_parse_gate(gate, depth, names, sizes[depth - 1]))
            except ValueError as error:
                raise ValueError(f"line {_gate_line(text, depth, g)}: layer {depth}, gate {g}: {error}") from None
        layers.append(make_gates(gates))
    return Circuit(n_inputs, tuple(layers), s, called)


def _in_order(places: dict[str, int], n: int) -> tuple[str | None, ...]:
    """The names of n features, from their places; () if there are none."""
    names = [None] * (n if places else 0)
    for name, k in places.items():
        names[k] = name
    return tuple(names)


def _key_line(text: str, key: str) -> int:
    """The line on which a key of the JSON form first stands, the first where it is missing."""
    return text.count("\n", 0, max(text.find(f'"{key}"'), 0)) + 1


def _names(names: list, line: Callable[[], int], where: str) -> dict[str, int]:
    """The places of names; `line` is called for an error only, since it reads the text anew."""
    places = {}
    for k, name in enumerate(names):
        if not isinstance(name, str | None):
            raise ValueError(f"line {line()}: {where}: names are strings")
        if name in places:
            raise ValueError(f"line {line()}: {where}: the name {name!r} is given twice")
        if name is not None:
            places[name] = k
    return places


def _parse_gate(gate: object, depth: int, names: list[dict[str, int]], before: int) -> tuple[Op, list[int]]:
    if not isinstance(gate, dict) or not isinstance(gate.get("in"), list):
        raise ValueError('a gate is an object with "op" and a list "in"')
    op = str(gate.get("op")).upper()
    if op not in Op.__members__:
        why = ": it turns zeros into ones, and a sparse circuit must map zero to zero" if op in ZERO_TO_ONE else ""
        raise ValueError(f"op {gate.get('op')!r} is not one of and, or, xor, copy{why}")
    return Op[op], [_input(read, depth, names, before) for read in gate["in"]]


def _input(read: object, depth: int, names: list[dict[str, int]], before: int) -> int:
    if isinstance(read, str):
        if read in names[depth - 1]:
            return names[depth - 1][read]
        places = [i for i, known in enumerate(names) if read in known]
        if not places:
            raise ValueError(f"reads {read!r}, which no input or gate is called")
        if places[0] >= depth:
            raise ValueError(f"reads {read!r} of layer {places[0]}, but a gate reads the layer before it, {depth - 1}, never its own or a later one")
        raise ValueError(f"reads {read!r} of layer {places[-1]}, not of the layer before; carry it there with copies")
    if type(read) is not int or not 0 <= read < before:
        raise ValueError(f"reads feature {read!r}, but layer {depth - 1} has features 0 to {before - 1}")
    return read


def _gate_line(text: str, depth: int, gate: int) -> int:
    """The line on which a gate of the JSON form begins, with gate = -1 its layer, with depth 0 the inputs; found by counting brackets after "layers"."""
    if depth == 0:
        return _key_line(text, "inputs")
    layer, position, level = 0, -1, 0
    body = text.index("[", text.index('"layers"'))
    for token in re.finditer(r'"(?:\\.|[^"\\])*"|[\[\]{}]|[^\s,:\[\]{}"]+', text[body:]):
        if level == 1 and token[0] == "[":
            layer, position = layer + 1, -1
        elif level == 2 and token[0] != "]":
            position += 1
        if (layer, position) == (depth, gate):
            return text.count("\n", 0, body + token.start()) + 1
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
    raise AssertionError("the form was parsed, so every gate has a place")


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
        layers.append(make_gates([
            (gates[n][0], [position[r] for r in gates[n][1]]) if level[n] == layer else (Op.COPY, [position[n]]) for n in here
        ]))
        names.append(here)
    return Circuit(len(inputs), tuple(layers), s, tuple(map(tuple, names)))


def _bench_gate_line(text: str, layer: int, gate: int) -> int:
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
                raise ValueError(f"line {number}: {op} turns zeros into ones, and a sparse circuit must map zero to zero; rewrite it without {op}")
            if op not in BENCH_OPS or not all(reads):
                raise ValueError(f"line {number}: {line!r}: the gates are AND, OR, XOR and BUFF, of signals separated by commas")
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
                raise ValueError(f"line {lines[name]}: {name!r} reads {read!r}, which depends on {name!r}: the circuit has a loop")
            stack.append(read)
            open_.add(read)
    return level

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
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import numpy as np

from superposed.circuits.bench import FORMAT, ZERO_TO_ONE, bench_gate_line, format_bench, parse_bench
from superposed.circuits.circuit import MOST_FEATURES, Circuit, GateError, Op, check_circuit, make_gates

VERSION = 1


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
    line = (bench_gate_line if _is_bench(path) else _gate_line)(text, error.layer, error.gate)
    return ValueError(f"{path}: line {line}: {error}")


def _is_bench(path: str | Path) -> bool:
    return Path(path).suffix.lower() == ".bench"


def write_circuit(circuit: Circuit, path: str | Path) -> None:
    """Writes the circuit, as `.bench` or JSON by the name's ending; `read_circuit` gives back the same, but for names in `.bench`."""
    Path(path).write_text((format_bench if _is_bench(path) else format_json)(circuit), encoding="utf-8")


def format_json(circuit: Circuit) -> str:
    """The JSON form, a gate a line."""
    names = circuit.names or [()] * len(circuit.widths)
    layers = ",\n".join(
        " [" + ",\n  ".join(map(_gate_json, *gates, called or repeat(None))) + "]"
        for gates, called in zip(circuit.layers, names[1:])
    )
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
        raise ValueError(
            "line 1: brackets inside brackets too deep for a circuit; docs/circuits.md shows the form"
        ) from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ValueError(f'line 1: a circuit is an object with "format": "{FORMAT}"')
    if value.get("version") != VERSION:
        raise ValueError(
            f"line {_key_line(text, 'version')}: version {value.get('version')!r} is not known; this program reads version {VERSION}"
        )
    inputs, s = value.get("inputs"), value.get("s")
    n_inputs = len(inputs) if isinstance(inputs, list) else inputs
    if type(n_inputs) is not int or not 1 <= n_inputs <= MOST_FEATURES:
        raise ValueError(
            f'line {_key_line(text, "inputs")}: "inputs" must be a whole number from 1 to {MOST_FEATURES} or a list of names'
        )
    if s is not None and (type(s) is not int or not 1 <= s <= MOST_FEATURES):
        raise ValueError(f'line {_key_line(text, "s")}: "s" must be a whole number from 1 to {MOST_FEATURES}')
    if not isinstance(value.get("layers"), list) or not all(isinstance(layer, list) for layer in value["layers"]):
        raise ValueError(f'line {_key_line(text, "layers")}: "layers" must be a list of lists of gates')
    names = [_names(inputs if isinstance(inputs, list) else [], lambda: _key_line(text, "inputs"), "inputs")] + [
        {} for _ in value["layers"]
    ]
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
            raise ValueError(
                f"reads {read!r} of layer {places[0]}, but a gate reads the layer before it, {depth - 1}, never its own or a later one"
            )
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

"""Circuits in the project's JSON form, one object:

    {"format": "superposed-circuit", "version": 1,
     "inputs": 4,                               a number, or a list of names
     "s": 2,                                    optional: how many features are active at most in any layer
     "groups": [[0, 1], ["c", "d"]],            optional: sets of inputs of which exactly one is active
     "layers": [[{"op": "and", "in": [0, 1]},   a layer is a list of gates; "in" holds positions in the layer before,
                 {"op": "xor", "in": [2, 3], "name": "parity"}],     or names given there
                [{"op": "andnot", "in": [0], "not": ["parity"]}]]}

with op one of and, andnot, or, xor, copy. Gates read the layer before and no other; a feature is carried on by a copy.
"""

import json
import re
from itertools import repeat

import numpy as np

from superposed.circuits.bench import FORMAT
from superposed.circuits.circuit import MOST_FEATURES, Circuit, Op, make_gates
from superposed.circuits.netlist import ZERO_TO_ONE

VERSION = 1
KEYS = {"format", "version", "inputs", "s", "groups", "layers"}


class FormError(ValueError):
    """A rule of the form that a text breaks, and where: the line, or (layer, gate) to be found in the text."""

    def __init__(self, message: str, line: int = 1, place: tuple[int, int] | None = None):
        super().__init__(message)
        self.line, self.place = line, place


def format_json(circuit: Circuit) -> str:
    """The JSON form, a gate a line."""
    names = circuit.names or [()] * len(circuit.widths)
    layers = ",\n".join(
        " [" + ",\n  ".join(map(_gate_json, *gates, called or repeat(None))) + "]"
        for gates, called in zip(circuit.layers, names[1:], strict=False)
    )
    inputs = json.dumps(names[0]) if names[0] else circuit.n_inputs
    s = "" if circuit.s is None else f' "s": {circuit.s},'
    groups = f' "groups": {json.dumps(circuit.groups)},' if circuit.groups else ""
    head = f'"format": "{FORMAT}", "version": {VERSION}, "inputs": {inputs},{s}{groups}'
    return f'{{{head} "layers": [\n{layers}\n]}}\n'


def _gate_json(op: np.integer, inputs: np.ndarray, name: str | None) -> str:
    gate = {"op": Op(op).name.lower(), "in": [int(k) for k in inputs if k >= 0]}
    if (inputs < -1).any():
        gate |= {"op": "andnot", "not": [int(-2 - k) for k in inputs if k < -1]}
    return json.dumps(gate if name is None else {**gate, "name": name})


def parse_json(text: str) -> Circuit:
    """A circuit from its JSON form; see the module's docstring. Raises FormError with line and rule."""
    try:
        return _circuit(_load(text), text)
    except FormError as error:
        line = error.line if error.place is None else gate_line(text, *error.place)
        raise FormError(f"line {line}: {error}", line) from None


def _load(text: str) -> dict:
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise FormError(f"not JSON: {error.msg}; docs/circuits.md shows the form", error.lineno) from None
    except RecursionError:
        raise FormError("brackets inside brackets too deep for a circuit; docs/circuits.md shows the form") from None
    except FormError as error:
        raise FormError(str(error), _key_line(text, str(error).split("'")[1])) from None
    except ValueError:  # Python refuses to read whole numbers of thousands of digits
        raise FormError("a number has thousands of digits; whole numbers go up to 2147483647") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise FormError(f'a circuit is an object with "format": "{FORMAT}"')
    if type(value.get("version")) is not int or value["version"] != VERSION:
        rule = f"version {value.get('version')!r} is not known; this program reads version {VERSION}"
        raise FormError(rule, _key_line(text, "version"))
    if unknown := sorted(set(value) - KEYS):
        raise FormError(
            f"unknown key {unknown[0]!r}; the keys are {', '.join(sorted(KEYS))}", _key_line(text, unknown[0])
        )
    return value


def _once(pairs: list[tuple[str, object]]) -> dict:
    """A JSON object, refused where a key stands twice."""
    found = {}
    for key, value in pairs:
        if key in found:
            raise FormError(f"key {key!r} is given twice in one object")
        found[key] = value
    return found


def _circuit(value: dict, text: str) -> Circuit:
    inputs, s, layers = value.get("inputs"), value.get("s"), value.get("layers")
    n_inputs = len(inputs) if isinstance(inputs, list) else inputs
    if type(n_inputs) is not int or not 1 <= n_inputs <= MOST_FEATURES:
        rule = f'"inputs" must be a whole number from 1 to {MOST_FEATURES} or a list of names'
        raise FormError(rule, _key_line(text, "inputs"))
    if s is not None and (type(s) is not int or not 1 <= s <= MOST_FEATURES):
        raise FormError(f'"s" must be a whole number from 1 to {MOST_FEATURES}', _key_line(text, "s"))
    if not isinstance(layers, list) or not all(isinstance(layer, list) for layer in layers):
        raise FormError('"layers" must be a list of lists of gates', _key_line(text, "layers"))
    if not layers:
        raise FormError("a circuit has at least one layer of gates", _key_line(text, "layers"))
    if [] in layers:
        depth = layers.index([]) + 1
        raise FormError(f"layer {depth} has no gates; a layer has at least one", place=(depth, -1))
    given = [inputs if isinstance(inputs, list) else []]
    given += [[gate.get("name") if isinstance(gate, dict) else None for gate in layer] for layer in layers]
    names = [_places(called, depth) for depth, called in enumerate(given)]
    sizes = [n_inputs, *map(len, layers)]
    parsed = []
    for depth, layer in enumerate(layers, start=1):
        gates = []
        for g, gate in enumerate(layer):
            try:
                gates.append(_gate(gate, depth, names, sizes[depth - 1]))
            except ValueError as error:
                raise FormError(f"layer {depth}, gate {g}: {error}", place=(depth, g)) from None
        parsed.append(make_gates(gates))
    called = tuple(_in_order(places, n) for places, n in zip(names, sizes, strict=False)) if any(names) else None
    return Circuit(n_inputs, tuple(parsed), s, called, _groups(value.get("groups", []), names[0], n_inputs, text))


def _groups(groups: object, names: dict[str, int], n_inputs: int, text: str) -> tuple[tuple[int, ...], ...]:
    """The one-hot groups as positions. Raises FormError unless they are disjoint sets of inputs."""
    line = _key_line(text, "groups")
    if not isinstance(groups, list) or not all(isinstance(group, list) and group for group in groups):
        raise FormError('"groups" must be a list of lists of inputs', line)
    positions = tuple(tuple(names.get(k, k) if isinstance(k, str) else k for k in group) for group in groups)
    every = [k for group in positions for k in group]
    for k in every:
        if type(k) is not int or not 0 <= k < n_inputs:
            raise FormError(f'"groups" has {k!r}, which is no input', line)
    if len(set(every)) < len(every):
        raise FormError('"groups" has an input twice; an input is in one group at most', line)
    return positions


def _in_order(places: dict[str, int], n: int) -> tuple[str | None, ...]:
    """The names of n features, from their places; () if there are none."""
    names = [None] * (n if places else 0)
    for name, k in places.items():
        names[k] = name
    return tuple(names)


def _places(names: list, depth: int) -> dict[str, int]:
    """The places of the names of a layer."""
    where, places = f"layer {depth}" if depth else "inputs", {}
    for k, name in enumerate(names):
        if not isinstance(name, str | None):
            raise FormError(f"{where}: names are strings", place=(depth, -1))
        if name in places:
            raise FormError(f"{where}: the name {name!r} is given twice", place=(depth, -1))
        if name is not None:
            places[name] = k
    return places


def _gate(gate: object, depth: int, names: list[dict[str, int]], before: int) -> tuple:
    if not isinstance(gate, dict) or not isinstance(gate.get("in"), list):
        raise ValueError('a gate is an object with "op" and a list "in"')
    if unknown := sorted(set(gate) - {"op", "in", "not", "name"}):
        raise ValueError(f"unknown key {unknown[0]!r}; a gate has op, in, not and name")
    op = str(gate.get("op")).upper()
    inhibitors = gate.get("not", [])
    if op == "ANDNOT":
        op = "AND"
    elif inhibitors:
        raise ValueError(f'op {gate.get("op")!r} has no "not"; write andnot')
    if op not in Op.__members__ or not isinstance(inhibitors, list):
        why = ": it turns zeros into ones, and a sparse circuit must map zero to zero" if op in ZERO_TO_ONE else ""
        raise ValueError(f"op {gate.get('op')!r} is not one of and, andnot, or, xor, copy{why}")
    find = lambda reads: [_input(read, depth, names, before) for read in reads]
    return Op[op], find(gate["in"]), find(inhibitors)


def _input(read: object, depth: int, names: list[dict[str, int]], before: int) -> int:
    if isinstance(read, str):
        if read in names[depth - 1]:
            return names[depth - 1][read]
        places = [i for i, known in enumerate(names) if read in known]
        if not places:
            raise ValueError(f"reads {read!r}, which no input or gate is called")
        if places[0] >= depth:
            only = f"a gate reads the layer before it, {depth - 1}, never its own or a later one"
            raise ValueError(f"reads {read!r} of layer {places[0]}, but {only}")
        raise ValueError(f"reads {read!r} of layer {places[-1]}, not of the layer before; carry it there with copies")
    if type(read) is not int or not 0 <= read < before:
        raise ValueError(f"reads feature {read!r}, but layer {depth - 1} has features 0 to {before - 1}")
    return read


def _key_line(text: str, key: str) -> int:
    """The line on which a key of the JSON form first stands, the first where it is missing."""
    return text.count("\n", 0, max(text.find(f'"{key}"'), 0)) + 1


def gate_line(text: str, depth: int, gate: int) -> int:
    """The line on which a gate of the JSON form begins, with gate = -1 its layer, with depth 0 the inputs.

    Found by counting brackets after "layers".
    """
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

"""Text forms of circuits: both ways, and bad files."""

import json
import time
from itertools import product

import jax
import numpy as np
import pytest
from circuits_to_compile import random_circuit

from superposed.bad_input import InputError
from superposed.circuits.bench import format_bench, parse_bench
from superposed.circuits.circuit import (
    Circuit,
    Op,
    check_circuit,
    evaluate_circuit,
    make_gates,
)
from superposed.circuits.formats import read_circuit, write_circuit
from superposed.circuits.json_form import format_json, parse_json
from superposed.circuits.netlist import levelled
from superposed.circuits.planted import planted_circuit

HEAD = (
    '{"format": "superposed-circuit", "version": 1, "inputs": 2, "layers": [\n'
    '[{"op": "and", "in": [0, 1], "name": "g"}],\n['
)


def same(a: Circuit, b: Circuit) -> bool:
    return (
        a.n_inputs == b.n_inputs
        and a.s == b.s
        and len(a.layers) == len(b.layers)
        and all(
            np.array_equal(x.op, y.op) and np.array_equal(x.inputs, y.inputs)
            for x, y in zip(a.layers, b.layers, strict=False)
        )
    )


@pytest.mark.parametrize("ending", ["json", "bench"])
def test_text_forms_give_back_the_same_circuit(ending, tmp_path):
    circuit = random_circuit(np.random.default_rng(1), (5, 8, 7, 6))._replace(s=3)
    write_circuit(circuit, tmp_path / f"c.{ending}")
    assert same(circuit, read_circuit(tmp_path / f"c.{ending}"))


def test_bench_is_levelised_with_copies():
    circuit = levelled(
        parse_bench("OUTPUT(z)\nz = AND(y, a)  # needs a one layer later\ny = XOR(a, b)\nINPUT(a)\nINPUT(b)\n")
    )
    assert circuit.widths == (2, 2, 1)
    for a, b in product((False, True), repeat=2):
        assert evaluate_circuit(circuit, np.array([[a, b]]))[-1].tolist() == [[(a ^ b) and a]]


def test_names_in_json():
    circuit = parse_json(
        '{"format": "superposed-circuit", "version": 1, "inputs": ["a", "b"],\n'
        '"layers": [[{"op": "xor", "in": ["a", 1], "name": "p"}], [{"op": "copy", "in": ["p"]}]]}'
    )
    assert same(circuit, Circuit(2, (make_gates([(Op.XOR, (0, 1))]), make_gates([(Op.COPY, (0,))]))))


@pytest.mark.parametrize(
    "text, message",
    [
        ("{", "line 1: not JSON"),
        ('{"inputs": 3}', 'line 1: a circuit is an object with "format"'),
        ('{"format": "superposed-circuit", "version": 9}', "version 9"),
        ('{"format": "superposed-circuit", "version": 1, "inputs": 0}', '"inputs" must be'),
        (
            '{"format": "superposed-circuit", "version": 1,\n"inputs": 1000000000000}',
            'line 2: "inputs" must be a whole number from 1 to 2147483647',
        ),
        (
            '{"format": "superposed-circuit", "version": 1, "inputs": 2, "s": 10000000000}',
            '"s" must be a whole number from 1 to 2147483647',
        ),
        ("[" * 200_000, "line 1: brackets inside brackets too deep"),
        (
            HEAD + '{"op": "or", "in": [0], "name": "p"}, {"op": "or", "in": [0], "name": "p"}]]}',
            "line 3: layer 2: the name 'p' is given twice",
        ),
        (HEAD + '{"op": "nand", "in": [0]}]]}', "line 3: layer 2, gate 0: op 'nand'.*zeros into ones"),
        (
            HEAD
            + '{"op": "copy", "in": [0]},\n{"op": "copy", "in": ["h"]}], [{"op": "copy", "in": [0], "name": "h"}]]}',
            "line 4: layer 2, gate 1: reads 'h' of layer 3.*never its own or a later one",
        ),
        (
            HEAD + '{"op": "copy", "in": [1]}]]}',
            "line 3: layer 2, gate 0: reads feature 1, but layer 1 has features 0 to 0",
        ),
        (HEAD + '{"op": "and", "in": [0, 0]}]]}', "line 3: layer 2, gate 0: AND of .* reads one feature twice"),
        (HEAD + "]]}", "line 3: layer 2 has no gates"),
        (HEAD.replace("[\n[", "[[],\n[") + '{"op": "or", "in": [0]}]]}', "line 1: layer 1 has no gates"),
        (HEAD.split("[\n")[0] + "[]}", "line 1: a circuit has at least one layer"),
        (HEAD.replace("2", "9" * 5000) + "]]}", "line 1: a number has thousands of digits"),
        (HEAD + "7]]}", "line 3: layer 2, gate 0: a gate is an object"),
        (HEAD + '{"op": "and", "in": [0], "negate": true}]]}', "line 3: layer 2, gate 0: unknown key 'negate'"),
        (HEAD + '{"op": "or", "in": [0], "not": [0]}]]}', 'line 3: layer 2, gate 0: op .or. has no "not"'),
        (HEAD + '{"op": "and", "op": "or", "in": [0]}]]}', "key 'op' is given twice"),
        (HEAD + '{"op": "or", "in": [0]}]], "depth": 2}', "line 3: unknown key 'depth'"),
        ('{"format": "superposed-circuit", "version": true, "inputs": 2}', "version True"),
        (
            HEAD.replace('"inputs": 2', '"inputs": 2, "groups": [[0, 0]]') + '{"op": "or", "in": [0]}]]}',
            "has an input twice",
        ),
        (
            HEAD.replace('"inputs": 2', '"inputs": 2, "groups": [[5]]') + '{"op": "or", "in": [0]}]]}',
            '"groups" has 5, which is no input',
        ),
    ],
)
def test_bad_json_names_line_and_reason(text, message, tmp_path):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_circuit(tmp_path / "c.json")


@pytest.mark.parametrize(
    "text, message",
    [
        ("INPUT(a)\nz = NOT(a)\n", "line 2: NOT turns zeros into ones"),
        ("INPUT(a)\nz = AND(a, q)\n", "line 2: 'z' reads 'q'"),
        ("INPUT(a)\nx = AND(a, y)\ny = AND(a, x)\n", "line [23]: '[xy]' reads '[xy]', which depends on .*loop"),
        (
            "INPUT(a)\nINPUT(b)\nz = AND(y, y)\ny = BUFF(a)\n",
            "line 3: layer 2, gate 0: AND of .* reads one feature twice",
        ),
        ("INPUT(a)\nhello\n", "line 2: 'hello' is not"),
        ("INPUT(a)\nINPUT(a)\nz = BUFF(a)", "line 2: 'a' is defined twice"),
        ("INPUT(a)\nz = BUFF(a)\nz = BUFF(a)", "line 3: 'z' is defined twice"),
        ("INPUT(a)\nz = MUX(a)", "line 2: .*gates are AND, OR, XOR, BUFF"),
        ("INPUT(a)\nOUTPUT(q)\nz = BUFF(a)", "line 2: OUTPUT.q. names neither an input nor a gate"),
        ("", "line 1: a circuit has at least one INPUT"),
    ],
)
def test_bad_bench_names_line_and_reason(text, message, tmp_path):
    (tmp_path / "c.bench").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_circuit(tmp_path / "c.bench")


def test_fan_in_and_bytes_are_refused(tmp_path):
    wide = Circuit(4, (make_gates([(Op.AND, (0, 1, 2, 3))]),))
    with pytest.raises(ValueError, match="layer 1, gate 0: AND .* has more than 3 inputs"):
        check_circuit(wide, fan_in=3)
    (tmp_path / "c.json").write_bytes(b"\xef\xbb\xbf" + format_json(wide).encode())  # a byte-order mark
    assert same(read_circuit(tmp_path / "c.json"), wide)
    with pytest.raises(ValueError, match="closed groups among m = 8"):
        planted_circuit(jax.random.key(0), 8, 9, 1, 1)
    with pytest.raises(InputError, match="kind = 'group': one of groups, paths"):
        planted_circuit(jax.random.key(0), 8, 2, 1, 1, "group")
    (tmp_path / "c.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not a text file"):
        read_circuit(tmp_path / "c.json")
    assert format_json(wide).startswith("{") and "AND(f0_0, f0_1, f0_2, f0_3)" in format_bench(wide)


def test_reading_takes_time_in_proportion_to_the_text():
    rng = np.random.default_rng(0)
    layers = [
        [{"op": "copy", "in": [int(k)], "name": f"g{layer}_{k}"} for k in rng.permutation(100)] for layer in range(300)
    ]
    bench = (
        "".join(f"INPUT(i{k})\n" for k in range(30_000))
        + "g0 = BUFF(i0)\n"
        + "".join(f"g{k} = BUFF(g{k - 1})\n" for k in range(1, 5000))
    )
    start = time.process_time()
    parse_json(json.dumps({"format": "superposed-circuit", "version": 1, "inputs": 100, "layers": layers}))
    levelled(parse_bench(bench))
    assert time.process_time() - start < 2


def test_names_and_the_order_of_outputs_are_kept(tmp_path):
    bench = "INPUT(b)\nINPUT(a)\nOUTPUT(a)\nOUTPUT(z)\nOUTPUT(y)\ny = XOR(a, b)\nw = AND(a, y)\nz = OR(y, a)\n"
    circuit = levelled(parse_bench(bench))
    assert circuit.names == (("b", "a"), ("y", "a"), ("a", "z", "y", "w"))
    assert circuit.layers[1].op.tolist() == [Op.COPY, Op.OR, Op.COPY, Op.AND]
    write_circuit(circuit, tmp_path / "c.json")
    again = read_circuit(tmp_path / "c.json")
    assert same(circuit, again) and again.names == circuit.names
    layers = [[{"op": "or", "in": [0]}, {"op": "or", "in": [1], "name": "p"}]]
    second_named = {"format": "superposed-circuit", "version": 1, "inputs": 2, "layers": layers}
    assert parse_json(json.dumps(second_named)).names == ((), (None, "p"))
    (tmp_path / "c.bench").write_text(bench.replace("OR(y, a)", "OR(y, y)"))
    with pytest.raises(ValueError, match="line 8: layer 2, gate 1: OR of .* reads one feature twice"):
        read_circuit(tmp_path / "c.bench")

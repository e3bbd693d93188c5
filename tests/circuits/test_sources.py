"""Builder, tries, facts and Horn rules against plain Python."""

from itertools import product

import numpy as np
import pytest
from circuits_to_compile import every_input

from superposed.bad_input import InputError
from superposed.circuits.builder import CircuitBuilder
from superposed.circuits.circuit import evaluate_circuit
from superposed.circuits.formats import read_circuit
from superposed.circuits.inputs import rows_of
from superposed.circuits.sources import facts, horn, spell, trie
from superposed.cli import main
from superposed.study.words import check_trie, strings_to_check, word_list


def outputs(circuit, b) -> np.ndarray:
    return evaluate_circuit(circuit, b.toarray() > 0)[-1]


def test_a_built_circuit_is_what_was_written():
    c = CircuitBuilder()
    a, b, x = c.inputs("a", "b", "x")
    c.output("both", a & b & ~x)
    c.output("odd", a ^ b ^ x)
    c.output("most", c.table([a, b, x], "00010111"))
    c.output("one", c.table([a, x], "0100"))
    circuit = c.circuit(on=every_input(3))
    assert circuit.names[0] == ("a", "b", "x") and circuit.names[-1][:4] == ("both", "odd", "most", "one")
    for (p, q, r), bits in zip(product((0, 1), repeat=3), outputs(circuit, every_input(3))[:, :4], strict=True):
        assert bits.tolist() == [p & q & (not r), (p + q + r) % 2, p + q + r >= 2, (not p) & r]
    assert circuit.s == max(f.sum(1).max() for f in evaluate_circuit(circuit, every_input(3).toarray() > 0))


def test_one_hot_inputs_are_groups_and_mistakes_are_refused():
    c, other = CircuitBuilder(), CircuitBuilder()
    a, b = c.one_hot("a", "b")
    (x,) = other.inputs("x")
    with pytest.raises(InputError, match="outputs = 0"):
        c.circuit()
    c.output("z", a | b)
    assert c.circuit().groups == ((0, 1),)
    for bad, message in (
        (lambda: c.inputs("a"), "name of another input"),
        (lambda: c.output("z", a), "name of another output"),
        (lambda: a & x, "no signal of this circuit"),
        (lambda: a & a, "none twice"),
        (lambda: c.table([a, b], "1000"), "the first of them 0"),
    ):
        with pytest.raises(InputError, match=message):
            bad()
    with pytest.raises(TypeError, match="write &, | and ^"):
        bool(a)


WORDS = ["a", "an", "ant", "tan", "tea", "ten", "nineteen", "eat"]


def test_a_trie_tells_words_from_all_other_strings():
    circuit = trie(WORDS)
    strings = WORDS + ["".join(p) for n in (1, 2, 3, 4) for p in product("antex", repeat=n)] + ["ninetee", "nineteent"]
    b = spell(circuit, strings)
    on = outputs(circuit, b)
    assert circuit.names[-1] == tuple(sorted(WORDS))
    for string, bits in zip(strings, on, strict=True):
        assert [word for word, bit in zip(sorted(WORDS), bits, strict=True) if bit] == [string] * (string in WORDS)
    most = max(f.sum(1).max() for f in evaluate_circuit(circuit, b.toarray() > 0))
    assert most <= circuit.s == 9 and len(circuit.layers) == 8
    with pytest.raises(InputError, match="a word has at least one letter"):
        trie(["a", ""])


def test_facts_over_two_hops():
    pairs = {"mother": {"ann": "eve", "bob": "eve", "cy": "ann"}, "home": {"eve": "rome", "ann": "oslo", "bob": "bonn"}}
    circuit = facts(pairs, ["mother", "home"])
    b = rows_of([[0, 3, 4], [1, 3, 4], [2, 3, 4], [0, 3]], 5)
    assert [[n for n, on in zip(circuit.names[-1], row, strict=True) if on] for row in outputs(circuit, b)] == [
        ["rome"], ["rome"], ["oslo"], []
    ]  # fmt: skip
    assert circuit.s >= 3 and len(circuit.groups) == 1
    with pytest.raises(InputError, match="hops = 'father'"):
        facts(pairs, ["father"])


def test_horn_rules_are_forward_chaining():
    rules = [(["a", "b"], "c"), (["c"], "d"), (["d", "e"], "a"), (["b"], "e")]
    circuit = horn(rules, 3)
    for bits, after in zip(product((0, 1), repeat=5), outputs(circuit, every_input(5)), strict=True):
        holds = {atom for atom, bit in zip("abcde", bits, strict=True) if bit}
        for _ in range(3):
            holds |= {head for body, head in rules if set(body) <= holds}
        assert after.tolist() == [atom in holds for atom in "abcde"]
    with pytest.raises(InputError, match="rounds = 0"):
        horn(rules, 0)


SOURCES = {
    "trie": ("# words\nant\na\ntea\n", [], ("a", "ant", "tea")),
    "facts": ("mother ann eve\nmother bob eve\nhome eve rome\n", ["--hops", "mother,home"], ("rome",)),
    "horn": ("a b -> c\nc -> d\n", ["--rounds", "2"], ("a", "b", "c", "d")),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_file_of_words_facts_or_rules_becomes_a_circuit(kind, tmp_path, capsys):
    text, flags, expected = SOURCES[kind]
    (tmp_path / "in.txt").write_text(text)
    command = ["circuit", kind, "--from", str(tmp_path / "in.txt"), "-o", str(tmp_path / "c.json")]
    assert not main([*command, *flags])
    assert read_circuit(tmp_path / "c.json").names[-1][: len(expected)] == expected
    (tmp_path / "in.txt").write_text(text + "one two three four ->\n")
    assert main([*command, *flags]) == 2
    assert f"line {len(text.splitlines()) + 1}: 'one two three four ->' is not" in capsys.readouterr().err
    assert main([*command, "--m", "9"]) == 2
    assert f"--m 9: means nothing for a circuit of kind {kind}" in capsys.readouterr().err


def test_contradicting_facts_and_planted_circuits_without_a_size_are_refused(tmp_path, capsys):
    (tmp_path / "f.txt").write_text("mother ann eve\nmother ann ida\n")
    files = ["--from", str(tmp_path / "f.txt"), "-o", str(tmp_path / "c.json")]
    assert main(["circuit", "facts", *files, "--hops", "mother"]) == 2
    assert "line 2: 'mother ann ida' is not what stands above: mother of ann is eve" in capsys.readouterr().err
    assert main(["circuit", "paths", "--m", "9", "-o", str(tmp_path / "c.json")]) == 2
    assert "a circuit of kind paths needs --depth" in capsys.readouterr().err
    assert not (tmp_path / "c.json").exists()


def test_a_dictionary_in_fewer_neurons_than_words_tells_words_from_all_other_strings():
    words = [word for word in word_list(20_000) if len(word) <= 5]
    strings = strings_to_check(words, 500, 4, 100)
    assert len(strings["one-letter changes"]) > 4 * 25 * 2 and set(strings["words"]) < set(words)
    layers = check_trie(words, strings, 1900, 0)
    assert max(layer["neurons"] for layer in layers) <= 1900 < layers[-1]["words"] == len(words)
    assert [sum(layer["wrong"].values()) for layer in layers] == [0] * len(layers)
    control = check_trie(words, strings, 300, 0)
    assert sum(sum(layer["wrong"].values()) for layer in control) > 0

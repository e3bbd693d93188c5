"""`superposed source`: what it writes is the circuit of the data, and mistakes are one line."""

import json

import pytest

from superposed.circuits.formats import read_circuit
from superposed.cli import main

FACTS = {"facts": {"mother": {"ann": "eve"}, "home": {"eve": "rome"}}, "hops": ["mother", "home"]}


@pytest.mark.parametrize(
    "kind, text, names",
    [
        ("trie", "ten\na\ntea\n", ("a", "tea", "ten")),
        ("facts", json.dumps(FACTS), ("rome",)),
        ("horn", "c :- a, b.\nd :- c\n", ("a", "b", "c", "d")),
    ],
)
def test_sources_become_circuits(kind, text, names, tmp_path, capsys):
    (tmp_path / "data").write_text(text)
    assert main(["source", kind, str(tmp_path / "data"), "-o", str(tmp_path / "c.json")]) == 0
    assert read_circuit(tmp_path / "c.json").names[-1] == names
    assert "inputs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "kind, text, message",
    [("trie", "", "no trie"), ("facts", "{}", "no facts"), ("horn", "a", "no horn"), ("tree", "a", "tree")],
)
def test_other_data_is_one_line(kind, text, message, tmp_path, capsys):
    (tmp_path / "data").write_text(text)
    assert main(["source", kind, str(tmp_path / "data"), "-o", str(tmp_path / "c.json")]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1 and not (tmp_path / "c.json").exists()

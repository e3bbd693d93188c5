"""`superposed deep`: its numbers are those of the theory, built networks go with them, and bad input is one line."""

import json

import pytest

from superposed.cli.main import main
from superposed.theory.deep_drawn import half_pass, success
from superposed.theory.density_evolution import Design, mean_field_capacity, sparse_design


def test_half_pass_at_a_width_no_machine_could_build(capsys):
    assert main(["deep", "--width", "1e12", "--depth", "4", "--events", "50", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    design = Design(10**12, 2)
    assert said["half_pass"] == half_pass(0, design, 4, 20, 50) and said["mean_field"] == mean_field_capacity(design)
    assert main(["deep", "--width", "1e12", "--depth", "4", "--events", "50"]) == 0
    assert "features a neuron): half of the networks have 20 inputs and 4 layers" in capsys.readouterr().out


def test_share_of_networks_drawn_and_built(capsys):
    asked = ["deep", "--width", "2048", "--design", "sparse", "--m", "512", "--depth", "2", "--inputs", "4", "--json"]
    assert main([*asked, "--events", "50"]) == 0
    drawn = json.loads(capsys.readouterr().out)
    assert drawn["share_right"] == success(0, 512, sparse_design(2048, 2), 2, 4, 50)
    low, high = drawn["interval_of_wrong_a_layer"]
    assert 0 < low < drawn["wrong_a_layer"] < high < 1
    assert main([*asked, "--mode", "built", "--seeds", "2"]) == 0
    built = json.loads(capsys.readouterr().out)
    assert built["right"] == 2 * built["share_right"] and built["interval"][0] <= built["share_right"]


@pytest.mark.parametrize(("words", "line"), [
    (["--width", "1e14"], "--width 100000000000000: use 1 to 1e+13 with --mode drawn"),
    (["--width", "4096", "--mode", "built"], "--m None: a built network has a number of features"),
    (["--width", "4096", "--devices", "2"], "--devices 2: drawn networks use none"),
    (["--width", "4096", "--mode", "built", "--m", "64", "--devices", "99"], "--devices 99: this process has"),
    (["--width", "20"], "--width 20: correction needs 8 neurons a unit and 4 s units; use 64 or more"),
    (["--width", "4096", "--design", "spars"], "unknown design 'spars': did you mean sparse?"),
    (["--width", "4096", "--m", "1"], "--m 1: use 2 to"),
    (["--width", "4096", "--m", "101", "--mode", "built"], "--m 101: closed groups need a multiple of s = 2"),
])  # fmt: skip
def test_bad_input_is_one_line(capsys, words, line):
    assert main(["deep", *words]) == 2
    said = capsys.readouterr()
    assert line in said.err and said.err.count("\n") == 1 and not said.out

"""A figure draws what the analysis says and computes no science."""

import ast
import math
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import superposed.figures
from superposed.figures.axes import columns, readable_log, tick
from superposed.figures.save import csv_text, rounded
from superposed.study.experiment import Analysis, Finding

ROOM = Path(superposed.figures.__file__).parent
SCIENCE = {"theory", "constructions", "measuring", "networks", "compiler", "circuits", "training", "scoring", "program"}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_a_figure_imports_no_science(path: Path):
    modules = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
    rooms = {module.split(".")[1] for module in modules if module and module.startswith("superposed.")}
    assert not rooms & SCIENCE


def test_rows_are_found_by_kind_and_label():
    table = [{"kind": "width", "s": s, "m": m} for m in (8, 4) for s in (3, 2)] + [{"kind": "law", "m": 8}]
    analysis = Analysis(table, [Finding("Is it?", "m = 4", "1", "measured")])
    assert analysis.rows("width", s=2) == [{"kind": "width", "s": 2, "m": 8}, {"kind": "width", "s": 2, "m": 4}]
    assert {s: [row["m"] for row in rows] for s, rows in analysis.groups("width", "s").items()} == {
        3: [8, 4],
        2: [8, 4],
    }
    assert analysis.rows("width", s=9) == [] and analysis.rows("law", s=2) == []


def test_columns_hold_nan_where_a_row_holds_nothing():
    (values,) = columns([{"x": 1}, {"x": None}], "x")
    assert values[0] == 1 and math.isnan(values[1])


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.25"), (2000.0, "2000"), (1e6, r"$1\times10^{6}$"), (7.5e8, r"$7.5\times10^{8}$")]
)
def test_ticks_are_plain_numbers(value: float, text: str):
    assert tick(value) == text


def test_only_the_axes_x_and_y_can_be_made_readable():
    with pytest.raises(ValueError, match="only x and y"):
        readable_log(Figure().subplots(), "z")


def test_tables_keep_nine_digits_and_every_column():
    rows = rounded([{"a": 0.1234567891234, "n": 10**12}, {"b": float("inf")}])
    assert csv_text(rows) == "a,n,b\n0.123456789,1000000000000,\n,,inf\n"

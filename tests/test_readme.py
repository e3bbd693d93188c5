"""The README: its table says what figures/*.json say, and its Python runs."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+) \| (.+) \| (.+) \| (.+) \| \[(.+)\]\(figures/(.+)\.png\) \|$", README, re.MULTILINE)


def test_there_are_at_most_ten_rows():
    assert 5 <= len(ROWS) <= 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_is_a_finding(row):
    _, answer, measured, span, name, figure = row
    assert name == figure
    findings = json.loads((ROOT / "figures" / f"{figure}.json").read_text())["findings"]
    (finding,) = (f for f in findings if f["measured"].startswith(measured) and f["range"] == span)
    word = re.search(r": (\w+)$", answer)
    assert word is None or word[1] == finding["verdict"]


def test_the_numbers_of_the_first_screen_are_those_of_the_headline():
    findings = json.loads((ROOT / "figures" / "uand_superposed.json").read_text())["findings"]
    printed = [f["measured"].split(" by ")[0] for f in findings if "from m = 10^4 on: width tends" in f["question"]]
    assert printed and all(text in README for text in printed)


def test_the_python_of_the_readme_runs(as_shipped, monkeypatch, capsys):
    (block,) = re.findall(r"```python\n(import superposed as sp.*?)```", README, re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(block, {})
    assert "supported" in capsys.readouterr().out

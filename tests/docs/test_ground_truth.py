"""docs/ground-truth.md: its lines run, in at most thirty of them, and its tables name every score."""

import re
from pathlib import Path

from superposed.scoring.dictionary import direction_scores, latent_scores, reconstruction_scores

PAGE = (Path(__file__).parents[2] / "docs" / "ground-truth.md").read_text(encoding="utf-8")


def test_the_lines_run_and_print_the_table(tmp_path, monkeypatch, capsys, as_shipped):
    (lines,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(lines.splitlines()) <= 30
    monkeypatch.chdir(tmp_path)
    exec(lines, {})
    out = capsys.readouterr().out
    header, mcc = (line for line in out.splitlines() if "recovered  random" in line or line.split()[:1] == ["mcc"])
    found, *_, true, probe = (float(value) for value in mcc.split()[1:])
    assert "linear probe" in header and true == 1 and probe > 0.9
    assert found > 3 * float(mcc.split()[2])  # well above random directions
    assert "A ReLU network with known features" in (tmp_path / "net.safetensors.md").read_text()


def test_every_score_is_in_the_tables():
    named = set(re.findall(r"`([a-z0-9_]+)`", PAGE))
    for function in (direction_scores, latent_scores, reconstruction_scores):
        returns = function.__doc__.split("Returns:")[1]
        for names in re.findall(r"\n      ([a-z0-9_, ]+):", returns):
            assert set(names.split(", ")) <= named

"""Findings as text: docs/results.md and index.html, made of figures/*.json."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from superposed.bad_input import InputError
from superposed.figures.laws import LAWS, find, laws_csv, laws_markdown
from superposed.figures.pages import page, read_results, results_markdown
from superposed.study.experiment import Finding
from superposed.study.loading import experiments_folder

ROOT = experiments_folder().parent
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=20000",
]


def test_the_results_page_is_what_the_command_writes():
    """When this fails: `superposed figures --results docs/results.md`."""
    assert (ROOT / "docs" / "results.md").read_text() == results_markdown(ROOT / "figures")
    assert (ROOT / "figures" / "family.laws.csv").read_text() == laws_csv(ROOT / "figures")


def test_the_results_page_holds_every_finding_of_every_profile():
    text = (ROOT / "docs" / "results.md").read_text()
    for path in [*(ROOT / "figures").glob("*.json"), *(ROOT / "figures").glob("*/*.json")]:
        summary = json.loads(path.read_text())
        assert summary["claim"] in text and summary["meaning"] in text
        for f in summary["findings"]:
            assert f"| {f['question']} | {f['range']} | {f['measured']} | {f['verdict']} |" in text


def test_the_page_shows_every_figure_and_loads_nothing():
    html = page(ROOT / "figures")
    results = read_results(ROOT / "figures")
    assert html.count("<article") == html.count("<img") == html.count("<table>") == len(results) > 5
    assert set(re.findall(r'src="([^,]*),', html)) == {"data:image/svg+xml;base64"}
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', html))
    for result in results:
        assert all(finding.measured in unescape(html) for finding in result.findings)


def test_every_law_is_judged_by_a_finding():
    missing = [law.question for law in LAWS if find(law, ROOT / "figures") is None]
    assert not missing


def test_a_law_without_a_figure_says_so(tmp_path: Path):
    assert laws_markdown(tmp_path).count("| not measured |") == len(LAWS)


def test_a_foreign_json_is_no_result(tmp_path: Path):
    (tmp_path / "other.json").write_text('{"claim": "mine"}')
    assert read_results(tmp_path) == []


def test_a_verdict_is_one_of_the_words_that_are_explained():
    with pytest.raises(InputError, match="verdict = 'proved': one of supported"):
        Finding("Is it so?", "m = 4", "1", "proved")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_the_screen_of_a_browser(tmp_path: Path, width: int):
    """In a frame as wide as a phone's or a laptop's screen: nothing sticks out, and every figure is shown."""
    probe = (
        "d = f.contentDocument; document.title = [d.documentElement.scrollWidth <= f.clientWidth, "
        "[...d.images].every(i => i.complete && i.naturalWidth > 0), d.images.length, d.querySelectorAll('tr').length]"
    )
    source = json.dumps(page(ROOT / "figures")).replace("</", "<\\/")
    script = f"<script>f.onload = () => {{ {probe} }}; f.srcdoc = {source}</script>"
    frame = f"<iframe id=f width={width} height=900></iframe>{script}"
    (tmp_path / "frame.html").write_text(f"<!doctype html><meta charset=utf-8>{frame}")
    words = [BROWSER, *QUIET, f"--user-data-dir={tmp_path / 'user'}", "--dump-dom", f"file://{tmp_path / 'frame.html'}"]
    dom = subprocess.run(words, capture_output=True, text=True, timeout=120).stdout
    results = read_results(ROOT / "figures")
    rows = sum(len(result.findings) for result in results)
    assert f"<title>true,true,{len(results)},{rows}</title>" in dom

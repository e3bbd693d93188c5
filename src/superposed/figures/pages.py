"""All findings as text, made of NAME.json: docs/results.md for readers of the repository, index.html for a browser."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from superposed.figures.laws import laws_markdown
from superposed.study.experiment import VERDICTS, Finding
from superposed.study.partial import PARTIAL

READING_ORDER = (
    "uand_superposed", "family", "crossover", "transition", "sparsity_and_tolerance", "uand_aligned", "random_init",
    "quadratic", "read_offs", "codes", "errata", "error_correction", "deep_circuits", "true_superposition",
    "threshold_reads", "bigrams", "small_circuits", "gallery",
)  # fmt: skip
"""Experiments that are not named here follow by name."""


@dataclass(frozen=True)
class Result:
    """What one experiment found at one profile, as its NAME.json has it."""

    name: str
    profile: str
    claim: str
    meaning: str
    findings: tuple[Finding, ...]


def read_results(folder: Path) -> list[Result]:
    """Every NAME.json of a folder that an experiment wrote, in the order of reading."""
    results = []
    for path in folder.glob("*.json"):
        text = json.loads(path.read_text())
        if path.stem.endswith(PARTIAL) or not {"claim", "meaning", "findings"} <= text.keys():
            continue
        findings = tuple(Finding(**finding) for finding in text["findings"])
        results.append(Result(path.stem, text["profile"], text["claim"], text["meaning"], findings))
    place = {name: number for number, name in enumerate(READING_ORDER)}
    return sorted(results, key=lambda result: (place.get(result.name, len(place)), result.name))


def results_markdown(figures: Path) -> str:
    """Every table of verdicts: of the folder itself (the quick profile) and of its sub-folders (larger profiles).

    Args:
      figures: the folder of the figures, a neighbour of the folder that the text is written to.
    """
    larger: dict[str, list[Result]] = {}
    for folder in sorted(path for path in figures.iterdir() if path.is_dir()):
        for result in read_results(folder):
            larger.setdefault(result.name, []).append(result)
    words = "\n".join(f"- **{word}**: {meaning}." for word, meaning in VERDICTS.items())
    sections = [section(result, larger.get(result.name, []), figures.name) for result in read_results(figures)]
    return f"{OPENING}\n{words}\n\n{laws_markdown(figures)}\n" + "\n".join(sections)


OPENING = """# Results

This page is written by `superposed figures --results docs/results.md` from the files in `figures/`; a test holds it to
them. [notes.md](notes.md) says how single rows came about, and what was chosen after a look at the results.

Brackets are 95% intervals. *q99* asks that 99% of the read-offs err by less than the tolerance, *max* that all do.
*Built* networks have weights. *Drawn* errors come from their distribution, without a network; it was
tested against built ones. Each verdict is one of these words, and fixed rules choose it:
"""


def section(result: Result, larger: Sequence[Result], figures: str) -> str:
    """What one experiment means, its figure, and its table at every profile that was run."""
    lines = [f"## {result.claim}\n", f"{result.meaning}\n", f"![{result.name}](../{figures}/{result.name}.png)\n"]
    for run in (result, *larger):
        earlier = "" if run.claim == result.claim else f", whose claim was: {run.claim}"
        lines += [
            f"`{run.name}`, profile `{run.profile}`{earlier}:\n",
            "| question | range | measured | verdict |",
            "|---|---|---|---|",
        ]
        for f in run.findings:
            cells = (cell.replace("|", "\\|") for cell in (f.question, f.range, f.measured, f.verdict))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def page(figures: Path) -> str:
    """One self-contained HTML file with every figure of a folder, its claim, its answer and its table.

    Raises:
      FileNotFoundError: NAME.json has no NAME.svg beside it.
    """
    results = read_results(figures)
    index = "".join(f'<li><a href="#{r.name}">{escape(r.claim)}</a></li>' for r in results)
    words = "".join(f"<dt>{badge(word)}</dt><dd>{escape(meaning)}</dd>" for word, meaning in VERDICTS.items())
    body = "".join(article(result, (figures / f"{result.name}.svg").read_bytes()) for result in results)
    return Template(PAGE).substitute(index=index, words=words, body=body)


def article(result: Result, svg: bytes) -> str:
    """One experiment: claim, meaning, how many verdicts of each word, figure, folded table."""
    counts = Counter(finding.verdict for finding in result.findings)
    summary = " ".join(f"{badge(word)} {counts[word]}" for word in VERDICTS if counts[word])
    rows = "".join(
        f"<tr><td>{badge(f.verdict)}<td>{escape(f.question)}<br><b>{escape(f.measured)}</b>"
        f"<br><small>{escape(f.range)}{'; ' * bool(f.why)}{escape(f.why)}</small>"
        for f in result.findings
    )
    image = f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
    return (
        f'<article id="{result.name}"><h2>{escape(result.claim)}</h2><p>{escape(result.meaning)}</p>'
        f'<div class="figure"><img alt="{escape(result.claim)}" src="{image}"></div>'
        f"<details><summary>{summary} <small>({result.name}, profile {result.profile})</small></summary>"
        f"<table>{rows}</table></details></article>"
    )


def badge(word: str) -> str:
    """A verdict word in its colour."""
    return f'<span class="{word.replace(" ", "-")}">{word}</span>'


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>superposed: results</title>
<style>
:root { color-scheme: light dark; --ink: #1d1d1f; --paper: #fff; --faint: #6b6b70; --line: #ddd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --paper: #16161a; --faint: #9a9aa2; --line: #3a3a40; }
  img { filter: invert(.91) hue-rotate(180deg); }
}
body {
  font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 0 auto; max-width: 62rem; padding: 1rem;
}
h1, h2 { line-height: 1.25; } h2 { font-size: 1.2rem; } a { color: inherit; }
article { border-top: 1px solid var(--line); margin-top: 2rem; }
.figure { overflow-x: auto; }
.figure img { width: 100%; min-width: 40rem; }
table { border-collapse: collapse; }
td { border-top: 1px solid var(--line); padding: .5rem .5rem .5rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
summary { cursor: pointer; padding: .5rem 0; }
small, dd { color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; }
span { border-radius: .3rem; padding: .05rem .4rem; background: #8883; font-size: .85rem; }
.supported, .holds { background: #009e7344; }
.contradicted { background: #d55e0055; }
.inconclusive { background: #e69f0044; }
</style></head><body>
<h1>superposed: what was measured, and what it says</h1>
<p>Each section has a claim, what the answer means, a figure, and the table of verdicts behind it (unfold it).</p>
<details><summary>What the words of the verdicts mean</summary><dl>$words</dl></details>
<details><summary>Contents</summary><ol>$index</ol></details>
$body</body></html>
"""

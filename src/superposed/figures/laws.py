"""The laws of the literature in one table: printed, right, and measured, read from figures/*.json."""

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

from superposed.study.experiment import Finding


@dataclass(frozen=True)
class Law:
    """A statement of the literature, and the finding that judges it.

    Args:
      construction, inputs: what it is about.
      printed: the law as its source prints it.
      corrected: the law that theory has; the errata are those of docs/theory.md, section 2.
      experiment: which NAME.json holds the finding.
      question: a regular expression that one of its questions matches.
      judges: which of the two laws the verdict is about.
    """

    construction: str
    inputs: str
    printed: str
    corrected: str
    experiment: str
    question: str
    judges: str = "corrected"


LAWS = (
    Law("Theorem 1, Bernoulli, density log^2 m/sqrt d", "aligned", "worst error log^4 m/sqrt d",
        "about 1/log^4 m for many decades of d (E2)", "errata", r"^E2: at the paper's density", "printed"),
    Law("Theorem 1, Bernoulli, tuned density", "aligned", "worst error d^(-1/2)", "d^(-1/3) (E2)",
        "errata", r"^E2: at the tuned density"),
    Law("Theorem 3, random signs", "aligned", "error d^(-1/2)", "s d^(-1/2), with constants", "uand_aligned",
        r"Rademacher signs: rms error falls as d\^\(-1/2\)\? s = 3"),
    Law("Theorem 2, Bernoulli behind codes", "superposed", "width sqrt(m)/eps^2 in the statement (E1)",
        "m^(2/3) s^(2/3) eps^(-4/3)", "family", r"^E1: Theorem 2's width grows as m\^\(1/2\)", "printed"),
    Law("Theorem 2, Bernoulli behind codes", "superposed", "width m^(2/3) in the abstract",
        "m^(2/3) s^(2/3) eps^(-4/3) (E1)", "uand_superposed", r"drawn, s = 2, from m = 10\^4 on: width tends"),
    *(Law(f"Lemma 5, fan-in {k}", "superposed", f"width {k}/eps^2, no power of m", f"m^({k}/{k + 1})", "fan_in",
          rf"k = {k}, drawn: width tends to") for k in (2, 3, 4, 5)),
    *(Law(f"Lemma 5, fan-in {k}, tuned density", "aligned", "error d^(-1/2)", f"d^(-1/{k + 1})", "fan_in",
          rf"k = {k}, aligned, q99: error falls") for k in (2, 3, 4, 5)),
    *(Law(f"Theorem 6, XOR of three features, {form}", "superposed", "width sqrt(m), error m^(-1/3)",
          "width m^(3/4) at fan-in 3", "truth_tables", rf"in superposition, XOR, {form}, drawn")
      for form in ("split", "one-code")),
    Law("Theorem 6, XOR of three features", "aligned", "error d^(-1/2)", "d^(-1/4) at fan-in 3", "truth_tables",
        r"XOR, split, aligned, drawn"),
    Law("Theorem 6, layers without correction", "superposed", "low depth", "error d^(-1/2), times 1.6 a layer",
        "low_depth", r"by what factor does the largest error"),
    Law("Theorem 11, linear read", "superposed", "gates d^(3/2)", "d^(3/2), with logarithms", "targeted",
        r"linear read, from d = 10\^7 on, s = 2: gates follow"),
    Law("Theorem 11, linear read, built", "superposed", "gates d^(3/2)", "d^(3/2), with logarithms", "targeted",
        r"Theorem 11, built, regular, .*: gates beside"),
    Law("Theorem 11, hubs of Zipf degrees, built", "superposed", "gates d^(3/2), with blocks for hubs", "the same",
        "targeted", r"Theorem 11, built, zipf, hub blocks, .*: gates beside"),
    Law("Theorem 11, threshold read", "superposed", "gates d^2/log^2 d (Adler and Shavit)", "d^2, with logarithms",
        "targeted", r"threshold read, s = 2: gates grow as d\^2"),
    Law("centred weights", "superposed", "-", "m^(2/3)", "family", r"^centred weights:"),
    Law("signed weights", "superposed", "-", "m^(2/3)", "family", r"^signed weights:"),
    Law("centred read-off; random signs behind codes", "superposed", "sqrt(m log m) (Busch 2025)",
        "m^(2/3) eps^(-2/3)", "family", r"^centred read-off \(signs\):"),
    Law("Theorem 14, random layer", "superposed", "no power of m", "the same", "family", r"^random layer: no power"),
    Law("Theorem 14, random layer", "superposed", "error s d^(-1/2) for every m", "the same", "random_init",
        r"Theorem 14: rms error free of m"),
    Law("signs behind codes, quadratic neurons", "superposed", "-", "m^(2/3)", "quadratic", r"^signs behind codes"),
    Law("random layer, quadratic neurons", "superposed", "-", "no power of m; ln m for every pair", "quadratic",
        r"^random quadratic layer, q99"),
    Law("quadratic form", "superposed", "m = exp(eps^2 sqrt d/(2 s))", "d = (ln m)^2, half of the printed width",
        "quadratic", r"^quadratic form: widths follow"),
    Law("any layer under the best linear read-off", "superposed", "error d^(-1/2) at least (Welch)",
        "nearly reached by a random layer", "read_offs", r"^No linear read-off"),
    Law("random layer under the best linear read-off", "superposed", "-", "no power of m; a factor at few features",
        "family", r"^random layer: how many times fewer neurons"),
    *(Law(name, "aligned", "width log^c m/eps^2", "no power of m", "family", f"^{name}, aligned: no power")
      for name in ("Theorem 1", "signs", "signs, quadratic neurons")),
    Law("codes of the features", "-", "cross-talk sqrt((m-d)/(d(m-1))) at least (Welch)", "the same", "codes",
        r"^No code"),
    Law("Theorem 11, targeted ANDs", "superposed", "eps^2 m d sqrt(d/s) = O(1)", "eps^2 (m/d) sqrt(d/s) = O(1) (E3)",
        "errata", r"^E3: .* as printed", "printed"),
    Law("Theorem 21, error correction", "superposed", "eps < d^(1/4)/(m^(1/2) s^(1/4))",
        "eps < (d s)^(1/4)/m^(1/2) (E4)", "error_correction", r"tolerated read-off error grows as s\^\(1/4\)"),
    Law("Theorem 21, every unit rounds", "superposed", "m = d^(3/2)", "m = d^(3/2)/(18 sqrt(s) ln d)",
        "error_correction", r"every unit rounding exactly"),
    Law("Theorem 21, every bit decodes", "superposed", "-", "d^2 on the way, d^(3/2) in the end", "error_correction",
        r"every bit decoding at 1/2"),
    Law("Theorem 8, deep circuits", "superposed", "d = m^(2/3) s^2", "m = d^(3/2)/ln d, s^(-1/2)", "deep_transition",
        r"^Theorem 8, paper, s = 2 active, built"),
    Law("channels", "superposed", "m = d^2/log^2 d (Adler and Shavit)", "d^(2 - 1/(2c)) at c units a feature",
        "true_superposition", r"^Channels, groups, s = 3(, depth \d+)?: m\* (at|of)"),
    Law("threshold reads of every AND", "Gaussian code", "d = k (3 l1 + l0)^2", "the same", "threshold_reads",
        r"^optimal bias: at what fraction"),
    Law("threshold reads, one wrong AND expected", "Gaussian code", "d = 2 k (2^(1/2) l1 + (l1^2 + l0^2)^(1/2))^2",
        "the same", "threshold_reads", r"^optimal bias: width at which one wrong AND"),
    Law("skip feature-bigrams", "superposed", "noise |B|^(1/2)", "the same", "bigrams", r"^projection: noise of the"),
    Law("skip feature-bigrams", "superposed", "|B| = d_resid d_head", "the same", "bigrams",
        r"^projection: the longest"),
    Law("small circuits in one network", "superposed", "T = (D/d)^2", "T = eps P^2/(l V z)", "small_circuits",
        r"^most circuits with an error below"),
)  # fmt: skip


def find(law: Law, figures: Path) -> tuple[Finding, str] | None:
    """The finding that judges a law, with its profile: that of a larger profile where there is one; else None."""
    for path in (*sorted(figures.glob(f"*/{law.experiment}.json")), figures / f"{law.experiment}.json"):
        if path.is_file():
            text = json.loads(path.read_text())
            for finding in text["findings"]:
                if re.search(law.question, finding["question"]):
                    return Finding(**finding), text["profile"]
    return None


HEAD = ("construction", "inputs", "printed", "corrected", "measured", "range", "verdict")


def laws_table(figures: Path) -> list[tuple[str, ...]]:
    """A row a law, with the columns of HEAD."""
    rows = []
    for law in LAWS:
        judged = find(law, figures)
        measured = (
            ("-", "-", "not measured")
            if judged is None
            else (
                judged[0].measured,
                f"{judged[0].range} ({law.experiment}, {judged[1]})",
                f"{judged[0].verdict} ({law.judges})",
            )
        )
        rows.append((law.construction, law.inputs, law.printed, law.corrected, *measured))
    return rows


def laws_csv(figures: Path) -> str:
    """The table as figures/family.laws.csv has it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEAD, *laws_table(figures)])
    return text.getvalue()


def laws_markdown(figures: Path) -> str:
    """The table, in Markdown."""
    lines = [
        "## The laws in one table\n",
        "Each line is a statement of the literature, as printed and as theory has it, beside what was measured. "
        "E1 to E4 are errata of [theory.md](theory.md), section 2. The verdict says which of the two laws it judges.\n",
        f"| {' | '.join(HEAD)} |",
        "|---" * len(HEAD) + "|",
    ]
    for row in laws_table(figures):
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    return "\n".join(lines) + "\n"

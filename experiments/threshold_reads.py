"""Every AND read by a threshold straight from the stored vector: chance of no error and expected errors, by width."""

from dataclasses import dataclass
from functools import lru_cache, partial
from math import log, sqrt

import numpy as np

from superposed.figures.panels import Panel, draw_panels
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.points import line, points
from superposed.study.series import number
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of
from superposed.theory.threshold_reads import (
    Width,
    chance_of_no_error,
    draw_margins,
    expected_errors,
    few_errors_midpoint_width,
    few_errors_width,
    midpoint_width,
    optimal_width,
    width_of_count,
)

RULES = {"optimal bias": optimal_width, "threshold 3/2": midpoint_width}
"""Widths at which draws begin to read every AND rightly: the box."""
COUNTS = {"optimal bias": few_errors_width, "threshold 3/2": few_errors_midpoint_width}
"""Widths at which about one wrong AND is expected: the ball."""
FRACTIONS = (0.5, 0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 2.0)
"""Of the sharp width, in dimensions d."""
POWERS = (2, 4, 8, 16)
"""m = k^power."""


@dataclass(frozen=True)
class Profile:
    """k at every power of k below 1e300; draws a width; dictionaries that are really made, (k, m, how many)."""

    k: tuple[int, ...]
    draws: int
    made: tuple[tuple[int, int, int], ...]


PROFILES = {
    "tiny": Profile((16,), 64, ((4, 30, 40),)),
    "quick": Profile((64, 256, 1024), 400, ((8, 200, 200), (16, 1000, 60))),
    "standard": Profile((64, 256, 1024, 4096), 4096, ((8, 200, 2000), (16, 1000, 500), (32, 4000, 100))),
    "full": Profile((64, 256, 1024, 4096, 16_384), 16_384, ((8, 200, 8000), (16, 1000, 2000), (32, 4000, 400))),
}


@lru_cache
def sharp(rule: str, k: int, m: float) -> Width:
    """The width that a rule's closed form says, and its threshold."""
    return RULES[rule](m, k)


def threshold_at(rule: str, k: int, m: float, d: float) -> float:
    """The rule's threshold at any width: 3/2, or moved by the same number of standard deviations."""
    width = sharp(rule, k, m)
    return 1.5 + (width.threshold - 1.5) * sqrt(width.d / d)


def drawn_steps(profile: Profile) -> Steps:
    """Fresh dictionaries at fractions of the sharp width, by the exact reduced form."""
    cells = [
        {"reads": "reduced", "rule": rule, "k": k, "m": float(k) ** power, "fraction": fraction,
         "draws": profile.draws, "seed": 0}
        for rule in RULES for k in profile.k for power in POWERS for fraction in FRACTIONS
    ]  # fmt: skip
    return Steps(tuple(cells), draw)


def draw(cell: dict) -> dict:
    """How many draws read every AND rightly; the closed forms beside it."""
    k, m, rule = cell["k"], cell["m"], cell["rule"]
    d = cell["fraction"] * sharp(rule, k, m).d
    threshold = threshold_at(rule, k, m, d)
    rng = np.random.default_rng([cell["seed"], k])
    right = (draw_margins(rng, m, k, d, threshold, cell["draws"]) > 0).all(axis=1)
    return {"d": d, "threshold": threshold, "right": int(right.sum()),
            "chance": chance_of_no_error(m, k, d, threshold),
            "expected": float(expected_errors(m, k, d, threshold).sum())}  # fmt: skip


def made_steps(profile: Profile) -> Steps:
    """Dictionaries that are made, every AND of them read: the oracle of the reduced form."""
    cells = [
        {"reads": "made", "rule": rule, "k": k, "m": m, "fraction": fraction, "draws": n, "seed": 0}
        for rule in RULES for k, m, n in profile.made for fraction in (0.85, 1.15)
    ]  # fmt: skip
    return Steps(tuple(cells), make)


def make(cell: dict) -> dict:
    """How many dictionaries read every AND rightly, and the mean number of wrong ANDs."""
    k, m, rule = cell["k"], cell["m"], cell["rule"]
    d = round(cell["fraction"] * sharp(rule, k, float(m)).d)
    threshold = threshold_at(rule, k, float(m), d)
    rng = np.random.default_rng([cell["seed"], k, m])
    wrong = np.empty(cell["draws"], int)
    truth = np.outer(np.arange(m) < k, np.arange(m) < k)
    upper = np.triu(np.ones((m, m), bool), 1)
    for n in range(cell["draws"]):
        e = rng.standard_normal((d, m), np.float32) / np.float32(sqrt(d))
        reads = e.T @ e[:, :k].sum(axis=1)
        wrong[n] = ((np.add.outer(reads, reads) > threshold) != truth)[upper].sum()
    return {"d": d, "threshold": threshold, "right": int((wrong == 0).sum()), "wrong": float(wrong.mean()),
            "spread": float(wrong.std()), "chance": chance_of_no_error(float(m), k, d, threshold),
            "expected": float(expected_errors(float(m), k, d, threshold).sum())}  # fmt: skip


def curve_findings(profile: Profile, rows: list[dict]) -> list[Finding]:
    """Drawn chances against the quadrature; where the chance passes one half; the two statistics side by side."""
    off = [abs(r["right"] / r["draws"] - r["chance"]) for r in rows]
    allowed = 4 * sqrt(0.25 / profile.draws) + 0.03
    findings = [Finding.counted(
        "Threshold reads: chance of no error, drawn, against its quadrature?",
        f"k = {profile.k[0]} to {profile.k[-1]}, m = k^{POWERS[0]} to k^{POWERS[-1]}, {profile.draws} draws each",
        f"largest difference {max(off):.3f} of {len(off)} widths",
        max(off) < allowed,
        f"allowed: .03, and four standard errors of a chance: {allowed:.3f}",
    )]  # fmt: skip
    for rule in RULES:
        k, half = profile.k[-1], half_passes(profile, rows, rule, "fraction").values()
        words = ", ".join(f"{x:.3f} (m = k^{power})" for power, x in zip(POWERS, half, strict=True))
        question = f"{rule}: at what fraction of the sharp width does half of the draws read every AND rightly?"
        findings.append(Finding(question, f"k = {k}, {profile.draws} draws a width", words, "measured"))
        top = max((r for r in rows if r["rule"] == rule and r["right"] == r["draws"]), key=lambda r: r["expected"],
                  default=None)  # fmt: skip
        if top is not None:
            words = (
                f"{top['expected']:.2g} expected, none in {top['draws']} draws "
                f"(k = {top['k']}, m = {number(top['m'])}, {top['fraction']} of the sharp width)"
            )
            question = f"{rule}: how many wrong ANDs are expected where no draw has any?"
            findings.append(Finding(question, "every k, m and width drawn", words, "measured"))
    return findings


def drawn_for(rows: list[dict], rule: str, k: int, power: float) -> list[dict]:
    """The rows of one rule at m = k^power, along the width."""
    return [r for r in rows if (r["rule"], r["k"], r["m"]) == (rule, k, float(k) ** power)]


def half_passes(profile: Profile, rows: list[dict], rule: str, along: str = "d") -> dict[float, float]:
    """By m = k^power, the width at which half of the draws read every AND rightly, for the largest k."""
    k, halves = profile.k[-1], {}
    for power in POWERS:
        mine = drawn_for(rows, rule, k, power)
        chances = [r["right"] / r["draws"] for r in mine]
        halves[float(k) ** power] = float(np.interp(0.5, chances, [r[along] for r in mine]))
    return halves


def count_widths(profile: Profile, rule: str) -> dict[float, float]:
    """By m = k^power, the width at which one wrong AND is expected, by quadrature, for the largest k."""
    k = profile.k[-1]
    return {m: width_of_count(m, k, COUNTS[rule](m, k).threshold) for m in (float(k) ** power for power in POWERS)}


def criteria_findings(profile: Profile, rows: list[dict]) -> list[Finding]:
    """How the two criteria differ: every AND right, and less than one wrong AND expected."""
    k, findings = profile.k[-1], []
    for rule in RULES:
        half, count = half_passes(profile, rows, rule), count_widths(profile, rule)
        words = ", ".join(f"{d / COUNTS[rule](m, k).d:.3f} (m = {number(m)})" for m, d in count.items())
        question = f"{rule}: width at which one wrong AND is expected, by quadrature, beside its closed form?"
        findings.append(Finding(question, f"k = {k}", words, "computed", "logarithms of logarithms are left out"))
        words = ", ".join(f"{count[m] / half[m]:.2f} times (m = {number(m)})" for m in half)
        question = f"{rule}: how much wider for one expected wrong AND than for every AND right in half of the draws?"
        findings.append(Finding(question, f"k = {k}, {profile.draws} draws a width", words, "measured"))
    return findings


def made_finding(rows: list[dict]) -> Finding:
    """Dictionaries that were made against the closed forms, in standard errors."""
    z = []
    for r in rows:
        z.append(
            abs(r["right"] / r["draws"] - r["chance"]) / (sqrt(r["chance"] * (1 - r["chance"]) / r["draws"]) + 0.03)
        )
        z.append(abs(r["wrong"] - r["expected"]) / (max(r["spread"], sqrt(r["expected"])) / sqrt(r["draws"]) + 1e-9))
    span = ", ".join(f"k = {k}, m = {m}" for k, m in dict.fromkeys((r["k"], r["m"]) for r in rows))
    why = "chances within .03 and five standard errors, numbers of wrong ANDs within five standard errors"
    return Finding.counted("Dictionaries that are made, every AND read: do they follow the closed forms?", span,
                   f"largest deviation {max(z):.1f} of those allowances, of {len(z)}", max(z) < 5, why)  # fmt: skip


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Success and expected errors along the width, and the oracle."""
    rows, made = rows_of(drawn_steps(profile), seen, kind="drawn"), rows_of(made_steps(profile), seen, kind="made")
    table, k = rows + made, profile.k[-1]
    for rule in RULES:
        for power in (POWERS[0], POWERS[-1]):
            name = f"{rule}, m = k^{power}"
            mine = drawn_for(rows, rule, k, power)
            for r in mine:
                chance = r["right"] / r["draws"]
                spread = 1.96 * sqrt(chance * (1 - chance) / r["draws"])
                table.append({"kind": "point", "panel": "success", "series": name, "x": r["d"] / k, "best": chance,
                              "low": chance - spread, "high": chance + spread})  # fmt: skip
            table += line("success", name, {r["d"] / k: r["chance"] for r in mine})
            table += line("count", name, {r["d"] / k: r["expected"] for r in mine})
        for words, closed, widths in (
            ("every AND right", RULES[rule], half_passes(profile, rows, rule)),
            ("one wrong expected", COUNTS[rule], count_widths(profile, rule)),
        ):
            name = f"{rule}, {words}"
            table += points("widths", name, {log(m): [d / k] for m, d in widths.items()})
            table += line("widths", name, {log(m): closed(m, k).d / k for m in widths})
    findings = [*curve_findings(profile, rows), *criteria_findings(profile, rows), made_finding(made)]
    return Analysis(table, findings)


EXPERIMENT = Experiment(
    claim="The Ball and the Box (2026): every AND can be read by a threshold from the stored vector in "
    "d = k (3 l1 + l0)^2 dimensions, or 4 k (l1 + l0)^2 at the threshold 3/2; few expected errors ask for more",
    meaning="With thresholds in place of linear read-offs no hidden layer is needed, and the dimensions grow as "
    "the logarithm of the number of features. The expected number of wrong ANDs can be large where draws have none.",
    profiles=PROFILES,
    tasks=lambda profile: [drawn_steps(profile), made_steps(profile)],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("success", "dimensions over k, d / k", "chance of no error", "every AND right (lines: quadrature)",
                  linear="y", limits=(-0.03, 1.03)),
            Panel("count", "dimensions over k, d / k", "expected wrong ANDs", "expected number of wrong ANDs"),
            Panel("widths", "ln m", "dimensions over k, d / k", "widths by rule and criterion\n(lines: closed forms)"),
        ),
    ),
    size=(14, 4.8),
)  # fmt: skip

"""Two errata of the paper, decided: the density of Theorem 1 (E2) and the hypothesis of Theorem 11 (E3).

E1, the exponent of Theorem 2, is decided by `family`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import comb, log, sqrt

import numpy as np
import scipy.sparse as sp

from superposed.circuits.circuit import Gates, Op
from superposed.compiler.targeted_and import targeted_and
from superposed.figures.panels import Panel, draw_panels
from superposed.fitting import through
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.points import column_points, line
from superposed.study.series import Series
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of
from superposed.theory.targeted import gate_size
from superposed.theory.worst_case import draw_worst_error, paper_floor, tuned_density

S = 3
"""Active features; of the pair and one bystander in Theorem 1."""
DENSITIES = ("paper", "tuned")


@dataclass(frozen=True)
class Profile:
    """E2: widths for m features at each density. E3: widths for `gates` gates, and gates for one width."""

    m: int
    paper: tuple[float, ...]
    tuned: tuple[float, ...]
    gates: int
    widths: tuple[int, ...]
    many: tuple[int, ...]
    width: int
    seeds: int


def tens(first: int, last: int, step: int = 1) -> tuple[float, ...]:
    """10^first, ..., 10^last."""
    return tuple(10.0**n for n in range(first, last + 1, step))


PROFILES = {
    "tiny": Profile(16, tens(5, 8), tens(4, 6), 256, (256, 1024), (256, 512), 1024, 2),
    "quick": Profile(32, tens(7, 12), tens(4, 9), 4096, (256, 1024, 4096, 16_384, 65_536),
                     (256, 1024, 4096, 16_384, 65_536), 4096, 4),
    "standard": Profile(64, tens(8, 15), tens(4, 9), 16_384, tuple(2**n for n in range(8, 18)),
                        tuple(2**n for n in range(8, 18)), 4096, 12),
    "full": Profile(64, tens(8, 15), tens(4, 8), 16_384, tuple(2**n for n in range(8, 18)),
                    tuple(2**n for n in range(8, 18)), 4096, 32),
}  # fmt: skip


def density(kind: str, m: int, d: float) -> float:
    """log^2 m / sqrt d, or the density that makes the largest error least."""
    pairs_and_inputs = comb(m, 2) * comb(m - 2, S - 1)
    return log(m) ** 2 / sqrt(d) if kind == "paper" else tuned_density(d, S, sqrt(2 * log(pairs_and_inputs)))


def worst(cell: dict) -> dict:
    """The largest error over every input and pair of one network."""
    rng = np.random.default_rng([cell["seed"], int(log(cell["d"]) * 1000)])
    return {"error": draw_worst_error(rng, cell["m"], S, cell["d"], density(cell["density"], cell["m"], cell["d"]))}


def worst_steps(profile: Profile) -> Steps:
    """E2: networks at both densities."""
    widths = {"paper": profile.paper, "tuned": profile.tuned}
    return Steps(tuple(
        {"erratum": "E2", "density": kind, "m": profile.m, "s": S, "d": d, "seed": seed}
        for kind in DENSITIES for d in widths[kind] for seed in range(profile.seeds)
    ), worst)  # fmt: skip


def noise(cell: dict) -> dict:
    """The mean square that read-off errors of size 1 put on a neuron of Theorem 11's layer.

    The gates are the edges of a random graph in which every feature has two gates.
    """
    rng = np.random.default_rng([cell["seed"], cell["gates"], cell["d"]])
    n = cell["gates"]
    order = rng.permutation(n)
    gates = Gates(np.full(n, Op.AND), np.stack([order, np.roll(order, 1)], axis=1))
    layer, _ = targeted_and(rng, gates, sp.eye_array(n, format="csr"), cell["d"], gate_size(cell["d"], S))
    _, write = layer.factors
    z = write.T @ rng.standard_normal(n)
    return {"noise": float(np.mean(z**2))}


def noise_steps(profile: Profile) -> Steps:
    """E3: along the width and along the number of gates."""
    cells = [(profile.gates, d) for d in profile.widths] + [(n, profile.width) for n in profile.many]
    return Steps(tuple(
        {"erratum": "E3", "gates": n, "d": d, "s": S, "seed": seed}
        for n, d in dict.fromkeys(cells) for seed in range(profile.seeds)
    ), noise)  # fmt: skip


def noise_law(gates: float, d: float) -> float:
    """2 (m/d) sqrt(d/s): a neuron is in (m/d) sqrt(d/s) gates and sums two reads of each."""
    return 2 * gates / d * sqrt(d / S)


def noise_curve(profile: Profile, along: str) -> dict[float, float]:
    """`noise_law` along the width, or along the number of gates."""
    if along == "d":
        return {d: noise_law(profile.gates, d) for d in profile.widths}
    return {n: noise_law(n, profile.width) for n in profile.many}


def worst_table(profile: Profile, errors: dict[str, list[dict]]) -> list[dict]:
    """Points at both densities, the printed power through the first of the paper's, and 1/log^4 m."""
    first = min(profile.paper)
    start = np.median([r["error"] for r in errors["paper"] if r["d"] == first])
    table = [row for kind in DENSITIES for row in column_points("worst", f"{kind} density", errors[kind], "d", "error")]
    table += line("worst", "printed, d^(-1/2)", {d: start * sqrt(first / d) for d in profile.paper})
    return table + line("worst", "1/log^4 m", dict.fromkeys(profile.paper, paper_floor(profile.m)))


def noise_table(profile: Profile, noises: Sequence[Series]) -> list[dict]:
    """Points along the width and along the gates, the corrected law, and the printed one along the width."""
    curves = {series.along: noise_curve(profile, series.along) for series in noises}
    table = [row for s in noises for row in column_points(s.along, "measured", s.records, s.along, "noise")]
    for along, curve in curves.items():
        table += line(along, "2 (m/d) sqrt(d/s)", curve)
    first = profile.widths[0]
    printed = {d: curves["d"][first] * (d / first) ** 1.5 for d in profile.widths}
    return table + line("d", "as printed, m d sqrt(d/s)", printed)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The largest error along the width at both densities; the noise of a neuron along d and along the gates."""
    every, noises = rows_of(worst_steps(profile), seen, kind="E2"), rows_of(noise_steps(profile), seen, kind="E3")
    errors = {kind: [row for row in every if row["density"] == kind] for kind in DENSITIES}
    paper, tuned = (Series.exact(f"Theorem 1, {kind} density", "d", errors[kind], "error") for kind in DENSITIES)
    along_d = Series.exact(
        "Theorem 11, noise along d", "d", [r for r in noises if r["gates"] == profile.gates], "noise"
    )
    along_m = Series.exact(
        "Theorem 11, noise along m", "gates", [r for r in noises if r["d"] == profile.width], "noise"
    )
    asked = (
        (paper, -0.5, "E2: at the paper's density the largest error falls as d^(-1/2), as printed?"),
        (tuned, -1 / 3, "E2: at the tuned density the largest error falls as d^(-1/3)?"),
        (along_d, 1.5, "E3: the noise of a neuron of Theorem 11 goes as m d sqrt(d/s), d^(3/2), as printed?"),
        (along_m, 1.0, "E3: the noise of a neuron of Theorem 11 goes as m?"),
    )
    fits = {question: series.report(claim) for series, claim, question in asked}
    findings = [series.finding(question, fits[question]) for series, _, question in asked]
    for series, exponent, words in ((along_d, -0.5, ""), (along_m, 1.0, ", along m")):
        name = f"E3: the noise of a neuron of Theorem 11 follows 2 (m/d) sqrt(d/s){words}?"
        law = through(noise_curve(profile, series.along).items(), exponent, series.along, "corrected")
        fits[name] = series.report(exponent, closed=law)
        findings.append(series.formula_finding(name, fits[name]))
    least = min(row["error"] for row in errors["paper"])
    findings.append(Finding(
        "E2: how small does the largest error at the paper's density get, in units of 1/log^4 m?", paper.span,
        f"{least / paper_floor(profile.m):.2f}", "measured",
        "a neuron that three features share is one of about log^4 m neurons of a pair",
    ))  # fmt: skip
    return Analysis([*every, *noises, *worst_table(profile, errors), *noise_table(profile, (along_d, along_m))],
                    findings, fits)  # fmt: skip


EXPERIMENT = Experiment(
    claim="Errata of Hänni et al. 2024: Theorem 1's worst error does not fall as printed (E2), and Theorem "
    "11 needs eps^2 (m/d) sqrt(d/s), not eps^2 m d sqrt(d/s) (E3)",
    meaning="Two formulas of the paper cannot be right as printed, and measurements say which are. With the printed "
    "density the worst error hardly falls however wide the layer becomes; a corrected density mends it.",
    profiles=PROFILES,
    tasks=lambda profile: [worst_steps(profile), noise_steps(profile)],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("worst", "width d (neurons)", "largest error", "E2: every input and pair, s = 3"),
            Panel("d", "width d (neurons)", "noise of a neuron / eps²", "E3: along d"),
            Panel("gates", "gates m", "noise of a neuron / eps²", "E3: along m"),
        ),
    ),
    size=(12, 4.8),
)

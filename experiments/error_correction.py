"""Theorem 21: how many features one error-correction layer bears, and which printed tolerance is right.

d = 8 D ReLU neurons: the layer has D units of eight. Rows are of three kinds. "built": one network and one input at
one m, its largest noise and its wrong bits. "law": the largest m by the exact law, to 10^7
neurons and more. "tolerance": the largest read-off error of random sign that a built network rounds away.
"""

from dataclasses import dataclass

import jax
import numpy as np

from superposed.circuits.randomness import host_rng
from superposed.compiler.codes import mean_read, ternary_code
from superposed.figures.circuits import draw_correction
from superposed.fitting import through
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import Series
from superposed.study.trials import Trials
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.theory.error_correction import CRITERIA, capacity, rounded, strict_leading_order, tolerance

CLAIMS = {
    "round": (3 / 2, "Theorem 21: with every unit rounding exactly, m* of half the networks grows as d^(3/2)?"),
    "decode": (3 / 2, "Theorem 21: with every bit decoding at 1/2, m* of half the networks tends to d^(3/2)?"),
}
PASSES = {"round": lambda seen: seen["largest_noise"] < 1 / 3, "decode": lambda seen: seen["wrong_bits"] == 0}
LEAST = 1 / 32
"""Networks of D units have m = D/32, 2^(1/2) D/32, and so on to the profile's `most` D, whatever any law says."""


@dataclass(frozen=True)
class Profile:
    """Units of the built layers, `seeds` networks an m; units of the law; the tolerance's units, sparsities, seeds."""

    built: tuple[int, ...]
    most: int
    seeds: int
    law: tuple[int, ...]
    tolerance_units: int
    sparsities: tuple[int, ...]
    tolerance_seeds: int
    s: int = 3


OCTAVES = (256, 512, 1024, 2048, 4096, 8192)
PROFILES = {
    "tiny": Profile((128, 256), 4, 2, (128, 256), 256, (1, 4), 2),
    "quick": Profile(OCTAVES[:4], 16, 4, (2**8, 2**10, 2**12, 2**16, 10**7 // 8), 1024, (1, 2, 4, 8, 16), 8),
    "standard": Profile(
        OCTAVES, 64, 8, tuple(round(10 ** (k / 2)) for k in range(5, 15)), 4096, (1, 2, 4, 8, 16, 32), 32
    ),
    "full": Profile(
        OCTAVES, 32, 32, tuple(round(10 ** (k / 4)) for k in range(10, 29)), 8192, (1, 2, 4, 8, 16, 32, 64), 64
    ),
}


def tasks(profile: Profile) -> list[Steps]:
    """Built networks, the law, tolerances: one step a network, or a point of the law."""
    built = [
        {"kind": "built", "units": units, "s": profile.s, "m": m, "seed": number * profile.seeds + n}
        for units in profile.built
        for number, m in enumerate(ladder(units, profile))
        for n in range(profile.seeds)
    ]
    law = [
        {"kind": "law", "criterion": criterion, "units": d, "s": profile.s}
        for criterion in CRITERIA
        for d in profile.law
    ]
    errors = [
        {"kind": "tolerance", "units": profile.tolerance_units, "s": s, "seed": seed}
        for s in profile.sparsities
        for seed in range(profile.tolerance_seeds)
    ]
    return [Steps(tuple(built), one_correction), Steps(tuple(law), law_point), Steps(tuple(errors), largest_tolerated)]


def ladder(units: int, profile: Profile) -> list[int]:
    """The m that are tried: at least 4 s, half an octave apart."""
    steps = round(2 * np.log2(profile.most / LEAST))
    sizes = [round(LEAST * units * 2 ** (k / 2)) for k in range(steps + 1)]
    return [m for m in sizes if m >= 4 * profile.s]


def one_correction(cell: dict) -> dict:
    """One network and one input with features 0, ..., s - 1 active.

    The incoming code is ternary as is the new one, so the read-offs carry the cross-talk of an exact state.
    """
    units, s, m = cell["units"], cell["s"], cell["m"]
    rng = host_rng(jax.random.key(cell["seed"] * 1_000_003 + units))
    incoming, code = (ternary_code(rng, m, units, 1 / np.sqrt(units * s)) for _ in range(2))
    x, signal = incoming[:s].sum(0), code[:s].sum(0)
    u = (x @ mean_read(incoming)) @ code
    reads = rounded(u) @ mean_read(code)
    noise, wrong = float(np.abs(u - signal).max()), int((reads[:s] <= 0.5).sum() + (reads[s:] > 0.5).sum())
    return {"largest_noise": noise, "wrong_bits": wrong,
            "lowest_active": float(reads[:s].min()), "highest_idle": float(reads[s:].max())}  # fmt: skip


def law_point(cell: dict) -> dict:
    """The largest m at which half of all networks pass, by the exact law."""
    return {"m": capacity(cell["s"], cell["units"], cell["criterion"])}


def largest_tolerated(cell: dict) -> dict:
    """The largest eps at m = 2 D for which errors of +-eps, of random sign, leave every unit's noise below 1/3."""
    units, s = cell["units"], cell["s"]
    rng = host_rng(jax.random.key(cell["seed"] * 1_000_003 + units + s))
    code = ternary_code(rng, 2 * units, units, 1 / np.sqrt(units * s))
    signs = rng.integers(0, 2, 2 * units) * 2.0 - 1
    return {"eps": float(1 / (3 * np.abs(signs @ code).max())), "theory": tolerance(units, 2 * units, s)}


def rows_of(profile: Profile, seen: Seen) -> dict[str, list[dict]]:
    """Rows by kind, each with its cell and what was seen. d counts neurons."""
    rows: dict[str, list[dict]] = {"built": [], "law": [], "tolerance": []}
    for task in tasks(profile):
        for cell, result in zip(task.cells, task.results(seen), strict=True):
            rows[cell["kind"]].append({**cell, "d": 8 * cell["units"], **result})
    return rows


def trials(built: list[dict], criterion: str) -> Trials:
    """Which of the built networks pass."""
    tried = [{"d": r["d"], "seed": r["seed"], "m": r["m"], "passed": PASSES[criterion](r)} for r in built]
    return Trials(criterion, tried, {"criterion": criterion})


def law_finding(law: list[dict], criterion: str) -> Finding:
    """The law's last local exponent; "computed", for a closed law has no scatter that a verdict could rest on."""
    (d0, m0), (d1, m1) = sorted((r["d"], r["m"]) for r in law if r["criterion"] == criterion)[-2:]
    slope = np.log(m1 / m0) / np.log(d1 / d0)
    question = f"Exact law of one correction, {criterion}: local exponent of m* at the largest d?"
    return Finding(
        question,
        f"d = {d0:.6g} to {d1:.6g}, no seeds",
        f"{slope:.3f}",
        "computed",
        "a closed form, evaluated; not a fit",
    )


def tolerated(rows: list[dict]) -> list[dict]:
    """Table rows of the tolerance: its median with the middle 68%, and the two printed powers through its middle."""
    eps = {s: [row["eps"] for row in rows if row["s"] == s] for s in sorted({row["s"] for row in rows})}
    quantiles = {s: np.quantile(values, (0.16, 0.5, 0.84)) for s, values in eps.items()}
    medians = [
        {"kind": "tolerance, median", "s": s, "low": low, "best": best, "high": high}
        for s, (low, best, high) in quantiles.items()
    ]
    s = np.array(list(eps), float)
    middle = np.exp(np.mean([np.log(best) for _, best, _ in quantiles.values()]))
    relative = s / np.exp(np.log(s).mean())
    return medians + [
        {"kind": "tolerance, claimed", "power": name, "s": x, "best": y}
        for name, power in (("as the proof has it", 1 / 4), ("as printed", -1 / 4))
        for x, y in zip(s.tolist(), (middle * relative**power).tolist(), strict=True)
    ]


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """m* against d under both criteria, built and by law; the tolerance against s."""
    rows, fits, findings = rows_of(profile, seen), {}, []
    table = [row for kind in rows.values() for row in kind]
    for criterion, (claim, question) in CLAIMS.items():
        networks = trials(rows["built"], criterion)
        series = networks.series()
        points = [(r["d"], r["m"]) for r in rows["law"] if r["criterion"] == criterion]
        fits[criterion] = series.report(claim, closed=through(points, claim, "d", "exact law"))
        asked = f"Theorem 21, {criterion}, s = {profile.s}: at what m do half of the networks pass, and 95%?"
        findings.append(networks.curve_finding(asked))
        findings.append(networks.exponent_finding(f"{question} s = {profile.s}", fits[criterion]))
        findings.append(law_finding(rows["law"], criterion))
        table += networks.rows()
    records = [{"s": r["s"], "seed": r["seed"], "low": r["eps"], "high": r["eps"]} for r in rows["tolerance"]]
    tolerances = Series("tolerance", "s", tuple(records))
    question = "Theorem 21: tolerated read-off error grows as s^(1/4), as the proof has it (printed: s^(-1/4))?"
    fits["tolerance"] = tolerances.report(1 / 4)
    findings.append(tolerances.finding(question, fits["tolerance"]))
    units = sorted({row["units"] for row in rows["law"] + rows["built"]})
    leading = [
        {"kind": "leading order", "s": profile.s, "units": D, "d": 8 * D, "m": strict_leading_order(D, profile.s)}
        for D in units
    ]
    return Analysis(table + leading + tolerated(rows["tolerance"]), findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 21 (Hänni et al. 2024): one correction of d neurons bears Õ(d^(3/2)) features "
    "and a read-off error ~ (D s)^(1/4)/√m",
    meaning="A layer of neurons that round can clean up the errors of the layer before, for many more features than "
    "neurons. The paper prints two formulas for the error it bears: the measured one rises with s as in the proof, and "
    "does not fall as in the statement.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_correction,
    size=(11, 6.6),
)

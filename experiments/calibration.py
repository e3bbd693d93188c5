"""The fits tried on widths of known truth: do printed intervals hold it, and how often is a word wrong?

No network is measured. Every trial draws widths about a known curve and sees them through a ladder of widths, as the
searches do. It hands them to the report that every other experiment uses. The claim is 2/3 in all trials.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from superposed.figures.calibration import draw_calibration
from superposed.fitting import (
    Crossover,
    Fit,
    Points,
    Sample,
    fit,
    fit_points,
    lack_of_fit,
    power,
    power_log,
    proportion_interval,
    report,
    sample,
)
from superposed.fitting.fits import AnyModel
from superposed.fitting.verdict import WITHIN
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps

CLAIM = 2 / 3
LEAST = 64.0
WANTED = (0.93, 0.97)
"""Where the coverage of a printed 95% interval should lie."""
WORDS = ("supported", "inconclusive", "contradicted")


@dataclass(frozen=True)
class Truth:
    """log d as a function of m, its asymptotic exponent, and the model that holds it."""

    curve: Callable[[np.ndarray], np.ndarray]
    exponent: float
    model: AnyModel


def crossing(m: np.ndarray) -> np.ndarray:
    """Three error terms as in the paper's construction; the one that brings m^(2/3) rules from m = 10^5 on."""
    return Crossover(asymptotic=2 / 3).log_response(np.log([[20.0, 2.0, 8.0]]), {"m": m})[0][0]


def straight(exponent: float, log_power: float | int = 0) -> Truth:
    """m^exponent (log m)^log_power."""
    curve = lambda m: 1 + exponent * np.log(m) + log_power * np.log(np.log(m))
    return Truth(curve, exponent, power_log() if log_power else power())


TRUTHS = {
    "m^(2/3)": straight(2 / 3),
    "m^(2/3) log m": straight(2 / 3, 1),
    "crossover to 2/3": Truth(crossing, 2 / 3, Crossover()),
    "m^.65": straight(0.65),
    "m^.62": straight(0.62),
    "m^.62 log m": straight(0.62, 1),
    "m^.60": straight(0.60),
    "m^.60 log m": straight(0.60, 1),
    "m^(1/2)": straight(0.5),
}


@dataclass(frozen=True)
class Noise:
    """How widths scatter, and how they are seen.

    log scatter = log sigma + slope x + bend (x^2 - mean), with x = log m from -1 to 1 over the design.

    Args:
      slope, bend: of the log scatter.
      rung: ratio of the widths that are tried.
      seeds: draws at each m.
      staircase: networks at each m, each tried at one width only; 0: every draw's width is known to a rung.
    """

    slope: float = 0.0
    bend: float = 0.0
    rung: float = 1.1
    seeds: int = 8
    staircase: int = 0


NOISES = {
    "even": Noise(),
    "falling with m": Noise(slope=-0.8),
    "humped": Noise(bend=-1.0),
    "seen on coarse rungs": Noise(rung=1.25),
    "seen on coarse rungs by two seeds": Noise(rung=1.25, seeds=2),
    "seen as pass or fail": Noise(staircase=24),
}
"""Coarse rungs are twice as wide as the scatter. "Pass or fail" is how the largest circuits are searched for."""


@dataclass(frozen=True)
class Profile:
    """Every truth over every number of decades with every noise.

    Trials are numbered, and each block is `block` trials from one of `first` on. Blocks can be added to a profile
    later, and the rows of those that were run stay good.
    """

    truths: tuple[str, ...]
    decades: tuple[float, ...]
    noises: tuple[str, ...]
    first: tuple[int, ...]
    block: int
    points: int = 8
    sigma: float = 0.1


PROFILES = {
    "tiny": Profile(("m^(2/3)",), (4.0,), ("even", "seen as pass or fail"), first=(0,), block=1),
    "quick": Profile(
        ("m^(2/3)", "m^(2/3) log m", "m^.60"),
        (3.0, 6.0),
        ("even", "humped", "seen as pass or fail"),
        first=(0,),
        block=2,
    ),
    "standard": Profile(tuple(TRUTHS), (2.0, 3.0, 6.0), tuple(NOISES), first=(0, 4, 8, 12, 16, 20), block=4),
    "full": Profile(
        tuple(TRUTHS), (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0), tuple(NOISES), first=tuple(range(0, 400, 20)), block=20
    ),
}


def draw_widths(cell: dict, trial: int) -> Sample:
    """Widths about the truth with log-normal scatter, each known between two rungs of a ladder with a random offset."""
    noise, truth = NOISES[cell["noise"]], TRUTHS[cell["truth"]]
    key = [list(TRUTHS).index(cell["truth"]), list(NOISES).index(cell["noise"]), round(10 * cell["decades"]), trial]
    random = np.random.default_rng(key)
    m = np.repeat(np.geomspace(LEAST, LEAST * 10 ** cell["decades"], cell["points"]), noise.staircase or noise.seeds)
    x = 2 * np.log(m / LEAST) / np.log(10 ** cell["decades"]) - 1
    scatter = cell["sigma"] * np.exp(noise.slope * x + noise.bend * (x**2 - np.mean(x**2)))
    log_d = truth.curve(m) + scatter * random.standard_normal(len(m))
    step = np.log(noise.rung)
    if noise.staircase:
        rungs = climb(log_d.reshape(-1, noise.staircase), truth.curve(m[:: noise.staircase]) + 4 * step, step, random)
        passed = rungs.reshape(-1) >= log_d
        width = np.exp(rungs.reshape(-1))
        return sample(np.where(passed, 0.0, width), np.where(passed, width, np.inf), m=m)
    offset = random.random() * step
    low = np.floor((log_d - offset) / step) * step + offset
    return sample(np.exp(low), np.exp(low + step), m=m)


def climb(log_d: np.ndarray, start: np.ndarray, step: float, random: np.random.Generator) -> np.ndarray:
    """The log widths tried at each m: a rung narrower after a pass, a rung wider after a failure."""
    tried = np.empty_like(log_d)
    now = start + step * random.random(len(start))
    for network in range(log_d.shape[1]):
        tried[:, network] = now
        now = now + np.where(now >= log_d[:, network], -step, step)
    return tried


def try_reports(cell: dict) -> dict:
    """Counts over a block of trials: intervals printed, intervals that held the truth, words, true models rejected."""
    truth = TRUTHS[cell["truth"]]
    counts = dict.fromkeys(
        ("trials", "printed", "covered", "supported", "inconclusive", "contradicted", "tested", "rejected"), 0
    )
    for trial in range(cell["first"], cell["first"] + cell["block"]):
        data = draw_widths(cell, trial)
        judged = report(data, CLAIM)
        counts["trials"] += 1
        counts[judged.verdict.word] += 1
        if judged.verdict.exponent is not None:
            low, _, high = judged.verdict.exponent
            counts["printed"] += 1
            counts["covered"] += low <= truth.exponent <= high
        points = fit_points(data)
        true = fit(truth.model, data, points.scatter) if isinstance(points, Points) else points
        if isinstance(true, Fit):
            p = lack_of_fit(true, points)
            counts["tested"] += p is not None
            counts["rejected"] += p is not None and p < 0.01
    return counts


def tasks(profile: Profile) -> list[Steps]:
    """A step for every block of trials."""
    shared = {"kind": "trials", "points": profile.points, "sigma": profile.sigma}
    return [
        Steps(
            tuple(
                shared | {"truth": truth, "decades": decades, "noise": noise, "first": first, "block": profile.block}
                for first in profile.first
            ),
            try_reports,
        )
        for truth in profile.truths
        for decades in profile.decades
        for noise in profile.noises
    ]


def rate(kind: str, hits: int, total: int, **labels: object) -> dict:
    """A table row: a share with its exact 95% binomial interval."""
    low, high = proportion_interval(hits, total) if total else (0.0, 1.0)
    best = hits / total if total else None
    return {"kind": kind, **labels, "hits": hits, "total": total, "low": low, "best": best, "high": high}


def pooled(rows: list[dict], hits: str, total: str, **labels: object) -> tuple[int, int]:
    """The counts of all rows with these labels."""
    chosen = [row for row in rows if all(row[key] == value for key, value in labels.items())]
    return sum(row[hits] for row in chosen), sum(row[total] for row in chosen)


def share_finding(question: str, row: dict, least: float, most: float) -> Finding:
    """Supported when the whole interval of a share lies between the two, contradicted when none of it does."""
    low, high = row["low"], row["high"]
    word = (
        "supported"
        if least <= low and high <= most
        else "contradicted"
        if high < least or low > most
        else "inconclusive"
    )
    why = f"wanted between {least:.0%} and {most:.0%}; exact binomial interval"
    measured = f"{row['hits']} of {row['total']}" + (f", {100 * low:.1f} to {100 * high:.1f}%" if row["total"] else "")
    return Finding(question, f"{row['total']} simulated tables", measured, word, why)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Coverage of the printed interval by noise, and the rates of the words by truth and decades."""
    rows = [
        {**cell, **counts}
        for task in tasks(profile)
        for cell, counts in zip(task.cells, task.results(seen), strict=True)
    ]
    table, findings = list(rows), []
    for noise in (None, *profile.noises):
        labels = {} if noise is None else {"noise": noise}
        row = rate("coverage", *pooled(rows, "covered", "printed", **labels), noise=noise or "all")
        table.append(row)
        which = "All designs" if noise is None else f"Scatter {noise}"
        question = f"{which}: the printed 95% interval holds the truth in 93 to 97 of 100 tables?"
        findings.append(share_finding(question, row, *WANTED))
    for truth, decades in product(profile.truths, profile.decades):
        labels = {"truth": truth, "decades": decades}
        words = {word: rate(word, *pooled(rows, word, "trials", **labels), **labels) for word in WORDS}
        coverage = rate("coverage", *pooled(rows, "covered", "printed", **labels), **labels)
        table += [*words.values(), coverage]
        findings.append(words_finding(truth, decades, words))
    distances = {truth: abs(TRUTHS[truth].exponent - CLAIM) for truth in profile.truths}
    for word, question, chosen in (
        ("contradicted", "A claim that is true is contradicted in at most 5 of 100 tables?", lambda x: x == 0),
        ("supported", f"A claim that is off by more than {WITHIN:g} is supported in at most 5 of 100 tables?",
         lambda x: x > WITHIN),
    ):  # fmt: skip
        wrong = [row for row in rows if chosen(distances[row["truth"]])]
        row = rate(f"wrongly {word}", *pooled(wrong, word, "trials"))
        table.append(row)
        findings.append(share_finding(question, row, 0.0, 0.05))
    row = rate("lack of fit", *pooled(rows, "rejected", "tested"))
    question = "Lack of fit at the 1% level rejects the true model in at most 2 of 100 tables?"
    return Analysis([*table, row], [*findings, share_finding(question, row, 0.0, 0.02)])


def words_finding(truth: str, decades: float, words: dict[str, dict]) -> Finding:
    """How often each word is said of the claim 2/3 where this is the truth."""
    total = words["supported"]["total"]
    measured = ", ".join(f"{word} {row['hits']}" for word, row in words.items())
    distance = abs(TRUTHS[truth].exponent - CLAIM)
    off = "true" if distance == 0 else f"off by {distance:.3f}"
    question = f"Truth {truth} over {decades:g} decades: which words does the claim 2/3 get, which is {off}?"
    return Finding(
        question, f"{total} simulated tables", measured, "measured", "counts of tables, all kinds of scatter"
    )


EXPERIMENT = Experiment(
    claim="Printed 95% intervals hold the truth 93 to 97 times in a hundred, and a wrong word is rare",
    meaning="The verdicts were tried on simulated tables whose truth was known. The figure says how often an interval "
    "misses it, and how often a verdict is wrong.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_calibration,
    size=(11, 4.4),
)

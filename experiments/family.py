"""The whole family on one task: how wide each construction must be, from 64 features to 10^12."""

from dataclasses import dataclass
from functools import lru_cache, partial
from math import inf, sqrt

import numpy as np

from superposed.constructions import (
    Bernoulli,
    CentredBernoulli,
    CentredReadOff,
    Quadratic,
    QuadraticForm,
    Rademacher,
    RandomInit,
    RandomQuadratic,
    SignedBernoulli,
    Superposed,
)
from superposed.figures.panels import Panel, draw_panels
from superposed.fitting import Report, judge_interval
from superposed.networks.problem import Problem
from superposed.networks.two_active import all_pairs, quality
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.layers import layer_of
from superposed.study.points import line, points, widths
from superposed.study.series import Series, drawn_search, interval_text, number, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.search import bracket, next_width
from superposed.sweeping.steps import Steps, rows_of
from superposed.sweeping.tasks import SmallestWidth
from superposed.theory.best_read_off import draw_best_errors
from superposed.theory.floor import all_pairs_floor, distinct_inputs_floor
from superposed.theory.sign_moments import superposed_sign_width

S, EPS, BITS, ROWS = 2, 0.5, 8, 512
NAIVE, BEST = "one neuron a pair", "random layer, best linear read-off"
DRAWN = {
    "Theorem 2": (Superposed(Bernoulli()), 2 / 3),
    "centred weights": (Superposed(CentredBernoulli()), 2 / 3),
    "signed weights": (Superposed(SignedBernoulli()), 2 / 3),
    "centred read-off (signs)": (Superposed(CentredReadOff()), 2 / 3),
    "random layer": (RandomInit(), 0.0),
    "signs, quadratic neurons": (Superposed(Quadratic()), 2 / 3),
    "random layer, quadratic neurons": (RandomQuadratic(), 0.0),
    "quadratic form": (QuadraticForm(), 0.0),
}
"""Construction, and the power of m that its width should tend to. At s = 2 the centred read-off is that of signs."""
ALIGNED = {
    "Theorem 1, aligned": (Bernoulli(), 0.0),
    "signs, aligned": (Rademacher(), 0.0),
    "signs, quadratic neurons, aligned": (Quadratic(), 0.0),
}
"""The same task with m coordinates, a feature on each."""
BUILT = {BEST: (RandomInit(), 0.0), "Theorem 2, best linear read-off": (Superposed(Bernoulli()), 0.0)}
"""Layers that are built, and read by the best linear read-off of all C(m, 2) gates."""
LIMIT, LIMIT_FROM, LIMIT_ROWS = f"{BEST}, limit of large m", 10**6, 4096
"""The width of BEST when m is far above d (`theory.best_read_off`): one number for every m from LIMIT_FROM on."""
TOP = 1e4
"""Exponents are read from here on: the closed form of Theorem 2 is good from there."""


@dataclass(frozen=True)
class Profile:
    """m at which errors are drawn; m at which networks with the best read-off are built."""

    m: tuple[int, ...]
    built: tuple[int, ...]
    seeds: int
    events: int
    inputs: int
    drawn: tuple[str, ...] = (*DRAWN, *ALIGNED)
    steps: int = 32


PROFILES = {
    "tiny": Profile((64, 10**6, 10**12), (16,), 2, 256, 60, ("Theorem 2", "random layer"), steps=8),
    "quick": Profile((64, 10**4, 10**6, 10**9, 10**12), (16, 64, 128), 3, 2048, 300),
    "standard": Profile((64, *powers(10, 2, 12)), (64, 128, 256, 512), 16, 8192, 1000, steps=64),
    "full": Profile((64, *powers(10, 2, 12)), (64, 128, 256, 512, 1024), 32, 20_000, 1000, steps=64),
}


@lru_cache
def guess(construction: object, m: int) -> float:
    """Where the search starts: the construction's closed form, or that of signs behind codes."""
    predicted = construction.predicted_width(Problem(m, S), EPS, "q99")
    return min(superposed_sign_width(m, S, EPS) if predicted is None else predicted, 2**34)


def searches(profile: Profile) -> dict[str, list[SmallestWidth]]:
    """For each construction and m, the smallest width of each seed with 99% of the read-offs within EPS."""
    return {
        name: [drawn_search(construction, m, S, EPS, profile, guess(construction, m)) for m in profile.m]
        for name, (construction, _) in (DRAWN | ALIGNED).items()
        if name in profile.drawn
    }


def best_steps(profile: Profile) -> Steps:
    """The smallest width of each seed under the best linear read-off, for the layers that are built."""
    return Steps.grid(best_width, layer=BUILT, m=profile.built, inputs=[profile.inputs], rows=[ROWS],
                      seed=range(profile.seeds))  # fmt: skip


def best_width(cell: dict) -> dict:
    """Neighbouring widths between which 99% of the read-offs of the worst stratum begin to be within EPS."""
    m, passed = cell["m"], {}
    pairs = all_pairs(m)
    looked = pairs[np.random.default_rng(cell["seed"]).permutation(len(pairs))[: cell["inputs"]]]
    while (width := next_width(passed, 64, ROWS)) is not None:
        network = layer_of(BUILT[cell["layer"]][0], m, S, width, ROWS, cell["seed"])
        passed[width] = max(quality(network, width, "least squares", looked).q99) < EPS
    width = bracket(passed)
    return {"low": width.low, "high": width.high}


def limit_steps(profile: Profile) -> Steps:
    """The smallest width of each seed under the best linear read-off, when m is far above d."""
    seeds = range(profile.seeds)
    return Steps.grid(limit_width, layer=[LIMIT], inputs=[profile.events], rows=[LIMIT_ROWS], seed=seeds)


def limit_width(cell: dict) -> dict:
    """Neighbouring widths between which 99% of the drawn read-offs of the worst stratum begin to be within EPS."""
    passed = {}
    while (width := next_width(passed, 512, cell["rows"])) is not None:
        errors = draw_best_errors(cell["seed"], width, cell["inputs"])
        passed[width] = bool(np.quantile(np.abs(errors), 0.99, axis=1).max() < EPS)
    width = bracket(passed)
    return {"low": width.low, "high": width.high}


def limit_of(profile: Profile, seen: Seen) -> list[float]:
    """The widths of the limit, one a seed."""
    return [sqrt(r["low"] * (r["high"] or r["low"])) for r in limit_steps(profile).results(seen)]


def best_series(profile: Profile, seen: Seen) -> dict[str, Series]:
    """The widths under the best linear read-off, by layer."""
    rows = [row | {"high": row["high"] or inf} for row in rows_of(best_steps(profile), seen)]
    return {name: Series(name, "m", tuple(r for r in rows if r["layer"] == name), {"s": S}) for name in BUILT}


def exponents(series: dict[str, Series]) -> tuple[dict, list[Finding]]:
    """The exponent of every construction, from TOP on where it was drawn."""
    fits, findings = {}, []
    for name, whole in series.items():
        if len(whole.medians()) < 2:
            continue
        part = whole if name in BUILT else whole.above(TOP)
        claim = (DRAWN | ALIGNED | BUILT)[name][1]
        fits[name] = part.report(claim)
        question = f"{name}: width grows as m^(2/3)?" if claim else f"{name}: no power of m?"
        findings.append(part.finding(question, fits[name]))
    paper = fits.get("Theorem 2")
    if isinstance(paper, Report) and paper.verdict.exponent:
        judged = judge_interval(paper.verdict.exponent, 1 / 2)
        question = "E1: Theorem 2's width grows as m^(1/2), as its statement says?"
        findings.append(Finding(question, series["Theorem 2"].above(TOP).span, interval_text(paper), *judged))
    return fits, findings


def saving(profile: Profile, series: dict[str, Series], limit: list[float]) -> Finding:
    """What the best linear read-off saves in neurons, from few features to the limit of many."""
    signs, best = series["random layer"].medians(), series[BEST].medians()
    ends = [signs[profile.m[-1]] / d for d in limit]
    words = [f"{signs[m] / best[m]:.2f} times (m = {m})" for m in profile.built if m in signs]
    words.append(f"{np.median(ends):.2f} times (m far above d, {min(ends):.2f} to {max(ends):.2f})")
    return Finding(
        "random layer: how many times fewer neurons under the best linear read-off?", f"s = {S}, q99 < {EPS:g}",
        ", ".join(words), "measured",
        "the saving is a factor that goes away as m grows; both widths end in constants, so no exponent is saved",
    )  # fmt: skip


def ranking(profile: Profile, series: dict[str, Series], limit: list[float]) -> list[Finding]:
    """At each m the narrowest construction, those behind it, and how far."""
    findings = []
    for m in profile.m:
        width = {name: s.medians()[m] for name, s in series.items() if m in s.medians() and name not in ALIGNED}
        width[NAIVE] = naive(m)
        if m >= LIMIT_FROM:
            width[LIMIT] = float(np.median(limit))
        order = sorted(width, key=width.get)
        first, second = order[:2]
        words = "; ".join(f"{name} {number(round(width[name]))}" for name in order)
        findings.append(Finding(
            f"Which construction is the narrowest at m = {number(m)}?",
            f"s = {S}, q99 < {EPS:g}, {profile.seeds} seeds",
            f"{first}, {width[second] / width[first]:.2f} times narrower than the next and "
            f"{width['Theorem 2'] / width[first]:.3g} times narrower than Theorem 2: {words}", "measured",
        ))  # fmt: skip
    return findings


def naive(m: int) -> float:
    """One neuron a pair, less the 1% that the criterion forgives, on features aligned with the coordinates."""
    return 0.99 * m * (m - 1) / 2


def bounds(profile: Profile) -> Finding:
    """What is known from below, and for which task."""
    m = profile.m[-1]
    linear, inputs = all_pairs_floor(m, EPS), distinct_inputs_floor(m, S, BITS)
    return Finding(
        "What lower bounds hold for the universal AND (its gates are fixed: no counting of gates applies)?",
        f"m = {number(m)}, s = {S}, every pair within {EPS:g}",
        f"{linear:.1f} neurons for linear read-offs (Welch); {inputs:.1f} neurons of {BITS} bits to tell inputs apart",
        "computed", "the counting bound sqrt(m (2 log2 m - 1)/b) is for lists of m gates that are chosen",
    )  # fmt: skip


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Every construction's widths, exponents, and the order at each m."""
    drawn = {name: smallest_widths(name, tasks, seen, s=S) for name, tasks in searches(profile).items()}
    series, limit = drawn | best_series(profile, seen), limit_of(profile, seen)
    fits, findings = exponents(series)
    table = [row for name, s in series.items() for row in widths("aligned" if name in ALIGNED else "widths", s, "m")]
    table += points("widths", LIMIT, {m: limit for m in profile.m if m >= LIMIT_FROM})
    table += line("widths", NAIVE, {m: naive(m) for m in profile.m if m <= 1e6})
    bound = {m: distinct_inputs_floor(m, S, BITS) for m in profile.m}
    for panel in ("widths", "aligned"):
        table += line(panel, "lower bound: inputs told apart, 8 bits", bound)
    table += [row for s in series.values() for row in s.rows()]
    above = [*ranking(profile, series, limit), saving(profile, series, limit), bounds(profile)]
    return Analysis(table, [*above, *findings], fits)


EXPERIMENT = Experiment(
    claim="The universal AND of features in superposition: the paper's construction needs m^(2/3) neurons, the task no "
    "power of m",
    meaning="All known ways to compute every AND at once are set side by side. Those that give each feature weights of "
    "its own pay a power of the number of features; layers that act on the input as it stands do not. The best linear "
    "read-off is narrowest at few features, and random quadratic neurons are from thousands on.",
    profiles=PROFILES,
    tasks=lambda profile: [best_steps(profile), limit_steps(profile), *sum(searches(profile).values(), [])],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("widths", "features m", "smallest width d* (neurons)",
                  "99% of the read-offs within 1/2, s = 2, inputs in superposition", joined=True),
            Panel("aligned", "features m", "smallest width d* (neurons)", "the same, aligned inputs", joined=True),
        ),
    ),
    size=(12, 8),
)  # fmt: skip

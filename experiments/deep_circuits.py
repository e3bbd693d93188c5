"""Theorem 8: circuits of any depth by alternating targeted ANDs with error correction.

"depth": several networks, piece by piece: wrong bits and read-offs of the whole batch in every circuit layer, with
correction and for two controls that must fail. The figure shows the first of each. "frontier": networks of several m
around where half of them fail, run to a fixed depth or until an input goes wrong. "drawn": the m at which half of all
networks are right. d is the number of ReLU neurons of the widest layer: d in the AND layer, d/8 units of eight in the
correction.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np

from superposed.compiler.corrected import Corrected
from superposed.compiler.scanned import Plan, first_wrong_layers
from superposed.figures.circuits import draw_deep
from superposed.fitting import through
from superposed.study.deep_runs import deep_run, layers_of, no_wrong_bits
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.series import Series
from superposed.study.trials import Trials
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Chain, Steps
from superposed.theory.deep_drawn import half_pass
from superposed.theory.density_evolution import Design, mean_field_capacity

RUNGS = (-3, -2, -1, 0, 1, 2)
"""The networks of width d have m = 2^(k/2) d^2/40,000 features, whatever the drawn law says."""


@dataclass(frozen=True)
class Frontier:
    """Widths and s at which the largest m is searched, how deep and with how many inputs it is tested.

    `drawn` are the widths at which it is drawn, from so many events each.
    """

    widths: tuple[int, ...]
    s: tuple[int, ...]
    depth: int
    batch: int
    seeds: int
    drawn: tuple[int, ...]
    events: int


@dataclass(frozen=True)
class Profile:
    """The networks that are looked at through their depth, one a seed, and the frontier."""

    width: int
    m: int
    s: int
    depth: int
    batch: int
    seeds: int
    frontier: Frontier


FAR = (*powers(2, 13, 17), *powers(10, 6, 12))
FEW = (4096, 2**14, 10**8, 10**12)
PROFILES = {
    "tiny": Profile(2**12, 120, 2, 12, 5, 2, Frontier((2048,), (2, 3), 4, 4, 2, (2**12, 10**6), 100)),
    "quick": Profile(2**13, 300, 3, 64, 10, 4, Frontier((4096, 8192), (2,), 16, 5, 4, FEW, 300)),
    "standard": Profile(2**15, 8000, 3, 256, 20, 8, Frontier(powers(2, 13, 15), (2, 3, 4), 64, 20, 8, FAR, 1000)),
    "full": Profile(2**16, 30000, 3, 256, 50, 8, Frontier(powers(2, 13, 16), (2, 3, 4, 6), 64, 20, 8, FAR, 4000)),
}  # fmt: skip


def runs(profile: Profile) -> dict[str, list[Chain]]:
    """The networks and their controls: rounding left out, and 14 times the features, at least 4 m*."""
    kinds = {
        "corrected": ("round", profile.m),
        "not corrected": ("identity", profile.m),
        "corrected, 4 m* or more": ("round", 14 * profile.m),
    }
    shared = {
        "kind": "depth",
        "circuit": "groups",
        "width": profile.width,
        "s": profile.s,
        "depth": profile.depth,
        "batch": profile.batch,
    }
    chain = lambda cell: deep_run(cell, Corrected(profile.s, cell["reset"]), piece=16, stop_at=0.02 * cell["m"])
    return {
        name: [chain({**shared, "seed": seed, "reset": reset, "m": m}) for seed in range(profile.seeds)]
        for name, (reset, m) in kinds.items()
    }


def rungs(f: Frontier) -> Steps:
    """One step for each s, width and m: all its seeds."""
    shared = {"kind": "frontier", "depth": f.depth, "batch": f.batch, "seeds": f.seeds}
    sizes = [
        (s, width, round(2 ** (k / 2) * width**2 / 40_000 / s) * s, number * f.seeds)
        for s in f.s
        for width in f.widths
        for number, k in enumerate(RUNGS)
    ]
    cells = [{**shared, "s": s, "width": d, "m": m, "first_seed": first} for s, d, m, first in sizes if m >= 2 * s]
    return Steps(tuple(cells), rung)


def rung(cell: dict) -> dict:
    """For each seed the first layer with a wrong bit on any input, None where there is none.

    Every m has seeds of its own, so that no two networks share a draw.
    """
    m, width = cell["m"], cell["width"]
    rows = round(2 ** (RUNGS[-1] / 2) * width**2 / 40_000) + cell["s"] if width <= 8192 else m  # one program a width
    plan = Plan(Design(width, cell["s"]), rows)
    run = lambda seed: first_wrong_layers(plan, [m], [seed], cell["depth"], cell["batch"], piece=4, stop_at=1e-9)
    first = [int(run(seed).min()) for seed in range(cell["first_seed"], cell["first_seed"] + cell["seeds"])]
    return {"broke_at": [None if layer > cell["depth"] else layer for layer in first]}


def drawn(f: Frontier) -> Steps:
    """One step for each s and width."""
    shared = {"kind": "drawn", "depth": f.depth, "batch": f.batch, "events": f.events, "seed": 0}
    return Steps(tuple({**shared, "s": s, "width": width} for s in f.s for width in f.drawn), drawn_half)


def drawn_half(cell: dict) -> dict:
    """The m at which half of all networks are right on the batch, to the depth."""
    design = Design(cell["width"], cell["s"])
    return {"m": half_pass(cell["seed"], design, cell["depth"], cell["batch"], cell["events"], tolerance=0.02)}


def depth_rows(profile: Profile, seen: Seen) -> dict[str, list[list[dict]]]:
    """{network: for each seed a row a layer}, the root mean square of the read-offs' errors with them."""
    return {name: [layer_rows(name, chain, seen) for chain in chains] for name, chains in runs(profile).items()}


def layer_rows(name: str, chain: Chain, seen: Seen) -> list[dict]:
    """A row a layer of one network."""
    cell = {k: v for k, v in chain.cells[0].items() if k not in ("first", "layers")}
    rms = lambda layer: float(np.sqrt(layer["sum_squares"] / cell["batch"] / cell["m"]))
    return [{"name": name, **cell, **layer, "rms": rms(layer)} for layer in layers_of(chain.results(seen))]


def run_finding(name: str, networks: list[list[dict]]) -> Finding:
    """Whether the networks never erred; a control is there to fail."""
    cell, seeds = networks[0][0], len(networks)
    verdict, measured, why = no_wrong_bits(networks, cell["depth"], cell["batch"])
    control = "" if name == "corrected" else " (control, must fail)"
    sizes = f"d = {cell['width']}, m = {cell['m']}, s = {cell['s']}, depth {cell['depth']}"
    span = f"{sizes}, {cell['batch']} inputs, {seeds} seeds"
    return Finding(f"Theorem 8, {name}: no wrong bit at any depth?{control}", span, measured, verdict, why)


def frontiers(f: Frontier, seen: Seen) -> list[Trials]:
    """The networks of each s."""
    steps, tried = rungs(f), {}
    for cell, found in zip(steps.cells, steps.results(seen), strict=True):
        tried.setdefault(cell["s"], []).extend(
            {"d": cell["width"], "seed": cell["first_seed"] + n, "m": cell["m"], "passed": layer is None}
            for n, layer in enumerate(found["broke_at"])
        )
    name = f"no wrong bit to depth {f.depth}"
    return [Trials(f"{name}, s = {s}", networks, {"s": s, "depth": f.depth}) for s, networks in tried.items()]


def computed_rows(f: Frontier, seen: Seen) -> list[dict]:
    """The drawn half-pass and the mean field at every width; a half-pass of 0, which no m reaches, is left out."""
    steps = drawn(f)
    half = [
        {"kind": "drawn", "s": cell["s"], "d": cell["width"], "best": found["m"]}
        for cell, found in zip(steps.cells, steps.results(seen), strict=True)
        if found["m"] > 0
    ]
    field = [
        {"kind": "mean field", "s": s, "d": d, "best": mean_field_capacity(Design(d, s))} for s in f.s for d in f.drawn
    ]
    return half + field


def local_rows(rows: list[dict]) -> list[dict]:
    """Exponents between neighbouring widths, of the drawn half-pass and of the mean field."""
    found = []
    for kind in ("drawn", "mean field"):
        for s in sorted({row["s"] for row in rows}):
            points = [(row["d"], row["best"]) for row in rows if row["kind"] == kind and row["s"] == s]
            found += [
                {"kind": "local exponent", "of": kind, "s": s, "d": (a * b) ** 0.5, "best": log(y / x) / log(b / a)}
                for (a, x), (b, y) in pairwise(sorted(points))
            ]
    return found


def drawn_finding(rows: list[dict], s: int) -> Finding:
    """The exponent between the last two widths, and features a neuron at the last."""
    (_, _), (last, m) = points = sorted((r["d"], r["best"]) for r in rows if r["kind"] == "drawn" and r["s"] == s)[-2:]
    slope = [r["best"] for r in local_rows(rows) if r["of"] == "drawn" and r["s"] == s][-1]
    return Finding(
        f"Theorem 8, drawn, s = {s}: local exponent of m* at the largest d?",
        f"d = {points[0][0]:.3g} to {last:.3g}",
        f"{slope:.3f}; {m / last:.3g} features a neuron",
        "computed",
        "density evolution with the active features drawn; it tends to 3/2 less a logarithm",
    )


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Errors through the depth; the frontier's law in d for each s, and in s over all d; what is drawn beside it."""
    f, depth = profile.frontier, depth_rows(profile, seen)
    findings, fits, table = [], {}, [row for networks in depth.values() for row in networks[0]]
    findings += [run_finding(name, networks) for name, networks in depth.items()]
    computed, every = computed_rows(f, seen), frontiers(f, seen)
    table += computed + local_rows(computed)
    for trials in every:
        s, series = trials.labels["s"], trials.series()
        points = [(row["d"], row["best"]) for row in computed if row["kind"] == "drawn" and row["s"] == s]
        closed = through(points, 3 / 2, "d", "drawn law") if len(points) > 1 else None
        findings.append(
            trials.curve_finding(f"Theorem 8, {trials.name}: at what m do half of the networks pass, and 95%?")
        )
        fits[trials.name] = series.report(3 / 2, closed=closed)
        question = f"Theorem 8, {trials.name}: m* of half the networks grows as d^(3/2)?"
        findings.append(trials.exponent_finding(question, fits[trials.name]))
        findings += [drawn_finding(computed, s)] if len(points) > 1 else []
        table += trials.rows()
    if len(every) > 1:
        records = tuple(record for trials in every for record in trials.series().records)
        series = Series(f"no wrong bit to depth {f.depth}, every s", "s", records, covariates=("d",))
        fits[series.name] = series.report(-3)
        question = f"Theorem 8, {series.name}: m* of half the networks falls as s^(-3)?"
        findings.append(series.finding(question, fits[series.name]))
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 8 (Hänni et al. 2024): with a correction in every layer, sparse circuits of any depth run on "
    "Õ(m^(2/3) s^2) neurons",
    meaning="Errors that grow from layer to layer are cleaned up after each, so a circuit can be as deep as one likes. "
    "Without the correction the same network gives wrong bits after a few layers.",
    profiles=PROFILES,
    tasks=lambda profile: [
        *(chain for chains in runs(profile).values() for chain in chains),
        rungs(profile.frontier),
        drawn(profile.frontier),
    ],
    analyse=analyse,
    draw=draw_deep,
    size=(14, 6.6),
)

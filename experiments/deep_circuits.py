"""Theorem 8: circuits of any depth by alternating targeted ANDs with error correction.

"depth": one network, piece by piece: wrong bits and read-offs of the whole batch in every circuit layer, with correction
and for two controls that must fail. "frontier": one network of each m of a ladder, run to a fixed depth or its first
wrong bit. d is the number of ReLU neurons of the widest layer: d in the AND layer, d/8 units of eight in the correction.
"""

from dataclasses import dataclass

import numpy as np

from superposed.compiler.corrected import Corrected
from superposed.figures.circuits import draw_deep
from superposed.study.deep_runs import deep_run, layers_of, no_wrong_bit, run_piece
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import Series, edge
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Chain

LADDER = tuple(int(6 * 2 ** (k / 2)) for k in range(42))
"""m of the frontier's networks; a seed climbs until two in a row err."""


@dataclass(frozen=True)
class Frontier:
    """Widths and s at which the largest m is searched, and how deep and with how many inputs it is tested."""

    widths: tuple[int, ...]
    s: tuple[int, ...]
    depth: int
    batch: int
    seeds: int


@dataclass(frozen=True)
class Profile:
    """The network that is looked at through its depth, and the frontier."""

    width: int
    m: int
    s: int
    depth: int
    batch: int
    frontier: Frontier


def powers(first: int, last: int) -> tuple[int, ...]:
    """2^first, ..., 2^last."""
    return tuple(2**k for k in range(first, last + 1))


PROFILES = {
    "tiny": Profile(2**12, 120, 2, 12, 5, Frontier(powers(10, 11), (2, 3), 4, 4, 2)),
    "quick": Profile(2**13, 600, 3, 64, 10, Frontier(powers(10, 12), (2,), 16, 5, 3)),
    "standard": Profile(2**15, 8000, 3, 256, 20, Frontier(powers(12, 15), (2, 3, 4), 64, 20, 3)),
    "full": Profile(2**16, 30000, 3, 256, 50, Frontier(powers(12, 17), (2, 3, 4, 6), 64, 50, 4)),
}


def runs(profile: Profile) -> dict[str, Chain]:
    """The network and its controls: rounding left out, and 14 times the features, at least 4 m*."""
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
        "seed": 0,
    }
    return {
        name: deep_run({**shared, "reset": reset, "m": m}, Corrected(profile.s, reset), piece=16, stop_at=0.02 * m)
        for name, (reset, m) in kinds.items()
    }


def ladders(f: Frontier) -> list[Chain]:
    """One chain for each s, width and seed."""
    shared = {"kind": "frontier", "circuit": "groups", "depth": f.depth, "batch": f.batch}
    return [
        Chain(tuple({**shared, "s": s, "width": width, "seed": seed, "m": m} for m in LADDER), rung)
        for s in f.s
        for width in f.widths
        for seed in range(f.seeds)
    ]


def rung(cell: dict, before: dict | None) -> dict:
    """One network run to its first wrong bit; the second failure in a row ends the ladder."""
    layers = run_piece({**cell, "first": 0, "layers": cell["depth"]}, None, Corrected(cell["s"]), stop_at=0)["layers"]
    wrong = layers[-1]["wrong"]
    failures = 1 + (before["failures"] if before else 0) if wrong else 0
    return {"wrong": wrong, "broke_at": len(layers) if wrong else None, "failures": failures, "ended": failures == 2}


def depth_rows(profile: Profile, seen: Seen) -> dict[str, list[dict]]:
    """{network: a row a layer}, the root mean square of the read-offs' errors with them."""
    found = {}
    for name, chain in runs(profile).items():
        own = {k: v for k, v in chain.cells[0].items() if k not in ("first", "layers")}
        rms = np.sqrt([layer["sum_squares"] / own["batch"] / own["m"] for layer in layers_of(chain.results(seen))])
        found[name] = [
            {"name": name, **own, **layer, "rms": float(e)}
            for layer, e in zip(layers_of(chain.results(seen)), rms, strict=True)
        ]
    return found


def run_finding(name: str, rows: list[dict]) -> Finding:
    """Whether the network never erred; a control is there to fail."""
    one = rows[0]
    verdict, measured, why = no_wrong_bit(rows, one["depth"])
    control = "" if name == "corrected" else " (control, must fail)"
    span = f"d = {one['width']}, m = {one['m']}, s = {one['s']}, depth {one['depth']}, {one['batch']} inputs, 1 seed"
    return Finding(f"Theorem 8, {name}: no wrong bit at any depth?{control}", span, measured, verdict, why)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Errors through the depth of the network and its controls; the frontier's law in d for each s, and in s over all d."""
    depth = depth_rows(profile, seen)
    findings, fits, records, table = [], {}, {}, [row for rows in depth.values() for row in rows]
    findings += [run_finding(name, rows) for name, rows in depth.items()]
    for chain in ladders(profile.frontier):
        rungs = [{**cell, **result} for cell, result in zip(chain.cells, chain.results(seen), strict=False)]
        low, high = edge([(r["m"], r["broke_at"] is None) for r in rungs])
        first = rungs[0]
        record = {"s": first["s"], "d": first["width"], "seed": first["seed"], "low": low, "high": high}
        records.setdefault(first["s"], []).append(record)
        table += rungs
    name, labels = f"no wrong bit to depth {profile.frontier.depth}", {"depth": profile.frontier.depth}
    for s, found in records.items():
        series = Series(f"{name}, s = {s}", "d", tuple(found), labels)
        fits[series.name] = series.report(3 / 2)
        findings.append(series.finding(f"Theorem 8, {series.name}: m* grows as d^(3/2)?", fits[series.name]))
        table += series.rows("m*")
    if len(records) > 1:
        every = tuple(record for found in records.values() for record in found)
        series = Series(f"{name}, every s", "s", every, covariates=("d",))
        fits[series.name] = series.report(-3)
        findings.append(series.finding(f"Theorem 8, {series.name}: m* falls as s^(-3)?", fits[series.name]))
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 8 (Hänni et al. 2024): with a correction in every layer, sparse circuits of any depth run on Õ(m^(2/3) s^2) neurons",
    meaning="Errors that grow from layer to layer are cleaned up after each, so a circuit can be as deep as one likes. "
    "Without the correction the same network gives wrong bits after a few layers.",
    profiles=PROFILES,
    tasks=lambda profile: [*runs(profile).values(), *ladders(profile.frontier)],
    analyse=analyse,
    draw=draw_deep,
    size=(11, 6.6),
)

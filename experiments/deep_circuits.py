"""Theorem 8: circuits of any depth by alternating targeted ANDs with error correction.

Claim: with correction every layer, the error of the read-offs does not grow with depth and no bit is wrong, for m up to
about d^(3/2); without it (the same layers, rounding left out) errors feed on themselves and bits are wrong within a few
layers; so they are at 4 m*.

Rows: "depth" (one network, one circuit layer: wrong bits and read-off errors of the whole batch), "frontier" (one network
of one m of a ladder, run to a fixed depth: the first layer with a wrong bit).
d is the number of ReLU neurons of the widest layer: an AND layer of d neurons, corrections of d/8 units of eight.
"""

from collections.abc import Iterator

import jax
import numpy as np

from superposed.circuit import sparse_features
from superposed.constructions.corrected import Corrected
from superposed.deep import StageErrors, errors_by_depth
from superposed.figures.circuits import plot_depth, plot_template_frontier
from superposed.planted import group_features, group_layers

PROFILES = {
    "tiny": dict(width=2**12, m=120, s=2, depth=12, batch=5, frontier=dict(widths=(2**10, 2**11), s=(2,), depth=4, batch=4, seeds=2)),
    "quick": dict(width=2**13, m=600, s=3, depth=64, batch=10, frontier=dict(widths=(2**11, 2**12, 2**13), s=(2,), depth=16, batch=5, seeds=2)),
    "standard": dict(width=2**15, m=8000, s=3, depth=256, batch=20,
                     frontier=dict(widths=(2**12, 2**13, 2**14, 2**15), s=(2, 3, 4), depth=64, batch=20, seeds=3)),
    "full": dict(width=2**16, m=30000, s=3, depth=256, batch=50,
                 frontier=dict(widths=(2**12, 2**13, 2**14, 2**15, 2**16, 2**17), s=(2, 3, 4, 6), depth=64, batch=50, seeds=4)),
}


def measure(profile: str) -> Iterator[dict]:
    """Rows of a profile, in a fixed order, each from its own seed."""
    p = PROFILES[profile]
    for name, reset, m in (("corrected", "round", p["m"]), ("not corrected", "identity", p["m"]), ("corrected, 4 m* or more", "round", 14 * p["m"])):
        for layer, e in enumerate(run_corrected(p["width"], m, p["s"], reset, p["depth"], p["batch"], seed=0), start=1):
            yield {"kind": "depth", "name": name, "width": p["width"], "m": m, "s": p["s"], "inputs": p["batch"], "seed": 0,
                   "layer": layer, "asked": p["depth"], "rms": float(np.sqrt(e.sum_squares / p["batch"] / m)), **e._asdict(), "wrong": e.wrong}
    f = p["frontier"]
    for s in f["s"]:
        for width in f["widths"]:
            for seed in range(f["seeds"]):
                yield from frontier_rows(width, s, f["depth"], f["batch"], seed)


def run_corrected(width: int, m: int, s: int, reset: str, depth: int, batch: int, seed: int) -> Iterator[StageErrors]:
    """One network, one circuit of closed groups and a batch of inputs, layer after layer; ends early in an avalanche."""
    features_key, layers_key, build_key = jax.random.split(jax.random.key(seed), 3)
    active = group_features(features_key, m, s, batch)
    stages = Corrected(s, reset).stages(build_key, group_layers(layers_key, m, s, depth), m, width)
    return errors_by_depth(stages, group_layers(layers_key, m, s, depth), sparse_features(active, m), stop_at=0.02 * m)


def frontier_rows(width: int, s: int, depth: int, batch: int, seed: int) -> Iterator[dict]:
    """Networks of m = 16, 23, 32, ... features until two of them in a row err; `broke_at` is the first layer with a wrong bit."""
    m, failures = 16.0, 0
    while failures < 2:
        wrong, broke = 0, None
        for layer, e in enumerate(run_corrected(width, int(m), s, "round", depth, batch, seed), start=1):
            wrong += e.wrong
            if e.wrong:
                broke = layer
                break
        failures = failures + 1 if broke else 0
        yield {"kind": "frontier", "s": s, "width": width, "units": width // 8, "m": int(m), "inputs": batch, "depth": depth,
               "seed": seed, "broke_at": broke, "wrong": wrong}
        m *= 2**0.5


def frontier(rows: list[dict]) -> dict[int, dict[int, list[tuple[float, float]]]]:
    """{s: {width: for every seed the (last passing, first failing) m of the ladder}}; seeds that never passed are left out."""
    found: dict = {}
    own = [row for row in rows if row["kind"] == "frontier"]
    for s, width, seed in sorted({(r["s"], r["width"], r["seed"]) for r in own}):
        ladder = sorted((r["m"], r["broke_at"]) for r in own if (r["s"], r["width"], r["seed"]) == (s, width, seed))
        passed = [m for m, broke in ladder if broke is None]
        if passed:
            found.setdefault(s, {}).setdefault(width, []).append((float(max(passed)), float(min(m for m, _ in ladder if m > max(passed)))))
    return found


def frontier_slope(points: dict[int, list[tuple[float, float]]]) -> tuple[float, float]:
    """Exponent of m* (middle of its interval) against width and its standard error, over all seeds."""
    x, y = np.array([(np.log(width), (np.log(low) + np.log(high)) / 2) for width, edges in points.items() for low, high in edges]).T
    if len(set(x)) < 2 or len(x) < 4:
        return float("nan"), float("nan")
    fit, covariance = np.polyfit(x, y, 1, cov=True)
    return float(fit[0]), float(np.sqrt(covariance[0, 0]))


def verdict(rows: list[dict]) -> dict:
    """For every network the layers without a wrong bit; the exponent of m* against d for every s."""
    depth = {}
    for row in (row for row in rows if row["kind"] == "depth"):
        own = depth.setdefault(row["name"], {"m": row["m"], "asked": row["asked"], "right_for": 0, "wrong": 0})
        own["right_for"] += own["wrong"] == 0 and row["wrong"] == 0
        own["wrong"] += row["wrong"]
    return {"depth": depth, "exponents": {s: frontier_slope(points) for s, points in frontier(rows).items()}}


def draw(rows: list[dict], figure) -> None:
    """Left: read-off error and wrong bits through the depth, with and without correction. Right: largest m against width."""
    left, right = figure.subplots(1, 2)
    plot_depth(left, [row for row in rows if row["kind"] == "depth"])
    found = frontier(rows)
    plot_template_frontier(right, found, {s: frontier_slope(points) for s, points in found.items()})

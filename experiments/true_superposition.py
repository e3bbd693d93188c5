"""Circuits over many more features than neurons, deep, without one wrong bit.

Claim: channels with an exact step run circuits of m = 8 d features and more in d ReLU neurons at any depth tried, no
active bit ever lost; the largest m at depth 64 grows nearly as d^2, up to logarithms, and just above it chance hits
breed and the network breaks within a few layers. Controls: a ReLU in place of the step, and 4 m*, must fail.

Rows: "run" (one network and one layer of its circuit: wrong bits of the whole batch, read-offs at the extremes),
"frontier" (one network at depth 64 with m a fixed fraction of the law's largest m: the first layer with a wrong bit).
d is always the number of ReLU neurons of the widest layer, two a unit; `units` is the dimension of the state.
"""

from collections.abc import Iterator
from itertools import product

import jax
import numpy as np

from superposed.circuit import sparse_features
from superposed.constructions.channels import Channels
from superposed.deep import StageErrors, errors_by_depth
from superposed.figures.circuits import plot_frontier, plot_margins
from superposed.laws.channels import largest_m
from superposed.planted import group_features, group_layers, path_features, path_layers

GROUPS, PATHS = dict(circuit="groups"), dict(circuit="paths")
STEP, RELU, RAMP = dict(c=4, reset="step"), dict(c=8, reset="relu"), dict(c=8, reset="ramp")
FRACTIONS = (0.5, 0.65, 0.8, 0.9, 1.0, 1.15)

PROFILES = {
    "tiny": dict(
        runs=[dict(name="step", width=512, m=1024, s=3, depth=6, batch=10, **STEP, **GROUPS),
              dict(name="relu", width=512, m=1024, s=3, depth=16, batch=10, **RELU, **GROUPS)],
        frontier=[dict(widths=(256, 512), s=(3,), c=4, depth=8, batch=5, seeds=2, circuits=("groups",))],
    ),
    "quick": dict(
        runs=[dict(name="step", width=2**14, m=2**15, s=3, depth=64, batch=200, **STEP, **GROUPS),
              dict(name="step, random gates", width=2**14, m=2**17, s=3, depth=16, batch=200, **STEP, **PATHS),
              dict(name="relu", width=2**14, m=2**15, s=3, depth=64, batch=200, **RELU, **GROUPS),
              dict(name="step at 4 m*", width=2**12, m=2**17, s=3, depth=64, batch=20, **STEP, **GROUPS)],
        frontier=[dict(widths=(2**9, 2**10, 2**11, 2**12), s=(3,), c=4, depth=64, batch=20, seeds=2, circuits=("groups",))],
    ),
    "standard": dict(
        runs=[dict(name="step, random gates", width=2**16, m=10**6, s=3, depth=256, batch=1000, **STEP, **PATHS),
              dict(name="step", width=2**14, m=12 * 2**14, s=3, depth=256, batch=200, **STEP, **GROUPS),
              dict(name="step, random gates", width=2**14, m=2**17, s=3, depth=256, batch=200, **STEP, **PATHS),
              dict(name="ramp", width=2**14, m=2**15, s=3, depth=256, batch=200, **RAMP, **GROUPS),
              dict(name="relu", width=2**14, m=2**15, s=3, depth=64, batch=200, **RELU, **GROUPS),
              dict(name="step at 4 m*", width=2**14, m=2**20, s=3, depth=64, batch=20, **STEP, **GROUPS)],
        frontier=[dict(widths=tuple(2**k for k in range(10, 15)), s=(3,), c=4, depth=64, batch=50, seeds=2, circuits=("groups", "paths")),
                  dict(widths=(2**10, 2**11, 2**12), s=(2, 4, 6), c=4, depth=64, batch=50, seeds=2, circuits=("groups",))],
    ),
    "full": dict(
        runs=[dict(name="step", width=2**16, m=2 * 10**6, s=3, depth=256, batch=1000, **STEP, **GROUPS),
              dict(name="step, random gates", width=2**16, m=10**6, s=3, depth=1024, batch=1000, **STEP, **PATHS),
              dict(name="ramp", width=2**14, m=2**15, s=3, depth=1024, batch=200, **RAMP, **GROUPS),
              dict(name="relu", width=2**14, m=2**15, s=3, depth=64, batch=200, **RELU, **GROUPS),
              dict(name="step at 4 m*", width=2**14, m=2**20, s=3, depth=64, batch=20, **STEP, **GROUPS)],
        frontier=[dict(widths=tuple(2**k for k in range(10, 18)), s=(2, 3, 4, 6), c=4, depth=64, batch=50, seeds=4, circuits=("groups", "paths"))],
    ),
}


def measure(profile: str) -> Iterator[dict]:
    """Rows of a profile, in a fixed order, each from its own seed."""
    p = PROFILES[profile]
    for seed, run in enumerate(p["runs"]):
        for depth, errors in enumerate(run_channels(**{k: v for k, v in run.items() if k != "name"}, seed=seed), start=1):
            yield {"kind": "run", **run, "seed": seed, "layer": depth, **errors._asdict(), "wrong": errors.wrong}
    for f in p["frontier"]:
        for circuit, s, width, seed in product(f["circuits"], f["s"], f["widths"], range(f["seeds"])):
            yield from frontier_rows(circuit, s, f["c"], width, f["depth"], f["batch"], seed)


def run_channels(circuit: str, m: int, s: int, c: int, reset: str, width: int, depth: int, batch: int, seed: int) -> Iterator[StageErrors]:
    """One network, one circuit and a batch of inputs, layer after layer; ends early in an avalanche of wrong bits."""
    features_key, layers_key, build_key = jax.random.split(jax.random.key(seed), 3)
    active = (group_features if circuit == "groups" else path_features)(features_key, m, s, batch)

    def layers():
        return group_layers(layers_key, m, s, depth) if circuit == "groups" else path_layers(layers_key, active, m, depth)

    stages = Channels(c, reset).stages(build_key, layers(), m, width)
    return errors_by_depth(stages, layers(), sparse_features(active, m), stop_at=10.0)


def frontier_rows(circuit: str, s: int, c: int, width: int, depth: int, batch: int, seed: int) -> Iterator[dict]:
    """Networks at fixed fractions of the law's largest m; `broke_at` is the first layer with a wrong bit, None if there is none."""
    most = largest_m(s, c, width // 2, 0 if circuit == "groups" else 2 * s)
    for fraction in FRACTIONS:
        m = int(fraction * most)
        if m < batch * s:
            continue
        errors = list(run_channels(circuit, m, s, c, "step", width, depth, batch, seed))
        broke = next((layer for layer, e in enumerate(errors, start=1) if e.wrong), None)
        yield {"kind": "frontier", "circuit": circuit, "s": s, "c": c, "width": width, "units": width // 2, "m": m, "fraction": fraction,
               "inputs": batch, "depth": depth, "seed": seed, "broke_at": broke,
               "wrong": sum(e.wrong for e in errors), "lost": sum(e.lost for e in errors)}


def frontier(rows: list[dict]) -> dict[tuple[str, int], dict[int, list[tuple[float, float]]]]:
    """{(circuit, s): {width: for every seed the (last passing, first failing) m}}; nan where the ladder did not reach."""
    found: dict = {}
    own = [row for row in rows if row["kind"] == "frontier"]
    for key in sorted({(r["circuit"], r["s"], r["width"], r["seed"]) for r in own}):
        ladder = sorted(((r["m"], r["broke_at"]) for r in own if (r["circuit"], r["s"], r["width"], r["seed"]) == key))
        first = next((i for i, (_, broke) in enumerate(ladder) if broke is not None), len(ladder))
        low = ladder[first - 1][0] if first else float("nan")
        high = ladder[first][0] if first < len(ladder) else float("nan")
        found.setdefault(key[:2], {}).setdefault(key[2], []).append((float(low), float(high)))
    return found


def frontier_slope(points: dict[int, list[tuple[float, float]]]) -> tuple[float, float]:
    """Exponent of m* (middle of its interval) against width and its standard error, over all seeds."""
    middles = [(np.log(width), (np.log(low) + np.log(high)) / 2) for width, edges in points.items() for low, high in edges]
    x, y = np.array([pair for pair in middles if np.isfinite(pair[1])]).reshape(-1, 2).T
    if len(set(x)) < 2 or len(x) < 4:
        return float("nan"), float("nan")
    fit, covariance = np.polyfit(x, y, 1, cov=True)
    return float(fit[0]), float(np.sqrt(covariance[0, 0]))


def verdict(rows: list[dict]) -> dict:
    """For every run m/d, wrong bits and the layer reached; for every frontier its exponent."""
    runs = {}
    for row in (row for row in rows if row["kind"] == "run"):
        new = {"m_over_d": row["m"] / row["width"], "inputs": row["batch"], "asked": row["depth"], "wrong": 0}
        own = runs.setdefault((row["name"], row["width"], row["m"]), new)
        own["wrong"] += row["wrong"]
        own["layers"] = row["layer"]
        if row["wrong"] and "broke_at" not in own:
            own["broke_at"] = row["layer"]
    exponents = {key: frontier_slope(points) for key, points in frontier(rows).items()}
    return {"runs": {str(k): v for k, v in runs.items()}, "exponents": {str(k): v for k, v in exponents.items()}}


def draw(rows: list[dict], figure) -> None:
    """Left: wrong bits through the depth, network and controls. Right: the largest m against width."""
    left, right = figure.subplots(1, 2)
    plot_margins(left, [row for row in rows if row["kind"] == "run"])
    found = frontier(rows)
    c = next(row["c"] for row in rows if row["kind"] == "frontier")
    law = {(circuit, s): {width: largest_m(s, c, width // 2, 0 if circuit == "groups" else 2 * s) for width in points}
           for (circuit, s), points in found.items()}
    plot_frontier(right, found, law, {key: frontier_slope(points) for key, points in found.items()})

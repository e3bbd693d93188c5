"""Many small circuits in one network: how many there can be, the error layer by layer, and where it breaks."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from superposed.figures.panels import Panel, draw_panels
from superposed.networks.small_circuits import (
    SmallCircuits,
    largest_overlap,
    lines,
    most_possible,
    printed_rotation_law,
    progressions,
    rotation_law,
    rotations,
)
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.points import line, points
from superposed.study.series import number
from superposed.study.trials import Staircase, Trials
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Chain, Steps, rows_of

SIZE, LIFT = 6, 1.0
TOLERANCE = 0.02
"""Mean square error up to which a network counts as right, after LAYERS layers with one circuit on."""
LAYERS = 1
N_TRIED = 11
"""Networks tried one after another, from FIRST circuits on: the same beginning for every number of places."""
FIRST = 16
WAYS = {
    "progressions": progressions,
    "progressions, shared ends": partial(progressions, shared_ends=True),
    "lines": lines,
}


@dataclass(frozen=True)
class Profile:
    """`counts`: places P for which sets are counted. `depth`: networks (P, T, circuits on) run through the layers.

    `places`: where the largest number of circuits at TOLERANCE is looked for.
    """

    counts: tuple[int, ...]
    depth: tuple[tuple[int, int, int], ...]
    n_layers: int
    places: tuple[int, ...]
    batch: int
    seeds: int


NETWORKS = ((250, 250, 1), (250, 500, 1), (500, 500, 1), (500, 1000, 1), (1000, 2000, 1), (1000, 2000, 2),
            (1000, 2000, 3), (2000, 2000, 1))  # fmt: skip
PROFILES = {
    "tiny": Profile((50, 250), ((250, 100, 1), (250, 200, 1), (250, 100, 2)), 2, (250, 500), 4, 2),
    "quick": Profile((50, 100, 250, 500), NETWORKS, 4, (64, 128, 256, 512, 1024), 16, 4),
    "standard": Profile((50, 100, 250, 500, 1000), NETWORKS, 8, (48, 96, 192, 384, 768, 1536, 3072, 4800), 32, 6),
    "full": Profile((50, 100, 250, 500, 1000, 2000), (*NETWORKS, (4000, 16_000, 1)), 12,
                    (48, 96, 192, 384, 768, 1536, 3072, 6144), 64, 16),
}  # fmt: skip


def count(cell: dict) -> dict:
    """How many sets there are, and the most places that two of them share."""
    sets = WAYS[cell["way"]](cell["places"], SIZE)
    return {"sets": len(sets), "largest_overlap": largest_overlap(sets, cell["places"])}


def run(cell: dict) -> dict:
    """Mean square error of the circuits that are on, and wrong indicators, layer by layer."""
    places, n, n_on, batch = cell["places"], cell["circuits"], cell["on"], cell["batch"]
    rng = np.random.default_rng([cell["seed"], places, n, n_on])
    every = lines(places, SIZE)
    draw = lambda: every[rng.permutation(len(every))[:n]]
    weights, biases = rotations(rng, n)
    network = SmallCircuits(weights, biases, places, SIZE, LIFT)
    on = np.argsort(rng.random((n, batch)), axis=0) < n_on
    angle = rng.uniform(0, 2 * np.pi, (n, batch))
    h = np.stack([np.cos(angle), np.sin(angle)], axis=1) + 1
    sets = draw()
    state = network.encode(on, h, sets)
    layers = []
    for layer in range(cell["layers"] + 1):
        read = network.read(state, sets)
        error = (read[:, 2:] - h).transpose(0, 2, 1)[on]
        indicator = read[:, 0] - read[:, 1]
        layers.append({"layer": layer, "mse": float(np.mean(error**2)), "lost": int((indicator[on] < 0.5).sum()),
                      "woken": int((indicator[~on] > 0.5).sum())})  # fmt: skip
        after = draw()
        state, sets = network.layer(state, sets, after), after
        h = np.einsum("tij,tjb->tib", weights, h) + biases[:, :, None]
    return {"layers": layers}


def largest(places: int) -> float:
    """The law's largest number of circuits at TOLERANCE, one of them on."""
    return TOLERANCE * places**2 / (LAYERS * (0.5 + (1 + LIFT) ** 2))


def count_steps(profile: Profile) -> Steps:
    """Every way of choosing sets, at every number of places."""
    return Steps.grid(count, way=WAYS, places=profile.counts, size=[SIZE])


def depth_steps(profile: Profile) -> Steps:
    """Networks run through their layers."""
    return Steps(tuple(
        {"places": p, "circuits": n, "on": on, "layers": profile.n_layers, "batch": profile.batch, "seed": seed}
        for p, n, on in profile.depth for seed in range(profile.seeds)
    ), run)  # fmt: skip


def capacity_chains(profile: Profile) -> list[Chain]:
    """For each number of places and seed: networks of more and more circuits, until the error is too large."""
    chains = []
    for p in profile.places:
        stairs = Staircase("circuits", FIRST, most=len(lines(p, SIZE)))
        cell = {"places": p, "on": 1, "layers": LAYERS, "batch": profile.batch}
        for k in range(profile.seeds):
            seeds = range(1000 + k * N_TRIED, 1000 + (k + 1) * N_TRIED)
            chains.append(stairs.chain(cell, seeds, within_tolerance))
    return chains


def within_tolerance(cell: dict) -> dict:
    """The errors, and whether the last layer's is small enough."""
    layers = run(cell)["layers"]
    return {"layers": layers, "passed": layers[-1]["mse"] < TOLERANCE}


def count_findings(profile: Profile, seen: Seen) -> tuple[list[dict], list[Finding]]:
    """How many circuits each way gives, all pairs checked."""
    rows = rows_of(count_steps(profile), seen, kind="count")
    findings = []
    for p in profile.counts:
        words = ", ".join(f"{r['way']} {r['sets']:,}" for r in rows if r["places"] == p)
        right = all(r["largest_overlap"] <= 1 for r in rows if r["places"] == p)
        findings.append(Finding.counted(
            f"How many circuits fit on {p} places, {SIZE} each, any two on at most one common place?",
            f"P = {p}, S = {SIZE}, every pair of sets checked",
            f"{words}; at most {most_possible(p, SIZE):,} can exist",
            right, "the bound counts pairs of places, which no two circuits share",
        ))  # fmt: skip
    table = [row for way in WAYS for row in
             points("counts", way, {r["places"]: [r["sets"]] for r in rows if r["way"] == way})]  # fmt: skip
    return rows + table + line("counts", "bound", {p: most_possible(p, SIZE) for p in profile.counts}), findings


def depth_rows(profile: Profile, seen: Seen) -> list[dict]:
    """One row a network and layer, with both laws."""
    steps = depth_steps(profile)
    rows = []
    for cell, result in zip(steps.cells, steps.results(seen), strict=True):
        p, n, on = cell["places"], cell["circuits"], cell["on"]
        for layer in result["layers"]:
            law, printed = (f(p, n, on, layer["layer"], LIFT) for f in (rotation_law, printed_rotation_law))
            rows.append({"kind": "depth", **cell, **layer, "law": law, "printed": printed})
    return rows


def law_findings(profile: Profile, rows: list[dict]) -> list[Finding]:
    """The measured error over the law, while no idle circuit has woken; and where the first one wakes."""
    quiet = [r for r in rows if r["layer"] >= 1 and r["woken"] == 0 and r["lost"] == 0]
    ratios = [r["mse"] / r["law"] for r in quiet]
    printed = [2 * r["mse"] / r["printed"] for r in quiet if r["printed"] > 0]
    span = (
        f"{len(profile.depth)} networks, {profile.seeds} seeds, {profile.n_layers} layers, {profile.batch} inputs each"
    )
    first = [r for r in quiet if r["layer"] == 1]
    of_first = [r["mse"] / r["law"] for r in first]
    woken = {}
    for r in rows:
        key = (r["places"], r["circuits"], r["on"])
        if r["woken"]:
            woken[key] = min(woken.get(key, r["layer"]), r["layer"])
    words = ", ".join(f"P = {p}, T = {n}, z = {z}: {woken.get((p, n, z), 'none')}" for p, n, z in profile.depth)
    return [
        Finding("Error of the circuits that are on, over the law derived here, while no idle circuit is on?", span,
                f"{np.median(ratios):.2f} times (median of {len(ratios)}), {min(ratios):.2f} to {max(ratios):.2f}; "
                f"{np.median(of_first):.2f} after the first layer", "measured"),
        Finding("The same, as a vector's error, over the printed l (z-1)/P + (l-1)(5+b) z T/P^2, from layer 2 on?",
                span,
                f"{np.median(printed):.2f} times (median of {len(printed)})" if printed else "no such network",
                "measured", "our circuits rotate and carry an indicator as theirs do, but are not theirs"),
        Finding("Where does the first idle circuit switch on?", span, f"first layer with one: {words}", "measured"),
    ]  # fmt: skip


def capacity(profile: Profile, seen: Seen) -> tuple[list[dict], dict, list[Finding]]:
    """The number of circuits at which half of the networks keep within the tolerance, along P."""
    tried = [
        {key: row[key] for key in ("places", "seed", "circuits", "passed")}
        for chain in capacity_chains(profile)
        for row in rows_of(chain, seen)
    ]
    trials = Trials("most circuits", tried, {}, "places", "circuits")
    fit = trials.series().report(2.0)
    bar = f"an error below {TOLERANCE:g} after one layer"
    findings = [
        trials.curve_finding(f"at how many circuits do half of the networks have {bar}, and 95%?"),
        trials.exponent_finding(f"most circuits with {bar} grow as P^2?", fit),
    ]
    law = {p: largest(p) for p in profile.places}
    table = trials.rows() + trials.points("most", "measured") + line("most", "law", law)
    return table, {trials.name: fit}, findings


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Counts, errors by layer, and the largest number of circuits."""
    table, findings = count_findings(profile, seen)
    rows = depth_rows(profile, seen)
    for p, n, on in profile.depth:
        name = f"P = {number(p)}, T = {number(n)}, {on} on"
        mine = [r for r in rows if (r["places"], r["circuits"], r["on"]) == (p, n, on) and r["layer"] >= 1]
        layers = sorted({r["layer"] for r in mine})
        table += points("depth", name, {layer: [r["mse"] for r in mine if r["layer"] == layer] for layer in layers})
        table += line("depth", name, {layer: rotation_law(p, n, on, layer, LIFT) for layer in layers})
    more, fits, capacity_findings = capacity(profile, seen)
    return Analysis(table + rows + more, findings + law_findings(profile, rows) + capacity_findings, fits)


EXPERIMENT = Experiment(
    claim="Circuits in superposition 2 (Linsefors and Bushnaq 2025): many small circuits share one network's "
    "neurons; the error grows with depth, with the circuits that are on, and as T D^(-2) with their number",
    meaning="A network can hold several times more small circuits than its neurons have room for, as long as few of "
    "them run at once. Their number grows as the square of the neurons, until idle circuits switch on by mistake.",
    profiles=PROFILES,
    tasks=lambda profile: [count_steps(profile), depth_steps(profile), *capacity_chains(profile)],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("counts", "places P", "circuits", "any two share at most one place"),
            Panel("depth", "layer", "mean square error", "error by layer (lines: law)", linear="x"),
            Panel("most", "places P", "most circuits T", "most circuits, error below .02"),
        ),
    ),
    size=(12, 5.6),
)

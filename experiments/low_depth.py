"""Circuits of low depth without correction: how errors grow from layer to layer, and where the first bit is wrong."""

from dataclasses import dataclass
from functools import lru_cache
from math import log
from statistics import median

from scipy.stats import norm

from superposed.compiler.stacked import Stacked
from superposed.figures.low_depth import draw_low_depth
from superposed.fitting import through
from superposed.study.deep_runs import deep_run, layers_of
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.series import Series, curve_rows, number
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Chain
from superposed.theory.low_depth import breaking_layer, errors_by_layer

S, FEATURES, DEPTHS = 3, 2, (1, 2, 3)
"""Active features, gates (and features) a neuron, and the depths at which the error is held against the width."""
CLAIM = -1 / 2
BITS = {"active features alone": ("lost",), "any bit": ("lost", "invented")}
STOP_AT = 100
"""Wrong bits an input beyond which a run ends."""


@dataclass(frozen=True)
class Profile:
    """Random circuits of FEATURES d gates a layer around planted paths, one a input, at each width d."""

    widths: tuple[int, ...]
    depth: int
    seeds: int
    batch: int = 16


PROFILES = {
    "tiny": Profile((256, 512, 1024), 3, 2, 4),
    "quick": Profile(powers(2, 10, 13), 5, 3),
    "standard": Profile(powers(2, 8, 15), 8, 6),
    "full": Profile(powers(2, 9, 16), 8, 16),
}


def runs(profile: Profile) -> dict[tuple[int, int], Chain]:
    """One network, one circuit and one batch of inputs for each width and seed."""
    shared = {"kind": "low depth", "circuit": "paths", "s": S, "depth": profile.depth, "batch": profile.batch}
    cell = lambda d, seed: {**shared, "width": d, "m": FEATURES * d, "seed": seed}
    return {
        (d, seed): deep_run(cell(d, seed), Stacked(S), piece=profile.depth, stop_at=STOP_AT)
        for d in profile.widths
        for seed in range(profile.seeds)
    }


@lru_cache
def expected_largest(d: int, layer: int, batch: int) -> float:
    """The largest error of a batch's active features by the recursion: its median, if errors are normal."""
    z = float(norm.isf(log(2) / (batch * S)))
    return z * errors_by_layer(d, FEATURES * d, S, layer)[-1].active


def layer_rows(profile: Profile, seen: Seen) -> list[dict]:
    """For each network and layer the largest error of active features below 1, and the largest idle read-off."""
    return [
        {"kind": "layer", "width": d, "m": FEATURES * d, "s": S, "seed": seed, "layer": layer["layer"],
         "active": 1 - layer["lowest_active"], "idle": layer["highest_idle"], "lost": layer["lost"],
         "invented": layer["invented"], "predicted": expected_largest(d, layer["layer"], profile.batch)}
        for (d, seed), chain in runs(profile).items()
        for layer in layers_of(chain.results(seen))
    ]  # fmt: skip


def first_wrong(profile: Profile, rows: list[dict], d: int, kinds: tuple[str, ...]) -> list[int]:
    """By seed the first layer with a wrong bit of one of the kinds; depth + 1 where there is none."""
    wrong = {(row["seed"], row["layer"]) for row in rows if row["width"] == d and any(row[kind] for kind in kinds)}
    beyond = profile.depth + 1
    return [
        min((layer for network, layer in wrong if network == seed), default=beyond) for seed in range(profile.seeds)
    ]


def breaking_rows(profile: Profile, rows: list[dict]) -> list[dict]:
    """The first layer with a wrong bit at each width: lowest, median and highest over networks, and the prediction.

    It is given for active features that are lost, which the prediction is for, and for any bit.
    """
    breaks = []
    for bit, kinds in BITS.items():
        for d in profile.widths:
            first = first_wrong(profile, rows, d, kinds)
            predicted = breaking_layer(d, FEATURES * d, S, profile.batch, profile.depth)
            ends = {"low": min(first), "best": median(first), "high": max(first)}
            breaks.append({"kind": "breaks", "bit": bit, "width": d, **ends, "predicted": predicted})
    return breaks


def breaking_finding(profile: Profile, row: dict) -> Finding:
    """Where circuits break at the widest network."""
    word = lambda layer: f"none up to layer {profile.depth}" if layer > profile.depth else f"layer {layer:g}"
    return Finding(
        f"Without correction, s = {S}, m = {FEATURES} d: which layer is the first with a wrong bit, {row['bit']}?",
        f"d = {number(row['width'])}, {profile.seeds} networks, {profile.batch} inputs",
        f"{word(row['best'])} (from {word(row['low'])} to {word(row['high'])}); predicted: {word(row['predicted'])}",
        "measured",
        "the prediction is for active features; idle gates that are read on one or two neurons go wrong before",
    )


def growth_finding(profile: Profile, rows: list[dict]) -> Finding:
    """By how much the largest error of active features grows in one layer, at the widest network."""
    d = profile.widths[-1]
    typical = {
        layer: median(row["active"] for row in rows if row["width"] == d and row["layer"] == layer)
        for layer in {row["layer"] for row in rows if row["width"] == d}
    }
    steps = [layer for layer in sorted(typical) if layer + 1 in typical and typical[layer] > 0]
    measured = ", ".join(f"{typical[layer + 1] / typical[layer]:.2f}" for layer in steps)
    expect = [expected_largest(d, layer, profile.batch) for layer in range(1, max(steps, default=0) + 2)]
    predicted = ", ".join(f"{expect[layer] / expect[layer - 1]:.2f}" for layer in steps)
    return Finding(
        f"Without correction, s = {S}: by what factor does the largest error of active features grow a layer?",
        f"d = {number(d)}, {profile.seeds} networks",
        f"{measured or 'no second layer'}; predicted {predicted or 'none'}",
        "measured",
        "read-offs add the errors of both inputs, so the factor tends to 2 until the read-off is lost",
    )


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The error against the width at each depth, its growth from layer to layer, and where the circuits break."""
    rows, fits, findings = layer_rows(profile, seen), {}, []
    breaks = breaking_rows(profile, rows)
    for depth in DEPTHS:
        records = tuple(
            {"d": row["width"], "seed": row["seed"], "low": row["active"], "high": row["active"]}
            for row in rows
            if row["layer"] == depth
        )
        series = Series(f"layer {depth}", "d", records, {"layer": depth})
        closed = {d: expected_largest(d, depth, profile.batch) for d in sorted({r["d"] for r in records})}
        form = through(closed.items(), CLAIM, "d") if len(closed) > 1 else None
        fits[series.name] = series.report(CLAIM, closed=form)
        question = f"Without correction, {series.name}, s = {S}, m = {FEATURES} d: largest error falls as d^(-1/2)?"
        findings.append(series.finding(question, fits[series.name]))
        if form is not None:
            question = (
                f"Without correction, {series.name}, s = {S}, m = {FEATURES} d: largest error follows the recursion?"
            )
            findings.append(series.formula_finding(question, fits[series.name]))
        breaks += curve_rows(closed, CLAIM, "d", layer=depth)
    findings.append(growth_finding(profile, rows))
    widest = [row for row in breaks if row["kind"] == "breaks" and row["width"] == profile.widths[-1]]
    findings += [breaking_finding(profile, row) for row in widest]
    return Analysis(rows + breaks, findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 6 (Hänni et al. 2024): sparse boolean circuits of low depth run in superposition; here by stacked "
    "layers of targeted ANDs, without any correction of errors",
    meaning="A random circuit runs for a few layers before the first bit is wrong. "
    "Errors about double from layer to layer, so each further layer asks for four times the neurons.",
    profiles=PROFILES,
    tasks=lambda profile: list(runs(profile).values()),
    analyse=analyse,
    draw=draw_low_depth,
    size=(10.5, 4.4),
)

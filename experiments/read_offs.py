"""The same layers under four linear read-offs: the paper's, centred, signs, and the best. What does it save?"""

from dataclasses import dataclass
from functools import partial
from math import comb, log

import numpy as np

from superposed.constructions import Bernoulli, Rademacher, RandomInit, Superposed
from superposed.figures.panels import Panel, draw_panels
from superposed.fitting import through
from superposed.networks.two_active import HOW, all_pairs, quality
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.layers import layer_of
from superposed.study.points import line, points
from superposed.study.series import Series
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.theory.floor import read_off_floor

S = 2
"""Every input turns on exactly one gate, so that Welch's floor holds for the read-offs of all gates."""
LAYERS = {
    "Theorem 2": Superposed(Bernoulli()),
    "signs behind codes": Superposed(Rademacher()),
    "random layer": RandomInit(),
    "signs, aligned": Rademacher(),
}
BEST = "least squares"


@dataclass(frozen=True)
class Profile:
    """Errors along `widths` at `m`, and along `ms` at `width`; every layer under every read-off, on so many inputs."""

    m: int
    widths: tuple[int, ...]
    ms: tuple[int, ...]
    width: int
    seeds: int
    inputs: int
    layers: tuple[str, ...] = tuple(LAYERS)


PROFILES = {
    "tiny": Profile(16, (16, 32), (16, 24), 32, 2, 120, ("random layer",)),
    "quick": Profile(48, (32, 64, 128, 256), (32, 64, 96), 128, 3, 300, ("Theorem 2", "random layer")),
    "standard": Profile(64, (32, 64, 128, 256, 512, 1024), (32, 64, 128, 256, 512), 256, 8, 1000),
    "full": Profile(96, (32, 64, 128, 256, 512, 1024, 2048), (32, 64, 128, 256, 512), 256, 16, 2000),
}


def look(cell: dict) -> dict:
    """How well one layer is read in every way: over all gates, and in the worst stratum."""
    m, d = cell["m"], cell["d"]
    network = layer_of(LAYERS[cell["layer"]], m, S, d, cell["rows"], cell["seed"])
    pairs = all_pairs(m)
    looked = np.random.default_rng(cell["seed"]).permutation(len(pairs))[: cell["inputs"]]
    read = {how: quality(network, d, how, pairs[looked]) for how in HOW}
    return {how: {"rms": q.rms, "worst": max(q.strata), "q99": max(q.q99)} for how, q in read.items()}


def steps(profile: Profile) -> Steps:
    """Every layer along the widths at one m, and along m at one width."""
    sizes = [(profile.m, d) for d in profile.widths] + [(m, profile.width) for m in profile.ms]
    return Steps(tuple(
        {"layer": layer, "m": m, "d": d, "rows": max(profile.widths) if m == profile.m else profile.width,
         "inputs": profile.inputs, "seed": seed}
        for layer in profile.layers for m, d in dict.fromkeys(sizes) for seed in range(profile.seeds)
    ), look)  # fmt: skip


def error_rows(profile: Profile, seen: Seen) -> list[dict]:
    """One row a network and way of reading."""
    asked = steps(profile)
    return [
        {"kind": "error", **cell, "how": how, **errors, "floor": read_off_floor(cell["m"], cell["d"])}
        for cell, result in zip(asked.cells, asked.results(seen), strict=True)
        for how, errors in result.items()
    ]


def chosen(rows: list[dict], **labels: object) -> list[dict]:
    """The rows with these labels."""
    return [row for row in rows if all(row[key] == value for key, value in labels.items())]


def savings(profile: Profile, rows: list[dict], layer: str) -> Finding:
    """How many times smaller the best read-off's error is than the layer's own, along the widths."""
    typical = lambda how, d, error: np.median([r[error] for r in chosen(rows, layer=layer, how=how, m=profile.m, d=d)])
    times = lambda d, error: f"{typical('own', d, error) / typical(BEST, d, error):.2f}"
    words = [f"{times(d, 'rms')} ({times(d, 'worst')}) at d = {d}" for d in profile.widths]
    return Finding(
        f"{layer}, m = {profile.m}: how many times smaller is the rms error under the best read-off "
        "(in the worst stratum)?",
        f"d = {profile.widths[0]} to {profile.widths[-1]}, {profile.seeds} networks each", "; ".join(words), "measured",
    )  # fmt: skip


def above_floor(rows: list[dict]) -> Finding:
    """Whether any read-off's rms lies below the floor, and how near the best one comes."""
    best = [row["rms"] / row["floor"] for row in chosen(rows, how=BEST) if row["d"] < comb(row["m"], 2) / 2]
    least = min(row["rms"] / row["floor"] for row in rows if row["d"] < comb(row["m"], 2) / 2)
    return Finding.counted(
        "No linear read-off has a smaller rms error than Welch's floor; how near does the best come?",
        f"{len(rows)} networks under {len(HOW)} read-offs",
        f"least ratio {least:.3f}; best read-off {np.median(best):.3f} times the floor (median), "
        f"{max(best):.3f} at most",
        least > 1 - 0.05,
        "the floor holds on average over all inputs; a sample of them may lie below by a few per cent",
    )


def growth(profile: Profile, rows: list[dict], layer: str, how: str) -> tuple[str, object, Finding]:
    """How the error of the worst stratum grows with m at a fixed width."""
    name = f"{layer}, {how}, d = {profile.width}: error against m"
    records = [{**r, "low": r["worst"], "high": r["worst"]} for r in chosen(rows, layer=layer, how=how, d=profile.width)
               if r["m"] in profile.ms]  # fmt: skip
    series = Series(name, "m", tuple(records))
    report = series.report(0.0)
    ends = series.medians()
    slope = log(ends[max(ends)] / ends[min(ends)]) / log(max(ends) / min(ends)) if len(ends) > 1 else 0.0
    why = "a slope between the first and the last m; the fits stand in the JSON"
    words = f"slope {slope:.2f}: {ends[min(ends)]:.3f} to {ends[max(ends)]:.3f}"
    return name, report, Finding(f"{name}: what power of m, worst stratum?", series.span, words, "measured", why)


def falling(profile: Profile, rows: list[dict], layer: str, how: str) -> tuple[str, object, Finding]:
    """The exponent of the error in the width, over all read-offs; of the best one, whether it follows the floor."""
    name = f"{layer}, {how}, m = {profile.m}: rms error against d"
    wanted = [r for r in chosen(rows, layer=layer, how=how, m=profile.m) if r["d"] <= comb(profile.m, 2) / 4]
    series = Series(name, "d", tuple({**r, "low": r["rms"], "high": r["rms"]} for r in wanted))
    floor = {d: read_off_floor(profile.m, d) for d in {r["d"] for r in wanted}}
    judged = how == BEST and len(floor) > 1
    report = series.report(-0.5, closed=through(floor.items(), -0.5, "d") if judged else None)
    if judged:
        return name, report, series.formula_finding(f"{name}: follows Welch's floor?", report)
    return name, report, series.finding(f"{name}: d^(-1/2)?", report)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Errors of every layer under every read-off, beside the floor; what the best one saves."""
    rows = error_rows(profile, seen)
    table, fits, findings = list(rows), {}, [above_floor(rows)]
    for layer in profile.layers:
        findings.append(savings(profile, rows, layer))
        for how in HOW:
            along_d = {d: [r["rms"] for r in chosen(rows, layer=layer, how=how, m=profile.m, d=d)]
                       for d in profile.widths}  # fmt: skip
            along_m = {m: [r["worst"] for r in chosen(rows, layer=layer, how=how, m=m, d=profile.width)]
                       for m in profile.ms}  # fmt: skip
            table += points("width", f"{layer}, {how}", along_d) + points("m", f"{layer}, {how}", along_m)
            for report in (falling, growth) if how in ("own", BEST) else ():
                name, fits[name], finding = report(profile, rows, layer, how)
                findings.append(finding)
    table += line("width", "Welch's floor", {d: read_off_floor(profile.m, d) for d in profile.widths})
    table += line("m", "Welch's floor", {m: read_off_floor(m, profile.width) for m in profile.ms})
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Over all read-offs, a random layer under its best linear read-off comes within a few per cent of Welch's "
    "floor; under the paper's it does not",
    meaning="The best linear read-off makes the mean square error of a layer about as small as a linear read-off can, "
    "which is two to five times less than under the paper's. It pays with the few pairs that have one active feature: "
    "their error grows with the number of features.",
    profiles=PROFILES,
    tasks=lambda profile: [steps(profile)],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("width", "width d (neurons)", "rms error, all read-offs", "against the width"),
            Panel("m", "features m", "rms error, worst stratum", "against m at one width"),
        ),
    ),
    size=(10, 6.4),
)

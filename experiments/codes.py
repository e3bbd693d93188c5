"""How features lie in the input: six codes of one dimension, their cross-talk, and the errors behind them."""

from dataclasses import dataclass
from functools import partial
from itertools import product

import jax
import numpy as np

from superposed.constructions import Bernoulli, Rademacher, RandomInit, Superposed
from superposed.constructions.codes import CODES, cross_talk, feature_codes
from superposed.figures.panels import Panel, draw_panels
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.points import line, points
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.sweeping.tasks import AtWidths
from superposed.theory.floor import welch_floor

S = 3
LAYERS = {
    "random layer": lambda d_in, code: RandomInit(d_in=d_in, code=code),
    "Theorem 2": lambda d_in, code: Superposed(Bernoulli(), d_in=d_in, code=code),
    "signs behind codes": lambda d_in, code: Superposed(Rademacher(), d_in=d_in, code=code),
}


@dataclass(frozen=True)
class Profile:
    """Cross-talk at every load m / d_in; errors at the m of `networks`, at one width."""

    d_in: int
    loads: tuple[float, ...]
    networks: tuple[int, ...]
    width: int
    seeds: int
    inputs: int
    layers: tuple[str, ...] = tuple(LAYERS)


PROFILES = {
    "tiny": Profile(16, (2,), (32,), 64, 2, 4, ("random layer",)),
    "quick": Profile(64, (1.5, 2, 4, 8), (256,), 1024, 4, 16, ("random layer",)),
    "standard": Profile(128, (1.25, 1.5, 2, 4, 8, 16), (256, 512, 1024), 4096, 8, 32),
    "full": Profile(256, (1.25, 1.5, 2, 4, 8, 16), (512, 1024, 2048), 8192, 16, 64),
}


def cross_talk_of(cell: dict) -> dict:
    """Largest and root mean square cross-talk of one code."""
    phi = feature_codes(jax.random.key(cell["seed"]), cell["code"], cell["d_in"], cell["d_in"], cell["m"])
    largest, rms = cross_talk(phi)
    return {"largest": float(largest), "rms": float(rms)}


def code_steps(profile: Profile) -> Steps:
    """Every code at every load, with every seed."""
    cells = [
        {"code": code, "d_in": profile.d_in, "m": int(load * profile.d_in), "seed": seed}
        for code, load, seed in product(CODES, profile.loads, range(profile.seeds))
    ]
    return Steps(tuple(cells), cross_talk_of)


def networks(profile: Profile) -> dict[tuple[str, str, int], AtWidths]:
    """The errors by layer, code and m."""
    sampling, widths = Sampling(profile.inputs, idle=64), (profile.width,)
    return {
        (layer, code, m): AtWidths(LAYERS[layer](profile.d_in, code), m, S, widths, profile.seeds, sampling)
        for layer, code, m in product(profile.layers, CODES, profile.networks)
    }


def coherence(profile: Profile, seen: Seen) -> tuple[list[dict], list[Finding]]:
    """Points of both cross-talks over the load, and how near each code comes to Welch's floor."""
    steps = code_steps(profile)
    rows = [{"kind": "cross-talk", **cell, **result} for cell, result in
            zip(steps.cells, steps.results(seen), strict=True)]  # fmt: skip
    table, words = list(rows), {"largest": [], "rms": []}
    floor = {load: welch_floor(int(load * profile.d_in), profile.d_in) for load in profile.loads}
    for code, measure in product(CODES, words):
        values = {load: [r[measure] for r in rows if r["code"] == code and r["m"] == int(load * profile.d_in)]
                  for load in profile.loads}  # fmt: skip
        table += points(measure, code, values)
        top = max(profile.loads)
        words[measure].append(f"{code} {np.median(values[top]) / floor[top]:.3g}")
    for measure in words:
        table += line(measure, "Welch's floor", floor)
    span = f"d_in = {profile.d_in}, m = {max(profile.loads):g} d_in, {profile.seeds} codes each"
    findings = [
        Finding(f"{measure} cross-talk of each code, in units of Welch's floor?", span, ", ".join(found), "measured")
        for measure, found in words.items()
    ]
    return table, findings


def errors_behind(profile: Profile, seen: Seen) -> tuple[list[dict], list[Finding]]:
    """The rms error of the worst stratum behind each code, and how it compares with random unit vectors."""
    rows = [
        {"kind": "error", "layer": layer, "code": code, "m": m, "seed": seed, "worst": float(errors.rms.max()),
         "q99": float(np.nanmax(errors.quantile(0.99)))}
        for (layer, code, m), task in networks(profile).items()
        for seed, errors in enumerate(task.errors(seen, profile.width))
    ]  # fmt: skip
    table, findings = list(rows), []
    of = lambda layer, code, m: [r["worst"] for r in rows if (r["layer"], r["code"], r["m"]) == (layer, code, m)]
    for layer in profile.layers:
        for code in CODES:
            panel = "errors" if layer == profile.layers[0] else layer
            table += points(panel, code, {m: of(layer, code, m) for m in profile.networks})
        for m in profile.networks:
            random = np.median(of(layer, "random", m))
            ratios = ", ".join(f"{code} {np.median(of(layer, code, m)) / random:.3g}" for code in CODES[1:])
            span = f"d_in = {profile.d_in}, m = {m}, d = {profile.width}, s = {S}, {profile.seeds} networks each"
            question = f"{layer}: rms error of the worst stratum behind each code, against random unit vectors?"
            findings.append(Finding(question, span, f"{ratios} times (random: {random:.3f})", "measured"))
    return table, findings


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Cross-talks, then errors."""
    table, findings = coherence(profile, seen)
    more, errors = errors_behind(profile, seen)
    return Analysis(table + more, findings + errors)


EXPERIMENT = Experiment(
    claim="No code of the features gets below Welch's floor, and random unit vectors are near it",
    meaning="Features can be placed in the input in many ways. Optimised directions lower the largest overlap, "
    "but the typical overlap is set by the number of dimensions, and the networks' errors follow the typical one.",
    profiles=PROFILES,
    tasks=lambda profile: [code_steps(profile), *networks(profile).values()],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("largest", "features per dimension", "largest cross-talk", "largest cross-talk"),
            Panel("rms", "features per dimension", "rms cross-talk", "typical cross-talk"),
            Panel("errors", "features m", "rms error, worst stratum", "errors of a random layer behind the codes"),
        ),
    ),
    size=(11.5, 5),
)

"""How features lie in the input: six codes of one dimension, their cross-talk, and the errors behind them."""

from dataclasses import dataclass
from functools import partial
from itertools import product

import jax
import numpy as np

from superposed.constructions import Bernoulli, Rademacher, RandomInit, Superposed
from superposed.constructions.codes import CODES, cross_talk, feature_codes
from superposed.figures.panels import Panel, draw_panels
from superposed.networks.two_active import all_pairs, quality
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.layers import layer_of
from superposed.study.points import line, points
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of
from superposed.theory.floor import welch_floor

S = 2
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
    "tiny": Profile(16, (2,), (32,), 64, 2, 60, ("random layer",)),
    "quick": Profile(64, (2, 8), (128,), 512, 2, 300, ("random layer",)),
    "standard": Profile(64, (1.25, 1.5, 2, 4, 8, 16), (96, 128, 192, 256), 1024, 8, 1000),
    "full": Profile(128, (1.25, 1.5, 2, 4, 8, 16), (192, 256, 384), 1024, 16, 2000),
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


def network_steps(profile: Profile) -> Steps:
    """Every layer behind every code."""
    return Steps.grid(errors_of, layer=profile.layers, code=CODES, d_in=[profile.d_in], m=profile.networks, s=[S],
                      d=[profile.width], inputs=[profile.inputs], seed=range(profile.seeds))  # fmt: skip


def errors_of(cell: dict) -> dict:
    """The rms error of the worst stratum of one network, read its own way."""
    m, d = cell["m"], cell["d"]
    network = layer_of(LAYERS[cell["layer"]](cell["d_in"], cell["code"]), m, S, d, d, cell["seed"])
    pairs = all_pairs(m)
    looked = np.random.default_rng(cell["seed"]).permutation(len(pairs))[: cell["inputs"]]
    return {"worst": max(quality(network, d, "own", pairs[looked]).strata)}


def coherence(profile: Profile, seen: Seen) -> Analysis:
    """Points of both cross-talks over the load, and how near each code comes to Welch's floor."""
    rows = rows_of(code_steps(profile), seen, kind="cross-talk")
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
        Finding(f"{measure} cross-talk of each code, in units of Welch's floor?", span, ", ".join(ratios), "measured")
        for measure, ratios in words.items()
    ]
    least = min(r["rms"] / welch_floor(r["m"], profile.d_in) for r in rows)
    why = "cross-talks in float32, to four digits"
    codes = f"{len(rows)} codes, m up to {max(profile.loads):g} d_in"
    question = "No code's rms cross-talk is below Welch's floor?"
    floor_finding = Finding.counted(question, codes, f"least ratio {least:.4f}", least > 1 - 1e-4, why)
    return Analysis(table, [floor_finding, *findings])


def errors_behind(profile: Profile, seen: Seen) -> Analysis:
    """The rms error of the worst stratum behind each code, and how it compares with random unit vectors."""
    rows = rows_of(network_steps(profile), seen, kind="error")
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
    return Analysis(table, findings)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Cross-talks, then errors."""
    return Analysis.joined(coherence(profile, seen), errors_behind(profile, seen))


EXPERIMENT = Experiment(
    claim="No code of the features gets below Welch's floor, and random unit vectors are near it",
    meaning="Features can be placed in the input in many ways. Optimised directions lower the largest overlap, "
    "but the typical overlap is set by the number of dimensions, and the networks' errors follow the typical one.",
    profiles=PROFILES,
    tasks=lambda profile: [code_steps(profile), network_steps(profile)],
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

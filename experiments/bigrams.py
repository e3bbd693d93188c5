"""Skip feature-bigrams: how the noise of attention scores grows with their number, and how many a head holds."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from superposed.figures.panels import Panel, draw_panels
from superposed.networks.bigrams import HOW, directions, projected_noise, query_key
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.points import line, points
from superposed.study.series import Series
from superposed.study.trials import Staircase, Trials
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Chain, Steps, rows_of

SIGNAL_TO_NOISE = 4.0
"""A head holds a list when a listed pair scores this many standard deviations of unlisted pairs, on average."""
LISTS = Staircase("bigrams", start=16)
"""The lengths of the lists tried with one head, the same beginning for every head."""
N_LISTS = 16
N_PROBES = 256


@dataclass(frozen=True)
class Profile:
    """`noise`: one head (d_resid, d_head) and its lists' lengths. `heads`: where the longest list is looked for."""

    noise: tuple[int, int]
    lengths: tuple[int, ...]
    heads: tuple[tuple[int, int], ...]
    svd_up_to: int
    seeds: int


PROFILES = {
    "tiny": Profile((32, 8), (8, 32, 128), ((16, 4), (32, 8)), 16, 2),
    "quick": Profile((128, 32), powers(2, 4, 12), ((32, 4), (64, 8), (128, 16), (256, 32), (512, 32)), 64, 4),
    "standard": Profile(
        (512, 64), powers(2, 4, 15), ((32, 4), (64, 8), (64, 32), (128, 16), (256, 32), (512, 64), (1024, 64)), 256, 8
    ),
    "full": Profile(
        (1024, 64), powers(2, 4, 16),
        ((32, 4), (64, 8), (64, 32), (128, 16), (256, 32), (512, 64), (1024, 64), (2048, 128)), 512, 16,
    ),
}  # fmt: skip


def scores(cell: dict) -> dict:
    """Mean score of listed pairs; standard deviations of pairs outside the list, and of pairs that match by half."""
    rng = np.random.default_rng([cell["seed"], cell["d_resid"], cell["d_head"]])
    n = cell["bigrams"]
    probes = directions(rng, 2 * N_PROBES, cell["d_resid"])
    f = directions(rng, 2 * n, cell["d_resid"])
    queries, keys = f[:n], f[n:]
    w_q, w_k = query_key(rng, queries, keys, cell["d_head"], cell["how"])
    signal = np.einsum("bd,bd->b", queries @ w_q, keys @ w_k)
    outside = (probes[:N_PROBES] @ w_q) @ (probes[N_PROBES:] @ w_k).T
    half = np.einsum("bd,bd->b", queries @ w_q, np.roll(keys, 1, axis=0) @ w_k)
    return {"signal": float(signal.mean()), "noise": float(np.sqrt(np.mean(outside**2))),
            "half": float(np.sqrt(np.mean(half**2))), "signal_spread": float(signal.std())}  # fmt: skip


def noise_steps(profile: Profile) -> Steps:
    """One head, every length of the list."""
    d_resid, d_head = profile.noise
    return Steps(tuple(
        {"bigrams": n, "d_resid": d_resid, "d_head": d_head, "how": how, "seed": seed}
        for how in HOW for n in profile.lengths for seed in range(profile.seeds)
    ), scores)  # fmt: skip


def capacity_chains(profile: Profile) -> list[Chain]:
    """For every head, way and seed: lists of growing length, each with features and a head of its own."""
    chains = []
    for number, how in enumerate(HOW):
        heads = [head for head in profile.heads if how != "svd" or head[0] <= profile.svd_up_to]
        for d_resid, d_head in heads:
            cell = {"d_resid": d_resid, "d_head": d_head, "how": how}
            for k in range(number * profile.seeds, (number + 1) * profile.seeds):
                chains.append(LISTS.chain(cell, range(1000 + k * N_LISTS, 1000 + (k + 1) * N_LISTS), holds))
    return chains


def holds(cell: dict) -> dict:
    """The scores, and whether the head holds the list."""
    seen = scores(cell)
    return {**seen, "passed": seen["signal"] >= SIGNAL_TO_NOISE * seen["noise"]}


def noise_findings(profile: Profile, rows: list[dict]) -> Analysis:
    """The noise, in units of the signal, along the length of the list."""
    d_resid, d_head = profile.noise
    table, fits, findings = [], {}, []
    for how in HOW:
        mine = [r for r in rows if r["how"] == how]
        ratio = [{"bigrams": r["bigrams"], "seed": r["seed"], "low": r["noise"] / r["signal"],
                  "high": r["noise"] / r["signal"]} for r in mine]  # fmt: skip
        series = Series(f"{how}: noise over signal", "bigrams", tuple(ratio))
        fits[series.name] = series.report(0.5)
        question = (
            f"{how}: noise of the scores grows as n^(1/2) with n bigrams? (d_resid = {d_resid}, d_head = {d_head})"
        )
        findings.append(series.finding(question, fits[series.name]))
        table += points("noise", how, {n: [r["low"] for r in ratio if r["bigrams"] == n] for n in profile.lengths})
        off = [r["noise"] / r["signal"] / projected_noise(d_resid, d_head, r["bigrams"]) for r in mine]
        words = f"{np.median(off):.3f} times (median), {min(off):.3f} to {max(off):.3f}"
        question = f"{how}: noise over signal against sqrt(n / (d_resid d_head))?"
        findings.append(Finding(question, series.span, words, "measured"))
    table += line("noise", "law, projection", {n: projected_noise(d_resid, d_head, n) for n in profile.lengths})
    return Analysis(table, findings, fits)


def capacity_findings(profile: Profile, rows: list[dict]) -> Analysis:
    """The length at which half of the heads hold their list, along d_resid d_head."""
    table, fits, findings = [], {}, []
    for how in HOW:
        tried = [
            {"size": r["d_resid"] * r["d_head"], **{key: r[key] for key in ("seed", "bigrams", "passed")}}
            for r in rows
            if r["how"] == how
        ]
        trials = Trials(f"{how}: longest list", tried, {"how": how}, "size", "bigrams")
        if len(trials.sizes()) < 2:
            continue
        fits[trials.name] = trials.series().report(1.0)
        bar = f"a signal of {SIGNAL_TO_NOISE:g} sigma"
        question = f"{how}: at what length of the list do half of the heads reach {bar}, and 95%?"
        findings.append(trials.curve_finding(question))
        question = f"{how}: the longest list at {bar} grows as d_resid d_head?"
        findings.append(trials.exponent_finding(question, fits[trials.name]))
        table += trials.rows() + trials.points("capacity", how)
    table += line("capacity", "law, projection", {a * b: a * b / SIGNAL_TO_NOISE**2 for a, b in sorted(
        profile.heads, key=lambda head: head[0] * head[1])})  # fmt: skip
    return Analysis(table, findings, fits)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The noise along the list, the capacity along the head's size."""
    noise = rows_of(noise_steps(profile), seen, kind="noise")
    capacity = [row for chain in capacity_chains(profile) for row in rows_of(chain, seen, kind="capacity")]
    measured = Analysis(noise + capacity, [])
    return Analysis.joined(measured, noise_findings(profile, noise), capacity_findings(profile, capacity))


EXPERIMENT = Experiment(
    claim="Skip feature-bigrams (the predecessor post, section 3): a head holds about d_resid d_head pairs of "
    "features, with noise that grows as the root of their number",
    meaning="One attention head can answer whether a pair of features is on a list, for lists far longer than the head "
    "has dimensions. The longest list is proportional to the number of the head's weights.",
    profiles=PROFILES,
    tasks=lambda profile: [noise_steps(profile), *capacity_chains(profile)],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("noise", "bigrams n", "noise over signal", "noise of the scores"),
            Panel("capacity", "d_resid d_head", "longest list n", "longest list, signal at 4 sigma"),
        ),
    ),
    size=(9.5, 4.8),
)

"""Quadratic neurons: how the width for all pairs at once grows with the logarithm of the number of features."""

from dataclasses import dataclass, replace
from functools import partial
from math import log

import numpy as np

from superposed.constructions import Quadratic, QuadraticForm, RandomQuadratic, Superposed
from superposed.figures.panels import Panel, draw_panels
from superposed.fitting import through
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.points import line
from superposed.study.points import widths as widths_at
from superposed.study.series import Series, number, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of
from superposed.sweeping.tasks import SmallestWidth
from superposed.theory.quadratic import (
    form_all_pairs_width,
    largest_form_errors,
    printed_form_width,
    random_quadratic_all_pairs_width,
)

S, EPS = 2, 0.5
FORM, RANDOM, SIGNS = "quadratic form, r(r+1)/2 neurons", "random quadratic layer", "signs behind codes, quadratic"


@dataclass(frozen=True)
class Profile:
    """`far`: m at which the largest error of the form is drawn. `built`, `built_random`: m at which networks are built.

    `m`: where the width for 99% of the read-offs is searched.
    """

    far: tuple[float, ...]
    draws: int
    built: tuple[int, ...]
    built_random: tuple[int, ...]
    m: tuple[int, ...]
    seeds: int
    events: int


FAR = tuple(10.0**n for n in (2, 4, 8, 16, 32, 64, 128, 200, 300))
PROFILES = {
    "tiny": Profile((1e2, 1e8, 1e300), 8, (16,), (16,), (10**4, 10**8), 2, 256),
    "quick": Profile(FAR, 32, (64,), (64,), powers(10, 4, 12)[::2], 4, 2048),
    "standard": Profile(FAR, 256, powers(2, 4, 8), powers(2, 4, 9), powers(10, 3, 12), 16, 8192),
    "full": Profile(FAR, 1024, powers(2, 4, 9), powers(2, 4, 11), powers(10, 3, 12), 32, 20_000),
}


def crossing(cell: dict) -> dict:
    """The dimensions r between which each draw's largest error falls below EPS: the last that fails, the first that
    passes."""
    m, n = cell["m"], cell["draws"]
    low, high = np.full(n, S), np.full(n, int(8 * S * (log(m) + 5) / EPS**2))
    while np.any(high - low > 1):
        middle = (low + high) // 2
        wanted = np.unique(middle)
        largest = largest_form_errors(np.random.default_rng(cell["seed"]), m, S, wanted, n)
        passed = largest[np.searchsorted(wanted, middle), np.arange(n)] < EPS
        low, high = np.where(passed, low, middle), np.where(passed, middle, high)
    return {"low": low.tolist(), "high": high.tolist()}


def far_steps(profile: Profile) -> Steps:
    """The form's largest errors at each far m, all draws of an m from one seed."""
    cells = [{"form": "largest", "m": m, "s": S, "eps": EPS, "draws": profile.draws, "seed": n} for n, m in
             enumerate(profile.far)]  # fmt: skip
    return Steps(tuple(cells), crossing)


def searches(profile: Profile) -> dict[str, list[SmallestWidth]]:
    """Widths of built networks for every pair, and widths of drawn errors for 99% of them."""
    every = partial(
        SmallestWidth, s=S, seeds=4 * profile.seeds, sampling=Sampling(1), criterion="max", eps=EPS, success=0.5
    )
    most = partial(
        SmallestWidth, s=S, seeds=profile.seeds, sampling=Sampling(profile.events), criterion="q99", eps=EPS,
        mode="drawn", most=2**34, steps=32,
    )  # fmt: skip
    start = lambda kind, m, criterion: kind.predicted_width(Problem(m, S), EPS, criterion)
    built = {
        f"{FORM}, built": [every(QuadraticForm(), m, start=form_all_pairs_width(m, S, EPS)) for m in profile.built],
        f"{RANDOM}, built": [every(RandomQuadratic(), m, start=random_quadratic_all_pairs_width(m, S, EPS))
                             for m in profile.built_random],
    }  # fmt: skip
    drawn = {
        name: [most(kind, m, start=start(kind, m, "q99")) for m in profile.m]
        for name, kind in ((SIGNS, Superposed(Quadratic())), (RANDOM, RandomQuadratic()))
    }
    return built | drawn


def far_series(profile: Profile, seen: Seen) -> Series:
    """The form's smallest width of each draw, along ln m."""
    neurons = lambda r: r * (r + 1) // 2
    records = [
        {"ln_m": log(row["m"]), "m": row["m"], "seed": seed, "low": neurons(low), "high": neurons(high)}
        for row in rows_of(far_steps(profile), seen)
        for seed, (low, high) in enumerate(zip(row["low"], row["high"], strict=True))
    ]
    return Series(f"{FORM}, drawn", "ln_m", tuple(records))


def built_against(series: Series, expected: dict[int, float], words: str) -> Finding:
    """How wide built networks are beside what is expected: the ratio of medians at each m."""
    medians = series.medians()
    ratios = ", ".join(f"{medians[m] / expected[m]:.2f} (m = {number(m)})" for m in medians)
    question = f"{series.name}: width at which half of the networks have every pair right, beside {words}?"
    return Finding(question, ", ".join(f"m = {number(m)}" for m in medians), f"{ratios} times", "measured")


def form_median(m: int, draws: int = 512) -> float:
    """The median width of drawn forms."""
    result = crossing({"m": float(m), "draws": draws, "seed": 99})
    return float(np.median([r * (r + 1) / 2 for r in result["high"]]))


def judge_form(profile: Profile, far: Series, built: Series) -> Analysis:
    """The quadratic form's width for every pair: its exponent, its closed form, and its size."""
    shape = {log(m): form_all_pairs_width(m, S, EPS) for m in profile.far}
    fit, medians = far.report(2.0, closed=through(shape.items(), 2.0, "ln_m")), far.medians()
    printed = {x: printed_form_width(float(np.exp(x)), S, EPS) for x in medians}
    last = max(medians)
    findings = [
        far.finding("quadratic form: width for every pair grows as (ln m)^2?", fit),
        far.formula_finding("quadratic form: widths follow the closed form?", fit),
        Finding(
            "quadratic form: how wide, against the printed m = exp(eps^2 sqrt(d) / (2 s))?", far.span,
            f"{medians[last] / printed[last]:.3f} of the printed width at ln m = {last:.0f}", "measured",
            "s ln m / eps^2 = r/2 in the limit of small eps, so that d = r^2/2 is half of the printed width or less",
        ),
        built_against(built, {m: form_median(m) for m in profile.built}, "draws of its largest error"),
    ]  # fmt: skip
    return Analysis(line("all", "form as printed", printed) + line("all", f"{FORM}, drawn", shape), findings,
                    {far.name: fit})  # fmt: skip


def judge_random(profile: Profile, built: Series) -> Analysis:
    """The random quadratic layer's width for every pair, in closed form, and built networks beside it."""
    ms = sorted({*profile.far, *(float(m) for m in profile.built_random)})
    width = {log(m): random_quadratic_all_pairs_width(m, S, EPS) for m in ms}
    slope = np.polyfit(*np.log([(x, d) for x, d in width.items() if x > 100]).T, 1)[0]
    first, last = min(x for x in width if x >= log(100)), max(width)
    span = f"ln_m = {number(first)} to {number(last)}, 1 seeds"
    findings = [
        built_against(built, {m: random_quadratic_all_pairs_width(m, S, EPS) for m in profile.built_random},
                      "the closed form with normal tails"),
        Finding("random quadratic layer: exponent of ln m in the width for every pair?", span,
                f"{slope:.3f} above ln m = 100", "computed", "from exact variances and normal tails"),
    ]  # fmt: skip
    return Analysis(line("all", f"{RANDOM}, computed", width), findings)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Widths for every pair against ln m; widths for 99% of the read-offs against m."""
    widths = {name: smallest_widths(name, tasks, seen, s=S) for name, tasks in searches(profile).items()}
    far, built = far_series(profile, seen), [widths[f"{name}, built"] for name in (FORM, RANDOM)]
    signs, random = widths[SIGNS], widths[RANDOM]
    parts = [judge_form(profile, far, built[0]), judge_random(profile, built[1])]
    fits = parts[0].fits | {SIGNS: signs.report(2 / 3), RANDOM: random.report(0.0)}
    findings = [
        *parts[0].findings, *parts[1].findings,
        signs.finding("signs behind codes, quadratic neurons, q99: width grows as m^(2/3)?", fits[SIGNS]),
        random.finding("random quadratic layer, q99: no power of m?", fits[RANDOM]),
    ]  # fmt: skip
    along_log = [replace(s, records=tuple({**r, "ln_m": log(r["m"])} for r in s.records)) for s in built]
    tends_to = {m: (3 / 4) ** (1 / 3) * (S * 2.5758 * m / EPS) ** (2 / 3) for m in profile.m}
    table = [
        *(row for series in (far, *along_log) for row in widths_at("all", series, "ln_m")),
        *parts[0].table, *parts[1].table,
        *widths_at("most", signs, "m"), *widths_at("most", random, "m"),
        *line("most", "m^(2/3), closed form at large m", tends_to),
        *far.rows(), *(row for series in widths.values() for row in series.rows()),
    ]  # fmt: skip
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Quadratic neurons (the predecessor post, section 1.5): m = exp(eps^2 sqrt(d)/(2 s)) features, so that "
    "the width for every pair is (ln m)^2",
    meaning="Neurons that square their input compute the ANDs of all pairs in a width that grows with the logarithm of "
    "the number of features only. Random weights need the logarithm itself, the post's exact products its square.",
    profiles=PROFILES,
    tasks=lambda profile: [far_steps(profile), *(task for tasks in searches(profile).values() for task in tasks)],
    analyse=analyse,
    draw=partial(
        draw_panels,
        panels=(
            Panel("all", "ln m", "smallest width d* (neurons)", "every pair of one input within 1/2, s = 2"),
            Panel("most", "features m", "smallest width d* (neurons)", "99% of the read-offs within 1/2, s = 2"),
        ),
    ),
    size=(10, 5.2),
)

"""Theorem 8's transition: the chance that a deep network makes no wrong bit, against m, built and drawn.

"built": networks of d neurons and m features, the same rungs of m for all seeds of one width, every network with draws
of its own. A network passes when all features of all inputs are read right in every layer. "drawn": the m at which half
of the networks pass, by density evolution with the active features drawn. Two designs are compared. The paper's has
codes of sqrt(D/s) units and gates of sqrt(d/s) neurons, and rounds to -2, ..., 2. The sparse one has shorter codes and
gates, and rounds to -1, 0, 1 with half as many ReLUs a unit.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from math import log

import numpy as np

from superposed.compiler.scanned import Plan, first_wrong_layers
from superposed.figures.deep_transition import draw_deep_transition
from superposed.fitting import (
    NotFitted,
    Report,
    Success,
    fit_success,
    judge_interval,
    logarithm,
    power,
    power_log,
    proportion_interval,
    ratio_interval,
    report,
    sample,
    through,
)  # fmt: skip
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import finding, number, triple
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.theory.deep_drawn import half_pass
from superposed.theory.density_evolution import DESIGNS, mean_field_capacity

CLAIM = 3 / 2
STEP = 2**0.25
CENTRES = {"paper": 1.0, "sparse": 3.0}
"""Rungs of m lie around this many times 20,000 s (d / 20,000 s)^(3/2), the claim's power through m = d = 20,000 s."""


@dataclass(frozen=True)
class Built:
    """Networks of one design, s and width: `seeds` of them at each of the rungs first, ..., last of m, `step` apart."""

    design: str
    s: int
    width: int
    first: int
    last: int
    seeds: int = 8
    step: float = STEP

    def features(self) -> tuple[int, ...]:
        """The rungs: multiples of 2 s, so that orders of m things leave no place over."""
        middle = CENTRES[self.design] * 20_000 * self.s * (self.width / 20_000 / self.s) ** CLAIM
        return tuple(round(middle * self.step**k / 2 / self.s) * 2 * self.s for k in range(self.first, self.last + 1))


@dataclass(frozen=True)
class Profile:
    """What is built, and the widths at which half-passes are drawn; depth and inputs of all of them."""

    built: tuple[Built, ...]
    drawn: tuple[int, ...]
    events: int
    depth: int = 16
    batch: int = 10


FAR = (8192, 32768, 131_072, 10**6, 10**8, 10**10, 10**12)
SMALL = (
    Built("paper", 2, 4096, -8, 0),
    Built("paper", 2, 8192, -6, 1),
    Built("paper", 2, 16384, -4, 2),
    Built("paper", 3, 16384, -5, 2),
    Built("sparse", 2, 8192, -5, 2),
    Built("sparse", 2, 16384, -4, 2),
)
FINE = 2**0.125
LARGE = (
    Built("paper", 2, 32768, -1, 3, step=FINE),
    Built("sparse", 2, 32768, -1, 3, step=FINE),
    Built("paper", 2, 65536, -2, 2, step=FINE),
    Built("sparse", 2, 65536, 0, 4, step=FINE),
)
"""Five fine rungs, the rung nearest to the drawn half-pass in the middle. Fixed from the drawn law before any of these
networks was built: it puts the half-passes at 31,300, 93,100, 83,900 and 311,000 features. It also says that the chance
falls from .9 to .1 within a rung of the small widths, and such a network costs a minute."""
PROFILES = {
    "tiny": Profile((Built("paper", 2, 2048, -9, -6, 2), Built("sparse", 2, 2048, -9, -6, 2)), (8192, 10**8), 60, 4, 4),
    "quick": Profile(
        (Built("paper", 2, 4096, -6, -1, 4), Built("sparse", 2, 4096, -6, -1, 4)), (8192, 2**17, 10**8, 10**12), 100
    ),
    "standard": Profile((*SMALL, *LARGE), FAR, 400),
    "full": Profile((*SMALL, *LARGE), FAR, 4000),
}  # fmt: skip


def networks(profile: Profile) -> Steps:
    """One step a network; no two share a seed."""
    cells = []
    for group in profile.built:
        names = {"kind": "built", "design": group.design, "s": group.s, "width": group.width}
        for k, m in enumerate(group.features()):
            seeds = range(k * group.seeds, (k + 1) * group.seeds)
            cells += [{**names, "m": m, "depth": profile.depth, "batch": profile.batch, "seed": i} for i in seeds]
    return Steps(tuple(cells), build)


def build(cell: dict) -> dict:
    """The first layer in which any input has a wrong bit, None where there is none."""
    plan = Plan(DESIGNS[cell["design"]](cell["width"], cell["s"]), rows_of(cell["m"]))
    first = first_wrong_layers(plan, [cell["m"]], [cell["seed"]], cell["depth"], cell["batch"], piece=4, stop_at=1e-9)
    layer = int(first.min())
    return {"broke_at": None if layer > cell["depth"] else layer}


def rows_of(m: int) -> int:
    """Rows of the arrays of networks with m features: a power of two below 8192, so that few programs are compiled."""
    return 2 ** (m - 1).bit_length() if m < 8192 else m


def drawn(profile: Profile) -> Steps:
    """One step for each design, s and width."""
    kinds = sorted({(group.design, group.s) for group in profile.built})
    shared = {"kind": "drawn", "depth": profile.depth, "batch": profile.batch, "events": profile.events, "seed": 0}
    widths = sorted({*profile.drawn, *(group.width for group in profile.built)})
    cells = [{**shared, "design": design, "s": s, "width": width} for design, s in kinds for width in widths]
    return Steps(tuple(cells), draw_half)


def draw_half(cell: dict) -> dict:
    """The m at which half of all networks pass; 0 where none does."""
    design = DESIGNS[cell["design"]](cell["width"], cell["s"])
    return {"m": half_pass(cell["seed"], design, cell["depth"], cell["batch"], cell["events"], tolerance=0.01)}


def counts(profile: Profile, seen: Seen) -> list[dict]:
    """How many networks pass at each rung, with the exact 95% interval of the chance."""
    steps, by_rung = networks(profile), {}
    for cell, result in zip(steps.cells, steps.results(seen), strict=True):
        by_rung.setdefault((cell["design"], cell["s"], cell["width"], cell["m"]), []).append(result["broke_at"] is None)
    rows = []
    for (design, s, width, m), passes in by_rung.items():
        low, high = proportion_interval(sum(passes), len(passes))
        rows.append({"kind": "passed", "design": design, "s": s, "d": width, "m": m, "passed": sum(passes),
                     "networks": len(passes), "low": low, "best": sum(passes) / len(passes), "high": high})  # fmt: skip
    return rows


def transitions(rows: list[dict]) -> dict[tuple, Success | NotFitted]:
    """The fitted transition in 1/m for each (design, s, d): passing gets likelier as m falls."""
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault((row["design"], row["s"], row["d"]), []).append(row)
    column = lambda group, key: np.array([float(row[key]) for row in group])
    return {
        key: fit_success(1 / column(group, "m"), column(group, "passed"), column(group, "networks"))
        for key, group in groups.items()
    }


def half_of(transition: Success) -> tuple[float, float, float]:
    """m at which half of the networks pass."""
    low, best, high = transition.half
    return 1 / high, 1 / best, 1 / low if low > 0 else np.inf


def half_rows(by_group: dict[tuple, Success | NotFitted]) -> list[dict]:
    """Table rows of the half-passes that could be fitted and are bounded."""
    rows = []
    for (design, s, d), transition in by_group.items():
        if isinstance(transition, Success):
            low, best, high = half_of(transition)
            if not 0 < low < high < np.inf:
                continue
            rows.append({"kind": "half", "design": design, "s": s, "d": d, "low": low, "best": best, "high": high,
                         "sharpness": transition.sharpness[1]})  # fmt: skip
    return rows


def drawn_rows(profile: Profile, seen: Seen) -> list[dict]:
    """The drawn half-passes, the mean field, and the exponents between neighbouring widths."""
    steps = drawn(profile)
    rows = [
        {"kind": "drawn", **{key: cell[key] for key in ("design", "s")}, "d": cell["width"], "best": result["m"]}
        for cell, result in zip(steps.cells, steps.results(seen), strict=True)
        if result["m"] > 0
    ]
    rows += [
        {**row, "kind": "mean field", "best": mean_field_capacity(DESIGNS[row["design"]](row["d"], row["s"]))}
        for row in rows
    ]
    return rows + local_rows(rows)


def local_rows(rows: list[dict]) -> list[dict]:
    """Exponents between widths at least twofold apart."""
    found = []
    for kind, design, s in sorted({(row["kind"], row["design"], row["s"]) for row in rows}):
        points = sorted((r["d"], r["best"]) for r in rows if (r["kind"], r["design"], r["s"]) == (kind, design, s))
        found += [
            {"kind": "local exponent", "of": kind, "design": design, "s": s, "d": (a * b) ** 0.5,
             "best": log(y / x) / log(b / a)}
            for (a, x), (b, y) in pairwise(points)
        ]  # fmt: skip
    return found


def law(halves: list[dict], computed: list[dict], design: str, s: int) -> Report | NotFitted:
    """Models of the built half-pass in d; each enters with the standard error its interval stands for."""
    points = [r for r in halves if (r["design"], r["s"]) == (design, s) and 0 < r["low"] < r["high"] < np.inf]
    if len(points) < 2:
        return NotFitted(f"{len(points)} widths have a transition with a bounded half-pass; two are needed")
    best = [r["best"] for r in points]
    scatter = [log(r["high"] / r["low"]) / (2 * 1.96) for r in points]
    closed = [(r["d"], r["best"]) for r in computed if (r["kind"], r["design"], r["s"]) == ("drawn", design, s)]
    models = (power("d"), power_log("d"), logarithm("d"))
    law = through(closed, CLAIM, "d", "drawn law")
    return report(sample(best, best, scatter=scatter, along="d", d=[r["d"] for r in points]), CLAIM, models, law)


def half_finding(row: dict, profile: Profile, computed: list[dict]) -> Finding:
    """The built half-pass of one width, beside the drawn one."""
    near = next((r["best"] for r in computed if all(r[key] == row[key] for key in ("design", "s", "d"))), None)
    beside = "none drawn" if near is None else f"drawn {number(near)}"
    group = next(g for g in profile.built if (g.design, g.s, g.width) == (row["design"], row["s"], row["d"]))
    return Finding(
        f"Theorem 8, {row['design']} design, s = {row['s']}, d = {row['d']:,}: at what m are half right?",
        f"{len(group.features())} m, {group.seeds} networks each, depth {profile.depth}, {profile.batch} inputs",
        f"{triple((row['low'], row['best'], row['high']), ',.0f')} = {row['best'] / row['d']:.3g} d; {beside}",
        "measured",
        "logistic curve in log m, 95% profile-likelihood interval",
    )


def factor_findings(halves: list[dict]) -> list[Finding]:
    """How many times the paper's features the sparse design bears, at each width where both were built."""
    found = []
    by_group = {(r["design"], r["s"], r["d"]): (r["low"], r["best"], r["high"]) for r in halves}
    for (design, s, d), half in by_group.items():
        if design == "sparse" and ("paper", s, d) in by_group:
            ratio = ratio_interval(by_group["paper", s, d], half)
            found.append(
                Finding(
                    f"Theorem 8, s = {s}, d = {d:,}: how many times the paper's features does the sparse design bear?",
                    "the ratio of two built half-passes",
                    triple(ratio, ".2f"),
                    "measured",
                    "both designs count every ReLU; 95% interval from those of the two half-passes",
                )
            )
    return found


def exponent_findings(halves: list[dict], computed: list[dict]) -> list[Finding]:
    """The built exponent between the smallest and the largest width against the drawn one; the last drawn exponent."""
    found = []
    drawn = {(r["design"], r["s"], r["d"]): r["best"] for r in computed if r["kind"] == "drawn"}
    for design, s in sorted({key[:2] for key in drawn}):
        rows = sorted((r for r in halves if (r["design"], r["s"]) == (design, s)), key=lambda r: r["d"])
        ends = [(design, s, r["d"]) for r in rows[:: max(len(rows) - 1, 1)]]
        if len(rows) > 1 and set(ends) <= drawn.keys():
            octaves = log(rows[-1]["d"] / rows[0]["d"])
            ratio = ratio_interval(*((r["low"], r["best"], r["high"]) for r in (rows[0], rows[-1])))
            slope = tuple(log(x) / octaves for x in ratio)
            word, why = judge_interval(slope, log(drawn[ends[1]] / drawn[ends[0]]) / octaves)
            question = f"Theorem 8, {design} design, s = {s}, built: does m* rise with d as the drawn one does?"
            span = f"d = {rows[0]['d']:,} and {rows[-1]['d']:,}"
            found.append(Finding(question, span, f"exponent {triple(slope, '.2f')}", word, why))
        points = sorted((d, m) for (name, active, d), m in drawn.items() if (name, active) == (design, s))
        (a, x), (b, y) = points[-2:]
        found.append(
            Finding(
                f"Theorem 8, {design} design, s = {s}, drawn: local exponent of m* at the largest d?",
                f"d = {a:.3g} to {b:.3g}",
                f"{log(y / x) / log(b / a):.3f}; {y / b:.3g} features a neuron",
                "computed",
                "density evolution with the active features drawn",
            )
        )
        crossing = next(
            ((d, e) for (d, m), (e, n) in pairwise(points) if m < d and n >= e and e <= 4 * d),
            None,
        )
        if crossing is not None:
            (d, e), at = crossing, dict(points)
            rise = log(at[e] / e) - log(at[d] / d)
            found.append(
                Finding(
                    f"Theorem 8, {design} design, s = {s}, drawn: from what d on are there more features than neurons?",
                    f"between d = {d:,} and {e:,}",
                    f"d = {number(round(d * (e / d) ** (-log(at[d] / d) / rise), -2))}",
                    "computed",
                    "a straight line in log-log between the two widths",
                )
            )
    return found


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Half-passes with their intervals, the drawn ones beside them, and the factor of the sparse design."""
    rows, computed = counts(profile, seen), drawn_rows(profile, seen)
    by_group = transitions(rows)
    halves = half_rows(by_group)
    findings = [half_finding(row, profile, computed) for row in halves]
    findings += factor_findings(halves) + exponent_findings(halves, computed)
    built = [(group.design, group.s) for group in profile.built]
    groups = sorted({key for key in built if built.count(key) > 1})
    fits = {f"{design}, s = {s}": law(halves, computed, design, s) for design, s in groups}
    for (name, fit), group in zip(fits.items(), groups, strict=True):
        widths = [g.width for g in profile.built if (g.design, g.s) == group]
        span = f"d = {min(widths):,} to {max(widths):,}"
        findings.append(finding(f"Theorem 8, {name} active, built: m* grows as d^(3/2)?", span, fit))
    fits |= {
        f"{design}, s = {s}, d = {d}": {"not fitted": fit.reason} if isinstance(fit, NotFitted) else asdict(fit)
        for (design, s, d), fit in by_group.items()
    }
    curves = [
        {"kind": "fitted chance", "design": design, "s": s, "d": d, "m": float(m), "best": float(chance)}
        for (design, s, d), fit in by_group.items()
        if isinstance(fit, Success)
        for ms in (half_of(fit)[1] * np.geomspace(0.5, 2, 41),)
        for m, chance in zip(ms, fit.probability(1 / ms), strict=True)
    ]
    return Analysis(rows + halves + curves + computed, findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 8 (Hänni et al. 2024): deep networks of width d emulate sparse circuits with up to Õ(d^(3/2)) "
    "features a layer",
    meaning="Deep networks work up to some number of features and fail beyond it, within a factor of about 1.5. That "
    "number exceeds the number of neurons from some 35,000 neurons on, with shorter codes from some 8,000 on.",
    profiles=PROFILES,
    tasks=lambda profile: [drawn(profile), networks(profile)],
    analyse=analyse,
    draw=draw_deep_transition,
    size=(14, 5.2),
)

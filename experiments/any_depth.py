"""Theorem 8 at any depth: how rare a wrong bit is in a layer, how deep a network runs, and what depth costs.

"drawn": the chance that an input gets its first wrong bit in a layer, from weighted drawn networks. "built": the same,
counted in built networks. "long": networks that run for very many layers, every layer's weights made when its turn
comes. m is a fixed fraction of m_c, the mean field's capacity. d counts ReLU neurons of the widest layer.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from superposed.compiler.scanned import Plan, first_wrong_layers
from superposed.figures.any_depth import draw_any_depth
from superposed.fitting import proportion_interval
from superposed.study.deep_runs import upper_limit
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import number
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.theory.density_evolution import DESIGNS, mean_field_capacity
from superposed.theory.rare_errors import at_chance, wrong_bit_chance

BATCH = 20
"""Inputs on which a network must be right to pass, where a depth is said to be reached."""
SHALLOW, TIMES = 64, 1000


@dataclass(frozen=True)
class Long:
    """Networks that run for `depth` layers, one a seed."""

    design: str
    width: int
    m: int
    depth: int
    seeds: int
    batch: int = 20


@dataclass(frozen=True)
class Profile:
    """Fractions of m_c at which chances are drawn and counted, for each (design, width)."""

    drawn: tuple[tuple[str, int], ...]
    fractions: tuple[float, ...]
    layers: int
    built: tuple[tuple[str, int], ...]
    built_fractions: tuple[float, ...]
    depth: int
    seeds: int
    long: Long
    s: int = 2


PROFILES = {
    "tiny": Profile(
        (("sparse", 2048),), (0.3, 0.6), 8, (("sparse", 2048),), (0.6,), 4, 2, Long("sparse", 2048, 128, 8, 2)
    ),
    "quick": Profile(
        (("sparse", 4096),), (0.3, 0.42, 0.55, 0.7), 24, (("sparse", 4096),), (0.55, 0.7), 16, 4,
        Long("sparse", 4096, 256, 256, 4),
    ),
    "standard": Profile(
        (("paper", 8192), ("paper", 65536), ("sparse", 4096), ("sparse", 16384), ("sparse", 10**6)),
        (0.15, 0.2, 0.27, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85), 96,
        (("paper", 8192), ("sparse", 4096)), (0.2, 0.35, 0.45, 0.55, 0.65, 0.75), 256, 8,
        Long("sparse", 4096, 512, 65_536, 4),
    ),
    "full": Profile(
        (("paper", 8192), ("paper", 65536), ("sparse", 4096), ("sparse", 16384), ("sparse", 10**6), ("sparse", 10**9)),
        (0.1, 0.15, 0.2, 0.27, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85), 384,
        (("paper", 8192), ("paper", 16384), ("sparse", 4096), ("sparse", 8192)), (0.2, 0.35, 0.45, 0.55, 0.65, 0.75),
        4096, 8,
        Long("sparse", 8192, 2048, 65_536, 4),
    ),
}  # fmt: skip


def features(design: str, width: int, s: int, fraction: float) -> int:
    """That fraction of m_c, to a multiple of 2 s."""
    return max(round(fraction * mean_field_capacity(DESIGNS[design](width, s)) / 2 / s), 1) * 2 * s


def sizes(profile: Profile, networks: tuple, fractions: tuple) -> list[dict]:
    """Design, width, s, m and its fraction of m_c."""
    return [
        {"design": design, "width": width, "s": profile.s, "m": features(design, width, profile.s, x), "fraction": x}
        for design, width in networks
        for x in fractions
    ]


def tasks(profile: Profile) -> list[Steps]:
    """Drawn chances, counted ones, and the long runs: a step a network."""
    drawn = [
        {"kind": "drawn", **size, "layers": profile.layers, "seed": 0}
        for size in sizes(profile, profile.drawn, profile.fractions)
    ]
    built = [
        {"kind": "built", **size, "depth": profile.depth, "seed": seed}
        for size in sizes(profile, profile.built, profile.built_fractions)
        for seed in range(profile.seeds)
    ]
    run = profile.long
    long = [
        {"kind": "long", "design": run.design, "width": run.width, "s": profile.s, "m": run.m, "depth": run.depth,
         "batch": run.batch, "seed": seed}
        for seed in range(run.seeds)
    ]  # fmt: skip
    return [Steps(tuple(drawn), draw_chance), Steps(tuple(built), count), Steps(tuple(long), run_long)]


def draw_chance(cell: dict) -> dict:
    """The chance of a first wrong bit a layer and input."""
    design = DESIGNS[cell["design"]](cell["width"], cell["s"])
    chance, error = wrong_bit_chance(cell["seed"], cell["m"], design, cell["layers"], settle=16)
    return {"chance": chance, "error": error}


def count(cell: dict) -> dict:
    """Inputs of one network that went wrong, and the layers in which they were still right before; at most 200."""
    return run_network(cell, min(cell["m"] // cell["s"], 200), piece=16)


def run_long(cell: dict) -> dict:
    """The same for a long run, which ends with its first wrong bit."""
    return run_network(cell, cell["batch"], piece=1024, stop_at=1e-9)


def run_network(cell: dict, batch: int, piece: int, stop_at: float = 1.0) -> dict:
    """(inputs with a wrong bit, layers run by inputs that were right before) of one network."""
    plan = Plan(DESIGNS[cell["design"]](cell["width"], cell["s"]), cell["m"])
    first = first_wrong_layers(plan, [cell["m"]], [cell["seed"]], cell["depth"], batch, piece, stop_at)[0]
    wrong = first <= cell["depth"]
    ran = int(first.min()) if stop_at < 1 and wrong.any() else cell["depth"]
    return {"wrong": int(wrong.sum()), "trials": int(np.minimum(first, ran).sum()), "inputs": batch}


def counted(profile: Profile, seen: Seen) -> list[dict]:
    """Counts of all seeds at one size together, with the exact 95% interval; an upper limit where none was wrong."""
    totals: dict[tuple, list[int]] = {}
    for task in tasks(profile)[1:]:
        for cell, result in zip(task.cells, task.results(seen), strict=True):
            key = tuple(cell.get(name) for name in ("kind", "design", "width", "s", "m", "fraction", "depth"))
            total = totals.setdefault(key, [0, 0, 0])
            totals[key] = [a + b for a, b in zip(total, (result["wrong"], result["trials"], 1), strict=True)]
    rows = []
    for (kind, design, d, s, m, fraction, depth), (wrong, trials, seeds) in totals.items():
        low, high = proportion_interval(wrong, trials) if wrong else (0.0, upper_limit(trials))
        rows.append(
            {
                "kind": kind,
                "design": design,
                "d": d,
                "s": s,
                "m": m,
                "fraction": fraction,
                "depth": depth,
                "wrong": wrong,
                "trials": trials,
                "seeds": seeds,
                "low": low,
                "best": wrong / trials,
                "high": high,
            }
        )
    return rows  # fmt: skip


def drawn_rows(profile: Profile, seen: Seen) -> list[dict]:
    """Drawn chances with 95% intervals."""
    task = tasks(profile)[0]
    return [
        {"kind": "drawn", "design": cell["design"], "d": cell["width"], "s": cell["s"], "m": cell["m"],
         "fraction": cell["fraction"], "low": max(result["chance"] - 1.96 * result["error"], 0.0),
         "best": result["chance"], "high": result["chance"] + 1.96 * result["error"]}
        for cell, result in zip(task.cells, task.results(seen), strict=True)
    ]  # fmt: skip


def depth_rows(drawn: list[dict]) -> list[dict]:
    """The depth to which half of the networks are right on `BATCH` inputs, at each m."""
    return [
        {**{key: row[key] for key in ("design", "d", "s", "m")}, "kind": "depth", "best": log(2) / BATCH / row["best"]}
        for row in drawn
        if 0 < row["best"] < 0.5
    ]


def price_findings(drawn: list[dict]) -> list[Finding]:
    """How many features a network bears at a thousand times the depth, for each design and width."""
    found = []
    for design, d in dict.fromkeys((row["design"], row["d"]) for row in drawn):
        rows = sorted((r for r in drawn if (r["design"], r["d"]) == (design, d)), key=lambda r: r["m"])
        m, chances = (np.array([r[key] for r in rows], float) for key in ("m", "best"))
        shallow, deep = (at_chance(m, chances, log(2) / (depth * BATCH)) for depth in (SHALLOW, SHALLOW * TIMES))
        question = f"Theorem 8, {design} design, d = {d:,}, drawn: how many features at {TIMES:,} times the depth?"
        span = f"depth {SHALLOW} and {SHALLOW * TIMES:,}, {BATCH} inputs, half of the networks right"
        if np.isnan(shallow / deep):
            found.append(
                Finding(question, span, "beyond the m drawn", "not measured", "one of the depths is not reached")
            )
            continue
        text = f"{number(round(shallow))} and {number(round(deep))}: {shallow / deep:.2f} times fewer"
        found.append(Finding(question, span, text, "computed", "weighted drawn networks; straight lines in log-log"))
    return found


def built_finding(row: dict, drawn: list[dict]) -> Finding:
    """A counted chance beside the drawn one."""
    near = next((r["best"] for r in drawn if all(r[key] == row[key] for key in ("design", "d", "m"))), None)
    beside = "none drawn" if near is None else f"drawn {near:.2g}"
    measured = f"{row['wrong']:,} in {row['trials']:,}: {row['best']:.2g} [{row['low']:.2g}, {row['high']:.2g}]"
    if not row["wrong"]:
        measured = f"0 in {row['trials']:,}: fewer than {row['high']:.2g} at 95%"
    return Finding(
        f"Theorem 8, {row['design']} design, d = {row['d']:,}, m = {row['m']:,}, built: wrong inputs a layer?",
        f"depth {row['depth']:,}, {row['seeds']} networks",
        f"{measured}; {beside}",
        "measured",
        "exact 95% interval, as if inputs of one network were independent",
    )


def long_finding(row: dict) -> Finding:
    """Whether a very deep run made no wrong bit."""
    size = f"{row['design']} design, d = {row['d']:,}, m = {row['m']:,}"
    question = f"Theorem 8, {size}: no wrong bit in {row['depth']:,} layers?"
    measured = f"{row['wrong']} wrong inputs in {row['trials']:,} layers of one input each"
    why = f"at 95% an input errs in a layer with a chance below {row['high']:.1e}"
    return Finding(question, f"{row['seeds']} networks", measured, "fails" if row["wrong"] else "holds", why)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Chances drawn and counted, the depths they allow, and the price of depth."""
    drawn, rows = drawn_rows(profile, seen), counted(profile, seen)
    findings = [long_finding(row) for row in rows if row["kind"] == "long"] + price_findings(drawn)
    findings += [built_finding(row, drawn) for row in rows if row["kind"] == "built"]
    return Analysis(drawn + rows + depth_rows(drawn), findings)


EXPERIMENT = Experiment(
    claim="Theorem 8 (Hänni et al. 2024): with a correction in every layer a network runs to any polynomial depth",
    meaning="A wrong bit gets rarer by orders of magnitude as the number of features falls by a little. So a thousand "
    "times the depth costs a modest factor of features.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_any_depth,
    size=(11, 5.2),
)

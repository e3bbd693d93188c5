"""Trained networks: how the error falls with the width, how much training gains, and what loss and sparsity change."""

from dataclasses import dataclass, replace
from math import comb, exp, log

import numpy as np

from superposed.constructions import Bernoulli, Gaussian, Rademacher
from superposed.figures.trained import draw_trained_error
from superposed.fitting import Model, Report, power
from superposed.measuring.errors import Errors
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import Series, triple
from superposed.study.trainings import n_untrained, recipe, t_interval
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths
from superposed.training import BestReadOff

TRAINED = {
    "trained": {},
    "trained, loss power 4": {"power": 4},
    "trained, loss power 8": {"power": 8},
    "trained, free read-off": {"read_off": "free"},
    "trained from Rademacher": {"start": Rademacher()},
}
BUILT = {
    "Rademacher": Rademacher(),
    "Gaussian": Gaussian(),
    "Bernoulli, tuned": Bernoulli(),
    "Rademacher, best read-off": BestReadOff(Rademacher(), n_inputs=2**12),
}
DECADE = 10
SEED_BY_SEED = "ratio seed by seed, 95% t interval of its log"
REFERENCE, BEST = "Rademacher", "Rademacher, best read-off"


@dataclass(frozen=True)
class Profile:
    """The kinds of network at (m, s) of `main`; trained ones and the reference at those of `more`.

    Widths are `parts` of C(m, 2), the width from which one neuron a pair is exact.
    """

    main: tuple[tuple[int, int], ...]
    more: tuple[tuple[int, int], ...]
    kinds: tuple[str, ...]
    parts: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    most: int = 1024
    looked_at: int = 32


OCTAVES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2)
FEW = ("trained", "trained, free read-off", REFERENCE, BEST)
ALL = (*TRAINED, *BUILT)
PROFILES = {
    "tiny": Profile(((6, 2),), (), ("trained", REFERENCE), (1 / 4, 1 / 2, 1), seeds=3, steps=60, batch=16),
    "quick": Profile(((12, 3),), (), FEW, (1 / 4, 1 / 2, 1), seeds=8, steps=400, batch=32),
    "standard": Profile(
        ((16, 3),), ((16, 2), (16, 6), (32, 3)), ALL, OCTAVES, seeds=8, steps=1000, batch=64, most=256
    ),
    "full": Profile(
        ((16, 3), (32, 3), (64, 3)), ((128, 3), *((m, s) for m in (32, 64, 128) for s in (2, 4, 6))), ALL,
        OCTAVES, seeds=8, steps=3000, batch=128,
    ),
}  # fmt: skip


def widths(profile: Profile, m: int) -> tuple[int, ...]:
    """Parts of C(m, 2), from 4 neurons to the most."""
    return tuple(d for d in (round(part * comb(m, 2)) for part in profile.parts) if 4 <= d <= profile.most)


def tasks(profile: Profile) -> dict[tuple[str, int, int], AtWidths]:
    """The errors at each width, by (kind, m, s)."""
    networks = {kind: recipe(profile.steps, profile.batch, **fields) for kind, fields in TRAINED.items()} | BUILT
    asked = {}
    for m, s in (*profile.main, *profile.more):
        for kind, network in networks.items():
            if kind in profile.kinds and ((m, s) in profile.main or kind in ("trained", REFERENCE)):
                sampling = Sampling(profile.looked_at)
                asked[kind, m, s] = AtWidths(network, m, s, widths(profile, m), profile.seeds, sampling)
    return asked


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The error's exponent in d and the gain over Rademacher signs for each kind; the drop at C(m, 2); failures."""
    table, fits, findings, by_task, measured = [], {}, [], {}, {}
    for (kind, m, s), task in tasks(profile).items():
        rows = error_rows(kind, m, s, task, seen)
        by_task[kind, m, s] = {(row["width"], row["seed"]): row["rms"] for row in rows}
        measured[kind, m, s] = rows
        table += rows + mean_rows(rows)
        below = [row for row in rows if row["width"] < comb(m, 2)]
        records = [{"d": r["width"], "seed": r["seed"], "low": r["rms"], "high": r["rms"]} for r in below]
        name = f"{kind}, m = {m}, s = {s}"
        series = Series(name, "d", tuple(records), nested=kind in BUILT)
        fits[name] = series.report(-0.5, models=(power("d"), Model("exponent -1/2", ("1", "log d"), {"log d": -0.5})))
        findings.append(exponent_finding(series, fits[name]))
        if kind in TRAINED:
            findings.append(failure_finding(name, task, seen))
    for (kind, m, s), errors in by_task.items():
        if kind != REFERENCE:
            gains = gain_rows(kind, m, s, errors, by_task[REFERENCE, m, s])
            table += gains
            findings.append(gain_finding(gains, profile))
        if kind in TRAINED or kind == BEST:
            findings += drop_findings(kind, m, s, errors, profile)
    findings += loss_findings(measured, profile) + sparsity_findings(by_task, profile)
    return Analysis(table, findings, fits)


def exponent_finding(series: Series, fit: Report | str) -> Finding:
    """The exponent below C(m, 2); a verdict on -1/2 only where the widths span a decade."""
    finding = series.finding(f"{series.name}: rms error falls as d^(-1/2) below C(m, 2)?", fit)
    widths = [record["d"] for record in series.records]
    if max(widths) >= DECADE * min(widths):
        return finding
    return replace(finding, verdict="measured", why="the widths span less than a decade, so there is no verdict")


def error_rows(kind: str, m: int, s: int, task: AtWidths, seen: Seen) -> list[dict]:
    """rms, 99% quantile and largest error of each network, in its worst stratum."""
    worst = lambda values: float(np.nanmax(values))
    statistics = lambda e: {"rms": worst(e.rms), "q99": worst(e.quantile(0.99)), "max": worst(e.max_abs)}
    return [
        {"kind": "error", "network": kind, "m": m, "s": s, "width": width, "seed": seed, **statistics(errors)}
        for width in task.widths
        for seed, errors in enumerate(task.errors(seen, width))
    ]


def mean_rows(rows: list[dict]) -> list[dict]:
    """Geometric mean over networks of the rms error, with its 95% interval."""
    labels = {key: rows[0][key] for key in ("network", "m", "s")}
    logs: dict[int, list[float]] = {}
    for row in rows:
        logs.setdefault(row["width"], []).append(log(row["rms"]))
    return [{"kind": "mean", **labels, "width": width, **interval(values)} for width, values in logs.items()]


def interval(logs: list[float]) -> dict[str, float]:
    """exp of the mean and of its 95% t interval."""
    low, best, high = map(exp, t_interval(logs))
    return {"low": low, "best": best, "high": high}


def gain_rows(kind: str, m: int, s: int, errors: dict, reference: dict) -> list[dict]:
    """By how much the rms error is smaller than the reference's, seed by seed, at each width."""
    rows = []
    for width in sorted({width for width, _ in errors}):
        logs = [log(reference[key] / errors[key]) for key in errors if key[0] == width and errors[key] > 0]
        if len(logs) > 1:
            rows.append({"kind": "gain", "network": kind, "m": m, "s": s, "width": width, **interval(logs)})
    return rows


def gain_finding(gains: list[dict], profile: Profile) -> Finding:
    """The gain at the width nearest to m."""
    row = next(row for row in gains if row["width"] == nearest_width(gains, row["m"]))
    name = f"{row['network']}, m = {row['m']}, s = {row['s']}"
    text = f"{triple((row['low'], row['best'], row['high']), '.2f')} times smaller at d = {row['width']}"
    question = f"{name}: how much smaller is the rms error than that of Rademacher signs?"
    return Finding(question, f"{profile.seeds} seeds", text, "measured", SEED_BY_SEED)


def drop_findings(kind: str, m: int, s: int, errors: dict, profile: Profile) -> list[Finding]:
    """Whether the error falls faster over the octave up to d = C(m, 2) than over the octave before.

    At s = 2 and 3, signs with the best read-off are exact from d = C(m, 2) on. ReLU of three signs is then a quadratic
    form in them, |z1 + z2 + z3| = (3 + z1 z2 + z1 z3 + z2 z3)/2, and quadratic forms of inputs with s ones have
    C(m, 2) dimensions. What is left there is rounding.
    """
    pairs = comb(m, 2)
    quarter, half, whole = (round(part * pairs) for part in (1 / 4, 1 / 2, 1))
    if not {quarter, half, whole} <= {width for width, _ in errors}:
        return []
    fall = lambda wide, narrow, seed: log(errors[narrow, seed] / errors[wide, seed]) / log(wide / narrow)
    excess = [fall(whole, half, seed) - fall(half, quarter, seed) for seed in range(profile.seeds)]
    steeper = t_interval(excess)
    word = "supported" if steeper[0] > 0 else "contradicted" if steeper[2] < 0 else "inconclusive"
    question = f"{kind}, m = {m}, s = {s}: does the error drop at d = C(m, 2) = {pairs}?"
    text = f"exponent steeper by {triple(steeper, '.2f')} from {half} to {whole} than from {quarter} to {half}"
    why = "supported where the 95% t interval of the difference over seeds lies above 0"
    return [Finding(question, f"d = {quarter} to {whole}, {profile.seeds} seeds", text, word, why)]


def loss_findings(measured: dict[tuple, list[dict]], profile: Profile) -> list[Finding]:
    """For every loss power above 2, its rms error, 99% quantile and largest error over those of power 2, near d = m."""
    findings = []
    for (kind, m, s), rows in measured.items():
        if "power" not in TRAINED.get(kind, {}):
            continue
        d = nearest_width(rows, m)
        plain = {row["seed"]: row for row in measured["trained", m, s] if row["width"] == d}
        ratios = lambda name, rows=rows, d=d, plain=plain: [
            log(row[name] / plain[row["seed"]][name]) for row in rows if row["width"] == d
        ]
        text = "; ".join(
            f"{name} {triple(tuple(map(exp, t_interval(ratios(name)))), '.2f')}" for name in ("rms", "q99", "max")
        )
        question = f"{kind}, m = {m}, s = {s}, d = {d}: errors over those of loss power 2?"
        findings.append(Finding(question, f"{profile.seeds} seeds", text, "measured", SEED_BY_SEED))
    return findings


def sparsity_findings(by_task: dict[tuple, dict], profile: Profile) -> list[Finding]:
    """How the rms error near d = m grows from the smallest s to the largest, trained and for Rademacher signs."""
    findings = []
    for m in sorted({m for _, m, _ in by_task}):
        sparsities = sorted({s for kind, same, s in by_task if same == m and kind == "trained"})
        if len(sparsities) < 2:
            continue
        low, high = sparsities[0], sparsities[-1]
        d = nearest_width([{"width": width} for width, _ in by_task["trained", m, low]], m)
        rise = lambda kind, m=m, d=d, low=low, high=high: t_interval(
            [log(by_task[kind, m, high][d, i] / by_task[kind, m, low][d, i]) / log(high / low)
             for i in range(profile.seeds)]
        )  # fmt: skip
        text = "; ".join(f"{kind} s^{triple(rise(kind), '.2f')}" for kind in ("trained", REFERENCE))
        question = f"m = {m}, d = {d}: how does the rms error grow with s?"
        findings.append(Finding(question, f"s = {low} to {high}, {profile.seeds} seeds", text, "measured"))
    return findings


def nearest_width(rows: list[dict], m: int) -> int:
    """The measured width nearest to m."""
    return min({row["width"] for row in rows}, key=lambda width: abs(log(width / m)))


def failure_finding(name: str, task: AtWidths, seen: Seen) -> Finding:
    """How many networks learned nothing."""
    errors: list[Errors] = [e for width in task.widths for e in task.errors(seen, width)]
    text = f"{n_untrained(errors)} of {len(errors)} networks did not learn to read active pairs"
    return Finding(f"{name}: how often does training fail?", f"{len(task.widths)} widths", text, "measured")


EXPERIMENT = Experiment(
    claim="Gradient descent: trained errors fall as d^(-1/2), below those of constructions, and drop at d = C(m, 2)",
    meaning="Trained layers err several times less than hand-built ones of the same width. "
    "With three active features and a neuron for every pair, random signs with a solved read-off are exact, "
    "and training does not find that.",
    profiles=PROFILES,
    tasks=lambda profile: list(tasks(profile).values()),
    analyse=analyse,
    draw=draw_trained_error,
    size=(11, 4.4),
)

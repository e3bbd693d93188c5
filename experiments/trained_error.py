"""Trained networks: how the error falls with the width, and how much training gains over constructions."""

from dataclasses import dataclass, replace
from itertools import product
from math import comb, log

from superposed.constructions import Bernoulli, Gaussian, Rademacher
from superposed.figures.trained import draw_trained_error
from superposed.fitting import Model, Report, power
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import Series, triple
from superposed.study.trainings import (
    SEED_BY_SEED,
    error_rows,
    log_interval,
    n_untrained,
    nearest_width,
    recipe,
    t_interval,
)
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths
from superposed.training import BestReadOff

TRAINED = {
    "trained": {},
    "trained, free read-off": {"read_off": "free"},
    "Rademacher, trained read-off": {"start": Rademacher(), "trains": "read_off"},
    "trained from Rademacher": {"start": Rademacher()},
    "trained from Gaussian": {"start": Gaussian()},
    "trained from Bernoulli": {"start": Bernoulli()},
}
BUILT = {
    "Rademacher": Rademacher(),
    "Gaussian": Gaussian(),
    "Bernoulli": Bernoulli(),
    "Rademacher, best read-off": BestReadOff(Rademacher(), n_inputs=2**12),
}
DECADE = 10
REFERENCE, BEST = "Rademacher", "Rademacher, best read-off"
FAR = ("trained", "Rademacher", "Gaussian", "Bernoulli")
EVERYWHERE = (*FAR, "Rademacher, trained read-off")


@dataclass(frozen=True)
class Profile:
    """All kinds of network at (m, s) of `main`; those of `EVERYWHERE` at (m, s) of `more`; those of `FAR` at `far`.

    Widths are `parts` of C(m, 2), the width from which one neuron a pair is exact. Where a quarter of C(m, 2) is above
    the `most` neurons, widths are the five octaves that end there.
    """

    main: tuple[tuple[int, int], ...]
    more: tuple[tuple[int, int], ...]
    kinds: tuple[str, ...]
    parts: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    far: tuple[tuple[int, int], ...] = ()
    most: int = 1024
    looked_at: int = 32


OCTAVES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
FEW = ("trained", "trained, free read-off", REFERENCE, BEST)
ALL = (*TRAINED, *BUILT)
PROFILES = {
    "tiny": Profile(((6, 2),), (), ("trained", REFERENCE), (1 / 4, 1 / 2, 1), seeds=3, steps=60, batch=16),
    "quick": Profile(((12, 3),), (), FEW, (1 / 4, 1 / 2, 1), seeds=8, steps=400, batch=32),
    "standard": Profile(
        ((16, 3),), ((16, 2), (16, 6), (32, 3)), ALL, OCTAVES, seeds=8, steps=1000, batch=64,
        far=((64, 3), (256, 3)), most=192,
    ),
    "full": Profile(
        ((16, 3), (32, 3), (64, 3)), ((128, 3), (256, 3), *((m, s) for m in (32, 64, 128) for s in (2, 4, 6))), ALL,
        OCTAVES, seeds=8, steps=3000, batch=128,
    ),
}  # fmt: skip


def widths(profile: Profile, m: int) -> tuple[int, ...]:
    """Those of the profile at m features, from 4 neurons to the most."""
    pairs, most = comb(m, 2), profile.most
    chosen = [round(part * pairs) for part in profile.parts] if pairs <= 4 * most else [most >> n for n in range(5)]
    return tuple(sorted(d for d in chosen if 4 <= d <= most))


def tasks(profile: Profile) -> dict[tuple[str, int, int], AtWidths]:
    """The errors at each width, by (kind, m, s)."""
    networks = {kind: recipe(profile.steps, profile.batch, **fields) for kind, fields in TRAINED.items()} | BUILT
    asked = {}
    for problems, kinds in ((profile.main, ALL), (profile.more, EVERYWHERE), (profile.far, FAR)):
        for (m, s), (kind, network) in product(problems, networks.items()):
            if kind in profile.kinds and kind in kinds:
                sampling = Sampling(profile.looked_at)
                asked[kind, m, s] = AtWidths(network, m, s, widths(profile, m), profile.seeds, sampling)
    return asked


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The error's exponent in d and the gain over Rademacher signs for each kind; the drop at C(m, 2); failures."""
    table, fits, findings, by_task = [], {}, [], {}
    for (kind, m, s), task in tasks(profile).items():
        rows = error_rows(kind, m, s, task, seen)
        by_task[kind, m, s] = {(row["width"], row["seed"]): row["rms"] for row in rows}
        table += rows + mean_rows(rows)
        below = [row for row in rows if row["width"] < comb(m, 2)]
        records = [{"d": r["width"], "seed": r["seed"], "low": r["rms"], "high": r["rms"]} for r in below]
        name = f"{kind}, m = {m}, s = {s}"
        series = Series(name, "d", tuple(records), nested=kind in BUILT)
        fits[name] = series.report(-0.5, models=(power("d"), Model("exponent -1/2", ("1", "log d"), {"log d": -0.5})))
        findings.append(exponent_finding(series, fits[name]))
    for (kind, m, s), errors in by_task.items():
        if kind != REFERENCE:
            table += gain_rows(kind, m, s, errors, by_task[REFERENCE, m, s])
        if kind in TRAINED or kind == BEST:
            findings += drop_findings(kind, m, s, errors, profile)
    findings += [gain_finding(m, s, table, profile) for m, s in (*profile.main, *profile.more, *profile.far)]
    findings += [*start_findings(by_task, profile), failure_finding(profile, seen)]
    return Analysis(table, findings, fits)


def exponent_finding(series: Series, fit: Report | str) -> Finding:
    """The exponent below C(m, 2); a verdict on -1/2 only where the widths span a decade."""
    finding = series.finding(f"{series.name}: rms error falls as d^(-1/2) below C(m, 2)?", fit)
    widths = [record["d"] for record in series.records]
    if max(widths) >= DECADE * min(widths):
        return finding
    return replace(finding, verdict="measured", why="the widths span less than a decade, so there is no verdict")


def mean_rows(rows: list[dict]) -> list[dict]:
    """Geometric mean over networks of the rms error, with its 95% interval."""
    labels = {key: rows[0][key] for key in ("network", "m", "s")}
    logs: dict[int, list[float]] = {}
    for row in rows:
        logs.setdefault(row["width"], []).append(log(row["rms"]))
    return [{"kind": "mean", **labels, "width": width, **keyed(values)} for width, values in logs.items()]


def keyed(logs: list[float]) -> dict[str, float]:
    """`log_interval` under the names that figures read."""
    return dict(zip(("low", "best", "high"), log_interval(logs), strict=True))


def gain_rows(kind: str, m: int, s: int, errors: dict, reference: dict) -> list[dict]:
    """By how much the rms error is smaller than the reference's, seed by seed, at each width."""
    rows = []
    for width in sorted({width for width, _ in errors}):
        logs = [log(reference[key] / errors[key]) for key in errors if key[0] == width and errors[key] > 0]
        if len(logs) > 1:
            rows.append({"kind": "gain", "network": kind, "m": m, "s": s, "width": width, **keyed(logs)})
    return rows


def gain_finding(m: int, s: int, table: list[dict], profile: Profile) -> Finding:
    """The gain of every kind of network at the width nearest to m."""
    gains = [row for row in table if row["kind"] == "gain" and (row["m"], row["s"]) == (m, s)]
    d = nearest_width(gains, m)
    text = "; ".join(
        f"{row['network']} {triple((row['low'], row['best'], row['high']), '.2f')}"
        for row in gains
        if row["width"] == d
    )
    question = f"m = {m}, s = {s}, d = {d}: how many times smaller is the rms error than that of Rademacher signs?"
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


def start_findings(by_task: dict[tuple, dict], profile: Profile) -> list[Finding]:
    """By how much training from a construction beats it, and beats training from random weights, at d near m."""
    findings = []
    for (kind, m, s), errors in by_task.items():
        start = kind.removeprefix("trained from ")
        if start == kind:
            continue
        d = nearest_width([{"width": width} for width, _ in errors], m)
        over = lambda other, m=m, s=s, d=d, errors=errors: log_interval(
            [log(by_task[other, m, s][d, i] / errors[d, i]) for i in range(profile.seeds)]
        )
        text = f"{triple(over(start), '.2f')} times smaller than {start}'s"
        text += f", {triple(over('trained'), '.3f')} times smaller than from random weights"
        question = f"{kind}, m = {m}, s = {s}, d = {d}: what does training gain over its start?"
        findings.append(Finding(question, f"{profile.seeds} seeds", text, "measured", SEED_BY_SEED))
    return findings


def failure_finding(profile: Profile, seen: Seen) -> Finding:
    """How many networks of each kind learned nothing, and at which widths."""
    counts: dict[str, list[int]] = {}
    for (kind, _, _), task in tasks(profile).items():
        if kind in TRAINED:
            errors = {width: task.errors(seen, width) for width in task.widths}
            bad = {width: n_untrained(each) for width, each in errors.items()}
            failed, total, widest = counts.get(kind, [0, 0, 0])
            widest = max([widest, *(width for width, n in bad.items() if n)])
            counts[kind] = [failed + sum(bad.values()), total + sum(map(len, errors.values())), widest]
    text = "; ".join(
        f"{kind} {failed} of {total}" + (f", none above d = {widest}" if failed else "")
        for kind, (failed, total, widest) in counts.items()
    )
    question = "How many networks did not learn to read active pairs?"
    return Finding(question, f"all problems and widths, {profile.seeds} seeds", text, "measured")


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

"""Theorem 14: a random layer computes the universal AND of superposed features with no power of m."""

from dataclasses import dataclass
from statistics import fmean, stdev

from superposed.constructions import RandomInit
from superposed.figures.errors import draw_random_init
from superposed.fitting import Model, power
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment
from superposed.study.series import Series
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths
from superposed.theory.sign import gaussian_constant
from superposed.theory.sign_moments import random_init_variance

S = 4


@dataclass(frozen=True)
class Profile:
    """Every m at every width, d_in = width."""

    m: tuple[int, ...]
    widths: tuple[int, ...]
    seeds: int
    inputs: int
    idle: int = 64


PROFILES = {
    "tiny": Profile(m=(64, 256), widths=(128,), seeds=4, inputs=16),
    "quick": Profile(m=(256, 1024, 4096), widths=(512, 2048), seeds=8, inputs=16),
    "standard": Profile(m=tuple(2**n for n in range(9, 16)), widths=(256, 512, 1024, 2048), seeds=8, inputs=64),
    "full": Profile(m=tuple(2**n for n in range(9, 16)), widths=(256, 512, 1024, 2048, 4096), seeds=16, inputs=64),
}


def tasks(profile: Profile) -> dict[int, AtWidths]:
    """The error at each width, by m."""
    sampling = Sampling(profile.inputs, profile.idle)
    return {
        m: AtWidths(RandomInit(), m, S, profile.widths, profile.seeds, sampling, rows=max(profile.widths))
        for m in profile.m
    }


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """rms sqrt(d)/s by stratum, and its exponent in m over all widths."""
    rows = [
        {"kind": "error", "m": m, "s": S, "width": width, "seed": seed, "active": j,
         "rms": float(errors.rms[j]), "scaled": float(errors.rms[j] * width**0.5 / S)}
        for m, task in tasks(profile).items()
        for width in profile.widths
        for seed, errors in enumerate(task.errors(seen, width))
        for j in range(3)
    ]  # fmt: skip
    name, more = "rms of one-active pairs against m", ("log d",) if len(profile.widths) > 1 else ()
    records = [{**row, "d": row["width"], "low": row["rms"], "high": row["rms"]} for row in rows if row["active"] == 1]
    series = Series(name, "m", tuple(records), covariates=("d",))
    fit = series.report(0.0, models=(power("m", *more), Model("no m at all", ("1", *more))))
    findings = [series.finding(f"Theorem 14: rms error free of m? s = {S}", fit)]
    return Analysis(rows + means(rows) + closed_form(profile), findings, {name: fit})


def means(rows: list[dict]) -> list[dict]:
    """The mean of rms sqrt(d)/s over networks, with its 95% interval."""
    by_size: dict[tuple, list[float]] = {}
    for row in rows:
        by_size.setdefault((row["m"], row["width"], row["active"]), []).append(row["scaled"])
    table = []
    for (m, width, active), values in by_size.items():
        mean, half = fmean(values), 1.96 * stdev(values) / len(values) ** 0.5
        table.append({"kind": "mean", "m": m, "s": S, "width": width, "active": active,
                      "low": mean - half, "best": mean, "high": mean + half})  # fmt: skip
    return table


def closed_form(profile: Profile) -> list[dict]:
    """rms sqrt(d)/s by stratum as the moments have it, at the widest network."""
    c, d = float(gaussian_constant(S)), profile.widths[-1]
    scaled = {j: (random_init_variance(S, d, d, c, j) * d) ** 0.5 / S for j in range(3)}
    return [{"kind": "computed", "s": S, "width": d, "active": j, "best": y} for j, y in scaled.items()]


EXPERIMENT = Experiment(
    claim="Theorem 14 (Hänni et al. 2024): a random layer reads the ANDs of superposed features with error "
    "Õ(s/sqrt d), whatever m is",
    meaning="A layer of random weights already computes the ANDs of all pairs of features, without any design. "
    "Its error depends on the number of neurons and not on the number of features.",
    profiles=PROFILES,
    tasks=lambda profile: list(tasks(profile).values()),
    analyse=analyse,
    draw=draw_random_init,
    size=(7.5, 4.0),
)

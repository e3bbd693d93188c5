"""Theorem 14: a random layer computes the universal AND of superposed features with no power of m."""

from dataclasses import dataclass

from superposed.constructions import RandomInit
from superposed.figures.errors import draw_random_init
from superposed.fitting import Law, power, report, sample
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment
from superposed.study.widths import finding_of
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
    return {
        m: AtWidths(RandomInit(), m, S, profile.widths, profile.seeds, Sampling(profile.inputs, profile.idle))
        for m in profile.m
    }


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """rms sqrt(d)/s by stratum, its exponent in m at each width, and its exponent in d over all m."""
    rows = [
        {"kind": "error", "m": m, "s": S, "width": width, "seed": seed, "active": j,
         "rms": float(errors.rms[j]), "scaled": float(errors.rms[j] * width**0.5 / S)}
        for m, task in tasks(profile).items()
        for width in profile.widths
        for seed, errors in enumerate(task.errors(seen, width))
        for j in range(3)
    ]  # fmt: skip
    one = [row for row in rows if row["active"] == 1]
    rms = [row["rms"] for row in one]
    several = len(profile.widths) > 1
    covariates = {"m": [row["m"] for row in one]} | ({"d": [row["width"] for row in one]} if several else {})
    more = ("log d",) if several else ()
    laws = power("m", *more), Law("no m at all", ("1", *more))
    fits = {
        "rms of one-active pairs against m": report(
            sample(rms, rms, unit=[f"{row['m']} {row['seed']}" for row in one], **covariates), claim=0.0, laws=laws
        )
    }
    findings = [
        finding_of("Theorem 14: rms error free of m? s = 4", fits["rms of one-active pairs against m"], profile.seeds)
    ]
    c = float(gaussian_constant(S))
    lines = {
        j: [(d, random_init_variance(S, d, d, c, j) ** 0.5 * d**0.5 / S) for d in profile.widths] for j in range(3)
    }
    table = rows + [
        {"kind": "predicted", "s": S, "width": d, "active": j, "scaled": y}
        for j, line in lines.items()
        for d, y in line
    ]
    return Analysis(table, {name: fit.to_json() for name, fit in fits.items()}, findings, (rows, lines))


EXPERIMENT = Experiment(
    claim="Theorem 14 (Hänni et al. 2024): a random layer reads the ANDs of superposed features with error Õ(s/sqrt d), whatever m is",
    profiles=PROFILES,
    tasks=lambda profile: list(tasks(profile).values()),
    analyse=analyse,
    draw=draw_random_init,
    size=(7.5, 4.0),
)

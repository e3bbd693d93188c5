"""Aligned features: how the error falls with the width, and how slowly the width grows with m."""

from dataclasses import dataclass

from superposed.constructions import Bernoulli, Gaussian, Rademacher
from superposed.figures.errors import draw_aligned
from superposed.fitting import Law, closed_form, logarithm, power, report, sample
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment
from superposed.study.widths import finding_of, series_of
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths, SmallestWidth
from superposed.theory.sign import rademacher_constant
from superposed.theory.sign_moments import aligned_variance, half_pass_width

M = 300
EPS = 0.5
CONSTRUCTIONS = {"Rademacher": Rademacher(), "Gaussian": Gaussian(), "Bernoulli, tuned": Bernoulli()}
CLAIMS = {
    "Rademacher": ("rms", -1 / 2, "Theorem 3, Rademacher signs: rms error falls as d^(-1/2)?"),
    "Gaussian": ("rms", -1 / 2, "Theorem 3, Gaussian weights: rms error falls as d^(-1/2)?"),
    "Bernoulli, tuned": ("max", -1 / 3, "Theorem 1, tuned density: largest error falls as d^(-1/3)?"),
}
"""The statistic that is fitted, its predicted exponent in d (theory: 3a, 3b), and the question. The rms is that of pairs with
one active member, whose law v/d has no logarithm; the largest error is over all pairs looked at."""


@dataclass(frozen=True)
class Profile:
    """Widths at m = 300, and the m at which the smallest width is searched."""

    s: tuple[int, ...]
    widths: tuple[int, ...]
    m: tuple[int, ...]
    seeds: int
    inputs: int = 16
    steps: int = 16


PROFILES = {
    "tiny": Profile(s=(3,), widths=(128, 256), m=(8, 16), seeds=4),
    "quick": Profile(s=(3, 6), widths=(256, 724, 2048), m=(8, 32, 128), seeds=8),
    "standard": Profile(
        s=(3, 6), widths=tuple(2**n for n in range(9, 16)), m=(16, 32, 64, 128, 256, 512), seeds=16, inputs=40
    ),
    "full": Profile(
        s=(3, 6), widths=tuple(2**n for n in range(8, 17)), m=tuple(2**n for n in range(4, 12)), seeds=32, inputs=40
    ),
}


def at_widths(profile: Profile) -> dict[tuple[str, int], AtWidths]:
    """The error at each width, by (construction, s)."""
    sampling = Sampling(profile.inputs)
    return {
        (name, s): AtWidths(construction, M, s, profile.widths, profile.seeds, sampling)
        for name, construction in CONSTRUCTIONS.items()
        for s in profile.s
    }


def searches(profile: Profile) -> list[SmallestWidth]:
    """The smallest width of each seed at which every pair of every input looked at errs by less than EPS; s = 3."""
    sampling = Sampling(profile.inputs)
    return [
        SmallestWidth(
            Rademacher(), m, 3, profile.seeds, sampling, "max", EPS, start=predicted(m, profile), steps=profile.steps
        )
        for m in profile.m
    ]


def predicted(m: int, profile: Profile) -> float:
    """The width at which half of the networks pass, in closed form."""
    return half_pass_width(m, 3, EPS, aligned_variance(3, float(rademacher_constant(3)), 0), profile.inputs)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Error laws in d for each construction, and the law of the width in m."""
    table, fits, findings = [], {}, []
    for (name, s), task in at_widths(profile).items():
        rows = [
            {"kind": "error", "construction": name, "m": M, "s": s, "width": width, "seed": seed, "active": j,
             "rms": float(errors.rms[j]), "max": float(errors.max_abs[j])}
            for width in task.widths
            for seed, errors in enumerate(task.errors(seen, width))
            for j in range(3)
        ]  # fmt: skip
        table += rows
        statistic, claim, question = CLAIMS[name]
        values = [(row["width"], row[statistic], row["seed"]) for row in by_network(rows, statistic)]
        exactly = Law(f"exponent {claim:.3g}", ("1", "log d"), {"log d": claim})
        widths, error, seeds = zip(*values, strict=True)
        data = sample(error, error, d=widths, along="d", unit=seeds)  # networks of one seed share their first neurons
        found = report(data, claim=claim, laws=(power("d"), exactly))
        fits[f"{name}, s = {s}"] = found
        findings.append(finding_of(f"{question} s = {s}", found, profile.seeds))
    widths = series_of(
        "Rademacher, max, s = 3", searches(profile), seen, construction="Rademacher", criterion="max", s=3
    )
    fits[widths.name] = report(widths.sample, claim=0.0, laws=width_laws(profile))
    findings.append(
        finding_of(
            f"Theorem 3, aligned: smallest width at max < {EPS:g} has no power of m? s = 3",
            fits[widths.name],
            profile.seeds,
        )
    )
    line = [(m, predicted(m, profile)) for m in profile.m]
    table += widths.rows() + [{"kind": "predicted", "m": m, "s": 3, "width": d} for m, d in line]
    return Analysis(table, {name: fit.to_json() for name, fit in fits.items()}, findings, (table, fits, widths, line))


def by_network(rows: list[dict], statistic: str) -> list[dict]:
    """One row a network: that of pairs with one active member for the rms, of the stratum with the largest error for max."""
    if statistic == "rms":
        return [row for row in rows if row["active"] == 1]
    networks = {}
    for row in rows:
        networks.setdefault((row["width"], row["seed"]), []).append(row)
    return [max(strata, key=lambda row: row[statistic]) for strata in networks.values()]


def width_laws(profile: Profile) -> tuple:
    """A power of m; (log m)^b; the closed form; and the closed form times a free power, which finds any power left over."""
    closed = lambda x: [predicted(round(m), profile) for m in x["m"]]
    return (
        power(),
        logarithm(),
        closed_form("closed form", closed, 0.0),
        closed_form("closed form and power", closed, 0.0, free_exponent=True),
    )


EXPERIMENT = Experiment(
    claim="Theorems 1 and 3 (Hänni et al. 2024): aligned features need polylog(m)/eps^2 neurons",
    profiles=PROFILES,
    tasks=lambda profile: [*at_widths(profile).values(), *searches(profile)],
    analyse=analyse,
    draw=draw_aligned,
    size=(11.5, 4.4),
)

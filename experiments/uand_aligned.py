"""Aligned features: how the error falls with the width, and how slowly the width grows with m."""

from dataclasses import dataclass
from statistics import fmean

from superposed.constructions import Bernoulli, Gaussian, Rademacher
from superposed.figures.errors import draw_aligned
from superposed.fitting import Model, closed_form, logarithm, power
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment
from superposed.study.series import Series, curve_rows, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths, SmallestWidth
from superposed.theory.sign import rademacher_constant
from superposed.theory.sign_moments import aligned_variance, half_pass_width

EPS = 0.5
CONSTRUCTIONS = {"Rademacher": Rademacher(), "Gaussian": Gaussian(), "Bernoulli, tuned": Bernoulli()}
CLAIMS = {
    "Rademacher": ("rms", -1 / 2, "Theorem 3, Rademacher signs: rms error falls as d^(-1/2)?"),
    "Gaussian": ("rms", -1 / 2, "Theorem 3, Gaussian weights: rms error falls as d^(-1/2)?"),
    "Bernoulli, tuned": ("max", -1 / 3, "Theorem 1, tuned density: largest error falls as d^(-1/3)?"),
}
"""The statistic that is fitted, its predicted exponent in d (theory: 3a, 3b), and the question.

The rms is that of pairs with one active member, whose law v/d has no logarithm. The largest error is over all pairs
looked at."""


@dataclass(frozen=True)
class Profile:
    """The widths at which errors are measured with `errors_m` features, and the m whose smallest width is searched."""

    s: tuple[int, ...]
    widths: tuple[int, ...]
    m: tuple[int, ...]
    seeds: int
    inputs: int = 16
    steps: int = 16
    errors_m: int = 300


PROFILES = {
    "tiny": Profile(s=(3,), widths=(128, 256), m=(8, 16), seeds=4, steps=4, errors_m=16),
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
        (name, s): AtWidths(construction, profile.errors_m, s, profile.widths, profile.seeds, sampling)
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
    """The error's exponent in d for each construction, and the models of the width in m."""
    table, fits, findings = [], {}, []
    for (construction, s), task in at_widths(profile).items():
        errors = error_rows(construction, s, task, seen)
        statistic, claim, question = CLAIMS[construction]
        series = error_series(f"{construction}, s = {s}", errors, statistic)
        stated = Model(f"exponent {claim:.3g}", ("1", "log d"), {"log d": claim})
        fits[series.name] = series.report(claim, models=(power("d"), stated))
        findings.append(series.finding(f"{question} s = {s}", fits[series.name]))
        table += errors + worst_strata(errors)
    series = smallest_widths("Rademacher, max, s = 3", searches(profile), seen, construction="Rademacher", s=3)
    closed = closed_form("closed form", lambda x: [predicted(round(m), profile) for m in x["m"]], 0.0)
    fits[series.name] = series.report(0.0, models=(power(), logarithm()), closed=closed)
    question = f"Theorem 3, aligned: smallest width at max < {EPS:g} has no power of m? s = 3"
    findings.append(series.finding(question, fits[series.name]))
    question = f"Theorem 3, aligned: smallest width at max < {EPS:g} follows the closed form, linear in log m? s = 3"
    findings.append(series.formula_finding(question, fits[series.name]))
    table += series.rows() + curve_rows({m: predicted(m, profile) for m in profile.m}, 0, s=3)
    return Analysis(table, findings, fits)


def error_rows(construction: str, s: int, task: AtWidths, seen: Seen) -> list[dict]:
    """The rms and the largest error of every network and stratum."""
    return [
        {"kind": "error", "construction": construction, "m": task.m, "s": s, "width": width, "seed": seed, "active": j,
         "rms": float(errors.rms[j]), "max": float(errors.max_abs[j])}
        for width in task.widths
        for seed, errors in enumerate(task.errors(seen, width))
        for j in range(3)
    ]  # fmt: skip


def error_series(name: str, errors: list[dict], statistic: str) -> Series:
    """One error a network: the rms of pairs with one active member, or the largest of all strata.

    Networks of one seed share their first neurons, so a seed is one unit.
    """
    strata = (1,) if statistic == "rms" else (0, 1, 2)
    worst: dict[tuple, float] = {}
    for row in errors:
        if row["active"] in strata:
            key = row["width"], row["seed"]
            worst[key] = max(worst.get(key, 0.0), row[statistic])
    records = [{"d": width, "seed": seed, "low": e, "high": e} for (width, seed), e in worst.items()]
    return Series(name, "d", tuple(records), nested=True)


def worst_strata(errors: list[dict]) -> list[dict]:
    """Of each statistic's worst stratum, the mean over networks with the lowest and the highest."""
    worst: dict[tuple, float] = {}
    for row in errors:
        for statistic in ("rms", "max"):
            key = row["construction"], row["s"], statistic, row["width"], row["seed"]
            worst[key] = max(worst.get(key, 0.0), row[statistic])
    networks: dict[tuple, list[float]] = {}
    m = errors[0]["m"]
    for (*key, _), error in worst.items():
        networks.setdefault(tuple(key), []).append(error)
    names = ("construction", "s", "statistic", "width")
    return [
        {"kind": "worst stratum", **dict(zip(names, key, strict=True)), "m": m, "low": min(e), "best": fmean(e),
         "high": max(e)}
        for key, e in networks.items()
    ]  # fmt: skip


EXPERIMENT = Experiment(
    claim="Theorems 1 and 3 (Hänni et al. 2024): aligned features need polylog(m)/eps^2 neurons",
    meaning="Where every feature has an input of its own, very few neurons compute the ANDs of all pairs. "
    "Their number grows with the logarithm of the number of features, and errors fall as neurons are added.",
    profiles=PROFILES,
    tasks=lambda profile: [*at_widths(profile).values(), *searches(profile)],
    analyse=analyse,
    draw=draw_aligned,
    size=(11.5, 4.4),
)

"""Trained networks: how the smallest width grows with the number of features, aligned and in superposition."""

from dataclasses import dataclass
from math import log

from superposed.figures.trained import draw_trained_width
from superposed.fitting import Model, logarithm, power
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import Series, local_exponents, smallest_widths, triple
from superposed.study.trainings import log_interval, n_untrained, recipe
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import SmallestWidth

CRITERION, EPS = "q99", 0.5
CLAIMS = {"grows as m^(2/3), as the paper's construction?": 2 / 3, "has no power of m, as a random layer's?": 0.0}


@dataclass(frozen=True)
class Profile:
    """A search for each m, s, kind of input and seed; `rungs` an octave."""

    m: tuple[int, ...]
    s: tuple[int, ...]
    inputs: tuple[str, ...]
    seeds: int
    steps: int
    batch: int
    rungs: int = 4
    looked_at: int = 32


BOTH = ("aligned", "superposed")
PROFILES = {
    "tiny": Profile(m=(6, 8), s=(2,), inputs=("aligned",), seeds=3, steps=60, batch=16, rungs=1),
    "quick": Profile(m=(8, 12, 16), s=(2,), inputs=("aligned",), seeds=8, steps=400, batch=32, rungs=3),
    "standard": Profile(m=(8, 16, 32, 64, 128, 256), s=(3,), inputs=BOTH, seeds=8, steps=1000, batch=64),
    "full": Profile(m=(16, 32, 64, 128, 256, 512), s=(2, 3), inputs=BOTH, seeds=8, steps=3000, batch=128),
}


def guess(m: int, s: int, inputs: str) -> float:
    """About the answer, from pilots at s = 3 on seeds of their own. It says where a search begins, and no more."""
    return 32 * (m / 16) ** (0.45 if inputs == "aligned" else 0.65) * (s / 3)


def searches(profile: Profile) -> dict[tuple[str, int], list[SmallestWidth]]:
    """One search an m, by (inputs, s)."""
    sampling = Sampling(profile.looked_at)
    return {
        (inputs, s): [
            SmallestWidth(
                recipe(profile.steps, profile.batch, inputs=inputs), m, s, profile.seeds, sampling, CRITERION, EPS,
                start=guess(m, s, inputs), most=2048, steps=profile.rungs,
            )
            for m in profile.m
        ]
        for inputs in profile.inputs
        for s in profile.s
    }  # fmt: skip


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Models of the width in m for each kind of input, the exponents between neighbours, and the failures."""
    table, fits, findings, by_inputs = [], {}, [], {}
    for (inputs, s), tasks in searches(profile).items():
        series = smallest_widths(f"trained, {inputs}, s = {s}", tasks, seen, inputs=inputs, s=s)
        by_inputs[inputs, s] = series
        table += series.rows()
        for question, claim in CLAIMS.items():
            fitted = series.report(claim, models=rivals(claim))
            fits[f"{series.name}, claim {claim:.2g}"] = fitted
            findings.append(
                series.finding(f"{series.name}: smallest width at {CRITERION} < {EPS:g} {question}", fitted)
            )
        table += local_exponents(series.name, fitted)
        findings.append(failures(series, tasks, seen))
    if set(BOTH) <= set(profile.inputs):
        findings += [price(by_inputs["aligned", s], by_inputs["superposed", s], s) for s in profile.s]
    return Analysis(table, findings, fits)


def rivals(claim: float) -> tuple[Model, ...]:
    """A free power; a power of log m; the claimed power, alone and with a power of log m."""
    fixed = {"log m": claim}
    named = "2/3" if claim else "no power"
    return (
        power(),
        logarithm(),
        Model(f"{named} alone", ("1", "log m"), fixed),
        Model(f"{named} and log", ("1", "log m", "log log m"), fixed),
    )


def price(aligned: Series, superposed: Series, s: int) -> Finding:
    """How much wider a layer on inputs in superposition must be, and where its inputs have fewer dimensions than m."""
    middles = lambda series, m: [0.5 * log(r["low"] * r["high"]) for r in series.records if r["m"] == m]
    parts, medians = [], superposed.medians()
    for m in sorted(medians):
        ratio = log_interval([b - a for a, b in zip(middles(aligned, m), middles(superposed, m), strict=True)])
        parts.append(f"m = {m:g}: {triple(ratio, '.2f')} times, d*/m = {medians[m] / m:.2f}")
    question = f"s = {s}: how much wider must a layer be whose d inputs hold the m features in superposition?"
    why = "median d*; below d*/m = 1 the inputs have fewer dimensions than features; 95% t intervals over seeds"
    return Finding(question, superposed.span, "; ".join(parts), "measured", why)


def failures(series: Series, tasks: list[SmallestWidth], seen: Seen) -> Finding:
    """How many of all networks that were trained learned nothing."""
    errors = [seen[cell.id].errors for task in tasks for cell in task.answered(seen)]
    bad = n_untrained(errors)
    text = f"{bad} of {len(errors)} networks did not learn to read active pairs"
    return Finding(f"{series.name}: how often does training fail?", series.span, text, "measured")


EXPERIMENT = Experiment(
    claim="Gradient descent: the smallest trained width of the universal AND grows with a power of m, or with log m",
    meaning="Theorems say that narrow networks exist; training says which of them gradient descent finds. "
    "The curve shows how many neurons a trained layer needs as the number of features grows.",
    profiles=PROFILES,
    tasks=lambda profile: [task for tasks in searches(profile).values() for task in tasks],
    analyse=analyse,
    draw=draw_trained_width,
    size=(10, 4.2),
)

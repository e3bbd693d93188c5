"""How the width of Theorem 2's construction grows with the active features s and shrinks with the tolerance eps."""

from dataclasses import dataclass

from superposed.constructions import Bernoulli, Superposed
from superposed.figures.crossover import draw_sparsity_and_tolerance
from superposed.fitting import through
from superposed.study.experiment import Analysis, Experiment
from superposed.study.series import curve_rows, drawn_search, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import SmallestWidth
from superposed.theory.bernoulli_tail import quantile_width
from superposed.theory.bernoulli_width import predicted_width

S, EPS = 2, 0.5
"""s where eps varies, and eps where s does."""
SHARED = 40.0
CONSTRUCTIONS = {
    "tuned density": Superposed(Bernoulli()),
    f"L = {SHARED:g} fixed": Superposed(Bernoulli(shared=SHARED)),
}
"""A pair shares L = d p^2 neurons on average. The law m^(2/3) s^(2/3) eps^(-4/3) L^(1/3) holds at a fixed L."""
CLAIMS = {"s": 2 / 3, "eps": -4 / 3}


@dataclass(frozen=True)
class Profile:
    """Smallest widths along s and along eps, at each m."""

    m: tuple[int, ...]
    s: tuple[int, ...]
    eps: tuple[float, ...]
    seeds: int
    events: int
    steps: int = 32
    constructions: tuple[str, ...] = tuple(CONSTRUCTIONS)


EVERY = {
    "m": (10**6, 10**12), "s": (2, 3, 4, 6, 8, 12, 16), "eps": (0.5, 0.35, 0.25, 0.18, 0.125, 0.09, 0.0625)
}  # fmt: skip
PROFILES = {
    "tiny": Profile(m=(10**12,), s=(2, 3), eps=(0.5, 0.25), seeds=3, events=512, steps=16,
                    constructions=("tuned density",)),
    "quick": Profile(m=(10**12,), s=(2, 3, 4, 6, 8), eps=(0.5, 0.35, 0.25, 0.18, 0.125), seeds=6, events=2048),
    "standard": Profile(**EVERY, seeds=16, events=8192, steps=64),
    "full": Profile(**EVERY, seeds=32, events=20_000, steps=64),
}  # fmt: skip


def question(profile: Profile, construction: str, m: int, s: int, eps: float) -> SmallestWidth:
    """The smallest width of each seed; the closed form of the tuned density only says where the search starts."""
    return drawn_search(CONSTRUCTIONS[construction], m, s, eps, profile, predicted_width(m, s, eps), most=2**44)


def questions(profile: Profile) -> dict[tuple[str, str, int], list[SmallestWidth]]:
    """All questions, by (construction, what varies, m)."""
    asked = {}
    for name in profile.constructions:
        for m in profile.m:
            asked[name, "s", m] = [question(profile, name, m, s, EPS) for s in profile.s]
            asked[name, "eps", m] = [question(profile, name, m, S, eps) for eps in profile.eps]
    return asked


def closed_width(construction: str, along: str, m: int, x: float) -> float:
    """The width that the error's tail predicts at one s or one eps (`theory.bernoulli_tail`)."""
    s, eps = (round(x), EPS) if along == "s" else (S, x)
    return quantile_width(m, s, eps, shared=None if construction == "tuned density" else SHARED)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Widths and their exponents in s and in eps, held against powers and against the closed form at finite m."""
    table, fits, findings = [], {}, []
    for (construction, along, m), tasks in questions(profile).items():
        fixed = f"eps = {EPS:g}" if along == "s" else f"s = {S}"
        name = f"{construction}, m = {m:.0e}, {fixed}"
        series = smallest_widths(name, tasks, seen, along, construction=construction, m=m, varies=along)
        curve = {x: closed_width(construction, along, m, x) for x in getattr(profile, along)}
        fits[name] = series.report(CLAIMS[along], closed=through(curve.items(), CLAIMS[along], along))
        power = "s^(2/3)" if along == "s" else "eps^(-4/3)"
        findings.append(series.finding(f"Theorem 2, {name}: width tends to {power}?", fits[name]))
        findings.append(series.formula_finding(f"Theorem 2, {name}: widths follow the closed form?", fits[name]))
        (first, width), *_ = series.medians().items()
        guide = {x: width * (x / first) ** CLAIMS[along] for x in curve}
        table += series.rows() + curve_rows(curve, CLAIMS[along], along, series=name, varies=along)
        table += [
            {"kind": "claimed slope", "series": name, "varies": along, along: x, "best": d} for x, d in guide.items()
        ]
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 2: at a fixed number L of neurons a pair, the width grows as s^(2/3) and eps^(-4/3)",
    meaning="More active features and smaller errors both cost neurons, at the rates that the theory derives. "
    "Halving the error allowed costs about two and a half times the width.",
    profiles=PROFILES,
    tasks=lambda profile: [task for tasks in questions(profile).values() for task in tasks],
    analyse=analyse,
    draw=draw_sparsity_and_tolerance,
    size=(10, 4.4),
)

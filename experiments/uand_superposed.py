"""The headline: how many neurons the universal AND needs when m s-sparse features come in superposition.

Two constructions do the same task at the same criterion: the paper's Theorem 2, and a random layer (Theorem 14).
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

from superposed.constructions import Bernoulli, RandomInit, Superposed
from superposed.figures.widths import draw_headline
from superposed.fitting import through
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.series import Series, curve_rows, local_exponents, number, slopes_between, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import SmallestWidth
from superposed.theory.bernoulli_tail import quantile_width
from superposed.theory.sign import gaussian_constant
from superposed.theory.sign_moments import random_init_width

THEOREM_2, RANDOM = "Theorem 2", "random layer"
CONSTRUCTIONS = {THEOREM_2: Superposed(Bernoulli()), RANDOM: RandomInit()}
EXPONENTS = {THEOREM_2: 2 / 3, RANDOM: 0.0}
EPS = 0.5
TOP = 1e3
"""The exponent of Theorem 2 is read off the top three decades as well."""
CLOSED_FROM, FROM = 1e4, "from m = 10^4 on"
"""Where the closed form of Theorem 2 is good to half a per cent (`theory.bernoulli_tail`)."""


@dataclass(frozen=True)
class Profile:
    """The m at which errors are drawn from their distribution, for every s, and at which networks are built.

    Random layers are asked for at fewer m: the distribution of their errors does not contain m. They are built for the
    smallest s alone, because their dense weights take longer than Theorem 2's sparse ones.
    """

    s: tuple[int, ...]
    drawn: tuple[int, ...]
    drawn_random: tuple[int, ...]
    built: tuple[int, ...]
    built_random: tuple[int, ...]
    seeds: int
    inputs: int
    events: int
    idle: int = 32
    steps: int = 16
    drawn_steps: int = 64


FAR = (16, 4**6, 4**17, 4**20)
SPARSITIES, ALL = (2, 3), powers(2, 6, 40)
PROFILES = {
    "tiny": Profile((2,), FAR, FAR, (16,), (), seeds=3, inputs=32, events=512, steps=4, drawn_steps=16),
    "quick": Profile(
        SPARSITIES, powers(4, 3, 20), powers(256, 1, 5), powers(4, 3, 5), (256,), seeds=8, inputs=64, events=4096
    ),
    "standard": Profile(SPARSITIES, ALL, ALL, powers(2, 6, 12), powers(4, 3, 6), seeds=16, inputs=256, events=10_000),
    "full": Profile(SPARSITIES, ALL, ALL, powers(2, 6, 14), powers(2, 6, 12), seeds=32, inputs=512, events=20_000),
}


@lru_cache
def predicted(construction: str, m: int, s: int) -> float:
    """The width that closed forms predict: where the search starts, and the line in the figure."""
    if construction == THEOREM_2:
        return quantile_width(m, s, EPS)
    return random_init_width(s, EPS, float(gaussian_constant(s)))


def searches(profile: Profile, construction: str, mode: str, s: int) -> list[SmallestWidth]:
    """The smallest width of each seed at which 99% of the read-offs of the worst stratum err by less than EPS."""
    if mode == "drawn":
        ms = profile.drawn_random if construction == RANDOM else profile.drawn
        sampling = Sampling(profile.events)
        limits = {"most": 2**34, "steps": profile.drawn_steps}
    else:
        ms, sampling = profile.built, Sampling(profile.inputs, profile.idle)
        limits = {"most": 2**16, "steps": profile.steps}
        if construction == RANDOM:
            ms = profile.built_random if s == profile.s[0] else ()
    ask = partial(SmallestWidth, CONSTRUCTIONS[construction], s=s, seeds=profile.seeds, sampling=sampling,
                  criterion="q99", eps=EPS)  # fmt: skip
    return [ask(m, start=predicted(construction, m, s), mode=mode, **limits) for m in ms]


def questions(profile: Profile) -> dict[tuple[str, str, int], list[SmallestWidth]]:
    """All searches, by (construction, mode, s)."""
    kinds = product(CONSTRUCTIONS, ("drawn", "built"), profile.s)
    return {kind: tasks for kind in kinds if (tasks := searches(profile, *kind))}


def parts(series: Series, construction: str) -> dict[str, Series]:
    """The ranges of m from which an exponent is read, by the words of the table."""
    if construction == RANDOM:
        return {series.name: series}
    largest = max(record["m"] for record in series.records)
    return {
        series.name: series,
        f"{series.name}, {FROM}": series.above(CLOSED_FROM),
        f"{series.name}, top three decades": series.above(largest / TOP),
    }


def agreement(built: Series, drawn: Series) -> Finding:
    """How wide built networks are beside what drawn errors say: medians over seeds at each m that both have."""
    of_built, of_drawn = built.medians(), drawn.medians()
    ratios = {m: of_built[m] / of_drawn[m] for m in of_built if m in of_drawn}
    words = ", ".join(f"{ratio:.2f} times (m = {number(m)})" for m, ratio in ratios.items())
    why = "one network's inputs share its weights, so its quantile scatters more than that of as many drawn errors"
    return Finding(f"{built.name}: how wide beside drawn errors?", built.span, words, "measured", why)


def gap(profile: Profile, series: dict) -> tuple[dict, Finding]:
    """How much narrower the random layer is at the largest m, medians over seeds: a table row and a finding."""
    s, m = profile.s[0], profile.drawn[-1]
    wide, narrow = (series[construction, "drawn", s].medians()[m] for construction in (THEOREM_2, RANDOM))
    question = f"{RANDOM} against {THEOREM_2}, drawn, s = {s}: how many times narrower?"
    words = f"{number(round(narrow))} against {wide:.3g} neurons: {wide / narrow:,.0f} times"
    why = (
        "both hold 99% of the read-offs within 1/2; the errors of a random layer depend on the codes at hand, not on m"
    )
    row = {"kind": "gap", "s": s, "m": m, "low": narrow, "high": wide, "best": wide / narrow}
    return row, Finding(question, f"m = {number(m)}, {profile.seeds} seeds", words, "measured", why)


def computed_rows(profile: Profile, construction: str, s: int) -> list[dict]:
    """The closed form's widths, and its slopes between neighbouring m."""
    curve = {m: predicted(construction, m, s) for m in sorted({*profile.drawn, *profile.built})}
    labels = {"construction": construction, "s": s}
    slope_rows = [
        {"kind": "computed local exponent", **labels, "m": m, "best": slope}
        for m, slope in slopes_between(curve).items()
    ]
    return curve_rows(curve, EXPONENTS[construction], **labels) + slope_rows


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Widths, local exponents and exponents of both constructions, and how built networks compare with drawn errors.

    Each construction's closed form, with one free constant, is among its models. That of Theorem 2 is good to half a
    per cent from m = 10^4 on. There a finding of its own says whether the widths follow it.
    """
    table, fits, findings = [], {}, []
    series = {
        (construction, mode, s): smallest_widths(
            f"{construction}, {mode}, s = {s}", tasks, seen, construction=construction, mode=mode, s=s
        )
        for (construction, mode, s), tasks in questions(profile).items()
    }
    for (construction, mode, s), whole in series.items():
        table += whole.rows()
        if mode == "built":
            findings.append(agreement(whole, series[construction, "drawn", s]))
            continue
        computed = computed_rows(profile, construction, s)
        line = [(row["m"], row["best"]) for row in computed if row["kind"] == "computed"]
        for name, part in parts(whole, construction).items():
            exponent = EXPONENTS[construction]
            fits[name] = part.report(exponent, closed=through(line, exponent))
            question = "no power of m?" if construction == RANDOM else "width tends to m^(2/3)?"
            findings.append(part.finding(f"{name}: {question}", fits[name]))
            if name.endswith(FROM):
                findings.append(part.formula_finding(f"{name}: widths follow the closed form?", fits[name]))
        table += computed + local_exponents(whole.name, fits[whole.name], construction=construction, s=s)
    row, finding = gap(profile, series)
    return Analysis([*table, row], [*findings, finding], fits)


EXPERIMENT = Experiment(
    claim="Theorem 2 (Hänni et al. 2024): with features in superposition the universal AND needs Õ(m^(2/3)) neurons",
    meaning="The paper's construction needs a number of neurons that grows as the 2/3 power of the number of features "
    "m, as claimed, from about m = 100,000 on. The task itself does not need that many: a random layer of some hundred "
    "neurons does the same for every m.",
    profiles=PROFILES,
    tasks=lambda profile: [task for tasks in questions(profile).values() for task in tasks],
    analyse=analyse,
    draw=draw_headline,
    size=(8.6, 4.2),
)

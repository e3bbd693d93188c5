"""The headline: how many neurons the universal AND needs when m s-sparse features come in superposition."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import log, sqrt

from superposed.constructions import Bernoulli, Superposed
from superposed.figures.widths import draw_width_law
from superposed.fitting import through
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment
from superposed.study.series import curve_rows, local_exponents, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import SmallestWidth
from superposed.theory.bernoulli_tail import all_pairs_width, quantile_width
from superposed.theory.bernoulli_width import predicted_width

CONSTRUCTION = Superposed(Bernoulli())
EPS = 0.5
DRAWS = 100
TOP = 1e3
"""The exponent of the drawn law is read off its top three decades as well."""
CLOSED_FROM = 1e4
"""Where the closed form is good to half a per cent (`theory.bernoulli_tail`)."""


def powers(base: int, first: int, last: int) -> tuple[int, ...]:
    """base^first, ..., base^last."""
    return tuple(base**n for n in range(first, last + 1))


@dataclass(frozen=True)
class Profile:
    """What is measured. `built` and `drawn` networks answer q99; `worst` looks at all pairs of built ones for max."""

    s: tuple[int, ...]
    built: tuple[int, ...]
    drawn: tuple[int, ...]
    worst: tuple[int, ...]
    seeds: int
    inputs: int
    events: int
    worst_s: tuple[int, ...] = (2, 3)
    worst_inputs: int = 16
    idle: int = 32
    steps: int = 16
    drawn_steps: int = 64


PROFILES = {
    "tiny": Profile(s=(2,), built=(16, 32), drawn=(4**3, 4**6, 4**17, 4**20), worst=(16, 32), worst_s=(2,), seeds=3, inputs=32, events=512),
    "quick": Profile(s=(2, 3), built=powers(4, 3, 5), drawn=powers(4, 3, 20), worst=powers(2, 5, 7), worst_s=(2,), seeds=8, inputs=64, events=4096),
    "standard": Profile(s=(2, 3), built=powers(2, 6, 12), drawn=powers(2, 6, 40), worst=powers(2, 5, 9), seeds=16, inputs=256, events=10_000),
    "full": Profile(s=(2, 3), built=powers(2, 6, 14), drawn=powers(2, 6, 40), worst=powers(2, 5, 12), seeds=32, inputs=512, events=20_000),
}  # fmt: skip


def question(profile: Profile, m: int, s: int, criterion: str, mode: str) -> SmallestWidth:
    """The smallest width of each seed; the closed form only says where the search starts."""
    start = predicted_width(m, s, EPS) * (1.9 if criterion == "max" else 1.0)
    if mode == "drawn":
        sampling, most, steps = Sampling(profile.events), 2**34, profile.drawn_steps
    elif criterion == "max":
        sampling, most, steps = Sampling(profile.worst_inputs), 2**16, profile.steps
    else:
        sampling, most, steps = Sampling(profile.inputs, profile.idle), 2**16, profile.steps
    return SmallestWidth(
        CONSTRUCTION, m, s, profile.seeds, sampling, criterion, EPS, start=start, most=most, mode=mode, steps=steps
    )


def series_name(criterion: str, mode: str, s: int) -> str:
    """What the table and the legend call one series."""
    return f"{criterion} < {EPS:g}, {mode}, s = {s}"


def top_name(s: int) -> str:
    """What the table calls the top three decades of a drawn series."""
    return f"{series_name('q99', 'drawn', s)}, top three decades"


def questions(profile: Profile) -> dict[tuple[str, str, int], list[SmallestWidth]]:
    """All questions, by (criterion, mode, s)."""
    kinds = (
        ("q99", "drawn", profile.drawn, profile.s),
        ("q99", "built", profile.built, profile.s),
        ("max", "built", profile.worst, profile.worst_s),
    )
    return {
        (criterion, mode, s): [question(profile, m, s, criterion, mode) for m in ms]
        for criterion, mode, ms, sparsities in kinds
        for s in sparsities
    }


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Widths, local exponents, and every model for each (criterion, mode, s).

    The closed form, with one free constant, is among the models; where it is good to better than the data, from m = 10^4 on,
    a free power may join it, which says how far the data leave the form.
    """
    q99 = {s: {m: quantile_width(m, s, EPS) for m in sorted({*profile.drawn, *profile.built})} for s in profile.s}
    worst = {
        s: {m: all_pairs_width(m, s, EPS, profile.worst_inputs, tail=0.01) for m in profile.worst}
        for s in profile.worst_s
    }
    curves = {("q99", s): curve for s, curve in q99.items()} | {("max", s): curve for s, curve in worst.items()}
    table, fits, findings = [], {}, []
    for (criterion, mode, s), tasks in questions(profile).items():
        name = series_name(criterion, mode, s)
        series = smallest_widths(name, tasks, seen, criterion=criterion, mode=mode, s=s)
        parts = {name: series}
        closed = [through(list(curves[criterion, s].items()), 2 / 3, free_exponent=free) for free in (False, True)]
        if mode == "drawn":
            parts[f"{name}, from m = 10^4 on"] = series.above(CLOSED_FROM)
            parts[top_name(s)] = series.above(max(profile.drawn) / TOP)
        for part, part_series in parts.items():
            more = closed[:1] if part == name else closed
            fits[part] = part_series.report(2 / 3, more_laws=more, draws=DRAWS)
            findings.append(part_series.finding(f"Theorem 2, {part}: width tends to m^(2/3)?", fits[part]))
        table += series.rows() + local_exponents(name, fits[name])
    for (criterion, s), curve in curves.items():
        table += curve_rows(curve, criterion=criterion, s=s)
    for s, curve in q99.items():
        slopes = {sqrt(a * b): log(curve[b] / curve[a]) / log(b / a) for a, b in pairwise(curve)}
        table += [{"kind": "computed local exponent", "s": s, "m": m, "best": slope} for m, slope in slopes.items()]
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 2 (Hänni et al. 2024): with features in superposition the universal AND needs Õ(m^(2/3)) neurons",
    meaning="The paper's construction needs a number of neurons that grows as the 2/3 power of the number of features, as claimed, "
    "but only from about 100,000 features on. Smaller studies see another, smaller power.",
    profiles=PROFILES,
    tasks=lambda profile: [task for tasks in questions(profile).values() for task in tasks],
    analyse=analyse,
    draw=partial(draw_width_law, region=top_name(2)),
    size=(11, 6.2),
)

"""Lemma 5: the ANDs of k features. How the error falls with the width, and how the width grows with m, for each k."""

from dataclasses import dataclass
from functools import lru_cache, partial

from superposed.constructions import FanIn, Superposed
from superposed.figures.fan_in import draw_fan_in
from superposed.fitting import Crossover, ErrorTerm, fixed_power_log, power, power_log, through
from superposed.measuring.sampling import Sampling
from superposed.program import program
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.series import (
    Series,
    curve_rows,
    drawn_search,
    errors_along_width,
    local_exponents,
    number,
    smallest_widths,
)
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths, SmallestWidth
from superposed.theory.bernoulli import best_density, worst_quantile
from superposed.theory.bernoulli_tail import quantile_width
from superposed.theory.bernoulli_width import predicted_width

EPS = 0.5
TOP_FROM = 1e9
"""From this m on widths are held against the closed form, which counts sums over inactive features as normal."""


@dataclass(frozen=True)
class Profile:
    """Fan-ins k, each with s = k active features: the fewest that turn a gate on.

    Args:
      k: fan-ins.
      m: where widths of features in superposition are drawn.
      widths: where errors of aligned features are drawn.
      built: (k, m, inactive features looked at or None for all gates) where widths are measured on built networks.
      seeds, events: of drawn errors.
      inputs: of built networks.
    """

    k: tuple[int, ...]
    m: tuple[int, ...]
    widths: tuple[int, ...]
    built: tuple[tuple[int, int, int | None], ...]
    seeds: int
    events: int
    inputs: int = 64
    steps: int = 32


EVERY = (2, 3, 4, 5)
BUILT = ((2, 64, None), (2, 512, 8), (3, 16, None), (3, 32, None), (3, 64, 8), (3, 256, 8), (4, 16, None), (4, 64, 8),
         (5, 12, None), (5, 32, 8))  # fmt: skip
"""All C(m, k) gates at small m. Beyond, those among the active and 8 inactive features, so every stratum is seen."""
PROFILES = {
    "tiny": Profile((3,), (10**3, 10**9, 10**10, 10**18), powers(256, 2, 4), ((3, 16, None),), 3, 256, 16, 8),
    "quick": Profile(EVERY, (10**3, 10**6, 10**10, 10**14, 10**18), powers(16, 4, 10), (), 4, 1024),
    "standard": Profile(EVERY, powers(10, 3, 18), powers(4, 8, 20), BUILT, 8, 4096, 32, 64),
    "full": Profile(EVERY, powers(10, 3, 18), powers(4, 8, 20), BUILT, 32, 20_000, 256, 64),
}


def searches(profile: Profile, k: int, mode: str) -> list[SmallestWidth]:
    """The smallest width of each seed at which 99% of the read-offs of the worst stratum err by less than EPS."""
    construction, start = Superposed(FanIn(k)), lambda m: predicted_width(m, k, EPS, fan_in=k)
    if mode == "drawn":
        return [drawn_search(construction, m, k, EPS, profile, start(m), most=2**60) for m in profile.m]
    ask = partial(SmallestWidth, construction, s=k, seeds=profile.seeds, criterion="q99", eps=EPS)
    limits = {"most": 2**16, "steps": min(profile.steps, 16)}
    return [
        ask(m, start=start(m), sampling=Sampling(profile.inputs, idle), **limits)
        for fan_in, m, idle in profile.built
        if fan_in == k
    ]


def at_widths(profile: Profile, k: int) -> AtWidths:
    """Errors of aligned features, drawn. Their distribution does not contain m."""
    return AtWidths(FanIn(k), 10**6, k, profile.widths, profile.seeds, Sampling(profile.events), "drawn")


@lru_cache
def predicted_error(k: int, width: int) -> float:
    """The 99% quantile of aligned features' errors in closed form, in the worst stratum."""
    return float(program(_tuned_error, 1)(k, float(width)))


def _tuned_error(k, width):
    p = best_density(1e6, k, width, fan_in=k)
    return worst_quantile(1e6, k, width, p, fan_in=k)


def width_series(profile: Profile, seen: Seen, k: int, mode: str) -> Series:
    """The smallest widths along m."""
    return smallest_widths(f"k = {k}, {mode}", searches(profile, k, mode), seen, k=k, mode=mode)


def error_series(profile: Profile, seen: Seen, k: int) -> Series:
    """The 99% quantile of the worst stratum along d."""
    worst = lambda errors: errors.quantile(0.99).max()
    return errors_along_width(f"k = {k}, aligned, q99", at_widths(profile, k), seen, worst, k=k)


def models(k: int) -> tuple:
    """Powers, logarithms, and the crossover of the three errors that compete at L = d p^k (docs/theory.md, section 18).

    Bystanders fall as d^(-1/k). The common mode is m^(1/2) d^(-1/2 - 1/k), and the kink m^(1/2) d^(-1/2 - 1/(2k)).
    """
    claim = k / (k + 1)
    errors = (ErrorTerm(1 / k, 0.0), ErrorTerm(1 / 2 + 1 / k, k / (k + 2)), ErrorTerm(1 / 2 + 1 / (2 * k), None))
    return power("m"), fixed_power_log(claim, "m"), power_log("m"), Crossover(errors=errors)


def judge_widths(profile: Profile, seen: Seen, k: int) -> Analysis:
    """The exponent of m for one k, the closed form from TOP_FROM on, and built networks beside it."""
    drawn, claim = width_series(profile, seen, k, "drawn"), k / (k + 1)
    curve = {m: quantile_width(m, k, EPS, fan_in=k) for m in profile.m}
    closed, top = through(curve.items(), claim), f"{drawn.name}, from m = 10^9 on"
    fits = {drawn.name: drawn.report(claim, models=models(k), closed=closed)}
    fits[top] = drawn.above(TOP_FROM).report(claim, closed=closed)
    findings = [
        drawn.finding(f"Lemma 5 in superposition, {drawn.name}: width tends to m^({k}/{k + 1})?", fits[drawn.name]),
        drawn.above(TOP_FROM).formula_finding(
            f"Lemma 5 in superposition, {top}: widths follow the closed form?", fits[top]
        ),
    ]
    table = drawn.rows() + curve_rows(curve, claim, k=k) + local_exponents(drawn.name, fits[drawn.name], k=k)
    if searches(profile, k, "built"):
        built = width_series(profile, seen, k, "built")
        table += built.rows("built width") + [
            {**row, "kind": "computed at built m"} for row in curve_rows(closed_at(built, k), claim, k=k)
        ]
        findings.append(agreement(built, k))
    return Analysis(table, findings, fits)


def closed_at(built: Series, k: int) -> dict[float, float]:
    """The closed form at the m of built networks."""
    return {m: quantile_width(m, k, EPS, fan_in=k) for m in built.medians()}


def agreement(built: Series, k: int) -> Finding:
    """How wide built networks are beside the closed form."""
    closed = closed_at(built, k)
    words = ", ".join(f"{d / closed[m]:.2f} times (m = {number(m)})" for m, d in built.medians().items())
    why = "at these m sums over the inactive features are not yet normal"
    return Finding(f"Lemma 5, {built.name}: how wide beside the closed form?", built.span, words, "measured", why)


def judge_errors(profile: Profile, seen: Seen, k: int) -> Analysis:
    """The exponent of d for one k."""
    series, claim = error_series(profile, seen, k), -1 / (k + 1)
    curve = {d: predicted_error(k, d) for d in profile.widths}
    fit = series.report(claim, closed=through(curve.items(), claim, "d"))
    question = f"Lemma 5, {series.name}: error falls as d^(-1/{k + 1}) at the tuned density?"
    computed = [{**row, "kind": "computed error"} for row in curve_rows(curve, claim, "d", k=k)]
    medians = [{"kind": "error", "k": k, "d": d, "best": e} for d, e in series.medians().items()]
    return Analysis(medians + computed, [series.finding(question, fit)], {series.name: fit})


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Widths and errors of every k."""
    return Analysis.joined(*(judge(profile, seen, k) for judge in (judge_widths, judge_errors) for k in profile.k))


def tasks(profile: Profile) -> list:
    """Drawn and built searches, then drawn errors, of every k."""
    asked = [task for k in profile.k for mode in ("drawn", "built") for task in searches(profile, k, mode)]
    return asked + [at_widths(profile, k) for k in profile.k]


EXPERIMENT = Experiment(
    claim="Lemma 5 (Hänni et al. 2024): one layer computes the ANDs of all sets of k features in Õ(k/eps^2) neurons",
    meaning="One layer computes the ANDs of two, three, four or five features. "
    "Each further input costs more neurons: the exponent of m rises from 2/3 to 5/6, and small errors are dearer than "
    "the paper prints.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_fan_in,
    size=(13, 4.4),
)

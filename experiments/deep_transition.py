"""Theorem 8's transition: the chance that a deep network makes no wrong bit, against m, built and drawn.

"built": networks of d neurons and m features, the same rungs of m for all seeds of one width, every network with draws
of its own. A network passes when all features of all inputs are read right in every layer. "drawn": the m at which half
of the networks pass, by density evolution with the active features drawn. Two designs are compared. The paper's has
codes of sqrt(D/s) units and gates of sqrt(d/s) neurons, and rounds to -2, ..., 2. The sparse one has shorter codes and
gates, and rounds to -1, 0, 1 with half as many ReLUs a unit.
"""

from dataclasses import dataclass

from superposed.compiler.scanned import Plan
from superposed.figures.deep_transition import draw_deep_transition
from superposed.fitting import logarithm, power, power_log, ratio_interval, through
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.half_passes import drawn_findings, drawn_s_findings, exponent_finding, s_findings
from superposed.study.series import finding, number, slopes_between, triple
from superposed.study.transitions import (
    Transition,
    Triple,
    as_json,
    count_passes,
    fit_transitions,
    half_pass_law,
)
from superposed.study.wrong_inputs import broke_at
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of
from superposed.theory.deep_drawn import half_pass
from superposed.theory.density_evolution import DESIGNS, mean_field_capacity

CLAIM = 3 / 2
STEP = 2**0.25
MODELS = (power("d"), power_log("d"), logarithm("d"))
SIZE = ("design", "s", "d")
CENTRES = {"paper": 1.0, "sparse": 3.0}
"""Rungs of m lie around this many times 20,000 s (d / 20,000 s)^(3/2), the claim's power through m = d = 20,000 s."""


@dataclass(frozen=True)
class Built:
    """Networks of one design, s and width: `seeds` of them at each of the rungs first, ..., last of m, `step` apart."""

    design: str
    s: int
    width: int
    first: int
    last: int
    seeds: int = 8
    step: float = STEP

    def features(self) -> tuple[int, ...]:
        """The rungs: multiples of 2 s, so that orders of m things leave no place over."""
        middle = CENTRES[self.design] * 20_000 * self.s * (self.width / 20_000 / self.s) ** CLAIM
        return tuple(round(middle * self.step**k / 2 / self.s) * 2 * self.s for k in range(self.first, self.last + 1))


@dataclass(frozen=True)
class Profile:
    """What is built, and the widths at which half-passes are drawn; depth and inputs of all of them.

    Args:
      active: values of s that are drawn for the paper's design besides those that are built.
    """

    built: tuple[Built, ...]
    drawn: tuple[int, ...]
    events: int
    depth: int = 16
    batch: int = 10
    active: tuple[int, ...] = ()


FAR = (8192, 32768, 131_072, 10**6, 10**8, 10**10, 10**12)
SMALLEST = (Built("paper", 2, 4096, -6, -1, 4), Built("sparse", 2, 4096, -6, -1, 4))
SMALL = (
    Built("paper", 2, 4096, -8, 0),
    Built("paper", 2, 8192, -6, 1),
    Built("paper", 2, 16384, -4, 2),
    Built("paper", 3, 16384, -5, 2),
    Built("sparse", 2, 8192, -5, 2),
    Built("sparse", 2, 16384, -4, 2),
)
FINE = 2**0.125
LARGE = (
    Built("paper", 2, 32768, -1, 3, step=FINE),
    Built("sparse", 2, 32768, -1, 3, step=FINE),
    Built("paper", 2, 65536, -2, 2, step=FINE),
)
MORE_ACTIVE = (Built("paper", 4, 16384, -4, 1), Built("paper", 6, 16384, -8, -2))
"""Rungs around the drawn half-passes of 6,200 and 2,700 features, fixed before any was built."""
MOST_ACTIVE = (Built("paper", 4, 32768, -2, 2), Built("paper", 6, 32768, -4, 1), Built("paper", 8, 32768, -5, 0))
WIDEST = (Built("sparse", 2, 65536, 0, 4, step=FINE),)
"""Five fine rungs each, with the rung nearest to the drawn half-pass in the middle. They were fixed from the drawn law
before any of these networks was built. That law puts the half-passes at 31,300, 93,100, 83,900 and 311,000 features. It
also says that the chance falls from .9 to .1 within one coarse rung. A network of these widths costs a minute."""
PROFILES = {
    "tiny": Profile((Built("paper", 2, 2048, -9, -6, 2), Built("sparse", 2, 2048, -9, -6, 2)), (8192, 10**8), 60, 4, 4),
    "quick": Profile(SMALLEST, (8192, 2**17, 10**8, 10**12), 100, active=(4, 8)),
    "standard": Profile((*SMALL, *LARGE, *MORE_ACTIVE), FAR, 400, active=(8,)),
    "full": Profile((*SMALL, *LARGE, *MORE_ACTIVE, *MOST_ACTIVE, *WIDEST), FAR, 4000),
}  # fmt: skip


def networks(profile: Profile) -> Steps:
    """One step a network; no two share a seed."""
    cells = []
    for group in profile.built:
        names = {"kind": "built", "design": group.design, "s": group.s, "width": group.width}
        for k, m in enumerate(group.features()):
            seeds = range(k * group.seeds, (k + 1) * group.seeds)
            cells += [{**names, "m": m, "depth": profile.depth, "batch": profile.batch, "seed": i} for i in seeds]
    return Steps(tuple(cells), build)


def build(cell: dict) -> dict:
    """The first layer in which any input has a wrong bit, None where there is none."""
    return broke_at(Plan(DESIGNS[cell["design"]](cell["width"], cell["s"]), padded(cell["m"])), cell, piece=4)


def padded(m: int) -> int:
    """Rows of the arrays of networks with m features: a power of two below 8192, so that few programs are compiled."""
    return 2 ** (m - 1).bit_length() if m < 8192 else m


def drawn(profile: Profile) -> Steps:
    """One step for each design, s and width."""
    kinds = sorted({(group.design, group.s) for group in profile.built} | {("paper", s) for s in profile.active})
    shared = {"kind": "drawn", "depth": profile.depth, "batch": profile.batch, "events": profile.events, "seed": 0}
    widths = sorted({*profile.drawn, *(group.width for group in profile.built)})
    cells = [{**shared, "design": design, "s": s, "width": width} for design, s in kinds for width in widths]
    return Steps(tuple(cells), draw_half)


def draw_half(cell: dict) -> dict:
    """The m at which half of all networks pass; 0 where none does."""
    design = DESIGNS[cell["design"]](cell["width"], cell["s"])
    return {"m": half_pass(cell["seed"], design, cell["depth"], cell["batch"], cell["events"], tolerance=0.01)}


def counts(profile: Profile, seen: Seen) -> list[dict]:
    """How many networks pass at each rung."""
    runs = rows_of(networks(profile), seen)
    tried = ({**run, "d": run["width"], "passed": run["broke_at"] is None} for run in runs)
    return count_passes(tried, SIZE, "m")


def drawn_curves(profile: Profile, seen: Seen) -> dict[tuple[str, int], dict[int, float]]:
    """{(design, s): {d: the drawn half-pass}}, without the widths at which no network passes."""
    curves: dict = {}
    for row in rows_of(drawn(profile), seen):
        if row["m"] > 0:
            curves.setdefault((row["design"], row["s"]), {})[row["width"]] = row["m"]
    return curves


def curve_rows(curves: dict[tuple[str, int], dict[int, float]]) -> list[dict]:
    """Table rows of the drawn half-passes and the mean field, then their exponents between neighbouring widths."""
    rows, slopes = [], []
    for kind in ("drawn", "mean field"):
        for (design, s), curve in curves.items():
            if kind == "mean field":
                curve = {d: mean_field_capacity(DESIGNS[design](d, s)) for d in curve}
            labels = {"design": design, "s": s}
            rows += [{"kind": kind, **labels, "d": d, "best": m} for d, m in curve.items()]
            shared = {"kind": "local exponent", "of": kind, **labels}
            slopes += [{**shared, "d": d, "best": slope} for d, slope in slopes_between(curve).items()]
    return rows + slopes


def half_finding(transition: Transition, profile: Profile, curves: dict) -> Finding:
    """The built half-pass of one width, beside the drawn one."""
    design, s, d = transition.labels.values()
    near = curves.get((design, s), {}).get(d)
    beside = "none drawn" if near is None else f"drawn {number(near)}"
    group = next(g for g in profile.built if (g.design, g.s, g.width) == (design, s, d))
    return Finding(
        f"Theorem 8, {design} design, s = {s}, d = {d:,}: at what m are half right?",
        f"{len(group.features())} m, {group.seeds} networks each, depth {profile.depth}, {profile.batch} inputs",
        f"{triple(transition.half, ',.0f')} = {transition.half[1] / d:.3g} d; {beside}",
        "measured",
        "logistic curve in log m, 95% profile-likelihood interval",
    )


def factor_findings(halves: dict[tuple, Triple]) -> list[Finding]:
    """How many times the paper's features the sparse design bears, at each width where both were built."""
    return [
        Finding(
            f"Theorem 8, s = {s}, d = {d:,}: how many times the paper's features does the sparse design bear?",
            "the ratio of two built half-passes",
            triple(ratio_interval(halves["paper", s, d], half), ".2f"),
            "measured",
            "both designs count every ReLU; 95% interval from those of the two half-passes",
        )
        for (design, s, d), half in halves.items()
        if design == "sparse" and ("paper", s, d) in halves
    ]


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Half-passes with their intervals, the drawn ones beside them, and the factor of the sparse design."""
    rows, curves = counts(profile, seen), drawn_curves(profile, seen)
    by_size = fit_transitions(rows, SIZE, "m", falls=True)
    fitted = [transition for transition in by_size.values() if isinstance(transition, Transition)]
    bounded = [transition for transition in fitted if transition.bounded]
    halves = {tuple(t.labels.values()): t.half for t in bounded}
    findings = [half_finding(transition, profile, curves) for transition in bounded] + factor_findings(halves)
    laws, law_findings = {}, []
    for design, s in sorted(curves):
        built, curve = {d: half for (*group, d), half in halves.items() if group == [design, s]}, curves[design, s]
        name = f"Theorem 8, {design} design, s = {s}"
        findings += exponent_finding(name, "d", built, curve) + drawn_findings(name, curve)
        widths = [group.width for group in profile.built if (group.design, group.s) == (design, s)]
        if len(widths) > 1:
            law = half_pass_law(built, "d", CLAIM, MODELS, through(curve.items(), CLAIM, "d", "drawn law"))
            laws[f"{design}, s = {s}"] = law
            question = f"Theorem 8, {design}, s = {s} active, built: m* grows as d^(3/2)?"
            law_findings.append(finding(question, f"d = {min(widths):,} to {max(widths):,}", law))
    for design, d in sorted({(design, d) for design, _, d in halves}):
        built = {s: half for (*group, s, at_d), half in halves.items() if (*group, at_d) == (design, d)}
        if len(built) > 2:
            curve = {s: curves[design, s][d] for s in built if d in curves.get((design, s), {})}
            findings += s_findings(f"Theorem 8, {design} design, d = {d:,}", built, curve)
    for design in sorted({design for design, _ in curves}):
        findings += drawn_s_findings(design, {s: curve for (of, s), curve in curves.items() if of == design})
    fits = laws | {f"{design}, s = {s}, d = {d}": as_json(found) for (design, s, d), found in by_size.items()}
    half_rows = [{**t.row("half", t.half), "sharpness": t.success.sharpness[1]} for t in bounded]
    chances = [row for transition in fitted for row in transition.curve_rows("fitted chance", reach=2, n=41)]
    return Analysis(rows + half_rows + chances + curve_rows(curves), findings + law_findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 8 (Hänni et al. 2024): deep networks of width d emulate sparse circuits with up to Õ(d^(3/2)) "
    "features a layer",
    meaning="Deep networks work up to some number of features and fail beyond it, within a factor of about 1.5. That "
    "number exceeds the number of neurons from some 35,000 neurons on, with shorter codes from some 8,000 on.",
    profiles=PROFILES,
    tasks=lambda profile: [drawn(profile), networks(profile)],
    analyse=analyse,
    draw=draw_deep_transition,
    size=(12, 12),
)

"""The transition from failing to passing: its probability over (m, d), its width and sharpness, and the collapse of error curves."""

from dataclasses import asdict, dataclass
from math import log

import numpy as np

from superposed.constructions import Bernoulli, Superposed
from superposed.figures.transition import draw_transition
from superposed.fitting import (
    Collapse,
    NotFitted,
    Report,
    Success,
    best_collapse,
    collapse,
    collapse_interval,
    fit_success,
    judge_growth,
    judge_interval,
    logarithm,
    power,
    proportion_interval,
    ratio_interval,
    report,
    sample,
    through,
)  # fmt: skip
from superposed.measuring.criteria import passes
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import finding, triple
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths
from superposed.theory.bernoulli_tail import all_pairs_width, quantile_width
from superposed.theory.bernoulli_width import predicted_width

CONSTRUCTION = Superposed(Bernoulli())
S, EPS = 2, 0.5
CLAIM = 2 / 3
RIVALS = {"1/2": 1 / 2, "2/3": CLAIM, "1": 1.0}
ALL_PAIRS = 1.9
"""How much wider than for 99% of the read-offs the networks are that hold every one of them, at m of this size."""
ROWS = 256
"""Built networks are padded to a multiple of this, the same for all widths of one m."""


@dataclass(frozen=True)
class Profile:
    """Built networks at `widths` widths for each of `m`; drawn errors at `drawn_widths` widths for each of `drawn`."""

    m: tuple[int, ...]
    widths: int
    networks: int
    drawn: tuple[int, ...]
    drawn_widths: int
    seeds: int
    events: int
    inputs: int = 16
    draws: int = 200


EVERY_FOURTH = tuple(2**n for n in range(20, 41, 4))
PROFILES = {
    "tiny": Profile(m=(32,), widths=4, networks=8, drawn=(2**20, 2**40), drawn_widths=4, seeds=3, events=512, draws=20),
    "quick": Profile(m=(32, 64, 128), widths=8, networks=16, drawn=(2**20, 2**26, 2**33, 2**40), drawn_widths=7, seeds=8, events=2048),
    "standard": Profile(m=(32, 64, 128, 256, 512), widths=12, networks=64, drawn=EVERY_FOURTH, drawn_widths=13, seeds=16, events=8192),
    "full": Profile(m=(32, 64, 128, 256, 512, 1024), widths=16, networks=128, drawn=EVERY_FOURTH, drawn_widths=17, seeds=32, events=20_000),
}  # fmt: skip


def around(middle: float, factor: int, n: int) -> tuple[int, ...]:
    """n widths evenly in the logarithm from middle/factor to middle*factor."""
    return tuple(round(middle * factor ** (2 * k / (n - 1) - 1)) for k in range(n))


def built(profile: Profile) -> dict[int, list[AtWidths]]:
    """A task a width, by m. The k-th width has the seeds from k*networks on, so that no two widths share a draw."""
    sampling, found = Sampling(profile.inputs), {}
    for m in profile.m:
        widths = around(ALL_PAIRS * predicted_width(m, S, EPS), 2, profile.widths)
        rows, n = -(-max(widths) // ROWS) * ROWS, profile.networks
        found[m] = [
            AtWidths(CONSTRUCTION, m, S, (d,), n, sampling, first_seed=k * n, rows=rows) for k, d in enumerate(widths)
        ]
    return found


def drawn(profile: Profile) -> list[AtWidths]:
    """The errors around the predicted width at each m, from their law."""
    widths = {m: around(predicted_width(m, S, EPS), 4, profile.drawn_widths) for m in profile.drawn}
    return [
        AtWidths(CONSTRUCTION, m, S, widths[m], profile.seeds, Sampling(profile.events), "drawn") for m in profile.drawn
    ]


def counts(profile: Profile, seen: Seen) -> list[dict]:
    """How many networks pass at each (m, d), with the exact 95% interval (Clopper-Pearson) of the probability."""
    rows = []
    for m, tasks in built(profile).items():
        for task in tasks:
            (width,), n = task.widths, task.seeds
            passed = sum(passes(errors, "max", EPS) for errors in task.errors(seen, width))
            low, high = proportion_interval(passed, n)
            chance = {"low": low, "best": passed / n, "high": high}
            rows.append({"kind": "passed", "m": m, "s": S, "width": width, "passed": passed, "networks": n, **chance})
    return rows


def transitions(rows: list[dict]) -> dict[int, Success | NotFitted]:
    """The fitted transition at each m, or why there is none."""
    found: dict[int, Success | NotFitted] = {}
    for m in sorted({row["m"] for row in rows}):
        columns = ([float(row[key]) for row in rows if row["m"] == m] for key in ("width", "passed", "networks"))
        found[m] = fit_success(*map(np.array, columns))
    return found


def transition_finding(m: int, found: Success | NotFitted, profile: Profile) -> Finding:
    """The widths at which half and 95% pass, and the sharpness."""
    question = (
        f"Theorem 2, max < {EPS:g}, built, s = {S}, m = {m}: at what width do half of the networks pass, and 95%?"
    )
    span = f"m = {m}, {profile.widths} widths, {profile.networks} networks each"
    if isinstance(found, NotFitted):
        return Finding(question, span, "no fit", "not measured", found.reason)
    said = f"{triple(found.half, '.0f')}, {triple(found.high, '.0f')}; sharpness {triple(found.sharpness, '.1f')}"
    why = "logistic curve in log d, 95% profile-likelihood intervals; sharpness in logits an e-fold of width"
    return Finding(question, span, said, "measured", why)


def sharpening_finding(found: dict[int, Success | NotFitted]) -> Finding:
    """Sharpness at the largest m over that at the smallest (`judge_growth`)."""
    question = f"Theorem 2, max < {EPS:g}, built, s = {S}: the transition sharpens with m?"
    fitted = {m: one for m, one in found.items() if isinstance(one, Success)}
    least, most = min(found), max(found)
    span = f"m = {least} to {most}"
    if least == most or not {least, most} <= fitted.keys():
        return Finding(
            question, span, "no fit", "not measured", "needs a transition at the smallest and at the largest m"
        )
    ratio = ratio_interval(fitted[least].sharpness, fitted[most].sharpness)
    return Finding(
        question, span, f"sharpness times {triple(ratio, '.2f')} from m = {least} to {most}", *judge_growth(ratio)
    )


def threshold(found: dict[int, Success | NotFitted], profile: Profile) -> Report | NotFitted:
    """Models of the half-pass width in m: each enters with the standard error that its 95% interval stands for."""
    fitted = {m: one.half for m, one in found.items() if isinstance(one, Success)}
    half = {m: width for m, width in fitted.items() if 0 < width[0] < width[2] < np.inf}
    best = [width[1] for width in half.values()]
    scatter = [log(high / low) / (2 * 1.96) for low, _, high in half.values()]
    closed = [(m, all_pairs_width(m, S, EPS, profile.inputs, tail=0.01)) for m in profile.m]
    if len(half) < 2:
        return NotFitted(f"{len(half)} values of m have a transition with a bounded width; two are needed")
    return report(
        sample(best, best, scatter=scatter, m=list(half)), CLAIM, (power(), logarithm()), through(closed, CLAIM)
    )


def curves(profile: Profile, seen: Seen) -> list[dict]:
    """The 99% quantile of each drawn network's errors, in the worst stratum."""
    return [
        {"kind": "error", "m": task.m, "s": S, "width": width, "seed": seed, "q99": float(errors.quantile(0.99).max())}
        for task in drawn(profile)
        for width in task.widths
        for seed, errors in enumerate(task.errors(seen, width))
    ]


def collapses(rows: list[dict], profile: Profile) -> list[dict]:
    """The best exponent with its interval, and the quality there and at the rivals: of all m, then of neighbouring pairs of them.

    A point's error is the geometric mean of q99 over its seeds.
    """
    points = sorted({(row["m"], row["width"]) for row in rows})
    m, d = np.array(points, float).T
    q99 = {(row["m"], row["width"], row["seed"]): row["q99"] for row in rows}
    errors = np.array([[q99[*point, seed] for seed in range(profile.seeds)] for point in points])
    mean = np.exp(np.log(errors).mean(axis=1))
    pairs = list(zip(profile.drawn, profile.drawn[1:], strict=False))
    found = []
    for chosen in (profile.drawn, *(pairs if len(pairs) > 1 else ())):
        own = np.isin(m, chosen)
        at = {name: collapse(m[own], d[own], mean[own], a) for name, a in RIVALS.items()}
        found.append({
            "m": chosen, "exponent": collapse_interval(m[own], d[own], errors[own], profile.draws), "points": (m[own], mean[own]),
            "at": {"best": best_collapse(m[own], d[own], mean[own]), **{name: one for name, one in at.items() if isinstance(one, Collapse)}},
            "predicted": closed_collapse(m[own], d[own], mean[own]),
        })  # fmt: skip
    return found


def closed_collapse(m: np.ndarray, d: np.ndarray, error: np.ndarray) -> float:
    """The best exponent of the closed form's own errors at the measured m and widths.

    The closed form tends to m^(2/3) and is not there yet at these m, so its collapse is what measured curves are judged by.
    Its width is computed at seven errors a curve; the error between them is straight in log-log.
    """
    errors = np.geomspace(error.min() / 1.5, error.max() * 1.5, 7)
    closed = np.empty(len(m))
    for value in np.unique(m):
        widths = [quantile_width(value, S, eps) for eps in errors.tolist()]  # they fall as the error grows
        own = m == value
        closed[own] = np.exp(np.interp(np.log(d[own]), np.log(widths)[::-1], np.log(errors)[::-1]))
    return best_collapse(m, d, closed).exponent


def collapse_finding(one: dict, profile: Profile) -> Finding:
    """Whether the best exponent is the one that the closed form's own curves have (`judge_interval`)."""
    word, why = judge_interval(one["exponent"], one["predicted"])
    quality = {name: f"{found.quality:.3f}" for name, found in one["at"].items()}
    rivals = ", ".join(f"{quality.get(name, 'no overlap')} at {name}" for name in RIVALS)
    part = "" if one["m"] == profile.drawn else ", the two largest m"
    return Finding(
        f"Theorem 2, q99, drawn, s = {S}{part}: error curves collapse as those of the closed form?",
        f"m = {one['m'][0]:.4g} to {one['m'][-1]:.4g}, {len(one['m'])} curves, {profile.seeds} seeds",
        f"best exponent {triple(one['exponent'], '.3f')}, quality {quality['best']}; {rivals}",
        word,
        f"{why}, the exponent of the closed form's own collapse, which tends to 2/3",
    )  # fmt: skip


def collapse_row(one: dict) -> dict:
    """Interval, quality and the closed form's exponent, for the table."""
    low, best, high = one["exponent"]
    return {
        "kind": "collapse", "m": one["m"][0], "m_most": one["m"][-1], "s": S, "low": low, "best": best, "high": high,
        "closed_form": one["predicted"], **{f"quality_{name}": found.quality for name, found in one["at"].items()},
        **{f"overlap_{name}": found.overlap for name, found in one["at"].items()},
    }  # fmt: skip


def estimates(found: dict[int, Success | NotFitted]) -> list[dict]:
    """Table rows of the fitted widths and sharpness, and of the fitted curves."""
    kinds = (("width, half pass", "half"), ("width, 95% pass", "high"), ("sharpness", "sharpness"))
    fitted = {m: one for m, one in found.items() if isinstance(one, Success)}
    rows = [
        {"kind": kind, "m": m, "s": S, **dict(zip(("low", "best", "high"), getattr(one, name), strict=True))}
        for m, one in fitted.items()
        for kind, name in kinds
    ]
    reach = np.geomspace(0.4, 2.5, 49)
    return rows + [
        {"kind": "fitted probability", "m": m, "s": S, "width": float(width), "best": float(chance)}
        for m, one in fitted.items()
        for width, chance in zip(one.half[1] * reach, one.probability(one.half[1] * reach), strict=True)
    ]


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Transitions, the models of the half-pass width in m, and the collapse."""
    rows, errors = counts(profile, seen), curves(profile, seen)
    found, together = transitions(rows), collapses(errors, profile)
    law = threshold(found, profile)
    findings = [*(transition_finding(m, one, profile) for m, one in found.items()), sharpening_finding(found)]
    question = f"Theorem 2, max < {EPS:g}, built, s = {S}: the half-pass width tends to m^(2/3)?"
    span = f"m = {profile.m[0]} to {profile.m[-1]}, {profile.networks * profile.widths} networks each"
    findings.append(finding(question, span, law))
    whole, *pairs = together
    findings += [collapse_finding(one, profile) for one in (whole, *pairs[-1:])]
    best = whole["at"]["best"]
    table = rows + estimates(found) + errors + [collapse_row(one) for one in together]
    table += [
        {"kind": "scaled error", "m": int(m), "s": S, "scaled_width": x, "exponent": best.exponent, "q99": error}
        for m, error, x in zip(*whole["points"], best.x, strict=True)
    ]
    success = {
        f"m = {m}": {"not fitted": one.reason} if isinstance(one, NotFitted) else asdict(one)
        for m, one in found.items()
    }
    return Analysis(table, findings, {"success": success, "half-pass width": law})


EXPERIMENT = Experiment(
    claim="Theorem 2: networks pass with a probability that rises from 0 to 1 around a width, and error curves collapse on d / m^(2/3)",
    meaning="Whether one network works is a matter of chance, and the chance rises from 0 to 1 within about a factor of two in width. "
    "Drawn to the right scale, the errors of all sizes fall on one curve, which is what a power law of the width predicts.",
    profiles=PROFILES,
    tasks=lambda profile: [*(task for tasks in built(profile).values() for task in tasks), *drawn(profile)],
    analyse=analyse,
    draw=draw_transition,
    size=(13, 4.4),
)

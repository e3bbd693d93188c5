"""Theorem 11: a chosen list of ANDs in one layer. How many gates d neurons hold, read linearly and by a threshold."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import inf, log

import numpy as np

from superposed.figures.targeted import draw_targeted
from superposed.fitting import through
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.series import Series, curve_rows, local_exponents, number
from superposed.study.targeted_runs import LAYOUTS, STRATA, built_errors, most_gates
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of
from superposed.theory.bernoulli_width import predicted_width
from superposed.theory.targeted import (
    draw_read_offs,
    linear_gates,
    most_gates_by_counting,
    predicted_gates,
    rms_gates,
    threshold_gates,
    wrong_bits,
)

S, EPS, LEVEL = 2, 1 / 8, 0.01
"""Without a hidden layer (b_k + b_l)/2 - 1/4 already reads the AND to within 1/4, so eps is below that."""
READS = {"linear": (EPS, 3 / 2), "threshold": (None, 2.0)}
"""The tolerance and the claimed exponent of the number of gates in d, by kind of read."""
FROM = 1e7
"""The exponent is read off d from here on as well: corrections of order d^(-1/4) have faded there."""
BITS = 32
BUILT_S, BUILT_EPS = 4, 3 / 16
"""Built layers have four active features, since a hub disturbs gates of other active features alone. Their rms errors
are held to 3/16: 99% within 1/8 needs more neurons than can be built."""
FRONTIER = ("regular", "zipf, hub blocks")
RUNGS = {"linear": np.arange(-48, 9), "threshold": np.arange(-24, 17)}
"""Numbers of gates that are tried: 2^(k/8) times the leading order."""


@dataclass(frozen=True)
class Profile:
    """Widths at which read-offs are drawn, and widths of built layers.

    Args:
      widths, seeds, events: of drawn read-offs, so many events a stratum.
      built: widths at which the largest number of gates of built layers is looked for.
      hubs: widths d of built layers of d/2 gates, for lists with and without hubs.
      networks, inputs: of built layers; the largest number of gates is looked for on twice as many inputs.
    """

    widths: tuple[int, ...]
    seeds: int
    events: int
    built: tuple[int, ...]
    hubs: tuple[int, ...]
    networks: int
    inputs: int = 32


PROFILES = {
    "tiny": Profile(powers(2**10, 2, 4), 3, 500, (1024, 2048), (256, 512), 2, 8),
    "quick": Profile((2**14, 2**18, 2**24, 2**29, 2**34, 2**40), 4, 2000, (1024, 2048, 4096), powers(4, 5, 7), 3, 16),
    "standard": Profile(powers(4, 7, 20), 16, 20_000, powers(2, 10, 14), powers(4, 5, 8), 6, 64),
    "full": Profile(powers(4, 7, 20), 32, 100_000, powers(2, 10, 15), powers(4, 5, 8), 16, 128),
}  # fmt: skip


def rungs(read: str, d: int) -> list[int]:
    """The numbers of gates that are tried at a width."""
    leading = linear_gates(d, S, EPS) if read == "linear" else threshold_gates(d, S)
    return [round(leading * 2 ** (k / 8)) for k in RUNGS[read].tolist()]


def drawn(profile: Profile) -> Steps:
    """One step for each read, width and seed: all its numbers of gates, which share their draws."""
    return Steps.grid(draw, kind=["drawn"], s=[S], events=[profile.events], read=READS, width=profile.widths,
                      seed=range(profile.seeds))  # fmt: skip


def draw(cell: dict) -> dict:
    """By number of gates, of the worst stratum: the 99% quantile of the error, and the fraction of wrong bits."""
    d, gates = cell["width"], rungs(cell["read"], cell["width"])
    read = draw_read_offs(cell["seed"], gates, d, cell["s"], cell["events"])
    error = np.abs(read - (np.arange(3)[:, None] == 2))
    wrong = [wrong_bits(r, n, d, cell["s"]).mean(axis=1).max() for r, n in zip(read, gates, strict=True)]
    q99 = np.quantile(error, 1 - LEVEL, axis=2).max(axis=1)
    return {"gates": gates, "q99": q99.tolist(), "wrong": [float(w) for w in wrong]}


def built(profile: Profile) -> Steps:
    """One step for each layout, width and network: the largest number of gates of built layers."""
    return Steps.grid(build, kind=["built"], s=[BUILT_S], inputs=[2 * profile.inputs], layout=FRONTIER,
                      width=profile.built, seed=range(profile.networks))  # fmt: skip


def build(cell: dict) -> dict:
    """Neighbouring numbers of gates between which the rms error of a stratum passes BUILT_EPS."""
    low, high = most_gates(cell["seed"], cell["width"], cell["s"], cell["inputs"], cell["layout"], BUILT_EPS)
    return {"low": low, "high": high}


def hubs(profile: Profile) -> Steps:
    """One step for each layout, width and network: errors of d/2 gates."""
    fixed = {"kind": "hubs", "s": BUILT_S, "inputs": profile.inputs}
    sizes = product(LAYOUTS, profile.hubs, range(profile.networks))
    cells = ({**fixed, "layout": layout, "width": d, "gates": d // 2, "seed": seed} for layout, d, seed in sizes)
    return Steps(tuple(cells), look)


def look(cell: dict) -> dict:
    """The rms error of each stratum."""
    errors = built_errors(*(cell[key] for key in ("seed", "gates", "width", "s", "inputs", "layout")))
    return {stratum: float(np.sqrt(np.mean(e**2))) for stratum, e in errors.items()}


closed = lru_cache(lambda read, d: predicted_gates(d, S, READS[read][0]))
"""The most gates in closed form, for a kind of read and a width."""


def series_of(profile: Profile, seen: Seen, read: str) -> Series:
    """The largest number of gates along d, an interval a seed."""
    passes: Callable[[dict], list[bool]] = lambda row: (
        [q < EPS for q in row["q99"]] if read == "linear" else [w <= LEVEL for w in row["wrong"]]
    )
    records = []
    for row in rows_of(drawn(profile), seen):
        if row["read"] == read:
            gates = [0, *row["gates"], inf]  # they share their draws, so the first failure is no accident
            first = [*passes(row), False].index(False)
            records.append({"d": row["width"], "seed": row["seed"], "low": gates[first], "high": gates[first + 1]})
    return Series(f"{read} read", "d", tuple(records), {"read": read})


def judge(profile: Profile, seen: Seen, read: str) -> Analysis:
    """The exponent of the number of gates in d."""
    series, (_, claim) = series_of(profile, seen, read), READS[read]
    curve = {d: closed(read, d) for d in profile.widths}
    parts = {series.name: series, f"{series.name}, from d = 10^7 on": series.above(FROM)}
    fits = {name: part.report(claim, closed=through(curve.items(), claim, "d")) for name, part in parts.items()}
    within = f"99% within {EPS:g}" if read == "linear" else "99% on the right side"
    findings = [
        part.finding(f"Theorem 11, drawn, {name}, s = {S}: gates grow as d^{claim:g} ({within})?", fits[name])
        for name, part in parts.items()
    ]
    name, part = list(parts.items())[-1]
    question = f"Theorem 11, drawn, {name}, s = {S}: gates follow the closed form?"
    findings.append(part.formula_finding(question, fits[name]))
    table = series.rows("gates") + curve_rows(curve, claim, "d", read=read)
    table += local_exponents(series.name, fits[series.name], read=read)
    return Analysis(table, findings, fits)


def log_slope(curve: dict[float, float]) -> float:
    """The exponent between the first and the last point of a curve {x: y}."""
    first, last = min(curve), max(curve)
    return log(curve[last] / curve[first]) / log(last / first)


def layout_series(steps: Steps, seen: Seen, low: str, high: str) -> dict[str, Series]:
    """A series along d for each layout, between two columns of what was seen."""
    by_layout: dict[str, list[dict]] = {}
    for row in rows_of(steps, seen):
        record = {"d": row["width"], "seed": row["seed"], "low": row[low], "high": row[high] or inf}
        by_layout.setdefault(row["layout"], []).append(record)
    return {
        layout: Series(f"{row['kind']}, {layout}", "d", tuple(records), {"layout": layout})
        for layout, records in by_layout.items()
    }


def judge_built(profile: Profile, seen: Seen) -> Analysis:
    """How many gates built layers hold, by layout, beside the closed form for regular lists."""
    table, fits, findings = [], {}, []
    curve = {d: rms_gates(d, BUILT_S, BUILT_EPS) for d in profile.built}
    for layout, series in layout_series(built(profile), seen, "low", "high").items():
        fits[series.name] = series.report(3 / 2, closed=through(curve.items(), 3 / 2, "d"))
        middle = series.medians()
        words = ", ".join(f"{n / curve[d]:.2f} times (d = {number(d)})" for d, n in middle.items())
        findings.append(Finding(
            f"Theorem 11, built, {layout}, s = {BUILT_S}, rms within {BUILT_EPS:g}: gates beside the closed form of "
            "regular lists?", series.span, words, "measured",
            f"slope between the ends {log_slope(middle):.2f}, of the closed form {log_slope(curve):.2f}",
        ))  # fmt: skip
        table += series.interval_rows("built gates")
    table += [{"kind": "computed built", "d": d, "best": n} for d, n in curve.items()]
    return Analysis(table, findings, fits)


def judge_hubs(profile: Profile, seen: Seen) -> Analysis:
    """How the error of gates elsewhere falls with the width, by layout."""
    table, findings, stratum = [], [], STRATA[2]
    for layout, series in layout_series(hubs(profile), seen, stratum, stratum).items():
        middle = series.medians()
        table += series.interval_rows("hub error")
        table += [{"kind": "hub median", "layout": layout, "d": d, "best": error} for d, error in middle.items()]
        words = ", ".join(f"{error:.3f} (d = {number(d)})" for d, error in middle.items())
        findings.append(Finding(
            f"Theorem 11, built, {layout}, d/2 gates, s = {BUILT_S}: rms error of gates with one active input, while a "
            "gate elsewhere is on?", series.span, words, "measured",
            "an active hub writes on the neurons of all its gates; in a block of its own it reaches no other gate",
        ))  # fmt: skip
    return Analysis(table, findings)


def saving_finding(profile: Profile) -> Finding:
    """How many neurons a list of m gates needs beside the universal AND of the same m features."""
    d = profile.widths[len(profile.widths) // 2]
    m = closed("linear", d)
    wide = predicted_width(m, S, EPS)
    return Finding(
        f"A list of m gates against all pairs of m features: how many times fewer neurons, s = {S}, eps = {EPS:g}?",
        f"m = {number(round(m))}", f"{wide / d:.1f} times ({d:,} against {wide:,.0f})", "computed",
        "closed forms of Theorem 11 and of Theorem 2 with tuned density; both grow as m^(2/3)",
    )  # fmt: skip


def bits_finding(profile: Profile) -> Finding:
    """How far the threshold read stays below the counting bound."""
    d = profile.widths[-1]
    share = closed("threshold", d) / most_gates_by_counting(d, BITS)
    return Finding(
        f"Threshold read: share of the gates that {BITS}-bit weights could hold by counting?",
        f"d = {number(d)}", f"{share:.3g}", "computed",
        "the bound counts the bits of d x d weights; m gates among m features are m (2 log2 m - 1) bits",
    )  # fmt: skip


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Both reads, the counting bound, built lists of regular and of Zipf degrees, and the saving."""
    bound = [{"kind": "bound", "d": d, "best": most_gates_by_counting(d, BITS)} for d in profile.widths]
    closed_forms = Analysis(bound, [saving_finding(profile), bits_finding(profile)])
    drawn_reads = (judge(profile, seen, read) for read in READS)
    return Analysis.joined(*drawn_reads, judge_built(profile, seen), judge_hubs(profile, seen), closed_forms)


EXPERIMENT = Experiment(
    claim="Theorem 11 (Hänni et al. 2024): one layer of d neurons computes a chosen list of Õ(d^(3/2)) ANDs of "
    "features in superposition",
    meaning="A list of chosen gates fits into far fewer neurons than gates. "
    "If read-offs need only be on the right side of a threshold, the gates grow as the weights do.",
    profiles=PROFILES,
    tasks=lambda profile: [drawn(profile), built(profile), hubs(profile)],
    analyse=analyse,
    draw=draw_targeted,
    size=(11, 4.4),
)

"""Published runs of trained networks, repeated before anything new is measured."""

from dataclasses import dataclass
from math import comb, log

import jax
import numpy as np
from jaxtyping import Float

from superposed.figures.trained import draw_trained_anchors
from superposed.fitting import Model, power
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import Series, triple
from superposed.study.trainings import t_interval
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.sweeping.tasks import AtWidths
from superposed.theory.rank_floor import chances_of_sets, rank_floor
from superposed.training import Trained
from superposed.training.driver import train
from superposed.training.learned import class_means
from superposed.training.relu_toy import Toy, loss_ratios

PUBLISHED_RATIO = {2: 1.02, 4: 0.043}
"""Loss over that of the dedicated solution, by loss power (Majny, superposition-phases). Assumed: no biases, normal
starting weights with standard deviation 1/sqrt(fan-in), a constant learning rate, targets ReLU(x)."""
GATES = {"m": 25, "s": 3}
PLAIN, BALANCED = "300 gates, plain mean", "300 features, mean over strata"
READINGS = {
    PLAIN: (25, {"weighting": "pairs", "read_off": "free", "learning_rate": 0.01}),
    BALANCED: (300, {"features": 16}),
}
PUBLISHED_MSE = {20: 0.00487, 150: 0.00141}
"""The same author's universal AND at n = 300, s = 3. With 300 features and a plain mean over 44,850 gates, a network
that reads 0 everywhere has a mean square error of .00007, far below the published ones. So n is read in two ways: as
C(25, 2) = 300 gates, or as 300 features with active pairs weighing as much as others. Under the first the published
errors are below `rank_floor`, so no training of a layer with a linear read-off can reach them."""
DROP = {"m": 30, "s": 5}
"""Busch 2025, figure 21: the error of trained networks drops at d = C(30, 2) = 435. Recipe: AdamW at 6.4e-3, batch 64,
7000 steps, of which 5000 with a leaky ReLU. Assumed: a loss on all pairs, weighted by strata, in place of the active
pairs and 32 random ones; normal starting weights; a linear read-off without biases."""
PUBLISHED_CLASSES = np.array([[0.05, 0.15, 0.15, 0.25], [0.05, 0, 0.15, 0], [0.05, 0.15, 0, 0], [0.05, 0, 0, 0]])
"""Mean activations of neuron classes A, B1, B2, C (Newgas 2025)."""


@dataclass(frozen=True)
class Profile:
    """Steps and batch of the ReLU toy, of the universal AND of 300 gates, and of the drop at C(m, 2)."""

    toy: tuple[int, int]
    gates: tuple[int, int]
    gate_widths: tuple[int, ...]
    drop: tuple[int, int]
    drop_parts: tuple[float, ...]
    seeds: int
    readings: tuple[str, ...] = tuple(READINGS)


PROFILES = {
    "tiny": Profile((20, 16), (30, 8), (20, 32), (30, 8), (), seeds=3, readings=(PLAIN,)),
    "quick": Profile((800, 128), (400, 32), (20, 150), (400, 32), (), seeds=8, readings=(PLAIN,)),
    "standard": Profile((4000, 2048), (1500, 64), (20, 60, 150), (7000, 64), (1 / 4, 1 / 2, 1), seeds=8),
    "full": Profile(
        (4000, 2048),
        (7000, 64),
        (20, 30, 40, 60, 80, 110, 150),
        (7000, 64),
        (1 / 8, 1 / 4, 1 / 2, 0.75, 1, 1.5),
        seeds=8,
    ),
}


def toys(profile: Profile) -> Steps:
    """The ReLU toy at each loss power; all seeds in one step."""
    steps, batch = profile.toy
    cells = [
        {"toy": "relu", "power": q, "steps": steps, "batch": batch, "seeds": profile.seeds} for q in PUBLISHED_RATIO
    ]
    return Steps(tuple(cells), run_toy)


def run_toy(cell: dict) -> dict:
    """Train 50 neurons to compute 100 ReLUs; the loss on fresh inputs over that of 50 exact and 50 absent ReLUs."""
    return {"ratio": loss_ratios(Toy(), cell["power"], cell["steps"], cell["batch"], cell["seeds"])}


def gates(profile: Profile) -> dict[str, AtWidths]:
    """The universal AND at n = 300, s = 3, by how n is read."""
    (steps, batch), found = profile.gates, {}
    for reading in profile.readings:
        m, fields = READINGS[reading]
        trained, sampling = Trained(steps=steps, batch=batch, **fields), Sampling(64, None if m < 100 else 64)
        found[reading] = AtWidths(trained, m, GATES["s"], profile.gate_widths, profile.seeds, sampling)
    return found


def drop(profile: Profile) -> AtWidths | None:
    """Widths around C(30, 2)."""
    steps, batch = profile.drop
    widths = tuple(round(part * comb(DROP["m"], 2)) for part in profile.drop_parts)
    trained = Trained(
        steps=steps, batch=batch, read_off="free", learning_rate=6.4e-3, optimiser="adamw", schedule="constant",
        activation="leaky",
    )  # fmt: skip
    return AtWidths(trained, **DROP, widths=widths, seeds=profile.seeds, sampling=Sampling(16)) if widths else None


def classes(profile: Profile) -> Steps:
    """The four classes in networks trained from random weights."""
    steps, batch = profile.gates
    cell = {"classes": "mean activations", **GATES, "width": 40, "steps": steps, "batch": batch, "seeds": profile.seeds}
    return Steps((cell,), run_classes)


def run_classes(cell: dict) -> dict:
    """Class means of each network."""
    trained, problem = Trained(steps=cell["steps"], batch=cell["batch"]), Problem(cell["m"], cell["s"])
    keys = list(jax.random.split(jax.random.key(1), cell["seeds"]))
    networks = train(trained, problem, keys, [cell["width"]] * len(keys)).networks
    return {"means": [class_means(jax.random.key(2), net, problem.m, problem.s).tolist() for net in networks]}


def tasks(profile: Profile) -> list:
    """Everything that is repeated."""
    return [toys(profile), *gates(profile).values(), *([drop(profile)] if profile.drop_parts else []), classes(profile)]


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Each published number beside what was measured."""
    table, findings, fits = [], [], {}
    for power_, result in zip(PUBLISHED_RATIO, toys(profile).results(seen), strict=True):
        interval = t_interval(result["ratio"])
        table += [{"kind": "toy", "power": power_, "seed": i, "ratio": x} for i, x in enumerate(result["ratio"])]
        question = f"100 ReLUs in 50 neurons, loss power {power_}: loss over the dedicated solution's?"
        text = f"{triple(interval, '.3f')}; published {PUBLISHED_RATIO[power_]:g}"
        findings.append(
            Finding(question, f"{profile.toy[0]} steps of {profile.toy[1]}, {profile.seeds} seeds", text, "measured")
        )
    for reading, task in gates(profile).items():
        rows = mse_rows(reading, task, seen)
        table += [{**row, "kind": "gates", "reading": reading} for row in rows]
        findings += gate_findings(reading, rows, profile, fits)
        if reading == PLAIN:
            table += (floors := floor_rows(profile))
            findings.append(floor_finding(rows, floors, profile))
    if profile.drop_parts:
        table += (rows := mse_rows("drop", drop(profile), seen))
        findings.append(drop_finding(rows, profile))
    means = np.array(classes(profile).results(seen)[0]["means"])
    for (i, name), (j, pair) in (
        (a, b) for a in enumerate(("A", "B1", "B2", "C")) for b in enumerate(("00", "01", "10", "11"))
    ):
        low, best, high = t_interval(means[:, i, j])
        row = {"kind": "class", "class": name, "pair": pair, "low": low, "best": best, "high": high}
        table.append(row | {"published": float(PUBLISHED_CLASSES[i, j])})
    findings.append(class_finding(means, profile))
    return Analysis(table, findings, fits)


def mse_rows(kind: str, task: AtWidths, seen: Seen) -> list[dict]:
    """Mean square errors of every network, over all pairs and over strata; the rms error of the worst stratum."""
    return [
        {"kind": kind, "width": width, "seed": seed, "mse": float(np.sum(e.total_sq) / np.sum(e.count)),
         "balanced": float(np.mean(e.rms**2)), "rms": float(np.max(e.rms))}
        for width in task.widths
        for seed, e in enumerate(task.errors(seen, width))
    ]  # fmt: skip


def gate_findings(reading: str, rows: list[dict], profile: Profile, fits: dict) -> list[Finding]:
    """The exponent of the mean square error, and its values, beside the published ones."""
    column = "balanced" if reading == BALANCED else "mse"
    records = [{"d": row["width"], "seed": row["seed"], "low": row[column], "high": row[column]} for row in rows]
    series = Series(f"U-AND, {reading}", "d", tuple(records))
    rivals = (power("d"), Model("exponent -0.6", ("1", "log d"), {"log d": -0.6}))
    fits[series.name] = series.report(-0.6, models=rivals)
    question = f"{series.name}, s = 3: mean square error falls as d^-0.60, as published?"
    findings = [series.finding(question, fits[series.name])]
    for width in sorted(set(profile.gate_widths) & PUBLISHED_MSE.keys()):
        interval = t_interval([row[column] for row in rows if row["width"] == width])
        text = f"{triple(interval, '.5f')}; published {PUBLISHED_MSE[width]:g}"
        question = f"{series.name}: mean square error at d = {width}?"
        findings.append(Finding(question, f"{profile.seeds} seeds", text, "measured"))
    return findings


def floor_rows(profile: Profile) -> list[dict]:
    """The least mean square error of any layer with a linear read-off, at each width."""
    chances = chances_of_sets(GATES["m"], GATES["s"])
    widths = sorted({*profile.gate_widths, *PUBLISHED_MSE})
    return [{"kind": "floor", "reading": PLAIN, "width": d, "best": rank_floor(GATES["m"], d, chances)} for d in widths]


def floor_finding(rows: list[dict], floors: list[dict], profile: Profile) -> Finding:
    """Whether the published errors can be had under this reading, and how near to the floor training came."""
    floor = {row["width"]: row["best"] for row in floors}
    least = ", ".join(f"{floor[d]:.5f} at d = {d} (published {error:g})" for d, error in PUBLISHED_MSE.items())
    over = lambda d: t_interval([row["mse"] / floor[d] for row in rows if row["width"] == d])
    excess = ", ".join(f"{triple(over(d), '.3f')} at d = {d}" for d in profile.gate_widths)
    return Finding(
        f"U-AND, {PLAIN}: what is the least mean square error of any linear read-off?",
        f"{profile.seeds} seeds",
        f"{least}; trained over least: {excess}",
        "computed",
        "by rank: read-offs of d neurons lie in d dimensions, so the published errors belong to another set-up",
    )


def drop_finding(rows: list[dict], profile: Profile) -> Finding:
    """How much faster the error falls over the octave that ends at C(m, 2) than over the one before."""
    rms = {(row["width"], row["seed"]): row["rms"] for row in rows}
    quarter, half, whole = (round(part * comb(DROP["m"], 2)) for part in (1 / 4, 1 / 2, 1))
    fall = lambda wide, narrow, seed: log(rms[narrow, seed] / rms[wide, seed]) / log(wide / narrow)
    interval = t_interval([fall(whole, half, i) - fall(half, quarter, i) for i in range(profile.seeds)])
    word = "supported" if interval[0] > 0 else "contradicted" if interval[2] < 0 else "inconclusive"
    text = f"exponent steeper by {triple(interval, '.2f')} from {half} to {whole} than from {quarter} to {half}"
    question = f"U-AND at m = 30, s = 5: does the error of trained networks drop at d = C(m, 2) = {whole}?"
    return Finding(
        question,
        f"d = {quarter} to {whole}, {profile.seeds} seeds",
        text,
        word,
        "supported above 0 in the 95% t interval",
    )


def class_finding(means: Float[np.ndarray, "seeds 4 4"], profile: Profile) -> Finding:
    """A - B1 - B2 + C of the four values of the pair, on the scale A(1, 1) = 1/4."""
    a, b1, b2, c = means.transpose(1, 0, 2)
    sums = (a - b1 - b2 + c).T
    text = ", ".join(
        f"{pair}: {triple(t_interval(x), '.3f')}" for pair, x in zip(("00", "01", "10", "11"), sums, strict=True)
    )
    question = "Four classes of neurons: A - B1 - B2 + C is 0, 0, 0, .25 for inputs 00, 01, 10, 11?"
    return Finding(question, f"m = 25, s = 3, d = 40, {profile.seeds} seeds", text, "measured")


EXPERIMENT = Experiment(
    claim="Published runs repeated: loss powers 2 and 4, U-AND at n = 300, the drop at C(m, 2), four classes",
    meaning="An instrument that measures something new must first repeat what is known. "
    "Each bar or line is our run; each cross is the published number.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_trained_anchors,
    size=(12, 4),
)

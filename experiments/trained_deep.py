"""Deep networks: does training keep a compiled circuit right, can it be narrowed, and is it found from scratch?"""

from dataclasses import dataclass
from math import comb

import numpy as np

from superposed.figures.trained import draw_trained_deep
from superposed.fitting import proportion_interval
from superposed.study.deep_trainings import compiled_data, trained_on, wrong_at_start
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.training.deep import Recipe

STARTS = ("compiled", "scratch")
RATE = 3e-3
"""Adam's first rate, for both starts: of 0.001, 0.003 and 0.01 the one that leaves the fewest wrong bits, over all
widths and both starts, on two seeds from 10,000 on that nothing else uses (`rate_finding`)."""
FIRST_PILOT_SEED = 10_000


@dataclass(frozen=True)
class Profile:
    """Closed groups of s features, `depth` layers; parts of the compiler's narrowest width, the widest first.

    Args:
      rates: tried on the pilot's two seeds; none in quick profiles.
    """

    m: int
    s: int
    depth: int
    parts: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    rates: tuple[float, ...] = ()


PROFILES = {
    "tiny": Profile(12, 3, 2, (1, 0.5), seeds=2, steps=20, batch=16),
    "quick": Profile(24, 3, 2, (1, 0.5), seeds=8, steps=300, batch=64),
    "standard": Profile(
        24, 3, 2, (1, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125), seeds=8, steps=3000, batch=64, rates=(1e-3, 3e-3, 1e-2)
    ),
    "full": Profile(48, 3, 3, (1, 0.75, 0.5, 0.375, 0.25), seeds=16, steps=20000, batch=256, rates=(1e-3, 3e-3, 1e-2)),
}


def tasks(profile: Profile) -> list[Steps]:
    """The trainings that are reported, and those that choose the rate."""
    shared = {name: getattr(profile, name) for name in ("m", "s", "depth", "steps", "batch")}
    shared["parts"] = list(profile.parts)
    reported = [{**shared, "start": start, "rate": RATE, "seeds": profile.seeds, "first": 0} for start in STARTS]
    pilots = [
        {**shared, "start": start, "rate": rate, "seeds": 2, "first": FIRST_PILOT_SEED}
        for rate in profile.rates
        for start in STARTS
    ]
    return [Steps(tuple(reported), run), Steps(tuple(pilots), run)]


def run(cell: dict) -> dict:
    """Wrong bits before training, and after training at each width, for every seed."""
    data = compiled_data(cell["m"], cell["s"], cell["depth"], cell["seeds"], cell["first"])
    widths = [round(part * data.width) for part in cell["parts"]]
    recipe = Recipe(cell["steps"], cell["batch"], cell["rate"])
    wrong = trained_on(data, recipe, widths, cell["start"], cell["first"])
    return {"widths": widths, "bits": int(data.y.size), "before": wrong_at_start(data), "wrong": wrong}


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Networks without a wrong bit, and the share of wrong bits, at each width from each start."""
    reported, pilots = tasks(profile)
    results = dict(zip(STARTS, reported.results(seen), strict=True))
    table = [
        {"kind": "width", "start": start, "width": width, "part": part, **rightness(wrong),
         "wrong": float(np.mean(wrong)), "share": float(np.mean(wrong)) / result["bits"],
         "wrong seeds": " ".join(map(str, wrong))}
        for start, result in results.items()
        for part, width, wrong in zip(profile.parts, result["widths"], result["wrong"], strict=True)
    ]  # fmt: skip
    findings = [kept_finding(profile, results["compiled"])]
    findings += [narrow_finding(profile, start, [row for row in table if row["start"] == start]) for start in STARTS]
    if profile.rates:
        findings.append(rate_finding(profile, pilots, seen))
    return Analysis(table, findings)


def rightness(wrong: list[int]) -> dict:
    """How many networks make no wrong bit, and their share with its exact 95% interval."""
    right, total = wrong.count(0), len(wrong)
    low, high = proportion_interval(right, total)
    return {"right": right, "of": total, "probability": right / total, "low": low, "high": high}


def place(profile: Profile) -> str:
    """The circuit, in words."""
    inputs = sum(comb(profile.m, n) for n in range(profile.s + 1))
    return f"m = {profile.m}, s = {profile.s}, {profile.depth} layers, all {inputs} inputs, {profile.steps} steps"


def kept_finding(profile: Profile, result: dict) -> Finding:
    """Whether compiled networks that are trained on stay right."""
    before, after = result["before"], result["wrong"][0]
    text = f"{before.count(0)} of {len(before)} networks are right before training, {after.count(0)} after it; "
    text += f"{np.mean(after) / result['bits']:.2g} of the bits are then wrong"
    question = "Does training keep a compiled network right, with every bit as it was?"
    word = "fails" if any(after) else "holds"
    why = "counted over all inputs; the loss is a mean square, which says nothing of single bits"
    return Finding(question, f"{place(profile)}, d = {result['widths'][0]}", text, word, why)


def narrow_finding(profile: Profile, start: str, rows: list[dict]) -> Finding:
    """How many networks are right at each width."""
    counts = ", ".join(f"{row['right']} of {row['of']} at d = {row['width']}" for row in rows)
    right = [row["width"] for row in rows if 2 * row["right"] >= row["of"]]
    text = f"{counts}; half are right down to " + (f"d = {min(right)}" if right else "none of these widths")
    questions = {
        "compiled": "Pruned from width to width and trained: can a compiled network be narrowed?",
        "scratch": "Trained from random weights: is the circuit found?",
    }
    why = f"the compiler's narrowest width with all {profile.seeds} networks right is {rows[0]['width']}"
    return Finding(questions[start], place(profile), text, "measured", why)


def rate_finding(profile: Profile, pilots: Steps, seen: Seen) -> Finding:
    """The rule that chose the rate, applied again."""
    wrong = dict.fromkeys(profile.rates, 0)
    for cell, result in zip(pilots.cells, pilots.results(seen), strict=True):
        wrong[cell["rate"]] += int(np.sum(result["wrong"]))
    text = ", ".join(f"{rate:g}: {count} wrong bits" for rate, count in wrong.items())
    why = f"the rule takes {min(wrong, key=wrong.get):g}; used: {RATE:g}"
    return Finding("Which learning rate leaves the fewest wrong bits?", "2 seeds of its own", text, "measured", why)


EXPERIMENT = Experiment(
    claim="Gradient descent on deep networks: compiled circuits are kept, narrowed, or found from scratch",
    meaning="A compiler says that a circuit fits into a narrow network. "
    "Training shows whether descent stays at such a network, reaches narrower ones, or finds any by itself.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_trained_deep,
    size=(10, 4.2),
)

"""Learning rates of all experiments with trained networks, chosen by a fixed rule on seeds that nothing else uses."""

from dataclasses import dataclass, replace
from math import log

import numpy as np

from superposed.figures.trained import draw_trained_rates
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.trainings import RATES, recipe
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths

FIRST_SEED = 10_000


@dataclass(frozen=True)
class Profile:
    """Every rate of the grid at every (m, s, d)."""

    points: tuple[tuple[int, int, int], ...]
    seeds: int
    steps: int
    batch: int
    kinds: tuple[tuple[str, int], ...] = tuple(RATES)
    grid: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    looked_at: int = 32


PROFILES = {
    "tiny": Profile(((6, 2, 6),), seeds=2, steps=40, batch=16, kinds=(("factored", 2),), grid=(0.03, 0.1)),
    "quick": Profile(((12, 3, 24),), seeds=8, steps=400, batch=32, kinds=(("factored", 2),)),
    "standard": Profile(((16, 3, 32),), seeds=8, steps=1000, batch=64),
    "full": Profile(((32, 3, 64), (128, 3, 128), (128, 3, 512)), seeds=8, steps=3000, batch=128),
}


def tasks(profile: Profile) -> dict[tuple, AtWidths]:
    """Errors by (read-off, loss power, rate, m, s, d)."""
    return {
        (read_off, power, rate, m, s, d): AtWidths(
            replace(recipe(profile.steps, profile.batch, read_off=read_off, power=power), learning_rate=rate),
            m, s, (d,), profile.seeds, Sampling(profile.looked_at), first_seed=FIRST_SEED,
        )
        for read_off, power in profile.kinds
        for rate in profile.grid
        for m, s, d in profile.points
    }  # fmt: skip


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The rule: the rate with the smallest geometric mean, over points and seeds, of the worst stratum's rms error."""
    rows = [
        {"kind": "error", "read_off": read_off, "power": power, "rate": rate, "m": m, "s": s, "width": d,
         "seed": seed, "rms": float(np.max(errors.rms))}
        for (read_off, power, rate, m, s, d), task in tasks(profile).items()
        for seed, errors in enumerate(task.errors(seen, d), start=FIRST_SEED)
    ]  # fmt: skip
    means, findings = [], []
    for read_off, power in profile.kinds:
        matching = [row for row in rows if (row["read_off"], row["power"]) == (read_off, power)]
        score = {
            rate: float(np.exp(np.mean([log(r["rms"]) for r in matching if r["rate"] == rate])))
            for rate in profile.grid
        }
        means += [
            {"kind": "mean", "read_off": read_off, "power": power, "rate": x, "best": y} for x, y in score.items()
        ]
        best, used = min(score, key=score.get), RATES[read_off, power]
        text = f"{best:g} ({score[best]:.4f}); used: {used:g} ({score[used]:.4f})"
        question = f"{read_off} read-off, loss power {power}: which learning rate leaves the smallest rms error?"
        why = "the rate in use is this rule's choice in a pilot at m = 16, s = 3, d = 32"
        findings.append(
            Finding(
                question,
                f"rates {profile.grid[0]:g} to {profile.grid[-1]:g}, {profile.seeds} seeds",
                text,
                "measured",
                why,
            )
        )
    return Analysis(rows + means, findings)


EXPERIMENT = Experiment(
    claim="Learning rates of trained networks come from a sweep on seeds of its own",
    meaning="A comparison of trained networks is only fair when each was trained well. "
    "This sweep fixes the one number that matters most, before any reported network is trained.",
    profiles=PROFILES,
    tasks=lambda profile: list(tasks(profile).values()),
    analyse=analyse,
    draw=draw_trained_rates,
    size=(6, 4),
)

"""An experiment of your own: does a fixed fan-in err less than independent wiring at the same density?"""

from dataclasses import dataclass

from fixed_fan_in import FixedFanIn

import superposed as sp
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.sweeping.tasks import AtWidths

M, S, WIDTH, FAN_IN = 64, 3, 512, 8


@dataclass(frozen=True)
class Profile:
    """Fixed before anything is measured; belongs to the identity of the run."""

    seeds: int


def tasks(profile):
    """What is measured: the errors of both constructions at one width."""
    both = (FixedFanIn(FAN_IN), sp.Bernoulli(density=FAN_IN / M))
    return [AtWidths(construction, M, S, (WIDTH,), profile.seeds, sp.Sampling(8)) for construction in both]


def analyse(profile, seen):
    """A row a network, and the verdict: does every seed say the same?"""
    rms = [[float(errors.rms[1]) for errors in task.errors(seen, WIDTH)] for task in tasks(profile)]
    table = [
        {"kind": "error", "construction": name, "seed": seed, "rms": value}
        for name, values in zip(("fixed fan-in", "Bernoulli"), rms, strict=True)
        for seed, value in enumerate(values)
    ]
    wins = sum(fixed < drawn for fixed, drawn in zip(*rms, strict=True))
    word = "supported" if wins == profile.seeds else "contradicted" if wins == 0 else "inconclusive"
    measured = f"smaller rms error for {wins} of {profile.seeds} seeds"
    question = "Does a fixed fan-in err less than independent wiring?"
    return Analysis(table, [Finding(question, f"m = {M}, d = {WIDTH}, {profile.seeds} seeds", measured, word)])


def draw(figure, analysis):
    """One strip of points a construction."""
    axes = figure.subplots()
    for name, rows in analysis.groups("error", "construction").items():
        axes.plot([name] * len(rows), [row["rms"] for row in rows], "o")
    axes.set(ylabel="rms error, one of the pair active")


EXPERIMENT = Experiment(
    claim="A fixed fan-in removes the variance of the wiring",
    meaning="Whether it pays to wire every neuron to the same number of features.",
    profiles={"quick": Profile(seeds=8)},
    tasks=tasks,
    analyse=analyse,
    draw=draw,
    size=(4, 3),
)

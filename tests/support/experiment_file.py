"""An experiment as the text of a file: n squares, and what each of them does first."""

EXPERIMENT = """
import time
from dataclasses import dataclass
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.sweeping.steps import Steps

@dataclass(frozen=True)
class Profile:
    n: int = {n}

def square(cell):
    {work}
    return {{"square": cell["n"] ** 2}}

def tasks(profile):
    return [Steps(({{"n": n}},), square) for n in range(profile.n)]

def analyse(profile, seen):
    table = [{{"kind": "square", "square": row.seen["square"]}} for row in seen.values()]
    return Analysis(table, [Finding("Squares?", "n", str(len(table)), "measured")])

EXPERIMENT = Experiment("Squares are counted", "Nothing.", {{"quick": Profile(), "tiny": Profile()}}, tasks, analyse,
                        lambda figure, analysis: figure.subplots().plot([row["square"] for row in analysis.table]))
"""

"""Theorem 6's networks: every boolean function of three features read off one layer, in two forms."""

from dataclasses import dataclass

from superposed.constructions import TruthTable
from superposed.figures.truth_tables import draw_truth_tables
from superposed.fitting import fixed_power_log, power, power_log
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.series import Series, number
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths
from superposed.theory.boolean import and_weights

K, M, S = 3, 32, 3
CLAIM = -1 / (K + 1)
TABLES = {
    "AND": (0, 0, 0, 0, 0, 0, 0, 1),
    "majority": (0, 0, 0, 1, 0, 1, 1, 1),
    "a ? b : c": (0, 0, 0, 1, 1, 0, 1, 1),
    "XOR": (0, 1, 1, 0, 1, 0, 0, 1),
}
"""Value i at the features whose bits are set in i. XOR has the largest weights of all 256 functions."""


@dataclass(frozen=True)
class Profile:
    """Functions and forms that are measured on built networks of several widths."""

    tables: tuple[str, ...]
    forms: tuple[str, ...]
    widths: tuple[int, ...]
    seeds: int
    inputs: int
    idle: int = 4


PROFILES = {
    "tiny": Profile(("XOR",), ("split",), (256, 512), 2, 4),
    "quick": Profile(("XOR",), ("split", "one-code"), powers(4, 4, 6), 3, 8),
    "standard": Profile(tuple(TABLES), ("split", "one-code"), powers(2, 9, 16), 8, 32),
    "full": Profile(tuple(TABLES), ("split", "one-code"), powers(2, 9, 18), 16, 64),
}


def tasks(profile: Profile) -> dict[tuple[str, str], AtWidths]:
    """The errors at each width, by (function, form)."""
    sampling = Sampling(profile.inputs, profile.idle)
    return {
        (name, form): AtWidths(TruthTable(TABLES[name], form), M, S, profile.widths, profile.seeds, sampling)
        for name in profile.tables
        for form in profile.forms
    }


def weight_of(name: str) -> float:
    """sum |c_T| of the function's ANDs."""
    return float(abs(and_weights(TABLES[name])[1:]).sum())


def ratio_finding(profile: Profile, medians: dict[tuple[str, str], dict[float, float]]) -> Finding:
    """How the forms compare for the function with the largest weights, at the widest network."""
    name, d = profile.tables[-1], profile.widths[-1]
    words = ", ".join(f"{form} {medians[name, form][d]:.3f}" for form in profile.forms)
    question = f"Theorem 6, {name} of {K} features, aligned, m = {M}, s = {S}: rms error of the worst stratum, by form?"
    why = f"the weights of its ANDs add up to {weight_of(name):g}; all 256 functions are read from the same layer"
    return Finding(question, f"d = {number(d)}, {profile.seeds} seeds", words, "measured", why)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The rms error of the worst stratum against the width, by function and form."""
    table, fits, findings, medians = [], {}, [], {}
    for (name, form), task in tasks(profile).items():
        records = [
            {"d": d, "seed": seed, "low": (worst := float(errors.rms.max())), "high": worst}
            for d in task.widths
            for seed, errors in enumerate(task.errors(seen, d))
        ]
        series = Series(f"{name}, {form}", "d", tuple(records), {"function": name, "form": form}, nested=True)
        medians[name, form] = series.medians()
        models = (power("d"), fixed_power_log(CLAIM, "d"), power_log("d"))
        fits[series.name] = series.report(CLAIM, models=models)
        question = f"Theorem 6, {series.name}, aligned, s = {S}: rms error falls as d^(-1/{K + 1})?"
        findings.append(series.finding(question, fits[series.name]))
        table += series.rows("error")
    return Analysis(table, [*findings, ratio_finding(profile, medians)], fits)


EXPERIMENT = Experiment(
    claim="Theorem 6 (Hänni et al. 2024): from one layer with ANDs of fan-in 1 to k every boolean function of k "
    "features is read off linearly",
    meaning="One layer computes every boolean function of three features at once; only the read-off differs. "
    "Functions such as XOR, which are far from linear, add up many ANDs and err several times as much as one AND.",
    profiles=PROFILES,
    tasks=lambda profile: list(tasks(profile).values()),
    analyse=analyse,
    draw=draw_truth_tables,
    size=(6.5, 4.2),
)

"""Theorem 6's networks: every boolean function of three features read off one layer, aligned and in superposition."""

from dataclasses import dataclass
from functools import partial

from superposed.constructions import Superposed, TruthTable
from superposed.figures.truth_tables import draw_truth_tables
from superposed.fitting import fixed_power_log, power, power_log
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.series import Series, curve_rows, drawn_search, errors_along_width, number, smallest_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths, SmallestWidth
from superposed.theory.bernoulli_tail import quantile_width
from superposed.theory.bernoulli_width import predicted_width
from superposed.theory.boolean import and_weights

K, M, S, EPS = 3, 32, 3, 0.5
TOP_FROM, WIDE_FROM = 1e14, 1e12
"""Exponents are read from these m and these widths on. Below, ANDs of two features, read with the weight 2, still add
an error of their own, which falls only as m^(-1/16), or d^(-1/12), beside that of ANDs of three."""
ERROR_CLAIM, WIDTH_CLAIM = -1 / (K + 1), K / (K + 1)
TABLES = {
    "AND": (0, 0, 0, 0, 0, 0, 0, 1),
    "majority": (0, 0, 0, 1, 0, 1, 1, 1),
    "a ? b : c": (0, 0, 0, 1, 1, 0, 1, 1),
    "XOR": (0, 1, 1, 0, 1, 0, 0, 1),
}
"""Value i at the features whose bits are set in i. XOR has the largest weights of all 256 functions."""
FORMS = ("split", "one-code")


@dataclass(frozen=True)
class Profile:
    """Functions and forms; where widths and errors are drawn, and where networks are built.

    Args:
      tables, forms: of widths in superposition.
      m: where the smallest width in superposition is drawn.
      aligned: forms whose errors of aligned features are drawn at `widths`.
      built: widths of networks that are built beside drawn errors, M aligned features.
      seeds, events: of drawn errors.
      networks, inputs, idle: of built ones.
    """

    tables: tuple[str, ...]
    forms: tuple[str, ...]
    m: tuple[int, ...]
    aligned: tuple[str, ...]
    widths: tuple[int, ...]
    built: tuple[int, ...]
    seeds: int
    events: int
    networks: int
    inputs: int
    idle: int = 4
    steps: int = 32


PROFILES = {
    "tiny": Profile(("XOR",), ("split",), (10**4, 10**14, 10**18), ("split",), (2**12, 2**44), (1024,), 2, 256, 2, 4,
                    steps=8),
    "quick": Profile(("XOR",), FORMS, (10**3, 10**6, *powers(10**4, 3, 7)), ("split",), powers(2**8, 2, 10),
                     (1024, 4096), 4, 1024, 4, 16),
    "standard": Profile(tuple(TABLES), FORMS, powers(10, 3, 30), FORMS, powers(16, 4, 20), powers(4, 5, 8), 8, 4096,
                        16, 32, steps=64),
    "full": Profile(tuple(TABLES), FORMS, powers(10, 3, 30), FORMS, powers(4, 8, 40), powers(4, 5, 9), 32, 20_000, 32,
                    64, steps=64),
}  # fmt: skip


def weight_of(name: str) -> float:
    """sum |c_T| of the function's ANDs."""
    return float(abs(and_weights(TABLES[name])[1:]).sum())


def searches(profile: Profile, name: str, form: str) -> list[SmallestWidth]:
    """The smallest width of each seed at which 99% of the read-offs of the worst stratum err by less than EPS."""
    construction = Superposed(TruthTable(TABLES[name], form))
    start = lambda m: K * predicted_width(m, S, EPS / weight_of(name), fan_in=K)
    return [drawn_search(construction, m, S, EPS, profile, start(m), most=2**110) for m in profile.m]


def at_widths(profile: Profile, name: str, form: str) -> AtWidths:
    """Errors of aligned features, drawn. Their distribution does not contain m."""
    sampling = Sampling(profile.events)
    return AtWidths(TruthTable(TABLES[name], form), M, S, profile.widths, profile.seeds, sampling, "drawn")


def beside(profile: Profile, form: str) -> dict[str, AtWidths]:
    """XOR of aligned features, built, and drawn at the same widths."""
    ask = partial(AtWidths, TruthTable(TABLES["XOR"], form), M, S, profile.built)
    return {
        "built": ask(profile.networks, Sampling(profile.inputs, profile.idle)),
        "drawn": ask(profile.seeds, Sampling(profile.events), "drawn"),
    }


def tasks(profile: Profile) -> list:
    """Widths in superposition, drawn errors of aligned features, and built networks."""
    pairs = [(name, form) for name in profile.tables for form in profile.forms]
    asked = [task for pair in pairs for task in searches(profile, *pair)]
    asked += [at_widths(profile, name, form) for name in profile.tables for form in profile.aligned]
    return asked + [task for form in profile.aligned for task in beside(profile, form).values()]


def worst_rms(name: str, task: AtWidths, seen: Seen, **labels: object) -> Series:
    """The rms error of the worst stratum of every network along d."""
    return errors_along_width(name, task, seen, lambda errors: errors.rms.max(), **labels)


def judge_width(profile: Profile, seen: Seen, name: str, form: str) -> tuple[Series, object, Finding]:
    """The exponent of m for one function and form."""
    series = smallest_widths(f"{name}, {form}, width", searches(profile, name, form), seen, function=name, form=form)
    top = series.above(TOP_FROM)
    fitted = top.report(WIDTH_CLAIM)
    name = f"{name}, {form}, drawn, s = {S}, from m = 10^14 on"
    return series, fitted, top.finding(f"Theorem 6 in superposition, {name}: width grows as m^({K}/{K + 1})?", fitted)


def judge_error(profile: Profile, seen: Seen, name: str, form: str) -> tuple[Series, object, Finding]:
    """The exponent of d for one function and form."""
    labels = {"function": name, "form": form}
    series = worst_rms(f"{name}, {form}, error", at_widths(profile, name, form), seen, **labels)
    top = series.above(WIDE_FROM)
    fitted = top.report(ERROR_CLAIM, models=(power("d"), fixed_power_log(ERROR_CLAIM, "d"), power_log("d")))
    name = f"{name}, {form}, aligned, drawn, s = {S}, from d = 10^12 on"
    return series, fitted, top.finding(f"Theorem 6, {name}: rms error falls as d^(-1/{K + 1})?", fitted)


def cost_finding(profile: Profile, widths: dict[tuple[str, str], Series]) -> Finding:
    """How many times wider than the AND of three features each function is, at the largest m."""
    m = profile.m[-1]
    closed = quantile_width(m, S, EPS, fan_in=K)
    words = ", ".join(f"{name}, {form} {series.medians()[m] / closed:.1f}" for (name, form), series in widths.items())
    name = profile.tables[-1]
    why = f"the weights of the ANDs of {name} add up to {weight_of(name):g}; the AND's own width is its closed form"
    question = f"Theorem 6 in superposition: how many times wider than the AND of {K} features?"
    return Finding(question, f"m = {number(m)}, {profile.seeds} seeds", words, "measured", why)


def built_finding(profile: Profile, seen: Seen, form: str) -> Finding:
    """The rms error of built networks beside drawn errors."""
    medians = {mode: worst_rms(mode, task, seen).medians() for mode, task in beside(profile, form).items()}
    words = ", ".join(f"{medians['built'][d] / medians['drawn'][d]:.3f} times (d = {number(d)})" for d in profile.built)
    question = f"Theorem 6, XOR, {form}, aligned, m = {M}: rms error of built networks beside drawn errors?"
    return Finding(question, f"{profile.networks} networks", words, "measured", "medians of the worst stratum")


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Widths in superposition along m, errors of aligned features along d, and built networks."""
    table, fits, findings, widths = [], {}, [], {}
    for name in profile.tables:
        for form in profile.forms:
            series, fits[f"{name}, {form}, width"], finding = judge_width(profile, seen, name, form)
            widths[name, form] = series
            table += series.rows("width")
            findings.append(finding)
        for form in profile.aligned:
            series, fits[f"{name}, {form}, error"], finding = judge_error(profile, seen, name, form)
            findings.append(finding)
            table += series.median_rows("error")
    closed = {m: quantile_width(m, S, EPS, fan_in=K) for m in profile.m}
    table += curve_rows(closed, WIDTH_CLAIM, function="AND")
    findings.append(cost_finding(profile, widths))
    findings += [built_finding(profile, seen, form) for form in profile.aligned]
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Theorem 6 (Hänni et al. 2024): from one layer with ANDs of fan-in 1 to k every boolean function of k "
    "features is read off linearly",
    meaning="One layer computes every boolean function of three features at once; only the read-off differs. "
    "XOR, the function that is furthest from linear, adds up many ANDs, so it needs many times as many neurons as one "
    "AND, with the same exponent.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_truth_tables,
    size=(10.5, 4.4),
)

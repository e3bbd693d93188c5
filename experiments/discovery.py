"""Do sparse dictionaries find features that are provably there? Autoencoders and transcoders on compiled networks.

Every feature of a compiled network is ones on four neurons, and a linear read-off tells all of them without an error.
A feature counts as found where some learned direction has |cos| > 0.9 with it. Learners are told how many features
there are and how many are on. Learning rate, and the penalty of L1, are the best of a few on one more network, by the
mean cosine that is reached there. So a curve is what its method does when it is told more than in practice.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from superposed.figures.discovery import draw_discovery
from superposed.study.dictionary_trainings import train_cell
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps

FOUND = 0.5
"""A method finds the features where it recovers at least half of them."""
NAMES = {"l1": "L1", "topk": "TopK", "batchtopk": "BatchTopK", "matching": "matching pursuit"}
ALL, FEW = ("l1", "topk", "batchtopk", "matching"), ("topk", "matching")
RATES, PENALTIES = (0.003, 0.01), (0.1, 0.2, 0.4)
LOADS = (0.25, 0.5, 1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Profile:
    """Sizes, fixed before anything was seen.

    Args:
      d: neurons of the networks whose inputs lie apart; rows: activations to learn from; seeds: networks.
      steps, batch: of every training.
      rates, penalties: what is tried on one more network; penalties are of L1 alone.
      loads: features a neuron, m/d. Every input has units of its own outside the d neurons, and up to four are on. So
        mostly two features of layer 1 are on.
      methods: those that are asked at every load; few: those of the other questions.
      longer, longer_load: how many times as many steps, and at which m/d.
      sizes, size_load: latents a feature, and their m/d.
      wide: neurons of the networks whose inputs share the neurons too.
      depths, depth_load: layers of ANDs that are compared there, and their m/d.
      transcoder_loads: m/d of transcoders from the encoding of the inputs to layer 1.
      uand: (m, d) of universal ANDs of four active inputs; uand_k: latents on a row (four inputs are on, six ANDs).
    """

    d: int
    rows: int
    seeds: int
    steps: int
    batch: int
    rates: tuple[float, ...]
    penalties: tuple[float, ...]
    loads: tuple[float, ...]
    methods: tuple[str, ...]
    few: tuple[str, ...] = FEW
    longer: tuple[int, ...] = ()
    longer_load: float = 1
    sizes: tuple[float, ...] = ()
    size_load: float = 1
    wide: int = 256
    depths: tuple[int, ...] = ()
    depth_load: float = 1
    transcoder_loads: tuple[float, ...] = ()
    uand: tuple[int, int] = (16, 256)
    uand_k: tuple[int, ...] = ()


PROFILES = {
    "tiny": Profile(
        64, 256, 2, 20, 64, (0.01, 0.003), (0.1, 0.2), (0.25,), ("l1",), ("topk",), (2,), 0.25, (2,), 0.25, 64, (1, 3),
        0.25, (0.25,), (8, 64), (4,),
    ),
    "quick": Profile(
        128, 4096, 4, 300, 128, (0.003,), (0.2,), (0.25, 2), FEW, transcoder_loads=(0.25,), uand=(8, 64), uand_k=(4,),
    ),
    "standard": Profile(
        128, 32768, 8, 1000, 128, RATES, PENALTIES, LOADS, ALL, FEW, (4,), 4, (2, 4), 1, 256,
        (1, 3, 7), 1, (0.25, 1, 2), (16, 256), (4, 6),
    ),
    "full": Profile(
        512, 131072, 16, 8000, 1024, RATES, PENALTIES, LOADS, ALL, ALL, (4,), 4, (2, 4, 8), 2,
        1024, (1, 2, 3, 4, 5, 6, 7, 8), 1, (0.25, 1, 2, 4), (32, 512), (4, 6),
    ),
}  # fmt: skip


def cells(profile: Profile) -> list[dict]:
    """One cell a training, all its seeds at once; those that share their networks stand side by side."""
    shared = {name: getattr(profile, name) for name in ("rows", "seeds", "steps", "batch")}
    default = {"s": 4, "layer": 1, "size": 1, "times": 1, "k": None} | shared

    def trainings(kind: str, load: float, methods: tuple[str, ...], apart: bool, **others) -> list[dict]:
        d = profile.d if apart else profile.wide
        cell = default | {"kind": kind, "m": round(load * d), "d": d, "apart": apart} | others
        penalties = lambda method: profile.penalties if method == "l1" else (0,)
        return [
            cell | {"method": method, "rates": list(profile.rates), "penalties": list(penalties(method))}
            for method in methods
        ]

    m, d = profile.uand
    uand = {"m": m, "d": d, "size": 1 + (m - 1) / 2}  # as many latents as inputs and ANDs
    asked = [
        *(trainings("load", load, profile.methods, True) for load in profile.loads),
        *(trainings("transcoder", load, ("topk",), False) for load in profile.transcoder_loads),
        *(trainings("depth", profile.depth_load, profile.few, False, layer=layer) for layer in profile.depths),
        *(trainings("uand", 1, ("topk",), True, k=k, **uand) for k in profile.uand_k),
        *(trainings("size", profile.size_load, profile.few, True, size=size) for size in profile.sizes),
        *(trainings("longer", profile.longer_load, profile.few, True, times=times) for times in profile.longer),
    ]
    return [cell for group in asked for cell in group]


def interval(values: list[float]) -> tuple[float, float, float]:
    """(mean, low, high): Student's 95% interval of the mean over seeds; the mean alone where all are the same."""
    n, mean = len(values), float(np.mean(values))
    half = float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return mean, mean - half, mean + half


def rows_of(profile: Profile, seen: Seen) -> list[dict]:
    """A row a training: the cell, what was chosen, and every score's mean and interval."""
    rows = []
    for cell, result in zip(cells(profile), Steps(tuple(cells(profile)), train_cell).results(seen), strict=True):
        row = {name: cell[name] for name in ("kind", "method", "s", "m", "d", "layer", "size", "times", "seeds")}
        row |= {name: result[name] for name in ("k", "rate", "penalty", "active", "firings")}
        row |= {"load": cell["m"] / cell["d"], "wrong": max(result["wrong"])}
        for name, values in result["scores"].items():
            row[name], row[f"{name} low"], row[f"{name} high"] = interval(values)
            row[f"{name} seeds"] = " ".join(f"{value:.4g}" for value in values)
        rows.append(row)
    loads = [row for row in rows if row["kind"] == "load"]
    for kind, load in (("size", profile.size_load), ("longer", profile.longer_load)):
        # the training that the others of this kind are compared with
        rows += [row | {"kind": kind} for row in loads if row["load"] == load and row["method"] in profile.few]
    return rows


def text(row: dict, score: str = "recovered") -> str:
    """A score with its interval, in words."""
    return f"{row[score]:.2f} [{max(row[score + ' low'], 0):.2f}, {min(row[score + ' high'], 1):.2f}]"


def load_findings(rows: list[dict]) -> list[Finding]:
    """For every method, the share found at each load, and where it falls below a half."""
    findings = []
    for method in dict.fromkeys(row["method"] for row in rows):
        curve = sorted((row for row in rows if row["method"] == method), key=lambda row: row["load"])
        below = [row["load"] for row in curve if row["recovered high"] < FOUND]
        end = f"below half from {min(below):g} d on" if below else "not below half in this range"
        span = f"m/d = {curve[0]['load']:g} to {curve[-1]['load']:g}, d = {curve[0]['d']}, {curve[0]['seeds']} seeds, "
        span += f"a feature is on {min(row['firings'] for row in curve):.0f} times or more in training"
        shares = "; ".join(f"{text(row)} at {row['load']:g} d" for row in curve)
        question = f"{NAMES[method]}: what share of the features of layer 1 is found?"
        why = "below half means that the upper end of the interval is"
        findings.append(Finding(question, span, f"{shares}: {end}", "measured", why))
    return findings


def difference(row: dict, other: dict) -> tuple[str, str]:
    """The difference of the shares found, other - row, network by network, and what to call it."""
    shares = [np.array([float(value) for value in each["recovered seeds"].split()]) for each in (row, other)]
    mean, low, high = interval((shares[1] - shares[0]).tolist())
    verdict = "supported" if low > 0 else "contradicted" if high < 0 else "inconclusive"
    return f"{mean:+.3f} [{low:.3f}, {high:.3f}]", verdict


def compared_findings(rows: list[dict], label: str, words: str, question: str) -> list[Finding]:
    """For every method, the share found at each further value of `label` less that at the first."""
    findings = []
    for method in dict.fromkeys(row["method"] for row in rows):
        first, *others = sorted((row for row in rows if row["method"] == method), key=lambda row: row[label])
        for row in others:
            change, verdict = difference(first, row)
            span = f"{words} {first[label]:g} and {row[label]:g}, m = {row['load']:g} d, d = {row['d']}, "
            measured = f"{text(first)}, then {text(row)}: {change}"
            why = "supported where the interval of the difference is above 0"
            span += f"{row['seeds']} seeds"
            findings.append(Finding(f"{NAMES[method]}: {question}", span, measured, verdict, why))
    return findings


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The table of all trainings, and the answers to the questions in the order in which they were asked."""
    rows = rows_of(profile, seen)
    of = lambda kind: [row for row in rows if row["kind"] == kind]
    findings = load_findings(of("load"))
    findings += compared_findings(of("longer"), "times", "steps times", "does longer training find more?")
    findings += compared_findings(of("depth"), "layer", "layer", "are more features found in a deeper layer?")
    question = "does a dictionary with more latents than features find more?"
    findings += compared_findings(of("size"), "size", "latents a feature", question)
    for row in of("transcoder"):
        span = f"m = {row['load']:g} d, d = {row['d']}, {row['seeds']} seeds"
        words = f"directions {text(row)}; edges: average precision {text(row, 'average_precision')}"
        findings.append(Finding("TopK transcoder: are the gates of layer 1 found?", span, words, "measured"))
    for row in of("uand"):
        span = f"m = {row['m']} inputs, d = {row['d']}, {row['size'] * row['m']:.0f} latents, {row['seeds']} seeds"
        words = "; ".join(
            f"{what}: {text(row, f'{what} recovered')} found, mean best cosine {text(row, f'{what} mmcs_true')}"
            for what in ("inputs", "ANDs")
        )
        findings.append(Finding(f"Universal AND, TopK with k = {row['k']}: what is found?", span, words, "measured"))
    return Analysis(rows, findings)


EXPERIMENT = Experiment(
    claim="Sparse dictionaries (L1, TopK, BatchTopK, matching pursuit) find features that are provably there",
    meaning="A compiled network has known features, more of them than neurons. "
    "The share that a dictionary finds says what the tool misses, because nothing else can be to blame.",
    profiles=PROFILES,
    tasks=lambda profile: [Steps(tuple(cells(profile)), train_cell)],
    analyse=analyse,
    draw=draw_discovery,
    size=(12, 8.5),
)

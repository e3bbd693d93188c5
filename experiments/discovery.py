"""Do sparse dictionaries find features that are provably there? Autoencoders and transcoders on compiled networks.

Every feature of a compiled network is ones on a few neurons, and a linear read-off tells all of them without an error.
A feature counts as found where some learned direction has |cos| > 0.9 with it. Learners are told how many features
there are and how many are on. L1 is given the best of its penalties, chosen by what it finds. So a curve is the best
that its method does with this training, in which every feature is on at least a few hundred times.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import t as student

from superposed.figures.discovery import draw_discovery
from superposed.study.discoveries import cycle_data, discovery, gates_found, learned_from, uand_data
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.training.dictionaries import Learner, learn

PENALTIES = (0.1, 0.2, 0.4)
MOST_FOUND, FOUND = "recovered", 0.5
"""A method finds the features where it recovers at least half of them."""
NAMES = {"l1": "L1", "topk": "TopK", "batchtopk": "BatchTopK", "matching": "matching pursuit"}


@dataclass(frozen=True)
class Profile:
    """Sizes, fixed before anything was seen.

    Args:
      d: neurons; rows: activations to learn from; seeds: networks, each with a dictionary of its own.
      loads: features a neuron, m/d, with up to four inputs on and so mostly two features of layer 1.
      methods: those that are asked at every load; few: those of the other questions.
      depths, depth_load: layers that are compared, and their m/d.
      sizes, size_load: latents a feature, and their m/d.
      transcoder_loads: m/d of transcoders from the encoding to layer 1.
      uand: (m, d) of universal ANDs of four active inputs; uand_k: latents on a row (four inputs are on, six ANDs).
      firings, least_steps: a training has as many steps as turn every feature on `firings` times in the mean, and at
        least `least_steps`. So the number of features decides how long it lasts, and no result does.
      one_at_a_time: m/d with two inputs on, and so one feature of layer 1. More than 4 d need that at this d.
    """

    d: int
    rows: int
    seeds: int
    loads: tuple[float, ...]
    methods: tuple[str, ...]
    few: tuple[str, ...]
    depths: tuple[int, ...]
    depth_load: float
    sizes: tuple[int, ...]
    size_load: float
    transcoder_loads: tuple[float, ...]
    uand: tuple[int, int]
    uand_k: tuple[int, ...]
    firings: int
    least_steps: int
    batch: int
    one_at_a_time: tuple[float, ...] = ()


PROFILES = {
    "tiny": Profile(128, 256, 2, (0.25,), ("topk",), ("topk",), (1, 3), 0.25, (1, 2), 0.25, (0.25,),
                    (8, 64), (4,), 1, 20, 64),
    "quick": Profile(256, 4096, 4, (0.25, 1), ("topk", "matching"), (), (), 1, (), 1, (0.25,), (8, 64), (4,), 100,
                     300, 256),
    "standard": Profile(384, 32768, 8, (0.25, 1, 2), ("l1", "topk", "batchtopk", "matching"), (), (), 1, (), 1, (),
                        (16, 256), (), 50, 400, 256),
    "full": Profile(2048, 65536, 16, (0.25, 0.5, 1, 2, 4, 8), ("l1", "topk", "batchtopk", "matching"),
                    ("topk", "matching"), (1, 2, 3, 4, 5, 6, 7, 8), 1, (1, 2, 4), 2, (0.25, 1, 4),
                    (32, 512), (4, 6), 600, 4000, 1024, (4, 16)),
}  # fmt: skip


def cells(profile: Profile) -> list[dict]:
    """One cell a training, all its seeds at once; those that share their networks stand side by side."""
    shared = {name: getattr(profile, name) for name in ("d", "rows", "seeds", "firings", "least_steps", "batch")}

    def trainings(kind: str, load: float, methods: tuple[str, ...], **others) -> list[dict]:
        cell = {"kind": kind, "s": 4, "m": round(load * profile.d), "layer": 1, "size": 1, **shared, **others}
        return [
            {**cell, "method": method, "penalty": penalty}
            for method in methods
            for penalty in (PENALTIES if method == "l1" else (0,))
        ]

    m, d = profile.uand
    return [
        *(cell for load in profile.loads for cell in trainings("load", load, profile.methods)),
        *(c for layer in profile.depths for c in trainings("depth", profile.depth_load, profile.few, layer=layer)),
        *(c for size in profile.sizes for c in trainings("size", profile.size_load, profile.few, size=size)),
        *(c for load in profile.transcoder_loads for c in trainings("transcoder", load, ("topk",))),
        *(c for k in profile.uand_k for c in trainings("uand", 1, ("topk",), m=m, d=d, k=k, size=2 * (m - 1))),
        *(cell for load in profile.one_at_a_time for cell in trainings("load", load, profile.few, s=2)),
    ]


def train_cell(cell: dict) -> dict:
    """What the dictionaries of one cell found, a list over seeds for every score."""
    m, d, rows, seeds = (cell[name] for name in ("m", "d", "rows", "seeds"))
    if cell["kind"] == "uand":
        data, active = uand_data(m, cell["s"], d, rows, seeds), cell["k"]
    else:
        data = cycle_data(m, cell["s"], cell["layer"], d, rows, seeds)
        active = float(np.mean([each.on.sum() / each.on.shape[0] for each in data]))
    k = round(active, 2) if cell["method"] == "batchtopk" else max(int(np.ceil(active)), 1)
    steps = max(cell["least_steps"], round(cell["firings"] * m / active / cell["batch"]))
    learner = Learner(cell["method"], cell["size"] * m, k, steps, cell["batch"])
    y = learned_from(data, "activations")
    x = learned_from(data, "before") if cell["kind"] == "transcoder" else y
    keys = jax.random.split(jax.random.key(m), seeds)
    learned = learn(keys, x[:, :rows], y[:, :rows], jnp.float32(cell["penalty"]), learner)
    found = []
    for seed, each in enumerate(data):
        one = jax.tree.map(lambda a, seed=seed: a[seed], learned)
        scores = discovery(each, one, learner, x[seed])
        found.append(scores | (gates_found(each, one) if cell["kind"] == "transcoder" else {}))
    return {
        "steps": steps, "k": k, "active": active, "wrong": [each.wrong for each in data],
        **{name: [scores[name] for scores in found] for name in found[0]},
    }  # fmt: skip


def interval(values: list[float]) -> tuple[float, float, float]:
    """(mean, low, high): Student's 95% interval of the mean over seeds; the mean alone where all are the same."""
    n, mean = len(values), float(np.mean(values))
    half = float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return mean, mean - half, mean + half


def rows_of(profile: Profile, seen: Seen) -> list[dict]:
    """A row a training: the cell, every score's mean and interval. Of the penalties of L1 the one that finds most."""
    best: dict[tuple, dict] = {}
    for cell, result in zip(cells(profile), Steps(tuple(cells(profile)), train_cell).results(seen), strict=True):
        row = {name: cell[name] for name in ("kind", "method", "s", "m", "d", "layer", "size", "penalty", "seeds")}
        row |= {
            "load": cell["m"] / cell["d"],
            "k": result["k"],
            "steps": result["steps"],
            "wrong": max(result["wrong"]),
        }
        for name, values in result.items():
            if isinstance(values, list) and name != "wrong":
                row[name], row[f"{name} low"], row[f"{name} high"] = interval(values)
                row[f"{name} seeds"] = " ".join(f"{value:.4g}" for value in values)
        which = tuple(row[name] for name in ("kind", "method", "s", "m", "layer", "size", "k"))
        score = "ANDs recovered" if cell["kind"] == "uand" else MOST_FOUND
        if which not in best or best[which][score] < row[score]:
            best[which] = row
    return list(best.values())


def text(row: dict, score: str = MOST_FOUND) -> str:
    """A score with its interval, in words."""
    return f"{row[score]:.2f} [{max(row[score + ' low'], 0):.2f}, {min(row[score + ' high'], 1):.2f}]"


def load_findings(rows: list[dict]) -> list[Finding]:
    """For every method and s, the share found at each load, and where it falls below a half."""
    found = []
    for s, method in dict.fromkeys((row["s"], row["method"]) for row in rows):
        curve = sorted((r for r in rows if (r["s"], r["method"]) == (s, method)), key=lambda r: r["load"])
        below = [r["load"] for r in curve if r[f"{MOST_FOUND} high"] < FOUND]
        end = f"below half from {min(below):g} d on" if below else "not below half in this range"
        question = f"{NAMES[method]}: what share of the features of layer 1 is found? s = {s}"
        span = f"m/d = {curve[0]['load']:g} to {curve[-1]['load']:g}, d = {curve[0]['d']}, {curve[0]['seeds']} seeds, "
        span += f"{min(r['steps'] for r in curve)} steps or more"
        shares = "; ".join(f"{text(r)} at {r['load']:g} d" for r in curve)
        why = "below half means that the upper end of the interval is"
        found.append(Finding(question, span, f"{shares}: {end}", "measured", why))
    return found


def difference(one: dict, other: dict) -> tuple[str, str]:
    """The difference of the shares found, other - one, network by network, and what to call it."""
    pairs = [np.array([float(v) for v in row[f"{MOST_FOUND} seeds"].split()]) for row in (one, other)]
    mean, low, high = interval((pairs[1] - pairs[0]).tolist())
    verdict = "supported" if low > 0 else "contradicted" if high < 0 else "inconclusive"
    return f"{mean:+.3f} [{low:.3f}, {high:.3f}]", verdict


def compared_findings(rows: list[dict], label: str, question: str) -> list[Finding]:
    """For every method, the share found at each further value of `label` less that at the first."""
    found = []
    for method in dict.fromkeys(row["method"] for row in rows):
        first, *others = sorted((r for r in rows if r["method"] == method), key=lambda r: r[label])
        for row in others:
            measured, verdict = difference(first, row)
            span = (
                f"{label} {first[label]} and {row[label]}, m = {row['load']:g} d, d = {row['d']}, {row['seeds']} seeds"
            )
            words = f"{text(first)}, then {text(row)}: {measured}"
            found.append(
                Finding(f"{NAMES[method]}: {question}", span, words, verdict, "supported where the interval is above 0")
            )
    return found


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The table of all trainings, and the answers to the questions in the order in which they were asked."""
    rows = rows_of(profile, seen)
    of = {
        kind: [row for row in rows if row["kind"] == kind] for kind in ("load", "depth", "size", "transcoder", "uand")
    }
    findings = load_findings(of["load"])
    findings += compared_findings(of["depth"], "layer", "are more features found in a deeper layer?")
    findings += compared_findings(of["size"], "size", "does a dictionary with more latents than features find more?")
    for row in of["transcoder"]:
        span = f"m = {row['load']:g} d, d = {row['d']}, {row['seeds']} seeds"
        words = f"directions {text(row)}; edges: average precision {text(row, 'average_precision')}"
        findings.append(Finding("TopK transcoder: are the gates of layer 1 found?", span, words, "measured"))
    for row in of["uand"]:
        span = f"m = {row['m']} inputs, d = {row['d']}, {row['size'] * row['m']} latents, {row['seeds']} seeds"
        words = f"inputs {text(row, 'inputs recovered')}, ANDs {text(row, 'ANDs recovered')}"
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
    size=(11, 7),
)

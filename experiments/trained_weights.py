"""What trained networks have learned: their weights, their read-offs, and the construction they are nearest to."""

from collections import Counter
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Array, Key

from superposed.constructions import Bernoulli, Gaussian, Naive, Rademacher
from superposed.constructions.base import Construction
from superposed.figures.trained import draw_trained_weights
from superposed.networks.network import Network
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import triple
from superposed.study.trainings import recipe, t_interval
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.training.driver import train
from superposed.training.learned import Signature, nearest, normality, signature, split_weights, with_noise

KNOWN = {"Rademacher": Rademacher(), "Gaussian": Gaussian(), "Bernoulli": Bernoulli(), "naive": Naive()}
NOISE = (0.0, 0.25, 0.5)
"""Standard deviation of the noise on a construction's weights, in units of its weights' standard deviation."""
STARTS = {
    "random": {},
    "random, loss power 4": {"power": 4},
    "random, free read-off": {"read_off": "free"},
    "Rademacher": {"start": Rademacher()},
    "Gaussian": {"start": Gaussian()},
    "Bernoulli": {"start": Bernoulli()},
    "naive": {"start": Naive()},
}
STATISTICS = {
    "two_valued": "share of the weights' variance between two values",
    "normal": "squared correlation of the weights with normal quantiles",
    "product": "correlation of read-off coefficients with sgn(w_k w_l)",
    "bias": "bias in units of the weights",
    "kept": "share of the weights on the side they started from",
}


@dataclass(frozen=True)
class Profile:
    """Every kind of start at every (m, s, d)."""

    points: tuple[tuple[int, int, int], ...]
    starts: tuple[str, ...]
    seeds: int
    steps: int
    batch: int


PROFILES = {
    "tiny": Profile(((6, 2, 16),), ("random",), seeds=2, steps=60, batch=16),
    "quick": Profile(((16, 3, 32),), ("random", "Rademacher", "Bernoulli"), seeds=8, steps=400, batch=32),
    "standard": Profile(((16, 3, 32), (32, 3, 64)), tuple(STARTS), seeds=8, steps=1000, batch=64),
    "full": Profile(
        tuple((m, s, d) for m in (32, 64) for s in (3, 6) for d in (32, 128, 512)), tuple(STARTS), seeds=8, steps=3000,
        batch=128,
    ),
}  # fmt: skip


def tasks(profile: Profile) -> list[Steps]:
    """Trainings, and the score's own validation on constructions with noise."""
    rest = {"seeds": profile.seeds, "steps": profile.steps, "batch": profile.batch}
    trainings = [
        {"start": start, "m": m, "s": s, "d": d, **rest} for m, s, d in profile.points for start in profile.starts
    ]
    checks = [
        {"noise": noise, "m": m, "s": s, "d": d, "seeds": profile.seeds}
        for m, s, d in profile.points
        for noise in NOISE
    ]
    return [Steps(tuple(checks), run_check), Steps(tuple(trainings), run_training)]


def networks_of(construction: Construction, keys: list, m: int, s: int, d: int) -> list[Network]:
    """One network a key."""
    return [program(_build, 4)(construction, m, s, d, key) for key in keys]


def _build(construction: Construction, m: int, s: int, d: int, key: Key[Array, ""]) -> Network:
    return construction(key, Problem(m, s), d, d)


def signatures(m: int, s: int, d: int) -> dict[str, Signature]:
    """The mean signature of each construction, over four networks that nothing else uses."""
    keys = list(jax.random.split(jax.random.key(99), 4))
    mean = lambda nets: Signature(*np.mean([signature(keys[0], net, m, s) for net in nets], axis=0).tolist())
    return {name: mean(networks_of(c, keys, m, s, d)) for name, c in KNOWN.items()}


def run_check(cell: dict) -> dict:
    """Which construction the score says a construction with noise is."""
    m, s, d = cell["m"], cell["s"], cell["d"]
    known, keys = signatures(m, s, d), list(jax.random.split(jax.random.key(0), cell["seeds"]))
    said = {}
    for name, construction in KNOWN.items():
        noisy = [
            with_noise(k, net, cell["noise"])
            for k, net in zip(keys, networks_of(construction, keys, m, s, d), strict=True)
        ]
        said[name] = [nearest(signature(keys[0], net, m, s), known) for net in noisy]
    return {"said": said}


def run_training(cell: dict) -> dict:
    """What each trained network looks like, and how much of its start it keeps."""
    m, s, d = cell["m"], cell["s"], cell["d"]
    trained = recipe(cell["steps"], cell["batch"], **STARTS[cell["start"]])
    keys = list(jax.random.split(jax.random.key(1), cell["seeds"]))
    known, result = signatures(m, s, d), train(trained, Problem(m, s), keys, [d] * len(keys))
    seen = []
    for key, network, failed in zip(keys, result.networks, result.failed_at.tolist(), strict=True):
        if failed >= 0:
            seen.append({"failed_at": failed})
            continue
        before = trained.begin(key, Problem(m, s), d, d).params.w
        z = split_weights(np.asarray(network.layers[0].w, float)).z
        found = signature(key, network, m, s)
        seen.append(found._asdict() | {
            "normal": normality(key, network, m, s), "nearest": nearest(found, known),
            "kept": float(np.mean(z == split_weights(np.asarray(before, float)).z)),
            "weights": quantiles(network),
        })  # fmt: skip
    return {"networks": seen}


def quantiles(network: Network) -> list[float]:
    """33 quantiles of all weights, each neuron's in units of its largest; neurons without weights are left out."""
    w = np.asarray(network.layers[0].w, float)
    used = w[np.abs(w).max(axis=1) > 0]
    scaled = used / np.abs(used).max(axis=1, keepdims=True)
    return np.quantile(scaled, np.linspace(0, 1, 33)).tolist()


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """The score's hits on constructions; the statistics of each kind of training; what they are nearest to."""
    checks, trainings = tasks(profile)
    table, findings = [], []
    for noise in NOISE:
        results = [r["said"] for c, r in zip(checks.cells, checks.results(seen), strict=True) if c["noise"] == noise]
        for name in KNOWN:
            said = [word for result in results for word in result[name]]
            hits = sum(word == name for word in said)
            table.append({"kind": "check", "network": name, "noise": noise, "hits": hits, "of": len(said)})
        text = ", ".join(f"{row['network']} {row['hits']} of {row['of']}" for row in table[-len(KNOWN) :])
        question = f"Score of the nearest construction: right on constructions with noise {noise:g}?"
        findings.append(Finding(question, f"{len(profile.points)} problems, {profile.seeds} seeds", text, "measured"))
    for cell, result in zip(trainings.cells, trainings.results(seen), strict=True):
        labels = {key: cell[key] for key in ("start", "m", "s", "d")}
        learned = [net for net in result["networks"] if "failed_at" not in net]
        name = f"started {cell['start']}, m = {cell['m']}, s = {cell['s']}, d = {cell['d']}"
        found = {key: t_interval([net[key] for net in learned]) for key in STATISTICS} if learned else {}
        for key, (low, best, high) in found.items():
            table.append({"kind": "statistic", **labels, "statistic": key, "low": low, "best": best, "high": high})
        table += [
            {"kind": "weights", **labels, "seed": i, "part": n / 32, "weight": x}
            for i, net in enumerate(learned)
            for n, x in enumerate(net["weights"])
        ]
        counts = Counter(net["nearest"] for net in learned)
        text = ", ".join(f"{n} {word}" for word, n in counts.most_common())
        text += f"; failed {len(result['networks']) - len(learned)}; "
        text += "; ".join(f"{key} {triple(value, '.2f')}" for key, value in found.items())
        findings.append(
            Finding(f"{name}: which construction is it nearest to?", f"{profile.seeds} seeds", text, "measured")
        )
    return Analysis(table, findings)


EXPERIMENT = Experiment(
    claim="Gradient descent finds two-valued weights, read by the product of their signs (Theorem 3 with a bias)",
    meaning="The weights of a trained network say which construction it has found. "
    "A score, checked on the constructions themselves with noise, names the nearest one.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_trained_weights,
    size=(12, 4.2),
)

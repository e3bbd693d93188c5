"""Circuits over many more features than neurons, deep, without one wrong bit.

"run": one network, piece by piece: the wrong bits of the whole batch in every layer; controls: a ReLU in place of the
step, and 4 m*, both of which must fail. "frontier": networks of their own draw, each run to a depth at one m. The next
one has more features after a pass and fewer after a failure (a staircase). "rung": eight networks of their own draw at
an m that is fixed beforehand. An input of closed groups is one whole group; planted paths ("random gates") also have
gates with one input on. d is the number of ReLU neurons of the widest layer, one a unit; a circuit layer is two thin
ReLU layers.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import product

from superposed.compiler.channels import Channels
from superposed.figures.circuits import draw_superposition
from superposed.fitting import proportion_interval, through
from superposed.study.deep_runs import deep_run, layers_of, no_wrong_bit, run_channels
from superposed.study.experiment import Analysis, Experiment, Finding, powers
from superposed.study.trials import Trials
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Chain, Steps, rows_of
from superposed.theory.channels import bits_per_weight, largest_m

STEP = 2 ** (1 / 8)
"""The first network of a staircase has the law's largest m, every next one 2^(1/8) times as many or as few features."""
RUNG_SEEDS = 8
"""Networks of a rung. If all eight pass, the chance of a network is at least 69%, at 95% confidence (one-sided)."""
POWER = 2 - 1 / 8
"""A unit fires by chance at 2c hits, so at fixed c = 4 the largest m grows as d^(2 - 1/(2c))."""


@dataclass(frozen=True)
class Run:
    """One network through the depth: its name in the figure, and all that it depends on but the seed."""

    name: str
    width: int
    m: int
    depth: int
    batch: int
    circuit: str = "groups"
    c: int = 4
    reset: str = "step"
    s: int = 3


@dataclass(frozen=True)
class Frontier:
    """Widths, s and circuits, and for each as many staircases as `seeds`, of so many networks each.

    `rungs` are (width, features a neuron) of networks in closed groups at the first s.
    """

    widths: tuple[int, ...]
    s: tuple[int, ...]
    depth: int
    batch: int
    seeds: int
    networks: int
    circuits: tuple[str, ...] = ("groups",)
    c: int = 4
    rungs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Profile:
    """Networks to run deep, and frontiers."""

    runs: tuple[Run, ...]
    frontiers: tuple[Frontier, ...]


RANDOM = "step, random gates"
D = 2**12
RELU = Run("relu", D, 2 * D, 64, 200, c=8, reset="relu")
TOO_MANY = Run("step at 4 m*", D, 100 * D, 64, 20)
WANTED = ((2**12, 15), (2**14, 45), (2**15, 90), (2**17, 300))
PROFILES = {
    "tiny": Profile(
        (Run("step", 512, 1100, 6, 10), Run("relu", 512, 1100, 16, 10, c=8, reset="relu")),
        (Frontier((128, 256), (3,), 8, 5, 1, 8, rungs=((256, 2),)),),
    ),
    "quick": Profile(
        (Run("step", D, 15 * D, 64, 50), Run(RANDOM, D, 12 * D, 16, 50, "paths"), RELU, TOO_MANY),
        (Frontier(powers(2, 8, 12), (3,), 64, 50, 1, 12, rungs=WANTED[:1]),),
    ),
    "standard": Profile(
        (Run("step", D, 15 * D, 256, 50), Run(RANDOM, D, 15 * D, 64, 50, "paths"), RELU, TOO_MANY),
        (Frontier((*powers(2, 9, 15), 2**17), (3,), 64, 50, 1, 10, rungs=WANTED),),
    ),
    "full": Profile(
        (Run("step", 2**16, 120 * 2**16, 64, 50), Run(RANDOM, 2**16, 10**6, 1024, 1000, "paths"), RELU, TOO_MANY),
        (
            Frontier(powers(2, 9, 20), (3,), 64, 50, 4, 20, rungs=WANTED),
            Frontier(powers(2, 9, 13), (2, 4, 6), 64, 50, 4, 20),
            Frontier(powers(2, 9, 13), (3,), 64, 50, 4, 20, ("paths",)),
        ),
    ),
}  # fmt: skip


def runs(profile: Profile) -> list[tuple[Run, Chain]]:
    """The networks to look at, each with a seed of its own; about 2^23 gates a piece, under a minute on one core."""
    found = []
    for seed, run in enumerate(profile.runs):
        cell = {"kind": "run", **asdict(run), "seed": seed}
        found.append(
            (
                run,
                deep_run(
                    cell, Channels(run.s, run.c, reset=run.reset), piece=max(min(2**23 // run.m, 64), 1), stop_at=10
                ),
            )
        )
    return found


@lru_cache
def most(circuit: str, s: int, c: int, width: float | int) -> float:
    """The law's largest m for d = `width` neurons."""
    return largest_m(s, c, width, 0 if circuit == "groups" else 2 * s)


def staircases(profile: Profile) -> list[Chain]:
    """Chains of networks, one for each circuit, s, width and seed."""
    found = []
    for f in profile.frontiers:
        for circuit, s, width, seed in product(f.circuits, f.s, f.widths, range(1, f.seeds + 1)):
            shared = {"kind": "frontier", "circuit": circuit, "s": s, "c": f.c, "width": width, "depth": f.depth,
                      "batch": f.batch}  # fmt: skip
            seeds = range(seed * f.networks, (seed + 1) * f.networks)
            found.append(Chain(tuple({**shared, "seed": n} for n in seeds), next_network))
    return found


def rungs(profile: Profile) -> list[Steps]:
    """Networks at a fixed m, eight of their own draw at each; their seeds are no staircase's."""
    found = []
    for f in profile.frontiers:
        for width, per_neuron in f.rungs:
            shared = {"kind": "rung", "circuit": "groups", "s": f.s[0], "c": f.c, "width": width, "depth": f.depth,
                      "batch": f.batch, "m": whole_groups(width * per_neuron, f.s[0])}  # fmt: skip
            cells = tuple({**shared, "seed": 1000 + n} for n in range(RUNG_SEEDS))
            found.append(Steps(cells, run_channels))
    return found


def whole_groups(m: float | int, s: int) -> int:
    """The multiple of s next to m."""
    return max(round(m / s), 1) * s


def next_network(cell: dict, before: dict | None) -> dict:
    """One network run to its depth or an avalanche; `broke_at` is the first layer with a wrong bit.

    Its m follows from the network before. A batch of paths needs batch * s features, so no m is smaller.
    """
    steps = 0 if before is None else before["steps"] + (1 if before["broke_at"] is None else -1)
    law = most(cell["circuit"], cell["s"], cell["c"], cell["width"])
    m = whole_groups(max(law * STEP**steps, cell["batch"] * cell["s"]), cell["s"])
    return {"m": m, "steps": steps, **run_channels({**cell, "m": m})}


def run_finding(run: Run, layers: list[dict]) -> Finding:
    """Whether the network never erred; a control is there to fail."""
    verdict, measured, why = no_wrong_bit(layers, run.depth, run.batch)
    control = " (control, must fail)" if run.reset == "relu" or "4 m*" in run.name else ""
    question = f"Channels, {run.name}: no wrong bit with m = {run.m / run.width:.3g} d?{control}"
    span = f"d = {run.width}, m = {run.m}, s = {run.s}, depth {run.depth}, {run.batch} inputs, 1 seed"
    return Finding(question, span, measured, verdict, why)


def rung_finding(cells: Sequence[dict], results: list[dict]) -> Finding:
    """Whether all networks of a rung are right, and what chance a network has at least."""
    cell, n = cells[0], len(results)
    passed = sum(result["broke_at"] is None for result in results)
    low, high = proportion_interval(passed, n)
    least = low if passed < n else 0.05 ** (1 / n)  # one-sided where all pass
    question = f"Channels, closed groups: no wrong bit in any network with m = {cell['m'] / cell['width']:.3g} d?"
    inputs = f"{cell['batch']} inputs of a group each"
    span = f"d = {cell['width']}, m = {cell['m']}, s = {cell['s']}, depth {cell['depth']}, {inputs}"
    chance = f"a network passes with a chance of at least {least:.2g}" + (f", at most {high:.2g}" if passed < n else "")
    why = f"{chance}, at 95% (Clopper and Pearson)"
    return Finding(question, f"{span}, {n} networks", f"{passed} of {n}", "holds" if passed == n else "fails", why)


def frontiers(rows: list[dict]) -> list[Trials]:
    """The networks of each circuit and s, those of staircases and of rungs."""
    found: dict = {}
    for row in rows:
        network = {"d": row["width"], "seed": row["seed"], "m": row["m"], "passed": row["broke_at"] is None}
        found.setdefault((row["circuit"], row["s"]), []).append(network)
    return [Trials(f"{circuit}, s = {s}", tried, {"circuit": circuit, "s": s}) for (circuit, s), tried in found.items()]


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Every run's wrong bits layer by layer; the frontier's law for each circuit and s."""
    layers = [(run, layers_of(chain.results(seen))) for run, chain in runs(profile)]
    findings = [run_finding(*one) for one in layers]
    table = [
        {"kind": "run", "number": number, **asdict(run), "d": run.width, **layer}
        for number, (run, found) in enumerate(layers)
        for layer in found
    ]
    findings += [rung_finding(rung.cells, rung.results(seen)) for rung in rungs(profile)]
    networks = [row for task in (*staircases(profile), *rungs(profile)) for row in rows_of(task, seen)]
    fits = {}
    for trials in frontiers(networks):
        depth, series = networks[0]["depth"], trials.series()
        law = {d: most(**trials.labels, c=networks[0]["c"], width=d) for d in trials.sizes()}
        question = f"Channels, {trials.name}, depth {depth}: at what m do half of the networks pass, and 95%?"
        findings.append(trials.curve_finding(question))
        fits[trials.name] = series.report(POWER, closed=through(law.items(), POWER, "d", "chance hits"))
        question = f"Channels, {trials.name}, depth {depth}: m* of half the networks grows as d^1.875?"
        findings.append(trials.exponent_finding(question, fits[trials.name]))
        table += trials.rows()
        labels = {"kind": "law", "series": trials.name, **trials.labels}
        table += [{**labels, "d": d, "m": m, "bits_per_weight": bits_per_weight(m, d)} for d, m in law.items()]
        half = {r["d"]: r["best"] for r in trials.rows() if r["kind"] == "m*"}
        labels = {**labels, "kind": "bits"}
        table += [{**labels, "d": d, "m": m, "bits_per_weight": bits_per_weight(m, d)} for d, m in half.items()]
    return Analysis(table, findings, fits)


EXPERIMENT = Experiment(
    claim="Channels run circuits of m = 15 d features in d = 4,096 ReLU neurons and of 300 d in d = 131,072, deep, "
    "without a wrong bit; m* grows as d^1.875",
    meaning="A deep network can run a circuit over many times more features than it has neurons without a single wrong "
    "bit on the inputs tried, if few features are active at a time. How many features fit grows almost as the square "
    "of the number of neurons.",
    profiles=PROFILES,
    tasks=lambda profile: [*(chain for _, chain in runs(profile)), *rungs(profile), *staircases(profile)],
    analyse=analyse,
    draw=draw_superposition,
    size=(15, 6.4),
)

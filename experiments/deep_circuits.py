"""Theorem 8: circuits of any depth by alternating targeted ANDs with error correction.

Several networks, piece by piece: wrong bits and read-offs of the whole batch in every circuit layer, with correction
and for two controls that must fail. The figure shows the first of each. d is the number of ReLU neurons of the widest
layer: d in the AND layer, d/8 units of eight in the correction. How many features fit is asked by `deep_transition`.
"""

from dataclasses import dataclass

import numpy as np

from superposed.compiler.corrected import Corrected
from superposed.figures.circuits import draw_deep
from superposed.study.deep_runs import deep_run, layers_of, no_wrong_bits
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Chain


@dataclass(frozen=True)
class Profile:
    """The networks that are looked at through their depth, one a seed."""

    width: int
    m: int
    s: int
    depth: int
    batch: int
    seeds: int


PROFILES = {
    "tiny": Profile(2**12, 120, 2, 12, 5, 2),
    "quick": Profile(2**13, 300, 3, 64, 10, 4),
    "standard": Profile(2**15, 8000, 3, 256, 20, 8),
    "full": Profile(2**16, 30000, 3, 256, 50, 8),
}


def runs(profile: Profile) -> dict[str, list[Chain]]:
    """The networks and their controls: rounding left out, and 14 times the features, at least 4 m*."""
    kinds = {
        "corrected": ("round", profile.m),
        "not corrected": ("identity", profile.m),
        "corrected, 4 m* or more": ("round", 14 * profile.m),
    }
    shared = {
        "kind": "depth",
        "circuit": "groups",
        "width": profile.width,
        "s": profile.s,
        "depth": profile.depth,
        "batch": profile.batch,
    }
    chain = lambda cell: deep_run(cell, Corrected(profile.s, cell["reset"]), piece=16, stop_at=0.02 * cell["m"])
    return {
        name: [chain({**shared, "seed": seed, "reset": reset, "m": m}) for seed in range(profile.seeds)]
        for name, (reset, m) in kinds.items()
    }


def depth_rows(profile: Profile, seen: Seen) -> dict[str, list[list[dict]]]:
    """{network: for each seed a row a layer}, the root mean square of the read-offs' errors with them."""
    return {name: [layer_rows(name, chain, seen) for chain in chains] for name, chains in runs(profile).items()}


def layer_rows(name: str, chain: Chain, seen: Seen) -> list[dict]:
    """A row a layer of one network."""
    cell = {k: v for k, v in chain.cells[0].items() if k not in ("first", "layers")}
    rms = lambda layer: float(np.sqrt(layer["sum_squares"] / cell["batch"] / cell["m"]))
    return [{"name": name, **cell, **layer, "rms": rms(layer)} for layer in layers_of(chain.results(seen))]


def run_finding(name: str, networks: list[list[dict]]) -> Finding:
    """Whether the networks never erred; a control is there to fail."""
    cell, seeds = networks[0][0], len(networks)
    verdict, measured, why = no_wrong_bits(networks, cell["depth"], cell["batch"])
    control = "" if name == "corrected" else " (control, must fail)"
    sizes = f"d = {cell['width']}, m = {cell['m']}, s = {cell['s']}, depth {cell['depth']}"
    span = f"{sizes}, {cell['batch']} inputs, {seeds} seeds"
    return Finding(f"Theorem 8, {name}: no wrong bit at any depth?{control}", span, measured, verdict, why)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Errors through the depth."""
    depth = depth_rows(profile, seen)
    findings = [run_finding(name, networks) for name, networks in depth.items()]
    return Analysis([row for networks in depth.values() for row in networks[0]], findings)


EXPERIMENT = Experiment(
    claim="Theorem 8 (Hänni et al. 2024): with a correction in every layer, sparse circuits of any depth run on "
    "Õ(m^(2/3) s^2) neurons",
    meaning="Errors that grow from layer to layer are cleaned up after each, so a circuit can be as deep as one likes. "
    "Without the correction the same network gives wrong bits after a few layers.",
    profiles=PROFILES,
    tasks=lambda profile: [chain for chains in runs(profile).values() for chain in chains],
    analyse=analyse,
    draw=draw_deep,
    size=(7.5, 6),
)

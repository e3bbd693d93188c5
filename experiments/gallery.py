"""Three compiled networks to look at: what superposition, correction and codes look like from inside.

"features": more features than neurons, every one of them read after a deep circuit; the active ones stand apart.
"depth": the same active features read through the depth of one circuit, with error correction and without.
"codes": how many units two features share, for channels whose overlaps are designed and for random ones.
"""

from collections.abc import Iterator

import jax
import numpy as np

from superposed.circuit import sparse_features
from superposed.codes import coprime_code, host_rng
from superposed.compiler import build
from superposed.constructions.corrected import Corrected
from superposed.deep import run_network
from superposed.figures.circuits import plot_codes, plot_reads_by_depth, plot_spectrum
from superposed.planted import planted_circuit

PROFILES = {
    "tiny": dict(features=dict(width=2**11, m=2**12, depth=3), depth=dict(width=2**13, m=300, layers=6), codes=dict(m=300, units=200)),
    "quick": dict(features=dict(width=2**12, m=2**14, depth=12), depth=dict(width=2**14, m=1500, layers=16), codes=dict(m=3000, units=1000)),
}
PROFILES |= {"standard": PROFILES["quick"], "full": PROFILES["quick"]}
S = 3


def measure(profile: str) -> Iterator[dict]:
    """Rows of a profile: read-offs and overlaps as histograms and lists, each with what it is of."""
    p = PROFILES[profile]
    yield from spectrum(**p["features"])
    yield from reads_by_depth(**p["depth"])
    yield from overlaps(**p["codes"])


def spectrum(width: int, m: int, depth: int) -> Iterator[dict]:
    """How many features read at every multiple of 1/4 in the first and last layers, active and idle, over 20 inputs."""
    circuit, active = planted_circuit(jax.random.key(0), m, S, depth, 20)
    network = build(jax.random.key(1), circuit, width, S)
    for layer, state in enumerate(run_network(network, sparse_features(active, m))):
        if layer in (1, depth):
            read = (state @ network.stages[layer].read).toarray()
            on = read > network.stages[layer].threshold
            for name, values in (("on", read[on]), ("off", read[~on])):
                counts = np.bincount(np.round(values * 4).astype(int), minlength=5)
                yield {"kind": "features", "layer": layer, "width": network.width, "m": m, "inputs": 20, "features": name, "counts": counts.tolist()}


def reads_by_depth(width: int, m: int, layers: int) -> Iterator[dict]:
    """The read-offs of one input's three active features and the highest idle one, layer after layer."""
    circuit, active = planted_circuit(jax.random.key(2), m, S, layers, 1)
    b = sparse_features(active, m)
    for reset in ("round", "identity"):
        network = Corrected(S, reset)(jax.random.key(3), circuit, width)
        truth = active[0]
        for layer, (stage, state) in enumerate(zip(network.stages, run_network(network, b), strict=True)):
            if layer:
                truth = np.flatnonzero(np.isin(circuit.layers[layer - 1].inputs, truth).all(1))
            read = (state @ stage.read).toarray()[0]
            yield {"kind": "depth", "reset": reset, "width": network.width, "m": m, "layer": layer, "active": read[truth].astype(float).tolist(),
                   "highest_idle": float(np.delete(read, truth).max())}


def overlaps(m: int, units: int) -> Iterator[dict]:
    """Pairs of features by the number of units they share: coprime channels, and as many units drawn at random."""
    c, rng = 4, host_rng(jax.random.key(4))
    designed = coprime_code(rng, m, c, units)
    random = np.argsort(rng.random((m, units)), axis=1)[:, :c]
    for name, code in (("coprime", designed), ("random", random)):
        wired = np.zeros((m, units), np.float32)
        np.put_along_axis(wired, code, 1, 1)
        shared = (wired @ wired.T)[np.triu_indices(m, 1)].astype(int)
        yield {"kind": "codes", "code": name, "m": m, "units": units, "c": c, "pairs": np.bincount(shared, minlength=c + 1).tolist()}


def verdict(rows: list[dict]) -> dict:
    """The largest overlap of designed channels, and whether correction kept the active features above one half."""
    own = {row["code"]: int(np.flatnonzero(row["pairs"]).max()) for row in rows if row["kind"] == "codes"}
    lowest = {reset: min(min(r["active"]) for r in rows if r["kind"] == "depth" and r["reset"] == reset) for reset in ("round", "identity")}
    return {"largest_overlap": own, "lowest_active": lowest}


def draw_features(rows: list[dict], figure) -> None:
    plot_spectrum(figure.subplots(), [row for row in rows if row["kind"] == "features"])


def draw_depth(rows: list[dict], figure) -> None:
    plot_reads_by_depth(figure.subplots(), [row for row in rows if row["kind"] == "depth"])


def draw_codes(rows: list[dict], figure) -> None:
    plot_codes(figure.subplots(), [row for row in rows if row["kind"] == "codes"])


def draw(rows: list[dict], figure) -> None:
    """The three pictures side by side."""
    for part, one in zip(figure.subfigures(1, 3), (draw_features, draw_depth, draw_codes)):
        one(rows, part)

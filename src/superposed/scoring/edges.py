"""A recovered circuit against the true one: scored edges between features of neighbouring layers.

An edge leads from a feature of circuit layer l - 1 to a gate of layer l. All pairs of features of neighbouring layers
are candidates. A tool gives scores to some of them; those it does not list rank below all that it does. Edges of equal
score rank in random order, and every number here is the expected one under that order.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, wires
from superposed.scoring.dictionary import check_finite

BUDGETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Shares of the candidate edges that are kept, as in the MIB benchmark (Mueller et al. 2025, arXiv 2504.13151)."""


class Edges(NamedTuple):
    """Scored edges.

    Args:
      ends: a row an edge: source layer, source feature, target layer, target feature. Layer 0 holds the inputs.
      score: the higher, the surer the tool is.
    """

    ends: Int[np.ndarray, "n 4"]
    score: Float[np.ndarray, " n"]


def check_edges(edges: Edges, circuit: Circuit) -> None:
    """Raises InputError for edges that are not edges of this circuit's features, twice the same, or not finite."""
    ends, score = edges
    if ends.ndim != 2 or ends.shape[1] != 4 or not np.issubdtype(ends.dtype, np.integer):
        rule = f"whole numbers, not {ends.dtype}; a row an edge: source layer, source, target layer, target, (n, 4)"
        raise InputError("edges.shape", ends.shape, rule)
    if score.shape != ends.shape[:1]:
        raise InputError("scores.shape", score.shape, f"one score for each edge, ({len(ends)},)")
    check_finite("scores", score)
    widths = np.array(circuit.widths)
    for layer, feature in ((0, 1), (2, 3)):
        known = (ends[:, layer] >= 0) & (ends[:, layer] < len(widths))
        known[known] &= (ends[known, feature] >= 0) & (ends[known, feature] < widths[ends[known, layer]])
        if not known.all():
            row = ends[np.argmin(known)].tolist()
            raise InputError("edges", row, f"layers go from 0 to {len(widths) - 1}, with {widths.tolist()} features")
    if (backwards := ends[:, 0] >= ends[:, 2]).any():
        raise InputError("edges", ends[np.argmax(backwards)].tolist(), "an edge leads to a later layer")
    if len(np.unique(ends, axis=0)) < len(ends):
        raise InputError("edges", f"{len(ends)} rows", "an edge is listed twice; list each once")


def true_edges(circuit: Circuit) -> Edges:
    """Every input of every gate, inhibitors included, with score 1."""
    parts = []
    for layer, gates in enumerate(circuit.layers, start=1):
        gate, slot = np.nonzero(gates.reads >= 0)
        columns = (np.full_like(gate, layer - 1), gates.reads[gate, slot], np.full_like(gate, layer), gate)
        parts.append(np.stack(columns, 1))
    ends = np.concatenate(parts)
    return Edges(ends, np.ones(len(ends)))


def edge_scores(edges: Edges, circuit: Circuit) -> dict[str, float]:
    """How well the scores tell true edges from other candidates.

    Returns:
      auroc: the chance that a true edge scores above a false one, ties counting half (Hanley and McNeil 1982).
      average_precision: sum over thresholds of (R_n - R_{n-1}) P_n, with R the recall and P the precision of all edges
        that score at least the n-th threshold (Davis and Goadrich 2006).
      tpr@B, fpr@B: the share of true edges, and of false ones, among the B best-scored candidates, for each budget B.
      replaced_paths: see `replaced_paths`.

    Raises:
      InputError: edges that are not of this circuit.
    """
    check_edges(edges, circuit)
    near = edges.ends[:, 2] - edges.ends[:, 0] == 1
    truth = true_edges(circuit)
    is_true = np.isin(_names(edges.ends[near], circuit), _names(truth.ends, circuit))
    positives = len(truth.ends)
    candidates = sum(before * after for before, after in zip(circuit.widths, circuit.widths[1:], strict=False))
    _, group = np.unique(-edges.score[near], return_inverse=True)
    groups = group.max(initial=-1) + 1
    tp = np.cumsum(np.bincount(group, is_true, groups))
    fp = np.cumsum(np.bincount(group, ~is_true, groups))
    tp, fp = np.concatenate([[0], tp, [positives]]), np.concatenate([[0], fp, [candidates - positives]])
    tpr, fpr = tp / positives, fp / max(candidates - positives, 1)
    precision = tp[1:] / np.maximum((tp + fp)[1:], 1)
    found = {
        "auroc": float(np.trapezoid(tpr, fpr)) if candidates > positives else float("nan"),
        "average_precision": float((np.diff(tpr) * precision).sum()),
    }
    for budget in BUDGETS:
        found[f"tpr@{budget:.1%}"] = float(np.interp(budget * candidates, tp + fp, tpr))
        found[f"fpr@{budget:.1%}"] = float(np.interp(budget * candidates, tp + fp, fpr))
    return found | {"replaced_paths": replaced_paths(edges, circuit)}


def replaced_paths(edges: Edges, circuit: Circuit) -> float:
    """The share of the circuit's two-hop paths that the tool's graph replaces by a single hop.

    The tool's graph is its E best-scored edges, where E is the number of true edges; all edges that tie with the E-th
    are in it. A path i -> j -> k is replaced where the graph has an edge from i to k, two layers on, and lacks i -> j
    or j -> k. It is NaN for a circuit of one layer.
    """
    if len(circuit.layers) < 2:
        return float("nan")
    n_true = sum(int((gates.reads >= 0).sum()) for gates in circuit.layers)
    kept = edges.ends
    if len(kept) > n_true:
        kept = kept[edges.score >= np.partition(edges.score, -n_true)[-n_true]]
    names, replaced, paths = _names(kept, circuit), 0, 0
    for layer in range(2, len(circuit.layers) + 1):
        middle, first = (wires(circuit.layers[layer - n].reads, circuit.widths[layer - n]).tocoo() for n in (1, 2))
        by_target = sp.csr_array((np.arange(first.nnz), (first.col, first.row)), shape=first.shape[::-1])
        hops = by_target[middle.row]
        i, j, k = hops.indices, np.repeat(middle.row, np.diff(hops.indptr)), np.repeat(middle.col, np.diff(hops.indptr))
        has = lambda source, a, target, b: np.isin(
            _names(np.stack([np.full_like(a, source), a, np.full_like(b, target), b], 1), circuit), names
        )
        direct, one, two = has(layer - 2, i, layer, k), has(layer - 2, i, layer - 1, j), has(layer - 1, j, layer, k)
        replaced, paths = replaced + int((direct & ~(one & two)).sum()), paths + len(i)
    return replaced / paths


def _names(ends: Int[np.ndarray, "n 4"], circuit: Circuit) -> Int[np.ndarray, " n"]:
    """A number for every edge: the places of its two ends among all features of all layers."""
    first = np.concatenate([[0], np.cumsum(circuit.widths)]).astype(np.int64)
    return (first[ends[:, 0]] + ends[:, 1]) * first[-1] + first[ends[:, 2]] + ends[:, 3]


def co_activation(features: list[sp.csr_array]) -> Edges:
    """A floor: an edge scores the cosine between the two features' rows, where they are ever on together.

    Args:
      features: for every layer which features are on, [rows, m], the inputs first.
    """
    ends, scores = [], []
    for layer, (before, after) in enumerate(zip(features, features[1:], strict=False), start=1):
        both = (before.T @ after).tocoo()
        counts = [np.asarray(b.sum(0)).ravel() for b in (before, after)]
        scores.append(both.data / np.sqrt(counts[0][both.row] * counts[1][both.col]))
        ends.append(np.stack([np.full_like(both.row, layer - 1), both.row, np.full_like(both.col, layer), both.col], 1))
    return Edges(np.concatenate(ends).astype(np.int64), np.concatenate(scores))


def on_features(edges: Edges, places: dict[int, Int[np.ndarray, " n"]]) -> Edges:
    """Edges between latents as edges between the true features that they were matched with.

    An end in a layer without an entry in `places` stays as it is. An edge with an unmatched end (-1) is left out.
    """
    ends = edges.ends.copy()
    for layer, place in places.items():
        for column in (0, 2):
            here = ends[:, column] == layer
            if (beyond := ends[here, column + 1] >= len(place)).any():
                rule = f"layer {layer} has {len(place)} latents"
                raise InputError("edges", ends[here][np.argmax(beyond)].tolist(), rule)
            ends[here, column + 1] = place[ends[here, column + 1]]
    matched = (ends[:, (1, 3)] >= 0).all(1)
    return Edges(ends[matched], edges.score[matched])


def score_edges(edges: Edges, circuit: Circuit, features: list[sp.csr_array] | None) -> dict[str, dict[str, float]]:
    """The table of a circuit, {row: {score: value}}: the tool's, the floors, and the true circuit.

    "no edge listed" ranks all candidates at random. "co-activation" is there where the features of a sample are given.
    """
    nothing = Edges(np.zeros((0, 4), np.int64), np.zeros(0))
    rows = {"recovered": edges, "no edge listed": nothing}
    if features is not None:
        rows["co-activation"] = co_activation(features)
    return {name: edge_scores(each, circuit) for name, each in (rows | {"true circuit": true_edges(circuit)}).items()}

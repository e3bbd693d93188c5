"""A recovered dictionary against the true feature directions of a layer.

A dictionary has n decoder directions, one a latent. The truth has m feature directions. A cosine is always taken in
modulus, so that a direction and its negative are the same direction.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment

from superposed.bad_input import InputError

RECOVERED = 0.9  # a feature counts as recovered where some decoder direction has a cosine above this
ROWS = 4096  # activations looked at in one dense array
DIGITS = 12  # cosines are rounded to these: sums in float64 are not exact


class Matching(NamedTuple):
    """Pairs of a true feature and a recovered direction, each used at most once, and their |cosine|."""

    feature: Int[np.ndarray, " pairs"]
    latent: Int[np.ndarray, " pairs"]
    cosine: Float[np.ndarray, " pairs"]


def cosines(
    truth: Float[np.ndarray, "m d"], decoder: Float[np.ndarray, "n d"], precision: type = np.float64
) -> Float[np.ndarray, "m n"]:
    """|cos| of every true direction with every recovered one; 0 for a direction that is zero.

    In float64 a direction and its copy have a cosine of exactly 1. float32 takes half the memory for large tables.
    """
    truth, decoder = truth.astype(precision), decoder.astype(precision)
    table = np.abs(_unit_rows(truth) @ _unit_rows(decoder).T)
    return np.minimum(np.round(table, DIGITS, out=table), 1, out=table)


def _unit_rows(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    norms = np.sqrt(np.einsum("nd,nd->n", x, x))[:, None]
    return x / np.where(norms > 0, norms, 1)


def match(cosine: Float[np.ndarray, "m n"]) -> Matching:
    """The pairs with the largest sum of |cos|: the assignment problem (Kuhn 1955, "the Hungarian method")."""
    feature, latent = linear_sum_assignment(cosine, maximize=True)
    return Matching(feature, latent, cosine[feature, latent])


def direction_scores(cosine: Float[np.ndarray, "m n"]) -> dict[str, float]:
    """How well the directions agree, from all |cos| [m, n].

    Returns:
      mcc: mean |cos| over the min(m, n) matched pairs. "Mean correlation coefficient" in nonlinear ICA (Hyvärinen and
        Morioka 2016), there of latents; of decoder directions as in Song et al. 2025 (arXiv 2505.20254). A
        dictionary of one right direction has mcc = 1: read it together with `recovered`.
      and `nearest_scores`.
    """
    return {"mcc": float(match(cosine).cosine.mean())} | nearest_scores(cosine)


def nearest_scores(cosine: Float[np.ndarray, "m n"]) -> dict[str, float]:
    """The scores of directions that need no matching, whose cost grows as the cube of the number of directions.

    Returns:
      mmcs_true: the mean over true features of the largest |cos| with any recovered direction (mean max cosine
        similarity, Sharkey, Braun and Millidge 2022, "Taking features out of superposition with sparse autoencoders").
      mmcs_dictionary: the same the other way round, a mean over recovered directions.
      uniqueness: the number of different true features that are the nearest one of some recovered direction, divided
        by the number of recovered directions. Duplicates and merged features make it small.
      recovered: the share of true features with |cos| > 0.9 for some recovered direction.
    """
    best_of_feature, best_of_latent = cosine.max(1), cosine.max(0)
    return {
        "mmcs_true": float(best_of_feature.mean()),
        "mmcs_dictionary": float(best_of_latent.mean()),
        "uniqueness": len(np.unique(cosine.argmax(0))) / cosine.shape[1],
        "recovered": float((best_of_feature > RECOVERED).mean()),
    }


def latent_scores(
    latents: Float[np.ndarray, "rows n"], features: sp.csr_array, best: Int[np.ndarray, " n"]
) -> dict[str, float]:
    """How well latents tell on which rows their features are on.

    A latent fires where it is above zero. It is a classifier of its best feature, the one whose direction is nearest.
    A latent that never fires is dead. The means run over the latents that fire; they are 0 where none does.

    Args:
      latents: activations of the dictionary's latents on the sampled rows.
      features: zeros and ones [rows, m], which true features are on.
      best: the best feature of every latent.

    Returns:
      precision, recall, f1: means over latents of TP/(TP + FP), TP/(TP + FN) and 2 TP/(2 TP + FP + FN), 0 where a
        denominator is 0 (van Rijsbergen 1979; of latents against known features as in the SynthSAEBench, 2026).
      l0: latents that fire on a row, the mean over rows.
      dead: the share of latents that never fire.
    """
    n = latents.shape[1]
    hit, fired, on = np.zeros(n), np.zeros(n), np.asarray(features.sum(0)).ravel()[best]
    by_row = features.tocsr()
    for start in range(0, len(latents), ROWS):
        fires = latents[start : start + ROWS] > 0
        truth = by_row[start : start + ROWS].toarray() > 0
        hit += (fires & truth[:, best]).sum(0)
        fired += fires.sum(0)
    alive = fired > 0
    precision, recall = hit / np.maximum(fired, 1), hit / np.maximum(on, 1)
    f1 = 2 * hit / np.maximum(fired + on, 1)
    mean = lambda values: float(values[alive].mean()) if alive.any() else 0.0
    return {
        "precision": mean(precision),
        "recall": mean(recall),
        "f1": mean(f1),
        "l0": float(fired.sum() / len(latents)),
        "dead": float(1 - alive.mean()),
    }


def reconstruction_scores(
    activations: Float[np.ndarray, "rows d"],
    latents: Float[np.ndarray, "rows n"],
    decoder: Float[np.ndarray, "n d"],
    bias: Float[np.ndarray, " d"],
) -> dict[str, float]:
    """How well the dictionary makes the activations again, x_hat = latents @ decoder + bias.

    Returns:
      explained_variance: 1 - sum |x - x_hat|^2 / sum |x - mean x|^2, over rows and neurons. That is 1 minus the
        fraction of variance unexplained.
      shrinkage: gamma = sum |x_hat|^2 / sum <x_hat, x>, the relative reconstruction bias of Rajamanoharan et al. 2024
        (arXiv 2404.16014). Below 1 the reconstruction is too short. It is NaN where x_hat is orthogonal to x.
    """
    mean = activations.mean(0, dtype=np.float64)
    residual = variance = length = overlap = 0.0
    for start in range(0, len(activations), ROWS):
        x = activations[start : start + ROWS].astype(np.float64)
        made = latents[start : start + ROWS].astype(np.float64) @ decoder + bias
        residual += float(((x - made) ** 2).sum())
        variance += float(((x - mean) ** 2).sum())
        length += float((made**2).sum())
        overlap += float((made * x).sum())
    return {
        "explained_variance": 1 - residual / variance if variance else float("nan"),
        "shrinkage": length / overlap if overlap else float("nan"),
    }


def check_dictionary(
    decoder: np.ndarray, latents: np.ndarray | None, bias: np.ndarray | None, d: int, rows: int | None
) -> None:
    """Raises InputError where a dictionary does not fit a layer of d neurons and a sample of this many rows."""
    if decoder.ndim != 2 or decoder.shape[1] != d or not len(decoder):
        way_out = "; transpose it" * (decoder.ndim == 2 and decoder.shape[0] == d)
        raise InputError("decoder.shape", decoder.shape, f"one direction of {d} neurons a row, (latents, {d}){way_out}")
    if bias is not None and bias.shape != (d,):
        raise InputError("bias.shape", bias.shape, f"one number a neuron, ({d},)")
    if latents is not None and rows is None:
        raise InputError("latents.shape", latents.shape, "latents need the sample that they are of; give it too")
    if latents is not None and latents.shape != (rows, len(decoder)):
        rule = f"a row an activation and a column a decoder direction, ({rows}, {len(decoder)})"
        raise InputError("latents.shape", latents.shape, rule)
    for name, value in (("decoder", decoder), ("latents", latents), ("bias", bias)):
        if value is not None:
            check_finite(name, value)


def check_finite(name: str, value: np.ndarray) -> None:
    """Raises InputError unless these are finite floating-point numbers."""
    if not np.issubdtype(value.dtype, np.floating):
        raise InputError(f"{name}.dtype", str(value.dtype), "must be floating-point numbers")
    if not np.isfinite(value).all():
        raise InputError(name, value[~np.isfinite(value)][0], "must be finite; look for a division by zero")

"""The dictionary table: what a tool recovered, between floors and ceilings on the same data.

A score by itself says little: random directions already have a mean max cosine above zero, and some features cannot be
read by any linear probe. So the same scores are computed for dictionaries that know nothing (floors) and for ones that
were given the truth (ceilings).
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float

from superposed.bad_input import InputError
from superposed.scoring.dictionary import (
    ROWS,
    check_dictionary,
    cosines,
    direction_scores,
    latent_scores,
    reconstruction_scores,
)
from superposed.scoring.sample import Sample, from_table
from superposed.scoring.truth import LayerTruth

RIDGE = 1e-3  # of a linear probe, times the mean variance of a neuron


class Dictionary(NamedTuple):
    """Decoder directions, and what the latents did on sampled activations: x_hat = latents @ decoder + bias."""

    decoder: Float[np.ndarray, "n d"]
    latents: Float[np.ndarray, "rows n"] | None = None
    bias: Float[np.ndarray, " d"] | None = None


def score_dictionary(
    truth: LayerTruth, dictionary: Dictionary, sample: Sample | None = None, seed: int = 0
) -> dict[str, dict[str, float]]:
    """The table of a dictionary, {row: {score: value}}, with the rows of `floors` and `ceilings` below its own.

    Scores of directions are always there (`direction_scores`). With the dictionary's latents on a sample there are also
    `latent_scores` and `reconstruction_scores`.

    Raises:
      InputError: wrong width, not finite, or latents that do not fit the sample.
    """
    rows = None if sample is None else len(sample.activations)
    check_dictionary(*dictionary, truth.directions.shape[1], rows)
    if sample is not None and sample.activations.shape[1] != truth.directions.shape[1]:
        rule = f"neurons, but the layer to score has {truth.directions.shape[1]}; sample the same layer"
        raise InputError("sample", f"{sample.activations.shape[1]}", rule)
    on = None if sample is None else from_table(sample.features, len(truth.directions))
    by_latents = dictionary.latents is not None
    size = len(dictionary.decoder)
    active = max(round(float((dictionary.latents > 0).sum(1).mean())) if by_latents else 1, 1)
    references = floors(truth, sample, size, active, seed) | (ceilings(truth, sample, on) if by_latents else {})
    return {
        name: _scores(truth, each, sample if by_latents else None, on)
        for name, each in ({"recovered": dictionary} | references).items()
    }


def _scores(truth: LayerTruth, dictionary: Dictionary, sample: Sample | None, on: sp.csr_array | None):
    cosine = cosines(truth.directions, dictionary.decoder)
    found = direction_scores(cosine)
    if sample is None:
        return found
    latents = dictionary.latents
    bias = np.zeros(dictionary.decoder.shape[1], np.float32) if dictionary.bias is None else dictionary.bias
    found |= latent_scores(latents, on, cosine.argmax(0))
    return found | reconstruction_scores(sample.activations, latents, dictionary.decoder, bias)


def floors(truth: LayerTruth, sample: Sample | None, n: int, active: int, seed: int) -> dict[str, Dictionary]:
    """Dictionaries that know nothing of the features: n random directions, the neurons, the principal components.

    Each is encoded alike: on every row the `active` latents with the largest positive projections keep them, times one
    common factor that makes the reconstruction best. Projections are taken about the mean activation, but for neurons.
    """
    d = truth.directions.shape[1]
    random = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    neurons = np.eye(d, dtype=np.float32)
    if sample is None:
        return {"random directions": Dictionary(random), "neurons": Dictionary(neurons)}
    x = sample.activations
    mean = x.mean(0)
    _, components = np.linalg.eigh(np.cov(x, rowvar=False, bias=True).reshape(d, d))
    components = np.ascontiguousarray(components.T[::-1][: min(n, d)]).astype(np.float32)
    return {
        "random directions": _largest_projections(x, random, mean, active),
        "neurons": _largest_projections(x, neurons, 0 * mean, active),
        "principal components": _largest_projections(x, components, mean, active),
    }


def _largest_projections(x: np.ndarray, decoder: np.ndarray, bias: np.ndarray, active: int) -> Dictionary:
    """The dictionary whose latents are the `active` largest positive projections of a row, scaled by least squares."""
    latents = np.empty((len(x), len(decoder)), np.float32)
    overlap = length = 0.0
    for start in range(0, len(x), ROWS):
        centred = x[start : start + ROWS] - bias
        z = np.maximum(centred @ decoder.T, 0)
        if active < z.shape[1]:
            largest = np.argpartition(-z, active - 1, axis=1)[:, :active]
            kept = np.zeros_like(z)
            np.put_along_axis(kept, largest, np.take_along_axis(z, largest, 1), 1)
            z = kept
        made = z @ decoder
        overlap, length = overlap + float((made * centred).sum()), length + float((made**2).sum())
        latents[start : start + ROWS] = z
    latents *= overlap / length if length else 1
    return Dictionary(decoder, latents, bias)


def ceilings(truth: LayerTruth, sample: Sample, on: sp.csr_array) -> dict[str, Dictionary]:
    """Dictionaries that were given the truth.

    "true dictionary": the true directions, with the true features as latents. "linear probe": a ridge regression of
    each feature on the activations, fitted on one half of the rows and used on the other. It fires above the midpoint
    of its means on rows with and without the feature. Its decoder is the difference of the mean activations of these
    rows (Marks and Tegmark 2023, arXiv 2310.06824).
    """
    return {
        "true dictionary": Dictionary(truth.directions, on.toarray(), None),
        "linear probe": linear_probe(sample.activations, on),
    }


def linear_probe(x: Float[np.ndarray, "rows d"], on: sp.csr_array) -> Dictionary:
    """See `ceilings`. Features that are never on get a probe that never fires and a decoder of zero."""
    latents = np.empty((len(x), on.shape[1]), np.float32)
    halves = [np.arange(0, len(x), 2), np.arange(1, len(x), 2)]
    for fit, use in (halves, halves[::-1]):
        mean, counts = x[fit].mean(0), np.asarray(on[fit].sum(0)).ravel()
        centred = (x[fit] - mean).astype(np.float64)
        covariance = centred.T @ centred / max(len(fit), 1)
        covariance[np.diag_indices_from(covariance)] += RIDGE * np.trace(covariance) / len(covariance) + 1e-12
        cross = (on[fit].T @ centred) / max(len(fit), 1)  # features of mean p have <f - p, x - mean> = <f, x - mean>
        weights = np.linalg.solve(covariance, cross.T)
        of_fit = centred @ weights
        total = of_fit.sum(0)
        active = np.asarray(on[fit].multiply(of_fit).sum(0)).ravel()
        with_feature = active / np.maximum(counts, 1)
        without = (total - active) / np.maximum(len(fit) - counts, 1)
        middle = np.where(counts > 0, (with_feature + without) / 2, np.inf)
        latents[use] = np.maximum((x[use] - mean) @ weights - middle, 0)
    counts = np.asarray(on.sum(0)).ravel()[:, None]
    sums, total = on.T @ x, x.sum(0, dtype=np.float64)
    differences = sums / np.maximum(counts, 1) - (total - sums) / np.maximum(len(x) - counts, 1)
    decoder = np.where(counts > 0, differences, 0).astype(np.float32)
    strength = (latents > 0).astype(np.float32)
    return Dictionary(decoder, strength, (x.mean(0) - strength.mean(0) @ decoder).astype(np.float32))

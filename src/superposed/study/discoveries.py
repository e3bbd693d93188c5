"""Activations with known features, and how much of them a learned dictionary finds."""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from jaxtyping import Array, Float

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, walk
from superposed.circuits.planted import cycle
from superposed.circuits.randomness import host_rng
from superposed.compiler.channels import Channels
from superposed.compiler.deep import read_bits, run_network
from superposed.constructions import Bernoulli
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.scoring.dictionary import cosines, latent_scores, match, nearest_scores
from superposed.scoring.edges import Edges, edge_scores
from superposed.scoring.sample import draw_inputs
from superposed.training.dictionaries import Learned, Learner, centred, latents

SCORED = 2048  # rows on which latents are scored, beside those to learn from
CHANNEL = 4  # neurons that carry a feature
MOST_DRAWN = 8  # inputs drawn for one that is kept, before a network is given up
LISTED = 16  # edges into each latent of a transcoder that are listed


class Data(NamedTuple):
    """Activations of one network, the rows to learn from first, then `SCORED` more.

    Args:
      before: of the layer before (the encoding, for layer 1); None where there is none. activations: of the layer.
      directions, sources: feature directions of the layer, and of the layer before.
      on: which features are on in the scored rows; None where they have no truth of their own.
      wrong: the share of inputs with a wrong bit in this layer. They are left out: all that is kept is provably right.
      circuit: the layer alone, as a circuit.
    """

    before: sp.csr_array | None
    activations: Float[np.ndarray, "rows d"]
    directions: dict[str, Float[np.ndarray, "m d"]]
    sources: sp.csr_array | None
    on: sp.csr_array | None
    wrong: float
    circuit: Circuit | None


@lru_cache(maxsize=1)
def cycle_data(m: int, s: int, layer: int, d: int, apart: bool, rows: int, seeds: int) -> tuple[Data, ...]:
    """For every seed a compiled `cycle` in d neurons, and activations of one layer of it.

    Args:
      apart: every input has four units of its own, outside the d neurons. Otherwise the inputs share d units.
    """
    return tuple(_one_cycle(m, s, layer, d, apart, rows, seed) for seed in range(seeds))


def _one_cycle(m: int, s: int, layer: int, d: int, apart: bool, rows: int, seed: int) -> Data:
    build_key, input_key = jax.random.split(jax.random.key(seed * 1_000_003 + m))
    circuit = cycle(m, layer)
    channels = Channels(s, CHANNEL, encoding_units=CHANNEL * m if apart else None)
    network, rng, n = channels(build_key, circuit, d), host_rng(input_key), rows + SCORED
    before, after, on, n_right, n_drawn = [], [], [], 0, 0
    while n_right < n:
        if n_drawn > MOST_DRAWN * n:
            rule = f"{n_drawn - n_right} of {n_drawn} inputs have wrong bits in {d} neurons; lower it"
            raise InputError("m", m, rule)
        b = draw_inputs(rng, circuit, s, n - n_right + n // 8, layer)
        states, (*_, (_, features)) = list(run_network(network, b)), walk(circuit.layers, b)
        right = np.flatnonzero(abs(read_bits(network.stages[layer], states[layer]) - features).sum(1) == 0)
        for kept, h in ((before, states[layer - 1]), (after, states[layer]), (on, features)):
            kept.append(h[right])
        n_right, n_drawn = n_right + len(right), n_drawn + b.shape[0]
    rows_of = lambda parts: sp.vstack(parts).tocsr()[:n]
    return Data(
        rows_of(before), rows_of(after).toarray().astype(np.float16),
        {"features": network.stages[layer].code.toarray()}, network.stages[layer - 1].code,
        rows_of(on)[n - SCORED :], 1 - n_right / n_drawn, Circuit(m, circuit.layers[-1:]),
    )  # fmt: skip


@lru_cache(maxsize=1)
def uand_data(m: int, s: int, d: int, rows: int, seeds: int) -> tuple[Data, ...]:
    """For every seed a universal AND of m inputs in d neurons (Theorem 1, tuned density), with exactly s inputs on.

    Directions: of an AND the activation when its two inputs alone are on, of an input the difference of the mean
    activations with and without it.
    """
    return tuple(_one_uand(m, s, d, rows, seed) for seed in range(seeds))


def _one_uand(m: int, s: int, d: int, rows: int, seed: int) -> Data:
    build_key, input_key = jax.random.split(jax.random.key(seed * 1_000_003 + m))
    network = Bernoulli()(build_key, Problem(m, s), jnp.int32(d), d)
    active = np.argsort(host_rng(input_key).random((rows + SCORED, m)), 1)[:, :s]
    b = np.zeros((rows + SCORED, m), np.float32)
    np.put_along_axis(b, active, 1, 1)
    run = lambda inputs: np.asarray(program(_activations, 0)(network, inputs))
    a = run(b)
    first, second = np.triu_indices(m, 1)
    pairs = np.zeros((len(first), m), np.float32)
    pairs[np.arange(len(first)), first] = pairs[np.arange(len(first)), second] = 1
    on = b.T @ a / b.sum(0)[:, None]
    off = (1 - b).T @ a / (1 - b).sum(0)[:, None]
    directions = {"inputs": on - off, "ANDs": run(pairs)}
    return Data(None, a.astype(np.float16), directions, None, None, 0, None)


def _activations(network: Network, b: Float[Array, "n m"]) -> Float[Array, "n d"]:
    return jax.vmap(hidden, (None, 0))(network, b)


def activations_of(data: tuple[Data, ...]) -> Float[Array, "seeds rows d"]:
    """The activations of the layer, centred and scaled: the rows to learn from, then the scored ones."""
    return centred(jnp.asarray(np.stack([each.activations for each in data])))


def inputs_of(data: tuple[Data, ...]) -> Float[Array, "seeds rows d_in"]:
    """The same rows of the layer before, which a transcoder reads."""
    return centred(jnp.asarray(np.stack([each.before.toarray().astype(np.float16) for each in data])))


def discovery(data: Data, learned: Learned, learner: Learner, x: Float[Array, "rows d"]) -> dict[str, float]:
    """What one seed's dictionary found: scores of directions against each kind of feature, and of latents.

    Args:
      x: the rows as the learner saw them, the scored ones last.
    """
    decoder, scores = np.asarray(learned.dictionary.decoder), {}
    for kind, directions in data.directions.items():
        cosine = cosines(directions, decoder, np.float32)
        prefix = "" if kind == "features" else f"{kind} "
        scores |= {f"{prefix}{name}": value for name, value in nearest_scores(cosine).items()}
    if data.on is not None:
        z = np.asarray(latents(learned, x[-SCORED:], learner))
        scores |= latent_scores(z, data.on, cosine.argmax(0))
    return scores


def gates_found(data: Data, learned: Learned) -> dict[str, float]:
    """Whether a transcoder's latents read the inputs of their gates: scores of edges into the matched features.

    An edge scores the product of the latent's encoder with the direction of a feature of the layer before. The sixteen
    best edges into each latent are listed.
    """
    cosine = cosines(data.directions["features"], np.asarray(learned.dictionary.decoder))
    matched = match(cosine)
    score = np.asarray(learned.dictionary.encoder)[matched.latent] @ data.sources.T.toarray()
    best = np.argsort(-score, 1)[:, :LISTED]
    target = np.repeat(matched.feature, best.shape[1])
    ends = np.stack([np.zeros_like(target), best.ravel(), np.ones_like(target), target], 1)
    listed = Edges(ends.astype(np.int64), np.take_along_axis(score, best, 1).ravel().astype(np.float64))
    scores = edge_scores(listed, data.circuit)
    return {name: scores[name] for name in ("auroc", "average_precision")}

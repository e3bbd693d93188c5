"""Sparse dictionaries of activations, learned by gradient descent: what interpretability tools are made of.

A dictionary writes activations y as a few of n directions, from x = y (an autoencoder) or from the activations of an
earlier layer x (a transcoder):

    y ~ sum_i z_i D_i + c,     z = f(E x + e) with few entries above zero,     |D_i| = 1
"""

from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, ArrayLike, Float, Int, Key

from superposed.bad_input import InputError
from superposed.program import program

METHODS = ("l1", "topk", "batchtopk", "matching")
CANDIDATES = 4
"""With "batchtopk" a row has at most this many times k latents."""
REVIVED, REVIVAL = 4, 1 / 32
"""Dead latents that model a row's residual in the auxiliary loss, and its weight (Gao et al. 2024: 512 and 1/32)."""
PATIENCE = 20
"""A latent is dead when it has not fired for this many times the steps in which it would fire once if all did alike."""


class Dictionary(NamedTuple):
    """What is learned.

    Args:
      encoder, encoder_bias: E and e; "matching" reads with the decoder and leaves them as they were.
      decoder, bias: D and c.
    """

    encoder: Float[Array, "n d_in"]
    encoder_bias: Float[Array, " n"]
    decoder: Float[Array, "n d_out"]
    bias: Float[Array, " d_out"]


class Learned(NamedTuple):
    """A dictionary with unit directions, and the smallest pre-activation that fires ("batchtopk"; 0 for the others)."""

    dictionary: Dictionary
    threshold: Float[Array, ""]


@dataclass(frozen=True)
class Learner:
    """How a dictionary is learned. All methods minimise the mean of |y - y_hat|^2, by Adam with a linear decay.

    Args:
      method: "l1" has z = ReLU(E x + e) and the loss + penalty * sum z (Bricken et al. 2023). "topk" keeps the k
        largest of them on every row (Gao et al. 2024, arXiv 2406.04093). "batchtopk" keeps the k B largest of a batch
        of B rows (Bussmann et al. 2024, arXiv 2412.06410). "matching" takes k directions one after the other, each
        the one with the largest product with what is left (matching pursuit; Costa et al. 2025, arXiv 2506.03093).
      n: latents.
      k: latents that fire on a row; a mean for "batchtopk".
      steps, batch: gradient steps, rows a step.

    Raises:
      InputError: a field out of its range.
    """

    method: str
    n: int
    k: int | float = 2
    steps: int = 1000
    batch: int = 512

    def __post_init__(self):
        if self.method not in METHODS:
            raise InputError("method", self.method, f"one of {', '.join(METHODS)}")
        for name in ("n", "steps", "batch"):
            if getattr(self, name) < 1:
                raise InputError(name, getattr(self, name), "give 1 or more")
        if not 0 < self.k <= self.n or (self.method != "batchtopk" and self.k != int(self.k)):
            raise InputError("k", self.k, f"from 1 to n = {self.n}, a whole number unless the method is batchtopk")


def learn(
    keys: Key[Array, " seeds"],
    x: Float[Array, "seeds rows d_in"],
    y: Float[Array, "seeds rows d_out"],
    learner: Learner,
    rate: float | Float[ArrayLike, " seeds"] = 3e-3,
    penalty: float | Float[ArrayLike, " seeds"] = 0.0,
) -> Learned:
    """One dictionary for every seed, learned on rows drawn at random; every array has the seeds first.

    Rows should be centred and scaled (`centred`). They may be stored in float16; all sums are in float32.

    Args:
      rate, penalty: the learning rate that decays to 0, and the weight of sum z ("l1" alone); a number a seed, or one
        for all.
    """
    each = lambda value: jnp.broadcast_to(jnp.asarray(value, jnp.float32), keys.shape)
    return program(_learn_all, 1)(learner, keys, x, y, each(rate), each(penalty))


def _learn_all(learner: Learner, keys, x, y, rates, penalties) -> Learned:
    return jax.vmap(partial(_learn_one, learner))(keys, x, y, rates, penalties)


def centred(x: Float[Array, "seeds rows d"]) -> Float[Array, "seeds rows d"]:
    """Rows minus their mean, divided by their root mean square length, for every seed; in float16."""
    x = x.astype(jnp.float32)
    x = x - x.mean(1, keepdims=True)
    return (x / jnp.sqrt((x**2).sum(2).mean(1))[:, None, None]).astype(jnp.float16)


def _learn_one(learner: Learner, key, x, y, rate, penalty) -> Learned:
    start_key, rows_key = jax.random.split(key)
    dictionary = _start(start_key, learner.n, x.shape[1], y.shape[1])
    optimiser = optax.adam(optax.linear_schedule(rate, 0.0, learner.steps))
    dead_after = PATIENCE * learner.n / (learner.k * learner.batch)

    def step(state, step_key):
        dictionary, adam, idle, threshold = state
        rows = jax.random.randint(step_key, (learner.batch,), 0, x.shape[0])
        loss = lambda d: _loss(learner, penalty, d, x[rows].astype(jnp.float32), y[rows].astype(jnp.float32), dead)
        dead = idle > dead_after
        (_, (fired, lowest)), slope = jax.value_and_grad(loss, has_aux=True)(dictionary)
        change, adam = optimiser.update(slope, adam)
        idle = jnp.where(fired, 0, idle + 1)
        return (optax.apply_updates(dictionary, change), adam, idle, 0.98 * threshold + 0.02 * lowest), None

    state = dictionary, optimiser.init(dictionary), jnp.zeros(learner.n, jnp.int32), jnp.float32(0)
    (dictionary, _, _, threshold), _ = jax.lax.scan(step, state, jax.random.split(rows_key, learner.steps))
    return Learned(dictionary._replace(decoder=_unit(dictionary.decoder)), threshold)


def _start(key: Key[Array, ""], n: int, d_in: int, d_out: int) -> Dictionary:
    """Random unit directions; the encoder begins as the decoder where both have the same dimension."""
    decoder_key, encoder_key = jax.random.split(key)
    decoder = _unit(jax.random.normal(decoder_key, (n, d_out)))
    encoder = decoder if d_in == d_out else _unit(jax.random.normal(encoder_key, (n, d_in)))
    return Dictionary(encoder, jnp.zeros(n), decoder, jnp.zeros(d_out))


def _unit(rows: Float[Array, "*n d"]) -> Float[Array, "*n d"]:
    return rows / jnp.maximum(jnp.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def _loss(learner: Learner, penalty, dictionary: Dictionary, x, y, dead):
    """The loss on a batch; which latents fired, and the smallest pre-activation that did."""
    fired = jnp.zeros(learner.n, bool)
    if learner.method == "l1":
        z = jax.nn.relu(_product(x, dictionary.encoder) + dictionary.encoder_bias)
        error = y - (_product(z, _unit(dictionary.decoder).T) + dictionary.bias)
        return (error**2).sum(1).mean() + penalty * z.sum(1).mean(), ((z > 0).any(0), jnp.float32(0))
    chosen, z, lowest = _sparse_latents(learner, dictionary, x, y)
    error = y - (_combine(z, dictionary.decoder, chosen) + dictionary.bias)
    fired = fired.at[chosen].max(z > 0)
    return (error**2).sum(1).mean() + REVIVAL * _revival(dictionary, error, dead), (fired, lowest)


def _product(x: Float[Array, "batch d"], rows: Float[Array, "n d"]) -> Float[Array, "batch n"]:
    """x @ rows.T at the device's fast precision: noise in training is far larger, and nothing is measured with it."""
    return jnp.matmul(x, rows.T, precision="default")


def _sparse_latents(learner: Learner, dictionary: Dictionary, x, y):
    """(latents chosen on each row, their values, the smallest value that counts) for all methods but "l1".

    The choice has no gradient. The values have one, through the rows of the encoder that were chosen: gathering
    them costs far less than a dense product's gradient.
    """
    k = ceil(learner.k)
    if learner.method == "matching":
        chosen, z = _pursue(dictionary, y, k)
        return chosen, z, jnp.float32(0)
    pre = jax.lax.stop_gradient(_product(x, dictionary.encoder) + dictionary.encoder_bias)
    best, chosen = jax.lax.top_k(pre, min(CANDIDATES * k if learner.method == "batchtopk" else k, learner.n))
    z = jax.nn.relu(jnp.einsum("bd,bkd->bk", x, dictionary.encoder[chosen]) + dictionary.encoder_bias[chosen])
    if learner.method == "topk":
        return chosen, z, jnp.float32(0)
    lowest = jax.lax.top_k(best.ravel(), max(round(learner.k * len(x)), 1))[0][-1]
    return chosen, jnp.where(best >= lowest, z, 0), jnp.maximum(lowest, 0)


def _pursue(dictionary: Dictionary, y: Float[Array, "batch d"], k: int):
    """Matching pursuit: k times the direction with the largest product with what is left, which loses its share."""
    directions, left, chosen, z = jax.lax.stop_gradient(_unit(dictionary.decoder)), y - dictionary.bias, [], []
    for _ in range(k):
        index = _product(jax.lax.stop_gradient(left), directions).argmax(1)
        direction = _unit(dictionary.decoder[index])
        amount = jax.nn.relu((left * direction).sum(1))
        left = left - amount[:, None] * direction
        chosen.append(index)
        z.append(amount)
    return jnp.stack(chosen, 1), jnp.stack(z, 1)


def _combine(z: Float[Array, "batch k"], decoder: Float[Array, "n d"], chosen: Int[Array, "batch k"]):
    return jnp.einsum("bk,bkd->bd", z, _unit(decoder[chosen]))


def _revival(dictionary: Dictionary, error: Float[Array, "batch d"], dead):
    """The squared error of modelling the residual by dead latents alone, so that they come back (Gao et al. 2024)."""
    target = jax.lax.stop_gradient(error)
    score = jax.lax.stop_gradient(_product(target, _unit(dictionary.decoder)))
    _, chosen = jax.lax.top_k(jnp.where(dead, score, -jnp.inf), min(REVIVED, len(dead)))
    directions = _unit(dictionary.decoder[chosen])
    z = jax.nn.relu(jnp.einsum("bd,bkd->bk", target, directions)) * dead[chosen]
    return ((target - jnp.einsum("bk,bkd->bd", z, directions)) ** 2).sum(1).mean() * dead.any()


def latents(learned: Learned, x: Float[Array, "rows d_in"], learner: Learner) -> Float[Array, "rows n"]:
    """What every latent does on rows x, for one seed. Fires where above zero."""
    return program(_latents, 1)(learner, learned, x)


def _latents(learner: Learner, learned: Learned, x: Float[Array, "rows d_in"]) -> Float[Array, "rows n"]:
    dictionary, x = learned.dictionary, x.astype(jnp.float32)
    if learner.method == "matching":
        chosen, z = _pursue(dictionary, x, int(learner.k))
        return jnp.zeros((len(x), learner.n)).at[jnp.arange(len(x))[:, None], chosen].add(z)
    pre = jnp.matmul(x, dictionary.encoder.T, precision="highest") + dictionary.encoder_bias
    if learner.method == "topk":
        pre = jnp.where(pre >= jax.lax.top_k(pre, int(learner.k))[0][:, -1:], pre, 0)
    return jnp.where(pre > learned.threshold, pre, 0)

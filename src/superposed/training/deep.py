"""Deep networks that compute a circuit's last layer: trained from a compiled network or from scratch, and narrowed.

    a_0 = E b,   a_l = ReLU(W_l a_(l-1) + b_l),   feature k is on where (R a_L + c)_k > 0

The encoding E stays as the compiler made it. All other numbers are trained. Neurons are removed by a mask, so that
networks of all widths run in one program.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from superposed.bad_input import InputError
from superposed.scoring.export import Affine

EXACT = jax.lax.Precision.HIGHEST


class Deep(NamedTuple):
    """Weights and biases of the ReLU layers, the read-off last; and which neurons of each ReLU layer are there."""

    weights: tuple[Float[Array, "d_out d_in"], ...]
    biases: tuple[Float[Array, " d_out"], ...]
    kept: tuple[Bool[Array, " d"], ...]


class Recipe(NamedTuple):
    """Adam with a linear decay of the rate, on batches of inputs drawn at random from those that are given.

    The loss is the mean square of (R a + c) - (y - 1/2). Bits that are on have half of the weight, and bits that are
    off the other half.
    """

    steps: int = 400
    batch: int = 128
    rate: float = 1e-3


def from_stack(affine: list[Affine]) -> Deep:
    """The network of `scoring.export.stack`, without its encoding."""
    layers = [(jnp.asarray(each.weight), jnp.asarray(each.bias)) for each in affine[1:]]
    weights, biases = zip(*layers, strict=True)
    return Deep(weights, biases, tuple(jnp.ones(len(b), bool) for b in biases[:-1]))


def from_scratch(key: Key[Array, ""], like: Deep) -> Deep:
    """Normal weights of variance 2 / (neurons that are read), biases of zero, in the shape of another network."""
    keys, weights, there = jax.random.split(key, len(like.weights)), [], jnp.ones(like.weights[0].shape[1], bool)
    for layer_key, w, kept in zip(keys, like.weights, (*like.kept, None), strict=True):
        weights.append(jax.random.normal(layer_key, w.shape) * jnp.sqrt(2 / jnp.maximum(there.sum(), 1)) * there)
        there = kept
    return Deep(tuple(weights), tuple(jnp.zeros_like(b) for b in like.biases), like.kept)


def activations(deep: Deep, a: Float[Array, "batch D"]) -> list[Float[Array, "batch d"]]:
    """What every ReLU layer has on encoded inputs, then the read-offs [batch, m]."""
    states = []
    for w, b, kept in zip(deep.weights, deep.biases, deep.kept, strict=False):
        a = jnp.where(kept, jax.nn.relu(jnp.matmul(a, w.T, precision=EXACT) + b), 0)
        states.append(a)
    return [*states, jnp.matmul(a, deep.weights[-1].T, precision=EXACT) + deep.biases[-1]]


def narrowed(deep: Deep, a: Float[Array, "batch D"], width: int | Int[Array, ""]) -> Deep:
    """The network with at most `width` neurons in every ReLU layer.

    Those stay that matter most to the next layer: variance of the activation times the squared length of its outgoing
    weights. The mean activation of the others goes into the biases that they fed.
    """
    hidden = activations(deep, a)[:-1]
    weights, biases, kept = list(deep.weights), list(deep.biases), list(deep.kept)
    for i, layer in enumerate(hidden):
        matters = jnp.where(kept[i], layer.var(0) * (weights[i + 1] ** 2).sum(0), -1)
        rank = jnp.zeros(len(matters), int).at[jnp.argsort(-matters)].set(jnp.arange(len(matters)))
        stays = kept[i] & (rank < width)
        mean = jnp.where(kept[i] & ~stays, layer.mean(0), 0)
        biases[i + 1] = biases[i + 1] + jnp.matmul(weights[i + 1], mean, precision=EXACT)
        weights[i + 1], kept[i] = weights[i + 1] * stays, stays
    return Deep(tuple(weights), tuple(biases), tuple(kept))


def train_deep(
    key: Key[Array, ""], deep: Deep, a: Float[Array, "n D"], y: Float[Array, "n m"], recipe: Recipe
) -> tuple[Deep, Float[Array, ""]]:
    """The network after training on inputs a and the truth y; and the mean loss of the last tenth of the steps.

    Raises:
      InputError: fewer than one step or one input a batch.
    """
    for name in ("steps", "batch"):
        if getattr(recipe, name) < 1:
            raise InputError(name, getattr(recipe, name), "give 1 or more")
    optimiser = optax.adam(optax.linear_schedule(recipe.rate, 0.0, recipe.steps))
    share = y.mean()

    def loss(params, rows):
        out = activations(Deep(*params, deep.kept), a[rows])[-1]
        weight = jnp.where(y[rows] > 0, 0.5 / share, 0.5 / (1 - share))
        return jnp.mean(weight * (out - (y[rows] - 0.5)) ** 2)

    def step(state, step_key):
        params, adam = state
        rows = jax.random.randint(step_key, (recipe.batch,), 0, len(a))
        value, slope = jax.value_and_grad(loss)(params, rows)
        change, adam = optimiser.update(slope, adam)
        return (optax.apply_updates(params, change), adam), value

    params = deep.weights, deep.biases
    (params, _), losses = jax.lax.scan(step, (params, optimiser.init(params)), jax.random.split(key, recipe.steps))
    return Deep(*params, deep.kept), losses[-max(recipe.steps // 10, 1) :].mean()


def wrong_bits(deep: Deep, a: Float[Array, "n D"], y: Float[Array, "n m"]) -> Int[Array, ""]:
    """Read-offs on the wrong side of the threshold, over all inputs given. A read-off that is no number is wrong."""
    out = activations(deep, a)[-1]
    return jnp.sum(~jnp.where(y > 0, out > 0, out <= 0))

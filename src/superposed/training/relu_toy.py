"""The toy of more ReLUs than neurons: does a layer trained with |error|^q share its neurons, or drop half the ReLUs?"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Key

from superposed.program import program

HELD_OUT = 2**15
"""Inputs on which the trained networks are judged."""


class Toy(NamedTuple):
    """y = ReLU(x W) W' is trained to be ReLU(x); each x_i is uniform in (-1, 1) with this chance, else 0. No biases.

    Args:
      features, neurons: how many there are.
      active: chance that a feature is not 0.
      rate: of Adam, constant.

    Source: Bhagat et al. 2026; the set-up of `superposition-phases` (Majny).
    """

    features: int = 100
    neurons: int = 50
    active: float = 0.02
    rate: float = 1e-3

    def dedicated(self, power: int) -> float:
        """The mean of |error|^q of a network that computes as many ReLUs as it has neurons, and none of the others."""
        return (1 - self.neurons / self.features) * self.active * 0.5 / (power + 1)


def loss_ratios(toy: Toy, power: int, steps: int, batch: int, seeds: int) -> list[float]:
    """The loss of trained networks on fresh inputs over that of the dedicated one, for every seed."""
    keys = jax.random.split(jax.random.key(0), seeds)
    return (np.asarray(program(_losses, 4)(toy, power, steps, batch, keys), float) / toy.dedicated(power)).tolist()


def _losses(toy: Toy, power: int, steps: int, batch: int, keys: Key[Array, " n"]) -> Float[Array, " n"]:
    optimiser = optax.adam(toy.rate)

    def loss(weights: tuple[Array, Array], key: Key[Array, ""], n: int) -> Float[Array, ""]:
        value_key, active_key = jax.random.split(key)
        active = jax.random.bernoulli(active_key, toy.active, (n, toy.features))
        x = jnp.where(active, jax.random.uniform(value_key, (n, toy.features), minval=-1.0), 0)
        w_in, w_out = weights
        exact = jax.lax.Precision.HIGHEST
        y = jnp.matmul(jax.nn.relu(jnp.matmul(x, w_in, precision=exact)), w_out, precision=exact)
        return jnp.mean(jnp.abs(y - jax.nn.relu(x)) ** power)

    def of_seed(key: Key[Array, ""]) -> Float[Array, ""]:
        in_key, out_key, step_key, test_key = jax.random.split(key, 4)
        weights = (
            jax.random.normal(in_key, (toy.features, toy.neurons)) / toy.features**0.5,
            jax.random.normal(out_key, (toy.neurons, toy.features)) / toy.neurons**0.5,
        )

        def step(state: tuple, i: Array) -> tuple[tuple, None]:
            weights, inner = state
            update, inner = optimiser.update(jax.grad(loss)(weights, jax.random.fold_in(step_key, i), batch), inner)
            return (optax.apply_updates(weights, update), inner), None

        (weights, _), _ = jax.lax.scan(step, (weights, optimiser.init(weights)), jnp.arange(steps))
        return loss(weights, test_key, HELD_OUT)

    return jax.lax.map(of_seed, keys)

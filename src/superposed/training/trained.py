"""Trained networks: the universal AND found by gradient descent instead of by construction."""

from dataclasses import dataclass
from math import inf
from numbers import Integral
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.rows import random_codes, random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product, SharedMean
from superposed.training.loss import EXACT, choose_pairs, draw_inputs, expected_sizes, pair_loss
from superposed.training.table import PairTable, as_table

OPTIMISERS = {"adam": optax.adam, "adamw": optax.adamw, "sgd": optax.sgd}
SCHEDULES = {
    "constant": lambda rate, steps: optax.constant_schedule(rate),
    "cosine": optax.cosine_decay_schedule,
    "linear": lambda rate, steps: optax.linear_schedule(rate, 0.0, steps),
}
LEAK, LEAKY_PART = 0.1, 5 / 7
"""The leaky activation's slope below zero, and the part of the steps that has it (Busch 2025: 5000 of 7000)."""


class Params(NamedTuple):
    """What is trained.

    Args:
      w, b: of the layer a = ReLU(w x + b).
      read: the code V [d, m] of a factored read-off, or the vectors [C(m, 2), d] of a free one.
    """

    w: Float[Array, "d d_in"]
    b: Float[Array, " d"]
    read: Float[Array, "_ _"]


class State(NamedTuple):
    """A training under way.

    Args:
      params: as they stand.
      optimiser: its own state.
      step: how many steps are done.
      failed_at: the step whose loss was not finite, where the training stopped; -1 while there is none.
    """

    params: Params
    optimiser: optax.OptState
    step: Int[Array, ""]
    failed_at: Int[Array, ""]


@dataclass(frozen=True)
class Trained(Construction):
    """Universal AND by gradient descent on one ReLU layer and its linear read-off.

        a = ReLU(W x + b),   minimise the mean over inputs and pairs of |AND(k, l) - b_k b_l|^q
        factored: AND(k, l) = sum_i V_ik V_il a_i         free: AND(k, l) = r_kl . a

    Theorem 3's sign read-off is a factored one, V = sgn(W) / sqrt(c d); the naive network's is too. A training whose
    loss is no longer finite stops, and its network reads 0 everywhere, so that it passes no criterion.

    Args:
      steps, batch: gradient steps, and inputs a step.
      power: q >= 1.
      weighting: "strata" gives pairs with none, one and both members active a third of the loss each, because criteria
        ask for the worst stratum. "pairs" is the plain mean over pairs: active pairs are so rare in it that a narrow
        network does best by reading 0 everywhere.
      optimiser, schedule, learning_rate: of optax, by name.
      activation: "relu", or "leaky": ReLU with slope 0.1 below zero for the first 5/7 of the steps, ReLU after.
      read_off: "factored" or "free".
      start: None for random weights, or a construction whose weights and read-off training starts from.
      trains: "all", or "read_off" alone.
      inputs: "aligned" for x = b, "superposed" for x = Phi b with random unit codes.
      d_in: dimensions of a superposed input; None takes d_in = width.
      activity: "exact" for exactly s active features, "independent" for each active with probability s/m.
      features: each input is trained on the pairs among this many of its features, the active ones and random idle
        ones, with weights that keep loss and gradient unbiased. None takes all m.

    Raises:
      InputError: a field out of its range.
    """

    steps: int = 1000
    batch: int = 64
    power: int | float = 2
    weighting: str = "strata"
    optimiser: str = "adam"
    schedule: str = "cosine"
    learning_rate: float = 0.03
    activation: str = "relu"
    read_off: str = "factored"
    start: Construction | None = None
    trains: str = "all"
    inputs: str = "aligned"
    d_in: int | None = None
    activity: str = "exact"
    features: int | None = None

    places_features = True
    least_rows = 32

    def __post_init__(self):
        for name, least in (("steps", 1), ("batch", 1), ("d_in", 1), ("features", 4)):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, Integral) and value >= least):
                raise InputError(name, value, f"give {least} or more, a whole number")
        if not 1 <= self.power < inf:
            raise InputError("power", self.power, "give 1 or more")
        if not 0 < self.learning_rate < inf:
            raise InputError("learning_rate", self.learning_rate, "a positive number; try 0.03")
        words = {
            "weighting": ("strata", "pairs"), "optimiser": OPTIMISERS, "schedule": SCHEDULES,
            "activation": ("relu", "leaky"), "read_off": ("factored", "free"), "trains": ("all", "read_off"),
            "inputs": ("aligned", "superposed"), "activity": ("exact", "independent"),
        }  # fmt: skip
        for name, allowed in words.items():
            if (value := getattr(self, name)) not in allowed:
                raise InputError(name, value, f"one of {', '.join(allowed)}")
        if self.start is not None and not isinstance(self.start, Construction):
            raise InputError("start", self.start, "not a construction; leave it out to start from random weights")
        if self.inputs == "aligned" and self.d_in is not None:
            raise InputError("d_in", self.d_in, "aligned inputs have m dimensions; leave it out or use superposed ones")

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        start, _ = self.advance(key, self.begin(key, problem, width, rows), problem, width, self.steps)
        return self.network(key, start, problem, width)

    def check(self, problem: Problem, width: int) -> None:
        """Raises what the construction raises that training starts from."""
        if self.start is not None:
            self.start.check(problem, width)

    def input_dimension(self, problem: Problem, width: int) -> int:
        return self._columns(problem, width)

    def begin(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int) -> State:
        """The state before the first step."""
        _, start_key, _ = jax.random.split(key, 3)
        m, n_in = problem.m, self._columns(problem, rows)
        if self.start is not None:
            params = self._from_start(self.start(start_key, problem, width, rows), m, n_in, rows)
        else:
            w_key, read_key = jax.random.split(start_key)
            w = random_rows(w_key, rows, width, lambda k: jax.random.normal(k, (n_in,)))
            code = random_rows(read_key, rows, width, lambda k: jax.random.normal(k, (m,))) / jnp.sqrt(width)
            read = code if self.read_off == "factored" else jnp.zeros((m * (m - 1) // 2, rows))
            params = Params(w, jnp.zeros(rows), read)
        return State(params, self._optimiser.init(params), jnp.int32(0), jnp.int32(-1))

    def advance(
        self, key: Key[Array, ""], state: State, problem: Problem, width: Width, n_steps: int
    ) -> tuple[State, Float[Array, " steps"]]:
        """The state n_steps later, and the loss before each step. Steps beyond `steps` change nothing."""
        _, _, step_key = jax.random.split(key, 3)
        phi = self.encoding(key, problem, width, state.params.b.shape[0])

        def step(state: State, _: None) -> tuple[State, Array]:
            inputs_key = jax.random.fold_in(step_key, state.step)
            loss, gradient = jax.value_and_grad(self.loss)(state.params, inputs_key, problem, phi, state.step)
            finite = jnp.isfinite(optax.tree.norm(gradient) + loss)
            going = finite & (state.failed_at < 0) & (state.step < self.steps)
            update, optimiser = self._optimiser.update(gradient, state.optimiser, state.params)
            moved = optax.apply_updates(state.params, self._trainable(update, width))
            keep = lambda new, old: jnp.where(going, new, old)
            params, optimiser = jax.tree.map(keep, (moved, optimiser), (state.params, state.optimiser))
            failed_at = jnp.where(finite | (state.failed_at >= 0), state.failed_at, state.step)
            return State(params, optimiser, state.step + 1, failed_at), loss

        return jax.lax.scan(step, state, None, n_steps)

    def loss(
        self, params: Params, key: Key[Array, ""], problem: Problem, phi: Array | None, step: int | Int[Array, ""]
    ) -> Float[Array, ""]:
        """The loss of one batch of inputs."""
        m, s = problem.m, problem.s
        inputs_key, _ = jax.random.split(key)
        inputs = draw_inputs(inputs_key, self.batch, m, s, self.activity)
        expected = expected_sizes(m, s, self.activity)
        scale = 1 / (3 * jnp.maximum(expected, 1e-9)) if self.weighting == "strata" else jnp.full(3, 2 / (m * (m - 1)))
        pairs = choose_pairs(inputs, m, self.features, scale)
        x = inputs.b if phi is None else jnp.matmul(inputs.b, phi.T, precision=EXACT)
        a = jnp.matmul(x, params.w.T, precision=EXACT) + params.b
        leak = jnp.where(step < LEAKY_PART * self.steps, LEAK, 0.0) if self.activation == "leaky" else 0.0
        a = jnp.where(a > 0, a, leak * a)
        return pair_loss(params.read, a, pairs, m, self.read_off == "factored", self.power)

    def network(self, key: Key[Array, ""], state: State, problem: Problem, width: Width) -> Network:
        """The trained network; one that reads 0 everywhere where the training failed."""
        w, b, read = jax.tree.map(lambda x: jnp.where(state.failed_at >= 0, 0.0, x), state.params)
        if self.read_off == "factored":
            read_off = Product(read, jnp.float32(1))
        else:
            read_off = PairTable(read, jnp.arange(problem.m))
        return Network(self.encoding(key, problem, width, b.shape[0]), (Layer((w,), b),), read_off)

    def encoding(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int) -> Array | None:
        """Phi of superposed inputs."""
        if self.inputs == "aligned":
            return None
        code_key, _, _ = jax.random.split(key, 3)
        d_in = width if self.d_in is None else self.d_in
        return random_codes(code_key, self._columns(problem, rows), d_in, problem.m)

    @property
    def _optimiser(self) -> optax.GradientTransformation:
        rate = SCHEDULES[self.schedule](self.learning_rate, self.steps)
        return OPTIMISERS[self.optimiser](rate)

    def _columns(self, problem: Problem, rows: int) -> int:
        if self.inputs == "aligned":
            return problem.m
        return rows if self.d_in is None else self.d_in

    def _trainable(self, update: Params, width: Width) -> Params:
        """The update of what is trained, zero elsewhere and in rows beyond the width."""
        rows = jnp.arange(update.b.shape[0]) < width
        layer = self.trains == "all"
        read = rows[:, None] if self.read_off == "factored" else rows
        return Params(
            jnp.where(rows[:, None] & layer, update.w, 0),
            jnp.where(rows & layer, update.b, 0),
            jnp.where(read, update.read, 0),
        )

    def _from_start(self, network: Network, m: int, n_in: int, rows: int) -> Params:
        """The layer and the read-off of a construction's network."""
        if len(network.layers) != 1 or network.layers[0].w.shape[1] != n_in:
            raise InputError("start", self.start, f"training starts from one layer on {n_in} inputs")
        w, b, read_off = network.layers[0].w, network.layers[0].b, network.read_off
        if self.read_off == "free":
            return Params(w, b, as_table(read_off, m, rows))
        if isinstance(read_off, Product):
            return Params(w, b, read_off.code / jnp.sqrt(read_off.scale))
        if isinstance(
            read_off, SharedMean
        ):  # one scale for all pairs: the mean number of neurons that two features share
            gram = jnp.matmul(read_off.code.T, read_off.code, precision=EXACT)
            shared = (jnp.sum(gram) - jnp.trace(gram)) / (m * (m - 1))
            return Params(w, b, read_off.code / jnp.sqrt(jnp.maximum(shared, 1)))
        raise InputError("start", self.start, 'its read-off has no code; train with read_off="free"')

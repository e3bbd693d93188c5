"""Long trainings of many networks: in pieces, with progress, checkpoints, and every device at work."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int, Key

from superposed.bad_input import InputError
from superposed.networks.network import Network
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.training.checkpoint import load_checkpoint, save_checkpoint
from superposed.training.trained import State, Trained

CHUNK_STEPS = 500
"""Steps of one compiled call; a kill loses at most these."""


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Args:
      step, steps: done, and to do in all.
      loss: of each network, the mean over the last piece.
      failed: numbers of the networks that have stopped at a loss that was not finite.
      seconds_left: at the pace since the start or the resumption.
    """

    step: int
    steps: int
    loss: tuple[float, ...]
    failed: tuple[int, ...]
    seconds_left: float


@dataclass(frozen=True, eq=False)
class Training:
    """Networks that have been trained together.

    Args:
      networks: one each, in the order of the keys.
      losses: before each step [n, steps].
      failed_at: the step at which a network's loss was not finite, -1 where there is none [n].
    """

    networks: list[Network]
    losses: Float[np.ndarray, "n steps"]
    failed_at: Int[np.ndarray, " n"]


def train(
    trained: Trained,
    problem: Problem,
    keys: Sequence[Key[Array, ""]],
    widths: Sequence[int],
    rows: int | None = None,
    *,
    chunk: int = CHUNK_STEPS,
    folder: Path | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Training:
    """Train one network a (key, width) in one compiled program, `chunk` steps a call.

    Networks are what `trained(key, problem, width, rows)` builds for each alone. They are spread over all devices. With
    a folder, the state after each call is kept there; a training that was killed goes on from it to the same result.

    Raises:
      InputError: no network, another number of widths than of keys, a width above `rows`, or a folder that holds the
        checkpoint of another training.
    """
    rows = _checked_rows(keys, widths, rows, chunk)
    n, shape = len(keys), (trained, problem, rows)
    filled = [*range(n)] + [n - 1] * (-n % jax.device_count())  # each device takes the same number of networks
    spread = NamedSharding(Mesh(np.array(jax.devices()), ("network",)), PartitionSpec("network"))
    data = jax.device_put(jnp.stack([jax.random.key_data(keys[i]) for i in filled]), spread)
    width = jax.device_put(jnp.array([widths[i] for i in filled]), spread)
    identity = {
        "trained": repr(trained), "problem": repr(problem), "rows": rows, "widths": list(widths),
        "keys": np.asarray(data)[:n].tolist(), "networks": len(filled),
    }  # fmt: skip
    state = program(_begin, 3)(*shape, data, width)
    losses = np.zeros((len(filled), 0), np.float32)
    if folder is not None and (kept := load_checkpoint(folder, state, identity)) is not None:
        state, losses = jax.device_put(kept[0], spread), kept[1]
    first, started = losses.shape[1], time.monotonic()
    while (done := losses.shape[1]) < trained.steps:
        state, more = program(_advance, 4)(*shape, min(chunk, trained.steps - done), data, width, state)
        losses = np.concatenate([losses, np.asarray(more)], axis=1)
        if folder is not None:
            save_checkpoint(folder, state, losses, identity)
        pace = (time.monotonic() - started) / (losses.shape[1] - first)
        report(_progress(trained.steps, losses[:n], done, np.asarray(state.failed_at)[:n], pace))
    networks = jax.device_get(program(_networks, 3)(*shape, data, width, state))
    split = [jax.tree.map(lambda x, i=i: jnp.asarray(x[i]), networks) for i in range(n)]
    return Training(split, losses[:n], np.asarray(state.failed_at)[:n])


def _checked_rows(keys: Sequence, widths: Sequence[int], rows: int | None, chunk: int) -> int:
    """The rows of the arrays; raises InputError as `train` does."""
    if not keys or len(keys) != len(widths):
        raise InputError("widths", len(widths), f"train one network or more, a width for each of the {len(keys)} keys")
    rows = max(widths) if rows is None else rows
    if not 1 <= min(widths) <= max(widths) <= rows:
        raise InputError("widths", list(widths), f"1 to rows = {rows} neurons")
    if chunk < 1:
        raise InputError("chunk", chunk, "take 1 step a call or more")
    return rows


def _progress(steps: int, losses: np.ndarray, before: int, failed_at: np.ndarray, pace: float) -> Progress:
    """After a piece that began with step `before`, at a pace in seconds a step."""
    failed = tuple(int(i) for i in np.flatnonzero(failed_at >= 0))
    recent = tuple(float(x) for x in losses[:, before:].mean(axis=1))
    return Progress(losses.shape[1], steps, recent, failed, pace * (steps - losses.shape[1]))


def _begin(trained: Trained, problem: Problem, rows: int, data: Array, width: Array) -> State:
    return jax.vmap(lambda k, w: trained.begin(jax.random.wrap_key_data(k), problem, w, rows))(data, width)


def _advance(
    trained: Trained, problem: Problem, rows: int, n_steps: int, data: Array, width: Array, state: State
) -> tuple[State, Array]:
    advance = lambda k, w, state: trained.advance(jax.random.wrap_key_data(k), state, problem, w, n_steps)
    return jax.vmap(advance)(data, width, state)


def _networks(trained: Trained, problem: Problem, rows: int, data: Array, width: Array, state: State) -> Network:
    network = lambda k, w, state: trained.network(jax.random.wrap_key_data(k), state, problem, w)
    return jax.vmap(network)(data, width, state)

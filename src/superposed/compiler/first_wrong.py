"""How deep networks get without a wrong bit: many layers, inputs and networks in one program, over all devices.

Networks and inputs are dealt to devices. Each device makes the weights of its own networks, and so several devices make
the same weights where they share the inputs of one network.
"""

from collections.abc import Sequence
from functools import partial
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from jaxtyping import Array, Int, Key

from superposed.bad_input import InputError
from superposed.devices import even_share, over_devices, wanted_devices
from superposed.program import program

SMALL = 1024  # rows; up to so many, loops would compile longer than they run, unless they run for long
SHORT = 2**20  # rows times layers


@runtime_checkable
class Runs(Protocol):
    """What `first_wrong_layers` runs: a `scanned.Plan`, or a `scanned_channels.ChannelPlan`.

    Hashable. States are pytrees of arrays, and `dealt` says how those of several networks are dealt to devices.
    """

    s: int
    rows: int
    dealt: PartitionSpec

    def start(self, batch: int | None, key: Key[Array, ""], m: Int[Array, ""] | int) -> tuple: ...

    def run(
        self,
        n_layers: int,
        key: Key[Array, ""],
        m: Int[Array, ""] | int,
        first: Int[Array, ""] | int,
        state: tuple,
    ) -> tuple[tuple, Int[Array, "layers batch"]]: ...


def first_wrong_layers(
    plan: Runs,
    m: Sequence[int],
    seeds: Sequence[int],
    depth: int,
    batch: int | None,
    piece: int = 16,
    stop_at: float = 1.0,
    devices: int | None = None,
) -> Int[np.ndarray, "networks batch"]:
    """For each network and input the first layer with a wrong bit, depth + 1 where there is none.

    Runs `piece` layers a program call, and stops once a share `stop_at` of every network's inputs has gone wrong. The
    result is the same for any number of devices.

    Args:
      m, seeds: of each network.
      batch: inputs of each network, a random group of features each. None takes every group once.
      devices: that are used at most; as many as deal out networks and inputs evenly. None takes `DEVICES`, or all.

    Raises:
      InputError: m not a multiple of s, below s or beyond the plan's rows, or below the rows where every group is
        wanted; devices that are not there.
    """
    for n_features in m:
        if n_features % plan.s or not plan.s <= n_features <= plan.rows:
            rule = f"closed groups need a multiple of s = {plan.s} up to rows = {plan.rows}"
            raise InputError("m", n_features, rule)
        if batch is None and n_features < plan.rows:
            raise InputError("m", n_features, f"networks that take every group have m = rows = {plan.rows}")
    keys, m = jax.vmap(jax.random.key)(jnp.array(seeds)), jnp.array(m)
    n, n_inputs = len(seeds), plan.rows // plan.s if batch is None else batch
    by_networks = even_share(n, devices)
    shares = by_networks, even_share(n_inputs, wanted_devices(devices) // by_networks)
    loops = plan.rows > SMALL or plan.rows * depth > SHORT
    state = program(_start_all, 2, loops=loops)(plan, batch, keys, m)
    first = np.full((n, n_inputs), depth + 1)
    for done in range(0, depth, piece):
        state, counts = program(_run_all, 3, loops=loops)(
            plan, min(piece, depth - done), shares, keys, m, jnp.array(done), state
        )
        wrong = np.asarray(counts) > 0  # [networks, layers, inputs]
        here = np.where(wrong.any(1), done + 1 + wrong.argmax(1), depth + 1)
        first = np.minimum(first, here)
        if ((first <= depth).mean(1) >= stop_at).all():
            break
    return first


def _start_all(plan, batch, keys, m):
    return jax.vmap(partial(plan.start, batch))(keys, m)


def _run_all(plan, n_layers, shares, keys, m, first, state):
    """The layers of all networks, each device with its part of them."""
    by_network, counts = PartitionSpec("networks"), PartitionSpec("networks", None, "inputs")
    dealt = over_devices(
        jax.vmap(partial(plan.run, n_layers), (0, 0, None, 0)),
        dict(zip(("networks", "inputs"), shares, strict=True)),
        (by_network, by_network, PartitionSpec(), plan.dealt),
        (plan.dealt, counts),
    )
    return dealt(keys, m, first, state)

"""The compiled programs: a block of networks is built, or its errors are drawn, and tallied.

This is the only place with vmap over cells, `lax.map` and sharding: each device takes its share of the block.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec
from jaxtyping import Array, Bool, Float, Int, Key, UInt

from superposed.constructions.base import Construction
from superposed.devices import over_devices
from superposed.measuring.all_pairs import Bounds
from superposed.measuring.errors import Tally, tally
from superposed.measuring.evaluate import evaluate, holds
from superposed.measuring.sums import Rungs
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem
from superposed.program import program

LOOPS_FROM = 512
"""From so many features on, loops over all pairs gain more than their slower compilation costs (`program`)."""


class Spec(NamedTuple):
    """What one program is compiled for.

    Args:
      construction, m: of every cell.
      rows: of the padded networks; 0 where errors are drawn.
      idle: as in `Sampling`.
      n: inputs a cell and call, or drawn errors a stratum.
      slots: the most active features. Programs are compiled for at most 4, 8, 12, ... of them.
      rungs: the most widths that a pass reads off.
      cell_batch: cells vmapped together.
      devices: local devices that the cells are shared out to.
    """

    construction: Construction
    m: int
    rows: int
    idle: int | None
    n: int
    slots: int
    rungs: int = 1
    cell_batch: int = 1
    devices: int = 1


class Block(NamedTuple):
    """The networks of one call, as arrays.

    Args:
      entropy: 64 bits a network, the key of its randomness.
      s: active features.
      width: the widths at which one network is read off, in rising order. Only the first `n_rungs` count.
      n_rungs: how many that are.
      checked: whether the network is held to what its construction promises; one of a block is enough.
      tuned: the construction's hyper-parameter, None where it has none.
    """

    entropy: UInt[Array, "n 2"]
    s: Int[Array, " n"]
    width: Int[Array, "n r"] | Float[Array, "n r"]
    n_rungs: Int[Array, " n"]
    checked: Bool[Array, " n"]
    tuned: Float[Array, " n"] | None


def n_compilations() -> int:
    """How many programs of networks or drawn errors have been compiled so far in this process."""
    programs = (*(program(f, 1, loops=loops) for f in (_built, _judged) for loops in (False, True)), drawn_program())
    return sum(one._cache_size() for one in programs)


def problem_of(construction: Construction, m: int | Float[Array, ""], s: int | Int[Array, ""]) -> Problem:
    """The universal AND of the construction's fan-in."""
    return Problem(m, s, fan_in=construction.fan_in)


def tuned(
    construction: Construction, m: Float[Array, ""], s: Int[Array, " n"], width: Float[Array, " n"]
) -> Float[Array, " n"] | None:
    """One small program for all m and both modes, instead of a part of every other one."""
    return jax.vmap(lambda s, width: construction.tune(problem_of(construction, m, s), width))(s, width)


def key_of(entropy: UInt[Array, "2"]) -> Key[Array, ""]:
    """The key with these 64 bits, whatever the user's default generator is."""
    return jax.random.wrap_key_data(entropy, impl="threefry2x32")


def drawn_program() -> Callable:
    """The program of drawn errors."""
    return program(_drawn, 1, loops=True)


def built_program(spec: Spec) -> Callable:
    """The program of built networks."""
    return program(_built, 1, loops=spec.idle is None and spec.m >= LOOPS_FROM)


def judged_program(spec: Spec) -> Callable:
    """The program that says which networks have every error within bounds."""
    return program(_judged, 1, loops=spec.m >= LOOPS_FROM)


def _built(
    spec: Spec, block: Block, first_input: Int[Array, ""], orders: Int[Array, "every m"] | None
) -> tuple[Tally, Bool[Array, "n 2"]]:
    def measure_network(
        one: Block, first_input: Int[Array, ""], orders: Int[Array, "every m"] | None
    ) -> tuple[Tally, Bool[Array, "2"]]:
        sampling_key, network, rungs, problem = _network(spec, one)
        tallied = evaluate(
            sampling_key, network, problem, spec.idle, first_input, spec.n,
            slots=spec.slots, rungs=rungs, orders=orders, counted=spec.construction.counted,
        )  # fmt: skip
        return tallied, _breaches(spec, one, network, problem)

    return _over_devices(spec, measure_network, block, first_input, orders)


def _judged(
    spec: Spec, block: Block, bounds: Bounds, orders: Int[Array, "every m"] | None
) -> tuple[Bool[Array, "n r"], Bool[Array, "n 2"]]:
    def judge_network(
        one: Block, bounds: Bounds, orders: Int[Array, "every m"] | None
    ) -> tuple[Bool[Array, " r"], Bool[Array, "2"]]:
        sampling_key, network, rungs, problem = _network(spec, one)
        asked = (jnp.arange(spec.rungs) < one.n_rungs) & (one.width[-1] > 0)
        found = holds(
            sampling_key, network, problem, spec.n, bounds, asked,
            slots=spec.slots, rungs=rungs, orders=orders, counted=spec.construction.counted,
        )  # fmt: skip
        return found, _breaches(spec, one, network, problem)

    return _over_devices(spec, judge_network, block, bounds, orders)


def _network(spec: Spec, one: Block) -> tuple[Key[Array, ""], Network, Rungs | None, Problem]:
    """(key of the inputs, the widest network, the rungs it is read off at, its problem)."""
    build_key, sampling_key = jax.random.split(key_of(one.entropy))
    problem = problem_of(spec.construction, spec.m, one.s)
    build = lambda width: spec.construction(build_key, problem, width, spec.rows, one.tuned)
    network, rungs = build(one.width[-1]), None
    if spec.rungs > 1:
        scale = jax.vmap(lambda width: build(width).read_off.scale)(one.width)
        rungs = Rungs(one.width, scale, one.n_rungs)
    return sampling_key, network, rungs, problem


def _breaches(spec: Spec, one: Block, network: Network, problem: Problem) -> Bool[Array, "2"]:
    """Whether neurons beyond the width take part, and whether `counted` promises too much."""
    check = lambda: jnp.stack([_reaches_beyond(network, problem, one.width[-1]), _miscounted(spec, network, problem)])
    return jax.lax.cond(one.checked, check, lambda: jnp.zeros(2, bool))


def _over_devices(spec: Spec, measure_network: Callable, block: Block, *shared: object) -> object:
    """measure_network(network, *shared) for every network of the block, each device taking its share of them."""
    batch = spec.cell_batch if spec.cell_batch > 1 else None
    share = lambda block, *shared: jax.lax.map(lambda one: measure_network(one, *shared), block, batch_size=batch)
    specs = (PartitionSpec("networks"), *(PartitionSpec() for _ in shared))
    return over_devices(share, {"networks": spec.devices}, specs, specs[0])(block, *shared)


def _reaches_beyond(network: Network, problem: Problem, width: Int[Array, ""]) -> Bool[Array, ""]:
    """Whether neurons from `width` on fire on the input whose first s features are active, or stand in the read-off.

    An array of the read-off belongs to the neurons when its shape is [rows, m] and m is another number than rows.
    """
    a = hidden(network, (jnp.arange(problem.m) < problem.s).astype(jnp.float32))
    rows = a.shape[0]
    surplus = jnp.arange(rows) >= width
    found = jnp.any(surplus & (a != 0))
    for leaf in jax.tree.leaves(network.read_off):
        if leaf.shape == (rows, problem.m) and rows != problem.m:
            found |= jnp.any(surplus[:, None] & (leaf != 0))
    return found


def _miscounted(spec: Spec, network: Network, problem: Problem) -> Bool[Array, ""]:
    """Whether a code or an activation breaks what `counted` promises, on the input whose first s features are active.

    Rows without a neuron have zeros for a code.
    """
    if spec.construction.counted is None:
        return jnp.array(False)
    a, code = hidden(network, (jnp.arange(problem.m) < problem.s).astype(jnp.float32)), network.read_off.code
    on = jnp.abs(code) if spec.construction.counted == "signs" else code
    wrong_code = jnp.any((a > 0)[:, None] & (on != 1) & ((code != 0) | (spec.construction.counted == "signs")))
    return wrong_code | jnp.any((a != jnp.round(a)) | (a < 0) | (a > spec.slots))


def _drawn(spec: Spec, block: Block, m: Float[Array, ""]) -> Tally:
    def draw_network(one: Block, m: Float[Array, ""]) -> Tally:
        problem = problem_of(spec.construction, m, one.s)
        error = spec.construction.draw(key_of(one.entropy), problem, one.width[-1], spec.n, spec.slots, one.tuned)
        exists = ~jnp.isnan(error)
        return jax.vmap(tally)(jnp.where(exists, error, 0), exists)

    return _over_devices(spec, draw_network, block, m)

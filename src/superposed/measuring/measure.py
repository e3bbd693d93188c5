"""Blocks of (seed x width) cells as one compiled program: the only place with vmap over cells and `lax.map`."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from operator import itemgetter
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Bool, Float, Int, Key, UInt

from superposed.bad_input import InputError
from superposed.constructions.base import Construction
from superposed.measuring.all_pairs import Rungs
from superposed.measuring.cell import Cell
from superposed.measuring.errors import Errors, Tally, tally
from superposed.measuring.evaluate import SLOTS, evaluate
from superposed.measuring.sampling import every_order
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem
from superposed.program import check_sums, program

BLOCK = 8
"""Cells of one compiled call; a shorter block is filled up with networks of width 0, which cost almost nothing."""
RUNGS = 16
"""Widths of nested networks that one pass over their neurons reads off."""
OUT_OF_MEMORY = "RESOURCE_EXHAUSTED"
"""What XLA's error says."""
LOOPS_FROM = 512
"""From so many features on, loops over all pairs gain more than their slower compilation costs (`program`)."""
CELL_BYTES = 2**28
"""Weights of the cells that are vmapped together stay below this; wider networks go one after the other."""

DEVICES: ContextVar[int | None] = ContextVar("devices", default=None)
"""How many devices `measure` uses where its caller names no number; None takes all."""


def bucket(width: int, least: int = Construction.least_rows) -> int:
    """Rows of the padded network that holds `width` neurons: the next power of two, at least `least`."""
    return max(least, 1 << (width - 1).bit_length())


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
      width: neurons, at which one network is read off, in rising order; of those, the first `n_rungs` count.
      n_rungs: how many that are.
      tuned: the construction's hyper-parameter, None where it has none.
    """

    entropy: UInt[Array, "n 2"]
    s: Int[Array, " n"]
    width: Int[Array, "n r"] | Float[Array, "n r"]
    n_rungs: Int[Array, " n"]
    tuned: Float[Array, " n"] | None


def measure(
    cells: Sequence[Cell], rows: int | None = None, cell_batch: int | None = None, devices: int | None = None
) -> list[Errors]:
    """The errors of cells that share construction, m, sampling and mode.

    Built cells take one compiled program for each (construction, sampling, m, bucket), drawn ones a single one whatever
    m is, and both another one for every four values of s. Where networks are nested and every pair is looked at, one
    pass over the neurons of the widest network serves up to RUNGS widths of its seed. Results depend on each cell
    alone: not on its neighbours, on `rows`, on `cell_batch` or on `devices`.

    Args:
      cells: what to measure.
      rows: rows of the padded networks, at least the widest cell's; None takes the bucket of that width.
      cell_batch: networks vmapped together, 1 to BLOCK. None takes 1 on a CPU, where more do not pay, and as many as
        fit into CELL_BYTES elsewhere.
      devices: how many of this process's devices to use; None takes DEVICES, or else all. BLOCK cells are shared out
        evenly, so that 1, 2, 4 or 8 of them work.

    Raises:
      InputError: the cells differ in what they must share, an argument is out of range, the construction refuses a
        cell, or it wires neurons beyond the width.
      WrongSums: the first call of a process adds up a known sum, and it comes out wrong.
    """
    if not cells:
        return []
    check_sums()
    first = cells[0]
    _check_shared(cells)
    for problem, width in {(problem_of(first.construction, c.m, c.s), c.width) for c in cells}:
        first.construction.check(problem, width)
    widest = max(c.width for c in cells)
    if rows is not None and rows < widest:
        raise InputError("rows", rows, f"the widest network has {widest} neurons; use as many rows or more")
    rows = bucket(widest, first.construction.least_rows) if rows is None else rows
    cell_batch = _FITTED.get((rows, first.m), _fitting_batch(rows, first.m)) if cell_batch is None else cell_batch
    if not 1 <= cell_batch <= BLOCK:
        raise InputError("cell_batch", cell_batch, f"vmap from 1 to {BLOCK} networks together")
    devices = _even_share(devices)
    errors: dict[int, Errors] = {}
    for towers in _blocks(cells):
        members = [[cells[i] for i in tower] for tower in towers]
        if first.mode == "drawn":
            found = _draw_block(members, devices)
        else:
            found, cell_batch = _build_what_fits(members, rows, cell_batch, devices)
        errors |= zip((i for tower in towers for i in tower), found, strict=True)
    return [errors[i] for i in range(len(cells))]


def _check_shared(cells: Sequence[Cell]) -> None:
    first = cells[0]
    for name in ("construction", "m", "sampling", "mode") + (("s",) if first.sampling.inputs is None else ()):
        for cell in cells:
            if getattr(cell, name) != getattr(first, name):
                raise InputError(
                    name, getattr(cell, name), f"a block shares it, and others have {getattr(first, name)}"
                )


def check_devices(devices: int) -> None:
    """Raises InputError for fewer devices than one, or for more than this process has."""
    there = jax.local_device_count()
    if not 1 <= devices <= there:
        raise InputError("devices", devices, f"this process has {there}; use 1 to {there}, or leave it out for all")


def _even_share(devices: int | None) -> int:
    """The largest divisor of BLOCK among the devices that are wanted."""
    devices = DEVICES.get() if devices is None else devices
    if devices is None:
        devices = jax.local_device_count()
    check_devices(devices)
    return max(n for n in range(1, devices + 1) if BLOCK % n == 0)


def _slots(s: int) -> int:
    return -(-s // SLOTS) * SLOTS


def _blocks(cells: Sequence[Cell]) -> Iterator[list[list[int]]]:
    """At most BLOCK towers at a time that fit one program. A tower is the numbers of cells, by width, one pass
    serves."""
    first = cells[0]
    nested = _read_at_rungs(first)
    networks: dict[object, list[int]] = {}
    for i, cell in enumerate(cells):
        networks.setdefault((cell.seed, cell.s) if nested else i, []).append(i)
    towers = []
    for members in networks.values():
        members.sort(key=lambda i: cells[i].width)
        towers += [members[start : start + RUNGS] for start in range(0, len(members), RUNGS)]
    kind = lambda tower: _slots(cells[tower[0]].s)
    for wanted in dict.fromkeys(map(kind, towers)):
        alike = [tower for tower in towers if kind(tower) == wanted]
        yield from (alike[start : start + BLOCK] for start in range(0, len(alike), BLOCK))


def _read_at_rungs(cell: Cell) -> bool:
    """Whether one pass over a network's neurons reads off every pair at several widths."""
    return cell.mode == "built" and cell.construction.nested and cell.sampling.idle is None


def n_compilations() -> int:
    """How many programs of networks or drawn errors have been compiled so far in this process."""
    programs = (program(_built, 1), program(_built, 1, loops=True), program(_drawn, 1, loops=True))
    return sum(one._cache_size() for one in programs)


def _fitting_batch(rows: int, m: int) -> int:
    if jax.default_backend() == "cpu":
        return 1
    return 1 << int(np.clip(CELL_BYTES // (4 * rows * m), 1, BLOCK)).bit_length() - 1


def _block_of(towers: Sequence[Sequence[Cell]], rungs: int, filler_width: int, dtype: type) -> Block:
    """The networks as arrays of BLOCK entries, filled up with networks of `filler_width` neurons."""
    cells = [tower[0] for tower in towers]
    first, missing = cells[0], BLOCK - len(cells)
    widths = [[c.width for c in tower] for tower in towers] + [[filler_width]] * missing
    s = jnp.asarray(np.array([c.s for c in cells] + [first.s] * missing, np.int32))
    width = jnp.asarray(np.array([w + w[-1:] * (rungs - len(w)) for w in widths], dtype))
    entropy = jnp.asarray(np.array([c.entropy for c in cells] + [first.entropy] * missing, np.uint32))
    n_rungs = jnp.asarray(np.array([len(w) for w in widths], np.int32))
    widest = jnp.maximum(width[:, -1].astype(jnp.float32), 1)
    return Block(entropy, s, width, n_rungs, program(_tuned, 1)(first.construction, jnp.float32(first.m), s, widest))


def problem_of(construction: Construction, m: int | Float[Array, ""], s: int | Int[Array, ""]) -> Problem:
    """The universal AND of the construction's fan-in."""
    return Problem(m, s, fan_in=construction.fan_in)


def _tuned(
    construction: Construction, m: Float[Array, ""], s: Int[Array, " n"], width: Float[Array, " n"]
) -> Float[Array, " n"] | None:
    """One small program for all m and both modes, instead of a part of every other one."""
    return jax.vmap(lambda s, width: construction.tune(problem_of(construction, m, s), width))(s, width)


_FITTED: dict[tuple[int, int], int] = {}
"""(rows, m): the networks vmapped together that this process's device had the memory for."""


def _build_what_fits(
    towers: Sequence[Sequence[Cell]], rows: int, cell_batch: int, devices: int
) -> tuple[list[Errors], int]:
    """(the errors, the batch that fitted): as often as the device is out of memory, half as many networks at once."""
    while True:
        try:
            return _build_block(towers, rows, cell_batch, devices), cell_batch
        except jax.errors.JaxRuntimeError as error:
            if OUT_OF_MEMORY not in str(error) or cell_batch == 1:
                raise
        cell_batch //= 2
        _FITTED[rows, towers[0][0].m] = cell_batch
        warnings.warn(f"the device is out of memory; going on with {cell_batch} networks at once", stacklevel=2)


def _build_block(towers: Sequence[Sequence[Cell]], rows: int, cell_batch: int, devices: int) -> list[Errors]:
    """The errors of every cell of the towers, tower by tower."""
    first = towers[0][0]
    rungs = RUNGS if _read_at_rungs(first) else 1  # for one width too, so that its sums have the same rounding
    problem = problem_of(first.construction, first.m, first.s)
    n_inputs = first.sampling.n_inputs(problem)
    per_call = first.sampling.per_call(problem, n_inputs)
    orders = None if first.sampling.inputs is not None else jnp.asarray(every_order(first.m, first.s))
    block = _block_of(towers, rungs, 0, np.int32)
    calls = []
    for start in range(0, n_inputs, per_call):
        n = min(per_call, n_inputs - start)
        spec = Spec(
            first.construction, first.m, rows, first.sampling.idle, n, _slots(first.s), rungs, cell_batch, devices
        )
        calls.append(_program_of(spec)(spec, block, jnp.asarray(start), orders))
    tallies, breaches = zip(*jax.device_get(calls), strict=True)
    beyond, miscounted = breaches[0][: len(towers)].any(axis=0)
    if miscounted:
        raise InputError(
            "construction", first.construction,
            f"it is marked as counted = {first.construction.counted!r}, but its code or its activations are otherwise; "
            "set `counted = None` in the class",
        )  # fmt: skip
    if beyond:
        raise InputError(
            "construction", first.construction,
            f"neurons beyond the width take part when {rows} rows hold the network; make those rows zero in the layer "
            "and in the read-off (`random_rows` does)",
        )  # fmt: skip
    places = [(i, n) for i, tower in enumerate(towers) for n in range(len(tower))]
    return [Errors.of([jax.tree.map(itemgetter(place), tally) for tally in tallies]) for place in places]


def _draw_block(towers: Sequence[Sequence[Cell]], devices: int) -> list[Errors]:
    first = towers[0][0]
    spec = Spec(first.construction, 0, 0, None, first.sampling.inputs, _slots(first.s), devices=devices)
    block = _block_of(towers, 1, 1, np.float32)
    tallies = jax.device_get(program(_drawn, 1, loops=True)(spec, block, jnp.float32(first.m)))
    return [Errors.of([jax.tree.map(itemgetter(i), tallies)]) for i in range(len(towers))]


def key_of(entropy: UInt[Array, "2"]) -> Key[Array, ""]:
    """The key with these 64 bits, whatever the user's default generator is."""
    return jax.random.wrap_key_data(entropy, impl="threefry2x32")


def _program_of(spec: Spec) -> Callable:
    """The program of built networks."""
    return program(_built, 1, loops=spec.idle is None and spec.m >= LOOPS_FROM)


def _built(
    spec: Spec, block: Block, first_input: Int[Array, ""], orders: Int[Array, "every m"] | None
) -> tuple[Tally, Bool[Array, "n 2"]]:
    def measure_network(
        one: Block, first_input: Int[Array, ""], orders: Int[Array, "every m"] | None
    ) -> tuple[Tally, Bool[Array, "2"]]:
        build_key, sampling_key = jax.random.split(key_of(one.entropy))
        problem, width = problem_of(spec.construction, spec.m, one.s), one.width[-1]
        build = lambda width: spec.construction(build_key, problem, width, spec.rows, one.tuned)
        network, rungs = build(width), None
        if spec.rungs > 1:
            rungs = Rungs(one.width, jax.vmap(lambda width: build(width).read_off.scale)(one.width), one.n_rungs)
        tallied = evaluate(
            sampling_key, network, problem, spec.idle, first_input, spec.n,
            slots=spec.slots, rungs=rungs, orders=orders, counted=spec.construction.counted,
        )  # fmt: skip
        return tallied, jnp.stack([_reaches_beyond(network, problem, width), _miscounted(spec, network, problem)])

    return _over_devices(spec, measure_network, block, first_input, orders)


def _over_devices(spec: Spec, measure_network: Callable, block: Block, *shared: Array | None) -> object:
    """measure_network(network, *shared) for every network of the block, each device taking its share of them."""
    batch = spec.cell_batch if spec.cell_batch > 1 else None
    share = lambda block, *shared: jax.lax.map(lambda one: measure_network(one, *shared), block, batch_size=batch)
    if spec.devices == 1:
        return share(block, *shared)
    mesh = Mesh(np.array(jax.local_devices()[: spec.devices]), ("networks",))
    specs = (PartitionSpec("networks"), *(PartitionSpec() for _ in shared))
    return jax.shard_map(share, mesh=mesh, in_specs=specs, out_specs=specs[0], check_vma=False)(block, *shared)


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

"""Blocks of (seed x width) cells as one compiled program: the only place with vmap over cells and `lax.map`."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt

from superposed.bad_input import InputError
from superposed.constructions.base import Construction
from superposed.measuring.cell import Cell
from superposed.measuring.errors import Errors, Tally, tally
from superposed.measuring.evaluate import evaluate
from superposed.measuring.sampling import every_order
from superposed.networks.network import Network, hidden
from superposed.networks.problem import Problem
from superposed.program import check_sums, program

BLOCK = 8
"""Cells of one compiled call; a shorter block is filled up with networks of width 0, which cost almost nothing."""
S_STEP = 4
"""Programs that draw errors are compiled for at most 4, 8, 12, ... active features; their cost grows with the bound."""
CELL_BYTES = 2**28
"""Weights of the cells that are vmapped together stay below this; wider networks go one after the other."""


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
      cell_batch: cells vmapped together.
      s_max: the most active features of a drawn cell; 0 where networks are built, whose s is traced.
    """

    construction: Construction
    m: int
    rows: int
    idle: int | None
    n: int
    cell_batch: int
    s_max: int


class Block(NamedTuple):
    """The cells of one call, as arrays.

    Args:
      entropy: 64 bits a cell, the key of its randomness.
      s, width: of each cell.
      tuned: the construction's hyper-parameter, None where it has none.
    """

    entropy: UInt[Array, "n 2"]
    s: Int[Array, " n"]
    width: Int[Array, " n"] | Float[Array, " n"]
    tuned: Float[Array, " n"] | None


def measure(cells: Sequence[Cell], rows: int | None = None, cell_batch: int | None = None) -> list[Errors]:
    """The errors of cells that share construction, m, sampling and mode.

    Built cells take one compiled program a (construction, sampling, m, bucket). Drawn ones take one for each four values
    of s, whatever m is. Results depend on each cell alone: not on its neighbours, on `rows` or on `cell_batch`.

    Args:
      cells: what to measure.
      rows: rows of the padded networks, at least the widest cell's; None takes the bucket of that width.
      cell_batch: cells vmapped together, 2 to BLOCK. None takes 2 on a CPU, where more only compile longer, and as many
        as fit into CELL_BYTES elsewhere. (A batch of 1 is another program to XLA, whose sums differ in the last bit.)

    Raises:
      InputError: the cells differ in what they must share, an argument is out of range, the construction refuses a cell,
        or it wires neurons beyond the width.
      WrongSums: the first call of a process adds up a known sum, and it comes out wrong.
    """
    if not cells:
        return []
    check_sums()
    first = cells[0]
    _check_shared(cells)
    for problem, width in {(Problem(c.m, c.s), c.width) for c in cells}:
        first.construction.check(problem, width)
    widest = max(c.width for c in cells)
    if rows is not None and rows < widest:
        raise InputError("rows", rows, f"the widest network has {widest} neurons; use as many rows or more")
    rows = bucket(widest, first.construction.least_rows) if rows is None else rows
    cell_batch = _fitting_batch(rows, first.m) if cell_batch is None else cell_batch
    if not 2 <= cell_batch <= BLOCK:
        raise InputError("cell_batch", cell_batch, f"vmap from 2 to {BLOCK} cells together")
    if first.mode == "drawn":
        return _in_blocks(cells, _draw_block, lambda cell: -(-cell.s // S_STEP) * S_STEP)
    return _in_blocks(cells, lambda block, _: _build_block(block, rows, cell_batch), lambda _: None)


def _check_shared(cells: Sequence[Cell]) -> None:
    first = cells[0]
    for name in ("construction", "m", "sampling", "mode") + (("s",) if first.sampling.inputs is None else ()):
        for cell in cells:
            if getattr(cell, name) != getattr(first, name):
                raise InputError(
                    name, getattr(cell, name), f"a block shares it, and others have {getattr(first, name)}"
                )


def _in_blocks(
    cells: Sequence[Cell], run: Callable[[list[Cell], int | None], list[Errors]], kind: Callable[[Cell], int | None]
) -> list[Errors]:
    """run(at most BLOCK cells of one kind, kind) for all cells, in their order."""
    errors: dict[int, Errors] = {}
    for wanted in dict.fromkeys(map(kind, cells)):
        of_kind = [i for i, cell in enumerate(cells) if kind(cell) == wanted]
        for start in range(0, len(of_kind), BLOCK):
            block = of_kind[start : start + BLOCK]
            errors |= zip(block, run([cells[i] for i in block], wanted), strict=True)
    return [errors[i] for i in range(len(cells))]


def n_compilations() -> int:
    """How many programs of networks or drawn errors have been compiled so far in this process."""
    return program(_built, 1)._cache_size() + program(_drawn, 1, loops=True)._cache_size()


def _fitting_batch(rows: int, m: int) -> int:
    if jax.default_backend() == "cpu":
        return 2
    return 1 << int(np.clip(CELL_BYTES // (4 * rows * m), 2, BLOCK)).bit_length() - 1


def _block_of(cells: Sequence[Cell], filler_width: int, dtype: type) -> Block:
    """The cells as arrays of BLOCK entries, filled up with networks of `filler_width` neurons."""
    first, missing = cells[0], BLOCK - len(cells)
    s = jnp.asarray(np.array([c.s for c in cells] + [first.s] * missing, np.int32))
    width = jnp.asarray(np.array([c.width for c in cells] + [filler_width] * missing, dtype))
    entropy = jnp.asarray(np.array([c.entropy for c in cells] + [first.entropy] * missing, np.uint32))
    tuned = program(_tuned, 1)(first.construction, jnp.float32(first.m), s, jnp.maximum(width.astype(jnp.float32), 1))
    return Block(entropy, s, width, tuned)


def _tuned(
    construction: Construction, m: Float[Array, ""], s: Int[Array, " n"], width: Float[Array, " n"]
) -> Float[Array, " n"] | None:
    """One small program for all m and both modes, instead of a part of every other one."""
    return jax.vmap(lambda s, width: construction.tune(Problem(m, s), width))(s, width)


def _build_block(cells: Sequence[Cell], rows: int, cell_batch: int) -> list[Errors]:
    first = cells[0]
    problem = Problem(first.m, max(c.s for c in cells))
    n_inputs = first.sampling.n_inputs(problem)
    per_call = first.sampling.per_call(problem, n_inputs)
    orders = None if first.sampling.inputs is not None else jnp.asarray(every_order(first.m, first.s))
    block = _block_of(cells, 0, np.int32)
    calls = []
    for start in range(0, n_inputs, per_call):
        n = min(per_call, n_inputs - start)
        spec = Spec(first.construction, first.m, rows, first.sampling.idle, n, cell_batch, 0)
        calls.append(program(_built, 1)(spec, block, jnp.asarray(start), orders))
    calls, beyond = zip(*jax.device_get(calls), strict=True)
    if np.any(beyond[0][: len(cells)]):
        raise InputError(
            "construction", first.construction,
            f"neurons beyond the width take part when {rows} rows hold the network; make those rows zero in the layer "
            "and in the read-off (`random_rows` does)",
        )  # fmt: skip
    return [Errors.of([jax.tree.map(itemgetter(i), call) for call in calls]) for i in range(len(cells))]


def _draw_block(cells: Sequence[Cell], s_max: int) -> list[Errors]:
    first = cells[0]
    spec = Spec(first.construction, 0, 0, None, first.sampling.inputs, 1, s_max)
    block = _block_of(cells, 1, np.float32)
    tallies = jax.device_get(program(_drawn, 1, loops=True)(spec, block, jnp.float32(first.m)))
    return [Errors.of([jax.tree.map(itemgetter(i), tallies)]) for i in range(len(cells))]


def key_of(entropy: UInt[Array, "2"]) -> Key[Array, ""]:
    """The key with these 64 bits, whatever the user's default generator is."""
    return jax.random.wrap_key_data(entropy, impl="threefry2x32")


def _built(
    spec: Spec, block: Block, first_input: Int[Array, ""], orders: Int[Array, "every m"] | None
) -> tuple[Tally, Bool[Array, " n"]]:
    s_max = block.s.max()

    def measure_cell(cell: Block) -> tuple[Tally, Bool[Array, ""]]:
        build_key, sampling_key = jax.random.split(key_of(cell.entropy))
        problem = Problem(spec.m, cell.s)
        network = spec.construction(build_key, problem, cell.width, spec.rows, cell.tuned)
        tallied = evaluate(sampling_key, network, problem, spec.idle, first_input, spec.n, s_max=s_max, orders=orders)
        return tallied, _reaches_beyond(network, problem, cell.width)

    return jax.lax.map(measure_cell, block, batch_size=spec.cell_batch)


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


def _drawn(spec: Spec, block: Block, m: Float[Array, ""]) -> Tally:
    def draw_cell(cell: Block) -> Tally:
        problem = Problem(m, cell.s)
        error = spec.construction.draw(key_of(cell.entropy), problem, cell.width, spec.n, spec.s_max, cell.tuned)
        exists = ~jnp.isnan(error)
        return jax.vmap(tally)(jnp.where(exists, error, 0)[:, None], exists[:, None])

    return jax.lax.map(draw_cell, block)

"""Blocks of (seed x width) cells as one compiled program: the only place with jit, vmap over cells and `lax.map`."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from superposed.errors import Errors, Tally
from superposed.evaluate import evaluate
from superposed.network import CHUNK
from superposed.probe import Probe
from superposed.problem import Problem
from superposed.record import Cell

BLOCK = 8
"""Cells of one compiled call; a shorter block is filled up with networks of width 0, which cost almost nothing."""
CELL_BYTES = 2**28
"""Weights of the cells that are vmapped together stay below this; wider networks go one after the other."""


def bucket(width: int) -> int:
    """Rows of the padded network that holds `width` neurons: the next power of two, at least one chunk."""
    return max(CHUNK, 1 << (width - 1).bit_length())


def measure(cells: Sequence[Cell], rows: int | None = None, cell_batch: int | None = None) -> list[Errors]:
    """The errors of cells that share construction, m and probe, in one compiled program a (m, bucket) pair.

    Results depend on each cell alone: not on its neighbours, on `rows` or on `cell_batch`.

    Args:
      cells: what to measure.
      rows: rows of the padded networks; None takes the bucket of the widest cell.
      cell_batch: cells vmapped together, 2 to BLOCK; None takes 2 on a CPU, where more only compile longer, and as many
        as fit into CELL_BYTES elsewhere. (A batch of 1 is another program to XLA, whose sums differ in the last bit.)

    Raises:
      ValueError: the cells differ in construction, m, probe or mode, or cell_batch is below 2.
    """
    first = cells[0]
    if any((c.construction, c.m, c.probe, c.mode) != (first.construction, first.m, first.probe, first.mode) for c in cells):
        raise ValueError("a block of cells shares construction, m, probe and mode")
    rows = bucket(max(c.width for c in cells)) if rows is None else rows
    cell_batch = _fitting_batch(rows, first.m) if cell_batch is None else cell_batch
    if not 2 <= cell_batch <= BLOCK:
        raise ValueError(f"cell_batch = {cell_batch}: vmap from 2 to {BLOCK} cells together")
    errors = []
    for start in range(0, len(cells), BLOCK):
        errors += _measure_block(cells[start : start + BLOCK], rows, cell_batch)
    return errors


def _fitting_batch(rows: int, m: int) -> int:
    if jax.default_backend() == "cpu":
        return 2
    return 1 << int(np.clip(CELL_BYTES // (4 * rows * m), 2, BLOCK)).bit_length() - 1


def n_compilations() -> int:
    """How many programs have been compiled so far in this process."""
    return _built_block._cache_size()


def _measure_block(cells: Sequence[Cell], rows: int, cell_batch: int) -> list[Errors]:
    first = cells[0]
    s_max = max(c.s for c in cells)
    n_inputs = first.probe.n_inputs(Problem(first.m, s_max))
    per_call = first.probe.per_call(Problem(first.m, s_max), n_inputs)
    column = lambda name, fill: jnp.asarray([getattr(c, name) for c in cells] + [fill] * (BLOCK - len(cells)))
    batches = []
    for start in range(0, n_inputs, per_call):
        batches.append(
            _built_block(
                first.construction, first.m, s_max, rows, first.probe, min(per_call, n_inputs - start), cell_batch,
                column("seed", 0), column("s", first.s), column("width", 0), jnp.asarray(start),
            )  # fmt: skip
        )
    batches = jax.device_get(batches)
    return [Errors.of([jax.tree.map(lambda x: x[i], batch) for batch in batches]) for i in range(len(cells))]


def cell_key(seed: int | Int[Array, ""], m: int, s: int | Int[Array, ""]) -> Array:
    """The key of a cell: independent between seeds, m and s; shared by all widths, whose networks are nested."""
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), m), s)


@partial(jax.jit, static_argnums=range(7))
def _built_block(
    construction, m: int, s_max: int, rows: int, probe: Probe, n_inputs: int, cell_batch: int,
    seeds: Int[Array, " n"], s: Int[Array, " n"], widths: Int[Array, " n"], first_input: Int[Array, ""],
) -> Tally:  # fmt: skip
    def one(cell: tuple[Array, Array, Array]) -> Tally:
        seed, s, width = cell
        build_key, probe_key = jax.random.split(cell_key(seed, m, s))
        problem = Problem(m, s)
        network = construction(build_key, problem, width, rows)
        return evaluate(probe_key, network, problem, probe, s_max, first_input, n_inputs)

    return jax.lax.map(one, (seeds, s, widths), batch_size=cell_batch)

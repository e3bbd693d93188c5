"""Blocks of (seed x width) cells as one compiled program: the only place with jit, vmap over cells and `lax.map`."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt

from superposed.measuring.cell import Cell, describe
from superposed.measuring.errors import Errors, Tally, tally
from superposed.measuring.evaluate import evaluate
from superposed.measuring.sampling import every_order
from superposed.networks.problem import Problem
from superposed.program import program

BLOCK = 8
"""Cells of one compiled call; a shorter block is filled up with networks of width 0, which cost almost nothing."""
LEAST_ROWS = 2048
"""Narrower networks share one program: their empty rows cost less than compiling another."""
S_STEP = 4
"""Programs that draw errors are compiled for at most 4, 8, 12, ... active features; their cost grows with the bound."""
CELL_BYTES = 2**28
"""Weights of the cells that are vmapped together stay below this; wider networks go one after the other."""


def bucket(width: int) -> int:
    """Rows of the padded network that holds `width` neurons: the next power of two, at least LEAST_ROWS."""
    return max(LEAST_ROWS, 1 << (width - 1).bit_length())


def measure(cells: Sequence[Cell], rows: int | None = None, cell_batch: int | None = None) -> list[Errors]:
    """The errors of cells that share construction, m, sampling and mode.

    Built cells take one compiled program a (construction, sampling, m, bucket); drawn ones a single program whatever m is.
    Results depend on each cell alone: not on its neighbours, on `rows` or on `cell_batch`.

    Args:
      cells: what to measure.
      rows: rows of the padded networks; None takes the bucket of the widest cell.
      cell_batch: cells vmapped together, 2 to BLOCK; None takes 2 on a CPU, where more only compile longer, and as many
        as fit into CELL_BYTES elsewhere. (A batch of 1 is another program to XLA, whose sums differ in the last bit.)

    Raises:
      ValueError: the cells differ in construction, m, sampling or mode; cell_batch is below 2; or the construction has no
        drawn law.
    """
    first = cells[0]
    if any(
        (c.construction, c.m, c.sampling, c.mode) != (first.construction, first.m, first.sampling, first.mode)
        for c in cells
    ):
        raise ValueError("a block of cells shares construction, m, sampling and mode")
    if first.sampling.inputs is None and len({c.s for c in cells}) > 1:
        raise ValueError("a block of cells that looks at every input shares s")
    rows = bucket(max(c.width for c in cells)) if rows is None else rows
    cell_batch = _fitting_batch(rows, first.m) if cell_batch is None else cell_batch
    if not 2 <= cell_batch <= BLOCK:
        raise ValueError(f"cell_batch = {cell_batch}: vmap from 2 to {BLOCK} cells together")
    if first.mode == "drawn":
        return _in_blocks(cells, _draw_block, lambda cell: -(-cell.s // S_STEP) * S_STEP)
    return _in_blocks(cells, lambda block, _: _build_block(block, rows, cell_batch), lambda _: None)


def _in_blocks(
    cells: Sequence[Cell], run: Callable[[list[Cell], int | None], list[Errors]], kind: Callable[[Cell], int | None]
) -> list[Errors]:
    """run(at most BLOCK cells of one kind, kind) for all cells, in their order."""
    found: dict[int, Errors] = {}
    for one in dict.fromkeys(map(kind, cells)):
        of_kind = [i for i, cell in enumerate(cells) if kind(cell) == one]
        for start in range(0, len(of_kind), BLOCK):
            block = of_kind[start : start + BLOCK]
            found |= zip(block, run([cells[i] for i in block], one), strict=True)
    return [found[i] for i in range(len(cells))]


def n_compilations() -> int:
    """How many programs have been compiled so far in this process."""
    return program(_built, 6)._cache_size() + program(_drawn, 3, loops=True)._cache_size()


def _fitting_batch(rows: int, m: int) -> int:
    if jax.default_backend() == "cpu":
        return 2
    return 1 << int(np.clip(CELL_BYTES // (4 * rows * m), 2, BLOCK)).bit_length() - 1


def _column(cells: Sequence[Cell], name: str, fill: int, dtype: type = np.int32) -> Array:
    return jnp.asarray(np.array([getattr(c, name) for c in cells] + [fill] * (BLOCK - len(cells)), dtype))


def _build_block(cells: Sequence[Cell], rows: int, cell_batch: int) -> list[Errors]:
    first = cells[0]
    problem = Problem(first.m, max(c.s for c in cells))
    n_inputs = first.sampling.n_inputs(problem)
    per_call = first.sampling.per_call(problem, n_inputs)
    orders = None if first.sampling.inputs is not None else jnp.asarray(every_order(first.m, first.s))
    entropy, s, widths = (
        _column(cells, "entropy", 0, np.uint32),
        _column(cells, "s", first.s),
        _column(cells, "width", 0),
    )
    tuned = _tune(first, s, widths)
    calls = [
        program(_built, 6)(
            first.construction, first.m, rows, first.sampling.idle, min(per_call, n_inputs - start), cell_batch,
            entropy, s, widths, tuned, jnp.asarray(start), orders,
        )
        for start in range(0, n_inputs, per_call)
    ]  # fmt: skip
    calls = jax.device_get(calls)
    return [Errors.of([jax.tree.map(lambda x: x[i], call) for call in calls]) for i in range(len(cells))]


def _draw_block(cells: Sequence[Cell], s_max: int) -> list[Errors]:
    first = cells[0]
    if not hasattr(first.construction, "draw"):
        raise ValueError(f"mode = drawn: {describe(first.construction)['name']} has no drawn law; use --mode built")
    entropy, s, widths = (
        _column(cells, "entropy", 0, np.uint32),
        _column(cells, "s", first.s),
        _column(cells, "width", 1, np.float32),
    )
    call = jax.device_get(
        program(_drawn, 3, loops=True)(
            first.construction,
            s_max,
            first.sampling.inputs,
            entropy,
            jnp.float32(first.m),
            s,
            widths,
            _tune(first, s, widths),
        )
    )
    return [Errors.of([jax.tree.map(lambda x: x[i], call)]) for i in range(len(cells))]


def _tune(cell: Cell, s: Int[Array, " n"], widths: Int[Array, " n"] | Float[Array, " n"]) -> Float[Array, " n"] | None:
    """Hyper-parameters that need no randomness, None where there are none: one small program for all m and both modes,
    instead of a part of every one.
    """
    if not hasattr(cell.construction, "tuned"):
        return None
    return program(_tuned, 1)(cell.construction, jnp.float32(cell.m), s, jnp.maximum(widths.astype(jnp.float32), 1))


def _tuned(
    construction, m: Float[Array, ""], s: Int[Array, " n"], widths: Float[Array, " n"]
) -> Float[Array, " n"] | None:
    return jax.vmap(lambda s, width: construction.tuned(Problem(m, s), width))(s, widths)


def _built(
    construction, m: int, rows: int, idle: int | None, n_inputs: int, cell_batch: int,
    entropy: UInt[Array, " n"], s: Int[Array, " n"], widths: Int[Array, " n"], tuned: Float[Array, " n"] | None,
    first_input: Int[Array, ""], orders: Int[Array, "every m"] | None,
) -> Tally:  # fmt: skip
    s_max = s.max()

    def one(cell: tuple[Array, Array, Array, Array | None]) -> Tally:
        entropy, s, width, p = cell
        build_key, sampling_key = jax.random.split(jax.random.key(entropy))
        problem = Problem(m, s)
        network = construction(build_key, problem, width, rows, *(() if p is None else (p,)))
        return evaluate(sampling_key, network, problem, idle, first_input, n_inputs, s_max=s_max, orders=orders)

    return jax.lax.map(one, (entropy, s, widths, tuned), batch_size=cell_batch)


def _drawn(
    construction, s_max: int, n_events: int,
    entropy: UInt[Array, " n"], m: Float[Array, ""], s: Int[Array, " n"], widths: Float[Array, " n"], tuned: Float[Array, " n"] | None,
) -> Tally:  # fmt: skip
    def one(cell: tuple[Array, Array, Array, Array | None]) -> Tally:
        entropy, s, width, p = cell
        error = construction.draw(
            jax.random.key(entropy), Problem(m, s), width, n_events, s_max, *(() if p is None else (p,))
        )
        exists = ~jnp.isnan(error)
        return jax.vmap(tally)(jnp.where(exists, error, 0)[:, None], exists[:, None])

    return jax.lax.map(one, (entropy, s, widths, tuned))

"""Cells in, errors out: blocks of (seed x width) cells, each block one call of a compiled program."""

import warnings
from collections.abc import Iterator, Sequence
from operator import itemgetter

import jax
import numpy as np
from jaxtyping import Bool

from superposed.bad_input import InputError
from superposed.constructions.base import Construction
from superposed.devices import even_share
from superposed.measuring.cell import Cell
from superposed.measuring.errors import Errors
from superposed.measuring.evaluate import SLOTS
from superposed.measuring.programs import Block, Spec, built_program, drawn_program, problem_of, tuned
from superposed.measuring.sampling import every_order
from superposed.program import check_sums, program

BLOCK = 8
"""Cells of one compiled call; a shorter block is filled up with networks of width 0, which cost almost nothing."""
RUNGS = 16
"""Widths of nested networks that one pass over their neurons reads off."""
OUT_OF_MEMORY = "RESOURCE_EXHAUSTED"
"""What XLA's error says."""
CELL_BYTES = 2**28
"""Weights of the cells that are vmapped together stay below this; wider networks go one after the other."""


def bucket(width: int, least: int = Construction.least_rows) -> int:
    """Rows of the padded network that holds `width` neurons: the next power of two, at least `least`."""
    return max(least, 1 << (width - 1).bit_length())


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
    check_cells(cells)
    first, widest = cells[0], max(c.width for c in cells)
    if rows is not None and rows < widest:
        raise InputError("rows", rows, f"the widest network has {widest} neurons; use as many rows or more")
    rows = bucket(widest, first.construction.least_rows) if rows is None else rows
    cell_batch = _FITTED.get((rows, first.m), _fitting_batch(rows, first.m)) if cell_batch is None else cell_batch
    if not 1 <= cell_batch <= BLOCK:
        raise InputError("cell_batch", cell_batch, f"vmap from 1 to {BLOCK} networks together")
    devices = even_share(BLOCK, devices)
    errors: dict[int, Errors] = {}
    for towers in blocks(cells):
        members = [[cells[i] for i in tower] for tower in towers]
        if first.mode == "drawn":
            found = _draw_block(members, devices)
        else:
            found, cell_batch = _build_what_fits(members, rows, cell_batch, devices)
        errors |= zip((i for tower in towers for i in tower), found, strict=True)
    return [errors[i] for i in range(len(cells))]


def check_cells(cells: Sequence[Cell]) -> None:
    """Raises what `measure` raises for its cells.

    Raises:
      InputError: cells that do not share a program, or that their construction refuses.
      WrongSums: as `measure`.
    """
    check_sums()
    first = cells[0]
    for problem, width in {(problem_of(c.construction, c.m, c.s), c.width) for c in cells}:
        first.construction.check(problem, width)
    for name in ("construction", "m", "sampling", "mode") + (("s",) if first.sampling.inputs is None else ()):
        for cell in cells:
            if getattr(cell, name) != getattr(first, name):
                raise InputError(
                    name, getattr(cell, name), f"a block shares it, and others have {getattr(first, name)}"
                )


def slots_for(s: int) -> int:
    """s rounded up to what programs are compiled for: a multiple of SLOTS active features."""
    return -(-s // SLOTS) * SLOTS


def blocks(cells: Sequence[Cell]) -> Iterator[list[list[int]]]:
    """The towers of the cells, at most BLOCK at a time, those of one program together.

    A tower is a list of cell numbers, in order of width. One pass over a network's neurons serves all of them.
    """
    first = cells[0]
    nested = read_at_rungs(first)
    networks: dict[object, list[int]] = {}
    for i, cell in enumerate(cells):
        networks.setdefault((cell.seed, cell.s) if nested else i, []).append(i)
    towers = []
    for members in networks.values():
        members.sort(key=lambda i: cells[i].width)
        towers += [members[start : start + RUNGS] for start in range(0, len(members), RUNGS)]
    kind = lambda tower: slots_for(cells[tower[0]].s)
    for wanted in dict.fromkeys(map(kind, towers)):
        alike = [tower for tower in towers if kind(tower) == wanted]
        yield from (alike[start : start + BLOCK] for start in range(0, len(alike), BLOCK))


def read_at_rungs(cell: Cell) -> bool:
    """Whether one pass over a network's neurons reads off every pair at several widths."""
    return cell.mode == "built" and cell.construction.nested and cell.sampling.idle is None


def rungs_for(cell: Cell) -> int:
    """The most widths that the cell's program reads off. One width takes the same program, so that sums round alike."""
    return RUNGS if read_at_rungs(cell) else 1


def check_promises(cell: Cell, rows: int, breaches: Bool[np.ndarray, "n 2"]) -> None:
    """Raises InputError where a block's networks were found to break what their construction promises."""
    beyond, miscounted = breaches.any(axis=0)
    if miscounted:
        raise InputError(
            "construction", cell.construction,
            f"it is marked as counted = {cell.construction.counted!r}, but its code or its activations are otherwise; "
            "set `counted = None` in the class",
        )  # fmt: skip
    if beyond:
        raise InputError(
            "construction", cell.construction,
            f"neurons beyond the width take part when {rows} rows hold the network; make those rows zero in the layer "
            "and in the read-off (`random_rows` does)",
        )  # fmt: skip


def _fitting_batch(rows: int, m: int) -> int:
    if jax.default_backend() == "cpu":
        return 1
    return 1 << int(np.clip(CELL_BYTES // (4 * rows * m), 1, BLOCK)).bit_length() - 1


def block_of(towers: Sequence[Sequence[Cell]], rungs: int, filler_width: int = 0, dtype: type = np.int32) -> Block:
    """The networks as arrays of BLOCK entries, filled up with networks of `filler_width` neurons."""
    cells = [tower[0] for tower in towers]
    first, missing = cells[0], BLOCK - len(cells)
    widths = [[c.width for c in tower] for tower in towers] + [[filler_width]] * missing
    s = np.array([c.s for c in cells] + [first.s] * missing, np.int32)
    width = np.array([w + w[-1:] * (rungs - len(w)) for w in widths], dtype)
    entropy = np.array([c.entropy for c in cells] + [first.entropy] * missing, np.uint32)
    n_rungs = np.array([len(w) for w in widths], np.int32)
    widest = np.maximum(width[:, -1].astype(np.float32), 1)
    tuned_to = program(tuned, 1)(first.construction, np.float32(first.m), s, widest)
    return Block(entropy, s, width, n_rungs, np.arange(BLOCK) == 0, tuned_to)


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
    rungs = rungs_for(first)
    problem = problem_of(first.construction, first.m, first.s)
    n_inputs = first.sampling.n_inputs(problem)
    per_call = first.sampling.per_call(problem, n_inputs)
    orders = None if first.sampling.inputs is not None else every_order(first.m, first.s)
    block = block_of(towers, rungs)
    calls = []
    for start in range(0, n_inputs, per_call):
        n = min(per_call, n_inputs - start)
        spec = Spec(
            first.construction, first.m, rows, first.sampling.idle, n, slots_for(first.s), rungs, cell_batch, devices
        )
        calls.append(built_program(spec)(spec, block, np.int32(start), orders))
    tallies, breaches = zip(*jax.device_get(calls), strict=True)
    check_promises(first, rows, breaches[0])
    places = [(i, n) for i, tower in enumerate(towers) for n in range(len(tower))]
    return [Errors.of([jax.tree.map(itemgetter(place), tally) for tally in tallies]) for place in places]


def _draw_block(towers: Sequence[Sequence[Cell]], devices: int) -> list[Errors]:
    first = towers[0][0]
    spec = Spec(first.construction, 0, 0, None, first.sampling.inputs, slots_for(first.s), devices=devices)
    block = block_of(towers, 1, 1, np.float32)
    tallies = jax.device_get(drawn_program()(spec, block, np.float32(first.m)))
    return [Errors.of([jax.tree.map(itemgetter(i), tallies)]) for i in range(len(towers))]

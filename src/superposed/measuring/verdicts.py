"""Verdicts: whether a network has every error within bounds, and nothing else. Looking ends at the first failure.

A verdict is no measurement. It serves one criterion and one eps, so it is never stored.
"""

from collections.abc import Sequence

import jax
import numpy as np

from superposed.devices import even_share
from superposed.measuring.all_pairs import Bounds
from superposed.measuring.cell import Cell
from superposed.measuring.measure import (
    BLOCK,
    block_of,
    blocks,
    bucket,
    check_cells,
    check_promises,
    rungs_for,
    slots_for,
)
from superposed.measuring.programs import Spec, judged_program, key_of, problem_of
from superposed.measuring.sampling import every_order
from superposed.networks.read_off import Coded


def can_judge(cell: Cell, criterion: str) -> bool:
    """Whether a cell's verdict can be had without its errors.

    It can where the criterion asks for every read-off, the sampling looks at every pair of a built network, and
    read-offs are sums over neurons. It cannot on an accelerator, where all inputs are looked at together.
    """
    if criterion not in ("max", "decode") or cell.mode != "built" or cell.sampling.idle is not None:
        return False
    if jax.default_backend() != "cpu" or cell.construction.fan_in > 2:
        return False
    problem = problem_of(cell.construction, cell.m, cell.s)
    build = lambda entropy: cell.construction(key_of(entropy), problem, cell.width, cell.width)
    return isinstance(jax.eval_shape(build, np.zeros(2, np.uint32)).read_off, Coded)


def bounds_of(criterion: str, eps: float) -> Bounds:
    """What `criteria.passes` allows an error to be: below eps in size, or on the right side of 1/2 (decode)."""
    if criterion == "decode":
        return Bounds(np.float32([-np.inf, -np.inf, -0.5]), np.float32([0.5, 0.5, np.inf]))
    bound = np.float32(eps)
    if float(bound) < eps:  # an error is a float32, so it is below eps if it is below the first float32 that is not
        bound = np.nextafter(bound, np.float32(np.inf))
    return Bounds(np.full(3, -bound), np.full(3, bound))


def judge(
    cells: Sequence[Cell], criterion: str, eps: float, rows: int | None = None, devices: int | None = None
) -> list[bool]:
    """`passes(errors, criterion, eps)` for the errors that `measure` finds at each cell, in a part of its time.

    Args:
      cells: what to judge, as for `measure`; `can_judge` holds for them.
      rows, devices: as for `measure`.

    Raises:
      InputError, WrongSums: as `measure`.
    """
    check_cells(cells)
    first = cells[0]
    rows = bucket(max(cell.width for cell in cells), first.construction.least_rows) if rows is None else rows
    n_inputs = first.sampling.n_inputs(problem_of(first.construction, first.m, first.s))
    orders = None if first.sampling.inputs is not None else every_order(first.m, first.s)
    rungs, bounds = rungs_for(first), bounds_of(criterion, eps)
    spec = Spec(
        first.construction, first.m, rows, None, n_inputs, slots_for(first.s), rungs, devices=even_share(BLOCK, devices)
    )
    verdicts: dict[int, bool] = {}
    for towers in blocks(cells):
        block = block_of([[cells[i] for i in tower] for tower in towers], rungs)
        slots = slots_for(cells[towers[0][0]].s)
        holds, breaches = jax.device_get(judged_program(spec)(spec._replace(slots=slots), block, bounds, orders))
        check_promises(first, rows, breaches)
        verdicts |= {i: bool(holds[n, rung]) for n, tower in enumerate(towers) for rung, i in enumerate(tower)}
    return [verdicts[i] for i in range(len(cells))]

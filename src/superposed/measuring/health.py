"""Does this machine measure rightly? Small measurements whose answers are known."""

from superposed.constructions.sign import Rademacher
from superposed.measuring.cell import Cell
from superposed.measuring.measure import BLOCK, measure
from superposed.measuring.sampling import Sampling


def rows_that_depend_on_the_batch() -> int:
    """How many of a few networks give another row when BLOCK of them are vmapped together; 0 is right.

    Rows that differ are not wrong by more than rounding. But a resumed run, or one on other hardware, would not repeat
    them bit for bit.
    """
    cells = [Cell(Rademacher(), 70, 3, 90 + seed, seed, Sampling(20, 16)) for seed in range(BLOCK)]
    together = [errors.to_json() for errors in measure(cells, cell_batch=BLOCK)]
    return sum(row != errors.to_json() for row, errors in zip(together, measure(cells, cell_batch=1), strict=True))

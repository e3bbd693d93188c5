"""When a network counts as computing every AND: pure functions of the errors that were seen."""

import numpy as np

from superposed.bad_input import InputError
from superposed.measuring.errors import EDGES, Errors

CRITERIA = ("max", "q99", "rms", "decode")
"""max: every read-off looked at errs by less than eps. q99: at most 1% of them by eps or more, in the worst stratum.
rms: the root mean square is below eps, in the worst stratum. decode: every bit is right at threshold 1/2."""


def passes(errors: Errors, criterion: str, eps: float) -> bool:
    """Whether the errors meet a criterion at tolerance eps. `decode` has its own threshold and does not use eps.

    Raises:
      InputError: an unknown criterion, or eps <= 0.
    """
    check_criterion(criterion, eps)
    seen = errors.count > 0
    if criterion == "max":
        return bool(np.all(errors.max_abs[seen] < eps))
    if criterion == "q99":
        return bool(np.all(errors.tail(eps)[seen] <= 0.01))
    if criterion == "rms":
        return bool(np.all(errors.rms[seen] < eps))
    off, on = errors.high[:-1][seen[:-1]], errors.low[-1:][seen[-1:]]
    return bool(np.all(off < 0.5) and np.all(on > -0.5))


def check_criterion(criterion: str, eps: float) -> None:
    """Raises InputError for an unknown criterion or an eps that is not a positive number, or too small to be told
    from 0."""
    if criterion not in CRITERIA:
        raise InputError("criterion", criterion, f"one of {', '.join(CRITERIA)}")
    if not EDGES[0] <= eps < np.inf:
        raise InputError("eps", eps, "a tolerance is a number above 6e-8, the resolution of the errors; try 0.5")

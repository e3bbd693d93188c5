"""How much work a question is, before anything is measured: to hand it out, and to plan."""

from superposed.measuring.sampling import Sampling

RUNGS_A_SEARCH = 8
"""About how many widths a search measures."""
EVERY_INPUT = 1000
"""Inputs that a network is taken to have where every one is looked at."""
DRAWN_EVENT = 1e4
"""Multiply-adds that one drawn error is taken for."""


def network_cost(width: float, m: int, s: int, sampling: Sampling, mode: str) -> float:
    """Multiply-adds of one network: its weights and codes once, then its read-offs for each input."""
    inputs = EVERY_INPUT if sampling.inputs is None else sampling.inputs
    if mode == "drawn":
        return DRAWN_EVENT * inputs
    pairs = m * m / 2 if sampling.idle is None else s * m + sampling.idle**2 / 2
    return float(width) * (20.0 * m + inputs * pairs)

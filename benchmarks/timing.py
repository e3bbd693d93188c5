"""How the scripts here time their sides."""

import time
from collections.abc import Callable, Mapping

import jax


def in_turn(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every side's calls. The sides alternate; a first round, which compiles, does not count."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for k in range(rounds + 1):
        for name, side in sides.items():
            started = time.process_time()
            jax.block_until_ready(side())
            if k:
                times[name].append(time.process_time() - started)
    return times

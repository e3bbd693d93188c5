"""Theorem 8's layers in JAX and in SciPy against m, s and the number of inputs: which form is faster where.

    python benchmarks/deep_crossover.py [--small]

Seconds are CPU seconds of a layer, its weights included. SciPy follows what is active. JAX computes every read-off.
"""

import argparse
from itertools import product

from deep_cost import seconds

D, DEPTH = 16384, 2
FEATURES, ACTIVE, INPUTS = (1024, 4096), (2, 4), (1, 10, 100, 1000)


def main() -> None:
    """One row a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="only one small network, to see that it runs")
    small = parser.parse_args().small
    d, sizes = (2048, [(64, 2, 1)]) if small else (D, product(FEATURES, ACTIVE, INPUTS))
    print(f"| m (d = {d:,}) | s | inputs | SciPy, s | JAX, s | SciPy / JAX |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    for m, s, batch in sizes:
        scipy, jax = (seconds("Theorem 8", form, d, m, DEPTH, s, batch) for form in ("scipy", "scattered"))
        print(f"| {m:,} | {s} | {batch:,} | {scipy:.3g} | {jax:.3g} | {scipy / jax:.2f} |", flush=True)


if __name__ == "__main__":
    main()

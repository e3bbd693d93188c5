"""Time and memory of deep networks against m, d and depth: seconds of one circuit layer, and the peak of the process.

    python benchmarks/deep_cost.py [--small]

"Theorem 8": 10 inputs, in JAX with sums scattered and dense, and in SciPy. A layer costs m A (A = sqrt(d/s) neurons a
gate), and its code m n. "channels": 10 inputs, in JAX and in SciPy. Seconds are CPU seconds after compilation, the
better of two runs; the SciPy form is built and run, as a layer is used once. Every row is a process of its own, so that
its peak of memory is its own.
"""

import argparse
import resource
import subprocess
import sys
import time
from itertools import product

import jax

from superposed.circuits.circuit import sparse_features
from superposed.circuits.planted import group_features, group_layers
from superposed.compiler.channels import Channels
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import errors_by_depth
from superposed.compiler.first_wrong import first_wrong_layers
from superposed.compiler.scanned import Plan
from superposed.compiler.scanned_channels import channel_plan
from superposed.theory.density_evolution import Design

S, BATCH = 2, 10
SIZES = {
    "Theorem 8": ((8192, 2048), (16384, 8192), (32768, 8192), (32768, 24_000), (65536, 60_000)),
    "channels": ((1024, 4096), (4096, 16_384), (4096, 49_152), (16384, 131_072)),
}
FORMS = {"Theorem 8": ("scattered", "dense", "scipy"), "channels": ("jax", "scipy")}


def seconds(kind: str, form: str, d: int, m: int, depth: int, s: int = S, batch: int = BATCH) -> float:
    """CPU seconds of a circuit layer."""
    if form == "scipy":
        construction = Corrected(s) if kind == "Theorem 8" else Channels(s, 4)
        keys = jax.random.split(jax.random.key(0), 3)
        inputs = sparse_features(group_features(keys[0], m, s, batch), m)
        start = time.process_time()
        stages = construction.stages(keys[2], group_layers(keys[1], m, s, depth), m, d)
        for _ in errors_by_depth(stages, group_layers(keys[1], m, s, depth), inputs):
            pass
        return (time.process_time() - start) / depth
    plan = Plan(Design(d, s), m, form=form) if kind == "Theorem 8" else channel_plan(d, 4, s, m)
    taken = []
    for _ in range(3):  # the first compiles
        start = time.process_time()
        first_wrong_layers(plan, [m], [0], depth, batch, piece=depth)
        taken.append((time.process_time() - start) / depth)
    return min(taken[1:])


def row(*arguments: str) -> str:
    """A table row, measured in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--one", *arguments], stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or f"| {' | '.join(arguments)} | not run | |"


def main() -> None:
    """The table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="only the smallest sizes, to see that it runs")
    parser.add_argument("--one", nargs=5, metavar=("KIND", "FORM", "D", "M", "DEPTH"), help="one row")
    args = parser.parse_args()
    if args.one:
        kind, form, d, m, depth = args.one[:2] + [int(n) for n in args.one[2:]]
        taken = seconds(kind, form, d, m, depth)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"| {kind} | {form} | {d:,} | {m:,} | {depth} | {taken:.3g} | {peak:.2f} |")
        return
    print(f"{BATCH} inputs, s = {S}, {jax.devices()[0].device_kind}\n")
    print("| network | form | d | m | depth | CPU seconds a layer | peak GiB |\n|---|---|---|---|---|---|---|")
    for kind, sizes in SIZES.items():
        for (d, m), form in product(sizes[: 1 if args.small else None], FORMS[kind]):
            print(row(kind, form, str(d), str(m), "4"), flush=True)
    if not args.small:  # memory does not grow with the depth
        for depth in (64, 1024):
            print(row("Theorem 8", "scattered", "8192", "2048", str(depth)), flush=True)
        for depth in (16, 64):
            print(row("channels", "jax", "4096", "16384", str(depth)), flush=True)


if __name__ == "__main__":
    main()

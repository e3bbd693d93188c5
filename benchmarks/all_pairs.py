"""All C(m, 2) read-offs of a batch of inputs with their statistics, against the machine's matrix-product peak.

Useful operations: two for every active neuron, pair and input. The peak is a product of two 2048 x 2048 matrices in the
same precision, timed between the calls. A naive script is timed as well: for each input one product over every neuron,
with statistics in NumPy. The limit is arithmetic: V is read once for each chunk of neurons.

Run: python benchmarks/all_pairs.py [--m 1024] [--d 2048] [--rounds 5]. Medians over rounds that alternate the sides.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from superposed.constructions import Rademacher
from superposed.measuring.evaluate import evaluate
from superposed.measuring.sampling import random_order
from superposed.networks.network import hidden
from superposed.networks.problem import Problem
from superposed.program import program

S, INPUTS, SIDE = 3, 16, 2048
EXACT = jax.lax.Precision.HIGHEST


def seconds_of(function: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - started


def main() -> None:
    """Time the sides in turn and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--m", type=int, default=1024)
    parser.add_argument("--d", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    problem, key = Problem(args.m, S), jax.random.key(0)
    network = Rademacher()(key, problem, args.d, args.d)
    orders = [random_order(jax.random.fold_in(key, i), args.m) for i in range(INPUTS)]
    inputs = jnp.zeros((INPUTS, args.m)).at[jnp.arange(INPUTS)[:, None], jnp.array(orders)[:, :S]].set(1)
    active = int((jax.vmap(hidden, (None, 0))(network, inputs) != 0).sum())
    k, l = np.triu_indices(args.m, 1)
    matrix = jax.random.normal(key, (SIDE, SIDE))

    package = program(lambda network: evaluate(key, network, problem, None, 0, INPUTS, slots=4))
    square = program(lambda x: jnp.matmul(x, x, precision=EXACT))
    block = program(lambda network, b: pair_products(network, b))

    def script() -> None:
        for b in inputs:
            error = np.asarray(block(network, b))[k, l] / network.read_off.scale - np.asarray(b[k] * b[l])
            np.histogram(np.abs(error), bins=640)

    sides = {"package": lambda: package(network), "peak": lambda: square(matrix), "script": script}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side()
    for _ in range(args.rounds):
        for name, side in sides.items():
            times[name].append(seconds_of(side))
    useful, whole = 2 * active * len(k), 2 * SIDE**3
    fraction = statistics.median(
        useful / ours / (whole / peak) for ours, peak in zip(times["package"], times["peak"], strict=True)
    )
    package_s, script_s = statistics.median(times["package"]), statistics.median(times["script"])
    print(
        f"m = {args.m}, d = {args.d}, {INPUTS} inputs, {INPUTS * len(k):,} read-offs, {active:,} active neurons in all"
    )
    print(f"peak     {whole / statistics.median(times['peak']) / 1e9:8.1f} Gflop/s")
    print(f"package  {useful / package_s / 1e9:8.1f} useful Gflop/s, {fraction:.0%} of the peak, {package_s:.3f} s")
    print(f"script   {script_s:.3f} s, {script_s / package_s:.1f} times as long")


def pair_products(network, b):
    """V^T diag(a) V over every neuron."""
    code = network.read_off.code
    return jnp.matmul(code.T, hidden(network, b)[:, None] * code, precision=EXACT)


if __name__ == "__main__":
    main()

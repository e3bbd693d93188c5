"""All C(m, 2) read-offs of a batch of inputs with their statistics, against the machine's matrix-product peak.

Useful operations: two for every active neuron, pair and input. The peak is a product of two 2048 x 2048 matrices in the
same precision, timed between the calls. The package adds up in two ways: counting bits, which it does where codes are
signs and activations are whole numbers, and multiplying, which it does elsewhere. Counting may pass the peak of the
product. A naive script is timed as well: for each input one product over every neuron, with statistics in NumPy.
Seconds are those of this process's CPU time, so that other processes do not count.

Run: python benchmarks/all_pairs.py [--m 1024] [--d 2048] [--rounds 5]. Medians over rounds that alternate the sides.
"""

import argparse
import statistics

import jax
import jax.numpy as jnp
import numpy as np
from timing import in_turn

from superposed.constructions import Rademacher
from superposed.measuring.evaluate import evaluate
from superposed.measuring.sampling import random_order
from superposed.networks.network import hidden
from superposed.networks.problem import Problem
from superposed.program import program

S, INPUTS, SIDE = 3, 16, 2048
EXACT = jax.lax.Precision.HIGHEST


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

    read_all = lambda counted: program(
        lambda network: evaluate(key, network, problem, None, 0, INPUTS, slots=4, counted=counted), loops=True
    )
    bits, products = read_all("signs"), read_all(None)
    square = program(lambda x: jnp.matmul(x, x, precision=EXACT))
    block = program(lambda network, b: pair_products(network, b))

    def script() -> None:
        for b in inputs:
            error = np.asarray(block(network, b))[k, l] / network.read_off.scale - np.asarray(b[k] * b[l])
            np.histogram(np.abs(error), bins=640)

    sides = {
        "bits": lambda: bits(network), "products": lambda: products(network), "peak": lambda: square(matrix),
        "script": script,
    }  # fmt: skip
    times = in_turn(sides, args.rounds)
    useful, whole = 2 * active * len(k), 2 * SIDE**3
    print(
        f"m = {args.m}, d = {args.d}, {INPUTS} inputs, {INPUTS * len(k):,} read-offs, {active:,} active neurons in all"
    )
    print(f"peak      {whole / statistics.median(times['peak']) / 1e9:8.1f} Gflop/s")
    for name in ("bits", "products"):
        fraction = statistics.median(
            useful / ours / (whole / peak) for ours, peak in zip(times[name], times["peak"], strict=True)
        )
        ours = statistics.median(times[name])
        ratio = statistics.median(theirs / ours for ours, theirs in zip(times[name], times["script"], strict=True))
        print(f"{name:9} {useful / ours / 1e9:8.1f} useful Gflop/s, {fraction:.0%} of the peak, {ours:.3f} s; "
              f"the script takes {ratio:.1f} times as long")  # fmt: skip


def pair_products(network, b):
    """V^T diag(a) V over every neuron."""
    code = network.read_off.code
    return jnp.matmul(code.T, hidden(network, b)[:, None] * code, precision=EXACT)


if __name__ == "__main__":
    main()

"""All C(m, 2) read-offs of a batch of inputs: tiles of V^T diag(a) V with statistics kept, against two other ways.

Operations: B d m^2 / 2 multiply-adds over the active neurons; bytes: V once a tile. At m = 1024, d = 1024, B = 16 that is
8.6e9 multiply-adds, a tenth of a second at 100 Gflop/s; the limit is arithmetic. The other ways:

  matrix   form the C(m, 2) x d read-off matrix and multiply it with the activations, as a first script would
  loop     one jitted call for each input over its whole m x m block, every neuron, statistics in NumPy

Run: python benchmarks/all_pairs.py [--m 512] [--d 512]. Seconds are the best of three calls after compiling.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np

from superposed.constructions import Rademacher
from superposed.measuring.evaluate import evaluate
from superposed.measuring.sampling import random_order
from superposed.networks.network import hidden
from superposed.networks.problem import Problem

B = 16


def best_of_three(function) -> float:
    """Seconds of the fastest of three calls, after one that compiles."""
    function()
    times = []
    for _ in range(3):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Time the three ways side by side and print seconds, rate and ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--m", type=int, default=512)
    parser.add_argument("--d", type=int, default=512)
    args = parser.parse_args()
    problem, key = Problem(args.m, 3), jax.random.key(0)
    network = Rademacher()(key, problem, args.d, args.d)
    orders = jax.vmap(lambda i: random_order(jax.random.fold_in(key, i), args.m))(jnp.arange(B))
    inputs = jax.vmap(lambda o: jnp.zeros(args.m).at[o[:3]].set(1))(orders)
    k, l = np.triu_indices(args.m, 1)
    exact = jax.lax.Precision.HIGHEST

    tiles = jax.jit(lambda key, network: evaluate(key, network, problem, None, 0, B))
    block = jax.jit(lambda network, b: network.read_off.code.T @ (hidden(network, b)[:, None] * network.read_off.code))
    activations = jax.jit(lambda network, b: jax.vmap(hidden, (None, 0))(network, b))

    def by_loop() -> None:
        for b in inputs:
            error = np.asarray(block(network, b))[k, l] / network.read_off.scale - np.asarray(b[k] * b[l])
            np.histogram(np.abs(error), bins=640)

    def by_matrix() -> None:
        v = network.read_off.code
        read = (v[:, k] * v[:, l]).T / network.read_off.scale
        error = jnp.matmul(read, activations(network, inputs).T, precision=exact) - (inputs[:, k] * inputs[:, l]).T
        np.histogram(np.abs(np.asarray(error)), bins=640)

    ours = best_of_three(lambda: jax.block_until_ready(tiles(key, network)))
    rate = B * args.d * args.m**2 / 2 / ours / 1e9
    print(f"device {jax.devices()[0].device_kind}, m = {args.m}, d = {args.d}, {B} inputs, {B * len(k)} read-offs")
    print(f"tiles   {ours:8.3f} s   {rate:.1f}e9 multiply-adds/s counting every neuron")
    for name, other in (("loop", by_loop), ("matrix", by_matrix)):
        seconds = best_of_three(other)
        print(f"{name:7} {seconds:8.3f} s   {seconds / ours:.1f} times as long")


if __name__ == "__main__":
    main()

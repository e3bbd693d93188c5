"""A layer of channels on a batch of inputs, against the memory traffic of the weights that it reads.

An input turns few units on, and the layer adds up their rows of W (int8). There are two limits: the same rows gathered
by this compiler with their largest numbers taken, and as many bytes copied in one piece. Seconds are CPU seconds,
medians over rounds that alternate the sides.

Run: python benchmarks/deep_layer.py [--width 2048] [--features 30720] [--rounds 5]
"""

import argparse
import statistics

import jax
import jax.numpy as jnp
import numpy as np
from timing import in_turn

from superposed.circuits.planted import group_features, group_layers
from superposed.compiler import channels_jax
from superposed.program import program

S, C = 3, 4


def main() -> None:
    """A line a batch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--features", type=int, default=15 * 2048)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    gates = next(group_layers(jax.random.key(0), args.features, S, 1))
    code = channels_jax.code_for(args.width, C, args.features)
    width = sum(code.sizes)
    w = jax.jit(channels_jax.wires, static_argnums=(0, 2))(code, jnp.asarray(gates.inputs), width)
    step = jax.jit(channels_jax.step, static_argnums=2)
    read = program(lambda w, rows: jax.lax.map(lambda i: w[i].max(axis=0), rows), loops=True)
    print(
        "| inputs | MiB of rows | layer, s | gathering, s | ratio | copying, s | ratio |\n|---|---|---|---|---|---|---|"
    )
    for batch in (20, 200, 2000):
        own = np.asarray(code.units(jnp.asarray(group_features(jax.random.key(2), args.features, S, batch))))
        units = jnp.asarray(own.reshape(batch, -1).astype(np.int32))
        places = jnp.minimum(units, w.shape[0] - 1)
        sides = {"layer": lambda u=units: step(w, u, 2 * C), "gathering": lambda p=places: read(w, p)}
        source = np.ones(units.size * w.shape[1], np.int8)
        target = np.zeros_like(source)
        sides["copying"] = lambda source=source, target=target: np.copyto(target, source)
        times = in_turn(sides, args.rounds)
        layer, gathering, copying = (statistics.median(times[name]) for name in sides)
        ratio = lambda name, times=times: statistics.median(
            a / b for a, b in zip(times["layer"], times[name], strict=True)
        )
        print(f"| {batch:,} | {units.size * w.shape[1] / 2**20:.1f} | {layer:.4g} | {gathering:.4g} | "
              f"{ratio('gathering'):.2f} | {copying:.2g} | {ratio('copying'):.0f} |")  # fmt: skip
    print(f"\n{args.features:,} features in {args.width:,} neurons, W of {w.nbytes / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()

"""Seconds of one layer of channels on a batch: the wires made once, against factors multiplied out for every batch.

    python benchmarks/channel_layers.py [--width D] [--features M]

"wires": h @ W with W made once, in SciPy. "rows of W": the JAX program, which adds up the int8 rows of active units.
"factors": h, from the state to features, to gates, to units: three sparse products a batch, which is how layers were
run before wires were clipped. "making W" is paid once a layer. Memory is that of the arrays that are kept.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np

from superposed.circuits.circuit import sparse_features, wires
from superposed.circuits.planted import group_features, group_layers
from superposed.compiler import channels_jax
from superposed.compiler.channels import Channels
from superposed.compiler.wiring import clipped_wires


def seconds(call, times: int = 5) -> float:
    """Median seconds of a call, after one that is not counted."""
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--features", type=int, default=15 * 4096)
    args = parser.parse_args()
    d, m, s, c = args.width, args.features, 3, 4
    gates = next(group_layers(jax.random.key(0), m, s, 1))
    encoding, stage = Channels(s, c).stages(jax.random.key(1), [gates], m, d)
    layer = stage.layers[0]
    reads, place = encoding.code.T.tocsr(), wires(gates.inputs, m)
    code = channels_jax.code_for(d, c, m)
    width = sum(code.sizes)
    make = jax.jit(channels_jax.wires, static_argnums=(0, 2))
    w = make(code, jnp.asarray(gates.inputs), width)
    step = jax.jit(channels_jax.step, static_argnums=2)
    print(f"d = {d:,}, m = {m:,}, s = {s}, c = {c}; {jax.devices()[0].device_kind}\n")
    print(f"making W: SciPy {seconds(lambda: clipped_wires(encoding.code, gates.inputs, stage.code), 3):.3g} s, "
          f"JAX {seconds(lambda: make(code, jnp.asarray(gates.inputs), width).block_until_ready(), 3):.3g} s; "
          f"kept: {(layer.wires.data.nbytes + layer.wires.indices.nbytes) / 2**20:.0f} MiB sparse, "
          f"{w.nbytes / 2**20:.0f} MiB int8\n")  # fmt: skip
    print("| inputs | factors, s | wires, s | rows of W, s | factors / wires |\n|---|---|---|---|---|")
    for batch in (20, 200, 2000):
        active = group_features(jax.random.key(2), m, s, batch)
        h = sparse_features(active, m) @ encoding.code
        units = np.full((batch, 32), width, np.int32)
        own = np.asarray(code.units(jnp.asarray(active))).reshape(batch, -1)
        units[:, : own.shape[1]] = own
        units = jnp.asarray(units)
        factors = seconds(lambda: h @ reads @ place @ stage.code)  # noqa: B023
        once = seconds(lambda: layer(h))  # noqa: B023
        rows = seconds(lambda: step(w, units, 2 * c)[0].block_until_ready())  # noqa: B023
        print(f"| {batch:,} | {factors:.3g} | {once:.3g} | {rows:.3g} | {factors / once:.1f} |", flush=True)


if __name__ == "__main__":
    main()

"""Where JAX passes SciPy: seconds of one layer of channels on a batch, for several m, s and batches.

    python benchmarks/channel_layers.py [--width D] [--small]

"SciPy": the counts of the rows of W that active units need, made for the batch, as `Channels` runs a layer once. "JAX":
all of W as int8 by `channels_jax.wires`, then a sum of the rows of active units; the wires stand by themselves too, for
a second batch needs only the rows. "factors": state to features, to gates, to units, three sparse products a batch,
which is how layers were run before wires were clipped.
"""

import argparse
import time
from dataclasses import replace
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

from superposed.circuits.circuit import sparse_features, wires
from superposed.circuits.planted import group_features, group_layers
from superposed.compiler import channels_jax
from superposed.compiler.channels import Channels


def seconds(call, times: int = 5) -> float:
    """Median seconds of a call, after one that is not counted."""
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def one_row(d: int, m: int, s: int, batch: int, c: int = 4) -> str:
    """A table row of one size."""
    gates = next(group_layers(jax.random.key(0), m, s, 1))
    encoding, stage = Channels(s, c).stages(jax.random.key(1), [gates], m, d)
    active = group_features(jax.random.key(2), m, s, batch)
    h, reads, place = sparse_features(active, m) @ encoding.code, encoding.code.T.tocsr(), wires(gates.inputs, m)
    layer = stage.layers[0]
    code = channels_jax.code_for(d, c, m)
    width, inputs = sum(code.sizes), jnp.asarray(gates.inputs)
    make, step = (jax.jit(f, static_argnums=n) for f, n in ((channels_jax.wires, (0, 2)), (channels_jax.step, 2)))
    units = np.full((batch, 2 * s * c + 32), width, np.int32)
    units[:, : s * c] = np.asarray(code.units(jnp.asarray(active))).reshape(batch, -1)
    w, units = make(code, inputs, width), jnp.asarray(units)
    scipy = seconds(lambda: replace(layer.wiring).reach(h), 3)
    wiring = seconds(lambda: make(code, inputs, width).block_until_ready(), 3)
    rows = seconds(lambda: step(w, units, 2 * c)[0].block_until_ready(), 3)
    factors = seconds(lambda: h @ reads @ place @ stage.code, 3)
    faster = "JAX" if wiring + rows < scipy else "SciPy"
    return f"| {m:,} | {s} | {batch:,} | {scipy:.3g} | {wiring:.3g} | {rows:.3g} | {factors:.3g} | {faster} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--small", action="store_true", help="only the smallest sizes, to see that it runs")
    args = parser.parse_args()
    d = args.width
    print(f"d = {d:,}, c = 4; {jax.devices()[0].device_kind}\n")
    print("| m | s | inputs | SciPy, s | JAX: wires, s | JAX: rows, s | factors, s | a layer used once: faster |")
    print("|---|---|---|---|---|---|---|---|")
    for times, s, batch in product(
        (1,) if args.small else (1, 4, 15), (2, 6), (20,) if args.small else (20, 200, 2000)
    ):
        print(one_row(d, times * d, s, batch), flush=True)


if __name__ == "__main__":
    main()

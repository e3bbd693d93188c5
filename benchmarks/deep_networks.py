"""Built networks of Theorem 8 in JAX: which pass, how far they run, and what a layer costs. Rows go to a file as JSON.

    python benchmarks/deep_networks.py OUT.jsonl success|depth|chance|time [--small]

"success": networks right to depth 64 on 20 inputs, for m around the drawn half-pass.
"depth": one network for 65,536 layers. "chance": wrong inputs a layer.
"time": seconds of a run, both forms of sums and SciPy's.
"""

import json
import sys
import time

import jax
import numpy as np

from superposed.circuits.circuit import sparse_features
from superposed.circuits.planted import group_features, group_layers
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import errors_by_depth
from superposed.compiler.scanned import Plan, first_wrong_layers
from superposed.theory.deep_drawn import half_pass
from superposed.theory.density_evolution import Design


def say(out, **row) -> None:
    """One row, to the file and to the screen."""
    line = json.dumps({**row, "device": jax.devices()[0].device_kind})
    print(line[:300], flush=True)
    out.write(line + "\n")
    out.flush()


def run(out, kind, design, m, seeds, depth, batch, piece=16, stop_at=1.0, form=None, rows=None):
    """One group of networks in one program; the row has the first wrong layer of every input."""
    plan = Plan(design, -(-(rows or max(m)) // 64) * 64, form=form)
    start = time.perf_counter()
    first = first_wrong_layers(plan, m, seeds, depth, batch, piece, stop_at)
    seconds = time.perf_counter() - start
    say(out, kind=kind, d=design.width, s=design.s, form=plan.sums, depth=depth, batch=batch, seconds=seconds,
        m=m, seeds=seeds, right=(first > depth).sum(1).tolist(), first=first.tolist())  # fmt: skip


def multiple(m: float, s: int) -> int:
    """The multiple of s nearest to m."""
    return max(round(m / s), 1) * s


def success(out, small):
    """Eight networks at each of five m around the drawn half-pass."""
    for s in (2, 3, 4):
        for d in (8192,) if small else (8192, 16384, 32768, 65536):
            design = Design(d, s)
            half = half_pass(0, design, 64, 20, events=1000, tolerance=0.02)
            for factor in (1.0,) if small else (0.76, 0.87, 1.0, 1.15, 1.32):
                m = multiple(half * factor, s)
                run(out, "success", design, [m] * 8, list(range(8)), 8 if small else 64, 20, rows=int(half * 1.4))


def depth(out, small):
    """One network for 65,536 layers, 20 inputs."""
    run(out, "depth", Design(16384, 2), [2048], [0], 512 if small else 65_536, 20, piece=512, stop_at=0.0001)


def chance(out, small):
    """First wrong layers of many inputs, at fractions of the half-pass where a wrong bit is rare."""
    for d, s in ((8192, 2), (16384, 3), (32768, 2)):
        half = half_pass(0, Design(d, s), 64, 20, events=1000, tolerance=0.02)
        for factor in (0.6, 0.8, 1.0):
            m = multiple(half * factor, s)
            run(
                out,
                "chance",
                Design(d, s),
                [m] * 4,
                list(range(100, 104)),
                16 if small else 256,
                50 if small else 500,
                rows=int(half),
            )


def timed(out, small):
    """Sixteen layers twice, so that the second time has no compilation; SciPy runs four."""
    for d, m, batch in ((8192, 2048, 20), (8192, 2048, 500), (32768, 30_000, 20), (65536, 70_000, 20))[
        : 1 if small else 4
    ]:
        design = Design(d, 2)
        for form in ("scattered", "dense"):
            for _ in range(2):
                run(out, "time", design, [m], [0], 16, batch, stop_at=2.0, form=form)
        keys = jax.random.split(jax.random.key(0), 3)
        layers = list(group_layers(keys[1], m, 2, 4))
        inputs = sparse_features(group_features(keys[0], m, 2, batch), m)
        start = time.perf_counter()
        list(errors_by_depth(Corrected(2).stages(keys[2], layers, m, d), layers, inputs))
        say(out, kind="time", d=d, s=2, form="scipy", depth=4, batch=batch, m=[m], seconds=time.perf_counter() - start)


if __name__ == "__main__":
    np.set_printoptions(linewidth=200)
    with open(sys.argv[1], "a") as file:
        for name in sys.argv[2].split(","):
            {"success": success, "depth": depth, "chance": chance, "time": timed}[name](file, "--small" in sys.argv)

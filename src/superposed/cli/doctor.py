"""`superposed doctor`: does this machine measure rightly, and how fast?"""

import argparse
import time

import jax
import numpy as np

from superposed.cli.output import print_json
from superposed.constructions import Naive, Rademacher
from superposed.measuring.cell import Cell
from superposed.measuring.errors import pooled
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.sweeping.store import code_commit


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `doctor`."""
    parser = commands.add_parser("doctor", help="check that this machine measures rightly, and say how fast it is")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_doctor)


def run_doctor(args: argparse.Namespace) -> int:
    """Add up known sums and measure two networks whose errors are known; exit status 1 where they come out wrong."""
    terms = jax.random.normal(jax.random.key(0), (3, 3, 12_000))
    sums = jax.jit(lambda s, x: (s[:, None, None] * x).sum(axis=0))(np.arange(1.0, 4.0, dtype=np.float32), terms)
    wrong_by = float(np.abs(np.einsum("i,ijk->jk", [1, 2, 3], np.asarray(terms)) - sums).max())
    exact = pooled(measure([Cell(Naive(), 20, 3, 190, 0, Sampling(16))]))
    cells = [Cell(Rademacher(), 256, 3, 1024, seed, Sampling(16)) for seed in range(8)]
    measure(cells)
    started = time.perf_counter()
    noisy = pooled(measure(cells))
    seconds = time.perf_counter() - started
    variance = float(noisy.std[0] ** 2 * 1024)
    result = {
        "devices": [str(device.device_kind) for device in jax.devices()],
        "backend": jax.default_backend(), "jax": jax.__version__, "commit": code_commit(),
        "sums_are_right": wrong_by < 1e-4,
        "naive_is_exact": bool(exact.max_abs.max() == 0),
        "rademacher_variance_times_d": variance, "expected": 24.0,
        "read_offs_per_second": float(noisy.count.sum() / seconds),
    }  # fmt: skip
    healthy = result["sums_are_right"] and result["naive_is_exact"] and abs(variance / 24 - 1) < 0.05
    if args.json:
        print_json(result | {"healthy": healthy})
    else:
        print("\n".join(f"{key}: {value}" for key, value in result.items()))
        print("healthy" if healthy else "NOT healthy: known errors came out wrong; report this with the lines above")
    return 0 if healthy else 1

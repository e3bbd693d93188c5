"""`superposed doctor`: does this machine measure rightly, and how fast?"""

import argparse
import time

import jax

from superposed.cli import compile_cache
from superposed.cli.output import note, print_json
from superposed.constructions import Naive, Rademacher
from superposed.measuring.cell import Cell
from superposed.measuring.errors import pooled
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.program import RIGHT_WITHIN, sum_error
from superposed.sweeping.size import memory
from superposed.sweeping.source import code_commit


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `doctor`."""
    parser = commands.add_parser("doctor", description="Check that this machine measures rightly, and say how fast.")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "--clear-cache", action="store_true", help="first remove the compiled programs that earlier commands kept"
    )
    parser.set_defaults(run=run_doctor)


def run_doctor(args: argparse.Namespace) -> int:
    """Add up a known sum and measure two networks whose errors are known; exit status 1 where they come out wrong."""
    if args.clear_cache and (cleared := compile_cache.clear()):
        note(f"compiled programs in {cleared} removed")
    wrong_by = sum_error()
    exact = pooled(measure([Cell(Naive(), 20, 3, 190, 0, Sampling(16))]))
    cells = [Cell(Rademacher(), 256, 3, 1024, seed, Sampling(16)) for seed in range(8)]
    measure(cells)
    started = time.perf_counter()
    by_seed = measure(cells)
    seconds = time.perf_counter() - started
    other_batch = measure(cells, rows=4096, cell_batch=4)
    noisy = pooled(by_seed)
    variance = float(noisy.std[0] ** 2 * 1024)
    checks = {
        "sums_are_right": wrong_by < RIGHT_WITHIN,
        "naive_is_exact": bool(exact.max_abs.max() == 0),
        "batches_agree": [e.to_json() for e in by_seed] == [e.to_json() for e in other_batch],
        "variance_is_right": abs(variance / 24 - 1) < 0.05,
    }
    result = {
        "devices": [str(device.device_kind) for device in jax.devices()], "memory_gib": memory() / 2**30,
        "backend": jax.default_backend(), "jax": jax.__version__, "commit": code_commit(), **checks,
        "compile_cache": compile_cache.describe(),
        "rademacher_variance_times_d": variance, "expected": 24.0,
        "read_offs_per_second": float(noisy.count.sum() / seconds),
    }  # fmt: skip
    healthy = all(checks.values())
    if args.json:
        print_json(result | {"healthy": healthy})
    else:
        print("\n".join(f"{key}: {value}" for key, value in result.items()))
        print("healthy" if healthy else "NOT healthy: a check above is false; report this with the lines above")
    return 0 if healthy else 1

"""A million features through 256 layers of a circuit, 1000 inputs: time and memory of one run on one core.

    python benchmarks/million.py [--small]

Channels with s = 3 and c = 4 in 65,536 neurons, on planted paths: the wires of whole layers are made, and gates with
one input on are among those that are read. The limit is ten minutes on two idle cores. CPU seconds depend little on
what else the machine does.
"""

import argparse
import resource
import time

from superposed.compiler.channels import Channels
from superposed.study.deep_runs import run_piece

S, C = 3, 4
SIZE, SMALL = (2**16, 10**6 - 1, 256, 1000), (2**10, 3000, 4, 20)


def main() -> None:
    """The table, one row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="only a small network, to see that it runs")
    width, m, depth, batch = SMALL if parser.parse_args().small else SIZE
    cell = {"circuit": "paths", "width": width, "m": m, "s": S, "depth": depth, "batch": batch, "seed": 0}
    layers = run_piece({**cell, "first": 0, "layers": depth}, None, Channels(S, C), stop_at=10)["layers"]
    peak, wrong = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, sum(layer["wrong"] for layer in layers)
    print(
        "| circuit | d | m | layers | inputs | wrong bits | CPU seconds | peak GiB |\n|---|---|---|---|---|---|---|---|"
    )
    print(f"| planted paths | {width:,} | {m:,} | {len(layers)} of {depth} | {batch:,} | {wrong} | "
          f"{time.process_time():.0f} | {peak:.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()

"""Time and memory of one network against its size, with fitted exponents.

Built: every pair of 4 inputs and sampled pairs (m = 2^8 to 2^14), at d = 1024. Drawn: 4096 events a stratum
at the closed form's own width (m = 2^10 to 2^30). Each time is the smallest CPU time of two calls after compilation.
Memory is the peak of the process so far, and sizes rise.

The limits: every pair costs m^2 d bits to count and m^2 errors to tally; sampled pairs cost the random numbers of the
weights, m d; drawn errors cost their random numbers, whatever m is.

Run: python benchmarks/cost_against_size.py [--small]
"""

import argparse
import math
import resource
import time

from superposed.constructions import Bernoulli, Rademacher, Superposed
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem

D, S, CALLS = 1024, 3, 2


def seconds_of(cell: Cell) -> float:
    """The smallest CPU time of a few calls, compilation left out."""
    measure([cell])
    times = []
    for _ in range(CALLS):
        started = time.process_time()
        measure([cell])
        times.append(time.process_time() - started)
    return min(times)


def exponent(points: list[tuple[float, float]]) -> float:
    """The slope of log seconds on log m by least squares, over the upper half of the sizes."""
    upper = points[len(points) // 2 :]
    x, y = ([math.log(point[i]) for point in upper] for i in (0, 1))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)


def main() -> None:
    """One table a way to measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="only the smallest sizes, to see that it runs")
    small = parser.parse_args().small
    signs, wires = Rademacher(), Superposed(Bernoulli())
    ways = {
        "built, every pair": [Cell(signs, 2**n, S, D, 0, Sampling(4)) for n in range(8, 15)],
        "built, 64 idle features": [Cell(signs, 2**n, S, D, 0, Sampling(4, 64)) for n in range(8, 15)],
        "drawn, 4096 events": [
            Cell(wires, 2**n, S, round(wires.predicted_width(Problem(2**n, S), 0.5, "q99")), 0, Sampling(4096), "drawn")
            for n in range(10, 31, 4)
        ],
    }
    for way, cells in ways.items():
        points = []
        print(f"{way}\n{'m':>12} {'seconds':>9} {'GiB':>6}")
        for cell in cells[:2] if small else cells:
            points.append((cell.m, seconds_of(cell)))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"{cell.m:12} {points[-1][1]:9.4f} {peak:6.2f}", flush=True)
        if not small:
            print(f"seconds grow as m^{exponent(points):.2f} over the upper half")
        print()


if __name__ == "__main__":
    main()

"""The smallest width of U-AND, searched by this package and by what a researcher writes in an afternoon in NumPy.

The rival bisects the same ladder for each seed. For each input it forms `(V[on].T * a[on]) @ V[on]` over the active
neurons, and it stops at the first input that fails. Both sides look at the same networks and the same inputs, so their
answers must be equal. Networks are built before the clock starts for the rival, and after it starts for the package.

Each side runs in a process of its own, alternating: package with an empty compilation cache, package with that cache
filled, rival. Seconds are CPU seconds, so that other processes of the machine do not count. They include imports for
neither.

Run: python benchmarks/smallest_width.py [--m 256] [--seeds 20] [--rounds 3]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

S, EPS, INPUTS, MOST = 3, 0.5, 16, 8192


def by_package(m: int, n_seeds: int) -> dict:
    """CPU seconds and answers of this package's search, compilation included."""
    from superposed.constructions import Rademacher
    from superposed.measuring.sampling import Sampling
    from superposed.networks.problem import Problem
    from superposed.sweeping.record import Record, Seen
    from superposed.sweeping.tasks import SmallestWidth

    started = time.process_time()
    start = Rademacher().predicted_width(Problem(m, S), EPS, "max")
    task = SmallestWidth(Rademacher(), m, S, n_seeds, Sampling(INPUTS), "max", EPS, start=start, most=MOST)
    seen = Seen()
    while cells := task.pending(seen):
        for cell, errors in zip(cells, task.measure(cells), strict=True):
            seen.add(Record(cell.to_json(), errors))
    answers = [[found.low, found.high] for found in task.brackets(seen)]
    return {"seconds": time.process_time() - started, "answers": answers}


def by_rival(m: int, n_seeds: int) -> dict:
    """CPU seconds and answers of the NumPy search, on the networks and inputs that the package measures."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from superposed.constructions import Rademacher
    from superposed.measuring.cell import Cell
    from superposed.measuring.programs import key_of
    from superposed.measuring.sampling import Sampling, random_order
    from superposed.networks.problem import Problem
    from superposed.sweeping.search import ladder

    rungs = ladder(MOST)
    off_diagonal = ~np.eye(m, dtype=bool)

    def passes(v: np.ndarray, inputs: np.ndarray, width: int) -> bool:
        scale = width / 4  # c(3) = 1/4
        for active in inputs:
            a = np.maximum(v[:width, active].sum(axis=1), 0)
            on = a > 0
            read = (v[:width][on].T * a[on]) @ v[:width][on] / scale
            read[np.ix_(active, active)] -= 1
            if np.abs(read[off_diagonal]).max() >= EPS:
                return False
        return True

    seconds, answers = 0.0, []
    for seed in range(n_seeds):
        cell = Cell(Rademacher(), m, S, MOST, seed, Sampling(INPUTS))
        build_key, inputs_key = jax.random.split(key_of(jnp.array(cell.entropy, jnp.uint32)))
        v = np.asarray(Rademacher()(build_key, Problem(m, S), MOST, MOST).read_off.code)
        inputs = np.array([random_order(jax.random.fold_in(inputs_key, i), m)[:S] for i in range(INPUTS)])
        started = time.process_time()
        low, high = -1, len(rungs) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if passes(v, inputs, rungs[middle]) else (middle, high)
        seconds += time.process_time() - started
        answers.append([rungs[low], rungs[high]])
    return {"seconds": seconds, "answers": answers}


def main() -> None:
    """Alternate the sides and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--m", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=("package", "rival"))
    args = parser.parse_args()
    if args.side:
        print(json.dumps({"package": by_package, "rival": by_rival}[args.side](args.m, args.seeds)))
        return
    times: dict[str, list[float]] = {"first": [], "cached": [], "rival": []}
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as cache:
            cached = {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
            runs = {name: run("rival" if name == "rival" else "package", args, cached) for name in times}
        for name, result in runs.items():
            times[name].append(result["seconds"])
            if result["answers"] != runs["rival"]["answers"]:
                raise SystemExit(f"the answers differ: {result['answers']} and {runs['rival']['answers']}")
    print(
        f"m = {args.m}, s = {S}, eps = {EPS}, every pair of {INPUTS} inputs, {args.seeds} seeds, {args.rounds} rounds"
    )
    for name, seconds in times.items():
        ratio = statistics.median(r / own for r, own in zip(times["rival"], seconds, strict=True))
        print(f"{name:7} {statistics.median(seconds):8.1f} s   rival / this: {ratio:.1f}")


def run(side: str, args: argparse.Namespace, environment: dict[str, str]) -> dict:
    """One side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--m", str(args.m), "--seeds", str(args.seeds)]
    done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()

"""The smallest width of U-AND, searched by this package and by what a researcher writes in an afternoon in NumPy.

The rival bisects the same ladder for each seed. For each input it forms `(V[on].T * a[on]) @ V[on]` over the active
neurons. It stops at the first input that fails where every read-off is asked for (`max`), and at the end of the inputs
where 99% are (`q99`). Both sides look at the same networks and the same inputs, so their answers must be equal.
The clock of both runs while networks are drawn. The rival draws as many weights with NumPy's own generator, and then
looks at the package's networks. So the answers can be compared, and how long its drawing took is printed as well.

The package searches by verdicts where every read-off is asked for (`smallest_width`, `superposed width`), and by rows
of measurements elsewhere and in experiments. Each side runs in a process of its own: `first` with an empty cache of
compiled programs, `cached` with that cache filled, `rows` by rows and cached, and the rival. They take turns. Seconds
are CPU seconds, so that other processes of the machine do not count. They include imports for no side.

Run: python benchmarks/smallest_width.py [--of rademacher] [--m 256] [--criterion max] [--seeds 20] [--rounds 3]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np

from superposed.constructions import Bernoulli, Rademacher, Superposed
from superposed.measuring.cell import Cell
from superposed.measuring.programs import key_of
from superposed.measuring.sampling import Sampling, random_order
from superposed.networks.network import hidden
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.sweeping.record import Seen
from superposed.sweeping.search import ladder
from superposed.sweeping.smallest import by_verdicts, search_for, searched

S, EPS, INPUTS, MOST = 3, 0.5, 16, 8192
SIDES = ("first", "cached", "rows", "rival")


def construction_of(name: str):
    """Rademacher on aligned features, or Bernoulli behind random codes of as many dimensions as neurons."""
    return {"rademacher": Rademacher(), "bernoulli": Superposed(Bernoulli())}[name]


def by_package(of: str, m: int, criterion: str, n_seeds: int, *, rows: bool) -> dict:
    """CPU seconds and answers of this package's search."""
    started = time.process_time()
    options = {"criterion": criterion, "success": None, "seeds": n_seeds, "most": MOST}
    task, seen = search_for(construction_of(of), m, S, EPS, **options), Seen()
    task = task if rows else by_verdicts(task)
    for _ in searched(task, seen):
        pass
    answers = [[found.low, found.high] for found in task.brackets(seen)]
    return {"seconds": time.process_time() - started, "answers": answers}


def draw_by_numpy(of: str, m: int, width: int, p: float, features) -> None:
    """The weights of a network, and behind codes its activations, as NumPy would make them."""
    rng = np.random.default_rng(0)
    if of == "rademacher":
        (2 * rng.integers(0, 2, (width, m), np.int8) - 1).astype(np.float32)
        return
    wired = (rng.random((width, m), np.float32) < p).astype(np.float32)
    codes = rng.standard_normal((width, m), np.float32)
    codes /= np.linalg.norm(codes, axis=0)
    np.maximum(wired @ (codes.T @ (codes @ features.T)) - 1, 0)


class Rival:
    """The NumPy search, on the networks and inputs that the package measures.

    Attributes:
      multiply_adds, seconds: of its products so far.
      drawing: seconds that NumPy takes to draw as many weights.
    """

    def __init__(self, of: str, m: int, criterion: str):
        self.of, self.m, self.criterion = of, m, criterion
        self.multiply_adds, self.seconds, self.drawing, self.pairs = 0.0, 0.0, 0.0, np.triu_indices(m, 1)
        self.construction, self.problem = construction_of(of), Problem(m, S)
        self.build = program(lambda rows, key, width: self.construction(key, self.problem, width, rows), 1)
        self.activations = program(jax.vmap(hidden, (None, 0)))

    def search(self, seed: int) -> list[int]:
        """Neighbouring widths of the ladder: the last that fails, the first that passes."""
        cell = Cell(self.construction, self.m, S, MOST, seed, Sampling(INPUTS))
        build_key, inputs_key = jax.random.split(key_of(jnp.array(cell.entropy, jnp.uint32)))
        inputs = np.array([random_order(jax.random.fold_in(inputs_key, i), self.m)[:S] for i in range(INPUTS)])
        features = np.zeros((INPUTS, self.m), np.float32)
        np.put_along_axis(features, inputs, 1, axis=1)
        if self.of == "rademacher":  # narrower networks are the first rows of this one
            self.draw(MOST, features)
        rungs = ladder(MOST)
        low, high = -1, len(rungs) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if self.of == "bernoulli":
                self.draw(rungs[middle], features)
            passed = self.passes(*self.network(build_key, features, rungs[middle]), inputs)
            low, high = (low, middle) if passed else (middle, high)
        return [rungs[low] if low >= 0 else 0, rungs[high]]

    def draw(self, width: int, features: np.ndarray) -> None:
        """Draw as NumPy would, and count the seconds."""
        p = float(self.construction.tune(self.problem, jnp.float32(width))) if self.of == "bernoulli" else 0.0
        started = time.process_time()
        draw_by_numpy(self.of, self.m, width, p, features)
        self.drawing += time.process_time() - started

    def network(self, key: jax.Array, features: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(the code of a network, its activations on the inputs, the scale of its read-offs)."""
        rows, bernoulli = max(2048, 1 << (width - 1).bit_length()), self.of == "bernoulli"
        network = self.build(rows, key, jnp.float32(width) if bernoulli else jnp.int32(width))
        code, a = np.asarray(network.read_off.code)[:width], np.asarray(self.activations(network, features))[:, :width]
        started = time.process_time()
        scale = (code.T @ code).clip(1) if bernoulli else np.float32(width / 4)  # c(3) = 1/4
        self.seconds += time.process_time() - started
        return code, a, scale

    def passes(self, v: np.ndarray, a_of_inputs: np.ndarray, scale: np.ndarray, inputs: np.ndarray) -> bool:
        """Whether a network meets the criterion, input by input."""
        (k, l), started = self.pairs, time.process_time()
        bad, seen, failed = np.zeros(3), np.zeros(3), False
        for active, a in zip(inputs, a_of_inputs, strict=True):
            # The rival makes the activations of aligned features itself; behind codes they are handed to it.
            a = np.maximum(v[:, active].sum(axis=1), 0) if self.of == "rademacher" else a
            on = a > 0
            error = (v[on].T * a[on]) @ v[on] / scale
            error[np.ix_(active, active)] -= 1
            self.multiply_adds += on.sum() * self.m**2
            wrong = np.abs(error[k, l]) >= EPS
            if failed := self.criterion == "max" and bool(wrong.any()):
                break
            members = np.isin(np.arange(self.m), active)
            stratum = members[k].astype(int) + members[l]
            bad += np.bincount(stratum, wrong, 3)
            seen += np.bincount(stratum, minlength=3)
        self.seconds += time.process_time() - started
        return not failed and bool((bad <= 0.01 * seen).all())


def by_rival(of: str, m: int, criterion: str, n_seeds: int) -> dict:
    """CPU seconds and answers of the NumPy search, with the multiply-adds of its products."""
    rival = Rival(of, m, criterion)
    answers = [rival.search(seed) for seed in range(n_seeds)]
    seconds = {"seconds": rival.seconds + rival.drawing, "drawing": rival.drawing}
    return {"multiply_adds": rival.multiply_adds, **seconds, "answers": answers}


def main() -> None:
    """Alternate the sides and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--of", choices=("rademacher", "bernoulli"), default="rademacher")
    parser.add_argument("--m", type=int, default=256)
    parser.add_argument("--criterion", choices=("max", "q99"), default="max")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES)
    args = parser.parse_args()
    asked = (args.of, args.m, args.criterion, args.seeds)
    if args.side:
        print(json.dumps(by_rival(*asked) if args.side == "rival" else by_package(*asked, rows=args.side == "rows")))
        return
    sides = [side for side in SIDES if side != "rows" or args.criterion == "max"]
    times: dict[str, list[float]] = {side: [] for side in sides}
    different = 0
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as cache:
            runs = {}
            for side in sides:
                if side == "rows":
                    run(side, args, cache)  # fills the cache with its own program
                runs[side] = run(side, args, cache)
        for side, result in runs.items():
            times[side].append(result["seconds"])
            pairs = list(zip(result["answers"], runs["rival"]["answers"], strict=True))
            different = max(different, sum(a != b for a, b in pairs))
            if different and args.of != "bernoulli":
                raise SystemExit(f"{different} answers differ: {pairs}")
    print(f"{args.of}, m = {args.m}, s = {S}, {args.criterion} at eps = {EPS}, every pair of {INPUTS} inputs, "
          f"{args.seeds} seeds, {args.rounds} rounds; {args.seeds - different} answers are equal")  # fmt: skip
    if different:
        print("A density is tuned for every width, so a seed may fail beyond a width at which it passes. Then two\n"
              "searches that begin elsewhere may end at different widths.")  # fmt: skip
    for side, seconds in times.items():
        ratio = statistics.median(r / ours for r, ours in zip(times["rival"], seconds, strict=True))
        print(f"{side:7} {statistics.median(seconds):8.2f} s   rival / this: {ratio:.1f}")
    rival = runs["rival"]
    rate = rival["multiply_adds"] / (rival["seconds"] - rival["drawing"])
    print(f"the rival draws for {rival['drawing']:.2f} s, and makes {rival['multiply_adds']:.3g} multiply-adds, "
          f"{rate / 1e9:.0f} a ns")  # fmt: skip


def run(side: str, args: argparse.Namespace, cache: str) -> dict:
    """One side in a process of its own."""
    environment = {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    options = [f"--{name}={getattr(args, name)}" for name in ("of", "m", "criterion", "seeds")]
    command = [sys.executable, __file__, "--side", side, *options]
    done = subprocess.run(command, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()

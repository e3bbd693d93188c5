"""How many more features layers of channels carry where channels are placed by load, and what that costs.

    python benchmarks/placement.py [--widths 256 512 1024] [--seeds 8] [--networks 8]

A staircase of networks, each of its own draw: the next one has 2^(1/8) times as many features after a pass, and as many
times fewer after a failure. A network passes if 4 layers make no wrong bit. In closed groups it has 400 inputs, on
planted paths 60. A staircase's estimate is the geometric mean of all m from its third network on. The gain is the mean
ratio of estimates over seeds with its 95% interval (Student's t). s = 3, c = 4, clipped wires, one neuron a unit.
"""

import argparse
import time

import jax
import numpy as np
from scipy.stats import t

from superposed.circuits.circuit import sparse_features
from superposed.circuits.planted import planted_circuit
from superposed.compiler.channels import Channels
from superposed.compiler.deep import check_network
from superposed.theory.channels import largest_m

STEP, DEPTH, INPUTS = 2 ** (1 / 8), 4, {"groups": 400, "paths": 60}


def passes(kind: str, placement: str, width: int, m: int, seed: int) -> bool:
    """Whether one network has no wrong bit."""
    batch = min(INPUTS[kind], m // 6)
    circuit, active = planted_circuit(jax.random.key(seed), m, 3, DEPTH, batch, kind)
    network = Channels(3, placement=placement)(jax.random.key(2**20 + seed), circuit, width)
    return not any(errors.wrong for errors in check_network(network, circuit, sparse_features(active, m)))


def staircase(kind: str, placement: str, width: int, seed: int, networks: int) -> float:
    """Features a neuron at which about half of the networks pass."""
    m = largest_m(3, 4, width, 0 if kind == "groups" else 6) * (1 if placement == "random" else 1.4)
    tried = []
    for n in range(networks):
        tried.append(m)
        m *= STEP if passes(kind, placement, width, int(m), 1000 * seed + n) else 1 / STEP
    return float(np.exp(np.mean(np.log([*tried[2:], m]))) / width)


def interval(logs: np.ndarray, digits: int = 2) -> str:
    """The geometric mean with its 95% interval."""
    half = t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs))
    best, low, high = np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])
    return f"{best:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--networks", type=int, default=8)
    parser.add_argument("--circuits", nargs="+", choices=tuple(INPUTS), default=list(INPUTS))
    args = parser.parse_args()
    print(
        "| circuit | d | m*/d, at random | m*/d, by load | gain | seconds: random, by load |\n|---|---|---|---|---|---|"
    )
    for width in args.widths:
        for kind in args.circuits:
            found, seconds = {}, {}
            for placement in ("random", "load"):
                start = time.process_time()
                runs = [staircase(kind, placement, width, seed, args.networks) for seed in range(args.seeds)]
                found[placement] = np.log(runs)
                seconds[placement] = (time.process_time() - start) / args.seeds / args.networks
            gain = interval(found["load"] - found["random"])
            cells = (interval(found["random"]), interval(found["load"]), gain)
            taken = f"{seconds['random']:.2g}, {seconds['load']:.2g}"
            print(f"| {kind} | {width:,} | {' | '.join(cells)} | {taken} |", flush=True)


if __name__ == "__main__":
    main()

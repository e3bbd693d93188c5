"""The neurons that a layer of channels needs, for circuits with hubs and with several kinds of gates.

    python benchmarks/hubs.py [--seeds N] [--features M]

"in proportion": each kind of gate has units in proportion to its gates, and no hub has units of its own. "by need":
`compiler.shares`. "predicted": the width at which `theory.channels.idle_gates_on` expects ln 2 wrong gates on all
inputs, with the shares that the layer has at that width. A network passes where 4,000 inputs have no wrong bit: half of
them random, a quarter drawn by fan-out, a quarter chosen to turn a gate on. Widths are on the ladder 1.06^k. Every seed
draws circuit, codes and inputs. A cell is the geometric mean of the seeds' widths with its 95% interval (Student's t).
"""

import argparse
from collections.abc import Callable

import jax
import numpy as np
import scipy.sparse as sp
from scipy.stats import t

from superposed.circuits.circuit import Circuit, Gates, Op, evaluate_active, make_gates, wires
from superposed.circuits.inputs import Domain, inputs_to_check
from superposed.compiler import channels
from superposed.compiler.codes import coprime_sizes
from superposed.compiler.deep import check_network
from superposed.compiler.refused import NoRoom
from superposed.compiler.shares import Before, Share, shares
from superposed.compiler.steps import gadget_of, gate_kinds
from superposed.theory.channels import hits, idle_gates_on, xors_off

INPUTS, STEP = 4000, 1.06


def in_proportion(gates: Gates, before: Before, width: int, s: int, c: int) -> list[Share]:
    """Shares by kind alone, in proportion to their gates: what was there before hubs were known."""
    kinds, kind_of = np.unique(gate_kinds(gates), axis=1, return_inverse=True)
    layout = []
    for i, (at, steps, inhibited) in enumerate(kinds.T.tolist()):
        members = np.flatnonzero(kind_of == i)
        gadget = gadget_of(at, steps, bool(inhibited), c)
        units = int(width * len(members) / len(gates.op) / len(gadget.edges))
        if units < c:
            raise NoRoom(width, "a kind of gate has no room for one channel", width + 1)
        layout.append(Share(members, gadget, min(units, c * len(members))))
    return layout


def circuits(m: int, rng: np.random.Generator) -> dict[str, tuple[Circuit, int]]:
    """Each family's circuit of one layer on m features, and s."""
    pairs = np.stack([rng.permutation(m), rng.permutation(m)], 1)
    clash = pairs[:, 0] == pairs[:, 1]
    pairs[clash, 1] = (pairs[clash, 0] + 1) % m
    zipf = rng.choice(m, m, p=1 / np.arange(1, m + 1) / (1 / np.arange(1, m + 1)).sum())
    zipf = np.where(zipf == np.arange(m), (zipf + 1) % m, zipf)
    hubs = lambda n, fan_out: [(k % n, int(o)) for k, o in enumerate(rng.permutation(np.arange(n, m))[: n * fan_out])]
    gates = lambda reads: [(Op.AND, tuple(map(int, pair))) for pair in reads]
    kinds = [(Op.AND, Op.OR, Op.XOR, Op.COPY)[k % 4] for k in range(m)]
    mixed = [(op, pair if op != Op.COPY else pair[:1]) for op, (_, pair) in zip(kinds, gates(pairs), strict=True)]
    and3 = [(Op.AND, tuple(rng.choice(m, 3, replace=False).tolist())), *gates(pairs)[1:]]
    random = rng.integers(0, m, (m, 2))
    random = np.where(random[:, :1] == random[:, 1:], (random + [[0, 1]]) % m, random)
    made = {
        "regular: every feature read twice": (gates(pairs), 3),
        "Zipf partners": (gates(zip(range(m), zipf, strict=True)), 3),
        "100 hubs of fan-out 30": (gates(hubs(100, 30)), 3),
        "3 hubs of fan-out 1000": (gates(hubs(3, 1000)), 3),
        "a quarter each AND, OR, XOR, copy": (mixed, 3),
        "one AND of three among ANDs of two": (and3, 3),
        "regular, s = 8": (gates(pairs), 8),
        "regular, s = 16": (gates(pairs), 16),
        "random pairs": (gates(random), 3),
        "random pairs, s = 8": (gates(random), 8),
        "random pairs, s = 16": (gates(random), 16),
    }
    return {name: (Circuit(m, (make_gates(found),), s), s) for name, (found, s) in made.items()}


def passes(circuit: Circuit, s: int, width: int, b: sp.csr_array, seed: int, layout: Callable) -> bool:
    """Whether the network of this width, with this layout of units, has no wrong bit on b."""
    channels.shares = layout
    try:
        network = channels.Channels(s)(jax.random.key(seed), circuit, width, b)
    except NoRoom:
        return False
    finally:
        channels.shares = shares
    return not sum(errors.wrong for errors in check_network(network, circuit, b))


def first_width(passed: Callable[[int], bool], low: int = 64, most: int = 10**5) -> int | None:
    """The first width on the ladder that passes, by bisection; None if the widest does not."""
    ladder = [round(low * STEP**k) for k in range(int(np.log(most / low) / np.log(STEP)))]
    first, end = 0, len(ladder)
    while first < end:
        middle = (first + end) // 2
        first, end = (first, middle) if passed(ladder[middle]) else (middle + 1, end)
    return ladder[first] if first < len(ladder) else None


def predicted_wrong(circuit: Circuit, s: int, width: int, b: sp.csr_array) -> float:
    """Expected wrong gates on all inputs, by the law and the shares of this width."""
    gates, c = circuit.layers[0], channels.Channels(s).size
    units_before = min(width, c * len(np.unique(gates.reads)))
    try:
        layout = shares(gates, Before(circuit.n_inputs, units_before, b), width, s, c)
    except NoRoom:
        return np.inf
    total, row = 0.0, np.repeat(np.arange(b.shape[0]), np.diff(b.indptr))
    for members, gadget, units in layout:
        inputs = gates.inputs[members]
        fan_out = np.bincount(inputs[inputs >= 0], minlength=circuit.n_inputs).astype(float)
        count, n_reads, hub = gadget.bands[0][0], fan_out.sum(), int(fan_out.argmax())
        reads = fan_out[b.indices]
        others = 0 * reads if units >= c * len(members) else (b @ fan_out)[row] - reads
        is_on = evaluate_active(Gates(gates.op[members], inputs), b) @ wires(inputs, circuit.n_inputs).T
        own = reads - is_on.toarray()[row, b.indices]  # the gates that are half on and idle
        of_hub = len(members) > 1 and fan_out[hub] == len(members)
        if of_hub:
            n_reads -= fan_out[hub]
        one_edge = len(gadget.edges) == 1
        if count == c and one_edge:  # an OR or a copy is never half on
            own = 0 * own
        n, load = len(members), hits(n_reads, c, units, s * c, units_before)
        blocks = coprime_sizes(units, c) if units < c * n else [n] * c
        law = lambda own: idle_gates_on(own, others, n, load, count, s * c, blocks, units_before, of_hub).sum()  # noqa: B023
        if one_edge:
            total += law(own)
        else:
            total += law(0 * own) + xors_off(reads - own, others, c, units).sum()
    return total


def mean_width(widths: list[int | None]) -> str:
    """The geometric mean of the widths with its 95% interval, in words."""
    if None in widths:
        return "none"
    logs = np.log(widths)
    half = t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs)) if len(logs) > 1 else 0
    best, low, high = np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])
    return f"{best:,.0f} [{low:,.0f}, {high:,.0f}]" if len(logs) > 1 else f"{best:,.0f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--features", type=int, default=4096)
    args = parser.parse_args()
    print("| circuit of one layer | gates | in proportion | by need | predicted |\n|---|---|---|---|---|")
    for name in circuits(args.features, np.random.default_rng(0)):
        found = {in_proportion: [], shares: [], "law": []}
        for seed in range(args.seeds):
            circuit, s = circuits(args.features, np.random.default_rng(seed))[name]
            b = inputs_to_check(np.random.default_rng(100 + seed), circuit, Domain(args.features, s), INPUTS).b
            for layout in (in_proportion, shares):
                found[layout].append(first_width(lambda d, f=layout: passes(circuit, s, d, b, seed, f)))  # noqa: B023
            found["law"].append(first_width(lambda d: predicted_wrong(circuit, s, d, b) < np.log(2)))  # noqa: B023
        print(f"| {name} | {len(circuit.layers[0].op):,} | {' | '.join(map(mean_width, found.values()))} |", flush=True)


if __name__ == "__main__":
    main()

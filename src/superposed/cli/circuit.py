"""`superposed circuit`: a random circuit that keeps a fixed number of features active through all of its layers."""

import argparse
from pathlib import Path

from superposed.bad_input import InputError
from superposed.cli.output import note
from superposed.cli.words import pick, whole

KINDS = {
    "groups": "closed groups of s features: every group, all active, makes the s features of the next",
    "paths": "random gates around planted paths of s features",
}
MOST_GATES = 10**7
"""Gates of one file: some 400 MB of text."""


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `circuit`."""
    parser = commands.add_parser(
        "circuit",
        description="Write a random circuit of ANDs. On its planted inputs s features are active in every layer.",
    )
    parser.add_argument("kind", metavar="KIND", help="; ".join(f"{kind}: {what}" for kind, what in KINDS.items()))
    parser.add_argument("--m", type=whole, required=True, help="gates of every layer")
    parser.add_argument(
        "--inputs", type=whole, help="features of the input, m or more (default m); gates read the first m"
    )
    parser.add_argument("--s", type=whole, default=3, help="features active at once (default 3)")
    parser.add_argument("--depth", type=whole, required=True, help="layers of gates")
    parser.add_argument("--paths", type=whole, default=1, help="planted paths, for KIND paths (default 1)")
    parser.add_argument("--seed", type=whole, default=0, help="default 0")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the file to write: NAME.json, or NAME.bench")
    parser.set_defaults(run=run_circuit)


def run_circuit(args: argparse.Namespace) -> None:
    """Draw the circuit and write it."""
    import jax

    from superposed.circuits.formats import write_circuit
    from superposed.circuits.planted import planted_circuit

    pick("kind of circuit", args.kind, KINDS)
    if not 2 <= args.s <= args.m:
        raise InputError("s", args.s, f"2 to m = {args.m} features are active at once")
    inputs = args.m if args.inputs is None else args.inputs
    if not args.m <= inputs <= MOST_GATES:
        raise InputError(
            "inputs", inputs, f"the gates of the first layer read m = {args.m} inputs; give {args.m} to {MOST_GATES}"
        )
    if not 1 <= args.depth <= MOST_GATES // args.m:
        rule = f"a circuit has one layer or more, and {MOST_GATES:,} gates at most: with m = {args.m} use --depth "
        raise InputError("depth", args.depth, f"{rule}{max(MOST_GATES // args.m, 1)} or less")
    if not 0 <= args.seed < 2**32:
        raise InputError("seed", args.seed, "a seed lies between 0 and 4294967295")
    if not 1 <= args.paths <= args.m // args.s:
        raise InputError("paths", args.paths, f"m = {args.m} features have room for 1 to {args.m // args.s} paths")
    if not args.out.parent.is_dir():
        raise InputError("out", args.out, f"the folder {args.out.parent} does not exist; make it or choose another")
    circuit, _ = planted_circuit(jax.random.key(args.seed), args.m, args.s, args.depth, args.paths, args.kind)
    write_circuit(circuit._replace(n_inputs=inputs), args.out)
    note(f"{args.out}: {inputs} inputs, {args.depth} layers of {args.m} gates; `superposed compile` takes it")

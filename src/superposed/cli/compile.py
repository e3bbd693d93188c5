"""`superposed compile` and `superposed verify`: circuits to plain ReLU networks, and the check that they are right."""

import argparse
import sys
from pathlib import Path

import jax

from superposed.circuits.circuit import Circuit, GateError
from superposed.circuits.formats import read_circuit, with_line
from superposed.circuits.inputs import MOST_INPUTS
from superposed.cli.options import check_folder, in_gib, memory, whole
from superposed.cli.output import note, print_json
from superposed.compiler.compile import compile_circuit
from superposed.compiler.file import bytes_to_write, read_network, stored_inputs, to_tensors, write_network
from superposed.compiler.verify import describe, verify_network


def add_commands(commands) -> None:
    """Registers `compile` and `verify`."""
    command = commands.add_parser(
        "compile",
        help="a circuit to a plain ReLU network with more features than neurons",
        description="Builds the network, runs it beside the circuit on the check inputs, and writes it. "
        "Exit status 0: written; 2: the circuit or the width will not do, nothing is written.",
    )
    command.add_argument(
        "circuit", help="the circuit: JSON, or ISCAS .bench text (docs/circuits.md shows how it is written)"
    )
    command.add_argument("--width", type=whole, required=True, help="most ReLU neurons in a layer")
    command.add_argument(
        "--template",
        choices=("channels", "correct"),
        default="channels",
        help="channels: exact steps, any gates; correct: targeted ANDs with error correction, Theorem 8 (default: channels)",
    )
    command.add_argument(
        "--s", type=whole, help="most features active at once in any layer (default: what the circuit's file says)"
    )
    command.add_argument("--fan-in", type=whole, help="refuse gates with more inputs than this")
    command.add_argument("--seed", type=whole, default=0, help="of codes and check inputs (default: 0)")
    command.add_argument(
        "--inputs",
        type=whole,
        default=100_000,
        help="sparse inputs to check, drawn; all of them where there are no more (default: 100000)",
    )
    command.add_argument(
        "--all-inputs", action="store_true", help="check every input with at most s active features instead"
    )
    command.add_argument("-o", "--out", required=True, help="the file to write, NAME.safetensors")
    command.add_argument("--json", action="store_true", help="print the metadata as JSON")
    command.set_defaults(run=run_compile)
    command = commands.add_parser(
        "verify",
        help="recompute what a compiled network's file claims",
        description="Exit status 0: as claimed; 1: changed, or wrong bits; 2: not such a file.",
    )
    command.add_argument("network", help="a file written by `superposed compile`")
    command.add_argument(
        "--inputs",
        type=whole,
        default=1000,
        help="sparse inputs to run through the dense weights, drawn; all of them where there are no more (default: 1000)",
    )
    command.add_argument("--all-inputs", action="store_true", help="every input with at most s active features instead")
    command.add_argument("--seed", type=whole, default=1, help="of the inputs (default: 1)")
    command.add_argument("--json", action="store_true", help="print what was found as JSON")
    command.set_defaults(run=run_verify)


def run_compile(args: argparse.Namespace) -> int:
    """Reads, compiles, checks and writes; 0, or ValueError and OSError for bad input."""
    for flag, value in (("--width", args.width), ("--inputs", args.inputs), ("--s", args.s), ("--fan-in", args.fan_in)):
        if value is not None and value < 1:
            raise ValueError(f"{flag} {value}: must be at least 1")
    _check_seed(args.seed)
    out = Path(args.out)
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: the folder {out.parent} does not exist; make it or choose another")
    if out.is_dir():
        raise ValueError(f"--out {out}: is a folder; name the file to write, such as {out / 'net.safetensors'}")
    check_folder("--out", out.parent)
    circuit = read_circuit(args.circuit, args.fan_in)
    s = circuit.s if args.s is None else args.s
    if s is None:
        raise ValueError(f"{args.circuit}: does not say how many features are active at most; give --s")
    _check_inputs(args.inputs, circuit.n_inputs, s)
    _check_fits(args.width, circuit, s, args.template)
    if sys.stderr.isatty():
        many = "all" if args.all_inputs else f"up to {args.inputs:,}"
        note(f"building {len(circuit.layers)} layers, checking {many} inputs with at most {s} active features")
    try:
        network, check = compile_circuit(
            jax.random.key(args.seed), circuit, args.width, s, args.template, args.inputs, args.all_inputs
        )
    except GateError as error:
        raise with_line(error, args.circuit) from None
    tensors = to_tensors(network, circuit)
    metadata = {
        "template": args.template,
        "width": network.width,
        "state": network.state,
        "features": max(circuit.widths),
        "depth": len(circuit.layers),
        "s": s,
        "seed": args.seed,
        "check": {**check._asdict(), "largest_error": check.largest_error},
    }
    write_network(out, tensors, metadata)
    if args.json:
        print_json({"file": str(out), **metadata})
    else:
        print(
            f"{out}: {len(circuit.layers)} circuit layers of up to {max(circuit.widths)} features in {network.width} neurons "
            f"(state {network.state}); {check.wrong_bits} wrong bits on {describe(check)}, "
            f"largest error {check.largest_error:.3g}"
        )
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Recomputes a file's claims from its dense weights alone: 0 if they hold, 1 if not."""
    if args.inputs < 1:
        raise ValueError(f"--inputs {args.inputs}: must be at least 1")
    _check_seed(args.seed)
    compiled = read_network(args.network)
    _check_inputs(args.inputs, stored_inputs(compiled), compiled.metadata["s"])
    found, problems, notes = verify_network(compiled, args.inputs, args.seed, args.all_inputs)
    if args.json:
        result = {**found._asdict(), "largest_error": found.largest_error} if found else {"inputs": 0}
        print_json(
            {
                "file": args.network,
                **result,
                "problems": problems,
                "notes": notes,
                "claimed": compiled.metadata["check"],
            }
        )
    elif not problems:
        print(f"{args.network}: as claimed; 0 wrong bits on {describe(found)}, largest error {found.largest_error:.3g}")
    for line in problems + notes:
        note(f"{args.network}: {line}")
    return 1 if problems else 0


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**32:
        raise ValueError(f"--seed {seed}: must be from 0 to {2**32 - 1}")


def _check_inputs(n: int, m: int, s: int) -> None:
    """Raises ValueError for more inputs than are checked at once, or than fit."""
    if n > MOST_INPUTS:
        raise ValueError(
            f"--inputs {n}: at most {MOST_INPUTS:,} are checked at once; lower it, and change --seed for others"
        )
    needed = 64 * n * (min(4 * s, m) + 2)
    if needed > memory():
        raise ValueError(
            f"--inputs {n}: inputs with up to {min(s, m):,} active features do not fit, they need {in_gib(needed)}; lower it"
        )


def _check_fits(width: int, circuit: Circuit, s: int, template: str) -> None:
    needed = bytes_to_write(circuit, width, s, template)
    if needed > memory():
        other = " or --template channels" if template == "correct" else " or a circuit with fewer features"
        raise ValueError(
            f"--width {width}: dense weights and directions of {max(circuit.widths):,} features do not fit, they need {in_gib(needed)}; "
            f"use a smaller --width{other}"
        )

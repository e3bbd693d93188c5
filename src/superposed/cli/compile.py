"""`superposed compile` and `superposed verify`: circuits to plain ReLU networks, and the check that they are right."""

import argparse
import sys
from pathlib import Path

import jax
import numpy as np

from superposed.circuit import Circuit, evaluate_circuit
from superposed.circuit_formats import read_circuit
from superposed.cli.options import check_folder
from superposed.cli.output import note, print_json
from superposed.compiled_file import (
    CompiledNetwork, digests, forward, metadata_digest, read_network, stored_circuit, to_tensors, write_network
)
from superposed.compiler import check_inputs, compile_circuit, every_sparse_input


def add_commands(commands) -> None:
    """Registers `compile` and `verify`."""
    command = commands.add_parser("compile", help="a circuit to a plain ReLU network with more features than neurons",
                                  description="Builds the network, runs it beside the circuit on the check inputs, and writes it. "
                                              "Exit status 0: written; 2: the circuit or the width will not do, nothing is written.")
    command.add_argument("circuit", help="the circuit: JSON, or ISCAS .bench text (docs/circuits.md shows how it is written)")
    command.add_argument("--width", type=int, required=True, help="most ReLU neurons in a layer")
    command.add_argument("--template", choices=("channels", "correct"), default="channels",
                         help="channels: exact steps, any gates; correct: targeted ANDs with error correction, Theorem 8 (default: channels)")
    command.add_argument("--s", type=int, help="most features active at once in any layer (default: what the circuit's file says)")
    command.add_argument("--fan-in", type=int, help="refuse gates with more inputs than this")
    command.add_argument("--seed", type=int, default=0, help="of codes and check inputs (default: 0)")
    command.add_argument("--inputs", type=int, default=100_000, help="random sparse inputs to check (default: 100000)")
    command.add_argument("--all-inputs", action="store_true", help="check every input with at most s active features instead")
    command.add_argument("-o", "--out", required=True, help="the file to write, NAME.safetensors")
    command.add_argument("--json", action="store_true", help="print the metadata as JSON")
    command.set_defaults(run=run_compile)
    command = commands.add_parser("verify", help="recompute what a compiled network's file claims",
                                  description="Exit status 0: as claimed; 1: changed, or wrong bits; 2: not such a file.")
    command.add_argument("network", help="a file written by `superposed compile`")
    command.add_argument("--inputs", type=int, default=1000, help="random sparse inputs, run through the dense weights (default: 1000)")
    command.add_argument("--all-inputs", action="store_true", help="every input with at most s active features instead")
    command.add_argument("--seed", type=int, default=1, help="of the inputs (default: 1)")
    command.add_argument("--json", action="store_true", help="print what was found as JSON")
    command.set_defaults(run=run_verify)


def run_compile(args: argparse.Namespace) -> int:
    """Reads, compiles, checks and writes; 0, or ValueError and OSError for bad input."""
    for flag, value in (("--width", args.width), ("--inputs", args.inputs), ("--s", args.s), ("--fan-in", args.fan_in)):
        if value is not None and value < 1:
            raise ValueError(f"{flag} {value}: must be at least 1")
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
    if sys.stderr.isatty():
        note(f"building {len(circuit.layers)} layers, checking {'all' if args.all_inputs else args.inputs} inputs with at most {s} active features")
    network, check = compile_circuit(jax.random.key(args.seed), circuit, args.width, s, args.template, args.inputs, args.all_inputs)
    tensors = to_tensors(network, circuit)
    metadata = {
        "template": args.template, "width": network.width, "state": network.state, "features": max(circuit.widths),
        "depth": len(circuit.layers), "s": s, "seed": args.seed, "check": {**check._asdict(), "largest_error": check.largest_error},
    }
    write_network(out, tensors, metadata)
    if args.json:
        print_json({"file": str(out), **metadata})
    else:
        print(f"{out}: {len(circuit.layers)} circuit layers of up to {max(circuit.widths)} features in {network.width} neurons "
              f"(state {network.state}); {check.wrong_bits} wrong bits on {check.inputs:,} inputs ({check.different:,} different ones), "
              f"largest error {check.largest_error:.3g}")
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Recomputes a file's claims from its dense weights alone: 0 if they hold, 1 if not."""
    if args.inputs < 1:
        raise ValueError(f"--inputs {args.inputs}: must be at least 1")
    compiled = read_network(args.network)
    found = verify_network(compiled, args.inputs, args.seed, args.all_inputs)
    if args.json:
        print_json({"file": args.network, **found})
    elif not found["problems"]:
        print(f"{args.network}: as claimed; 0 wrong bits on {found['inputs']} inputs, largest error {found['largest_error']:.3g}")
    for problem in found["problems"]:
        note(f"{args.network}: {problem}")
    return 1 if found["problems"] else 0


def verify_network(compiled: CompiledNetwork, n_inputs: int, seed: int, all_inputs: bool = False) -> dict:
    """What a compiled network does on random sparse inputs (or all), and every way in which the file is not as claimed."""
    tensors, metadata = compiled
    now = {**digests(tensors), "metadata": metadata_digest(metadata)}
    problems = [f"{name} is not the one that was written" for name in sorted({*now, *metadata["digests"]})
                if now.get(name) != metadata["digests"].get(name)]
    wrong, largest, inputs = 0, 0.0, 0
    try:
        circuit = stored_circuit(tensors)
        s = metadata["s"]
        b = every_sparse_input(circuit.n_inputs, s) if all_inputs else check_inputs(np.random.default_rng(seed), circuit, s, n_inputs)
        for start in range(0, b.shape[0], 256):
            part = b[start : start + 256].toarray()
            wrong_here, error = _compare(tensors, circuit, part)
            wrong, largest, inputs = wrong + wrong_here, max(largest, error), inputs + len(part)
    except (KeyError, IndexError, ValueError) as error:
        problems.append(f"its tensors do not fit together: {error}")
    if wrong:
        problems.append(f"{wrong} wrong bit{'s' * (wrong > 1)} on {inputs} inputs")
    return {"inputs": inputs, "wrong_bits": wrong, "largest_error": largest, "problems": problems, "claimed": metadata["check"]}


def _compare(tensors: dict[str, np.ndarray], circuit: Circuit, b: np.ndarray) -> tuple[int, float]:
    wrong, largest = 0, 0.0
    for depth, (read, truth) in enumerate(zip(forward(tensors, b), evaluate_circuit(circuit, b > 0)[1:], strict=True), start=1):
        wrong += int(((read > tensors[f"features.{depth}.threshold"]) != truth).sum())
        largest = max(largest, float(np.abs(read - truth).max()))
    return wrong, largest

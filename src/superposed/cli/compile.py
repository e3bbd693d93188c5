"""`superposed compile` and `superposed verify`: circuits to plain ReLU networks, and the check that they are right."""

import argparse
import sys
from pathlib import Path

import jax

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, GateError, most_active
from superposed.circuits.formats import read_file, read_inputs
from superposed.circuits.inputs import MOST_INPUTS, domain_of, input_rng, inputs_to_check
from superposed.cli.options import check_out, check_seed
from superposed.cli.output import note, print_json
from superposed.cli.words import whole
from superposed.compiler.compile import Compiled, compile_circuit
from superposed.compiler.file import load
from superposed.compiler.template import TEMPLATES
from superposed.compiler.verify import describe, verify_network
from superposed.compiler.write import bytes_to_write, write_network
from superposed.scoring.card import spans, write_card
from superposed.sweeping.size import in_gib, memory


def add_commands(commands) -> None:
    """Registers `compile` and `verify`."""
    add_compile(commands)
    add_verify(commands)


def add_compile(commands) -> None:
    """Registers `compile`."""
    command = commands.add_parser(
        "compile",
        help="a circuit to a plain ReLU network with more features than neurons",
        description="Builds the network, runs it beside the circuit on the check inputs, and writes it. "
        "Exit status 0: written; 2: the circuit or the width will not do, nothing is written.",
    )
    add = command.add_argument
    add("circuit", help="the circuit: JSON, ISCAS .bench or .blif (docs/circuits.md shows how it is written)")
    add("--width", type=whole, required=True, help="most ReLU neurons in a layer")
    templates = (
        "channels: exact steps, any gates; placed: the same, with each gate where it needs the fewest new wires, for "
        "more features in a longer time; summed: weights that are a sum over gates; "
        "correct: targeted gates with error correction, Theorem 8; correct-sparse: the same with shorter codes, for "
        "three times the features"
    )
    add("--template", choices=tuple(TEMPLATES), default="channels", help=f"{templates} (default: channels)")
    add("--s", type=whole, help="most features active in any layer (default: as the file says, or with --s-inputs or "
        "--inputs-from as measured on the check inputs)")  # fmt: skip
    add("--s-inputs", type=whole, help="most active inputs (default: s)")
    add("--fan-in", type=whole, help="refuse gates with more inputs than this")
    add("--quiet", help="zeros, or a file with a line NAME VALUE an input: compute how every signal of a netlist "
        "deviates from its value on this quiet input, so that NOT, NAND and NOR may stand in it")  # fmt: skip
    add("--steps", type=whole, help="clock ticks to unroll a netlist with flip-flops, which begin at zero")
    add("--seed", type=whole, default=0, help="of codes and check inputs (default: 0)")
    add("--inputs", type=whole, default=100_000, help="inputs to check, drawn; all of them where there are no more "
        "(default: 100000)")  # fmt: skip
    add("--inputs-from", help="a file of inputs to check instead: a line an input, what is active by name or position")
    add("--all-inputs", action="store_true", help="check every input of the domain instead")
    add("-o", "--out", required=True, help="the file to write, NAME.safetensors")
    add("--json", action="store_true", help="print the metadata as JSON")
    command.set_defaults(run=run_compile)


def add_verify(commands) -> None:
    """Registers `verify`."""
    command = commands.add_parser(
        "verify",
        help="recompute what a compiled network's file claims",
        description="Exit status 0: as claimed; 1: changed, or wrong bits; 2: not such a file. Its digests protect "
        "against accident, not against intent: who changes a file can renew them.",
    )
    add = command.add_argument
    add("network", help="a file written by `superposed compile`")
    add("--inputs", type=whole, default=1000, help="inputs to run through the plain weights, drawn; all of them where "
        "there are no more (default: 1000)")  # fmt: skip
    add("--all-inputs", action="store_true", help="every input of the domain instead")
    add("--seed", type=whole, default=1, help="of the inputs (default: 1)")
    add("--json", action="store_true", help="print what was found as JSON")
    command.set_defaults(run=run_verify)


def run_compile(args: argparse.Namespace) -> int:
    """Reads, compiles, checks and writes; 0, or ValueError and OSError for bad input."""
    for name in ("width", "inputs", "s", "s_inputs", "fan_in", "steps"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise InputError(name, value, "must be at least 1")
    check_seed(args.seed)
    out = check_out(args.out, args.circuit, args.inputs_from, args.quiet)
    file = read_file(args.circuit, args.fan_in, args.quiet, args.steps)
    circuit = file.circuit
    b = None if args.inputs_from is None else read_inputs(args.inputs_from, circuit)
    s = args.s or circuit.s or _measured(args, circuit, b)
    _check_inputs(args.inputs, circuit.n_inputs, args.s_inputs or s)
    _check_fits(args.width, circuit, s, args.template)
    if sys.stderr.isatty():
        note(f"building {len(circuit.layers)} layers for at most {s} active features, then checking them")
    try:
        compiled = compile_circuit(
            jax.random.key(args.seed), circuit, args.width, s, args.template, args.inputs, args.all_inputs,
            args.s_inputs, b,
        )  # fmt: skip
    except GateError as error:
        raise file.located(error) from None
    metadata = write_network(out, compiled, circuit, args.template, args.seed)
    write_card(out, metadata, circuit)
    print_json({"file": str(out), **metadata}) if args.json else _report(out, compiled, metadata)
    if compiled.worst.wrong:
        harm = f"{compiled.worst.wrong} of {compiled.worst.tried} chosen to do harm"
        note(
            f"{out}: warning: inputs with wrong bits are known: {harm}. The draws of the codes that were tried had no "
            "fewer. No other checked input has a wrong bit. A wider network has fewer such inputs"
        )
    return 0


def _report(out: Path, compiled: Compiled, metadata: dict) -> None:
    """What was written, for a person."""
    check, depth = compiled.check, metadata["depth"]
    certified, tried, wrong = compiled.worst
    sampled = [layer for layer in range(1, depth + 1) if layer not in certified]
    which = f"layers {spans(certified)}; only sampled: layers {spans(sampled)}"
    which = which if certified and sampled else "every layer" if certified else "no layer"
    attacked = f"; wrong on {wrong} of {tried} inputs chosen to do harm in layer 1" if tried else ""
    limit = "" if check.exhaustive else f"; at 95% fewer than {check.chance_wrong:.2g} of inputs drawn alike are wrong"
    print(
        f"{out}: {metadata['inputs']} inputs on {metadata['encoding']} dimensions, then up to {metadata['features']} "
        f"features a layer in {metadata['width']} neurons, {depth} layers as {metadata['relu_layers']} ReLU layers\n"
        f"  {check.wrong_bits} wrong bits on {describe(check)}{limit}\n"
        f"  certified against any {compiled.s} exactly stored features: {which}{attacked}; "
        f"largest error {check.largest_error:.3g}"
    )


def run_verify(args: argparse.Namespace) -> int:
    """Recomputes a file's claims from its plain weights alone: 0 if they hold, 1 if not."""
    if args.inputs < 1:
        raise InputError("inputs", args.inputs, "must be at least 1")
    check_seed(args.seed)
    compiled = load(args.network)
    _check_inputs(args.inputs, compiled.metadata["inputs"], compiled.metadata["s_inputs"])
    found, problems, notes, extra = verify_network(compiled, args.inputs, args.seed, args.all_inputs)
    if args.json:
        result = {**found._asdict(), "largest_error": found.largest_error} if found else {"inputs": 0}
        seen = {"problems": problems, "notes": notes, "by_chance": extra, "claimed": compiled.metadata["check"]}
        print_json({"file": args.network, **result, **seen})
    elif not problems:
        print(
            f"{args.network}: as claimed; 0 wrong bits on {describe(found)}, largest error {found.largest_error:.3g}; "
            f"directions are what a forward pass shows, with {extra:.2g} neurons on by chance beside them"
        )
    for line in problems + notes:
        note(f"{args.network}: {line}")
    return 1 if problems else 0


def _measured(args: argparse.Namespace, circuit: Circuit, b) -> int:
    """The most features that the circuit itself has active on the inputs that are checked."""
    if b is None:
        if args.s_inputs is None and not circuit.groups:
            rule = f"{args.circuit} does not say how many features are active; give --s, --s-inputs or --inputs-from"
            raise InputError("s", None, rule)
        domain = domain_of(circuit, args.s_inputs or len(circuit.groups))
        b = inputs_to_check(input_rng(jax.random.key(args.seed)), circuit, domain, args.inputs, args.all_inputs).b
    return max(int(most_active(circuit, b).max()), 1)


def _check_inputs(n: int, m: int, s: int) -> None:
    """Raises InputError for more inputs than are checked at once, or than fit."""
    if n > MOST_INPUTS:
        raise InputError(
            "inputs", n, f"at most {MOST_INPUTS:,} are checked at once; lower it, and change --seed for others"
        )
    needed = 64 * n * (min(4 * s, m) + 2)
    if needed > memory():
        what = f"inputs with up to {min(s, m):,} active features do not fit, they need {in_gib(needed)}"
        raise InputError("inputs", n, f"{what}; lower it")


def _check_fits(width: int, circuit: Circuit, s: int, template: str) -> None:
    needed = bytes_to_write(circuit, width, s, template)
    if needed > memory():
        other = " or --template channels" if template.startswith("correct") else " or a circuit with fewer features"
        what = f"weights and directions of {max(circuit.widths):,} features do not fit, they need {in_gib(needed)}"
        raise InputError("width", width, f"{what}; use a smaller --width{other}")

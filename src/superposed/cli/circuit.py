"""`superposed circuit`: random circuits that stay sparse, and circuits from words, facts or rules."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from superposed.bad_input import InputError
from superposed.cli.output import note
from superposed.cli.words import pick, whole

if TYPE_CHECKING:
    from superposed.circuits.circuit import Circuit

PLANTED = {
    "groups": "closed groups of s features, where a group that is all active makes the next layer's group all active",
    "paths": "random gates, among which planted paths keep s features active in every layer",
}
SOURCES = {
    "trie": "a feature for every word of a file, a word a line",
    "facts": "facts followed over --hops; a line is RELATION SUBJECT OBJECT",
    "horn": "conclusions drawn --rounds times; a line is BODY BODY ... -> HEAD",
}
KINDS = PLANTED | SOURCES
MOST_GATES = 10**7
"""Gates of one file: some 400 MB of text."""
Lines = list[tuple[int, list[str]]]
"""Numbered lines of a file, split into words."""


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `circuit`."""
    parser = commands.add_parser(
        "circuit",
        description="Write a circuit: a random one of ANDs, on whose planted inputs s features are active in every "
        "layer (groups, paths), or one from a file of words, facts or rules (trie, facts, horn).",
    )
    add = parser.add_argument
    add("kind", metavar="KIND", help="; ".join(f"{kind}: {what}" for kind, what in KINDS.items()))
    add("--m", type=whole, help="gates of every layer")
    add("--inputs", type=whole, help="features of the input, m or more (default m); gates read the first m")
    add("--s", type=whole, help="features active at once (default 3)")
    add("--depth", type=whole, help="layers of gates")
    add("--paths", type=whole, help="planted paths, for KIND paths (default 1)")
    add("--seed", type=whole, help="default 0")
    add("--from", dest="source", help="for KIND trie, facts and horn: the file of words, facts or rules")
    add("--hops", help="for KIND facts: relations to follow one after another, such as mother,home")
    add("--rounds", type=whole, help="for KIND horn: how often conclusions are drawn (default 1)")
    add("-o", "--out", type=Path, required=True, help="the file to write: NAME.json, or NAME.bench")
    parser.set_defaults(run=run_circuit)


def run_circuit(args: argparse.Namespace) -> None:
    """Make the circuit and write it."""
    from superposed.circuits.formats import write_circuit

    pick("kind of circuit", args.kind, KINDS)
    if not args.out.parent.is_dir():
        raise InputError("out", args.out, f"the folder {args.out.parent} does not exist; make it or choose another")
    circuit = planted(args) if args.kind in PLANTED else from_source(args)
    write_circuit(circuit, args.out)
    gates = sum(circuit.widths[1:])
    note(
        f"{args.out}: {circuit.n_inputs} inputs, {len(circuit.layers)} layers of up to {max(circuit.widths[1:])} "
        f"gates, {gates} in all; `superposed compile` takes it"
    )


def planted(args: argparse.Namespace) -> "Circuit":
    """A random circuit. Raises InputError for a number that breaks a rule."""
    import jax

    from superposed.circuits.planted import planted_circuit

    _refuse(args, ("source", "hops", "rounds"))
    for name in ("m", "depth"):
        if getattr(args, name) is None:
            raise InputError(name, None, f"a circuit of kind {args.kind} needs --{name}")
    s, paths, seed = (3 if args.s is None else args.s), (1 if args.paths is None else args.paths), args.seed or 0
    if not 2 <= s <= args.m:
        raise InputError("s", s, f"2 to m = {args.m} features are active at once")
    inputs = args.m if args.inputs is None else args.inputs
    if not args.m <= inputs <= MOST_GATES:
        raise InputError(
            "inputs", inputs, f"the gates of the first layer read m = {args.m} inputs; give {args.m} to {MOST_GATES}"
        )
    if not 1 <= args.depth <= MOST_GATES // args.m:
        rule = f"a circuit has one layer or more, and {MOST_GATES:,} gates at most: with m = {args.m} use --depth "
        raise InputError("depth", args.depth, f"{rule}{max(MOST_GATES // args.m, 1)} or less")
    if not 0 <= seed < 2**32:
        raise InputError("seed", seed, "a seed lies between 0 and 4294967295")
    if not 1 <= paths <= args.m // s:
        raise InputError("paths", paths, f"m = {args.m} features have room for 1 to {args.m // s} paths")
    circuit, _ = planted_circuit(jax.random.key(seed), args.m, s, args.depth, paths, args.kind)
    return circuit._replace(n_inputs=inputs)


def from_source(args: argparse.Namespace) -> "Circuit":
    """The circuit of a file of words, facts or rules. Raises InputError, or FileError with the line."""
    from superposed.circuits import sources
    from superposed.circuits.formats import read_text

    others = {"facts": ("rounds",), "horn": ("hops",)}.get(args.kind, ("hops", "rounds"))
    _refuse(args, ("m", "inputs", "s", "depth", "paths", "seed", *others))
    if args.source is None:
        raise InputError("from", None, f"a circuit of kind {args.kind} needs --from FILE")
    if args.out.resolve() == Path(args.source).resolve():
        raise InputError("out", args.out, "is the file that is read; choose another")
    numbered = enumerate(read_text(args.source).splitlines(), start=1)
    lines = [(n, line.split()) for n, line in numbered if line.strip() and not line.startswith("#")]
    if args.kind == "trie":
        return sources.trie(_words(args.source, lines))
    if args.kind == "horn":
        return sources.horn(_rules(args.source, lines), 1 if args.rounds is None else args.rounds)
    if args.hops is None:
        raise InputError("hops", None, "a circuit of facts follows relations; give --hops RELATION,RELATION")
    return sources.facts(_facts(args.source, lines), args.hops.split(","))


def _words(path: str, lines: Lines) -> list[str]:
    from superposed.circuits.sources import END

    for n, words in lines:
        if len(words) != 1 or END in words[0]:
            raise _wrong(path, n, words, f"one word without {END!r}")
    return [words[0] for _, words in lines]


def _facts(path: str, lines: Lines) -> dict[str, dict[str, str]]:
    pairs: dict[str, dict[str, str]] = {}
    for n, words in lines:
        if len(words) != 3:
            raise _wrong(path, n, words, "RELATION SUBJECT OBJECT")
        relation, subject, thing = words
        if (known := pairs.setdefault(relation, {}).setdefault(subject, thing)) != thing:
            raise _wrong(path, n, words, f"what stands above: {relation} of {subject} is {known}")
    return pairs


def _rules(path: str, lines: Lines) -> list[tuple[list[str], str]]:
    for n, words in lines:
        if len(words) < 3 or words[-2] != "->" or "->" in words[:-2]:
            raise _wrong(path, n, words, "a rule BODY ... -> HEAD")
    return [(words[:-2], words[-1]) for _, words in lines]


def _wrong(path: str, n: int, words: list[str], rule: str) -> ValueError:
    from superposed.circuits.formats import FileError

    return FileError(path, f"line {n}: {' '.join(words)!r} is not {rule}")


def _refuse(args: argparse.Namespace, names: tuple[str, ...]) -> None:
    """Raises InputError for a flag that means nothing for this kind of circuit."""
    for name in names:
        if getattr(args, name) is not None:
            flag = "from" if name == "source" else name
            raise InputError(flag, getattr(args, name), f"means nothing for a circuit of kind {args.kind}")

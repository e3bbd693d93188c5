"""`superposed source`: a circuit made from a word list, from facts, or from Horn rules."""

import argparse
import json
from collections.abc import Callable

from superposed.cli.words import pick, whole

KINDS = {
    "trie": "a word a line; one feature for every word",
    "facts": 'JSON {"facts": {relation: {subject: object}}, "hops": [relation, ...]}; where subjects lead',
    "horn": "a rule a line, `head :- body, body`; what follows in --rounds rounds",
}


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `source`."""
    parser = commands.add_parser("source", description="Write the circuit of a word list, of facts, or of Horn rules.")
    parser.add_argument("kind", metavar="KIND", help="; ".join(f"{kind}: {what}" for kind, what in KINDS.items()))
    parser.add_argument("file", help="the words, facts or rules")
    parser.add_argument("--rounds", type=whole, default=3, help="of Horn rules (default 3)")
    parser.add_argument("-o", "--out", required=True, help="the file to write, NAME.json")
    parser.set_defaults(run=run_source)


def run_source(args: argparse.Namespace) -> None:
    """Read the data, make the circuit and write it."""
    from superposed.circuits.formats import FileError, read_text, write_circuit
    from superposed.cli.options import check_out
    from superposed.cli.output import note

    make = pick("kind of source", args.kind, makers(args.rounds))
    out = check_out(args.out, args.file)
    try:
        circuit = make(read_text(args.file))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(args.file, f"no {args.kind} ({KINDS[args.kind]}): {error}") from None
    write_circuit(circuit, out)
    s = "" if circuit.s is None else f", s = {circuit.s}"
    note(f"{out}: {circuit.n_inputs} inputs, {len(circuit.layers)} layers of up to {max(circuit.widths[1:])} gates{s}")


def makers(rounds: int) -> dict[str, Callable]:
    """Each kind: what makes a circuit of a file's text."""
    from superposed.circuits.sources import facts, horn, trie

    def rules(text: str) -> list[tuple[list[str], str]]:
        lines = [line.strip().removesuffix(".") for line in text.splitlines() if line.strip()]
        pairs = [line.split(":-") for line in lines]
        return [([atom.strip() for atom in body.split(",")], head.strip()) for head, body in pairs]

    def chains(text: str) -> object:
        value = json.loads(text)
        return facts(value["facts"], value["hops"])

    return {"trie": lambda text: trie(text.split()), "facts": chains, "horn": lambda text: horn(rules(text), rounds)}

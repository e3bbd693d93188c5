"""`superposed score`: what a tool recovered, against the ground truth of a compiled network."""

import argparse

import numpy as np

from superposed.bad_input import InputError
from superposed.circuits.circuit import walk
from superposed.cli.output import print_json, table
from superposed.cli.words import whole
from superposed.compiler.file import CompiledNetwork, load
from superposed.scoring.components import Components, score_components
from superposed.scoring.dictionary import check_dictionary, cosines, match
from superposed.scoring.edges import Edges, on_features, score_edges
from superposed.scoring.references import Dictionary, score_dictionary
from superposed.scoring.sample import Sample, from_table, read_sample, read_tensors
from superposed.scoring.truth import check_layer, layer_truth
from superposed.sweeping.size import in_gib, memory

TABLES = ("dictionary", "circuit", "parameters")
MATCHED = 0.5  # a latent stands for a feature in a circuit where the cosine of the matched pair is at least this


def add_commands(commands) -> None:
    """Registers `score`."""
    command = commands.add_parser(
        "score",
        help="what a tool recovered from a compiled network, against its ground truth",
        description="Prints a table for each file that is given. Each stands between floors (dictionaries, edges or "
        "components that know nothing) and ceilings (ones that were given the truth) on the same data. "
        "docs/ground-truth.md defines every score.",
    )
    command.add_argument("network", help="a file written by `superposed compile`")
    command.add_argument("--layer", type=whole, help="the circuit layer of a dictionary or of parameters, from 1")
    command.add_argument("--sample", help="a file written by `superposed sample`, for latents and importances")
    command.add_argument("--dictionary", help="safetensors: decoder [n, d]; optional latents [rows, n] and bias [d]")
    command.add_argument(
        "--circuit",
        help="safetensors: edges [n, 4] (source layer, source, target layer, target) and scores [n]; with decoder.L "
        "[latents, d] for a layer L its ends are latents of that dictionary, else true features",
    )
    command.add_argument(
        "--parameters", help="safetensors: out [n, d_out] and into [n, d_in]; optional importance [rows, n]"
    )
    command.add_argument("--seed", type=whole, default=0, help="of the random floors (default: 0)")
    command.add_argument("--json", action="store_true", help="print the tables as JSON")
    command.set_defaults(run=run_score)


def run_score(args: argparse.Namespace) -> int:
    """Reads, scores and prints; 0, or ValueError and OSError for bad input."""
    if not any(getattr(args, name) for name in TABLES):
        raise ValueError("nothing to score: give --dictionary, --circuit or --parameters")
    if args.layer is None and (args.dictionary or args.parameters):
        raise ValueError("--layer is missing: which circuit layer is the dictionary, or are the parameters, of?")
    compiled = load(args.network)
    if args.layer is not None:
        check_layer(compiled, args.layer)
    sample = read_sample(args.sample, compiled) if args.sample else None
    if sample is not None and args.layer is not None and sample.layer != args.layer:
        raise InputError("layer", args.layer, f"{args.sample} is a sample of layer {sample.layer}; sample this one")
    tables = {}
    if args.dictionary:
        found = Dictionary(**named_tensors(args.dictionary, ("decoder",), ("latents", "bias")))
        truth = layer_truth(compiled, args.layer)
        check_fits(len(truth.directions), len(found.decoder))
        tables["dictionary"] = score_dictionary(truth, found, sample, args.seed)
    if args.circuit:
        tables["circuit"] = score_circuit(compiled, args.circuit, sample)
    if args.parameters:
        found = Components(**named_tensors(args.parameters, ("out", "into"), ("importance",)))
        tables["parameters"] = score_components(compiled, args.layer, found, sample, args.seed)
    if args.json:
        print_json({"network": args.network, "layer": args.layer, **tables})
    else:
        print("\n\n".join(f"{name}\n{as_text(rows)}" for name, rows in tables.items()))
    return 0


def check_fits(m: int, n: int) -> None:
    """Raises ValueError where the cosines of m features and n latents do not fit into memory, thrice in float64."""
    if (needed := 24 * m * n) > memory():
        rule = f"{n:,} latents and {m:,} features have cosines that do not fit, they need {in_gib(needed)}"
        raise ValueError(f"--dictionary: {rule}; score fewer latents, or a network with fewer features")


def score_circuit(compiled: CompiledNetwork, path: str, sample: Sample | None) -> dict[str, dict[str, float]]:
    """The table of the edges in a file; ends that are latents become the features that they are matched with."""
    circuit = compiled.circuit
    decoders = tuple(f"decoder.{layer}" for layer in range(1, len(circuit.layers) + 1))
    tensors = named_tensors(path, ("edges", "scores"), decoders)
    edges, places = Edges(tensors.pop("edges"), tensors.pop("scores")), {}
    for name, decoder in tensors.items():
        layer = int(name.split(".")[1])
        truth = layer_truth(compiled, layer)
        check_dictionary(decoder, None, None, truth.directions.shape[1], None)
        matched = match(cosines(truth.directions, decoder))
        places[layer] = np.full(len(decoder), -1)
        sure = matched.cosine >= MATCHED
        places[layer][matched.latent[sure]] = matched.feature[sure]
    edges = on_features(edges, places)
    features = None
    if sample is not None:
        b = from_table(sample.inputs, circuit.n_inputs)
        features = [b, *(each for _, each in walk(circuit.layers, b))]
    return score_edges(edges, circuit, features)


def named_tensors(path: str, needed: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The tensors of a file. Raises InputError where one is missing, or has a name that would be ignored."""
    tensors, _ = read_tensors(path)
    known = f"{' and '.join(needed)}, and if you like {', '.join(optional)}"
    for name in needed:
        if name not in tensors:
            raise InputError("file", path, f"has no tensor {name!r}; it needs {known}")
    for name in tensors:
        if name not in needed + optional:
            raise InputError("file", path, f"has a tensor {name!r} that is not scored; it may have {known}")
    return tensors


def as_text(rows: dict[str, dict[str, float]]) -> str:
    """A table with a score a line and a column for the tool, the floors and the ceilings."""
    scores = list(dict.fromkeys(score for row in rows.values() for score in row))
    return table(["", *rows], [[score, *(row.get(score) for row in rows.values())] for score in scores])

"""`superposed sample`: activations of a compiled network's layer, with the features that are on in them."""

import argparse

from superposed.cli.options import check_out, check_seed
from superposed.cli.words import whole
from superposed.compiler.file import load
from superposed.scoring.sample import sample_layer, write_sample
from superposed.scoring.truth import check_layer, layer_truth
from superposed.sweeping.size import in_gib, memory


def add_commands(commands) -> None:
    """Registers `sample`."""
    command = commands.add_parser(
        "sample",
        help="activations of a compiled network, with the features that are on in them",
        description="Draws valid inputs, runs the network, and writes a safetensors file: activations [n, d] of the "
        "layer, and the indices of the active inputs and of the layer's active features, -1 where a row has fewer.",
    )
    command.add_argument("network", help="a file written by `superposed compile`")
    command.add_argument("--layer", type=whole, required=True, help="the circuit layer, from 1")
    command.add_argument("--n", type=whole, default=10_000, help="activations (default: 10000)")
    command.add_argument("--seed", type=whole, default=0, help="of the inputs (default: 0)")
    command.add_argument("-o", "--out", required=True, help="the file to write, NAME.safetensors")
    command.set_defaults(run=run_sample)


def run_sample(args: argparse.Namespace) -> int:
    """Samples and writes; 0, or ValueError and OSError for bad input."""
    check_seed(args.seed)
    out = check_out(args.out, args.network)
    compiled = load(args.network)
    check_layer(compiled, args.layer)
    width = layer_truth(compiled, args.layer).directions.shape[1]
    needed = 16 * args.n * width
    if needed > memory():
        raise ValueError(
            f"--n {args.n}: activations of {width} neurons do not fit, they need {in_gib(needed)}; lower it"
        )
    sample = sample_layer(compiled, args.n, args.layer, args.seed)
    write_sample(out, sample, compiled, args.seed)
    per_row = (sample.features >= 0).sum(1)
    seen = len(set(sample.features[sample.features >= 0].tolist()))
    print(
        f"{out}: {len(per_row):,} activations of {width} neurons in circuit layer {args.layer}; "
        f"{per_row.mean():.3g} features on in each on average, {seen:,} different ones"
    )
    return 0

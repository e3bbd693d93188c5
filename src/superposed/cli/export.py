"""`superposed export`: a compiled network for PyTorch, ONNX or SAELens."""

import argparse

from superposed.bad_input import InputError
from superposed.cli.options import check_out
from superposed.cli.words import whole
from superposed.compiler.file import load
from superposed.scoring.export import stack, torch_modules, write_onnx, write_saelens, write_torch


def add_commands(commands) -> None:
    """Registers `export`."""
    command = commands.add_parser(
        "export",
        help="a compiled network for PyTorch, ONNX or SAELens",
        description="torch and onnx write the network from its inputs to the features of its last layer. A feature is "
        "on where its output is positive. torch: the state dict of a plain nn.Sequential, which is printed. onnx: a "
        "model from `inputs` to `features`. saelens: the true directions of one layer, as the state dict of a "
        "FeatureDictionary.",
    )
    command.add_argument("network", help="a file written by `superposed compile`")
    formats = ("torch", "onnx", "saelens")
    command.add_argument("--format", choices=formats, required=True, help="the library that is to load it")
    command.add_argument("--layer", type=whole, help="the circuit layer of a dictionary for saelens, from 1")
    command.add_argument("-o", "--out", required=True, help="the file to write, such as net.pt or net.onnx")
    command.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Writes the file and says how to load it; 0, or ValueError and OSError for bad input."""
    if args.layer is None and args.format == "saelens":
        raise ValueError("--layer is missing: which circuit layer's directions are the dictionary to hold?")
    if args.layer is not None and args.format != "saelens":
        raise InputError("layer", args.layer, f"{args.format} takes the whole network; leave it out")
    out = check_out(args.out, args.network)
    compiled = load(args.network)
    if args.format == "torch":
        affine = stack(compiled)
        write_torch(out, affine)
        print(f"model = {torch_modules(affine)}\nmodel.load_state_dict(torch.load({str(out)!r}))")
    elif args.format == "onnx":
        write_onnx(out, stack(compiled))
        print(f"session = onnxruntime.InferenceSession({str(out)!r})\n(features,) = session.run(None, {{'inputs': b}})")
    else:
        m, d = write_saelens(out, compiled, args.layer)
        print(f"features = FeatureDictionary({m}, {d}, initializer=None)")
        print(f"features.load_state_dict(safetensors.torch.load_file({str(out)!r}))")
    return 0

"""`superposed export`: a compiled network for PyTorch or ONNX."""

import argparse

from superposed.cli.options import check_out
from superposed.compiler.file import load
from superposed.scoring.export import stack, torch_modules, write_onnx, write_torch


def add_commands(commands) -> None:
    """Registers `export`."""
    command = commands.add_parser(
        "export",
        help="a compiled network for PyTorch or ONNX",
        description="Writes the network from its inputs to the features of its last layer, on where positive. torch: "
        "the state dict of a plain nn.Sequential, which is printed. onnx: from `inputs` to `features`.",
    )
    command.add_argument("network", help="a file written by `superposed compile`")
    command.add_argument("--format", choices=("torch", "onnx"), required=True, help="the library that is to load it")
    command.add_argument("-o", "--out", required=True, help="the file to write, such as net.pt or net.onnx")
    command.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Writes the file and says how to load it; 0, or ValueError and OSError for bad input."""
    out = check_out(args.out, args.network)
    affine = stack(load(args.network))
    if args.format == "torch":
        write_torch(out, affine)
        print(f"model = {torch_modules(affine)}\nmodel.load_state_dict(torch.load({str(out)!r}))")
    else:
        write_onnx(out, affine)
        print(f"session = onnxruntime.InferenceSession({str(out)!r})\n(features,) = session.run(None, {{'inputs': b}})")
    return 0

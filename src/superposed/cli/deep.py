"""`superposed deep`: how many features a deep network of targeted ANDs and corrections bears (Theorem 8)."""

import argparse
import time

from superposed.bad_input import InputError
from superposed.cli.options import add_devices, use_devices
from superposed.cli.output import print_json
from superposed.cli.words import pick, whole

MODES = ("drawn", "built")
WIDEST = 10**13
RUNS = 8  # of the drawn chance of a wrong bit
MOST_BUILT = 2**17
"""Features of a built network: some 5 GB of weights a layer."""


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Register `deep`."""
    parser = commands.add_parser(
        "deep",
        description="How many features a deep network of targeted ANDs and error corrections bears (Theorem 8), on "
        "closed groups of s features. Without --m it prints the number of features at which half of the drawn networks "
        "are right. That takes seconds at any width. With --m it prints the share of networks that are right. In drawn "
        "mode it also prints the chance that an input gets its first wrong bit in a layer.",
    )
    parser.add_argument("--width", type=whole, required=True, help=f"ReLU neurons of a layer, up to {WIDEST:.0e} drawn")
    parser.add_argument("--s", type=whole, default=2, help="active features (default 2)")
    parser.add_argument("--m", type=whole, help="features of a layer")
    parser.add_argument("--depth", type=whole, default=64, help="layers of the circuit (default 64)")
    parser.add_argument("--inputs", type=whole, default=20, help="inputs that must all be right (default 20)")
    parser.add_argument("--design", default="paper", help="paper, or sparse: shorter codes and gates (default paper)")
    parser.add_argument(
        "--mode", default="drawn", help="drawn: from the distribution of errors; or built (default drawn)"
    )
    parser.add_argument("--seeds", type=whole, default=8, help="networks that are built (default 8)")
    parser.add_argument("--events", type=whole, default=1000, help="inputs that are drawn (default 1000)")
    add_devices(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run_deep)


def run_deep(args: argparse.Namespace) -> None:
    """Draw or build, and say what came out."""
    from superposed.theory.density_evolution import DESIGNS, mean_field_capacity

    _check(args)
    use_devices(args)
    design = pick("design", args.design, DESIGNS)(args.width, args.s)
    started = time.perf_counter()
    result = {name: getattr(args, name) for name in ("width", "s", "design", "mode", "depth", "inputs")}
    if args.mode == "built":
        result |= _built(args, design)
    elif args.m is None:
        from superposed.theory.deep_drawn import half_pass

        half = half_pass(0, design, args.depth, args.inputs, args.events)
        result |= {"events": args.events, "half_pass": half, "mean_field": mean_field_capacity(design)}
    else:
        import numpy as np

        from superposed.theory.deep_drawn import success
        from superposed.theory.rare_errors import over_runs, wrong_bit_chance

        share = success(0, args.m, design, args.depth, args.inputs, args.events)
        runs = np.array([[wrong_bit_chance(seed, args.m, design, 32, 32, 20)] for seed in range(RUNS)])
        low, chance, high = over_runs(runs, lambda mean: float(mean[0]))
        result |= {"events": args.events, "m": args.m, "share_right": share}
        result |= {"wrong_a_layer": chance, "interval_of_wrong_a_layer": [low, high]}
    result["seconds"] = time.perf_counter() - started
    if args.json:
        print_json(result)
        return
    asked = f"{args.inputs} inputs and {args.depth} layers without a wrong bit, {args.mode}"
    if "half_pass" in result:
        m = result["half_pass"]
        print(f"m = {m:.4g} ({m / args.width:.3g} features a neuron): half of the networks have {asked}")
    else:
        print(f"{result['share_right']:.3g} of the networks with m = {args.m} have {asked}")
        if args.mode == "drawn":
            print(f"an input gets its first wrong bit in a layer with chance {chance:.2g} [{low:.1g}, {high:.1g}]")


def _built(args: argparse.Namespace, design: object) -> dict:
    from superposed.compiler.first_wrong import first_wrong_layers
    from superposed.compiler.scanned import Plan
    from superposed.fitting import proportion_interval

    first = [
        first_wrong_layers(Plan(design, args.m), [args.m], [seed], args.depth, args.inputs, stop_at=1e-9).min()
        for seed in range(args.seeds)
    ]
    right = sum(int(layer) > args.depth for layer in first)
    low, high = proportion_interval(right, args.seeds)
    counts = {"m": args.m, "seeds": args.seeds, "right": right}
    return counts | {"share_right": right / args.seeds, "interval": [low, high]}


def _check(args: argparse.Namespace) -> None:
    pick("mode", args.mode, dict.fromkeys(MODES))
    if args.mode == "built" and args.m is None:
        raise InputError("m", None, "a built network has a number of features; give --m, or use --mode drawn")
    if args.mode == "drawn" and args.devices is not None:
        raise InputError("devices", args.devices, "drawn networks use none; leave it out, or use --mode built")
    most = MOST_BUILT if args.mode == "built" else WIDEST
    for name, least, top in (
        ("width", 1, most), ("m", args.s, most if args.mode == "built" else WIDEST**2), ("depth", 1, 10**6),
        ("inputs", 1, 10**5), ("seeds", 1, 10**4), ("events", 10, 10**6),
    ):  # fmt: skip
        value = getattr(args, name)
        if value is not None and not least <= value <= top:
            raise InputError(name, value, f"use {least} to {top:.4g} with --mode {args.mode}")

"""Samplings and folders from flags, with errors that name flag, value, rule and a way out."""

import argparse
import tempfile
from pathlib import Path

from superposed.bad_input import InputError
from superposed.cli.words import whole
from superposed.devices import DEVICES, check_devices
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem
from superposed.sweeping.size import check_seeds
from superposed.sweeping.smallest import ALL_PAIRS_UP_TO, default_sampling


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """Seeds, inputs and pairs."""
    parser.add_argument(
        "--mode", choices=("built", "drawn"), default="built",
        help="build the weights, or draw errors from their distribution",
    )  # fmt: skip
    parser.add_argument("--seeds", type=whole, default=8, help="networks (default 8)")
    parser.add_argument(
        "--inputs-per-seed", type=inputs_number,
        help="random inputs a network, or `all`; events a stratum in drawn mode (default 16, drawn 4096)",
    )  # fmt: skip
    parser.add_argument(
        "--idle", type=whole,
        help="look at pairs with an active member and at those among this many inactive features "
        f"(default: all pairs up to m = {ALL_PAIRS_UP_TO}, then 64)",
    )  # fmt: skip


def add_devices(parser: argparse.ArgumentParser) -> None:
    """How many of this machine's devices measure."""
    parser.add_argument("--devices", type=whole, help="accelerators or emulated devices that measure (default all)")


def use_devices(args: argparse.Namespace) -> None:
    """Let this command measure on as many devices as `--devices` says; InputError where they are not there."""
    if args.devices is not None:
        check_devices(args.devices)
        DEVICES.set(args.devices)


def inputs_number(text: str) -> int:
    """A count, or 0 for `all`."""
    if text == "all":
        return 0
    if not text.isdecimal() or not 1 <= int(text) <= 2**31 - 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of inputs; write 1 or more, or all")
    return int(text)


def sampling_of(args: argparse.Namespace, problem: Problem) -> Sampling:
    """The sampling the flags describe; InputError where it breaks a rule."""
    check_seeds(args.seeds)
    default = default_sampling(problem.m, args.mode)
    if args.mode == "drawn":
        if args.idle is not None:
            raise InputError("idle", args.idle, "drawn errors come by stratum; leave it out, or use --mode built")
        if args.inputs_per_seed == 0:
            rule = "drawn errors have no list of inputs; give a number, or use --mode built"
            raise InputError("inputs_per_seed", "all", rule)
        return Sampling(args.inputs_per_seed or default.inputs)
    inputs = default.inputs if args.inputs_per_seed is None else args.inputs_per_seed or None
    sampling = Sampling(inputs, default.idle if args.idle is None else args.idle)
    sampling.per_call(problem, sampling.n_inputs(problem))
    return sampling


def check_folder(flag: str, folder: Path) -> None:
    """Raises ValueError where a folder can't be made or written, having changed nothing."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise ValueError(f"{flag} {folder}: {existing} is not a folder; choose another")
    try:
        tempfile.TemporaryFile(dir=existing).close()  # a file of its own: other processes ask the same at the same time
    except OSError as error:
        raise ValueError(f"{flag} {folder}: {existing} can't be written ({error.strerror}); choose another") from None


def check_out(out: str, *sources: str | None) -> Path:
    """The path of a file to write. Raises ValueError where it is a file that is read, or cannot be written."""
    path = Path(out)
    if not path.parent.is_dir():
        raise ValueError(f"--out {out}: the folder {path.parent} does not exist; make it or choose another")
    if path.is_dir():
        raise ValueError(f"--out {out}: is a folder; name the file to write, such as {path / 'out.safetensors'}")
    if path.exists() and any(source and Path(source).exists() and path.samefile(source) for source in sources):
        raise ValueError(f"--out {out}: is the file that is read; choose another name")
    check_folder("--out", path.parent)
    return path


def check_seed(seed: int) -> None:
    """Raises ValueError for a seed that is none of a JAX key or of NumPy."""
    if not 0 <= seed < 2**32:
        raise ValueError(f"--seed {seed}: must be from 0 to {2**32 - 1}")

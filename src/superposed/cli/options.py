"""Constructions and problems from flags, with errors that name flag, value, rule and a way out."""

import argparse
import math
import os
import tempfile
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

import jax

from superposed.constructions import (
    Bernoulli,
    CentredBernoulli,
    CentredReadOff,
    Gaussian,
    Naive,
    Rademacher,
    RandomInit,
    SignedBernoulli,
    Superposed,
)  # fmt: skip
from superposed.measuring.cell import kebab
from superposed.measuring.measure import bucket
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem

CONSTRUCTIONS = {
    kebab(c.__name__): c
    for c in (Naive, Bernoulli, CentredBernoulli, SignedBernoulli, CentredReadOff, Rademacher, Gaussian, RandomInit)
}
PLACING = ("inputs", "d_in", "inner")
"""Fields that --inputs and --d-in set, the same for every construction."""
FIELDS = {
    "density": "chance that a feature is wired to a neuron; left out, the best for this problem and width",
    "shared": "instead of a density: neurons L that a pair shares on average",
}
"""What --help says of a construction's own fields."""
ALL_PAIRS_UP_TO = 4096
"""The largest m at which all pairs are looked at unless --idle says otherwise."""
COPIES = 8
"""Arrays as large as weights and codes together that building takes at once: two networks, each drawn, wired, multiplied."""
MOST_SHARED = 1e5
"""Neurons a pair may share, d p^2, where errors are drawn: they are met one after the other."""


def pick(kind: str, name: str, known: dict[str, object]) -> object:
    """known[name]; a ValueError that suggests the nearest name where there is none."""
    if name not in known:
        near = get_close_matches(name, known, 1, 0.4)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
        raise ValueError(f"unknown {kind} {name!r}: {hint}")
    return known[name]


def add_construction(parser: argparse.ArgumentParser) -> None:
    """The construction, its fields as flags, and the problem."""
    parser.add_argument("construction", metavar="CONSTRUCTION", help=", ".join(CONSTRUCTIONS))
    parser.add_argument("--m", type=whole, required=True, help="features, such as 256 or 1e12")
    parser.add_argument("--s", type=whole, required=True, help="active features of an input, exactly")
    parser.add_argument(
        "--inputs", choices=("aligned", "superposed"), default="aligned",
        help="features aligned with the input's coordinates, or behind random code vectors (default aligned)",
    )  # fmt: skip
    parser.add_argument("--d-in", type=whole, help="dimensions of a superposed input (default: as many as neurons)")
    for name in sorted({f.name for c in CONSTRUCTIONS.values() for f in fields(c)} - set(PLACING)):
        owners = ", ".join(n for n, c in CONSTRUCTIONS.items() if name in {f.name for f in fields(c)})
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=number_or_word, help=f"{FIELDS.get(name, 'a field')} ({owners})"
        )


def whole(text: str) -> int:
    """A whole number of at most 2^53, in digits or as 1e12."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value.is_integer() and abs(value) <= 2**53):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number up to 9e15; write 4096, or 1e12")
    return int(value)


def number_or_word(text: str) -> float | str:
    """A number where it reads as one."""
    try:
        return float(text)
    except ValueError:
        return text


def construction_of(args: argparse.Namespace) -> object:
    """The construction the flags describe; ValueError for a flag it does not have."""
    kind = pick("construction", args.construction, CONSTRUCTIONS)
    own = {f.name: f.type for f in fields(kind)}
    given = {}
    for name in {f.name for c in CONSTRUCTIONS.values() for f in fields(c)} - set(PLACING):
        if (value := getattr(args, name)) is not None:
            if name not in own:
                owners = ", ".join(n for n, c in CONSTRUCTIONS.items() if name in {f.name for f in fields(c)})
                raise ValueError(
                    f"--{name.replace('_', '-')} {value}: {args.construction} has no such field; it is one of {owners}"
                )
            if isinstance(value, str) and str not in get_args(own[name]):
                raise ValueError(
                    f"--{name.replace('_', '-')} {value}: a number is needed; leave it out to have it chosen"
                )
            given[name] = value
    if args.inputs == "aligned" and args.d_in is not None:
        raise ValueError(
            f"--d-in {args.d_in}: aligned inputs have m dimensions; add --inputs superposed, or leave it out"
        )
    if "inputs" in own:
        return kind(**given, inputs=args.inputs, d_in=args.d_in)
    return Superposed(kind(**given), args.d_in) if args.inputs == "superposed" else kind(**given)


def problem_of(args: argparse.Namespace) -> Problem:
    """The problem the flags describe; ValueError where it breaks a rule."""
    return Problem(args.m, args.s)


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """Seeds, inputs and pairs."""
    parser.add_argument(
        "--mode", choices=("built", "drawn"), default="built", help="build the weights, or draw errors from their law"
    )
    parser.add_argument("--seeds", type=int, default=8, help="networks (default 8)")
    parser.add_argument(
        "--inputs-per-seed", type=inputs_number,
        help="random inputs a network, or `all`; events a stratum in drawn mode (default 16, drawn 4096)",
    )  # fmt: skip
    parser.add_argument(
        "--idle", type=int,
        help="look at pairs with an active member and at those among this many inactive features "
        f"(default: all pairs up to m = {ALL_PAIRS_UP_TO}, then 64)",
    )  # fmt: skip


def inputs_number(text: str) -> int:
    """A count, or 0 for `all`."""
    if text == "all":
        return 0
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of inputs; write 1 or more, or all")
    return int(text)


def sampling_of(args: argparse.Namespace, problem: Problem) -> Sampling:
    """The sampling the flags describe; ValueError where it breaks a rule."""
    if args.seeds < 1:
        raise ValueError(f"--seeds {args.seeds}: measure one network or more")
    if args.mode == "drawn":
        if args.idle is not None:
            raise ValueError(f"--idle {args.idle}: drawn errors come by stratum; leave it out, or use --mode built")
        if args.inputs_per_seed == 0:
            raise ValueError(
                "--inputs-per-seed all: drawn errors have no list of inputs; give a number, or use --mode built"
            )
        return Sampling(args.inputs_per_seed or 4096)
    inputs = 16 if args.inputs_per_seed is None else args.inputs_per_seed or None
    idle = 64 if args.idle is None and problem.m > ALL_PAIRS_UP_TO else args.idle
    sampling = Sampling(inputs, idle)
    sampling.per_call(problem, sampling.n_inputs(problem))
    return sampling


def check_size(width: int, problem: Problem, construction: object, sampling: Sampling, mode: str) -> None:
    """Raises ValueError for a width that can't be measured here, or that the construction refuses."""
    if width < 1:
        raise ValueError(f"--width {width}: a network has one neuron or more")
    if mode == "drawn":
        needed = 4 * COPIES * 3 * sampling.inputs * (problem.s + 2) ** 2
        if needed > memory():
            raise ValueError(
                f"--s {problem.s}: {sampling.inputs} events need {in_gib(needed)}; lower --inputs-per-seed or --s"
            )
        if (shared := shared_neurons(width, problem, construction)) > MOST_SHARED:
            raise ValueError(
                f"--width {width}: a pair shares {shared:.3g} neurons at this density, more than the {MOST_SHARED:g} "
                "that can be drawn one by one; lower --density or --width"
            )
    else:
        needed = bytes_to_build(width, problem.m, construction)
        if needed > memory():
            raise ValueError(
                f"--width {width}: weights and codes of {problem.m} features do not fit, they need {in_gib(needed)}; "
                "use --mode drawn, or a smaller --width or --d-in"
            )
    construction.check(problem, width)


def most_width(problem: Problem, construction: object, mode: str) -> int:
    """The widest network that `width` tries: 2^34 neurons drawn, 2^16 built, less where they do not fit."""
    if mode == "drawn":
        fits, most = lambda width: shared_neurons(width, problem, construction) <= MOST_SHARED, 2**34
    else:
        fits, most = lambda width: bytes_to_build(width, problem.m, construction) <= memory(), 2**16
    while most > 1 and not fits(most):
        most //= 2
    return most


def bytes_to_build(width: int, m: int, construction: object) -> int:
    """What a block of networks takes at most, in bytes."""
    rows = bucket(width)
    code = construction.input_dimension(Problem(m, 1), rows) if construction.places_features else 0
    return 4 * COPIES * (rows + code) * m


def shared_neurons(width: int, problem: Problem, construction: object) -> float:
    """d p^2, the neurons that a drawn read-off meets one after the other; 0 for laws that do not meet them."""
    p = construction.tune(problem, width)
    return 0.0 if p is None else width * float(p) ** 2


def memory() -> int:
    """Bytes of the device that measures: its own, or the machine's where it has none of its own."""
    stats = jax.devices()[0].memory_stats() or {}
    return stats.get("bytes_limit") or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def in_gib(n_bytes: float) -> str:
    """Bytes in GiB, and how many there are."""
    return f"{n_bytes / 2**30:.3g} GiB of the {memory() / 2**30:.3g} GiB here"


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


def check_out(out: str, source: str) -> Path:
    """The path of a file to write. Raises ValueError where it is the file that is read, or cannot be written."""
    path = Path(out)
    if not path.parent.is_dir():
        raise ValueError(f"--out {out}: the folder {path.parent} does not exist; make it or choose another")
    if path.is_dir():
        raise ValueError(f"--out {out}: is a folder; name the file to write, such as {path / 'out.safetensors'}")
    if path.exists() and Path(source).exists() and path.samefile(source):
        raise ValueError(f"--out {out}: is the file that is read; choose another name")
    check_folder("--out", path.parent)
    return path


def check_seed(seed: int) -> None:
    """Raises ValueError for a seed that is none of a JAX key or of NumPy."""
    if not 0 <= seed < 2**32:
        raise ValueError(f"--seed {seed}: must be from 0 to {2**32 - 1}")

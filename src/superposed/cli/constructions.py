"""Constructions from the words of a command: ours by name with flags for their fields, yours as file.py:Class."""

import argparse
import ast
import sys
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import get_args, get_origin

from superposed.bad_input import InputError
from superposed.cli.words import number_or_word, pick, whole
from superposed.constructions import ALL, Construction, Superposed
from superposed.constructions.codes import CODES
from superposed.files import load_module
from superposed.measuring.cell import kebab

NAMED = {kebab(c.__name__): c for c in ALL}
PLACING = ("inputs", "d_in", "inner")
"""Fields that --inputs and --d-in set, the same for every construction."""
FIELDS = {
    "density": "chance that a feature is wired to a neuron; left out, the best for this problem and width",
    "fan_in": "inputs of a gate, 2 to 8 (default 3)",
    "form": "how neurons serve several fan-ins: split or one-code",
    "code": f"how features lie in a superposed input of --d-in dimensions: {', '.join(CODES)}",
    "shared": "instead of --density: neurons L that a pair shares on average",
}
"""What --help says of a construction's own fields."""


def add_construction(parser: argparse.ArgumentParser) -> None:
    """The construction, its fields as flags, and where its features lie."""
    parser.add_argument(
        "construction", metavar="CONSTRUCTION",
        help=f"{', '.join(NAMED)}; or your own: file.py:Class, my_module:Class, file.py:Class(field=value)",
    )  # fmt: skip
    parser.add_argument(
        "--inputs", choices=("aligned", "superposed"), default="aligned",
        help="features aligned with the input's coordinates, or behind random code vectors (default aligned)",
    )  # fmt: skip
    parser.add_argument("--d-in", type=whole, help="dimensions of a superposed input (default: as many as neurons)")
    for name in _field_names():
        parser.add_argument(f"--{_flag(name)}", type=number_or_word, help=f"{FIELDS.get(name)} ({_owners(name)})")


def construction_of(args: argparse.Namespace) -> Construction:
    """The construction the words describe; InputError for a flag it does not have."""
    given = {name: getattr(args, name) for name in _field_names() if getattr(args, name) is not None}
    if args.inputs == "aligned" and args.d_in is not None:
        rule = "aligned inputs have m dimensions; add --inputs superposed, or leave it out"
        raise InputError("d_in", args.d_in, rule)
    if ":" in args.construction:
        if given:
            name, value = next(iter(given.items()))
            raise InputError(name, value, f"give fields of your own as {args.construction}({name}={value})")
        loaded = _load(args.construction)
        return Superposed(loaded, args.d_in) if args.inputs == "superposed" else loaded
    kind = pick("construction", args.construction, NAMED)
    types = {f.name: f.type for f in fields(kind)}
    for name, value in given.items():
        if name not in types:
            raise InputError(name, value, f"{args.construction} has no such field; it is one of {_owners(name)}")
        if isinstance(value, str) and types[name] is not str and str not in get_args(types[name]):
            raise InputError(name, value, "a number is needed; leave it out to have it chosen")
        if types[name] is int and value.is_integer():
            given[name] = int(value)
    if kind.places_features:
        placing = {"inputs": args.inputs, "d_in": args.d_in}
        if "inputs" not in types and args.inputs == "aligned":
            raise InputError("inputs", "aligned", f"{args.construction} has features in superposition; say so")
        if "d_in" not in types and args.d_in is not None:
            raise InputError("d_in", args.d_in, f"{args.construction} takes it from the width; leave it out")
        return kind(**given, **{name: value for name, value in placing.items() if name in types})
    return Superposed(kind(**given), args.d_in) if args.inputs == "superposed" else kind(**given)


def _load(text: str) -> Construction:
    """The construction that file.py:Class, my_module:Class or either with (field=value, ...) names.

    Raises:
      InputError: there is no such file, module or class, or it is not a construction.
    """
    place, _, call = text.rpartition(":") if "(" not in text else text.partition(":")
    try:
        tree = ast.parse(call, mode="eval").body
        name = tree.func.id if isinstance(tree, ast.Call) else tree.id
        values = {k.arg: ast.literal_eval(k.value) for k in tree.keywords} if isinstance(tree, ast.Call) else {}
    except (SyntaxError, ValueError, AttributeError):
        raise InputError("construction", text, "write file.py:Class or file.py:Class(field=value)") from None
    module = load_module(Path(place)) if place.endswith(".py") else _import(place, text)
    kind = getattr(module, name, None)
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise InputError("construction", text, f"{place} has no dataclass {name}; docs/extend.md shows one")
    try:
        construction = kind(**values)
    except TypeError as error:
        raise InputError("construction", text, f"{error}; its fields are {[f.name for f in fields(kind)]}") from None
    if not isinstance(construction, Construction):
        raise InputError("construction", text, f"{name} does not inherit from superposed.Construction")
    return construction


def _import(module: str, text: str) -> object:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError("construction", text, f"{error}; name a file as ./{module}.py:Class") from None
    finally:
        sys.path.pop(0)


def _field_names() -> list[str]:
    flags = {f.name for c in ALL for f in fields(c) if get_origin(f.type) is not tuple}
    return sorted(flags - set(PLACING))


def _owners(name: str) -> str:
    return ", ".join(owner for owner, c in NAMED.items() if name in {f.name for f in fields(c)})


def _flag(name: str) -> str:
    return name.replace("_", "-")

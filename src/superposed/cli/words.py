"""Values from the words of a command line. Nothing here needs JAX."""

import argparse
import math
from collections.abc import Mapping
from difflib import get_close_matches


def pick(kind: str, name: str, known: Mapping[str, object]) -> object:
    """known[name]; a ValueError that suggests the nearest name where there is none."""
    if name not in known:
        near = get_close_matches(name, known, 1, 0.4)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
        raise ValueError(f"unknown {kind} {name!r}: {hint}")
    return known[name]


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


def span(text: str) -> tuple[float, float]:
    """LOW:HIGH as two numbers, 2 <= LOW < HIGH."""
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        low = high = math.nan
    if not 2 <= low < high < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no range; write LOW:HIGH with 2 <= LOW < HIGH, such as 64:65536")
    return low, high


def exponent(text: str) -> float:
    """A number or a fraction p/q."""
    try:
        top, _, bottom = text.partition("/")
        value = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not abs(value) < 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no exponent; write a number such as 0.5, or 2/3")
    return value

"""One network that is measured, and the identity of what was asked."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cached_property

from superposed.bad_input import InputError
from superposed.constructions.base import Construction
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem

MODES = ("built", "drawn")


def describe(value: object) -> object:
    """A frozen dataclass (a construction, a sampling) as plain JSON: its class in kebab case under "name", and its
    fields."""
    if isinstance(value, tuple):
        return [describe(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {"name": kebab(type(value).__name__)} | {f.name: describe(getattr(value, f.name)) for f in fields(value)}
    return value


def kebab(name: str) -> str:
    """RandomInit -> random-init."""
    return "".join("-" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def canonical(value: object) -> str:
    """The one way to write a JSON value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_id(cell: object) -> str:
    """SHA-256 of a JSON value's canonical form."""
    return hashlib.sha256(canonical(cell).encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """One network that is measured: everything its row depends on.

    Args:
      construction: builds the network.
      m, s: the problem.
      width: neurons d.
      seed: of the network and of its inputs.
      sampling: which inputs and pairs are looked at.
      mode: "built" from weights, or "drawn" from the distribution of the errors.

    Raises:
      InputError: a field breaks a rule of the problem, the sampling, or the construction's contract.
    """

    construction: Construction
    m: int
    s: int
    width: int
    seed: int
    sampling: Sampling
    mode: str = "built"

    def __post_init__(self):
        if not isinstance(self.construction, Construction):
            raise InputError(
                "construction", self.construction, "not one; inherit from superposed.constructions.Construction"
            )
        for name in ("m", "s", "width", "seed"):
            if not isinstance(getattr(self, name), int):
                raise InputError(name, getattr(self, name), "a whole number is needed; convert it with int()")
        Problem(self.m, self.s, fan_in=self.construction.fan_in)
        if self.width < 1:
            raise InputError("width", self.width, "a network has one neuron or more")
        if self.seed < 0:
            raise InputError("seed", self.seed, "seeds count from 0")
        if self.mode not in MODES:
            raise InputError("mode", self.mode, f"one of {', '.join(MODES)}")
        if self.mode == "drawn":
            self._check_drawn()

    def _check_drawn(self) -> None:
        if not self.construction.has_distribution:
            name = describe(self.construction)["name"]
            raise InputError("mode", "drawn", f"the distribution of {name}'s errors is not known; use built networks")
        if self.sampling.inputs is None:
            raise InputError(
                "inputs", None, "drawn errors have no list of inputs; give a number, or use built networks"
            )
        if self.sampling.idle is not None:
            raise InputError(
                "idle", self.sampling.idle, "drawn errors come by stratum; leave it out, or use built networks"
            )

    def to_json(self) -> dict:
        """A plain dict with the construction and the sampling described."""
        return {
            "construction": describe(self.construction), "m": self.m, "s": self.s, "width": self.width,
            "seed": self.seed, "sampling": asdict(self.sampling), "mode": self.mode,
        }  # fmt: skip

    @cached_property
    def id(self) -> str:
        """SHA-256 of the cell's canonical JSON."""
        return content_id(self.to_json())

    @property
    def entropy(self) -> tuple[int, int]:
        """64 bits from (seed, m, s), the key of the cell's randomness. All widths share them, so networks are
        nested."""
        bits = int(content_id([self.seed, self.m, self.s])[:16], 16)
        return bits >> 32, bits & 0xFFFFFFFF

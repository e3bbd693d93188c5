"""One network that is measured, and the identity of what was asked."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cached_property

from superposed.measuring.sampling import Sampling


def describe(value: object) -> object:
    """A frozen dataclass (a construction, a sampling) as plain JSON: its class in kebab case under "name", and its fields."""
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
      mode: "built" from weights, or "drawn" from the errors' law.
    """

    construction: object
    m: int
    s: int
    width: int
    seed: int
    sampling: Sampling
    mode: str = "built"

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
    def entropy(self) -> int:
        """32 bits from (seed, m, s) that seed the cell's randomness: all widths share it, so that their networks are nested."""
        return int(content_id([self.seed, self.m, self.s])[:8], 16)

"""What was measured, and the row that says what was seen."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cached_property

from superposed.errors import Errors
from superposed.probe import Probe


def describe(value: object) -> object:
    """A frozen dataclass (a construction, a probe) as plain JSON: its class in kebab case under "name", and its fields."""
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
      probe: which inputs and pairs are looked at.
      mode: "built" from weights, or "drawn" from the errors' law.
    """

    construction: object
    m: int
    s: int
    width: int
    seed: int
    probe: Probe
    mode: str = "built"

    def to_json(self) -> dict:
        """A plain dict with the construction and the probe described."""
        return {
            "construction": describe(self.construction), "m": self.m, "s": self.s, "width": self.width,
            "seed": self.seed, "probe": asdict(self.probe), "mode": self.mode,
        }  # fmt: skip

    @cached_property
    def id(self) -> str:
        """SHA-256 of the cell's canonical JSON."""
        return content_id(self.to_json())

    @property
    def entropy(self) -> int:
        """32 bits from (seed, m, s) that seed the cell's randomness: all widths share it, so that their networks are nested."""
        return int(content_id([self.seed, self.m, self.s])[:8], 16)


@dataclass(frozen=True)
class Record:
    """A row: the cell and what was seen there, both as plain JSON. No conclusion is stored."""

    cell: dict
    seen: dict

    @cached_property
    def id(self) -> str:
        """The identity of the cell."""
        return content_id(self.cell)

    @cached_property
    def errors(self) -> Errors:
        """What was seen, for rows that hold errors of read-offs."""
        return Errors.from_json(self.seen)

    def to_line(self) -> str:
        """One line of JSON."""
        return canonical({"id": self.id, "cell": self.cell, "seen": self.seen}) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "Record":
        """The inverse of `to_line`; raises ValueError for anything else."""
        try:
            value = json.loads(line)
            record = cls(value["cell"], value["seen"])
            if value["id"] != record.id:
                raise ValueError("its id is not that of its cell")
            if not (isinstance(record.seen, dict) and record.seen):
                raise ValueError("it says nothing of what was seen")
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a row of measurements ({type(error).__name__}: {error})") from error
        return record


class Seen(dict[str, Record]):
    """Rows by the id of their cell, and by everything but the width: a search asks for all widths at once."""

    def __init__(self, records: Iterable[Record] = ()):
        super().__init__()
        self._families: dict[str, dict[int, Record]] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Add a row."""
        self[record.id] = record
        if "width" in record.cell:
            self._families.setdefault(_family(record.cell), {})[record.cell["width"]] = record

    def by_width(self, cell: Cell) -> dict[int, Record]:
        """The rows that differ from the cell in nothing but the width."""
        return self._families.get(_family(cell.to_json()), {})


def _family(cell: dict) -> str:
    return content_id({key: value for key, value in cell.items() if key != "width"})

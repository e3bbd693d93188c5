"""The row that says what was seen at a cell."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from superposed.measuring.cell import Cell, canonical, content_id
from superposed.measuring.errors import Errors


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
        """One line of JSON. Its last field is a checksum of everything before it."""
        body = canonical({"id": self.id, "cell": self.cell, "seen": self.seen})
        return f'{body[:-1]}{_SUM}{_checksum(body)}"}}\n'

    @classmethod
    def from_line(cls, line: str) -> "Record":
        """The inverse of `to_line`; raises ValueError for anything else, also for one altered character."""
        body, separator, rest = line.rpartition(_SUM)
        try:
            value = json.loads(line)
            record = cls(value["cell"], value["seen"])
            if not separator or rest != f'{_checksum(body + "}")}"}}':
                raise ValueError("its checksum is not that of its content")
            if value["id"] != record.id:
                raise ValueError("its id is not that of its cell")
            if not (isinstance(record.seen, dict) and record.seen):
                raise ValueError("it says nothing of what was seen")
            if "histogram" in record.seen:
                _check_counts(record.seen)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a row of measurements ({type(error).__name__}: {error})") from error
        return record


def _check_counts(seen: dict) -> None:
    """Raises ValueError where the errors of a row lack a stratum, or where a histogram does not add up to its count."""
    lengths = {len(seen[key]) for key in ("count", "total", "total_sq", "low", "high", "histogram")}
    if len(lengths) != 1 or [sum(bins.values()) for bins in seen["histogram"]] != seen["count"]:
        raise ValueError("its histograms do not add up to its counts")


_SUM = ',"sum":"'


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


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

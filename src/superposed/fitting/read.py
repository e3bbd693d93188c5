"""Tables of widths from CSV files, anyone's or the project's own."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from superposed.fitting.data import COVARIATES, Sample, from_records

NUMBERS = ("width", "low", "high", "seed")
SETTINGS = ("experiment", "construction", "criterion", "inputs", "mode")  # text columns that name what was measured


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of one file that belong to one setting, as a sample. `setting` holds the text columns' values, or is empty."""

    path: str
    setting: tuple[tuple[str, str], ...]
    sample: Sample

    @property
    def title(self) -> str:
        """File and setting in one line."""
        return ", ".join([self.path, *(f"{name} = {value}" for name, value in self.setting)])


def read_csv(
    path: str | Path,
    along: str = "m",
    by: Sequence[str] = (),
    response: str = "width",
    where: Mapping[str, str] | None = None,
) -> tuple[Table, ...]:
    """The samples in a CSV file with a header: columns m and width, or m, low and high; optionally seed, s, eps, L.

    An empty or 0 `low` says that everything passed, an empty or inf `high` that nothing did. Rows are kept apart by the
    columns that name a setting (criterion, construction, ...) and by those in `by`; other columns are left alone.
    `response` names the column of exactly known responses, for laws of something else than a width. `where` keeps only the
    rows with these texts in these columns.

    Raises:
      OSError: the file cannot be read.
      ValueError: a column is missing or a cell is no number; names file, line and rule.
    """
    path = str(path)
    header, lines = _lines(path, along)
    header = ["width" if name == response else name for name in header]
    lines = [(line, dict(zip(header, row, strict=False))) for line, row in lines]
    where = where or {}
    _check_header(path, header, along, (*by, *where), response)
    if not lines:
        raise ValueError(f"{path}: no rows below the header; every measurement is a line")
    lines = [
        (line, row) for line, row in lines if all(row.get(name, "").strip() == text for name, text in where.items())
    ]
    if not lines:
        raise ValueError(
            f"{path}: no row with {', '.join(f'{name}={text}' for name, text in where.items())}; look at the columns' texts"
        )
    apart = [name for name in header if name in by or name in SETTINGS]
    groups: dict[tuple[tuple[str, str], ...], list[dict[str, object]]] = {}
    for line, row in lines:
        key = tuple((name, row.get(name, "").strip()) for name in apart)
        groups.setdefault(key, []).append(_numbers(path, line, row, [n for n in header if n not in apart], along))
    varying = {name for name in apart if len({dict(key)[name] for key in groups}) > 1}
    return tuple(
        _table(path, tuple(pair for pair in key if pair[0] in varying), rows, along) for key, rows in groups.items()
    )


def _table(path: str, setting: tuple[tuple[str, str], ...], rows: list[dict[str, object]], along: str) -> Table:
    try:
        return Table(path, setting, from_records(rows, along))
    except ValueError as error:
        raise ValueError(f"{', '.join([path, *('='.join(pair) for pair in setting)])}: {error}") from None


def _lines(path: str, along: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header and the numbered lines below it, blank ones left out."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            return header, [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"{path}: not a CSV file of text ({error}); give one with a header line {along},width"
        ) from None
    except OSError as error:
        raise OSError(f"{path}: {error.strerror or error}; give a CSV file that exists and can be read") from None


def _check_header(path: str, header: list[str], along: str, by: Sequence[str], response: str) -> None:
    for name in (along, *by):
        if name not in header:
            raise ValueError(
                f"{path}, line 1: no column {name!r} among {', '.join(header) or 'none'}; name it in the header"
            )
    if "width" not in header and not {"low", "high"} <= set(header):
        raise ValueError(
            f"{path}, line 1: no column {response}, nor low and high, among {', '.join(header)}; name them in the header"
        )


def _numbers(path: str, line: int, row: dict[str, str], header: list[str], along: str) -> dict[str, object]:
    """The cells of a row that are numbers by their column's name; empty ends are open."""
    found: dict[str, object] = {}
    for name in header:
        if name not in (*NUMBERS, *COVARIATES, along) or name not in row:
            continue
        text = row[name].strip()
        if name == "seed":
            found[name] = text
            continue
        if text == "" and name in ("low", "high"):
            found[name] = 0.0 if name == "low" else float("inf")
            continue
        if text == "" and name != along:
            continue
        try:
            found[name] = float(text)
        except ValueError:
            raise ValueError(
                f"{path}, line {line}: {name} = {text!r} is not a number; write one or drop the line"
            ) from None
    if along not in found or not ("width" in found or {"low", "high"} <= found.keys()):
        raise ValueError(
            f"{path}, line {line}: too few cells; every line needs {along} and width, or {along}, low and high"
        )
    _check_row(path, line, found, along)
    return found


def _check_row(path: str, line: int, row: dict[str, object], along: str) -> None:
    """Name the line of what `Sample` would refuse without knowing it."""
    for name, value in row.items():
        if name in ("seed", "low", "high"):
            continue
        if not (isinstance(value, float) and 0 < value < float("inf")):
            raise ValueError(
                f"{path}, line {line}: {name} = {value} is not a finite number above 0; fix or drop the line"
            )
    if {"low", "high"} <= row.keys() and not 0 <= row["low"] <= row["high"]:
        raise ValueError(
            f"{path}, line {line}: low = {row['low']}, high = {row['high']}: needs 0 <= low <= high; fix or drop the line"
        )

"""Tables of widths from CSV files, anyone's or the project's own."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

from superposed.fitting.data import COVARIATES, Sample, from_records
from superposed.fitting.models import Model, through

NUMBERS = ("width", "low", "high")
SETTINGS = ("experiment", "series", "construction", "criterion", "inputs", "mode")  # texts that name what was measured
Row = tuple[int, dict[str, str]]


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of one file that belong to one setting, as a sample.

    Attributes:
      path: of the file.
      setting: the columns that tell this table from the file's others, with their texts.
      sample: the measurements.
      closed: the closed form that the file gives for them, or None.
    """

    path: str
    setting: tuple[tuple[str, str], ...]
    sample: Sample
    closed: Model | None = None

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
    least: float = 0.0,
) -> tuple[Table, ...]:
    """The samples in a CSV file with a header: columns m and width, or m, low and high; optionally seed, s, eps, L.

    An empty or 0 `low` says that everything passed, an empty or inf `high` that nothing did. Rows are kept apart by the
    columns that name a setting (criterion, construction, ...) and by those in `by`; other columns are left alone.

    A file with a column `kind`, such as those in figures/, holds more than measurements. Of it are read the rows of
    kind "width" (or of the kind that `where` names) with a value of `along`, and closed forms (`_closed`).

    Args:
      path: of the file.
      along: the column whose exponent is in question.
      by: further columns to keep rows apart by.
      response: the column of exactly known responses, for models of something else than a width.
      where: only measurements with these texts in these columns.
      least: only measurements with `along` at least this large.

    Raises:
      OSError: the file cannot be read.
      ValueError: a column is missing or there twice, or a cell is no number; names file, line and rule.
    """
    path, where = str(path), dict(where or {})
    header, lines = _lines(path, along)
    renamed = ["width" if name == response else name for name in header]
    _check_header(path, renamed, along, (*by, *where), response)
    rows = [(line, dict(zip(renamed, row.values(), strict=True))) for line, row in lines]
    chosen, computed = _chosen(path, rows, along, {"kind": "width", **where} if "kind" in renamed else where)
    labels = {name for _, row in computed for name in _labels(row, along)}
    apart = [name for name in renamed if name in by or name in SETTINGS or name in labels]
    groups = _groups(path, chosen, apart, along, least)
    varying = {name for name in apart if len({dict(key)[name] for key in groups}) > 1}
    return tuple(
        _table(path, [pair for pair in key if pair[0] in varying], records, along,
               _closed(path, computed, dict(key), along))
        for key, records in groups.items()
    )  # fmt: skip


def _chosen(path: str, rows: list[Row], along: str, where: Mapping[str, str]) -> tuple[list[Row], list[Row]]:
    """The measurements with the texts of `where`, and the rows of kind "computed"."""
    computed: list[Row] = []
    if "kind" in where:
        rows = [(line, row) for line, row in rows if row[along]]
        computed = [(line, row) for line, row in rows if row["kind"] == "computed"]
    chosen = [(line, row) for line, row in rows if all(row[name] == text for name, text in where.items())]
    if not chosen:
        raise ValueError(f"{path}: {_no_row(where, rows)}")
    return chosen, computed


def _groups(path: str, rows: list[Row], apart: list[str], along: str, least: float) -> dict[tuple, list[dict]]:
    """The numbers of the rows from `least` on, by their texts in the columns that keep rows apart."""
    groups: dict[tuple[tuple[str, str], ...], list[dict[str, object]]] = {}
    for line, row in rows:
        numbers = _numbers(path, line, row, [name for name in row if name not in apart], along)
        if numbers[along] >= least:
            groups.setdefault(tuple((name, row[name]) for name in apart), []).append(numbers)
    if not groups:
        raise ValueError(f"{path}: no row with {along} >= {least:g}; choose a smaller one")
    return groups


def _no_row(where: Mapping[str, str], rows: list[Row]) -> str:
    """That no row was chosen, and among which kinds."""
    if not where:
        return "no row below the header"
    kinds = sorted({row["kind"] for _, row in rows if "kind" in row})
    rule = f"no row with {', '.join(f'{name}={text}' for name, text in where.items())}"
    return rule + (f"; it has the kinds {', '.join(kinds)}" if kinds else "")


def _table(
    path: str, setting: list[tuple[str, str]], records: list[dict[str, object]], along: str, closed: Model | None
) -> Table:
    try:
        return Table(path, tuple(setting), from_records(records, along), closed)
    except ValueError as error:
        raise ValueError(f"{', '.join([path, *('='.join(pair) for pair in setting)])}: {error}") from None


def _labels(row: dict[str, str], along: str) -> list[str]:
    return [name for name, text in row.items() if text and name not in ("kind", along, "best", "exponent")]


def _closed(path: str, computed: list[Row], setting: Mapping[str, str], along: str) -> Model | None:
    """The closed form whose labels agree with the setting; None where the file has none.

    Its points are rows of kind "computed" with a value of `along`, the response in the column `best`, and the exponent
    that it tends to in the column `exponent`. Other filled columns are labels, which keep measurements apart too. The
    form belongs to the measurements that have the same labels wherever both are filled.
    """
    fitting = [
        (line, row)
        for line, row in computed
        if all(row[name] == setting.get(name, "") for name in _labels(row, along) if setting.get(name, ""))
    ]
    if len(fitting) < 2:
        return None
    line, first = fitting[0]
    missing = [name for name in ("best", "exponent") if not first.get(name)]
    if missing:
        raise ValueError(f"{path}, line {line}: a computed row needs {missing[0]}; fill it in or drop the closed form")
    points = [tuple(_number(path, line, name, row[name]) for name in (along, "best")) for line, row in fitting]
    return through(points, float(_number(path, line, "exponent", first["exponent"])), along)


def _lines(path: str, along: str) -> tuple[list[str], list[Row]]:
    """The header and the numbered lines below it, blank ones left out."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"{path}: not a CSV file of text ({error}); give one with a header line {along},width"
        ) from None
    except OSError as error:
        raise OSError(f"{path}: {error.strerror or error}; give a CSV file that exists and can be read") from None
    rows = []
    for line, cells in lines:
        if len(cells) > len(header) and any(cells):
            raise ValueError(
                f"{path}, line {line}: {len(cells)} cells for {len(header)} columns; "
                "write 1024, not 1,024, for a number"
            )
        if any(cells):
            rows.append((line, dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=True))))
    return header, rows


def _check_header(path: str, header: list[str], along: str, by: Sequence[str], response: str) -> None:
    if along in (response, *NUMBERS):
        raise ValueError(f"{path}: {along} is the response; its exponent is asked along another column, such as m")
    if along in by:
        raise ValueError(f"{path}: {along} is the axis of the fit; choose or keep rows apart by another column")
    known = ", ".join(name for name in header if name) or "none"
    twice = [name for name in header if name and header.count(name) > 1]
    if twice:
        raise ValueError(f"{path}, line 1: two columns named {twice[0]!r}; give each its own name")
    for name in (along, *by):
        if name not in header:
            raise ValueError(f"{path}, line 1: no column {name!r} among {known}; name it in the header")
    if "width" not in header and not {"low", "high"} <= set(header):
        raise ValueError(
            f"{path}, line 1: no column {response}, nor low and high, among {known}; name them in the header"
        )


def _number(path: str, line: int, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"{path}, line {line}: {name} = {text!r} is not a number; write one or drop the line"
        ) from None


def _numbers(path: str, line: int, row: dict[str, str], columns: list[str], along: str) -> dict[str, object]:
    """The cells of a row that are numbers by their column's name; empty ends are open."""
    numbers: dict[str, object] = {}
    for name in columns:
        if name == "seed":
            numbers[name] = row[name]
        elif name in (*NUMBERS, *COVARIATES, along) and (row[name] or name == along):
            numbers[name] = _number(path, line, name, row[name])
    if "width" not in numbers and ("low" in numbers or "high" in numbers):
        numbers = {"low": 0.0, "high": inf} | numbers
    if not ("width" in numbers or "low" in numbers):
        raise ValueError(
            f"{path}, line {line}: too few cells; every line needs {along} and width, or {along}, low and high"
        )
    if "width" in numbers and ("low" in numbers or "high" in numbers):
        raise ValueError(f"{path}, line {line}: width and low or high; give either, or name one with --response")
    for name, value in numbers.items():
        if name not in ("seed", "low", "high") and not (isfinite(value) and value > 0):
            raise ValueError(
                f"{path}, line {line}: {name} = {value} is not a finite number above 0; fix or drop the line"
            )
    if "low" in numbers and not 0 <= numbers["low"] <= numbers["high"]:
        raise ValueError(
            f"{path}, line {line}: low = {numbers['low']}, high = {numbers['high']}: needs 0 <= low <= high; "
            "fix or drop the line"
        )
    if numbers.get("low") == 0 and numbers["high"] == inf:
        raise ValueError(
            f"{path}, line {line}: open on both sides, so it says nothing; drop the line or close one side"
        )
    return numbers

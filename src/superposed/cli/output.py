"""What commands print: JSON on standard output, everything a person follows on standard error."""

import json
import sys
from collections.abc import Sequence

from superposed.files import finite


def print_json(value: object) -> None:
    """One JSON object on standard output, floats at full precision; NaN and infinities become null."""
    json.dump(finite(value), sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def note(message: str) -> None:
    """A line for the person who waits, on standard error."""
    print(message, file=sys.stderr, flush=True)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned columns; numbers to four significant digits, a dash for what is not there."""
    cells = [list(header)] + [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

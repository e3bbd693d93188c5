"""Files that are replaced whole, and values as plain JSON."""

import math
import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> Path:
    """Replace a file in one step, so that a kill leaves the old file or the new one. Returns the path.

    Raises:
      OSError: the folder can't be written. The old file is then as it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return path


def finite(value: object) -> object:
    """Plain JSON in which NaN and infinities have become null."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value

"""Files that are replaced whole or run as modules, and values as plain JSON."""

import importlib.util
import math
import os
import sys
from pathlib import Path
from types import ModuleType

from superposed.bad_input import InputError


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


def load_module(path: Path) -> ModuleType:
    """A Python file, run as a module of its own.

    Raises:
      InputError: there is no such file, or running it fails.
    """
    if not path.is_file():
        raise InputError("file", str(path), "there is no such Python file; check the path")
    name = f"superposed_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise InputError("file", str(path), "not a Python file; its name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError("file", str(path), f"running it failed with {type(error).__name__}: {error}") from error
    return module

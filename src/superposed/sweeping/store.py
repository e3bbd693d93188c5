"""Rows on disk: JSON lines, appended whole, one file a process, beside a manifest that says what they belong to."""

import json
import os
import platform
import subprocess
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import jax

from superposed.measuring.cell import canonical
from superposed.sweeping.record import Record, Seen

MANIFEST = "manifest.json"


class Store:
    """The rows of one run, in a folder of its own. Opening it again resumes.

    Args:
      folder: created where it does not exist.
      configuration: what the rows belong to; plain JSON.
      shard: names this process's own file, so that processes never share one.

    Raises:
      ValueError: the folder holds another configuration, or a file of it is not one of rows.
      OSError: the folder can't be written.
    """

    def __init__(self, folder: Path, configuration: dict, shard: str = "1of1"):
        self.folder = Path(folder)
        check_configuration(self.folder, configuration)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / f"rows-{shard}.jsonl"
        repair_tail(self.path)
        self.records = Seen(read_folder(self.folder))
        if not (self.folder / MANIFEST).exists():
            _write_whole(self.folder / MANIFEST, json.dumps(manifest(configuration), indent=2) + "\n")
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def append(self, record: Record) -> None:
        """Add a row by a single write, unless its cell has one already."""
        if record.id not in self.records:
            os.write(self._file, record.to_line().encode())
            self.records.add(record)

    def close(self) -> None:
        """Make sure that every row has reached the disk."""
        os.fsync(self._file)
        os.close(self._file)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def read_rows(path: Path) -> Iterator[Record]:
    """The rows of one file. A last line that was torn by a kill is passed over with a warning; any other bad line raises.

    Raises:
      ValueError: the file is not one of rows; names file and line.
    """
    lines = Path(path).read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if number == len(lines):
            if line:
                warnings.warn(f"{path}, line {number}: torn by an interrupted write; passed over", stacklevel=2)
            return
        try:
            yield Record.from_line(line.decode())
        except ValueError as error:
            raise ValueError(
                f"{path}, line {number}: {error}; not a results file, or damaged: remove that line"
            ) from None


def read_folder(folder: Path) -> Iterator[Record]:
    """The rows of every process that wrote into a run's folder."""
    for path in sorted(Path(folder).glob("rows-*.jsonl")):
        yield from read_rows(path)


def read_manifest(folder: Path) -> dict:
    """The manifest of a run's folder; raises ValueError where there is none."""
    path = Path(folder) / MANIFEST
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise ValueError(
            f"{folder}: no {MANIFEST}, so not the folder of a run; give one that `superposed run` made"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error}); restore it, or choose another folder") from None
    if not (isinstance(found, dict) and isinstance(found.get("configuration"), dict)):
        raise ValueError(f"{path}: not the manifest of a run; restore it, or choose another folder")
    return found


def repair_tail(path: Path) -> None:
    """Cut off a last line without its newline, which only a killed write leaves, and warn with file and line."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        line = content.count(b"\n") + 1
        warnings.warn(
            f"{path}, line {line}: torn by an interrupted write; cut off, its cell is measured again", stacklevel=3
        )
        os.truncate(path, whole)


def check_configuration(folder: Path, configuration: dict) -> None:
    """Raises ValueError where the folder belongs to another configuration, naming the keys that differ."""
    if not folder.exists() or all(path.name.startswith(".") for path in folder.iterdir()):
        return
    stored = read_manifest(folder)["configuration"]
    wanted = json.loads(canonical(configuration))
    differing = sorted(k for k in stored.keys() | wanted.keys() if stored.get(k) != wanted.get(k))
    if differing:
        raise ValueError(
            f"{folder}: holds another configuration (it differs in {', '.join(differing)}); "
            "choose another --out, or remove the folder to start anew"
        )


def manifest(configuration: dict) -> dict:
    """What a run's rows were measured with: configuration, code, packages, devices, precision."""
    return {
        "configuration": configuration,
        "code": {"version": version("superposed"), "commit": code_commit()},
        "packages": {name: version(name) for name in ("jax", "jaxlib", "numpy", "scipy")},
        "python": platform.python_version(),
        "devices": [device.device_kind for device in jax.devices()],
        "backend": jax.default_backend(),
        "precision": "float32, products at HIGHEST",
    }


def code_commit() -> str | None:
    """The commit of the source tree, with + where files have changed since; None outside a checkout."""
    git = lambda *args: subprocess.run(
        ["git", "-C", str(Path(__file__).parent), *args], capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, so that a kill leaves the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    os.replace(draft, path)

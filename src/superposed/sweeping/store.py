"""Rows on disk: JSON lines, appended whole, one file a process, beside a manifest that says what they belong to."""

import errno
import json
import os
import platform
import socket
import time
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import jax

from superposed import __version__
from superposed.files import write_whole
from superposed.measuring.cell import canonical
from superposed.sweeping.lock import Lock
from superposed.sweeping.record import Record, Seen
from superposed.sweeping.source import code_commit, package_digest

MANIFEST = "manifest.json"
SESSIONS = "sessions.jsonl"
WARNED_OF = ("code", "jax", "backend")
"""What of a session makes a warning when an earlier session of the folder had another."""
ROW_BEGINS = b'{"cell":'


class Store:
    """The rows of one run, in a folder of its own. Opening it again resumes.

    The folder holds `manifest.json` (what the rows belong to), `rows-SHARD.jsonl` (a line a row) and `sessions.jsonl`
    (a line for every process that added rows: its code, packages and devices).

    Args:
      folder: created where it does not exist.
      configuration: what the rows belong to; plain JSON.
      shard: names this process's own file, so that processes never share one.
      about: what else the manifest of a new folder says; it is not compared.

    Raises:
      InputError: another process writes this shard.
      ValueError: the folder holds another configuration, or a file of it is not one of rows.
      OSError: the folder can't be written.
    """

    def __init__(
        self, folder: Path, configuration: dict, shard: str = "1of1", about: Mapping[str, object] | None = None
    ):
        self.folder, about = Path(folder), about or {}
        check_configuration(self.folder, configuration)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / f"rows-{shard}.jsonl"
        self._lock = Lock(
            self.folder / f".rows-{shard}.lock", "wait for it, end it, or choose another --shard or --out"
        )
        try:
            repair(self.path)
            self.records = Seen(read_folder(self.folder))
            if not (self.folder / MANIFEST).exists():
                write_whole(
                    self.folder / MANIFEST,
                    _indented({"configuration": configuration, **about}),
                )
            self._session = session()
            _warn_of_other_code(self.folder, self._session)
        except BaseException:
            self._lock.release()
            raise
        self._file: int | None = None

    def append(self, record: Record) -> None:
        """Add a row by a single write, unless its cell has one already.

        Raises:
          OSError: the row could not be written whole, as on a full disk. The file is then as it was.
        """
        if record.id in self.records:
            return
        if self._file is None:
            line = canonical({"first_row": record.id, "file": self.path.name} | self._session) + "\n"
            with open(self.folder / SESSIONS, "ab", buffering=0) as sessions:
                _append_whole(self.folder / SESSIONS, sessions.fileno(), line.encode())
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        _append_whole(self.path, self._file, record.to_line().encode())
        self.records.add(record)

    def close(self) -> None:
        """Make sure that every row has reached the disk."""
        if self._file is not None:
            os.fsync(self._file)
            os.close(self._file)
        self._lock.release()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _indented(value: dict) -> str:
    return json.dumps(value, indent=2) + "\n"


def _append_whole(path: Path, file: int, line: bytes) -> None:
    before = os.fstat(file).st_size
    try:
        written = os.write(file, line)
        if written < len(line):
            raise OSError(errno.ENOSPC, "a row could not be written whole, so it was taken back; is the disk full?")
    except OSError as error:
        os.ftruncate(file, before)
        raise OSError(error.errno, error.strerror, str(path)) from None


def read_rows(path: Path, bad: list[int] | None = None) -> Iterator[Record]:
    """The rows of one file. Damaged lines are passed over with a warning that names file and line.

    Args:
      bad: gets the numbers of the damaged lines, a last line without its end among them.

    Raises:
      ValueError: no line of the file is a row, so it is not a file of rows.
    """
    content = Path(path).read_bytes()
    lines = content.split(b"\n")
    torn, first_error, rows = lines.pop(), None, 0
    for number, line in enumerate(lines, 1):
        try:
            record = Record.from_line(line.decode())
        except ValueError as error:
            first_error = first_error or f"{path}, line {number}: {error}"
            warnings.warn(f"{path}, line {number}: {error}; passed over, its cell is measured again", stacklevel=2)
            if bad is not None:
                bad.append(number)
        else:
            rows += 1
            yield record
    if not rows and (first_error or (torn and not (torn.startswith(ROW_BEGINS) or ROW_BEGINS.startswith(torn)))):
        raise ValueError(f"{first_error or f'{path}, line 1: not a row'}; not a results file: move it elsewhere")
    if torn:
        warnings.warn(f"{path}, line {len(lines) + 1}: torn by an interrupted write; passed over", stacklevel=2)
        if bad is not None:
            bad.append(len(lines) + 1)


def read_folder(folder: Path) -> Iterator[Record]:
    """The rows of every process that wrote into a run's folder."""
    for path in sorted(Path(folder).glob("rows-*.jsonl")):
        yield from read_rows(path)


def repair(path: Path) -> None:
    """Keep the rows of a file and set its damaged lines aside, in a file of the same name ending in `.damaged`.

    A last line without its end, which only a killed write leaves, is set aside too. Warnings name file and line.

    Raises:
      ValueError: not a file of rows. It is left as it was.
    """
    if not path.exists():
        return
    bad: list[int] = []
    for _ in read_rows(path, bad):
        pass
    if bad:
        lines = path.read_bytes().split(b"\n")
        pick = lambda damaged: [line for n, line in enumerate(lines, 1) if line and (n in bad) is damaged]
        with open(path.with_name(path.name + ".damaged"), "ab") as aside:
            aside.write(b"".join(line + b"\n" for line in pick(True)))
        write_whole(path, b"".join(line + b"\n" for line in pick(False)))


def read_manifest(folder: Path) -> dict:
    """The manifest of a run's folder; raises ValueError where there is none."""
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise ValueError(
            f"{folder}: no {MANIFEST}, so not the folder of a run; give one that `superposed run` made"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error}); restore it, or choose another folder") from None
    if not (isinstance(manifest, dict) and isinstance(manifest.get("configuration"), dict)):
        raise ValueError(f"{path}: not the manifest of a run; restore it, or choose another folder")
    return manifest


def read_sessions(folder: Path) -> list[dict]:
    """The processes that added rows, oldest first; a line that is no JSON is passed over."""
    path, sessions = Path(folder) / SESSIONS, []
    for line in path.read_text(errors="replace").splitlines() if path.exists() else ():
        try:
            sessions.append(dict(json.loads(line)))
        except (ValueError, TypeError):
            continue
    return sessions


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


def session() -> dict:
    """What this process measures with: code, packages, devices, precision."""
    return {
        "code": {"version": __version__, "commit": code_commit(), "files": package_digest()},
        "packages": _packages(),
        "python": platform.python_version(),
        "host": socket.gethostname(),
        "devices": [device.device_kind for device in jax.devices()],
        "backend": jax.default_backend(),
        "precision": "float32, products at HIGHEST",
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


@cache
def _packages() -> dict[str, str]:
    return {name: version(name) for name in ("jax", "jaxlib", "numpy", "scipy")}


def _warn_of_other_code(folder: Path, now: dict) -> None:
    versions = lambda session: {
        "code": session.get("code", {}).get("files"),
        "jax": session.get("packages", {}).get("jax"),
        "backend": session.get("backend"),
    }
    earlier = [versions(session) for session in read_sessions(folder)]
    differs = [name for name in WARNED_OF if any(session[name] != versions(now)[name] for session in earlier)]
    if differs:
        warnings.warn(
            f"{folder}: earlier rows were measured with another {' and another '.join(differs)}; {SESSIONS} there says "
            "which, and `superposed audit` measures some of them again",
            stacklevel=3,
        )

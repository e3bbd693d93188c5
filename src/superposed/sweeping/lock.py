"""One process a file: a lock that names who holds it, and that a kill releases."""

import os
import socket
from pathlib import Path

from superposed.bad_input import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


class Lock:
    """Held from construction to `release`.

    Args:
      path: a file of its own beside the one that is protected.
      busy: the rule and the way out for a second process.

    Raises:
      InputError: another process holds the lock; names process and host.
    """

    def __init__(self, path: Path, busy: str):
        self.path = path
        while True:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            if fcntl is None or self._lock(busy):
                break
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)

    def _lock(self, busy: str) -> bool:
        """Whether the lock is held on the file that the path names; false where its last holder has just removed it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 200, 0).decode(errors="replace") or "another process"
            os.close(self._file)
            raise InputError("folder", str(self.path.parent), f"{holder} is writing here; {busy}") from None
        except OSError:
            return True  # a file system without locks
        try:
            held = os.path.samestat(os.fstat(self._file), os.stat(self.path))
        except FileNotFoundError:
            held = False
        if not held:
            os.close(self._file)
        return held

    def release(self) -> None:
        """Remove the file and let go."""
        self.path.unlink(missing_ok=True)
        os.close(self._file)

"""Compiled programs kept on disk between commands, so that the second one need not compile. Imports no JAX."""

import hashlib
import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

FOLDER = "SUPERPOSED_COMPILE_CACHE"
"""Environment variable that names the folder; `off` keeps nothing."""
OF_JAX = ("JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE")
"""A user who sets one of these has decided already."""
LEAST_SECONDS = "0.1"
"""A program that compiles faster is not kept, because reading it would take as long."""


def folder() -> Path | None:
    """Where programs are kept: in the folder of SUPERPOSED_COMPILE_CACHE, or in the user's cache; None where it is off.

    A program holds machine code. So each processor, with its features, has a folder of its own, and so has each jaxlib.
    """
    named = os.environ.get(FOLDER, "")
    if named == "off":
        return None
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(named) if named else users / "superposed") / f"compiled-{_machine()}"


def keep_programs() -> None:
    """Let JAX keep compiled programs from now on, unless the user has set JAX's own cache, or the folder is read-only.

    JAX itself names each program by its content, its options and the versions. It warns of an entry that it can't read,
    and compiles.
    """
    place = folder()
    if place is None or any(name in os.environ for name in OF_JAX) or not _can_write(place):
        return
    values = {"JAX_COMPILATION_CACHE_DIR": str(place), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": LEAST_SECONDS}
    if "jax" not in sys.modules:
        for name, value in values.items():
            os.environ.setdefault(name, value)
    elif sys.modules["jax"].config.jax_compilation_cache_dir is None:
        for name, value in values.items():
            sys.modules["jax"].config.update(name.lower(), value if name == OF_JAX[0] else float(value))


def describe() -> str:
    """One line on the cache in use: its folder, how many programs it holds, and their size."""
    import jax

    place = jax.config.jax_compilation_cache_dir
    if not (place and jax.config.jax_enable_compilation_cache):
        return "off"
    sizes = [path.stat().st_size for path in Path(place).glob("*") if path.is_file()]
    programs = len(list(Path(place).glob("*-cache")))
    return f"{place} ({programs} programs, {sum(sizes) / 2**20:.0f} MiB)"


def clear() -> Path | None:
    """Remove this package's own folder of programs, of whatever machine; the folder, or None where there is none."""
    place = folder()
    if place is None or not place.parent.is_dir():
        return None
    for kept in place.parent.glob("compiled-*"):
        shutil.rmtree(kept, ignore_errors=True)
    _can_write(place)
    return place.parent


def _machine() -> str:
    """A digest of the processor's features and of the versions that make machine code."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = [platform.processor()]
    features = sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}) or lines[:1]
    text = "\n".join([platform.system(), platform.machine(), version("jaxlib"), *features])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _can_write(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)

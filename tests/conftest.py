"""Run-time shape checks for the whole package, as its signatures promise, and one compilation cache for all processes.

The tests spend most of their time in compilation. The workers, the commands they start, and the next run share what
was compiled. An entry belongs to one program, its options and one version of jaxlib, so that it is never out of date.
"""

import os
from pathlib import Path

CACHE = Path(__file__).parents[1] / "build" / "jax-cache"

os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")

from jaxtyping import install_import_hook  # noqa: E402 (the cache is named before JAX is imported)

install_import_hook("superposed", "checker.checked")

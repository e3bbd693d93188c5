"""Run-time shape checks for the whole package, as its signatures promise, and programs that compile fast.

The tests spend most of their time in compilation, because most programs run once and on little data. So the compiler
optimises less than in the shipped package. A test of what the shipped options promise asks for `as_shipped`. The
workers, the commands they start, and the next run share one cache of compiled programs. An entry belongs to one
program, its options and one version of jaxlib, so that it is never out of date.
"""

import os
import signal
from importlib.metadata import version
from pathlib import Path

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background by a shell; children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

CACHE = Path(__file__).parents[1] / "build" / "jax-cache"
LEVEL = "xla_backend_optimization_level"

os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")
FLAGS = [f"--{LEVEL}=0"]  # for what is compiled outside `program`
if version("jaxlib") < "0.12":
    FLAGS.append("--xla_cpu_use_fusion_emitters=false")  # jaxlib 0.12 stops at it
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *FLAGS])

import checker  # noqa: E402 (the environment is set before JAX is imported)
import pytest  # noqa: E402

checker.install("superposed")

from superposed import program  # noqa: E402 (checked as well)
from superposed.theory.bernoulli_width import _tuned_errors  # noqa: E402

SHIPPED = program.compiler_options
program.program(_tuned_errors, 2)  # the search for predicted widths runs it hundreds of times, so it keeps its level


def _options(loops: bool = False) -> dict[str, str | int | bool]:
    """Level 0 compiles three times as fast and runs five times as slowly; programs of long loops keep their level."""
    return SHIPPED() | ({LEVEL: 0} if SHIPPED() and not loops else {})


program.compiler_options = _options


def _as_shipped():
    """Programs are compiled with the options of the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "compiler_options", SHIPPED)
        program.program.cache_clear()
        yield
    program.program.cache_clear()


as_shipped = pytest.fixture(_as_shipped, name="as_shipped")
module_as_shipped = pytest.fixture(_as_shipped, name="module_as_shipped", scope="module")

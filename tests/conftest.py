"""Run-time shape checks for the whole package, as its signatures promise, and programs that compile fast.

The tests spend most of their time in compilation, because most programs run once and on little data. So the compiler
optimises less than in the shipped package. A test of what the shipped options promise asks for `as_shipped`. The
workers, the commands they start, and the next run share one cache of compiled programs. An entry belongs to one
program, its options and one version of jaxlib, so that it is never out of date.
"""

import gc
import os
import signal
from importlib.metadata import version
from pathlib import Path

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background by a shell; children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

CACHE = Path(__file__).parents[1] / "build" / "jax-cache"
LEVEL = "xla_backend_optimization_level"
PARTS = "xla_cpu_parallel_codegen_split_count"
"""In how many parts a program is compiled at once. The workers keep all cores busy, so one part is the quickest."""

os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # the workers keep all cores busy, and waiting threads take their time
os.environ.setdefault("OMP_NUM_THREADS", "1")
FLAGS = [f"--{LEVEL}=0"]  # for what is compiled outside `program`
if version("jaxlib") < "0.12":
    FLAGS.append("--xla_cpu_use_fusion_emitters=false")  # jaxlib 0.12 stops at it
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *FLAGS])

import pytest  # noqa: E402 (the environment is set before JAX is imported)

SHIPPED = pytest.StashKey()
"""The options of the package, as they were before the tests changed them."""

LEAST_ROWS = 256
"""Narrow networks are padded to so many neurons in place of the package's 2048, which would take most of their time."""


def pytest_configure(config: pytest.Config) -> None:
    """Install the checks and the options, in every process that runs tests. The controller of workers runs none."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return
    import checker

    checker.install("superposed")
    from superposed import program
    from superposed.constructions.base import Construction
    from superposed.theory.bernoulli_tail import _best_density
    from superposed.theory.bernoulli_width import _tuned_errors

    Construction.least_rows = LEAST_ROWS
    for searched in ((_tuned_errors, 2), (_best_density, 1)):
        program.program(*searched)  # searches for predicted widths run it hundreds of times, so they keep their level
    shipped = program.compiler_options

    def options(loops: bool = False) -> dict[str, str | int | bool]:
        """Level 0 compiles three times as fast, and runs five times as slowly; programs of long loops keep theirs."""
        quick = {PARTS: 1} | ({} if loops else {LEVEL: 0})
        return shipped() | {
            name: value for name, value in quick.items() if shipped() and program._is_known(name, value)
        }

    config.stash[SHIPPED], program.compiler_options = shipped, options


def pytest_collection_finish() -> None:
    """What the imports made stays, so that the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _as_shipped(pytestconfig):
    """Programs are compiled with the options of the package."""
    from superposed import program

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "compiler_options", pytestconfig.stash[SHIPPED])
        program.program.cache_clear()
        yield
    program.program.cache_clear()


as_shipped = pytest.fixture(_as_shipped, name="as_shipped")
module_as_shipped = pytest.fixture(_as_shipped, name="module_as_shipped", scope="module")

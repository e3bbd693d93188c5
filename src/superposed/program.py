"""Compilation: how a function becomes one program, and how fast."""

from collections.abc import Callable
from functools import cache

import jax
import jaxlib.version


@cache
def program(function: Callable, n_static: int = 0, *, loops: bool = False) -> Callable:
    """The function jitted, its first n_static arguments static; asked for again, the same program.

    On a CPU most of a short run is compilation. LLVM's lowest useful level takes two thirds of the time of the usual
    one, and what it compiles runs as fast.

    Args:
      loops: the function spends its time in elementwise loops, which XLA's own loop emitters run twice as fast. Without
        them a program compiles in half of the time, and library products, sorts and scattered counts run no slower.
    """
    options = {}
    if jax.default_backend() == "cpu":
        options["xla_backend_optimization_level"] = 1
        if not loops and jaxlib.version.__version__.startswith(("0.10.", "0.11.")):
            options["xla_cpu_use_fusion_emitters"] = False
    return jax.jit(function, static_argnums=range(n_static), compiler_options=options)

"""Compilation: every function of the package that is compiled becomes one program here, with the same options."""

from collections.abc import Callable
from functools import cache

import jax
import numpy as np

RIGHT_SUMS = {"xla_cpu_experimental_ynn_fusion_type": ""}
"""On CPUs jaxlib 0.10 and 0.11 fuse multiply and sum into wrong results (jax issue 39103). In 0.12 the results are
right, but they round differently with the batch. Without that fusion sums are right, and rows are the same bit for
bit."""
FAST_COMPILE = {"xla_backend_optimization_level": 1}
"""LLVM's lowest useful level. It takes two thirds of the usual time, and what it compiles runs as fast."""
NO_LOOP_EMITTERS = {"xla_cpu_use_fusion_emitters": False}
"""Without XLA's own loop emitters a program compiles in half of the time. jaxlib 0.12 has no such choice any more."""
WIDE_VECTORS = {"xla_cpu_prefer_vector_width": 512}
"""Where the processor has registers of 512 bits, loops take a quarter less time with them."""
RIGHT_WITHIN = 1e-4
"""A known sum of 36,000 products is right to a few 1e-6 in float32; the wrong fusion is off by 20."""


class WrongSums(RuntimeError):
    """The compiler adds up wrongly on this machine, so that nothing measured here would be true."""


@cache
def program(function: Callable, n_static: int = 0, *, loops: bool = False) -> Callable:
    """The function jitted, its first n_static arguments static. Asked for again, it is the same program.

    The options belong to each program. They hold whether or not JAX's backend was up before this package was imported.

    Args:
      loops: the function spends its time in elementwise loops, which XLA's own loop emitters run twice as fast. Library
        products, sorts and scattered counts run no slower without them.
    """
    return jax.jit(function, static_argnums=range(n_static), compiler_options=compiler_options(loops))


def compiler_options(loops: bool = False) -> dict[str, str | int | bool]:
    """The options of every program: those of the wanted ones that this jaxlib knows. None are needed off the CPU."""
    if jax.default_backend() != "cpu":
        return {}
    wanted = RIGHT_SUMS | FAST_COMPILE | WIDE_VECTORS | ({} if loops else NO_LOOP_EMITTERS)
    return {name: value for name, value in wanted.items() if _is_known(name, value)}


@cache
def _is_known(name: str, value: str | int | bool) -> bool:
    """Whether this jaxlib takes the option. It offers no list, so a program of one sum is compiled with it."""
    try:
        jax.jit(lambda x: x + 1, compiler_options={name: value}).lower(np.float32(0)).compile()
    except jax.errors.JaxRuntimeError as error:
        if "No such compile option" in str(error):
            return False
        raise
    return True


def sum_error() -> float:
    """By how much known sums of products are off when they are compiled as every program here is."""
    terms = np.random.default_rng(0).standard_normal((3, 3, 12_000)).astype(np.float32)
    weights = np.arange(1, 4, dtype=np.float32)
    exact = np.einsum("i,ijk->jk", weights.astype(float), terms.astype(float))
    return float(np.abs(np.asarray(program(_weighted_sum)(weights, terms)) - exact).max())


def _weighted_sum(weights: jax.Array, terms: jax.Array) -> jax.Array:
    return (weights[:, None, None] * terms).sum(axis=0)


@cache
def check_sums() -> None:
    """Raises WrongSums where known sums come out wrong. The answer is kept, so that asking again costs nothing."""
    if not (error := sum_error()) < RIGHT_WITHIN:
        raise WrongSums(
            f"this machine's compiler is wrong by {error:.3g} in a known sum, so no measurement would be true; "
            "install another jaxlib, and report this with the output of `superposed doctor`"
        )

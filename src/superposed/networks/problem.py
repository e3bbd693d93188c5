"""What is to be computed: the universal AND of m sparse boolean features."""

from dataclasses import dataclass
from math import comb

from jaxtyping import Array, Float, Int


@dataclass(frozen=True)
class Problem:
    """Universal AND (U-AND): the ANDs of all fan_in-subsets of m features, exactly s of which are active.

        b in {0,1}^m,  |b|_1 = s,   AND(k, l) = b_k b_l  for every pair k < l

    Inside a compiled program s and d_in may be traced scalars, so that one program serves every sparsity and every
    width of the code; m is a plain integer wherever weights are built, and may be traced where errors are drawn.

    Args:
      m: number of features, at least 2.
      s: number of active features, 1 <= s <= m.
      d_in: None when the features come aligned with the coordinates of the input; otherwise they come in superposition,
        x = Phi b with Phi in R^{d_in x m}.
      fan_in: inputs of each AND gate.

    Source: Hänni et al. 2024 (arXiv 2408.05451), Definition 4.
    """

    m: int | Float[Array, ""]
    s: int | Int[Array, ""]
    d_in: int | Int[Array, ""] | Float[Array, ""] | None = None
    fan_in: int = 2

    @property
    def n_gates(self) -> int:
        """C(m, fan_in), the number of ANDs."""
        return comb(self.m, self.fan_in)


def check_problem(problem: Problem) -> Problem:
    """The problem itself, or a ValueError that names the value and the rule it breaks. For concrete values only."""
    m, s, d_in = problem.m, problem.s, problem.d_in
    if m < 2:
        raise ValueError(f"m = {m}: a pair needs at least 2 features; use --m 2 or more")
    if s < 1:
        raise ValueError(f"s = {s}: at least one feature is active; use --s 1 or more")
    if s > m:
        raise ValueError(f"s = {s}: no more than m = {m} features can be active; lower --s or raise --m")
    if d_in is not None and d_in < 1:
        raise ValueError(f"d_in = {d_in}: the input has at least one dimension; use --d-in 1 or more")
    return problem

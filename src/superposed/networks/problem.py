"""What is to be computed: the universal AND of m sparse boolean features."""

from dataclasses import dataclass
from math import comb

from jaxtyping import Array, Float, Int

from superposed.bad_input import InputError


@dataclass(frozen=True)
class Problem:
    """Universal AND (U-AND): the ANDs of all fan_in-subsets of m features, exactly s of which are active.

        b in {0,1}^m,  |b|_1 = s,   AND(k, l) = b_k b_l  for every pair k < l

    Inside a compiled program s and d_in may be traced scalars, so that one program serves every sparsity and every
    width of the code. Where weights are built, m is a plain integer; where errors are drawn, it may be traced.

    Args:
      m: number of features, at least 2.
      s: number of active features, 1 <= s <= m.
      d_in: None when the features come aligned with the coordinates of the input. Otherwise they come in superposition,
        x = Phi b with Phi in R^{d_in x m}.
      fan_in: inputs k of each AND gate.

    Raises:
      InputError: a plain number breaks one of these rules. Traced values are not checked.

    Source: Hänni et al. 2024 (arXiv 2408.05451), Definition 4.
    """

    m: int | Float[Array, ""]
    s: int | Int[Array, ""]
    d_in: int | float | Int[Array, ""] | Float[Array, ""] | None = None
    fan_in: int = 2

    def __post_init__(self):
        if isinstance(self.m, int) and self.m < 2:
            raise InputError("m", self.m, "a pair needs at least 2 features; use 2 or more")
        if self.fan_in < 2 or (isinstance(self.m, int) and self.fan_in > self.m):
            raise InputError("fan_in", self.fan_in, "a gate reads 2 features or more, and no more than there are")
        if isinstance(self.s, int) and self.s < 1:
            raise InputError("s", self.s, "at least one feature is active; use 1 or more")
        if isinstance(self.s, int) and isinstance(self.m, int) and self.s > self.m:
            raise InputError("s", self.s, f"no more than m = {self.m} features can be active; lower s or raise m")
        if isinstance(self.d_in, int | float) and self.d_in < 1:
            raise InputError("d_in", self.d_in, "the input has at least one dimension; use 1 or more")

    @property
    def n_gates(self) -> int:
        """C(m, fan_in), the number of ANDs."""
        return comb(self.m, self.fan_in)

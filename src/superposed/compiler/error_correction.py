"""Error correction: read all features, write each on a few neurons with random signs, and round (Theorem 21)."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import scipy.sparse as sp

from superposed.compiler.codes import mean_read, ternary_code
from superposed.compiler.deep import Stage
from superposed.compiler.sparse import SparseLayer, identity, rounding


@dataclass(frozen=True)
class ErrorCorrection:
    """A layer that turns approximate features into nearly exact ones (Hänni et al. 2024, Lemma 7 and Theorem 21).

        h = round(Phi Phi_0^T x),   Phi_ki = +1, -1, 0 with probability p/2, p/2, 1 - p,   p = 1/sqrt(D s)

    Phi_0^T x are the read-offs of the incoming features, each off by eps. Phi [D, m] is the new code: feature k lies on
    |Gamma_k| ~ sqrt(D/s) units and is read as <Phi_k, h>/|Gamma_k|. The noise of a unit is eps times the root of its
    m/sqrt(D s) features. Rounding is exact while that noise stays below 1/3: eps < K (D s)^(1/4)/sqrt(m).

    The theorem is printed with (D/s)^(1/4); its own proof and the measurement say (D s)^(1/4). Equations (11)-(12)
    divide both the layer and the code by sqrt(D/s), which is not a unit norm. Here the read-off divides by |Gamma_k|.

    The rounding is eight ReLUs a unit, so D units are a layer of 8 D neurons.

    Args:
      s: active features at most; at least 1.
      reset: "round", or "identity", the same layer without rounding: the control.
    """

    s: int
    reset: Literal["round", "identity"] = "round"

    def __post_init__(self):
        if self.s < 1:
            raise ValueError(f"s = {self.s}: at least one feature is active; use --s 1 or more")

    @property
    def neurons_per_unit(self) -> int:
        return 8 if self.reset == "round" else 2

    def code(self, rng: np.random.Generator, m: int, units: int) -> sp.csr_array:
        """The new code [m, units]."""
        return ternary_code(rng, m, units, 1 / sqrt(units * self.s))

    def stage(self, before: tuple[SparseLayer, ...], read: sp.csr_array, code: sp.csr_array) -> Stage:
        """Layers `before`, whose features are read by `read` [D_in, m], and the correction of what they hand on."""
        reset = rounding() if self.reset == "round" else identity()
        layer = SparseLayer((read, code), ((code.shape[1], reset),))
        return Stage((*before, layer), code, mean_read(code), 0.5)

"""Error correction: read all features, write each on a few units with random signs, and round (Theorem 21)."""

from typing import Literal

import scipy.sparse as sp

from superposed.compiler.codes import mean_read
from superposed.compiler.deep import Stage
from superposed.compiler.sparse import SparseLayer, identity, rounding
from superposed.theory.density_evolution import Design


def correction_stage(
    before: tuple[SparseLayer, ...],
    read: sp.csr_array,
    code: sp.csr_array,
    design: Design,
    reset: Literal["round", "identity"] = "round",
) -> Stage:
    """Layers `before`, and a layer that turns the approximate features they hand on into nearly exact ones.

        h = round(Phi Phi_0^T x),   Phi_ki = +1, -1, 0 with probability p/2, p/2, 1 - p,   p = 1/sqrt(D s)

    Phi_0^T x are the read-offs of the incoming features, each off by eps. Phi [D, m] is the new code. Feature k lies on
    |Gamma_k| ~ sqrt(D/s) units and is read as <Phi_k, h>/|Gamma_k|. The noise of a unit is eps times the root of its
    m/sqrt(D s) features. Rounding is exact while that noise stays below 1/3: eps < K (D s)^(1/4)/sqrt(m).

    The theorem is printed with (D/s)^(1/4); its own proof and the measurement say (D s)^(1/4). Equations (11)-(12)
    divide both the layer and the code by sqrt(D/s), which is not a unit norm. Here the read-off divides by |Gamma_k|.
    Other densities and roundings are those of other designs.

    Args:
      read: reads [D_in, m] the incoming features from what `before` hands on.
      code: the new code [m, D], a `ternary_code` of the design's units and density.
      reset: "round", of 4 top ReLUs a unit, or "identity", the same layer without rounding: the control.

    Source: Hänni et al. 2024, Lemma 7 and Theorem 21.
    """
    function = rounding(design.top, design.edge) if reset == "round" else identity()
    layer = SparseLayer((read, code), ((design.units, function),))
    return Stage((*before, layer), code, mean_read(code), 0.5)

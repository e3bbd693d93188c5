"""The wires of a layer of channels: the whole matrix, or only the rows of the units that are active."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
import scipy.sparse as sp
from jaxtyping import Int

from superposed.circuits.circuit import gates_that_read, wires

FEW = 1 / 2  # the share of units that may be active for it to be faster to make their rows alone


@dataclass(frozen=True)
class Wiring:
    """W^T [D_in, D] as the rule that it follows from, so that a run pays for the rows of active units alone.

    Args:
      before: the code [m, D_in] of the features that gates read.
      features_on: the features on each unit [D_in, m]; nonzero where the transposed `before` is.
      features: what each gate reads; -1 and below are no features.
      code: the code [n, D] of the gates.
      make: `clipped_wires` or `summed_wires`.
    """

    before: sp.csr_array
    features_on: sp.csr_array
    features: Int[np.ndarray, "n slots"]
    code: sp.csr_array
    make: Callable[[sp.csr_array, np.ndarray, sp.csr_array], sp.csr_array]

    @cached_property
    def whole(self) -> sp.csr_array:
        """All wires [D_in, D]."""
        return self.make(self.before, self.features, self.code)

    def rows(self, units: Int[np.ndarray, " u"]) -> sp.csr_array:
        """The wires of these units alone [u, D], equal to `whole[units]`.

        Only gates that read a feature on one of the units matter. Of that feature's channel only these units are kept.
        """
        on = self.features_on[units]
        features, place = np.unique(on.indices, return_inverse=True)
        before = sp.csr_array((np.ones(on.nnz, np.float32), place, on.indptr), shape=(len(units), len(features)))
        gates = gates_that_read(self.features, features, self.before.shape[0])
        reads = self.features[gates]
        place = np.minimum(np.searchsorted(features, reads), len(features) - 1)
        return self.make(before.T.tocsr(), np.where(features[place] == reads, place, -1), self.code[gates])

    def reach(self, h: sp.csr_array) -> sp.csr_array:
        """The counts h W^T [batch, D] on states h."""
        units = np.unique(h.indices)
        if "whole" in self.__dict__ or len(units) > FEW * h.shape[1] or not len(units):
            return h @ self.whole
        few = sp.csr_array((h.data, np.searchsorted(units, h.indices), h.indptr), shape=(h.shape[0], len(units)))
        return few @ self.rows(units)


def clipped_wires(code_before: sp.csr_array, features: Int[np.ndarray, "n slots"], code: sp.csr_array) -> sp.csr_array:
    """The wires [D_in, D] of gates that are stored in `code` and read `features` stored in `code_before`.

        W_ij = max over gates g on unit i of the number of its features k on unit j

    So an active gate has its full count on each of its units, and several gates that use a wire do not add up. Nearly
    all wires are 1. They are 2 where two features of one gate share a unit.
    """
    share = (
        wires(features, code_before.shape[0]).T.tocsr() @ code_before
    ).tocsr()  # [n, D_in]: features of g on unit j
    on = code.astype(bool)
    patterns = []
    for value in range(1, int(share.data.max(initial=0)) + 1):
        at_least = share >= value if value > 1 else share.astype(bool)
        patterns.append((at_least.T.tocsr() @ on).astype(np.float32))
    return reduce(lambda a, b: a + b, patterns, sp.csr_array((code_before.shape[1], code.shape[1]), dtype=np.float32))


def summed_wires(code_before: sp.csr_array, features: Int[np.ndarray, "n slots"], code: sp.csr_array) -> sp.csr_array:
    """The same with all gates' wires added up: a sum of one rank-one matrix a gate, and more chance counts."""
    return (code_before.T.tocsr() @ wires(features, code_before.shape[0]) @ code).tocsr()

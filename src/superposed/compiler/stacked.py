"""Circuits of low depth without correction: targeted ANDs on top of one another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import jax
import scipy.sparse as sp
from jaxtyping import Array, Key

from superposed.circuits.circuit import Gates
from superposed.circuits.randomness import host_rng
from superposed.compiler.codes import mean_read, ternary_code
from superposed.compiler.deep import Stage
from superposed.compiler.targeted_and import targeted_and
from superposed.theory.targeted import gate_size


@dataclass(frozen=True)
class Stacked:
    """One ReLU layer a circuit layer, each a layer of targeted ANDs (Theorem 11) that reads the one before.

        x -> ReLU(W_1 R_0 x - 1) -> ReLU(W_2 R_1 a - 1) -> ...

    R_l are the read-offs of layer l, so W R is one weight matrix. Nothing corrects errors. The read-off of an active
    gate errs by the sum of its inputs' errors, and by more. So errors about double in every layer.

    Args:
      s: active features at most.
    """

    s: int
    relu_layers: ClassVar[int] = 1

    def stages(
        self, key: Key[Array, ""], layers: Iterable[Gates], m: int, width: int, first: int = 0
    ) -> Iterator[Stage]:
        """The encoding of m features in a ternary code of `width` dimensions, then a stage a circuit layer.

        Raises GatesRefused for gates other than ANDs of one fan-in. It can't go on from a later layer (`first` is 0).
        """
        encoding_key, layers_key = jax.random.split(key)
        size = gate_size(width, self.s)
        code = ternary_code(host_rng(encoding_key), m, width, 1 / sqrt(width * self.s))
        read = mean_read(code)
        yield Stage((), code, read, 0.5)
        for i, gates in enumerate(layers, start=first):
            layer, read = targeted_and(host_rng(jax.random.fold_in(layers_key, i)), gates, read, width, size)
            yield Stage((layer,), sp.csr_array(read.T != 0).astype(read.dtype), read, 0.5)

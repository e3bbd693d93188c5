"""Deep circuits by alternating targeted ANDs with error correction (Theorem 8)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import scipy.sparse as sp
from jaxtyping import Array, Key

from superposed.circuits.circuit import Circuit, Gates
from superposed.circuits.randomness import host_rng
from superposed.compiler.codes import mean_read, ternary_code
from superposed.compiler.deep import SparseNetwork, Stage
from superposed.compiler.error_correction import correction_stage
from superposed.compiler.refused import NoRoom
from superposed.compiler.targeted_gates import targeted_gates
from superposed.theory.density_evolution import Design


@dataclass(frozen=True)
class Corrected:
    """Two ReLU layers a circuit layer, a targeted AND and a correction (Hänni et al. 2024, Theorem 8).

        x -> ReLU(W R x - 1) -> round(Phi R' a) -> ...

    The AND layer uses all `width` neurons, the correction `width // 8` units of eight. Proven for width O~(m^(2/3)
    s^2), linear read-offs with small error at every even layer, and any depth polynomial in m.

    Args:
      s: active features at most.
      reset: "round"; "identity" corrects nothing: the control, which must fail within a few layers.
      design: sizes and thresholds from (width, s). `Design` is the paper's, `sparse_design` bears more features, and
        `partial(Design, top=1, edge=0.4)` sets single options.
    """

    s: int
    reset: Literal["round", "identity"] = "round"
    design: Callable[[int, int], Design] = Design
    relu_layers: ClassVar[int] = 2
    overlap: ClassVar[str] = "sum"

    def __call__(
        self, key: Key[Array, ""], circuit: Circuit, width: int, sample: sp.csr_array | None = None
    ) -> SparseNetwork:
        """The whole network of a circuit, at most `width` ReLU neurons a layer. Raises as `stages`."""
        return SparseNetwork(tuple(self.stages(key, circuit.layers, circuit.n_inputs, width)))

    def stages(
        self, key: Key[Array, ""], layers: Iterable[Gates], m: int, width: int, first: int = 0
    ) -> Iterator[Stage]:
        """The encoding of m input features in the correction's code, then a stage a circuit layer.

        With `first` > 0, `layers` begin after layer `first`. The first stage is then that layer's code of m features in
        place of the encoding, and the others are the same as in one go. For circuits with m gates a layer.

        Raises NoRoom for a width of too few units (below 32 s in the paper's design), or where the kinds of gates of a
        layer do not find room beside one another.
        """
        # The control without rounding gets no more units than the network it is compared with.
        sizes = self._sizes(width)
        encoding_key, layers_key = jax.random.split(key)
        if first:
            encoding_key = jax.random.split(jax.random.fold_in(layers_key, first - 1))[1]
        new_code = lambda key, m: ternary_code(host_rng(key), m, sizes.units, sizes.density)
        code = new_code(encoding_key, m)
        read = mean_read(code)
        yield Stage((), code, read, 0.5)
        for i, gates in enumerate(layers, start=first):
            and_key, correction_key = jax.random.split(jax.random.fold_in(layers_key, i))
            ands, approximate = targeted_gates(host_rng(and_key), gates, read, width, sizes.gate_size, self.s)
            code = new_code(correction_key, len(gates.op))
            stage = correction_stage((ands,), approximate, code, sizes, self.reset)
            read = stage.read
            yield stage

    def _sizes(self, width: int) -> Design:
        """The design at this width. Raises NoRoom where it has too few units."""
        enough = 32 * max(self.s, 1)
        design = self.design(max(width, enough), self.s)
        if width < 16 * design.top * self.s:
            problem = f"correction needs {4 * design.top} neurons a unit and 4 s = {4 * self.s} units"
            raise NoRoom(width, problem, 16 * design.top * self.s)
        return self.design(width, self.s)

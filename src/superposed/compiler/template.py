"""What a template is, and the list of all: ways to lay a circuit out as a ReLU network."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import ClassVar, Literal, Protocol, runtime_checkable

import scipy.sparse as sp
from jaxtyping import Array, Key

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Gates
from superposed.compiler.channels import Channels
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import SparseNetwork, Stage
from superposed.theory.density_evolution import sparse_design


@runtime_checkable
class Template(Protocol):
    """A way to compile circuits: a frozen dataclass whose first field is s, the most features active in a layer.

    Attributes:
      relu_layers: ReLU layers of the network for each layer of the circuit.
      overlap: the activation that two active features leave on a neuron they share: "max" of their own, or "sum".
    """

    s: int
    relu_layers: ClassVar[int]
    overlap: ClassVar[Literal["max", "sum"]]

    def __call__(
        self, key: Key[Array, ""], circuit: Circuit, width: int, sample: sp.csr_array | None = None
    ) -> SparseNetwork:
        """The whole network of a circuit, in at most `width` ReLU neurons a layer.

        `sample` are inputs that the circuit is meant for, which a template may use to size what it lays out.

        Raises:
          NoRoom: more neurons are needed.
          GatesRefused: the circuit has gates that the template does not know.
        """
        ...

    def stages(
        self, key: Key[Array, ""], layers: Iterable[Gates], m: int, width: int, first: int = 0
    ) -> Iterator[Stage]:
        """The encoding of m inputs, then a stage a circuit layer, one at a time, so that memory holds one layer."""
        ...


TEMPLATES: dict[str, Callable[[int], Template]] = {
    "channels": Channels,
    "placed": partial(Channels, placement="load"),
    "summed": partial(Channels, wires="summed"),
    "correct": Corrected,
    "correct-sparse": partial(Corrected, design=sparse_design),
}
"""Every template by its name on the command line and in compiled files, made from s."""


def template_of(name: str, s: int) -> Template:
    """The template of this name for at most s active features. Raises InputError for a name there is none of."""
    if name not in TEMPLATES:
        raise InputError("template", name, f"one of {', '.join(TEMPLATES)}")
    return TEMPLATES[name](s)

"""What a construction is: the contract with everything that measures one."""

from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Array, Float, Int, Key

from superposed.bad_input import InputError
from superposed.networks.network import Network
from superposed.networks.problem import Problem

Width = int | Int[Array, ""] | Float[Array, ""]
"""Neurons d of the widest layer: a plain number, or a traced one where one program serves many widths."""

Counted = Literal["signs", "wires"]
"""A code of +-1 or of 0 and 1, with activations that are whole numbers."""
Tuned = Float[Array, ""] | None
"""What `tune` returns, such as the best density at a width; None where nothing is tuned, or where it is yet to be."""


@runtime_checkable
class Construction(Protocol):
    """A way to build networks that compute the universal AND: a frozen dataclass whose fields are its hyper-parameters.

    A new construction inherits from this class and defines `__call__`. The other methods have defaults. They describe a
    construction that needs no tuning, accepts every problem, and whose errors can only be measured on built networks.

    Attributes:
      places_features: it decides itself how features lie in the input, so that `Superposed` can't wrap it.
      has_distribution: the distribution of its errors is known, and `draw` samples it.
      least_rows: narrower networks share one compiled program with so many rows. Few rows suit a construction whose
        building costs more than compiling it.
      nested: the network of width d is the first d neurons of a wider one, activations included, and only the scale of
        a `Product` read-off depends on d. One pass over the widest network then measures them all.
      fan_in: inputs k of each gate. Gates of more than two need a read-off that is `ByGate`.
      counted: "signs" where the code of a `Coded` read-off is +-1, "wires" where it is 0 or 1. In both cases weights
        and activations are whole numbers, these from 0 to s. All pairs are then counted by bits on a CPU, with the same
        sums. `measure` refuses a network that is not so.
    """

    places_features: bool = False
    has_distribution: bool = False
    least_rows: int = 2048
    nested: bool = False
    fan_in: int = 2
    counted: Counted | None = None

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        """The network of `width` neurons, in arrays of `rows` rows.

        Neuron i takes its randomness from fold_in(key, i) (`rows.random_rows`). So the network of width d is the
        first d rows of every wider one. Rows from `width` on must be zero in the read-off, and silent in the layer:
        `measure` refuses a network in which they take part.

        Args:
          key: of all its randomness.
          problem: m is a plain number, s may be traced.
          width: neurons d, at most `rows`; may be traced.
          rows: a plain number. Nothing that is measured depends on it.
          tuned: what `tune` returned for this problem and width; None computes it here.
        """
        ...

    def tune(self, problem: Problem, width: Width) -> Float[Array, ""] | None:
        """A hyper-parameter that follows from problem and width without randomness; None where there is none.

        `measure` computes it ahead, in one small program for all m, and hands it to `__call__` and `draw`.
        """
        return None

    def check(self, problem: Problem, width: int) -> None:
        """Raises InputError where the construction does not exist at this problem and width."""
        return None

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "strata n_events"]:
        """Errors of gates with 0, ..., fan_in active inputs, n_events each, every one of a fresh network and input.

        They are sampled from the errors' distribution at a cost that does not grow with m. Strata that do not exist
        hold NaN.

        Args:
          key: of all randomness. With the same key, errors at neighbouring widths share theirs.
          problem: m and s may be traced, m as a float.
          width: neurons d; may be traced.
          n_events: errors a stratum, a plain number.
          s_max: a plain number, at least s.
          tuned: as in `__call__`.

        Raises:
          InputError: the distribution is not known (`has_distribution` is false).
        """
        raise InputError("mode", "drawn", f"no distribution of the errors of {self} is known; use built networks")

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """About the smallest width that meets a criterion, from closed forms; inf where none does, None where none
        is known.

        A search starts there, and a figure may show it. It is no measurement.
        """
        return None

    def input_dimension(self, problem: Problem, width: int) -> int:
        """Dimensions of the input at a width; m where features are aligned with the coordinates."""
        return problem.m

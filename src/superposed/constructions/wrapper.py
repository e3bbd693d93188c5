"""What constructions around another construction share."""

from jaxtyping import Array, Float

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Width
from superposed.networks.problem import Problem


class Wrapper(Construction):
    """A construction around another one, which still decides the density, the input and what exists.

    Attributes:
      inner: the other one.

    Raises:
      InputError: `inner` is no construction.
    """

    inner: Construction

    def __post_init__(self):
        if not isinstance(self.inner, Construction):
            rule = "not a construction; inherit from superposed.constructions.Construction"
            raise InputError("inner", self.inner, rule)

    def tune(self, problem: Problem, width: Width) -> Float[Array, ""] | None:
        """The inner construction's hyper-parameter."""
        return self.inner.tune(problem, width)

    def check(self, problem: Problem, width: int) -> None:
        """Raises what the inner construction raises."""
        self.inner.check(problem, width)

    def input_dimension(self, problem: Problem, width: int) -> int:
        """Dimensions of the inner construction's input."""
        return self.inner.input_dimension(problem, width)

"""Theorem 2: any construction behind random code vectors."""

from bisect import bisect_left
from dataclasses import dataclass, replace

import jax
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.codes import check_code, feature_codes
from superposed.constructions.wrapper import Wrapper
from superposed.networks.network import Network
from superposed.networks.problem import Problem

OCTAVES, STEPS = 60, 8  # widths tried by `predicted_width`


@dataclass(frozen=True)
class Superposed(Wrapper):
    """A construction for aligned features, made to read features in superposition.

        x = Phi b,   W = V Phi^T,   Phi in R^{d_in x m} with random unit columns

    where V are the weights `inner` builds. The bystanders' cross-talk reaches every neuron. For Bernoulli weights it
    costs d ~ m^{2/3} s^{2/3} eps^{-4/3} neurons. (The statement of Theorem 2 prints sqrt(m); the abstract and Theorem 8
    print m^{2/3}, which is what the construction of the text allows.)

    Args:
      inner: a construction whose first layer acts on the m features.
      d_in: dimensions of the input; None takes as many as neurons, d_in = width.
      code: how features lie in the input (`codes.CODES`); all but random unit vectors need d_in.

    Raises:
      InputError: `inner` is no construction, or places the features itself, or d_in is below 1.

    Source: Hänni et al. 2024, Theorem 2 and Corollary 13; Busch 2025, Corollary 4.35.
    """

    inner: Construction
    d_in: int | None = None
    code: str = "random"

    places_features = True

    def __post_init__(self):
        super().__post_init__()
        if self.inner.places_features:
            raise InputError(
                "inner", self.inner, "it places the features in its input itself; use it alone, or wrap another one"
            )
        check_d_in(self.d_in)
        check_code(self.code, self.d_in)

    @property
    def has_distribution(self) -> bool:
        """Whether errors can be sampled: those of the inner construction can, and the codes are random."""
        return self.inner.has_distribution and self.code == "random"

    @property
    def fan_in(self) -> int:
        """Inputs of each gate, as of the inner construction."""
        return self.inner.fan_in

    @property
    def nested(self) -> bool:
        """Whether networks of several widths share their neurons: not where the code changes with the width."""
        return self.d_in is not None and self.inner.nested

    def check(self, problem: Problem, width: int) -> None:
        """Raises what the inner construction raises behind the codes of this width."""
        self.inner.check(self._behind_codes(problem, width), width)

    def tune(self, problem: Problem, width: Width) -> Float[Array, ""] | None:
        """The inner construction's hyper-parameter behind the codes of this width."""
        return self.inner.tune(self._behind_codes(problem, width), width)

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        code_key, inner_key = jax.random.split(key)
        behind = self._behind_codes(problem, width)
        phi = feature_codes(code_key, self.code, rows if self.d_in is None else self.d_in, behind.d_in, problem.m)
        inner = self.inner(inner_key, behind, width, rows, tuned)
        first = inner.layers[0]
        first = first._replace(factors=(*first.factors, phi.T))
        return Network(phi, (first, *inner.layers[1:]), inner.read_off)

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "strata n_events"]:
        """Errors sampled from the inner construction's distribution behind codes of this width."""
        return self.inner.draw(key, self._behind_codes(problem, width), width, n_events, s_max, tuned)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """The inner construction's closed form behind codes of d_in dimensions.

        With d_in = width it is the first d = 2^(n/8) that suffices behind codes of d dimensions.
        """
        needed = lambda d_in: self.inner.predicted_width(replace(problem, d_in=d_in), eps, criterion)
        if self.d_in is not None:
            return needed(self.d_in)
        if needed(float(problem.m)) is None:
            return None
        width = lambda n: 2.0 ** (n / STEPS)
        return width(bisect_left(range(OCTAVES * STEPS), True, key=lambda n: needed(width(n)) <= width(n)))

    def input_dimension(self, problem: Problem, width: int) -> int:
        return width if self.d_in is None else self.d_in

    def _behind_codes(self, problem: Problem, width: Width) -> Problem:
        return replace(problem, d_in=width if self.d_in is None else self.d_in)


def check_d_in(d_in: int | None) -> None:
    """Raises InputError for an input of less than one dimension."""
    if d_in is not None and d_in < 1:
        raise InputError("d_in", d_in, "the input has at least one dimension; use 1 or more")

"""Theorem 2: any construction behind random code vectors."""

from dataclasses import dataclass, replace

import jax
from jaxtyping import Array, Float, Key

from superposed.constructions.rows import Width, random_codes
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem


@dataclass(frozen=True)
class Superposed:
    """A construction for aligned features, made to read features in superposition.

        x = Phi b,   W = V Phi^T,   Phi in R^{d_in x m} with random unit columns

    where V are the weights `inner` builds. The bystanders' cross-talk reaches every neuron; for Bernoulli weights it
    costs d ~ m^{2/3} s^{2/3} eps^{-4/3} neurons. (The statement of Theorem 2 prints sqrt(m); the abstract and Theorem 8
    print m^{2/3}, which is what the construction of the text allows.)

    Args:
      inner: a construction whose first layer acts on the m features.
      d_in: dimensions of the input; None takes as many as neurons, d_in = width.

    Source: Hänni et al. 2024, Theorem 2 and Corollary 13; Busch 2025, Corollary 4.35.
    """

    inner: object
    d_in: int | None = None

    def __post_init__(self):
        check_d_in(self.d_in)

    def check(self, problem: Problem, width: int) -> None:
        """Raises what the inner construction raises for this problem."""
        if hasattr(self.inner, "check"):
            self.inner.check(problem, width)

    def tuned(self, problem: Problem, width: Width) -> Float[Array, ""] | None:
        """The inner construction's tuned hyper-parameter behind random codes; None where it has none."""
        if not hasattr(self.inner, "tuned"):
            return None
        return self.inner.tuned(self._behind_codes(problem, width), width)

    def __call__(
        self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, p: Float[Array, ""] | None = None
    ) -> Network:
        code_key, inner_key = jax.random.split(key)
        behind = self._behind_codes(problem, width)
        phi = random_codes(code_key, rows if self.d_in is None else self.d_in, behind.d_in, problem.m)
        inner = self.inner(inner_key, behind, width, rows, *(() if p is None else (p,)))
        first = inner.layers[0]
        return Network(phi, (Layer((*first.factors, phi.T), first.b), *inner.layers[1:]), inner.read_off)

    def _behind_codes(self, problem: Problem, width: Width) -> Problem:
        return replace(problem, d_in=width if self.d_in is None else self.d_in)

    def draw(
        self,
        key: Key[Array, ""],
        problem: Problem,
        width: Width,
        n_events: int,
        s_max: int,
        p: Float[Array, ""] | None = None,
    ) -> Float[Array, "3 n"]:
        """Errors drawn from the inner construction's law behind random codes; ValueError where it has none."""
        if not hasattr(self.inner, "draw"):
            raise ValueError(f"mode = drawn: {type(self.inner).__name__} has no drawn law; use --mode built")
        return self.inner.draw(
            key, self._behind_codes(problem, width), width, n_events, s_max, *(() if p is None else (p,))
        )


def check_d_in(d_in: int | None) -> None:
    """Raises ValueError for an input of less than one dimension."""
    if d_in is not None and d_in < 1:
        raise ValueError(f"d_in = {d_in}: the input has at least one dimension; use 1 or more")

"""Three remedies for the width of Theorem 2's construction: centred weights, signed weights, a centred read-off."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from superposed.bad_input import InputError
from superposed.constructions.base import Construction, Tuned, Width
from superposed.constructions.bernoulli import tuned_width
from superposed.constructions.rows import random_rows
from superposed.networks.network import Layer, Network
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product, SharedMean
from superposed.theory.bernoulli import best_density
from superposed.theory.bernoulli_drawn import draw_bernoulli
from superposed.theory.codes import ALIGNED, Events
from superposed.theory.remedies import centred_constant, draw_centred_read_off, draw_signed


def check_density(density: float | None) -> None:
    """Raises InputError for a density outside (0, 1); None is tuned."""
    if density is not None and not 0 < density < 1:
        raise InputError("density", density, "a probability in (0, 1); leave it out to have it chosen")


@dataclass(frozen=True)
class CentredBernoulli(Construction):
    """Theorem 1's random subsets with the mean taken from the weights.

        a = ReLU((B - p) b + p s - 1),   B_ik ~ Bernoulli(p),   AND(k, l) ~ sum_i B_ik B_il a_i / sum_i B_ik B_il

    Aligned inputs give exactly what `Bernoulli` does, since sum_k b_k = s. Behind random codes the cross-talk common to
    all neurons, p (sum_k phi_k.x - s), is gone, at no cost; each neuron's own cross-talk stays, and with it m^(2/3).

    Args:
      density: p in (0, 1); None takes the best for this problem and width.

    Source: derived for this project (`theory.remedies`).
    """

    density: float | None = None

    has_distribution = True

    def __post_init__(self):
        check_density(self.density)

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        p = self.tune(problem, width) if tuned is None else tuned
        wired = random_rows(key, rows, width, lambda k: jax.random.uniform(k, (problem.m,)) < p)
        return Network(None, (centred(wired, width, p, problem.s),), SharedMean(wired))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.bernoulli_drawn`)."""
        p = self.tune(problem, width) if tuned is None else tuned
        events = Events(problem.m, problem.s, width, problem.d_in, n_events, s_max)
        return draw_bernoulli(key, events, p, centred=True)

    def tune(self, problem: Problem, width: Width) -> Float[Array, ""]:
        """The density p at this problem and width."""
        if self.density is not None:
            return jnp.float32(self.density)
        return best_density(problem.m, problem.s, width, problem.d_in, centred=True)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """The closed form at the tuned density; None for a density that is given."""
        return tuned_width(problem, eps, criterion, centred=True) if self.density is None else None


@dataclass(frozen=True)
class SignedBernoulli(Construction):
    """Random subsets with random signs; the AND is read where both signs are plus.

        a = ReLU(V b - 1),   V_ik = +1, -1, 0 with probabilities p/2, p/2, 1 - p
        AND(k, l) ~ mean of a_i over the neurons with V_ik = V_il = +1

    Signs take away the common cross-talk and the bystanders' mean. But half of the wired neurons serve no read-off. At
    the same number of neurons a read-off, the variance of each neuron's cross-talk is then twice as large. Where the
    kink is the largest error, the width is 2^(2/3) times as large.

    Args:
      density: p in (0, 1). None takes twice the density of centred weights with 2 m features. Those have the same
        cross-talk, and as many neurons a read-off.

    Source: signs as in Hänni et al. 2024, Theorem 11; derived for this project (`theory.remedies`).
    """

    density: float | None = None

    has_distribution = True

    def __post_init__(self):
        check_density(self.density)

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        p = self.tune(problem, width) if tuned is None else tuned

        def signed(key: Key[Array, ""]) -> Float[Array, " m"]:
            u = jax.random.uniform(key, (problem.m,))
            return jnp.where(u < p / 2, 1.0, jnp.where(u < p, -1.0, 0.0))

        v = random_rows(key, rows, width, signed)
        return Network(None, (Layer((v,), -jnp.ones(rows)),), SharedMean(jnp.maximum(v, 0)))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.remedies`)."""
        p = self.tune(problem, width) if tuned is None else tuned
        return draw_signed(key, Events(problem.m, problem.s, width, problem.d_in, n_events, s_max), p)

    def tune(self, problem: Problem, width: Width) -> Float[Array, ""]:
        """The density p at this problem and width."""
        if self.density is not None:
            return jnp.float32(self.density)
        return jnp.minimum(2 * best_density(2 * problem.m, problem.s, width, problem.d_in, centred=True), 1.0)

    def predicted_width(self, problem: Problem, eps: float, criterion: str) -> float | None:
        """That of centred weights with 2 m features, which have the same cross-talk; None for a density that is
        given."""
        doubled = replace(problem, m=2 * problem.m)
        return tuned_width(doubled, eps, criterion, centred=True) if self.density is None else None


@dataclass(frozen=True)
class CentredReadOff(Construction):
    """Centred weights read by their products, so that nothing counts that does not depend on both features.

        a = ReLU((B - p) b + p s - 1),   AND(k, l) ~ sum_i (B_ik - p)(B_il - p) a_i / (d p^2 (1 - p)^2 c)

    with c = `theory.remedies.centred_constant`, which makes an active pair read 1. All d neurons take part in every
    read-off. The error at the kink is gone. The exponent of m stays, since cross-talk hides the signal instead. This is
    a construction for few active features. Once p s is well above 1, the bias keeps neurons off the kink, and c is
    nearly 0. At s = 10 and p = 1/2 the errors are ten times those of Rademacher signs.

    Args:
      density: p in (0, 1); 1/2 is best behind codes with cross-talk well above s.

    Source: derived for this project (`theory.remedies`).
    """

    density: float = 0.5

    has_distribution = True

    def __post_init__(self):
        check_density(self.density)

    def __call__(self, key: Key[Array, ""], problem: Problem, width: Width, rows: int, tuned: Tuned = None) -> Network:
        p, s = self.density, problem.s
        wired = random_rows(key, rows, width, lambda k: jax.random.uniform(k, (problem.m,)) < p)
        layer = centred(wired, width, p, s)
        d_in = ALIGNED if problem.d_in is None else problem.d_in
        scale = width * (p * (1 - p)) ** 2 * centred_constant(problem.m, s, d_in, p)
        return Network(None, (layer,), Product(layer.factors[0], scale))

    def draw(
        self, key: Key[Array, ""], problem: Problem, width: Width, n_events: int, s_max: int, tuned: Tuned = None
    ) -> Float[Array, "3 n_events"]:
        """Errors sampled from their distribution (`theory.remedies`)."""
        events = Events(problem.m, problem.s, width, problem.d_in, n_events, s_max)
        return draw_centred_read_off(key, events, self.density)


def centred(wired: Float[Array, "rows m"], width: Width, p: Float[Array, ""] | float, s: int | Array) -> Layer:
    """The layer b -> ReLU((B - p) b + p s - 1), zero from neuron `width` on."""
    real = jnp.arange(wired.shape[0]) < width
    return Layer((jnp.where(real[:, None], wired - p, 0),), jnp.where(real, p * s - 1, 0.0))

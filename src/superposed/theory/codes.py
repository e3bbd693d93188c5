"""Reads of random unit code vectors, phi_k.x, drawn without building the code."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from superposed.theory.relu import Scalar, as_float

STRATA = np.arange(3, dtype=np.float32)[:, None]  # pair members active, against events
ALIGNED = 1e30
"""Dimensions in which code vectors are as good as orthogonal at every m: drawn distributions then hold for aligned
features."""


class Events(NamedTuple):
    """The errors that are drawn: each of a fresh network, a fresh input with exactly s active features, and one gate.

    Args:
      m, s: features and active features; may be traced, m as a float.
      d: neurons; may be traced.
      d_in: dimensions of the feature codes; None for features aligned with the input. May be traced.
      n: events in each stratum, a plain number.
      max_active: at least s, a plain number. Arrays have so many slots for active features.
    """

    m: Scalar
    s: Scalar
    d: Scalar
    d_in: Scalar | None
    n: int
    max_active: int

    def check(self) -> None:
        """Raises ValueError where s is a plain number above max_active."""
        if not isinstance(self.s, jax.core.Tracer) and self.s > self.max_active:
            raise ValueError(f"s = {self.s} exceeds max_active = {self.max_active}; raise max_active")

    def numbers(self) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
        """m, s, d and d_in in float32. Aligned features count as codes of `ALIGNED` dimensions."""
        return tuple(map(as_float, (self.m, self.s, self.d, ALIGNED if self.d_in is None else self.d_in)))

    def n_bystanders(self, fan_in: int = 2) -> Float[Array, "strata 1"]:
        """Inactive features that are no input of the gate, in events with 0, ..., k active inputs."""
        m, s, _, _ = self.numbers()
        return jnp.maximum(m - s - (fan_in - strata_of(fan_in)), 0)

    def existing(self, errors: Float[Array, "strata n"]) -> Float[Array, "strata n"]:
        """The errors, NaN in strata of which m features with s active have no gate."""
        m, s, _, _ = self.numbers()
        fan_in = len(errors) - 1
        strata = strata_of(fan_in)
        return jnp.where((s >= strata) & (m - s >= fan_in - strata), errors, jnp.nan)


def chi_square(normal: Float[Array, "*shape"], dof: Float[Array, "*#shape"]) -> Float[Array, "*shape"]:
    """A chi-square variable as a function of a standard normal one (Wilson and Hilferty's cube).

        chi^2 = dof max(1 - 2/(9 dof) + normal sqrt(2/(9 dof)), 0.001)^3

    An approximation: quantiles between 10% and 99% are right to 1% from dof = 4 on, to 0.1% from dof = 30; far
    below, where little of a code's length comes from, it is too small (at dof = 4 the 1% quantile by a sixth). In
    exchange it is smooth in dof, so that neighbouring widths share their randomness. dof below 1 counts as none and
    gives 0.
    """
    per = 2 / (9 * jnp.maximum(dof, 1))
    return jnp.where(dof < 1, 0, dof * jnp.maximum(1 - per + normal * jnp.sqrt(per), 1e-3) ** 3)


def code_vectors(key: Key[Array, ""], n: int, d_in: Scalar, shape: tuple[int, ...]) -> Float[Array, "n n *shape"]:
    """n independent uniform unit vectors phi_a of d_in dimensions, in a basis of the space they span.

    In the basis that Gram and Schmidt make of them, g_a has independent standard normal coordinates 0 ... a - 1 and
    chi_{d_in - a} as its last (Bartlett), and phi_a = g_a / |g_a|. Exact, for d_in < n too, but for `chi_square`.

    Returns: phi [vector, coordinate, *shape], `shape` independent draws of it.
    """
    basis_key, last_key = jax.random.split(key)
    d_in = as_float(d_in)
    a = jnp.arange(n, dtype=jnp.float32)
    events = (None,) * len(shape)
    last = jnp.sqrt(chi_square(jax.random.normal(last_key, (n, *shape)), (d_in - a)[(..., *events)]))
    below = (a[:, None] > a) & (a < d_in)
    g = jnp.where(below[(..., *events)], jax.random.normal(basis_key, (n, n, *shape)), 0)
    g = g + jnp.eye(n)[(..., *events)] * last[:, None]
    return g / jnp.maximum(jnp.sqrt((g**2).sum(1, keepdims=True)), 1e-20)


def active_reads(
    key: Key[Array, ""], s: Scalar, d_in: Scalar, shape: tuple[int, ...], max_active: int
) -> Float[Array, "max_active *shape"]:
    """Reads phi_a.x of the s active features a = 0 ... s - 1 of x = phi_0 + ... + phi_{s-1}; 0 for a >= s.

    The norm of x follows: |x|^2 = sum of the reads. Exact but for `chi_square`.

    Args:
      shape: independent draws.
      max_active: static bound on s.
    """
    phi = code_vectors(key, max_active, d_in, shape)
    active = jnp.arange(max_active) < as_float(s)
    phi = jnp.where(active[(..., None, *(None,) * len(shape))], phi, 0)
    return (phi * phi.sum(0)).sum(1)


def unit_coordinate(key: Key[Array, ""], d_in: Scalar, shape: tuple[int, ...]) -> Float[Array, "*shape"]:
    """One coordinate of independent uniform unit vectors of d_in dimensions: an inactive feature's phi_k.x / |x|.

        u = N / sqrt(N^2 + chi^2_{d_in - 1})

    Exact but for the chi-square (`chi_square`); independent across inactive features and of x.
    """
    along, across = jax.random.normal(key, (2, *shape))
    return along / jnp.maximum(jnp.sqrt(along**2 + chi_square(across, as_float(d_in) - 1)), 1e-20)


def event_reads(
    key: Key[Array, ""], events: Events, fan_in: int = 2
) -> tuple[Float[Array, "strata n"], Float[Array, "k strata n"], Float[Array, "max_active strata n"]]:
    """What a neuron may be wired to in events with 0, ..., k active inputs of a gate of fan-in k, bystanders left out.

    Returns: |x|, the reads of the gate's inputs (the active ones first), those of the other active features (0 in slots
    that hold none).
    """
    events.check()
    active_key, pair_key = jax.random.split(key)
    strata, slots, shape = strata_of(fan_in), jnp.arange(events.max_active), (fan_in + 1, events.n)
    _, s, _, d_in = events.numbers()
    reads = active_reads(active_key, s, d_in, shape, events.max_active)
    x = jnp.sqrt(jnp.maximum(reads.sum(0), 0))
    inactive = x * unit_coordinate(pair_key, d_in, (fan_in, *shape))
    first = reads[jnp.minimum(jnp.arange(fan_in), events.max_active - 1)]
    members = jnp.where(jnp.arange(fan_in)[:, None, None] < strata, first, inactive)
    return x, members, jnp.where(slots[:, None, None] < strata, 0, reads)


def pair_covariances(
    key: Key[Array, ""], events: Events
) -> tuple[Float[Array, "3 n"], Float[Array, "3 n"], Float[Array, "3 n"], Float[Array, "3 n"]]:
    """(phi_k.x, phi_l.x, phi_k.phi_l, |x|^2) of pairs k, l with 0, 1, 2 active members, x = Phi b.

    A random layer sees nothing else of the code: given Phi, ((W phi_k)_i, (W phi_l)_i, (W x)_i) is normal with these
    covariances for Gaussian W. Only the s active features and the pair have code vectors, so m does not enter.
    """
    events.check()
    n_slots = events.max_active + 2
    phi = code_vectors(key, n_slots, events.numbers()[3], (3, events.n))  # the pair first, then other active features
    slot = jnp.arange(n_slots)[:, None, None]
    active = jnp.where(slot < 2, slot < STRATA, slot - 2 < as_float(events.s) - STRATA)
    x = jnp.where(active[:, None], phi, 0).sum(0)
    return (phi[0] * x).sum(0), (phi[1] * x).sum(0), (phi[0] * phi[1]).sum(0), (x**2).sum(0)


def strata_of(fan_in: int) -> Float[np.ndarray, "strata 1"]:
    """How many inputs of a gate are active, 0, ..., fan_in, against events."""
    return np.arange(fan_in + 1, dtype=np.float32)[:, None]

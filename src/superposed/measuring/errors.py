"""Errors of read-offs, error = read-off - truth, as additive statistics per stratum.

The stratum j of a gate is how many of its k inputs are active: 0, ..., k; the truth of an AND is 1 in stratum k alone.
A pair has three strata.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import fsum
from operator import add
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

STEPS = 16
"""Grid steps an octave: |error| is counted between edges 2^(k/16)."""
OCTAVES = (-24, 16)
EDGES = np.exp2(np.arange(OCTAVES[0] * STEPS, OCTAVES[1] * STEPS + 1) / STEPS)
"""Edges of the grid, from 2^-24 to 2^16; one bin lies below them (zero included) and one above."""
N_BINS = len(EDGES) + 1
LANES = 1024
"""Running sums side by side on a CPU, which otherwise adds one value after the other, four times slower."""
FOLD = 16
"""Rows that are compared in one elementwise step."""
FEW = 2**13
"""Fewer errors than these are added up at once, because the program is then compiled sooner."""


class Tally(NamedTuple):
    """Statistics on the device, of one stratum or, with leading axes, of several.

    Args:
      histogram: counts by bin of |error|, int32.
      total, total_sq: sum of the error and of its square; with a last axis of inputs, one sum each.
      low, high: smallest and largest error; +inf and -inf where there is none.
    """

    histogram: Int[Array, "*strata bins"]
    total: Float[Array, "*sums"]
    total_sq: Float[Array, "*sums"]
    low: Float[Array, "*strata"]
    high: Float[Array, "*strata"]


def bin_of(error: Float[Array, "..."]) -> Int[Array, "..."]:
    """Index of the bin of |error|: 0 below 2^-24, then one a step of 2^(1/16), N_BINS - 1 from 2^16 on.

    The exponent comes from the float's own bits, so powers of two fall exactly on their edges.
    """
    bits = jax.lax.bitcast_convert_type(jnp.abs(error.astype(jnp.float32)), jnp.int32)
    octave = (bits >> 23) - 127
    fraction = jax.lax.bitcast_convert_type((bits & 0x7FFFFF) | 0x3F800000, jnp.float32)
    step = jnp.minimum(jnp.floor(STEPS * jnp.log2(fraction)).astype(jnp.int32), STEPS - 1)
    return jnp.clip(1 + (octave - OCTAVES[0]) * STEPS + step, 0, N_BINS - 1)


def tally(error: Float[Array, "*event"], seen: Bool[Array, "*event"]) -> Tally:
    """Statistics of one input's errors in one stratum; events where `seen` is false do not count."""
    slot = jnp.where(seen, bin_of(error), N_BINS)
    counts = jnp.zeros(N_BINS + 1, jnp.int32).at[slot.ravel()].add(1, mode="promise_in_bounds")
    return Tally(counts[:-1], *_moments(error.ravel(), seen.ravel()))


def _moments(error: Float[Array, " n"], seen: Bool[Array, " n"]) -> tuple[Array, Array, Array, Array]:
    """(sum, sum of squares, smallest, largest)."""
    value = jnp.where(seen, error, 0)
    if jax.default_backend() != "cpu" or len(error) < FEW:
        return value.sum(), (value**2).sum(), *extremes(error, seen)
    rows = jnp.pad(value, (0, -len(value) % LANES)).reshape(-1, LANES)
    add = lambda n, sums: (sums[0] + rows[n], sums[1] + rows[n] ** 2)
    total, total_sq = jax.lax.fori_loop(0, len(rows), add, (jnp.zeros(LANES), jnp.zeros(LANES)))
    return total.sum(), total_sq.sum(), *extremes(error, seen)


def extremes(error: Float[Array, "*event"], seen: Bool[Array, "*event"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(smallest, largest) of the events that count; +inf and -inf where there is none."""
    low, high = jnp.where(seen, error, jnp.inf).ravel(), jnp.where(seen, error, -jnp.inf).ravel()
    return _folded(jnp.minimum, low).min(), _folded(jnp.maximum, high).max()


def _folded(op: Callable, x: Float[Array, " n"]) -> Float[Array, " k"]:
    """Fewer numbers that have the same extreme. A CPU compares two rows with vector instructions, and one row's
    numbers one after the other."""
    while jax.default_backend() == "cpu" and len(x) >= LANES and len(x) % FOLD == 0:
        x = reduce(op, x.reshape(FOLD, -1))
    return x


def merge(a: Tally, b: Tally) -> Tally:
    """Statistics of one input's events in a and in b."""
    return Tally(
        a.histogram + b.histogram, a.total + b.total, a.total_sq + b.total_sq,
        jnp.minimum(a.low, b.low), jnp.maximum(a.high, b.high),
    )  # fmt: skip


def no_events(*shape: int) -> Tally:
    """Tallies in which nothing was looked at: `merge`'s zero."""
    zero, inf = jnp.zeros(shape), jnp.full(shape, jnp.inf)
    return Tally(jnp.zeros((*shape, N_BINS), jnp.int32), zero, zero, inf, -inf)


@dataclass(frozen=True)
class Errors:
    """Exact counts and moments per stratum; `+` merges batches, seeds, devices and files.

    Args:
      count: events a stratum.
      total, total_sq: sums of the error and of its square.
      low, high: smallest and largest error; +inf and -inf where there is no event.
      histogram: events by |error| on the grid EDGES.
    """

    count: Int[np.ndarray, " strata"]
    total: Float[np.ndarray, " strata"]
    total_sq: Float[np.ndarray, " strata"]
    low: Float[np.ndarray, " strata"]
    high: Float[np.ndarray, " strata"]
    histogram: Int[np.ndarray, "strata bins"]

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.count + other.count, self.total + other.total, self.total_sq + other.total_sq,
            np.minimum(self.low, other.low), np.maximum(self.high, other.high), self.histogram + other.histogram,
        )  # fmt: skip

    @property
    def mean(self) -> Float[np.ndarray, " strata"]:
        """Mean error; NaN where there is no event."""
        return self._per_event(self.total)

    @property
    def rms(self) -> Float[np.ndarray, " strata"]:
        """Root mean square error."""
        return np.sqrt(self._per_event(self.total_sq))

    @property
    def std(self) -> Float[np.ndarray, " strata"]:
        """Standard deviation of the error, sqrt(rms^2 - mean^2)."""
        return np.sqrt(np.maximum(self.rms**2 - self.mean**2, 0))

    @property
    def max_abs(self) -> Float[np.ndarray, " strata"]:
        """Largest |error| that was seen: a lower bound of the worst case unless every input was looked at."""
        return np.where(self.count > 0, np.maximum(np.abs(self.low), np.abs(self.high)), np.nan)

    def tail(self, eps: float) -> Float[np.ndarray, " strata"]:
        """Fraction of events with |error| >= eps.

        It is exact where eps is an edge 2^(k/16) and log-interpolated inside a bin. Beyond the grid's ends it is the
        fraction above the nearest edge, which is an upper bound from 2^16 on. It is 0 above the largest error.
        """
        position = np.clip(np.log2(eps / EDGES[0]) * STEPS, 0, len(EDGES) - 1)
        k = int(np.floor(position + 1e-9))
        above = self.histogram[:, k + 1 :].sum(axis=1) - max(position - k, 0) * self.histogram[:, k + 1]
        return self._per_event(np.where(self.max_abs < eps, 0, above).astype(float))

    def quantile(self, q: float) -> Float[np.ndarray, " strata"]:
        """q-quantile of |error|, interpolated in the logarithm within its bin of width 2^(1/16), never above
        max_abs."""
        return np.array([self._quantile(j, q) for j in range(len(self.count))])

    def _quantile(self, j: int, q: float) -> float:
        if self.count[j] == 0:
            return float("nan")
        cumulative = np.cumsum(self.histogram[j])
        k = int(np.searchsorted(cumulative, max(q * self.count[j], 1)))
        if k == 0:
            return 0.0 if self.max_abs[j] == 0 else min(float(EDGES[0]), float(self.max_abs[j]))
        inside = (q * self.count[j] - (cumulative[k] - self.histogram[j, k])) / self.histogram[j, k]
        return min(float(EDGES[k - 1] * 2 ** (max(inside, 0) / STEPS)), float(self.max_abs[j]))

    def _per_event(self, value: Float[np.ndarray, " strata"]) -> Float[np.ndarray, " strata"]:
        return np.where(self.count > 0, value / np.maximum(self.count, 1), np.nan)

    def to_json(self) -> dict:
        """A plain dict; the histogram as its non-empty bins."""
        return {
            "count": self.count.tolist(), "total": self.total.tolist(), "total_sq": self.total_sq.tolist(),
            "low": [_finite(x) for x in self.low], "high": [_finite(x) for x in self.high],
            "histogram": [{str(k): int(row[k]) for k in np.flatnonzero(row)} for row in self.histogram],
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: dict) -> "Errors":
        """The inverse of `to_json`; raises KeyError, TypeError or ValueError for anything else."""
        histogram = np.zeros((len(value["histogram"]), N_BINS), np.int64)
        for j, row in enumerate(value["histogram"]):
            for k, n in row.items():
                histogram[j, int(k)] = n
        low = [np.inf if x is None else x for x in value["low"]]
        high = [-np.inf if x is None else x for x in value["high"]]
        return cls(
            np.array(value["count"], np.int64), np.array(value["total"], float), np.array(value["total_sq"], float),
            np.array(low, float), np.array(high, float), histogram,
        )  # fmt: skip

    @classmethod
    def of(cls, batches: list[Tally]) -> "Errors":
        """Exact sums over batches of inputs, in whatever portions they were measured."""
        histogram = sum(np.asarray(t.histogram, np.int64) for t in batches)
        of_stratum = lambda name, j: (x for t in batches for x in np.ravel(np.asarray(getattr(t, name))[j]))
        exact = lambda name: np.array([fsum(map(float, of_stratum(name, j))) for j in range(len(histogram))])
        return cls(
            histogram.sum(axis=1), exact("total"), exact("total_sq"),
            np.min([t.low for t in batches], axis=0).astype(float),
            np.max([t.high for t in batches], axis=0).astype(float), histogram,
        )  # fmt: skip


def _finite(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


def pooled(errors: Sequence[Errors]) -> Errors:
    """The errors of several networks as one."""
    return reduce(add, errors)

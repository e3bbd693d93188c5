"""How rare a wrong bit is in Theorem 8's network: its chance in a layer, from drawn networks, down to 1e-15.

Inputs are drawn as in `deep_drawn`. An input that is near to a wrong bit is split into several, and inputs that are far
from one are merged. Each carries a weight, and the weights add up to one (a weighted ensemble, Huber and Kim 1996).
What the next layer does to an input's active features is not drawn. It is integrated, given the read-offs R and noise:

    gate on k ~ Bin(A, 1/4) neurons:  r ~ N(E ReLU(w + Z), var ReLU(w + Z)/k),   w = R_i + R_j - 1
    lost:  sum over n ~ Bin(D, p) units of round(r + N) - 1/2 is not positive     (saddle point, as for one correction)

Approximations are those of `deep_drawn`; besides, the mean of k neurons is taken as normal. The noise of an input can
run away, over many layers. Two active features may share so many units that their read-offs double, or vanish, within
a few layers. Runs that meet no such input give too low a chance. So a chance is the mean of several runs, and its
interval is their scatter. Where no run meets one, the interval is too short as well: built networks of 64 features in
10,240 neurons err a hundred times as often as drawn (`any_depth`).
"""

from collections.abc import Callable
from functools import lru_cache
from math import exp, log

import numpy as np
import scipy
from jaxtyping import Float

from superposed.bad_input import InputError
from superposed.theory.deep_drawn import Events, chance_hit, chance_invented, correct, encode, gate_layer
from superposed.theory.density_evolution import NODE_WEIGHTS, NODES, Design, idle_noise, relu_moments
from superposed.theory.error_correction import chance_sum_positive

_R = np.linspace(0.0, 1.6, 41)  # read-offs of gates
_W = np.linspace(-0.2, 2.0, 45)  # and of what drives them
_V = np.geomspace(0.6, 6.0, 7)  # times a clean state's mean square
_FLOOR = 1e-30
_STEP = 1 / 32  # of the grid of sums; a finer one moves chances of 1e-28 by half a per cent


@lru_cache(maxsize=4)
def lost_table(m: float | int, design: Design) -> Float[np.ndarray, "v w"]:
    """log P(an active feature reads as idle after the next layer).

    Rows are mean squares v of a state, `_V` times that of a clean one. Columns are `_W`, what drives the gate: w.
    """
    v = design.s * design.density * _V
    noise = idle_noise(v, m, design)
    values = noise.at_nodes(np.broadcast_to(NODES, (len(v), len(NODES))))
    sizes = np.arange(design.gate_size + 1)
    counts = scipy.stats.binom.pmf(sizes, design.gate_size, 0.25)
    counts[1] += counts[0]  # a gate without a neuron is read on its first
    sizes, counts = sizes[1:][counts[1:] > 1e-18], counts[1:][counts[1:] > 1e-18]
    table = np.empty((len(v), len(_W)))
    for i in range(len(v)):
        lost = [
            chance_sum_positive(0.5 - design.rounded(r + values[i]), NODE_WEIGHTS, design.density, design.units, _STEP)
            for r in _R
        ]
        mean, second, _, _ = relu_moments(_W, noise.neuron[i : i + 1])
        spread = np.sqrt(np.maximum(second - mean**2, 1e-18))[:, None, None] / np.sqrt(sizes)[:, None]
        near = scipy.stats.norm.pdf(_R, mean[:, None, None], np.maximum(spread, _R[1] / 2))
        near /= near.sum(2, keepdims=True)
        table[i] = np.log(np.maximum(((near @ np.array(lost)) * counts).sum(1), _FLOOR))
    return table


def chance_lost(events: Events, table: Float[np.ndarray, "v w"], design: Design) -> Float[np.ndarray, " k"]:
    """P(some active feature of an input is lost in its next layer)."""
    w = events.read + np.roll(events.read, -1, 1) - 1
    column = np.clip((w - _W[0]) / (_W[1] - _W[0]), 0, len(_W) - 1.001)
    row = np.log(events.v / (design.s * design.density) / _V[0]) / log(_V[1] / _V[0])
    row = np.clip(row, 0, len(_V) - 1.001)[:, None]
    i, j = row.astype(int), column.astype(int)
    a, b = row - i, column - j
    logs = (1 - a) * ((1 - b) * table[i, j] + b * table[i, j + 1])
    logs += a * ((1 - b) * table[i + 1, j] + b * table[i + 1, j + 1])
    return -np.expm1(np.log1p(-np.minimum(np.exp(logs), 1 - 1e-15)).sum(1))


def wrong_bit_chance(
    seed: int, m: float | int, design: Design, layers: int = 96, settle: int = 32, per_decade: int = 40
) -> float:
    """Chance that an input gets its first wrong bit in a layer, once the network has settled: one run's mean.

    Runs differ by far more than the layers of one run do. `over_runs` gives the interval of several seeds.

    Args:
      layers: that are averaged over, after `settle` layers.
      per_decade: drawn inputs kept for each decade of the chance that the next layer errs.

    Raises:
      InputError: no layer to average over.
    """
    if layers < 1:
        raise InputError("layers", layers, "a chance is a mean over one layer or more")
    rng, table, hit = np.random.default_rng(seed), lost_table(m, design), chance_hit(m, design)
    state = encode(rng, design, 10 * per_decade)
    weight, seen = np.full(len(state.v), 1 / len(state.v)), []
    for _ in range(settle + layers):
        r, noise = gate_layer(rng, state, m, design)
        lost = chance_lost(state, table, design)
        state = correct(rng, r, noise, design)
        invented = either(chance_invented(state, m, design), hit)
        seen.append(float(weight @ either(lost, invented)))
        right = (state.read > 0.5).all(1) & (rng.random(len(weight)) >= invented)
        if not right.any():
            return 1.0
        state, weight = Events(*(part[right] for part in state)), weight[right] / weight[right].sum()
        near = either(chance_lost(state, table, design), invented[right])
        chosen, weight = _resampled(rng, near, weight, per_decade)
        state = Events(*(part[chosen] for part in state))
    return float(np.mean(seen[settle:]))


def over_runs(
    runs: Float[np.ndarray, "runs k"], statistic: Callable[[Float[np.ndarray, " k"]], float]
) -> tuple[float, float, float]:
    """(low, best, high) of a positive statistic of the mean over runs, with a 95% interval.

    The jackknife leaves one run out at a time. The scatter of the statistic's logarithm over what is left gives the
    standard error, and Student's t with runs - 1 degrees of freedom the interval.

    Args:
      runs: chances, a row a seed.
      statistic: of the k mean chances.

    Raises:
      InputError: fewer than two runs.
    """
    n = len(runs)
    if n < 2:
        raise InputError("runs", n, "an interval needs two runs or more")
    best = statistic(runs.mean(0))
    left = np.log([statistic(np.delete(runs, i, 0).mean(0)) for i in range(n)])
    spread = exp(float(scipy.stats.t.ppf(0.975, n - 1) * np.sqrt((n - 1) * left.var())))
    return best / spread, best, best * spread


def either(a: Float[np.ndarray, " k"], b: Float[np.ndarray, " k"] | float) -> Float[np.ndarray, " k"]:
    """P(A or B) of independent events, right for the smallest chances too."""
    return a + b - a * b


def _resampled(
    rng: np.random.Generator, near: Float[np.ndarray, " k"], weight: Float[np.ndarray, " k"], per_decade: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which events go on, and with what weight. Every decade of `near` gets as many, and keeps its total weight."""
    decade = np.ceil(np.log10(np.maximum(near, _FLOOR))).astype(int)
    chosen, weights = [], []
    for value in np.unique(decade):
        here = np.flatnonzero(decade == value)
        total = weight[here].sum()
        places = (np.arange(per_decade) + rng.random()) / per_decade * total
        chosen.append(here[np.minimum(np.searchsorted(np.cumsum(weight[here]), places), len(here) - 1)])
        weights.append(np.full(per_decade, total / per_decade))
    return np.concatenate(chosen), np.concatenate(weights)


def at_chance(m: Float[np.ndarray, " k"], chances: Float[np.ndarray, " k"], wanted: float) -> float:
    """The m (or width) at which rising chances are the wanted one, interpolated in log-log; NaN beyond those given."""
    rising = np.maximum.accumulate(np.log(chances))
    if not rising[0] <= log(wanted) <= rising[-1]:
        return float("nan")
    return exp(float(np.interp(log(wanted), rising + 1e-9 * np.arange(len(rising)), np.log(m))))


def price_of_width(
    widths: Float[np.ndarray, " k"],
    chances: Float[np.ndarray, " k"],
    depth: int,
    times: float = 1000.0,
    batch: int = 20,
) -> float:
    """How many times wider a network must be for `times` the depth, from chances a layer at one m and several widths.

    Half of the networks are right on a batch of inputs if the chance in a layer is ln 2/(depth batch). The chances fall
    as the widths rise. The result is NaN if one of the two widths lies outside those given.
    """
    narrow_last = np.argsort(widths)[::-1]
    width = lambda n_layers: at_chance(widths[narrow_last], chances[narrow_last], log(2) / (n_layers * batch))
    return width(depth * times) / width(depth)

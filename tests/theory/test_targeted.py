"""Targeted ANDs: drawn read-offs against built layers, closed forms against drawn ones, the counting bound."""

from math import log, log2

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.compiler.hub_blocks import hub_blocks
from superposed.compiler.stacked import Stacked
from superposed.study.deep_runs import deep_run, layers_of
from superposed.study.targeted_runs import STRATA, built_errors, gate_list, most_gates
from superposed.sweeping.record import Seen
from superposed.theory.low_depth import breaking_layer, errors_by_layer, growth_of_cycle
from superposed.theory.targeted import (
    draw_read_offs,
    most_gates_by_counting,
    neuron_variance,
    predicted_gates,
    read_off_moments,
    wrong_bits,
)

OFF = (0.1, 0.0, 0.0)
"""How far drawn moments may be off beyond 4 standard errors, at A = 13 neurons a gate: the tail of idle gates, which
several hits on a gate of one neuron make, is too light."""


@pytest.fixture(scope="module")
def built():
    """Read-offs by stratum of 40 built layers, one list a network."""
    errors = [built_errors(seed, 700, 512, 3, inputs=48, idle=24) for seed in range(40)]
    return [(e[STRATA[0]], np.concatenate([e[STRATA[1]], e[STRATA[2]]]), 1 + e[STRATA[3]]) for e in errors]


def test_drawn_read_offs_have_the_moments_of_built_layers(built):
    drawn = draw_read_offs(0, [700], 512, 3, 20_000)[0]
    for j in range(3):
        for moment in (lambda r: r, lambda r: r**2, lambda r, j=j: 1.0 * (r > 0.4 * (j + 1))):
            by_network = np.array([moment(network[j]).mean() for network in built])
            values = moment(drawn[j])
            error = np.sqrt(by_network.var(ddof=1) / len(built) + values.var() / values.size)
            assert abs(values.mean() - by_network.mean()) < 4 * error + OFF[j] * values.mean(), j


def test_other_numbers_of_gates_are_told_apart(built):
    drawn = draw_read_offs(0, [2100], 512, 3, 20_000)[0]
    by_network = np.array([network[1].mean() for network in built])
    assert drawn[1].mean() - by_network.mean() > 5 * by_network.std(ddof=1) / np.sqrt(len(built))


@pytest.mark.parametrize("d", [2**14, 2**22, 2**36])  # sums over neurons, and their normal limit
def test_closed_forms_are_those_of_drawn_read_offs(d):
    n = predicted_gates(d, 2, 0.125)
    read = draw_read_offs(1, [n], d, 2, 20_000)[0]
    for j in (1, 2):
        mean, sd = read_off_moments(j, n, d, 2)
        assert abs(read[j].mean() - mean) < 5 * sd / np.sqrt(20_000) + 0.002
        assert abs(read[j].std() / sd - 1) < 0.06
    assert abs((read[1] > 0.125).mean() - 0.01) < (0.02 if d < 2**20 else 0.006)  # hits skew errors at small d
    many = predicted_gates(d, 2, None)
    wrong = wrong_bits(draw_read_offs(1, [many], d, 2, 20_000)[0], many, d, 2).mean(axis=1)
    assert 0.004 < wrong.max() < (0.04 if d < 2**20 else 0.016)


def test_gates_grow_with_exponents_three_halves_and_two():
    exponent = lambda eps: log(predicted_gates(2.0**50, 2, eps) / predicted_gates(2.0**44, 2, eps)) / log(2**6)
    assert abs(exponent(0.125) - 1.5) < 0.005
    assert abs(exponent(None) - 2) < 0.005
    assert neuron_variance(10, 1024, 2) == 0  # so few gates share no neuron


def test_the_counting_bound_is_the_inverse_of_its_formula():
    m = most_gates_by_counting(4096, 32)
    assert m * (2 * log2(m) - 1) / 32 == pytest.approx(4096**2)


def test_lists_have_the_degrees_that_were_asked_for():
    rng = np.random.default_rng(0)
    regular, zipf = (np.bincount(gate_list(rng, 500, kind).ravel(), minlength=500) for kind in ("regular", "zipf"))
    assert (regular == 2).all() and zipf.sum() == 1000 and zipf[0] > 40 > 5 * zipf[250]
    with pytest.raises(InputError, match="degrees = 'star'"):
        gate_list(rng, 10, "star")


def test_hubs_have_blocks_of_their_own():
    rng = np.random.default_rng(0)
    gates, size, units = gate_list(rng, 2000, "zipf"), 10, 4000
    places = hub_blocks(rng, gates, size, units)
    assert places.min() >= 0 and places.max() < units
    assert all(len(set(row)) == size for row in places[:50].tolist())
    degree = np.bincount(gates.ravel())
    for hub in degree.argsort()[-5:]:
        mine = (gates == hub).any(axis=1) & (degree[gates].max(axis=1) == degree[hub])
        assert not np.isin(places[~mine], places[mine]).any(), hub
    ring = gate_list(rng, 2000, "regular")  # no feature stands out, so no neuron is set apart
    assert len(np.unique(hub_blocks(rng, ring, size, units))) == units


def test_hub_blocks_keep_hubs_from_other_gates():
    rms = {
        layout: np.mean([np.mean(built_errors(seed, 1000, 2048, 4, 16, layout)[STRATA[2]] ** 2) for seed in range(6)])
        for layout in ("regular", "zipf", "zipf, hub blocks")
    }
    assert rms["regular"] < rms["zipf, hub blocks"] < 0.8 * rms["zipf"]


def test_the_most_gates_of_built_layers_are_about_those_of_the_closed_form():
    low, high = most_gates(0, 512, 2, 24, "regular", 3 / 16)
    assert 0 < low < high < 1.3 * low
    one, sd = read_off_moments(1, low, 512, 2)
    assert 0.6 < np.hypot(one, sd) / (3 / 16) < 1.4


def test_errors_without_correction_double_and_break_later_in_wider_networks():
    wide = errors_by_layer(1e9, 2e9, 3, 12)
    assert wide[-1].active / wide[-2].active == pytest.approx(2, abs=0.01)
    layers = [breaking_layer(width, 2 * width, 3, 16, 40) for width in 4.0 ** np.arange(8, 16)]
    assert layers == sorted(layers) and layers[-1] - layers[0] in (6, 7, 8)  # one more for each fourfold width
    # a cycle of three: mode 0 doubles, the other two keep their size
    assert growth_of_cycle(3, 2) == pytest.approx([1, (4 + 1 + 1) / 3, (16 + 1 + 1) / 3])
    assert growth_of_cycle(2, 2) == pytest.approx([1, 2, 8])  # the same sum of two, then twice it


def test_the_recursion_is_that_of_built_circuits():
    """The largest error of active features in layers 1 and 2, median over networks, within a third."""
    d, s, batch, found = 2048, 3, 16, []
    for seed in range(5):
        run = {"circuit": "paths", "width": d, "m": 2 * d, "s": s, "depth": 2, "batch": batch, "seed": seed}
        chain = deep_run(run, Stacked(s), piece=2, stop_at=1000)
        (seen,) = chain.measure(chain.pending(Seen()))
        found.append([1 - layer["lowest_active"] for layer in layers_of([seen])])
    levels = errors_by_layer(d, 2 * d, s, 2)
    for measured, level in zip(np.median(found, axis=0), levels, strict=True):
        assert 0.7 < measured / (2.2 * level.active) < 1.4  # 2.2 deviations: half of the batches have one of 48 beyond

"""Theorem 8's network by density evolution: its moments, its fixed point, and the drawn network against built ones."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.compiler.first_wrong import first_wrong_layers
from superposed.compiler.scanned import Plan
from superposed.theory import deep_drawn
from superposed.theory.density_evolution import (
    DESIGNS,
    Design,
    Noise,
    idle_noise,
    inverse_moments,
    is_stable,
    leading_order,
    mean_field_capacity,
    relu_moments,
    sharing,
)


def test_relu_moments_and_inverse_moments_against_draws():
    rng = np.random.default_rng(0)
    h = np.maximum(rng.normal(-0.4, 0.7, 10**6), 0)
    for power, moment in enumerate(relu_moments(np.array([-0.4]), np.array([0.7])), 1):
        assert abs((h**power).mean() - moment[0]) < 5 * (h**power).std() / 1e3
    k = rng.binomial(40, 0.25, 10**6)
    k = k[k > 0].astype(float)
    for power, moment in enumerate(inverse_moments(40, 0.25), 1):
        assert abs((k**-power).mean() - moment) < 5 * (k**-power).std() / 1e3


def test_noise_has_the_kurtosis_it_is_given():
    noise = Noise(np.zeros(1), np.array([4.0]), np.array([0.5]))
    n = noise.at_nodes(np.random.default_rng(0).standard_normal((1, 10**6)))
    assert abs(n.var() / 4 - 1) < 0.02 and abs((n**4).mean() / n.var() ** 2 - 3.5) < 0.15


@pytest.mark.parametrize("top", [1, 2])
def test_rounding(top):
    design = Design(4096, 2, top=top)
    x = np.array([-9, -1.3, -0.7, -0.3, 0, 0.3, 0.5, 0.7, 1.3, 1.7, 9])
    want = np.array([-2, -1, -1, 0, 0, 0, 0.5, 1, 1, 2, 2])
    assert np.allclose(design.rounded(x), np.clip(want, -top, top))
    assert design.units == 4096 // (4 * top)


def test_mean_field_capacities():
    """m_c/d to three digits, as an independent prototype found them."""
    wanted = {2: (0.475, 1.05, 1.80, 4.07, 28.0, 209, 1650), 3: (0.405, 0.892, 1.53, 3.45, 23.5, 175, 1370)}
    widths = (4096, 32768, 131072, 10**6, 10**8, 10**10, 10**12)
    for s, ratios in wanted.items():
        m = [mean_field_capacity(Design(d, s)) for d in widths]
        assert np.allclose(np.array(m) / widths, ratios, rtol=6e-3)
    slopes = np.diff(np.log(m)) / np.diff(np.log(widths))
    assert (np.diff(slopes) > 0).all() and 1.36 < slopes[0] < slopes[-1] < 1.46
    assert is_stable(0.99 * m[0], Design(4096, 3)) and not is_stable(1.01 * m[0], Design(4096, 3))
    far = [mean_field_capacity(Design(10**12, s)) for s in (2, 8)]
    assert abs(np.log(far[1] / far[0]) / np.log(4) + 0.5) < 0.1  # s costs about s^(-1/2)
    assert 0.5 < far[0] / leading_order(10**12, 2) < 2


def test_the_sparse_design_bears_more_and_its_exponent_tends_to_two():
    widths = (4096, 32768, 10**6, 10**8, 10**10, 10**12)
    paper, sparse = ([mean_field_capacity(make(d, 2)) for d in widths] for make in DESIGNS.values())
    assert 1.4 < sparse[0] / paper[0] < sparse[1] / paper[1] < sparse[-1] / paper[-1]
    slopes = np.diff(np.log(sparse)) / np.diff(np.log(widths))
    assert (np.diff(slopes) > 0).all() and 1.7 < slopes[0] < 1.73 and 1.88 < slopes[-1] < 2
    design = DESIGNS["sparse"](32768, 2)
    assert design.units * design.density == pytest.approx(2 * np.log(32768)) and design.gate_size == 83


def test_noise_of_a_layer_is_the_moments_of_explicit_draws():
    """Idle gates one by one: neurons, signs, hits; their sum over a unit's gates by its second and fourth moment."""
    design, m, v = Design(8192, 2), 2048.0, np.array([0.05])
    noise, rng, n = idle_noise(v, m, design), np.random.default_rng(0), 400_000
    k = np.maximum(rng.binomial(design.gate_size, 0.25, n), 1)
    w = rng.normal(0, np.sqrt(2 * v[0] * inverse_moments(design.units, design.density)[0]), n)
    x = (m / design.block - 1) / (m - 1)
    slots = np.arange(k.max())
    u = w[:, None] - 1 + noise.neuron * rng.standard_normal((n, len(slots)))
    u = u + 2 * (rng.random(u.shape) < design.s * x / 4)
    r = (np.maximum(u, 0) * (slots < k[:, None])).sum(1) / k
    variance = m * design.density * (r**2).mean()
    assert abs(variance / noise.variance[0] - 1) < 5 * (r**2).std() / (r**2).mean() / np.sqrt(n)
    kurtosis = (r**4).mean() / (m * design.density * (r**2).mean() ** 2)
    assert abs(kurtosis / noise.kurtosis[0] - 1) < 0.1


def test_chance_of_an_invented_bit_against_draws():
    design, v, large, n = Design(512, 2), 0.18, 0.01, 400_000
    rng = np.random.default_rng(0)
    units = rng.poisson(design.units * design.density, n)
    slots = np.arange(units.max())
    one = v - 4 * large
    law = [large / 2, one / 2, 1 - one - large, one / 2, large / 2]
    h = rng.choice([-2, -1, 0, 1, 2], (n, len(slots)), p=law)
    chance = np.mean(((h - 0.5) * (slots < units[:, None])).sum(1) > 1e-9)
    state = deep_drawn.Events(np.ones((1, 2)), np.array([v]), np.array([large]))
    predicted = deep_drawn.chance_invented(state, 1, design)[0]
    assert abs(chance - predicted) < 5 * np.sqrt(predicted / n)


def test_idle_gates_on_few_neurons_are_hit_as_often_as_draws_are():
    design, m, n = Design(2048, 2, top=1, gate_spread=0.3), 512, 2_000_000
    rng, (_, x) = np.random.default_rng(0), sharing(m, design)
    k = np.maximum(rng.binomial(design.gate_size, 0.25, n), 1)
    share = rng.binomial(k, design.s * x / 4) / k
    above = (share > 0.5) + 0.5 * (share == 0.5)
    assert -np.log1p(-deep_drawn.chance_hit(m, design)) / m == pytest.approx(above.mean(), abs=5 * above.std() / n**0.5)


def test_drawn_networks_fail_as_built_ones_do():
    """Share of inputs right to depth 8 on both sides of the half-pass: a two-sample test, networks as units."""
    design = Design(2048, 2)
    built = (first_wrong_layers(Plan(design, 192), [64] * 8 + [192] * 8, range(16), 8, 40, piece=8) > 8).mean(1)
    for m, right in ((64, built[:8]), (192, built[8:])):
        drawn = (deep_drawn.first_wrong(0, m, design, 8, 3000) > 8).mean()
        error = np.hypot(right.std(ddof=1) / np.sqrt(8), deep_drawn.standard_error(drawn, 3000))
        assert abs(right.mean() - drawn) < 5 * error + 0.01, (m, right.mean(), drawn)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "width", "s", "m"), [
    ("paper", 8192, 2, 1900), ("paper", 8192, 3, 699), ("paper", 16384, 3, 6144), ("paper", 32768, 2, 28_000),
    ("sparse", 4096, 2, 2600), ("sparse", 8192, 2, 9000),
])  # fmt: skip
def test_drawn_networks_fail_as_wide_built_ones_do(name, width, s, m):
    design = DESIGNS[name](width, s)
    m -= m % s
    built = (first_wrong_layers(Plan(design, m), [m] * 6, range(6), 32, 60) > 32).mean(1)
    drawn = (deep_drawn.first_wrong(0, m, design, 32, 4000) > 32).mean()
    error = np.hypot(built.std(ddof=1) / np.sqrt(6), deep_drawn.standard_error(drawn, 4000))
    assert abs(built.mean() - drawn) < 5 * error + 0.01


def test_half_pass_is_where_half_pass_and_below_the_mean_field():
    design = Design(65536, 2)
    m = deep_drawn.half_pass(0, design, 4, 20, events=300, tolerance=0.05)
    assert 0.6 * mean_field_capacity(design) < m < 1.15 * mean_field_capacity(design)
    chances = [deep_drawn.success(0, factor * m, design, 4, 20, events=300) for factor in (0.85, 1.15)]
    assert chances[0] > 0.5 > chances[1]


def test_what_a_design_refuses():
    for values, name in (
        ({"s": 0}, "s"), ({"top": 3}, "top"), ({"edge": 0.5}, "edge"), ({"spread": 0}, "spread"),
        ({"gate_spread": 0}, "gate_spread"), ({"width": 32}, "width"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=f"{name} = "):
            Design(**{"width": 4096, "s": 2, **values})

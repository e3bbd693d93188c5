"""Error correction and targeted ANDs: codes, dense twins, the exact law against built layers, depth."""

from functools import partial

import jax
import numpy as np
import pytest
import scipy.sparse as sp

from superposed.circuits.circuit import Circuit, Op, make_gates, sparse_features
from superposed.circuits.planted import group_features, group_layers, planted_circuit
from superposed.compiler.codes import balanced_code, mean_read, ternary_code
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import check_network, errors_by_depth, run_network
from superposed.compiler.targeted_and import targeted_and
from superposed.theory.density_evolution import Design, sparse_design
from superposed.theory.error_correction import (
    capacity,
    chance_all_round,
    chance_bit_wrong,
    gain,
    noise_law,
    rounded,
    strict_leading_order,
    tolerance,
)


def test_ternary_code_has_its_density_and_no_sign_bias():
    m, units, p = 4000, 300, 0.05
    code = ternary_code(np.random.default_rng(0), m, units, p)
    assert set(np.unique(code.data)) == {-1.0, 1.0} and code.shape == (m, units)
    assert abs(code.nnz - m * units * p) < 5 * np.sqrt(m * units * p)
    assert abs(code.data.sum()) < 5 * np.sqrt(code.nnz)
    load = np.bincount(code.indices, minlength=units)
    assert abs(load.var() / (m * p * (1 - p)) - 1) < 5 * np.sqrt(2 / units)
    more = ternary_code(np.random.default_rng(0), m + 500, units, p)  # the same units, other signs
    assert np.array_equal(code.indices, more[:m].indices) and not np.array_equal(code.data, more[:m].data)
    assert np.diff(ternary_code(np.random.default_rng(0), 500, 20, 0.05).indptr).min() == 1
    with pytest.raises(ValueError, match="density = 0"):
        ternary_code(np.random.default_rng(0), 5, 5, 0.0)


def test_a_feature_alone_is_read_as_one():
    code = ternary_code(np.random.default_rng(0), 50, 100, 0.1)
    assert np.allclose((code @ mean_read(code)).diagonal(), 1, atol=1e-6)


def test_balanced_code():
    code = balanced_code(np.random.default_rng(0), 100, 7, 70)
    assert (np.diff(np.sort(code, 1), axis=1) > 0).all()
    assert set(np.bincount(code.ravel(), minlength=70)) == {10}
    with pytest.raises(ValueError, match="a code takes 7 units a feature"):
        balanced_code(np.random.default_rng(0), 100, 7, 6)


@pytest.mark.parametrize(("reset", "design"), [("round", Design), ("identity", Design), ("round", sparse_design)])
def test_dense_twin(reset, design):
    circuit, active = planted_circuit(jax.random.key(0), 30, 3, 3, 6)
    network = Corrected(3, reset, design)(jax.random.key(1), circuit, 1024)
    states = run_network(network, sparse_features(active, 30))
    x = next(states).toarray()
    before = sp.eye_array(x.shape[1], format="csr")
    for stage, state in zip(network.stages[1:], states, strict=True):
        for layer in stage.layers:
            ((weight, bias),) = layer.dense(before)
            x = np.maximum(x @ weight.T + bias, 0)
            assert x.shape[1] == layer.width <= 1024
            before = layer.state_map
        assert np.allclose(x @ before.toarray(), state.toarray(), atol=2e-4 * max(1, np.abs(state.data).max()))


def test_targeted_and_reads_its_gates():
    circuit, active = planted_circuit(jax.random.key(2), 60, 3, 1, 20)
    code = ternary_code(np.random.default_rng(0), 60, 2048, 0.02)
    layer, read = targeted_and(np.random.default_rng(1), circuit.layers[0], mean_read(code), 4096, 37)
    truth = np.zeros((20, 60))
    for row, features in zip(truth, active, strict=False):
        row[[g for g, pair in enumerate(circuit.layers[0].inputs) if set(pair) <= set(features)]] = 1
    out = (layer(sparse_features(active, 60) @ code) @ read).toarray()
    assert layer.width == 4096 and np.abs(out - truth).max() < 0.35


def test_reaching_all_units_at_once_is_the_sparse_product():
    circuit, active = planted_circuit(jax.random.key(2), 60, 3, 1, 1000)
    code = ternary_code(np.random.default_rng(0), 60, 256, 0.05)
    layer, _ = targeted_and(np.random.default_rng(1), circuit.layers[0], mean_read(code), 512, 13)
    h = sparse_features(active, 60) @ code
    product = h @ layer.factors[0] @ layer.factors[1]
    assert product.nnz > 0.5 * 1000 * 512  # so that the layer takes the dense way
    assert np.allclose(layer(h).toarray(), np.maximum(product.toarray() - 1, 0), atol=1e-5) and layer(h).nnz > 0


def test_three_inputs_and_gates_that_are_refused():
    three = make_gates([(Op.AND, (0, 1, 2)), (Op.AND, (1, 2, 3))])
    network = Corrected(4)(jax.random.key(0), Circuit(4, (three,)), 8192)
    (errors,) = check_network(
        network, Circuit(4, (three,)), sparse_features(np.array([[0, 1, 2], [0, 1, 3], [1, 2, 3]]), 4)
    )
    assert errors.wrong == 0
    for gates in (make_gates([(Op.OR, (0, 1))]), make_gates([(Op.AND, (0, 1)), (Op.AND, (0, 1, 2))])):
        with pytest.raises(ValueError, match="use `targeted_gates` or channels"):
            targeted_and(np.random.default_rng(0), gates, sp.eye_array(4, format="csr"), 64, 8)
    with pytest.raises(ValueError, match="s = 0"):
        Corrected(0)(jax.random.key(0), Circuit(4, (three,)), 8192)
    with pytest.raises(ValueError, match="width = 64: correction needs"):
        Corrected(3)(jax.random.key(0), Circuit(4, (three,)), 64)


def test_with_correction_no_wrong_bit_without_it_soon_and_not_at_four_times_as_many():
    def run(reset, m, depth=24):
        layers = lambda: group_layers(jax.random.key(1), m, 3, depth)
        active = group_features(jax.random.key(2), m, 3, 8)
        stages = Corrected(3, reset).stages(jax.random.key(3), layers(), m, 2**14)
        return list(errors_by_depth(stages, layers(), sparse_features(active, m), stop_at=20))

    good = run("round", 1500)
    assert len(good) == 24 and sum(e.wrong for e in good) == 0
    assert max(e.sum_squares for e in good[12:]) < 1.5 * max(e.sum_squares for e in good[:6])
    assert next(i for i, e in enumerate(run("identity", 1500)) if e.wrong) < 8
    assert run("round", 28000, 8)[-1].wrong > 0


def test_sizes_are_those_of_the_design():
    circuit, _ = planted_circuit(jax.random.key(0), 400, 2, 1, 1)
    for design in (Design, sparse_design, partial(Design, top=1, spread=0.5, gate_spread=0.4)):
        sizes = design(4096, 2)
        (_, stage) = Corrected(2, design=design)(jax.random.key(1), circuit, 4096).stages
        ands, correction = stage.layers
        assert (ands.width, correction.width, stage.code.shape[1]) == (4096, 4096, sizes.units)
        mean = 400 * sizes.units * sizes.density
        assert abs(stage.code.nnz - mean) < 5 * np.sqrt(mean)
        written = np.diff(ands.factors[1].indptr)  # neurons of a feature, which two gates read
        assert abs(written.mean() / (2 * sizes.gate_size) - 1) < 0.05
        (_, reset), x = correction.blocks[0], np.linspace(-3, 3, 301, dtype=np.float32)
        assert np.allclose(reset(x), sizes.rounded(x), atol=1e-5)


def test_noise_law_against_built_units():
    units, s, m = 512, 3, 400
    rng, noise = np.random.default_rng(0), []
    for _ in range(40):
        incoming, code = (ternary_code(rng, m, units, 1 / np.sqrt(units * s)) for _ in range(2))
        reads = incoming[:s].sum(0) @ mean_read(incoming)
        noise.append(reads[s:] @ code[s:].toarray())
    value, chance = noise_law(m, s, units)
    assert abs(chance.sum() - 1) < 1e-9
    variance = (chance * value**2).sum()
    measured = [np.mean(n**2) for n in noise]
    assert (
        abs(np.mean(measured) - variance) < 5 * np.std(measured) / np.sqrt(40) + 0.05 * variance
    )  # 1/|Gamma| exceeds 1/E|Gamma|
    outside = [np.mean(np.abs(n) > 1 / 3) for n in noise]
    assert 0.6 < np.mean(outside) / chance[np.abs(value) > 1 / 3].sum() < 1.7


def test_chance_of_a_wrong_bit_against_draws():
    units, s, m = 256, 2, 3000
    rng = np.random.default_rng(0)
    value, chance = noise_law(m, s, units, others=s)
    sizes = rng.binomial(units, 1 / np.sqrt(units * s), 100_000)
    draws = rng.choice(value, sizes.sum(), p=chance / chance.sum())
    own = np.repeat(rng.normal(0, np.sqrt(s / units), len(sizes)), sizes)
    sums = np.bincount(np.repeat(np.arange(len(sizes)), sizes), rounded(draws + own) - 0.5, len(sizes))
    wrong = np.mean((sums > 1e-9) + 0.5 * (np.abs(sums) <= 1e-9))
    predicted = chance_bit_wrong(m, s, units, active=False)
    assert abs(wrong - predicted) < 5 * np.sqrt(predicted / 1e5) + 0.02 * predicted
    assert 0.5 < gain(m, s, units) < 1


def test_capacities_and_their_growth():
    strict = [capacity(3, 2.0**k, "round") for k in (14, 15, 16)]
    assert all(0.8 < m / strict_leading_order(2.0**k, 3) < 1.4 for k, m in zip((14, 15, 16), strict, strict=False))
    assert abs(np.log2(strict[2] / strict[0]) / 2 - 1.5) < 0.1
    decode = [capacity(3, 2.0**k, "decode") for k in (9, 11)]
    assert abs(np.log2(decode[1] / decode[0]) / 2 - 2) < 0.1
    assert chance_all_round(0.9 * strict[0], 3, 2.0**14) > 0.5 > chance_all_round(1.1 * strict[0], 3, 2.0**14)


def test_tolerance_rises_with_s_as_the_proof_says():
    units, m = 1024, 2048
    eps = {}
    for s in (1, 16):
        rng = np.random.default_rng(s)
        eps[s] = [
            1 / (3 * np.abs(rng.choice([-1.0, 1.0], m) @ ternary_code(rng, m, units, 1 / np.sqrt(units * s))).max())
            for _ in range(20)
        ]
        assert abs(np.mean(eps[s]) / tolerance(units, m, s) - 1) < 0.15
    exponent = np.log(np.mean(eps[16]) / np.mean(eps[1])) / np.log(16)
    assert abs(exponent - 0.25) < 0.06


def test_a_capacity_far_from_its_leading_order_is_where_the_chance_crosses():
    m = capacity(64, 128, "round")  # the leading order is below s here
    assert chance_all_round(0.98 * m, 64, 128) >= 0.5 > chance_all_round(1.03 * m, 64, 128)

"""Every construction against its dense twin, on every input and pair of small problems; one table, inherited by all."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from one_program import network_of, read_offs_of

from superposed.bad_input import InputError
from superposed.constructions import (
    ALL,
    Bernoulli,
    CentredBernoulli,
    CentredReadOff,
    Construction,
    Gaussian,
    Naive,
    QuadraticForm,
    Rademacher,
    RandomInit,
    RandomQuadratic,
    SignedBernoulli,
    Superposed,
)  # fmt: skip
from superposed.constructions.read_by import ReadBy
from superposed.measuring.cell import Cell
from superposed.measuring.errors import pooled
from superposed.measuring.evaluate import dense_read_offs
from superposed.measuring.measure import measure
from superposed.measuring.programs import key_of
from superposed.measuring.sampling import Sampling
from superposed.networks.network import SquareLayer, encode, hidden
from superposed.networks.problem import Problem
from superposed.networks.read_off import FormReadOff, SharedMean
from superposed.program import program

PAIRS = [kind() for kind in ALL if kind().fan_in == 2]
CONSTRUCTIONS = [
    *PAIRS, *(Superposed(pair) for pair in PAIRS if not pair.places_features),
    Bernoulli(0.5), RandomInit("aligned"), RandomInit(d_in=9), Superposed(Gaussian(), d_in=7), SignedBernoulli(0.6),
    Superposed(CentredBernoulli(0.4)), Superposed(CentredReadOff(), d_in=9), RandomInit(d_in=7, code="low coherence"),
    Superposed(Bernoulli(0.5), d_in=4, code="orthonormal blocks"),
]  # fmt: skip
"""Every construction with its default fields, aligned and behind codes, and some with others."""
M, WIDTH, ROWS = 5, 11, 16
INPUTS = np.array(list(product((0, 1), repeat=M)), np.float32)


def build(construction, s):
    """The network, and its read-offs of every input. One program serves every s."""
    problem = Problem(M, s)
    network = construction(jax.random.key(3), problem, WIDTH, ROWS, construction.tune(problem, WIDTH))
    return network, jax.vmap(dense_read_offs, (None, 0))(network, INPUTS)


def twin_read_offs(network, b: np.ndarray) -> np.ndarray:
    """Read-offs [m, m] pair by pair in float64 from dense weights, the way the theorem's page says it."""
    m = len(b)
    x = b if network.encoding is None else np.asarray(network.encoding, float) @ b
    (layer,) = network.layers
    if isinstance(network.read_off, FormReadOff):
        reads = np.asarray(network.encoding, float).T @ x
        return np.triu(np.outer(reads, reads), 1)
    w = np.linalg.multi_dot([np.asarray(factor, float) for factor in (*layer.factors, np.eye(len(x)))])
    z = w @ x + np.asarray(layer.b, float)
    a = z**2 if isinstance(layer, SquareLayer) else np.maximum(z, 0)
    v = np.asarray(network.read_off.code, float)
    out = np.zeros((m, m))
    for k in range(m):
        for l in range(k + 1, m):
            both = v[:, k] * v[:, l]
            if isinstance(network.read_off, SharedMean):
                out[k, l] = a[both == 1].mean() if (both == 1).any() else 0
            else:
                out[k, l] = (both * a).sum() / float(network.read_off.scale)
    return out


@pytest.mark.parametrize("construction", CONSTRUCTIONS, ids=repr)
def test_read_offs_are_those_of_the_dense_twin(construction):
    for s in (1, 2, 3, M):
        network, read = program(build, 1)(construction, jnp.int32(s))
        for b, got in zip(INPUTS, read, strict=True):
            if b.sum() == s:
                np.testing.assert_allclose(np.triu(got, 1), twin_read_offs(network, b), atol=2e-5)


@pytest.mark.parametrize(
    "construction",
    [Naive(), Rademacher(), Bernoulli(0.5), Superposed(Gaussian(), d_in=7), RandomInit(), QuadraticForm()],
    ids=repr,
)
def test_every_input_and_pair_is_counted_once(construction):
    s, upper = 3, np.triu_indices(M, 1)
    cell = Cell(construction, M, s, WIDTH, 5, Sampling(None))
    (errors,) = measure([cell], rows=ROWS)
    build_key, _ = jax.random.split(key_of(jnp.array(cell.entropy, jnp.uint32)))
    network = network_of(construction, build_key, Problem(M, s), WIDTH, ROWS)
    by_stratum = {0: [], 1: [], 2: []}
    for b in INPUTS[INPUTS.sum(axis=1) == s]:
        error = twin_read_offs(network, b) - np.outer(b, b)
        for k, l in zip(*upper, strict=True):
            by_stratum[int(b[k] + b[l])].append(error[k, l])
    for j, expected in by_stratum.items():
        assert errors.count[j] == len(expected)
        np.testing.assert_allclose(errors.mean[j], np.mean(expected), atol=1e-5)
        np.testing.assert_allclose(errors.rms[j], np.sqrt(np.mean(np.square(expected))), atol=1e-5)
        np.testing.assert_allclose([errors.low[j], errors.high[j]], [np.min(expected), np.max(expected)], atol=1e-5)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_construction_says_what_it_can_and_predicts_in_the_right_order(kind):
    construction, problem = kind(), Problem(300, 2)
    assert isinstance(construction, Construction)
    if not construction.has_distribution:
        with pytest.raises(InputError, match="no distribution of the errors"):
            construction.draw(jax.random.key(0), problem, 100, 4, 4)
    loose, tight = (construction.predicted_width(problem, eps, "max") for eps in (0.5, 0.25))
    assert loose is None or 1 <= loose <= tight
    assert construction.input_dimension(problem, 100) == {RandomInit: 100, RandomQuadratic: 100, QuadraticForm: 13}.get(
        kind, 300
    )


@pytest.mark.parametrize("construction", [Rademacher(), Gaussian(), Bernoulli(0.3), RandomInit("aligned")], ids=repr)
def test_a_network_is_the_first_rows_of_a_wider_one(as_shipped, construction):
    problem, key = Problem(20, 3), jax.random.key(0)
    narrow, wide = (network_of(construction, key, problem, *size) for size in ((30, 64), (50, 128)))
    np.testing.assert_array_equal(narrow.layers[0].w[:30], wide.layers[0].w[:30])
    assert not np.any(narrow.layers[0].w[30:]) and not np.any(wide.layers[0].w[50:])


def test_the_shared_mean_is_one_over_all_neurons_wired_to_both_however_few():
    rng = np.random.default_rng(0)
    code, a = (rng.random((40, 12)) < 0.2).astype(np.float32), rng.random(40).astype(np.float32)
    shared = code.T @ code
    expected = np.where(shared > 0, code.T @ (a[:, None] * code) / np.maximum(shared, 1), 0)
    assert {0, 1, 2} <= set(shared[np.triu_indices(12, 1)].astype(int).tolist())
    every, read_off = jnp.arange(12), SharedMean(jnp.asarray(code))
    np.testing.assert_allclose(read_off.block(jnp.asarray(a), every, every), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(read_off.with_all, (None, 0))(jnp.asarray(a), every), expected, rtol=1e-5)


def test_codes_are_unit_vectors_whatever_the_padding():
    problem, key = Problem(20, 3), jax.random.key(0)
    tight, padded = (network_of(Superposed(Rademacher()), key, problem, 30, rows) for rows in (32, 128))
    np.testing.assert_allclose(np.linalg.norm(tight.encoding, axis=0), 1, rtol=1e-6)
    np.testing.assert_array_equal(tight.encoding[:30], padded.encoding[:30])
    assert not np.any(padded.encoding[30:])


def test_permuting_features_permutes_read_offs():
    problem = Problem(12, 3)
    network = network_of(Superposed(Rademacher()), jax.random.key(1), problem, 64, 64)
    order = np.random.default_rng(0).permutation(12)
    permuted = network._replace(
        encoding=network.encoding[:, order],
        layers=(
            network.layers[0]._replace(factors=(network.layers[0].factors[0][:, order], network.encoding[:, order].T)),
        ),
        read_off=network.read_off._replace(code=network.read_off.code[:, order]),
    )
    b = jnp.zeros(12).at[jnp.array([1, 4, 7])].set(1)
    want = np.asarray(read_offs_of(network, jnp.asarray(b)))[np.ix_(order, order)]
    np.testing.assert_allclose(read_offs_of(permuted, b[order]), want, atol=1e-5)
    np.testing.assert_allclose(encode(permuted, b[order]), encode(network, b), atol=1e-6)
    assert hidden(permuted, b[order]).shape == (64,)


def test_naive_is_exact_from_one_neuron_a_pair_on():
    enough, short = (pooled(measure([Cell(Naive(), 12, 3, d, 0, Sampling(16))])) for d in (66, 65))
    assert enough.max_abs.max() == 0
    assert short.low[2] == -1 or short.max_abs.max() == 0  # the last pair alone has no neuron
    every = pooled(measure([Cell(Naive(), 12, 3, 65, 0, Sampling(None))]))
    assert every.histogram[2].sum() == 220 * 3 and round(every.total[2]) == -10  # C(10, 1) inputs hold the last pair


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bernoulli(0.0), "density = 0.0"),
        (lambda: Bernoulli(1.5), "density = 1.5"),
        (lambda: Bernoulli(0.2, shared=40.0), "shared = 40.0"),
        (lambda: Bernoulli(shared=0.0), "shared = 0.0"),
        (lambda: CentredReadOff(1.0), "density = 1.0"),
        (lambda: Bernoulli("papr"), "density = 'papr'"),
        (lambda: Bernoulli("paper").check(Problem(300, 3), 500), "exceeds 1"),
        (lambda: Superposed(Bernoulli("paper")).check(Problem(300, 3), 500), "exceeds 1"),
        (lambda: Superposed(Naive(), d_in=0), "d_in = 0"),
        (lambda: RandomInit("aligned", d_in=5), "d_in = 5"),
        (lambda: RandomInit(code="ternary"), "code = 'ternary'"),
        (lambda: Superposed(Naive(), d_in=4, code="tern"), "code = 'tern'"),
        (lambda: ReadBy(Naive(), "best"), "how = 'best'"),
        (lambda: ReadBy(Naive(), ridge=0.0), "ridge = 0.0"),
    ],
)
def test_bad_fields_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_paper_density_is_taken_where_it_is_a_probability():
    problem = Problem(8, 2)
    Bernoulli("paper").check(problem, 100)
    network = network_of(Bernoulli("paper"), jax.random.key(0), problem, 4000, 4096)
    p = np.log(8) ** 2 / np.sqrt(4000)
    assert abs(np.mean(network.layers[0].w[:4000]) - p) < 5 * np.sqrt(p / 32000)

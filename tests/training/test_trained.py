"""Trained networks as constructions: padding, batches, starts, failures, bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.constructions import Bernoulli, Construction, Gaussian, Naive, Rademacher, Superposed
from superposed.measuring.cell import Cell
from superposed.measuring.criteria import passes
from superposed.measuring.evaluate import dense_read_offs
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling, every_order
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.training import BestReadOff, Trained
from superposed.training.trained import Params

PROBLEM, KEY = Problem(8, 2), jax.random.key(0)
SHORT = {"steps": 20, "batch": 16}
FORMS = [
    Trained(**SHORT),
    Trained(**SHORT, read_off="free", features=5, optimiser="adamw", schedule="linear", activation="leaky"),
    Trained(**SHORT, inputs="superposed", activity="independent", schedule="constant", weighting="pairs", power=4),
]
INPUT = jnp.zeros(8).at[jnp.array([1, 4])].set(1)


@pytest.mark.parametrize(
    "trained",
    [FORMS[0], *(pytest.param(form, marks=pytest.mark.slow) for form in FORMS[1:])],
    ids=["factored", "free", "superposed"],
)
def test_padding_and_company_change_nothing(trained):
    """Narrow networks among wide ones, in one program and in more rows, are those that are trained alone."""
    read = lambda key, width, rows: dense_read_offs(trained(key, PROBLEM, width, rows), INPUT)
    keys, widths = jax.random.split(KEY, 3), [6, 12, 9]
    together = program(jax.vmap(lambda k, w: read(k, w, 16)))(keys, jnp.array(widths))
    for i in (0, 2):
        alone = program(lambda k, i=i: read(k, widths[i], widths[i]))(keys[i])
        np.testing.assert_allclose(together[i], alone, rtol=1e-3, atol=1e-4)
    network = program(lambda k: trained(k, PROBLEM, jnp.int32(9), 16))(keys[2])
    assert all(not np.any(x[9:]) for x in (network.layers[0].w, network.layers[0].b))


@pytest.mark.parametrize("start", [Gaussian(), Superposed(Rademacher()), Bernoulli(), Naive()], ids=repr)
def test_training_starts_from_the_construction_it_is_given(start):
    """With a step too small to matter, layer and read-off are the construction's."""
    inputs = "superposed" if isinstance(start, Superposed) else "aligned"
    still = Trained(steps=1, batch=4, learning_rate=1e-20, read_off="free", start=start, inputs=inputs)
    x, features = jax.random.normal(KEY, (32 if inputs == "superposed" else 8,)), jnp.arange(8)

    def parts(construction, key):
        network = construction(key, PROBLEM, 32, 32)
        a = network.layers[0](x)
        return a, network.read_off.block(a, features, features)

    found = program(lambda: (parts(still, KEY), parts(start, jax.random.split(KEY, 3)[1])))()
    off = ~np.eye(8, dtype=bool)
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-4)
    np.testing.assert_allclose(found[0][1][off], found[1][1][off], atol=1e-4)


@pytest.mark.parametrize("start", [Rademacher(), Bernoulli(density=0.5)], ids=repr)
def test_a_factored_start_has_the_codes_of_the_construction(start):
    """A mean over shared neurons is taken on one scale for all pairs: the number of neurons that two features share."""
    trained = Trained(steps=1, batch=4, learning_rate=1e-20, start=start)
    both = lambda: (trained(KEY, PROBLEM, 32, 32), start(jax.random.split(KEY, 3)[1], PROBLEM, 32, 32))
    learned, built = (network.read_off for network in program(both)())
    pairs = np.triu_indices(8, 1)
    squared = built.scale if hasattr(built, "scale") else np.mean((built.code.T @ built.code)[pairs])
    np.testing.assert_allclose(learned.code, built.code / np.sqrt(squared), rtol=1e-4, atol=1e-6)


def test_training_lowers_the_errors_of_what_it_starts_from():
    trained = Trained(steps=300, batch=32, start=Rademacher())
    before, after = (
        measure([Cell(c, 8, 2, 16, seed, Sampling(None)) for seed in range(2)], rows=16)
        for c in (Rademacher(), trained)
    )
    for old, new in zip(before, after, strict=True):
        assert new.rms.max() < 0.7 * old.rms.max()


def test_the_read_off_alone_tends_to_the_best_one():
    """Gradient descent on the read-off reaches the loss of least squares, and hardly anything below it."""
    problem, width = Problem(6, 2), 8
    settings = {"read_off": "free", "trains": "read_off", "weighting": "pairs", "start": Rademacher()}
    trained = Trained(steps=3000, batch=32, learning_rate=0.05, **settings)
    network = program(lambda k: trained(k, problem, width, width))(KEY)
    layer = network.layers[0]
    _, start_key, _ = jax.random.split(KEY, 3)
    np.testing.assert_array_equal(layer.w, Rademacher()(start_key, problem, width, width).layers[0].w)

    b = np.array([[k in pair for k in range(6)] for pair in zip(*np.triu_indices(6, 1), strict=True)], float)
    a = np.maximum(b @ np.asarray(layer.w).T + np.asarray(layer.b), 0)
    k, l = np.triu_indices(6, 1)
    truth = b[:, k] * b[:, l]
    least, *_ = np.linalg.lstsq(a, truth, rcond=None)
    loss = lambda vectors: np.mean((a @ np.asarray(vectors).T - truth) ** 2)
    assert loss(least.T) <= loss(network.read_off.vectors) < 1.03 * loss(least.T)

    class Fixed(Construction):
        def __call__(self, *_):
            return network

    best = program(lambda k: BestReadOff(Fixed(), unbiased=False, n_inputs=2**14)(k, problem, width, width))(KEY)
    assert loss(least.T) - 1e-9 <= loss(best.read_off.vectors) < 1.01 * loss(least.T)
    fair = program(lambda k: BestReadOff(Fixed(), n_inputs=2**12)(k, problem, width, width))(KEY)
    np.testing.assert_allclose(np.sum((a @ np.asarray(fair.read_off.vectors).T) * truth, axis=0), 1, atol=1e-3)
    assert loss(fair.read_off.vectors) >= loss(least.T)


def test_the_loss_counts_strata_or_pairs():
    """At the read-off 0 everywhere, only active pairs err: by a third, or by their share of all pairs."""
    zero = Params(jnp.zeros((4, 8)), jnp.zeros(4), jnp.zeros((28, 4)))
    kinds = [(weighting, features) for weighting in ("strata", "pairs") for features in (None, 5)]
    trained = [Trained(read_off="free", batch=4, weighting=w, features=f) for w, f in kinds]
    losses = program(lambda: [one.loss(zero, KEY, PROBLEM, None, 0) for one in trained])()
    np.testing.assert_allclose(losses, [1 / 3, 1 / 3, 1 / 28, 1 / 28], rtol=1e-5)


def test_a_training_that_diverges_reads_zero_and_passes_nothing():
    wild = Trained(steps=10, batch=8, optimiser="sgd", learning_rate=1e30)
    state, losses = program(lambda k: wild.advance(k, wild.begin(k, PROBLEM, 8, 8), PROBLEM, 8, 10))(KEY)
    assert int(state.failed_at) >= 0 and not np.isfinite(losses[int(state.failed_at)])
    assert np.all(np.isfinite(state.params.w))
    errors = measure([Cell(wild, 8, 2, 8, 0, Sampling(8))], rows=8)[0]
    assert errors.low[2] == errors.high[2] == -1 and not passes(errors, "max", 0.5)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"steps": 0}, "steps = 0: give 1 or more"),
        ({"batch": 0}, "batch = 0: give 1 or more"),
        ({"power": 0.5}, "power = 0.5: give 1 or more"),
        ({"power": float("nan")}, "power = nan: give 1 or more"),
        ({"features": 3}, "features = 3: give 4 or more"),
        ({"learning_rate": 0.0}, "learning_rate = 0.0: a positive number"),
        ({"optimiser": "magic"}, "optimiser = 'magic': one of adam, adamw, sgd"),
        ({"d_in": 8}, "d_in = 8: aligned inputs have m dimensions"),
    ],
)
def test_bad_fields_are_named_with_their_rule(fields, message):
    with pytest.raises(InputError) as error:
        Trained(**fields)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("field", ["steps", "batch", "d_in", "features"])
def test_parts_of_a_step_or_a_feature_are_refused(field):
    """The command line hands values on as they are written. Here the check of types would come first."""
    trained = Trained(inputs="superposed")
    object.__setattr__(trained, field, 4.5)
    with pytest.raises(InputError, match=f"{field} = 4.5: give [14] or more, a whole number"):
        trained.__post_init__()


def test_a_start_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match='its read-off has no code; train with read_off="free"'):
        jax.eval_shape(
            lambda key: Trained(**SHORT, start=BestReadOff(Rademacher(), n_inputs=256))(key, PROBLEM, 4, 4), KEY
        )
    with pytest.raises(InputError, match="training starts from one layer on 8 inputs"):
        jax.eval_shape(lambda key: Trained(**SHORT, start=Superposed(Rademacher()))(key, PROBLEM, 4, 4), KEY)
    with pytest.raises(InputError, match="n_inputs = 0"):
        BestReadOff(Rademacher(), n_inputs=0)


@pytest.mark.parametrize("s", [2, 3, 4])
def test_random_signs_span_every_pair_from_one_neuron_a_pair_on(s):
    """ReLU of up to three signs is a quadratic form in them: C(m, 2) neurons read every AND exactly. At s = 4 not."""
    m, pairs = 8, 28
    b = every_order(m, s)[:, :s]
    inputs = np.zeros((len(b), m))
    np.put_along_axis(inputs, b, 1, axis=1)
    w = np.sign(np.random.default_rng(0).normal(size=(2 * pairs, m)))
    a = np.maximum(inputs @ w.T, 0)
    k, l = np.triu_indices(m, 1)
    truth = inputs[:, k] * inputs[:, l]
    error = truth - a @ np.linalg.lstsq(a, truth, rcond=None)[0]
    assert (np.linalg.matrix_rank(a) == pairs) == (s < 4)
    assert (np.abs(error).max() < 1e-9) == (s < 4)

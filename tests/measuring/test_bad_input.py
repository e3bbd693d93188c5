"""Values that mean nothing are refused where they are made, with the value and the rule."""

import subprocess
import sys
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import pytest

from superposed.bad_input import InputError
from superposed.constructions import Bernoulli, Construction, Naive, Rademacher, RandomInit, Superposed
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling
from superposed.networks.network import Network
from superposed.networks.problem import Problem


def cell(construction=None, m=8, s=3, width=300, seed=0, sampling=None, mode="built"):
    return Cell(construction or Rademacher(), m, s, width, seed, sampling or Sampling(16), mode)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cell(s=20), "s = 20: no more than m = 8"),
        (lambda: cell(s=0), "s = 0: at least one feature"),
        (lambda: cell(m=1, s=1), "m = 1: a pair needs"),
        (lambda: cell(width=0), "width = 0: a network has one neuron"),
        (lambda: cell(seed=-1), "seed = -1: seeds count from 0"),
        (lambda: cell(mode="sampled"), "mode = 'sampled': one of built, drawn"),
        (lambda: cell(Superposed(Naive()), mode="drawn"), "mode = 'drawn': the distribution of superposed's errors"),
        (lambda: cell(sampling=Sampling(None), mode="drawn"), "inputs = None: drawn errors"),
        (lambda: cell(sampling=Sampling(16, 16), mode="drawn"), "idle = 16: drawn errors"),
        (lambda: Sampling(0), "inputs = 0"),
        (lambda: Sampling(16, 1), "idle = 1"),
        (lambda: Problem(5, 2, 0), "d_in = 0"),
        (lambda: Superposed(RandomInit(d_in=8)), "inner = RandomInit.*places the features"),
        (lambda: Superposed(Superposed(Bernoulli())), "inner = Superposed.*places the features"),
        (lambda: measure([cell(sampling=Sampling(None), m=200, s=8)]), "more than 100000; sample some"),
        (lambda: measure([cell()], rows=128), "rows = 128: the widest network has 300 neurons"),
        (lambda: measure([cell()], cell_batch=9), "cell_batch = 9: vmap from 1 to 8"),
        (lambda: measure([cell()], devices=0), "devices = 0: this process has"),
        (lambda: measure([cell(Bernoulli("paper"), m=300)]), "density = 'paper': .* it needs width 1059 or more"),
    ],
)
def test_what_means_nothing_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_values_of_the_wrong_type_are_refused_without_a_type_checker_too():
    program = (
        "from superposed.constructions import Rademacher\n"
        "from superposed.measuring.cell import Cell, Sampling\n"
        "for construction, width in (('rademacher', 300), (Rademacher(), 300.5)):\n"
        "    try: Cell(construction, 8, 3, width, 0, Sampling())\n"
        "    except ValueError as error: print(error)\n"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "construction = 'rademacher': not one" in printed and "width = 300.5: a whole number" in printed


def test_nothing_to_measure_is_no_error():
    assert measure([]) == []


@dataclass(frozen=True)
class Careless(Construction):
    """Rademacher signs whose surplus rows are left in the layer, or in the read-off alone."""

    where: str

    def __call__(self, key, problem, width, rows, tuned=None) -> Network:
        network = Rademacher()(key, problem, rows, rows)
        if self.where == "layer":
            return network
        narrow = Rademacher()(key, problem, width, rows)
        return network._replace(layers=narrow.layers)


@pytest.mark.parametrize("where", ["layer", "read-off"])
def test_neurons_wired_beyond_the_width_are_refused(where):
    with pytest.raises(InputError, match="neurons beyond the width take part"):
        measure([cell(Careless(where))])
    (errors,) = measure([cell(Careless(where), width=512)], rows=512)  # no row is surplus
    assert errors.to_json() == measure([cell(width=512)], rows=512)[0].to_json()


def test_randomness_differs_between_seeds_beyond_the_first_32_bits():
    entropies = {cell(seed=seed).entropy for seed in range(2000)}
    assert len({high for high, _ in entropies}) > 1990 and len({low for _, low in entropies}) > 1990
    one, other = (jax.random.wrap_key_data(jnp.array([1, x], jnp.uint32), impl="threefry2x32") for x in (2, 3))
    assert jax.random.normal(one) != jax.random.normal(other)

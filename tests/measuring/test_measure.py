"""Same rows whatever the padding, the batch, the portions or the devices; one program a (m, bucket)."""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from child import QUICK

from superposed.bad_input import InputError
from superposed.constructions import Bernoulli, Gaussian, Rademacher, RandomInit, Superposed
from superposed.measuring import measure as module
from superposed.measuring.by_bits import transposed
from superposed.measuring.cell import Cell
from superposed.measuring.errors import EDGES, Errors, bin_of, tally
from superposed.measuring.evaluate import evaluate
from superposed.measuring.measure import bucket, measure
from superposed.measuring.programs import n_compilations
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem
from superposed.networks.read_off import Product
from superposed.program import program
from superposed.sweeping.store import Store
from superposed.sweeping.sweep import sweep
from superposed.sweeping.tasks import AtWidths, SmallestWidth

CELLS = [
    Cell(Superposed(Bernoulli()), 70, 3, width, seed, Sampling(20, 16))
    for seed, width in enumerate((100, 100, 90, 128, 110))
]


def test_rows_do_not_depend_on_padding_or_batch(as_shipped):
    assert [e.to_json() for e in measure(CELLS, rows=256, cell_batch=8)] == [e.to_json() for e in measure(CELLS)]


def test_out_of_memory_halves_the_batch_and_gives_the_same_rows(monkeypatch):
    """The device has memory for two networks at once. Batches are compared elsewhere; here each network is alone."""
    tried = []

    def allocate(towers, rows, cell_batch, devices):
        tried.append(cell_batch)
        if cell_batch > 2:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.")
        return build_block(towers, rows, 1, devices)

    build_block = module._build_block
    expected = [e.to_json() for e in measure(CELLS)]
    monkeypatch.setattr(module, "_build_block", allocate)
    monkeypatch.setattr(module, "_FITTED", {})
    with pytest.warns(UserWarning, match="out of memory; going on with 2 networks"):
        assert [e.to_json() for e in measure(CELLS, cell_batch=8)] == expected
    measure(CELLS)  # the process remembers
    assert tried == [8, 4, 2, 2]


def test_out_of_memory_with_one_network_is_an_error(monkeypatch):
    def allocate(*_):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.")

    monkeypatch.setattr(module, "_build_block", allocate)
    with pytest.raises(jax.errors.JaxRuntimeError, match="RESOURCE_EXHAUSTED"):
        measure(CELLS, cell_batch=1)


def test_more_devices_than_there_are_is_an_error():
    for devices in (0, jax.local_device_count() + 1):
        with pytest.raises(InputError, match=f"devices = {devices}: this process has"):
            measure(CELLS, devices=devices)


def test_rows_do_not_depend_on_their_neighbours():
    together = measure(CELLS)
    assert measure(CELLS[3:4])[0].to_json() == together[3].to_json()


def test_drawn_rows_do_not_depend_on_the_sparsity_of_their_neighbours():
    sparse, dense = (Cell(Superposed(Bernoulli()), 1000, s, 500, 0, Sampling(256), "drawn") for s in (3, 5))
    assert measure([dense, sparse])[1].to_json() == measure([sparse])[0].to_json()


def test_inputs_may_come_in_portions():
    problem, key = Problem(40, 3), jax.random.key(0)
    network = program(lambda key: Superposed(Bernoulli())(key, problem, 100, 128))(key)
    portion = lambda n, first: evaluate(key, network, problem, None, first, n, slots=4)
    at_width = lambda n, first: jax.tree.map(lambda x: x[0], program(portion, 1)(n, first))
    whole, *parts = (at_width(n, first) for first, n in ((0, 21), (0, 7), (7, 7), (14, 7)))
    whole, parts = Errors.of([whole]), Errors.of(parts)
    np.testing.assert_array_equal(whole.histogram, parts.histogram)
    np.testing.assert_array_equal(whole.total, parts.total)


ON_MANY_DEVICES = f"""{QUICK}
import json
import jax
from superposed.constructions import Rademacher
from superposed.measuring.cell import Cell
from superposed.measuring.measure import measure
from superposed.measuring.sampling import Sampling

used, get = [], jax.device_get
jax.device_get = lambda x: (used.append(len(jax.tree.leaves(x)[0].sharding.device_set)), get(x))[1]
for mode, devices in (("built", (1, 2)), ("drawn", (1, 4))):
    cells = [Cell(Rademacher(), 20, 3, 30 + 10 * seed, seed, Sampling(16), mode) for seed in range(5)]
    rows = [[errors.to_json() for errors in measure(cells, 128, devices=n)] for n in devices]
    assert all(row == rows[0] for row in rows)
assert used == [1, 2, 1, 4], used
assert [e.to_json() for e in measure(cells)] == rows[0] and used[-1] == 4
"""


def test_rows_do_not_depend_on_the_number_of_devices():
    """The programs are really sharded: their results lie on 1, 2 and 4 devices."""
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    subprocess.run([sys.executable, "-c", ON_MANY_DEVICES], env=os.environ | flags, check=True)


def test_a_sweep_compiles_once_for_each_m_and_bucket(tmp_path):
    construction = Superposed(Bernoulli(), d_in=64)
    sizes = (24, (90, 250, 260, 500)), (48, (90, 250))
    tasks = [AtWidths(construction, m, s, widths, 3, Sampling(4)) for m, widths in sizes for s in (2, 3)]
    tasks += [SmallestWidth(construction, 24, s, 3, Sampling(4), "rms", 0.05, start=90, most=512) for s in (2, 3)]
    before = n_compilations()
    with Store(tmp_path, {}) as store:
        cells = [record.cell for _, record in sweep(tasks, store)]
    assert (
        0
        < n_compilations() - before
        <= len({(cell["m"], bucket(cell["width"], construction.least_rows)) for cell in cells})
        == 3
    )


def test_unlike_cells_do_not_share_a_block():
    with pytest.raises(InputError, match="construction = RandomInit.*a block shares it"):
        measure([CELLS[0], Cell(RandomInit(), 70, 3, 100, 0, Sampling(20, 16))])
    with pytest.raises(InputError, match="s = 3: a block shares it"):
        measure([Cell(RandomInit(), 6, s, 100, 0, Sampling(None)) for s in (2, 3)])


def test_read_offs_are_rounded_quotients():
    """332/664 is 1/2 and fails at eps = 1/2; as a product with the rounded inverse it would pass."""
    sums = jnp.arange(-999.0, 1000.0)
    for scale in (664.0, 609.0, 333.0):
        read = program(lambda sums, scale: Product(jnp.zeros((1, 1)), scale).of_sums(sums))(sums, jnp.float32(scale))
        np.testing.assert_array_equal(read, np.asarray(sums) / np.float32(scale))


def test_powers_of_two_are_edges():
    values = np.concatenate([EDGES[::16], np.nextafter(EDGES[::16].astype(np.float32), 0, dtype=np.float32)])
    expected = np.searchsorted(EDGES, values, side="right")
    bins = program(bin_of)(np.append(values, (0, 1e9)).astype(np.float32))
    np.testing.assert_array_equal(bins, [*expected, 0, len(EDGES)])


def test_statistics_match_numpy():
    rng = np.random.default_rng(1)
    error = (rng.standard_normal((4, 500)) * 0.3).astype(np.float32)
    stratum = rng.integers(0, 3, error.shape).astype(np.int32)
    tallied = program(jax.vmap(tally, (None, 0)))(error, np.array([stratum == j for j in range(3)]))
    errors = Errors.of([tallied])
    for j in range(3):
        mine = error[stratum == j].astype(float)
        assert errors.count[j] == len(mine)
        assert errors.mean[j] == pytest.approx(mine.mean(), abs=1e-6)
        assert errors.std[j] == pytest.approx(mine.std(), rel=1e-5)
        assert errors.tail(0.5)[j] == np.mean(np.abs(mine) >= 0.5)
        assert errors.quantile(0.9)[j] == pytest.approx(np.quantile(np.abs(mine), 0.9), rel=2 ** (1 / 16) - 1)
    assert (errors + errors).count.sum() == 2 * error.size
    assert Errors.from_json(json.loads(json.dumps(errors.to_json()))).to_json() == errors.to_json()


class Plain(Bernoulli):
    """The same networks, multiplied."""

    counted = None


class PlainSigns(Rademacher):
    """The same networks, multiplied."""

    counted = None


@pytest.mark.parametrize(
    ("counted", "multiplied", "s"),
    [(Rademacher(), PlainSigns(), 5), (Bernoulli(0.3), Plain(0.3), 4)],
    ids=["signs", "wires"],
)
def test_sums_counted_by_bits_are_those_of_the_product(counted, multiplied, s):
    """m above a tile and no multiple of 32, widths of all kinds, activations up to 5: the same counts and extremes."""
    cells = lambda construction: [
        Cell(construction, 139, s, width, seed, Sampling(3)) for seed in (0, 1) for width in (1, 33, 64, 300)
    ]
    for bits, products in zip(measure(cells(counted)), measure(cells(multiplied)), strict=True):
        for name in ("count", "histogram", "low", "high"):
            np.testing.assert_array_equal(getattr(bits, name), getattr(products, name))
        np.testing.assert_allclose(bits.rms, products.rms, rtol=1e-5)  # summed tile by tile, of other sizes
        np.testing.assert_allclose(bits.mean, products.mean, atol=1e-6)


class NotSigns(Gaussian):
    """It promises signs, and its activations are no whole numbers."""

    counted = "signs"


class NotWires(Rademacher):
    """It promises wires, and has signs."""

    counted = "wires"


@pytest.mark.parametrize("construction", [NotSigns(), NotWires()])
def test_a_construction_that_is_not_as_counted_is_refused(construction):
    with pytest.raises(InputError, match="marked as counted = .* set `counted = None`"):
        measure([Cell(construction, 24, 3, 40, 0, Sampling(2))])


def test_blocks_of_bits_are_transposed():
    bits = np.random.default_rng(0).integers(0, 2, (3, 32, 2, 32), dtype=np.uint32)
    as_words = lambda bits: (bits << np.arange(32, dtype=np.uint32)).sum(axis=-1, dtype=np.uint32)
    expected = as_words(bits.transpose(0, 3, 2, 1))
    np.testing.assert_array_equal(program(transposed)(as_words(bits)), expected)


@pytest.mark.parametrize("construction", [Rademacher(), Gaussian()])
def test_one_pass_over_nested_widths_gives_the_rows_of_each_width(construction):
    widths, seeds = (5, 64, 100), (0, 1)
    together = [Cell(construction, 24, 3, width, seed, Sampling(4)) for seed in seeds for width in widths]
    rows = [errors.to_json() for errors in measure(together)]
    assert rows == [measure([cell])[0].to_json() for cell in together]

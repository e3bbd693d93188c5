"""One cell of the experiment `discovery`: dictionaries of one kind on several networks, and what they found."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from superposed.study.discoveries import (
    Data,
    activations_of,
    cycle_data,
    discovery,
    gates_found,
    inputs_of,
    uand_data,
)
from superposed.training.dictionaries import Learned, Learner, learn


def train_cell(cell: dict) -> dict:
    """What the dictionaries of one cell found, a list over seeds for every score.

    Rate and penalty are chosen on one more network, the last of `data`. It is not among those that are reported.
    """
    seeds, rows = cell["seeds"], cell["rows"]
    data = data_of(cell)
    active = cell["s"] if data[0].on is None else float(np.mean([each.on.sum() / each.on.shape[0] for each in data]))
    learner = learner_of(cell, active)
    y = activations_of(data)
    x = inputs_of(data) if cell["kind"] == "transcoder" else y
    keys = jax.random.split(jax.random.key(cell["m"]), seeds + 1)
    tried = settings_tried(cell, learner_of(cell, active, 1), data[-1], keys[-1], x[-1], y[-1])
    best = max(tried, key=lambda each: each["cosine"])
    learned = learn(keys[:-1], x[:-1, :rows], y[:-1, :rows], learner, best["rate"], best["penalty"])
    found = []
    for seed, each in enumerate(data[:-1]):
        scores = discovery(each, of_seed(learned, seed), learner, x[seed])
        found.append(scores | (gates_found(each, of_seed(learned, seed)) if cell["kind"] == "transcoder" else {}))
    return {
        "rate": best["rate"], "penalty": best["penalty"], "tried": tried, "k": learner.k, "active": active,
        "firings": learner.steps * learner.batch * active / cell["m"], "wrong": [each.wrong for each in data[:-1]],
        "scores": {name: [scores[name] for scores in found] for name in found[0]},
    }  # fmt: skip


def data_of(cell: dict) -> tuple:
    """A network a seed and one more, with activations."""
    m, s, d, rows, n = cell["m"], cell["s"], cell["d"], cell["rows"], cell["seeds"] + 1
    if cell["kind"] == "uand":
        return uand_data(m, s, d, rows, n)
    return cycle_data(m, s, cell["layer"], d, cell["apart"], rows, n)


def learner_of(cell: dict, active: float, times: int | None = None) -> Learner:
    """The cell's learner; it is told how many features there are and how many of them are on."""
    k = cell["k"] or (round(active, 2) if cell["method"] == "batchtopk" else max(int(np.ceil(active)), 1))
    steps = cell["steps"] * (cell["times"] if times is None else times)
    return Learner(cell["method"], round(cell["size"] * cell["m"]), k, steps, cell["batch"])


def settings_tried(
    cell: dict,
    learner: Learner,
    data: Data,
    key: Key[Array, ""],
    x: Float[Array, "rows d_in"],
    y: Float[Array, "rows d"],
) -> list[dict[str, float]]:
    """Every rate and penalty, with the mean over features of the largest cosine with any direction it finds."""
    settings = list(product(cell["rates"], cell["penalties"]))
    if len(settings) == 1:
        return [{"rate": settings[0][0], "penalty": settings[0][1], "cosine": None}]
    n = len(settings)
    rates, penalties = np.array(settings).T
    repeated = lambda rows: jnp.broadcast_to(rows[: cell["rows"]], (n, cell["rows"], rows.shape[1]))
    learned = learn(jnp.broadcast_to(key, n), repeated(x), repeated(y), learner, rates, penalties)
    scores = [discovery(data, of_seed(learned, i), learner, x) for i in range(n)]
    cosine = lambda found: float(np.mean([value for name, value in found.items() if name.endswith("mmcs_true")]))
    return [
        {"rate": rate, "penalty": penalty, "cosine": cosine(found)}
        for (rate, penalty), found in zip(settings, scores, strict=True)
    ]


def of_seed(learned: Learned, seed: int) -> Learned:
    """What was learned on one network."""
    return jax.tree.map(lambda array: array[seed], learned)

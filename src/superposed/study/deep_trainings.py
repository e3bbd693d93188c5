"""Compiled networks that are trained on and narrowed, and networks of the same shape trained from scratch."""

from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from superposed.circuits.circuit import Circuit, evaluate_circuit
from superposed.circuits.inputs import Inputs, domain_of
from superposed.circuits.planted import planted_circuit
from superposed.compiler.compile import DRAWS, Compiled, WorstCase, attempt
from superposed.compiler.file import CompiledNetwork
from superposed.compiler.template import template_of
from superposed.compiler.write import to_tensors
from superposed.program import program
from superposed.scoring.export import stack
from superposed.training.deep import Deep, Recipe, from_scratch, from_stack, narrowed, train_deep, wrong_bits

FIRST, STEP = 2, 1.1  # the ladder of widths on which the compiler's narrowest is looked for: 2 m 1.1^k


class Data(NamedTuple):
    """Networks of several seeds, all as wide as the compiler's narrowest, on every input of the circuit's domain.

    Args:
      width: of the networks.
      start: the compiled networks. Every array has the seeds first.
      a, y: encoded inputs [seeds, n, D] and features of the circuit's last layer [n, m].
      drawn: the inputs that training draws from. Half are all inputs, the others are inputs that turn a feature of the
        last layer on.
    """

    width: int
    start: Deep
    a: Float[Array, "seeds n D"]
    y: Float[Array, "n m"]
    drawn: Array


@cache
def compiled_data(m: int, s: int, depth: int, seeds: int, first_seed: int) -> Data:
    """The narrowest width at which the default template passes every input with every seed, and its networks."""
    circuit, _ = planted_circuit(jax.random.key(m), m, s, depth, 1)
    b = domain_of(circuit, s).every()
    inputs, width = Inputs(b, np.ones(b.shape[0], int), exhaustive=True), FIRST * m
    while (passed := _all_pass(circuit, width, s, inputs, range(first_seed, first_seed + seeds))) is None:
        width = int(np.ceil(width * STEP))
    parts = [_plain(compiled, circuit) for compiled in passed]
    start = jax.tree.map(lambda *x: jnp.stack(x), *(from_stack(affine) for affine, _ in parts))
    dense = b.toarray()
    y = evaluate_circuit(circuit, dense > 0)[-1].astype(np.float32)
    on = np.flatnonzero(y.any(1))
    drawn = np.concatenate([np.arange(len(y)), np.resize(on, len(y))])
    a = jnp.stack([jnp.asarray(network.encode(dense)) for _, network in parts])
    return Data(width, start, a, jnp.asarray(y), jnp.asarray(drawn))


def _all_pass(circuit: Circuit, width: int, s: int, inputs: Inputs, seeds: range) -> list[Compiled] | None:
    """A network for every seed, each the first of three draws without a wrong bit; None where a seed has none."""
    networks, domain, make = [], domain_of(circuit, s), template_of("channels", s)
    for seed in seeds:
        tries = (attempt(jax.random.key(seed), circuit, make, inputs, width, draw) for draw in range(DRAWS))
        passed = next((found for found in tries if found.problem is None), None)
        if passed is None:
            return None
        networks.append(Compiled(passed.network, passed.check, WorstCase([], 0, 0), s, domain))
    return networks


def _plain(compiled: Compiled, circuit: Circuit) -> tuple[list, CompiledNetwork]:
    metadata = {"inputs": circuit.n_inputs, "s": compiled.s, "groups": []}
    network = CompiledNetwork(to_tensors(compiled, circuit, "channels"), metadata)
    return stack(network), network


def trained_on(data: Data, recipe: Recipe, widths: list[int], start: str, first_seed: int) -> list[list[int]]:
    """Wrong bits of every seed after training at each width, on all inputs.

    Args:
      start: "compiled" narrows from width to width and trains at each of them, "scratch" starts anew at each.
    """
    seeds = len(data.a)
    keys, deep, results = jax.vmap(jax.random.key)(jnp.arange(seeds) + first_seed), data.start, []
    for step, width in enumerate(widths):
        step_keys = jax.vmap(partial(jax.random.fold_in, data=step))(keys)
        run, scratch = program(_narrow_and_train, 1), start == "scratch"
        deep, wrong = run(recipe, scratch, jax.random.key_data(step_keys), deep, data.a, data.y, data.drawn, width)
        deep = deep if start == "compiled" else data.start
        results.append(np.asarray(wrong).tolist())
    return results


def _narrow_and_train(recipe: Recipe, scratch, key_data, deep: Deep, a, y, drawn, width) -> tuple[Deep, Array]:
    def one(data, deep, a):
        start_key, train_key = jax.random.split(jax.random.wrap_key_data(data))
        small = narrowed(deep, a, width)
        anew = from_scratch(start_key, small)
        small = jax.tree.map(lambda new, old: jnp.where(scratch, new, old), anew, small)
        trained, _ = train_deep(train_key, small, a[drawn], y[drawn], recipe)
        return trained, wrong_bits(trained, a, y)

    return jax.vmap(one)(key_data, deep, a)


def wrong_at_start(data: Data) -> list[int]:
    """Wrong bits of the compiled networks as plain weights, before any training."""
    return np.asarray(program(_wrong, 0)(data.start, data.a, data.y)).tolist()


def _wrong(start: Deep, a, y) -> Array:
    return jax.vmap(wrong_bits, in_axes=(0, 0, None))(start, a, y)

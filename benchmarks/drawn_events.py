"""Drawn errors of Theorem 2 with their statistics, against the time to draw their random numbers alone.

Each neuron that a pair shares takes four uniform numbers, two normal ones and an exponential one. The limit draws the
same numbers for the same neurons of the same events, and adds them up. Seconds are CPU seconds, medians over rounds
that alternate the sides.

Run: python benchmarks/drawn_events.py [--events 4096] [--rounds 5]
"""

import argparse
import statistics

import jax
import jax.numpy as jnp
from timing import in_turn

from superposed.constructions import Bernoulli, Superposed
from superposed.measuring.errors import tally
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.theory.bernoulli_drawn import mean_over_shared

S, SLOTS, EPS = 3, 4, 0.5


def drawn(n_events: int, key, m, width, p):
    """Errors by stratum, tallied."""
    error = Superposed(Bernoulli()).draw(key, Problem(m, S), width, n_events, SLOTS, p)
    exists = ~jnp.isnan(error)
    return jax.vmap(tally)(jnp.where(exists, error, 0), exists)


def numbers_alone(n_events: int, key, width, p):
    """The sum of the random numbers, neuron by neuron."""
    shape = (3, n_events)

    def neuron(key):
        wired_key, noise_key = jax.random.split(key)
        return jax.random.uniform(wired_key, (SLOTS, *shape)).sum(0) + jax.random.normal(noise_key, (2, *shape)).sum(0)

    return mean_over_shared(jax.random.split(key, 3)[2], width, p**2, shape, neuron)


def main() -> None:
    """A line a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    construction, key = Superposed(Bernoulli()), jax.random.key(0)
    print("| m | neurons | events a second | errors, s | numbers alone, s | ratio |\n|---|---|---|---|---|---|")
    for m in (2.0**10, 2.0**20, 2.0**30):
        problem = Problem(int(m), S)
        width = jnp.float32(round(construction.predicted_width(problem, EPS, "q99")))
        p = construction.tune(problem, width)
        sides = {
            "errors": lambda m=m, width=width, p=p: program(drawn, 1, loops=True)(args.events, key, m, width, p),
            "numbers": lambda width=width, p=p: program(numbers_alone, 1, loops=True)(args.events, key, width, p),
        }
        times = in_turn(sides, args.rounds)
        errors, numbers = (statistics.median(times[name]) for name in ("errors", "numbers"))
        ratio = statistics.median(a / b for a, b in zip(times["errors"], times["numbers"], strict=True))
        rate = 3 * args.events / errors
        print(f"| {m:.3g} | {float(width):.3g} | {rate:.3g} | {errors:.4f} | {numbers:.4f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()

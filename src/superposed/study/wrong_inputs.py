"""How often inputs of built deep networks (Theorem 8) go wrong: counts of first wrong bits, and runs without one."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Int

from superposed.compiler.first_wrong import Runs, first_wrong_layers
from superposed.compiler.scanned import Plan
from superposed.fitting import proportion_interval
from superposed.study.deep_runs import upper_limit
from superposed.sweeping.steps import Steps
from superposed.theory.density_evolution import Design

PIECE = 256  # layers a program call of networks that run for long


@dataclass(frozen=True)
class Rate:
    """Built networks whose first wrong bits are counted, from layer `skip` + 1 on, when they have settled.

    Args:
      batch: inputs, random groups. None takes every group once.
      networks: of one run. runs: of networks of their own each, pooled.
    """

    width: int
    m: int
    layers: int
    batch: int | None
    networks: int = 1
    skip: int = 8
    runs: int = 1
    s: int = 2

    def steps(self) -> Steps:
        """One step a run."""
        shared = {"kind": "measured", **asdict(self)}
        del shared["runs"]
        return Steps(tuple({**shared, "seed": run * self.networks} for run in range(self.runs)), count_run)


def count_run(cell: dict) -> dict[str, float]:
    """How many inputs of one run go wrong, and how many do not."""
    n, m, depth = cell["networks"], cell["m"], cell["layers"]
    plan, seeds = Plan(Design(cell["width"], cell["s"]), m), range(cell["seed"], cell["seed"] + n)
    return count_first(first_wrong_layers(plan, [m] * n, seeds, depth, cell["batch"], PIECE), depth, cell["skip"])


def count_first(first: Int[np.ndarray, "networks batch"], depth: int, skip: int) -> dict[str, float]:
    """Inputs that went wrong after layer `skip`, the layers they were at risk in, and how many came together.

    Inputs that share a layer share its weights, and may be the same. `together` is the mean number of wrong inputs in
    a network's layer, each wrong input counted once: the factor by which the count scatters more than a Poisson one.

    Args:
      first: the first layer with a wrong bit, depth + 1 where there is none (`first_wrong_layers`).
    """
    settled, wrong = first > skip, (first > skip) & (first <= depth)
    places = Counter(zip(*np.nonzero(wrong)[:1], first[wrong], strict=True)).values()
    together = sum(k * k for k in places) / max(sum(places), 1)
    at_risk = np.minimum(first[settled], depth) - skip
    return {"wrong": int(wrong.sum()), "trials": int(at_risk.sum()), "together": max(together, 1.0)}


def pooled(counts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The chance that an input goes wrong in a layer, from several runs, with a 95% interval.

    The interval is the exact one of counts divided by how many wrong inputs come together. Without a wrong input
    `high` is the upper limit at 95%.
    """
    counts = list(counts)
    wrong, trials = (sum(count[key] for count in counts) for key in ("wrong", "trials"))
    together = sum(count["wrong"] * count["together"] for count in counts) / wrong if wrong else 1.0
    low, high = proportion_interval(round(wrong / together), round(trials / together))
    return {"wrong": wrong, "trials": trials, "low": low, "best": wrong / trials,
            "high": high if wrong else upper_limit(trials)}  # fmt: skip


def broke_at(plan: Runs, cell: Mapping, piece: int) -> dict[str, int | None]:
    """The first layer of one network in which any input has a wrong bit, None where there is none.

    Args:
      cell: has m, seed, depth and batch.
      piece: layers a program call.
    """
    size = [cell["m"]], [cell["seed"]], cell["depth"], cell["batch"]
    layer = int(first_wrong_layers(plan, *size, piece=piece, stop_at=1e-9).min())
    return {"broke_at": None if layer > cell["depth"] else layer}


@dataclass(frozen=True)
class Long:
    """One built network that runs to a great depth."""

    width: int
    m: int
    depth: int
    batch: int
    control: bool = False
    s: int = 2

    def cell(self) -> dict:
        """What the run depends on."""
        return {"kind": "long", "seed": 0, **asdict(self)}


def run_long(cell: dict) -> dict[str, int | None]:
    """The first layer with a wrong bit on any input, None where there is none."""
    return broke_at(Plan(Design(cell["width"], cell["s"]), cell["m"]), cell, PIECE if cell["depth"] > PIECE else 4)


def clean_run(cell: Mapping, first: int | None) -> tuple[str, str, str]:
    """(measured, verdict, why) of one network: "holds" without a wrong bit, with a limit on how often one can be."""
    if first is not None:
        return f"the first wrong bit in layer {first:,}", "fails", "one read-off on the wrong side"
    limit = upper_limit(cell["depth"] * cell["batch"])
    measured = f"0 wrong bits in {cell['depth']:,} layers; at 95% a layer errs on fewer than {limit:.1e} of inputs"
    why = "every read-off of every layer on the right side of 1/2; the limit takes inputs of a layer as independent"
    return measured, "holds", why

"""Deep networks run piece by piece, as chains of steps: a kill loses one piece, and every piece is a row."""

from collections.abc import Sequence
from itertools import tee
from math import expm1, log

import jax
import numpy as np
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.circuits.circuit import sparse_features
from superposed.circuits.planted import (
    group_features,
    group_layers,
    group_order,
    path_active,
    path_features,
    path_layers,
)
from superposed.compiler.channels import Channels
from superposed.compiler.channels_jax import Planted, code_for, run_planted
from superposed.compiler.channels_on_demand import ClosedGroups, run_groups
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import errors_and_states
from superposed.compiler.stacked import Stacked
from superposed.fitting import proportion_interval
from superposed.sweeping.steps import Chain


def deep_run(run: dict, construction: Channels | Corrected | Stacked, piece: int, stop_at: float | int) -> Chain:
    """One network, one planted circuit and a batch of inputs, `piece` layers a step; ends early in an avalanche.

    Args:
      run: the cell but for its piece; holds circuit ("groups" or "paths"), width, m, s, depth, batch and seed.
      construction: as the cell describes it.
      stop_at: wrong bits an input beyond which what follows is noise, and slow.
    """
    starts = range(0, run["depth"], piece)
    cells = tuple({**run, "first": first, "layers": min(piece, run["depth"] - first)} for first in starts)
    return Chain(cells, lambda cell, before: run_piece(cell, before, construction, stop_at))


def run_piece(
    cell: dict, before: dict | None, construction: Channels | Corrected | Stacked, stop_at: float | int
) -> dict:
    """Layers first + 1, ..., first + layers: their errors, and the state that the next piece goes on from."""
    m, s, first, n_layers = cell["m"], cell["s"], cell["first"], cell["layers"]
    features_key, layers_key, build_key = jax.random.split(jax.random.key(cell["seed"]), 3)
    if cell["circuit"] == "groups":
        active = group_features(features_key, m, s, cell["batch"])
        now, gates = group_order(layers_key, m, first)[active], group_layers(layers_key, m, s, n_layers, first)
    else:
        active = path_features(features_key, m, s, cell["batch"])
        now, gates = path_active(layers_key, active, m, first), path_layers(layers_key, active, m, n_layers, first)
    built, judged = tee(gates)  # side by side, so that one layer is in memory at a time
    stages = construction.stages(build_key, built, m, cell["width"], first)
    layers_seen, ended, state = [], False, None
    start = None if before is None else unpacked(before["state"])
    for errors, state_after in errors_and_states(stages, judged, sparse_features(now, m), start):
        layers_seen.append({name: plain(value) for name, value in errors._asdict().items()} | {"wrong": errors.wrong})
        state, ended = state_after, errors.wrong > stop_at * cell["batch"]
        if ended:
            break
    last = ended or first + n_layers == cell["depth"]
    return {"layers": layers_seen, "ended": ended, "state": None if last else packed(state)}


def run_channels(cell: dict) -> dict:
    """One network of channels: closed groups by what active units are wired to, paths with the wires of whole layers.

    On an accelerator `compiler.channels_jax` runs paths, and draws other circuits and codes.
    """
    if cell["circuit"] == "groups":
        groups = ClosedGroups(cell["m"], cell["s"], cell["depth"], cell["batch"])
        layers = [seen._asdict() for seen in run_groups(jax.random.key(cell["seed"]), groups, cell["width"], cell["c"])]
    elif jax.default_backend() != "cpu":
        return _run_on_device(cell)
    else:
        piece = {**cell, "first": 0, "layers": cell["depth"]}
        layers = run_piece(piece, None, Channels(cell["s"], cell["c"]), stop_at=10)["layers"]
    broke_at = next((n for n, layer in enumerate(layers, start=1) if layer["wrong"]), None)
    totals = {name: sum(layer[name] for layer in layers) for name in ("wrong", "lost")}
    return {"broke_at": broke_at, "layers": len(layers), **totals}


def _run_on_device(cell: dict) -> dict:
    """One network of paths by one JAX program."""
    code = code_for(cell["width"], cell["c"], cell["m"])
    planted = Planted(cell["m"], cell["s"], cell["depth"], cell["batch"], code, cell["circuit"])
    layers, wrong, lost, _ = (int(n) for n in run_planted(jax.random.key(cell["seed"]), planted))
    ran = layers + (wrong > 0)
    return {"broke_at": ran if wrong else None, "layers": ran, "wrong": wrong, "lost": lost}


def plain(value: float | int) -> float | int | None:
    """The number, None where it is infinite: the lowest of no read-off at all."""
    return value if np.isfinite(value) else None


def packed(h: sp.csr_array) -> dict:
    """A state as plain JSON; values are left out where all are one."""
    values = None if np.all(h.data == 1) else h.data.tolist()
    return {"shape": list(h.shape), "starts": h.indptr.tolist(), "units": h.indices.tolist(), "values": values}


def unpacked(state: dict) -> sp.csr_array:
    """The state that was `packed`."""
    units = np.array(state["units"], np.int32)
    values = np.ones(len(units), np.float32) if state["values"] is None else np.array(state["values"], np.float32)
    return sp.csr_array((values, units, np.array(state["starts"], np.int32)), shape=tuple(state["shape"]))


def layers_of(results: list[dict]) -> list[dict]:
    """The layers of a chain's pieces, one dict a layer, numbered from 1."""
    return [
        {"layer": n, **layer}
        for n, layer in enumerate((layer for piece in results for layer in piece["layers"]), start=1)
    ]


def upper_limit(trials: int) -> float:
    """The chance of an event that may still be, at 95% confidence, when none was seen: 1 - .05^(1/trials).

    About 3/trials (Clopper and Pearson 1934). Trials count as independent.

    Raises:
      InputError: no trial, from which nothing follows.
    """
    if trials < 1:
        raise InputError("trials", trials, "at least one trial tells something; use 1 or more")
    return -expm1(log(0.05) / trials)


def no_wrong_bit(layers: list[dict], depth: int, batch: int) -> tuple[str, str, str]:
    """(verdict, measured, why): "holds" when all `depth` layers ran without a wrong bit, else "fails"; no other word.

    A check on random inputs that finds nothing gives an upper limit on the chance that a layer errs on an input.
    """
    wrong = sum(layer["wrong"] for layer in layers)
    first = next((layer["layer"] for layer in layers if layer["wrong"]), None)
    if first is None and len(layers) == depth:
        limit = upper_limit(depth * batch)
        why = f"no read-off was on the wrong side; at 95% a layer errs on fewer than {limit:.1e} of inputs"
        return "holds", f"0 wrong bits in {depth} layers", why
    cut = "" if len(layers) == depth else f", stopped after layer {len(layers)}"
    measured = f"{wrong:,} wrong bits, the first in layer {first}{cut}"
    return "fails", measured, "at least one read-off was on the wrong side of the threshold"


def no_wrong_bits(networks: Sequence[list[dict]], depth: int, batch: int) -> tuple[str, str, str]:
    """`no_wrong_bit` of several networks: "holds" when it holds for all of them."""
    first = [next((layer["layer"] for layer in layers if layer["wrong"]), None) for layers in networks]
    broken, n = sorted(layer for layer in first if layer is not None), len(networks)
    low, high = proportion_interval(len(broken), n)
    chance = f"a network fails with chance {low:.2f} to {high:.2f} at 95%"
    if broken:  # a network stops early only where bits are wrong
        between = f"{broken[0]}" if broken[0] == broken[-1] else f"{broken[0]} to {broken[-1]}"
        return "fails", f"{len(broken)} of {n} networks have wrong bits, the first in layer {between}", chance
    limit = upper_limit(n * depth * batch)
    why = f"{chance}, and a layer errs on fewer than {limit:.1e} of inputs"
    return "holds", f"0 wrong bits in {depth} layers of {n} networks", why

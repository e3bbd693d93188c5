"""What fits into memory here: checked before the work, because a process that is killed for memory says nothing."""

import os
from pathlib import Path

import jax

from superposed.bad_input import InputError
from superposed.constructions.base import Construction
from superposed.measuring.measure import bucket
from superposed.measuring.sampling import Sampling
from superposed.networks.problem import Problem

COPIES = 8
"""Arrays as large as weights and codes that building holds at once: two networks, each drawn, wired, multiplied."""
MOST_SHARED = 1e5
"""Neurons a gate may share, d p^k, where errors are drawn: they are met one after the other."""
MOST_SEEDS = 10**6
CGROUPS = Path("/sys/fs/cgroup")


def check_size(width: int, problem: Problem, construction: Construction, sampling: Sampling, mode: str) -> None:
    """Raises InputError for a network that can't be measured here, or that the construction refuses."""
    if width < 1:
        raise InputError("width", width, "a network has one neuron or more")
    if mode == "drawn":
        needed = 4 * COPIES * 3 * sampling.inputs * (problem.s + 2) ** 2
        if needed > memory():
            rule = f"{sampling.inputs} events need {in_gib(needed)}; lower --inputs-per-seed or --s"
            raise InputError("s", problem.s, rule)
        if (shared := shared_neurons(width, problem, construction)) > MOST_SHARED:
            raise InputError(
                "width", width, f"a pair shares {shared:.3g} neurons at this density, more than the {MOST_SHARED:g} "
                "that can be drawn one by one; lower --density or --width",
            )  # fmt: skip
    elif (needed := bytes_to_build(width, problem.m, construction)) > memory():
        raise InputError(
            "width", width, f"weights and codes of {problem.m} features do not fit, they need {in_gib(needed)}; "
            "use --mode drawn, or a smaller --width or --d-in",
        )  # fmt: skip
    construction.check(problem, width)


def check_seeds(seeds: int) -> None:
    """Raises InputError for no seed, or for more than can be kept in mind."""
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError("seeds", seeds, f"measure 1 to {MOST_SEEDS:,} networks")


def most_width(problem: Problem, construction: Construction, mode: str) -> int:
    """The widest network that a search tries: 2^34 neurons drawn, 2^16 built, less where they do not fit."""
    if mode == "drawn":
        fits, most = lambda width: shared_neurons(width, problem, construction) <= MOST_SHARED, 2**34
    else:
        fits, most = lambda width: bytes_to_build(width, problem.m, construction) <= memory(), 2**16
    while most > 1 and not fits(most):
        most //= 2
    return most


def bytes_to_build(width: int, m: int, construction: Construction) -> int:
    """What a block of networks takes at most, in bytes."""
    rows = bucket(width)
    code = construction.input_dimension(Problem(m, 1), rows) if construction.places_features else 0
    return 4 * COPIES * (rows + code) * m


def shared_neurons(width: int, problem: Problem, construction: Construction) -> float:
    """d p^k, the neurons that a drawn read-off meets one after the other; 0 for laws that do not meet them."""
    p = construction.tune(problem, width)
    return 0.0 if p is None else width * float(p) ** construction.fan_in


def memory() -> int:
    """Bytes this process may use: those of the device that measures where it has its own, else the machine's.

    A limit of the control group (Slurm, containers) or of `ulimit -v` counts where it is lower.
    """
    stats = jax.devices()[0].memory_stats() or {}
    if "bytes_limit" in stats:
        return stats["bytes_limit"]
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_cgroup_limits(), *_process_limits()])


def _cgroup_limits(groups: Path = Path("/proc/self/cgroup"), root: Path = CGROUPS) -> list[int]:
    """Memory limits of this process's control group and of those around it, versions 2 and 1, in bytes."""
    try:
        lines = [line.split(":", 2) for line in groups.read_text().splitlines()]
    except OSError:
        return []
    files = []
    for _, controllers, group in lines:
        if controllers == "" or "memory" in controllers.split(","):
            base, name = (root, "memory.max") if controllers == "" else (root / "memory", "memory.limit_in_bytes")
            here = Path(group.lstrip("/"))
            files += [base / part / name for part in (here, *here.parents)]
    limits = [file.read_text().strip() for file in files if file.is_file()]
    return [int(text) for text in limits if text.isdecimal()]


def _process_limits() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows
        return []
    limits = (resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    return [limit for limit in limits if limit != resource.RLIM_INFINITY]


def in_gib(n_bytes: float) -> str:
    """Bytes in GiB, and how many there are."""
    return f"{n_bytes / 2**30:.3g} GiB of the {memory() / 2**30:.3g} GiB here"

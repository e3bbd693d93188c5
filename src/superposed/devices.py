"""Devices: how many of this process's share the work of one program, each with its part of the arrays."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from math import prod

import jax
import numpy as np
from jax.sharding import Mesh

from superposed.bad_input import InputError

DEVICES: ContextVar[int | None] = ContextVar("devices", default=None)
"""How many devices are used where a caller names no number; None takes all."""


def check_devices(devices: int) -> None:
    """Raises InputError for fewer devices than one, or for more than this process has."""
    there = jax.local_device_count()
    if not 1 <= devices <= there:
        raise InputError("devices", devices, f"this process has {there}; use 1 to {there}, or leave it out for all")


def wanted_devices(devices: int | None = None) -> int:
    """How many devices a caller wants, who says so, or leaves it to DEVICES, or else to their number.

    Raises:
      InputError: as `check_devices`.
    """
    devices = DEVICES.get() if devices is None else devices
    if devices is None:
        return jax.local_device_count()
    check_devices(devices)
    return devices


def even_share(parts: int, devices: int | None = None) -> int:
    """The largest number of devices, up to those that are wanted, to which `parts` can be dealt evenly.

    Args:
      devices: as for `wanted_devices`.

    Raises:
      InputError: as `check_devices`.
    """
    most = min(wanted_devices(devices), parts)
    return max(n for n in range(1, most + 1) if parts % n == 0)


def over_devices(function: Callable, axes: Mapping[str, int], in_specs: object, out_specs: object) -> Callable:
    """The function with its arrays dealt to devices.

    Args:
      axes: {name: devices along it}. Specifications name the axes.
    """
    n = prod(axes.values())
    if n == 1:
        return function
    mesh = Mesh(np.array(jax.local_devices()[:n]).reshape(*axes.values()), tuple(axes))
    return jax.shard_map(function, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False)

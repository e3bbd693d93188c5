"""The state of a training on disk: one safetensors file, replaced whole."""

import json
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from superposed.bad_input import InputError
from superposed.files import write_whole
from superposed.training.trained import State

NAME = "training.safetensors"


def save_checkpoint(folder: Path, state: State, losses: Float[np.ndarray, "n steps"], identity: dict) -> None:
    """Write state, losses and what they belong to. A kill leaves the old file or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    leaves = {f"state.{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(state))}
    tensors = leaves | {"losses": np.ascontiguousarray(losses)}
    write_whole(folder / NAME, save(tensors, metadata={"identity": json.dumps(identity)}))


def load_checkpoint(folder: Path, like: State, identity: dict) -> tuple[State, Float[np.ndarray, "n steps"]] | None:
    """(state, losses) as they were saved; None where nothing was.

    Args:
      like: a state with the same structure.

    Raises:
      InputError: the file belongs to another training, or is none.
    """
    path = folder / NAME
    if not path.exists():
        return None
    try:
        with safe_open(path, "numpy") as file:
            kept = json.loads(file.metadata()["identity"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, a handle and no dict
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            "folder", str(folder), f"{NAME} is no checkpoint ({error}); remove it, or choose another"
        ) from None
    differing = sorted(key for key in kept.keys() | identity.keys() if kept.get(key) != identity.get(key))
    if differing:
        rule = f"holds the checkpoint of another training (it differs in {', '.join(differing)})"
        raise InputError("folder", str(folder), f"{rule}; choose another folder, or remove {NAME} to start anew")
    leaves = [tensors[f"state.{i}"] for i in range(len(tensors) - 1)]
    return jax.tree.unflatten(jax.tree.structure(like), leaves), tensors["losses"]

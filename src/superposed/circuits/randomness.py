"""NumPy randomness that a JAX key determines."""

import jax
import numpy as np
from jaxtyping import Array, Key


def host_rng(key: Key[Array, ""]) -> np.random.Generator:
    """A NumPy generator that the key determines, for index arrays too long and too varied in length to compile."""
    return np.random.default_rng(np.asarray(jax.random.bits(key, (4,))).tolist())

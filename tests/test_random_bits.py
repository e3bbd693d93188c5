"""The generator gives the bits of JAX's own threefry."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.random_bits import written_out

ENTROPY = jnp.array([0xDEADBEEF, 7], jnp.uint32)
DRAWS = {
    "bits": lambda key: jax.random.bits(key, (3, 5)),
    "bytes": lambda key: jax.random.bits(key, (9,), jnp.uint8),
    "one number": jax.random.uniform,
    "normal": lambda key: jax.random.normal(key, (1001,)),
    "fold_in": lambda key: jax.random.key_data(
        jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(2**31 - 3, 2**31))
    ),
    "split": lambda key: jax.random.key_data(jax.random.split(key, 3)),
    "rows": lambda key: jax.vmap(lambda i: jax.random.bits(jax.random.fold_in(key, i), (4,)))(jnp.arange(6)),
}


@pytest.mark.parametrize("draw", DRAWS)
def test_bits_are_those_of_jax(draw):
    key = jax.random.wrap_key_data(ENTROPY, impl="threefry2x32")
    assert jax.random.key_impl(written_out(key)) != "threefry2x32"
    np.testing.assert_array_equal(DRAWS[draw](written_out(key)), DRAWS[draw](key))


def test_keys_of_other_generators_stay_as_they_are():
    key = jax.random.key(3, impl="rbg")
    assert written_out(key) is key

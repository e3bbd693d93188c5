"""Channels at any depth as one program, run as Theorem 8's network is (`scanned`): a scan over layers of a circuit.

Both take the same planted circuits of closed groups and the same inputs from the same key. The wires of a layer are
made from its key when its turn comes, so memory does not grow with the depth. `channels_jax` has the layer itself.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec
from jaxtyping import Array, Int, Key

from superposed.compiler.channels_jax import Code, code_for, read, step, wires
from superposed.compiler.gate_table import group_order, group_table, input_groups


class ChannelState(NamedTuple):
    """What one layer hands to the next.

    Args:
      active: the units that are on, D where there are fewer than K.
      groups: the number of the active group, which stays the same. Each layer's order says which features it holds.
    """

    active: Int[Array, "batch K"]
    groups: Int[Array, " batch"]


class ChannelPlan(NamedTuple):
    """What is fixed while a program runs; static, as `scanned.Plan`.

    Args:
      code: of every layer. s: active features. rows: of the arrays, at least the largest m.
      room: K, units that may be on in one input; an input with more counts as wrong.
    """

    code: Code
    s: int
    rows: int
    room: int = 96

    @property
    def width(self) -> int:
        """D, units of a layer, each one neuron in each of two ReLU layers."""
        return sum(self.code.sizes)

    @property
    def dealt(self) -> PartitionSpec:
        """How states [networks, inputs, ...] are dealt to devices."""
        return PartitionSpec("networks", "inputs")

    def start(self, batch: int | None, key: Key[Array, ""], m: Int[Array, ""] | int) -> ChannelState:
        """The encoded inputs: a group of features each, the same as `scanned.start_groups` takes."""
        groups = input_groups(jax.random.split(key)[1], batch, m, self.s, self.rows)
        units = self.code.units(groups[:, None] * self.s + jnp.arange(self.s)).reshape(len(groups), -1)
        units = jax.vmap(lambda u: jnp.unique(u, size=u.size, fill_value=self.width))(units)
        spare = ((0, 0), (0, self.room - units.shape[1]))
        return ChannelState(jnp.pad(units, spare, constant_values=self.width).astype(jnp.int32), groups)

    def run(
        self,
        n_layers: int,
        key: Key[Array, ""],
        m: Int[Array, ""] | int,
        first: Int[Array, ""] | int,
        state: ChannelState,
    ) -> tuple[ChannelState, Int[Array, "layers batch"]]:
        """Layers first + 1, ..., first + n_layers, and each one's wrong bits. Pure: vmap it over keys, m and states."""
        circuit_key, _ = jax.random.split(key)

        def one_layer(state, layer):
            table = group_table(circuit_key, layer, m, self.s, self.rows)
            inputs = jnp.where((jnp.arange(self.rows) < m)[:, None], table.inputs, -1)
            active, n_on = step(wires(self.code, inputs, self.width), state.active, 2 * len(self.code.sizes))
            order = group_order(circuit_key, layer, m, self.rows)
            features = order[state.groups[:, None] * self.s + jnp.arange(self.s)]
            n_read, kept, _ = jax.vmap(lambda on, these: read(self.code, self.width, m, on, these))(active, features)
            wrong = jnp.where(n_on > self.room, m, n_read - kept + self.s - kept)
            return ChannelState(active, state.groups), wrong

        return jax.lax.scan(one_layer, state, first + 1 + jnp.arange(n_layers))


def channel_plan(width: int, c: int, s: int, m: int, room: int = 96) -> ChannelPlan:
    """The plan of m features in at most `width` units, c a feature. Raises InputError as `code_for`."""
    return ChannelPlan(code_for(width, c, m), s, m, max(room, s * c))

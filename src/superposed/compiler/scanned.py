"""Theorem 8's network at any depth as one program: a scan over layers, each made from its key when its turn comes.

Memory holds one layer whatever the depth. States are the features' read-offs; `corrected_arrays` has the layers.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec
from jaxtyping import Array, Bool, Float, Int, Key

from superposed.compiler.corrected_arrays import Form, apply_ands, draw_and_layer, draw_code, read_code, write_code
from superposed.compiler.gate_table import GateTable, group_table, input_groups
from superposed.theory.density_evolution import Design


class State(NamedTuple):
    """What one layer hands to the next.

    Args:
      read: R, the read-offs of all features.
      truth: the features themselves.
    """

    read: Float[Array, "m *batch"]
    truth: Bool[Array, "m *batch"]


class LayerErrors(NamedTuple):
    """How the read-offs of a layer compare with the truth, for every input.

    Args:
      wrong: features read on the wrong side of 1/2.
      lowest_active, highest_idle: the smallest read-off of a feature that is on, the largest of one that is off.
      square: mean square of read-off - truth.
    """

    wrong: Int[Array, "*batch"]
    lowest_active: Float[Array, "*batch"]
    highest_idle: Float[Array, "*batch"]
    square: Float[Array, "*batch"]


class Plan(NamedTuple):
    """What is fixed while a program runs. The number of features m is not: networks of several m share a program.

    Args:
      design: sizes and thresholds.
      rows: of the arrays, at least the largest m; no result depends on it.
      reset: "identity" is the control without rounding.
      form: how sums are computed; None takes what this backend does faster.
    """

    design: Design
    rows: int
    reset: Literal["round", "identity"] = "round"
    form: Form | None = None

    @property
    def s(self) -> int:
        """Active features."""
        return self.design.s

    @property
    def sums(self) -> Form:
        """The form of sums."""
        return self.form or ("scattered" if jax.default_backend() == "cpu" else "dense")

    @property
    def dealt(self) -> PartitionSpec:
        """How states [networks, rows, inputs] are dealt to devices."""
        return PartitionSpec("networks", None, "inputs")

    def start(self, batch: int | None, key: Key[Array, ""], m: Int[Array, ""] | int) -> State:
        """The encoded inputs of one network: a group of features each, as `start_groups`."""
        return start_groups(self, batch, key, m)

    def run(
        self, n_layers: int, key: Key[Array, ""], m: Int[Array, ""] | int, first: Int[Array, ""] | int, state: State
    ) -> tuple[State, Int[Array, "layers batch"]]:
        """Layers first + 1, ..., first + n_layers, and each one's wrong bits. Pure: vmap it over keys, m and states."""
        state, errors = run_groups(self, n_layers, key, m, first, state)
        return state, errors.wrong


def rounded(u: Float[Array, "*shape"], design: Design) -> Float[Array, "*shape"]:
    """`Design.rounded` inside a program."""
    size, slope = jnp.abs(u), 1 / (1 - 2 * design.edge)
    steps = sum(jnp.clip((size - shift - design.edge) * slope, 0, 1) for shift in range(design.top))
    return jnp.sign(u) * steps


def encode(key: Key[Array, ""], truth: Bool[Array, "rows *batch"], m: Int[Array, ""] | int, plan: Plan) -> State:
    """The inputs' features in the first code, and what is read from it."""
    encoding_key, _ = jax.random.split(key)
    code = draw_code(encoding_key, m, plan.rows, plan.design)
    h = write_code(code, truth.astype(jnp.float32), plan.design.units, plan.sums)
    return State(read_code(code, h, plan.sums), truth)


def layer_keys(key: Key[Array, ""], layer: Int[Array, ""] | int) -> tuple[Key[Array, ""], Key[Array, ""]]:
    """The keys of layer 1, 2, ...: of its ANDs and of its correction."""
    _, layers_key = jax.random.split(key)
    return tuple(jax.random.split(jax.random.fold_in(layers_key, layer)))


def next_state(
    key: Key[Array, ""],
    layer: Int[Array, ""] | int,
    state: State,
    table: GateTable,
    m: Int[Array, ""] | int,
    plan: Plan,
) -> tuple[State, LayerErrors]:
    """The state after a layer of ANDs and its correction, and its errors."""
    and_key, code_key = layer_keys(key, layer)
    design = plan.design
    r = apply_ands(draw_and_layer(and_key, table, m, design), table.inputs, design, state.read, plan.sums)
    code = draw_code(code_key, m, plan.rows, design)
    u = write_code(code, r, design.units, plan.sums)
    read = read_code(code, rounded(u, design) if plan.reset == "round" else u, plan.sums)
    after = State(read, state.truth[table.inputs].all(1))
    return after, errors_of(after, m)


def errors_of(state: State, m: Int[Array, ""] | int) -> LayerErrors:
    """The read-offs against the truth."""
    read, truth = state
    exists = (jnp.arange(len(read)) < m).reshape(-1, *[1] * (read.ndim - 1))
    return LayerErrors(
        ((read > 0.5) != truth).sum(0),
        jnp.where(truth, read, jnp.inf).min(0),
        jnp.where(truth | ~exists, -jnp.inf, read).max(0),
        ((read - truth) ** 2).sum(0) / m,
    )


def run_groups(
    plan: Plan, n_layers: int, key: Key[Array, ""], m: Int[Array, ""] | int, first: Int[Array, ""] | int, state: State
) -> tuple[State, LayerErrors]:
    """Layers first + 1, ..., first + n_layers of a planted circuit of closed groups, errors stacked layer by layer.

    A pure function: vmap it over keys, m and states for many networks. m is a multiple of s.
    """
    circuit_key, build_key = jax.random.split(key)

    def one_layer(state, layer):
        table = group_table(circuit_key, layer, m, plan.design.s, plan.rows)
        return next_state(build_key, layer, state, table, m, plan)

    return jax.lax.scan(one_layer, state, first + 1 + jnp.arange(n_layers))


def start_groups(plan: Plan, batch: int | None, key: Key[Array, ""], m: Int[Array, ""] | int) -> State:
    """The encoded inputs of one network: the features of a group each (`input_groups`)."""
    build_key, s = jax.random.split(key)[1], plan.s
    groups = input_groups(build_key, batch, m, s, plan.rows)
    return encode(build_key, jnp.arange(plan.rows)[:, None] // s == groups, m, plan)

"""Deep networks of sparse layers that run a circuit, and the count of their wrong bits layer by layer."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from superposed.circuits.circuit import Circuit, Gates, evaluate_active
from superposed.compiler.sparse import SparseLayer
from superposed.compiler.steps import StepLayer


class Stage(NamedTuple):
    """The ReLU layers that compute one layer of a circuit, and how its features lie in the state they hand on.

    The stage of layer 0 has no ReLU layers: its `code` encodes the inputs.

    Args:
      layers: applied from first to last to the state of the stage before.
      code: the features' directions [n, D]: row k is the state when feature k alone is active.
      read: the read-off vectors [D, n], in columns: h @ read is near 1 for active features and near 0 for others.
      threshold: a bit is one when its read-off exceeds this.
    """

    layers: tuple[SparseLayer | StepLayer, ...]
    code: sp.csr_array
    read: sp.csr_array
    threshold: float


class SparseNetwork(NamedTuple):
    """A network that runs a circuit: stages[0] encodes the inputs, stages[l] computes layer l."""

    stages: tuple[Stage, ...]

    @property
    def width(self) -> int:
        """ReLU neurons in the widest layer."""
        return max(layer.width for stage in self.stages for layer in stage.layers)

    @property
    def state(self) -> int:
        """The largest dimension of a state that one layer of the circuit hands on to the next."""
        return max(stage.layers[-1].units for stage in self.stages if stage.layers)


class StageErrors(NamedTuple):
    """How the read-offs of one circuit layer compare with the truth, summed over a batch of inputs.

    Args:
      lost: active features read as zero.
      invented: idle features read as one.
      wrong_inputs: inputs with at least one wrong bit.
      lowest_active, highest_idle: the smallest and largest read-off of features that are one and zero.
      sum_squares: of read-off - truth, over all features.
      extra_units: state entries above 1/2 in modulus beyond those that the active features' codes have, summed.
      neurons: ReLU neurons in the stage's widest layer; units: the state's dimension.
    """

    lost: int
    invented: int
    wrong_inputs: int
    lowest_active: float
    highest_idle: float
    sum_squares: float
    extra_units: int
    neurons: int
    units: int

    @property
    def wrong(self) -> int:
        return self.lost + self.invented


def run(stage: Stage, h: sp.csr_array) -> sp.csr_array:
    """The stage's state from the state before it."""
    for layer in stage.layers:
        h = layer(h)
    return h


def read_bits(stage: Stage, h: sp.csr_array) -> sp.csr_array:
    """The bits [batch, n] read from a state: ones where h @ read exceeds the threshold (which is above zero)."""
    read = h @ stage.read
    read.data = (read.data > stage.threshold).astype(np.float32)
    read.eliminate_zeros()
    return read


def compare(stage: Stage, h: sp.csr_array, truth: sp.csr_array) -> StageErrors:
    """The stage's read-offs of state h against the true features [batch, n]."""
    read = h @ stage.read
    n = truth.shape[1]
    ones = np.sort(_places(truth, n))
    at = _places(read, n)
    found = np.minimum(np.searchsorted(ones, at), max(len(ones) - 1, 0))
    is_one = ones[found] == at if len(ones) else np.zeros(len(at), bool)
    one = np.zeros(len(ones))  # the read-off of every active feature: zero where the product has no entry
    one[found[is_one]] = read.data[is_one]
    zero = read.data[~is_one].astype(np.float64)
    lost, invented = one <= stage.threshold, zero > stage.threshold
    some_untouched = len(one) + len(zero) < truth.shape[0] * n
    return StageErrors(
        lost=int(lost.sum()),
        invented=int(invented.sum()),
        wrong_inputs=len(set((ones[lost] // n).tolist()) | set((at[~is_one][invented] // n).tolist())),
        lowest_active=float(one.min(initial=np.inf)),
        highest_idle=float(zero.max(initial=0.0 if some_untouched else -np.inf)),
        sum_squares=float(((one - 1) ** 2).sum() + (zero**2).sum()),
        extra_units=int((np.abs(h.data) > 0.5).sum() - (np.abs((truth @ stage.code).data) > 0.5).sum()),
        neurons=max((layer.width for layer in stage.layers), default=0),
        units=stage.code.shape[1],
    )


def _places(matrix: sp.csr_array, n: int) -> np.ndarray:
    """Row n + column of every stored entry."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int64) * n, np.diff(matrix.indptr)) + matrix.indices


def errors_by_depth(
    stages: Iterable[Stage], layers: Iterable[Gates], b: sp.csr_array, stop_at: float | int = np.inf
) -> Iterator[StageErrors]:
    """Runs stages and circuit side by side, one layer in memory at a time, and compares them after every layer.

    Args:
      stages: as a construction's `stages` yields them, the encoding first.
      layers: the circuit's layers of gates.
      b: inputs [batch, m].
      stop_at: end after a layer with more wrong bits than this many an input: what follows is noise, and slow.
    """
    for errors, _ in errors_and_states(stages, layers, b):
        yield errors
        if errors.wrong > stop_at * b.shape[0]:
            return


def errors_and_states(
    stages: Iterable[Stage], layers: Iterable[Gates], b: sp.csr_array, h: sp.csr_array | None = None
) -> Iterator[tuple[StageErrors, sp.csr_array]]:
    """As `errors_by_depth`, with the state [batch, D] after every layer; starts from the state h if one is given."""
    stages = iter(stages)
    code = next(stages).code
    h = b @ code if h is None else h
    for gates, stage in zip(layers, stages, strict=True):
        h = run(stage, h)
        b = evaluate_active(gates, b)
        yield compare(stage, h, b), h


def run_network(network: SparseNetwork, b: sp.csr_array) -> Iterator[sp.csr_array]:
    """The state after every stage on inputs b, the encoded inputs first."""
    h = b @ network.stages[0].code
    yield h
    for stage in network.stages[1:]:
        h = run(stage, h)
        yield h


def check_network(network: SparseNetwork, circuit: Circuit, b: sp.csr_array) -> list[StageErrors]:
    """`errors_by_depth` of a whole network."""
    return list(errors_by_depth(network.stages, circuit.layers, b))


def has_wrong_bits(network: SparseNetwork, layers: Iterable[Gates], b: sp.csr_array) -> np.ndarray:
    """For each input [batch, m] whether a read-off of any layer is on the wrong side of its threshold.

    An input is followed to its first wrong bit only, since what comes after is noise, and slow.
    """
    encoding, *stages = network.stages
    wrong, row, h = np.zeros(b.shape[0], bool), np.arange(b.shape[0]), b @ encoding.code
    for stage, gates in zip(stages, layers, strict=True):
        h, b = run(stage, h), evaluate_active(gates, b)
        differs = abs(read_bits(stage, h) - b).sum(1) > 0
        wrong[row[differs]] = True
        right = np.flatnonzero(~differs)
        row, h, b = row[right], h[right], b[right]
    return wrong

"""Many small ReLU networks inside one large one, each neuron shared by several of them.

D neurons are n blocks of P = D/n places. Small circuit t puts its neuron i on S places of block i, the same places in
every block, and any two circuits share at most one place. An input turns on a few circuits; all others should stay 0.

    read     R_t = (1/S + u) sum of H over t's places - u sum of H over all places,   u = q / ((S - q) S)
    write    H' = ReLU(sum over circuits t on a place of (w_t R_t + b_t on_t) + bias)

q is the mean overlap of two circuits, so that u makes an idle circuit read 0 on average. The first two neurons of a
circuit tell whether it is on: ReLU(2 on - 1/2) and ReLU(2 on - 3/2), whose difference is 0 below 1/4 and 1 above 3/4.
Both steps together are one matrix, so this is a plain ReLU network of D neurons a layer (`dense_layer`).

Source: Bushnaq and Mendel, "Circuits in superposition", 2024; Linsefors and Bushnaq, "Circuits in superposition 2",
2025. Places by lines and the error law are derived here.
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np
import scipy.sparse as sp
from jaxtyping import Bool, Float, Int

from superposed.bad_input import InputError

INDICATORS = 2


def progressions(n_places: int, size: int, *, shared_ends: bool = False) -> Int[np.ndarray, "circuits size"]:
    """Sets {n + step k : k < size} of which any two share at most one place, by admissible steps.

    A step is admissible when no prime below `size` divides it, powers of a composite `size` apart: two different
    admissible steps then meet in at most one place. With one step, the sets follow one another without overlap: 557 at
    250 places of size 6. With `shared_ends` each set begins where the last one ended, which shares one place: 611.
    """
    _check_places(n_places, size)
    small = [p for p in range(2, size) if _is_prime(p)]
    stride = size - 1 if shared_ends else size
    sets = []
    for step in range(1, (n_places - 1) // (size - 1) + 1):
        rest = step
        while not _is_prime(size) and rest % size == 0:
            rest //= size
        if any(rest % p == 0 for p in small):
            continue
        for first in range(min(step, n_places)):
            residue = np.arange(first, n_places, step)
            starts = range(0, len(residue) - size + 1, stride)
            sets += [residue[start : start + size] for start in starts]
    return np.array(sets, int).reshape(-1, size)


def lines(n_places: int, size: int) -> Int[np.ndarray, "circuits size"]:
    """Sets {(x, a x + c mod q) : x < size}, q the largest prime up to n_places/size: q^2 sets, two share at most one.

    Two lines of different slope a meet once. This gives 1681 sets at 250 places of size 6; pairs can't be used twice,
    so no more than n_places (n_places - 1) / (size (size - 1)) = 2075 exist (`most_possible`).

    Raises:
      InputError: there are fewer than size^2 places or so, and no prime q >= size fits.
    """
    _check_places(n_places, size)
    q = next((q for q in range(n_places // size, size - 1, -1) if _is_prime(q)), None)
    if q is None:
        raise InputError("n_places", n_places, f"lines of size {size} need a prime of places a column; use more places")
    a, c, x = np.meshgrid(np.arange(q), np.arange(q), np.arange(size), indexing="ij")
    return (x * q + (a * x + c) % q).reshape(-1, size)


def most_possible(n_places: int, size: int) -> int:
    """No more sets than this share at most one place two by two: each uses up size (size - 1)/2 pairs of places."""
    return n_places * (n_places - 1) // (size * (size - 1))


def largest_overlap(sets: Int[np.ndarray, "circuits size"], n_places: int) -> int:
    """The most places that two of the sets share."""
    members = np.zeros((len(sets), n_places), np.float32)
    members[np.arange(len(sets))[:, None], sets] = 1
    overlap = members @ members.T
    np.fill_diagonal(overlap, 0)
    return int(overlap.max(initial=0))


@dataclass(frozen=True, eq=False)
class SmallCircuits:
    """T small circuits in one network, with the same n_small neurons a layer each.

    The places of a layer are an array [circuits, S]. They must be drawn anew for each layer, because circuits that
    share a place twice in a row hand each other's values on.

    Args:
      weights, biases: of each circuit, the same in every layer, h -> ReLU(w h + b).
      n_places: P.
      size: S, places of each circuit.
      lift: every neuron's threshold b; circuits that are on make up for it. It keeps idle circuits silent.
    """

    weights: Float[np.ndarray, "circuits n_small n_small"]
    biases: Float[np.ndarray, "circuits n_small"]
    n_places: int
    size: int
    lift: float = 1.0

    @property
    def read_weights(self) -> tuple[float, float]:
        """(1/S + u, u)."""
        n, size = len(self.weights), self.size
        q = size * (n * size / self.n_places - 1) / (n - 1) if n > 1 else 0.0
        q = max(q, 0.0)
        u = q / ((size - q) * size)
        return 1 / size + u, u

    def encode(
        self,
        on: Bool[np.ndarray, "circuits batch"],
        h: Float[np.ndarray, "circuits n_small batch"],
        sets: Int[np.ndarray, "circuits size"],
    ) -> Float[np.ndarray, "places n batch"]:
        """H with the circuits that are on, exactly: the sum over them of what each writes on its places."""
        full = np.concatenate([np.where(on, x, 0)[:, None] for x in (1.5, 0.5)] + [h * on[:, None]], axis=1)
        return self._spread(full, sets)

    def read(
        self, state: Float[np.ndarray, "places n batch"], sets: Int[np.ndarray, "circuits size"]
    ) -> Float[np.ndarray, "circuits n batch"]:
        """R of every circuit: its indicators first, then its neurons."""
        on, off = self.read_weights
        members = self._members(sets)
        sums = (members @ state.reshape(self.n_places, -1)).reshape(len(sets), *state.shape[1:])
        return on * sums - off * state.sum(axis=0)

    def layer(
        self,
        state: Float[np.ndarray, "places n batch"],
        before: Int[np.ndarray, "circuits size"],
        after: Int[np.ndarray, "circuits size"],
    ) -> Float[np.ndarray, "places n batch"]:
        """The next state. `before` and `after` are the circuits' places in the two layers."""
        return np.maximum(self._linear(state, before, after) + self._bias[:, None], 0)

    def dense_layer(
        self, before: Int[np.ndarray, "circuits size"], after: Int[np.ndarray, "circuits size"]
    ) -> tuple[Float[np.ndarray, "D D"], Float[np.ndarray, " D"]]:
        """(W, bias) of one layer as one matrix, neurons in the order (place, neuron of the circuit)."""
        n = self.weights.shape[1] + INDICATORS
        unit = np.eye(self.n_places * n).reshape(self.n_places, n, -1)
        columns = self._linear(unit, before, after).reshape(self.n_places * n, -1)
        return columns, np.tile(self._bias, self.n_places)

    @property
    def _bias(self) -> Float[np.ndarray, " n"]:
        return np.concatenate([[-0.5, -1.5], np.full(self.weights.shape[1], -self.lift)])

    def _linear(
        self, state: Float[np.ndarray, "places n batch"], before: Int[np.ndarray, "circuits size"],
        after: Int[np.ndarray, "circuits size"],
    ) -> Float[np.ndarray, "places n batch"]:  # fmt: skip
        """What every circuit reads from a state, makes of it, and writes; the bias not yet added."""
        read = self.read(state, before)
        on = read[:, 0] - read[:, 1]
        h = np.einsum("tij,tjb->tib", self.weights, read[:, INDICATORS:])
        h = h + (self.biases + self.lift)[:, :, None] * on[:, None]
        return self._spread(np.concatenate([2 * on[:, None], 2 * on[:, None], h], axis=1), after)

    def _spread(
        self, values: Float[np.ndarray, "circuits n batch"], sets: Int[np.ndarray, "circuits size"]
    ) -> Float[np.ndarray, "places n batch"]:
        state = self._members(sets).T @ values.reshape(len(sets), -1)
        return state.reshape(self.n_places, *values.shape[1:])

    def _members(self, sets: Int[np.ndarray, "circuits size"]) -> sp.csr_array:
        """1 where a circuit stands on a place [circuits, places]."""
        circuit = np.repeat(np.arange(len(sets)), sets.shape[1])
        return sp.csr_array((np.ones(sets.size), (circuit, sets.ravel())), shape=(len(sets), self.n_places))


def rotations(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(weights, biases) of n circuits that turn a plane vector x, |x| <= 1, by an angle of their own in every layer.

    They carry h = x + 1, which is never negative: w = Rot, b = 1 - Rot 1.
    """
    angle = rng.uniform(0, 2 * np.pi, n)
    weights = np.stack([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    return weights, 1 - weights.sum(axis=2)


def rotation_law(n_places: int, n_circuits: int, n_on: int, layers: int, lift: float) -> float:
    """Mean square error of a coordinate of x after some layers, circuits that turn unit vectors, in leading order.

        (3/2)(z - 1)/P + l V ((z - 1)/P + z T/P^2),    V = 1/2 + (1 + lift)^2

    Two circuits share a place with chance S^2/P, and then one reads 1/S of the other: variance 1/P. What an idle
    circuit reads of one that is on it writes on, V/P; T S/P circuits write on a place, and a read averages S of them.
    Errors of the indicators are left out.
    """
    v = 0.5 + (1 + lift) ** 2
    return 1.5 * (n_on - 1) / n_places + layers * v * ((n_on - 1) / n_places + n_on * n_circuits / n_places**2)


def printed_rotation_law(n_places: int, n_circuits: int, n_on: int, layers: int, lift: float) -> float:
    """The printed law of the rotated vector's mean square error: l (z - 1)/P + (l - 1)(5 + b) z T/P^2."""
    return layers * (n_on - 1) / n_places + (layers - 1) * (5 + lift) * n_on * n_circuits / n_places**2


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % p for p in range(2, isqrt(n) + 1))


def _check_places(n_places: int, size: int) -> None:
    if size < 2:
        raise InputError("size", size, "a circuit's neuron stands on 2 places or more")
    if n_places < size:
        raise InputError("n_places", n_places, f"a set of {size} places needs as many")

"""A frozen suite: six compiled networks, small to large, that everybody can make again bit for bit.

Scores of two tools can be compared where both were run on the same networks. Each network here is determined by its
circuit, which this file makes from fixed seeds, and by the template's options, which are all written out. A digest says
whether what was made is what is meant.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, Gates, Op
from superposed.circuits.planted import cycle
from superposed.circuits.sources import facts, trie
from superposed.compiler.compile import compile_circuit
from superposed.compiler.contents import digest
from superposed.compiler.file import CompiledNetwork, load
from superposed.compiler.write import write_network
from superposed.scoring.card import write_card
from superposed.scoring.sample import draw_inputs

CHECKED = 10_000  # inputs of each network that are run beside the circuit


class Member(NamedTuple):
    """One network of the suite.

    Args:
      about: its circuit, in a few words.
      circuit: makes it.
      width, s, template: as in `superposed compile`.
    """

    about: str
    circuit: Callable[[], Circuit]
    width: int
    s: int
    template: str = "channels"


def tensors_digest(tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of all names, types, shapes and bytes of these tensors, in the order of their names."""
    names = sorted(tensors)
    return hashlib.sha256("\n".join(f"{name} {digest(tensors[name])}" for name in names).encode()).hexdigest()


def covered(compiled: CompiledNetwork) -> dict[str, np.ndarray]:
    """The tensors that a network's digest covers: what is the same on every machine.

    Without error correction all numbers are whole, or fractions of whole numbers, so a digest covers every tensor. With
    it, weights are sums of fractions, whose last digit may depend on the processor. There a digest covers the tensors
    of whole numbers, which say where every feature lies, and the signs of the weights.
    """
    if compiled.metadata["template"] != "correct":
        return dict(compiled.tensors)
    whole = {name: value for name, value in compiled.tensors.items() if np.issubdtype(value.dtype, np.integer)}
    weights = {name: np.sign(value).astype(np.int8) for name, value in compiled.tensors.items() if ".weight" in name}
    return whole | weights


def ring(m: int, ops: Sequence[Op]) -> Circuit:
    """Layers of m gates of one kind each; gate i reads features i and i + 1 of the layer before, around a circle."""
    pairs = np.stack([np.arange(m), (np.arange(m) + 1) % m], 1).astype(np.int32)
    return Circuit(m, tuple(Gates(np.full(m, op, np.int8), pairs) for op in ops))


def mixed(m: int, rare: int) -> Circuit:
    """Two rounds of ANDs and ORs, then ANDs among which there are `rare` gates of every other kind.

    Few, because an XOR, or an AND of one feature without the other, is also wrong where a unit is on by chance.
    """
    circuit = ring(m, [Op.AND, Op.OR, Op.AND, Op.OR, Op.AND])
    *layers, (op, inputs) = circuit.layers
    without, xor, either, copy = np.split(np.random.default_rng(0).permutation(m)[: 4 * rare], 4)
    op, inputs = op.copy(), inputs.copy()
    op[xor], op[either], op[copy] = Op.XOR, Op.OR, Op.COPY
    inputs[without, 1], inputs[copy, 1] = -2 - (without + 2) % m, -1  # one place on, it would be the AND before it
    return circuit._replace(layers=(*layers, Gates(op, inputs)))


def wide(n: int, each: int) -> Circuit:
    """ANDs of input i with the inputs 1, 3, 7, ..., 2^each - 1 places further around a circle: n each of n inputs."""
    i = np.arange(n)
    pairs = [np.stack([i, (i + 2**k - 1) % n], 1) for k in range(1, each + 1)]
    return Circuit(n, (Gates(np.full(n * each, Op.AND, np.int8), np.concatenate(pairs).astype(np.int32)),))


def words(n: int, most: int) -> list[str]:
    """n different words of one to `most` syllables, made at random."""
    rng, found = np.random.default_rng(0), set()
    while len(found) < n:
        syllables = rng.integers(0, 60, rng.integers(1, most + 1))
        found.add("".join("bdfgklmnprst"[i // 5] + "aeiou"[i % 5] for i in syllables))
    return sorted(found)


def people(n: int) -> Circuit:
    """Where the mother of each of n people was born, and in which country that is: facts made at random."""
    rng = np.random.default_rng(0)
    names, cities, countries = ([f"{kind} {i}" for i in range(k)] for kind, k in (
        ("person", n), ("city", n // 4), ("country", n // 40)))  # fmt: skip
    some = lambda subjects, objects: {
        subject: objects[i] for subject, i in zip(subjects, rng.integers(0, len(objects), len(subjects)), strict=True)
    }
    relations = {"mother": some(names, names), "born in": some(names, cities), "country": some(cities, countries)}
    return facts(relations, ("mother", "born in", "country"))


SUITE = {
    "mixed": Member("every kind of gate, in five layers", lambda: mixed(768, 16), 672, 3),
    "facts": Member("chains of three facts about 1,200 people", lambda: people(1200), 800, 4),
    "deep": Member("ANDs and ORs in turn, in sixteen layers", lambda: cycle(2048, 16), 768, 2),
    "trie": Member("the trie of 1,500 words", lambda: trie(words(1500, 3)), 1440, 7),
    "wide": Member("32,768 ANDs in 2,048 neurons", lambda: wide(4096, 8), 2048, 2),
    "theorem8": Member("ANDs, with error correction", lambda: ring(256, [Op.AND]), 4096, 2, "correct"),
}
"""The networks by name, from the smallest to the largest."""
DIGESTS = {
    "mixed": "44ba8e43cf05343486696bfa2e071d21a452ff247521be1786c8da0471a6d2d0",
    "facts": "b46270e8cb24f58ab36ac801d1c570d10e6ebcf359bec7d65ad2050fccf2997b",
    "deep": "a73e249015850e68829005bf6d0cc91145e0bc058d0e5250ac595f5bed60af31",
    "trie": "4227db7bb20e306738e1dc205806bb558d49d5b82373d60542e6fe225729acd6",
    "wide": "23e8efea21a08eee8be7dc54ad1ad1183a42b6105ba3bdbc7444d094e5d430c2",
    "theorem8": "50754ba60d252d72b45572801de9ca901ccf00b2483ffe28cb1450c42a5e324b",
}
"""Of what is `covered` of each."""


def make(name: str, path: Path) -> str:
    """Compiles a network of the suite, writes it with its card beside it, and returns the digest of what was made.

    Raises:
      OSError: it cannot be written.
    """
    member = SUITE[name]
    circuit = member.circuit()
    b = draw_inputs(np.random.default_rng(0), circuit, member.s, CHECKED, len(circuit.layers))
    compiled = compile_circuit(jax.random.key(0), circuit, member.width, member.s, member.template, b=b)
    write_card(path, write_network(path, compiled, circuit, member.template), circuit)
    return tensors_digest(covered(load(path)))


def name_of(path: Path) -> str:
    """Which network of the suite this file holds.

    Raises:
      OSError: the file cannot be read.
      InputError: it holds none of them.
    """
    found = tensors_digest(covered(load(path)))
    for name, known in DIGESTS.items():
        if known == found:
            return name
    raise InputError("file", str(path), "holds no network of the suite, or a changed one; make the suite again")

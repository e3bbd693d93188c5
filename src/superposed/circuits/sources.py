"""Circuits from data: word lists as tries, facts that are followed over several hops, Horn rules."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.circuits.builder import CircuitBuilder, Signal
from superposed.circuits.circuit import Circuit, Gates, Op, most_active
from superposed.circuits.inputs import rows_of

END = "$"  # stands at every position after the last letter of a word


def trie(words: Iterable[str]) -> Circuit:
    """A circuit with one feature for every word, which is on where the input spells that word: their trie, unrolled.

    Input a@p is on where letter a stands at position p, or END after the last letter. Each position is a one-hot group.
    Layer p holds a node for every beginning of p + 1 letters, AND(node of the first p letters, letter p + 1), a feature
    for every word of up to p letters, and copies of the letters that are still to come. A word of p letters is
    AND(its node, END at p + 1). The last layer holds the words alone, in sorted order.

    Raises:
      InputError: no words, or one that is empty or contains END.
    """
    words = sorted(set(words))
    for word in words or [""]:
        if not word or END in word:
            raise InputError("words", word, f"a word has at least one letter, and none is {END!r}")
    length = max(map(len, words)) + 1
    spelled = [word.ljust(length, END) for word in words]
    letters = [sorted({word[p] for word in spelled}) for p in range(length)]
    inputs = [(a, p) for p in range(length) for a in letters[p]]
    place = {key: k for k, key in enumerate(inputs)}
    names, layers = [tuple(f"{a}@{p + 1}" for a, p in inputs)], []
    for p in range(1, length):
        gates, place = _trie_layer(spelled, inputs, p, place)
        layers.append(gates)
        names.append(tuple(key if isinstance(key, str) else f"{key[0]}@{key[1] + 1}" for key in place))
    starts = np.cumsum([0, *map(len, letters)])
    groups = tuple(tuple(range(a, b)) for a, b in zip(starts, starts[1:], strict=False))
    names[-1] = tuple(name.rstrip(END) for name in names[-1])
    return Circuit(len(inputs), tuple(layers), length, tuple(names), groups)


def _trie_layer(spelled: list[str], inputs: list[tuple], p: int, below: dict) -> tuple[Gates, dict]:
    """The gates of layer p, and where each beginning and each letter (a, position) stands in it.

    Args:
      below: where they stand in the layer below.
    """
    rows, place = [], {}
    for node in dict.fromkeys(word[: p + 1].rstrip(END) + END * (word[p] == END) for word in spelled):
        place[node] = len(rows)
        if node in below:  # a word that has ended is carried on
            rows.append((Op.COPY, below[node], -1))
        else:
            rows.append((Op.AND, below[(node[:1], 0) if p == 1 else node[:p]], below[node[p], p]))
    for letter in inputs:
        if letter[1] > p:
            place[letter] = len(rows)
            rows.append((Op.COPY, below[letter], -1))
    table = np.array(rows, np.int32)
    return Gates(table[:, 0].astype(np.int8), table[:, 1:]), place


def spell(circuit: Circuit, strings: Sequence[str]) -> sp.csr_array:
    """Inputs [n, m] of a `trie` that spell these strings; a letter that no word has at its place is no active input."""
    place = {name: k for k, name in enumerate(circuit.names[0])}
    length = len(circuit.groups)
    rows = []
    for string in strings:
        spelled = string[:length].ljust(length, END)
        rows.append([place[key] for p, a in enumerate(spelled) if (key := f"{a}@{p + 1}") in place])
    return rows_of(rows, circuit.n_inputs)


def facts(pairs: Mapping[str, Mapping[str, str]], hops: Sequence[str]) -> Circuit:
    """A circuit that follows facts over hops: which thing does the input's subject lead to?

    Fact (relation, subject) -> object is AND(subject, the relation's switch), and a thing is the OR of its facts. With
    hops = ("mother", "birthplace") the output is the birthplace of the subject's mother. Each hop is two layers. The
    input is one-hot: the subject; and a switch for every hop, which must be on for that hop to be taken.

    Args:
      pairs: for every relation, subject -> object.
      hops: relations, followed one after another.

    Raises:
      InputError: no hops, a relation there is none of, or no chain of facts over all hops.
    """
    if not hops or any(hop not in pairs for hop in hops):
        raise InputError("hops", ", ".join(hops), f"relations among {', '.join(pairs)}, at least one")
    c = CircuitBuilder()
    subjects = sorted(pairs[hops[0]])
    things = dict(zip(subjects, c.one_hot(*subjects), strict=True))
    for n, hop in enumerate(hops, start=1):
        (switch,) = c.inputs(f"{hop}?{n}")
        reached: dict[str, list[Signal]] = {}
        for subject, signal in things.items():
            if subject in pairs[hop]:
                reached.setdefault(pairs[hop][subject], []).append(signal & switch)
        things = {thing: c.any(signals) for thing, signals in sorted(reached.items())}
    if not things:
        raise InputError("hops", ", ".join(hops), "no subject has facts over all of them")
    for thing, signal in things.items():
        c.output(thing, signal)
    circuit = c.circuit()
    every = rows_of([[k, *range(len(subjects), circuit.n_inputs)] for k in range(len(subjects))], circuit.n_inputs)
    return circuit._replace(s=int(most_active(circuit, every).max()))


def horn(rules: Sequence[tuple[Sequence[str], str]], rounds: int) -> Circuit:
    """A circuit that draws conclusions by Horn rules, `rounds` times, from the facts that are on at its input.

    Rule (bodies, head) says that the head holds where all its bodies do. In every round

        head' = OR(head, the ANDs of its rules),

    two layers. Inputs are all atoms, by name in sorted order; outputs are the atoms after the last round.

    Raises:
      InputError: no rules, a rule without a body, or fewer rounds than one.
    """
    if not rules or not all(body for body, _ in rules):
        raise InputError("rules", len(rules), "at least one rule, each with a body; a fact is an input")
    if rounds < 1:
        raise InputError("rounds", rounds, "at least one")
    atoms = sorted({atom for body, head in rules for atom in (*body, head)})
    c = CircuitBuilder()
    holds = dict(zip(atoms, c.inputs(*atoms), strict=True))
    for _ in range(rounds):
        reasons: dict[str, list[Signal]] = {atom: [holds[atom]] for atom in atoms}
        for body, head in rules:
            if head not in body:
                reasons[head].append(c.all([holds[atom] for atom in dict.fromkeys(body)]))
        unique = {atom: list({s.name: s for s in signals}.values()) for atom, signals in reasons.items()}
        holds = {atom: c.any(signals) for atom, signals in unique.items()}
    for atom in atoms:
        c.output(atom, holds[atom])
    return c.circuit()

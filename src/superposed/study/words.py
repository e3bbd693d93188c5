"""A dictionary's words as a trie in fewer neurons than words, and every kind of string that it is checked on."""

import random
from collections.abc import Sequence
from string import ascii_lowercase

import jax
import scipy.sparse as sp

from superposed.bad_input import InputError
from superposed.circuits.circuit import Circuit, evaluate_active, most_active
from superposed.circuits.inputs import BATCH
from superposed.circuits.sources import END, spell, trie
from superposed.compiler.channels import Channels
from superposed.compiler.deep import compare, run

LONGEST = 12  # letters of a word


def word_list(n: int, seed: int = 0) -> list[str]:
    """n random words of 2 to 12 letters from the GNU Collaborative International Dictionary of English, sorted.

    Raises:
      InputError: the package `english-words`, which has the list, is not installed; or it has fewer words.
    """
    try:
        from english_words import get_english_words_set
    except ImportError:
        rule = "the package english-words has the list; install it with pip"
        raise InputError("words", n, rule) from None
    listed = get_english_words_set(["gcide"], alpha=True, lower=True)
    known = sorted(word for word in listed if word.isascii() and 2 <= len(word) <= LONGEST)
    if n > len(known):
        raise InputError("words", n, f"the dictionary has {len(known)} words of 2 to {LONGEST} letters")
    return sorted(random.Random(seed).sample(known, n))


def one_letter_changes(word: str) -> list[str]:
    """All strings that differ from the word in one letter: 25 a letter."""
    return [word[:p] + a + word[p + 1 :] for p in range(len(word)) for a in ascii_lowercase if a != word[p]]


def strings_to_check(words: Sequence[str], n_words: int, n_changed: int, n_random: int, seed: int = 0) -> dict:
    """Strings by kind: n words, the one-letter changes of n words, and random strings of 1 to 12 letters."""
    rng = random.Random(seed)
    n_words, n_changed = min(n_words, len(words)), min(n_changed, len(words))
    changed = [string for word in rng.sample(list(words), n_changed) for string in one_letter_changes(word)]
    letters = lambda: "".join(rng.choices(ascii_lowercase, k=rng.randint(1, LONGEST)))
    return {
        "words": rng.sample(list(words), n_words),
        "one-letter changes": changed,
        "random strings": [letters() for _ in range(n_random)],
    }


def check_trie(words: Sequence[str], strings: dict[str, list[str]], width: int, seed: int) -> list[dict]:
    """The network of the words' trie, layer by layer: what its features are, and wrong bits by kind of string.

    The network is built one layer at a time, and no layer has more than `width` neurons. s is the most features that
    are active on the strings.
    """
    circuit = trie(words)
    inputs = {kind: spell(circuit, rows) for kind, rows in strings.items()}
    s = max(int(most_active(circuit, b).max()) for b in inputs.values())
    sample = sp.vstack([b[:BATCH] for b in inputs.values()], format="csr")
    stages = Channels(s).stages(jax.random.key(seed), circuit.layers, circuit.n_inputs, width, sample=sample)
    code = next(stages).code
    states = [
        (kind, b[start : start + BATCH], b[start : start + BATCH] @ code)
        for kind, b in inputs.items()
        for start in range(0, b.shape[0], BATCH)
    ]
    rows = []
    for layer, (gates, stage) in enumerate(zip(circuit.layers, stages, strict=True), start=1):
        wrong, highest, after = dict.fromkeys(inputs, 0), 0.0, []
        for kind, b, h in states:
            b, h = evaluate_active(gates, b), run(stage, h)
            errors = compare(stage, h, b)
            wrong[kind] += errors.wrong
            highest = max(highest, errors.highest_idle)
            after.append((kind, b, h))
        states = after
        rows.append({"layer": layer, "neurons": stage.layers[0].width, **contents(circuit, layer), "wrong": wrong,
                      "highest_idle": highest, "s": s})  # fmt: skip
    return rows


def contents(circuit: Circuit, layer: int) -> dict:
    """How many features of a trie's layer are beginnings of words, whole words, and letters that are still to come."""
    names = circuit.names[layer]
    letters = sum("@" in name for name in names)
    if layer == len(circuit.layers):
        return {"beginnings": 0, "words": len(names), "letters": 0}
    whole = sum(name.endswith(END) for name in names)
    return {"beginnings": len(names) - letters - whole, "words": whole, "letters": letters}

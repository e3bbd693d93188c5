"""Compiled networks to look at: words in fewer neurons, and superposition, correction and codes from inside.

"trie": a dictionary's words as a circuit in half as many neurons as words, checked on words and on other strings.
"features": more features than neurons, every one of them read after a deep circuit; the active ones stand apart.
"depth": the same active features read through the depth of one circuit, with error correction and without.
"codes": how many units two features share, in a compiled network and if their units were drawn at random.
"""

from dataclasses import dataclass

import jax
import numpy as np

from superposed.circuits.circuit import evaluate_active, sparse_features
from superposed.circuits.planted import planted_circuit
from superposed.circuits.randomness import host_rng
from superposed.compiler.channels import Channels, channel_size
from superposed.compiler.corrected import Corrected
from superposed.compiler.deep import run_network
from superposed.compiler.sparse import index_matrix
from superposed.figures.gallery import draw_gallery
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.words import check_trie, strings_to_check, word_list
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of

S, INPUTS = 3, 20


@dataclass(frozen=True)
class Profile:
    """Sizes of the pictures: (words, width), (width, m, depth), (width, m, depth), (width, m).

    `strings` are how many words, words to change by one letter, and random strings the trie is checked on.
    """

    trie: tuple[int, int]
    strings: tuple[int, int, int]
    features: tuple[int, int, int]
    depth: tuple[int, int, int]
    codes: tuple[int, int]


PICTURES = ((2**11, 2**14, 12), (2**14, 1500, 16), (1000, 4000))
EVERY = Profile((20_000, 10_000), (20_000, 2000, 100_000), *PICTURES)
PROFILES = {
    "tiny": Profile((200, 400), (20, 2, 20), (2**11, 2**12, 3), (2**13, 300, 6), (400, 300)),
    "quick": Profile((20_000, 10_000), (1000, 10, 1000), *PICTURES),
    "standard": EVERY,
    "full": EVERY,
}


def tasks(profile: Profile) -> list[Steps]:
    """One step a picture and variant."""
    words, width = profile.trie
    n_words, n_changed, n_random = profile.strings
    cell = {
        "kind": "trie",
        "d": width,
        "m": words,
        "words": n_words,
        "changed": n_changed,
        "random": n_random,
        "seed": 0,
    }
    spelled = Steps((cell,), spell_words)
    width, m, depth = profile.features
    features = Steps(({"kind": "features", "d": width, "m": m, "depth": depth, "inputs": INPUTS, "seed": 0},), spectrum)
    width, m, depth = profile.depth
    shared = {"kind": "depth", "d": width, "m": m, "depth": depth, "seed": 2}
    reads = Steps(tuple({**shared, "reset": reset} for reset in ("round", "identity")), reads_by_depth)
    width, m = profile.codes
    codes = Steps(
        tuple({"kind": "codes", "code": code, "d": width, "m": m, "seed": 4} for code in ("compiled", "random")),
        overlaps,
    )
    return [spelled, features, reads, codes]


def spell_words(cell: dict) -> dict:
    """A trie of words run on words, on one-letter changes of some, and on random strings: wrong bits by layer."""
    words = word_list(cell["m"], cell["seed"])
    strings = strings_to_check(words, cell["words"], cell["changed"], cell["random"], cell["seed"])
    layers = check_trie(words, strings, cell["d"], cell["seed"])
    return {"layers": layers, "strings": {kind: len(found) for kind, found in strings.items()}}


def spectrum(cell: dict) -> dict:
    """How many active and how many idle features read at every multiple of 1/4 after the last layer."""
    circuit, active = planted_circuit(jax.random.key(cell["seed"]), cell["m"], S, cell["depth"], cell["inputs"])
    network = Channels(S)(jax.random.key(cell["seed"] + 1), circuit, cell["d"])
    truth = sparse_features(active, cell["m"])
    *_, state = run_network(network, truth)
    for gates in circuit.layers:
        truth = evaluate_active(gates, truth)
    read, is_on = (state @ network.stages[-1].read).toarray(), truth.toarray() > 0
    counts = {
        name: np.bincount(np.round(read[which] * 4).astype(int), minlength=5).tolist()
        for name, which in (("active", is_on), ("idle", ~is_on))
    }
    wrong = int(((read > network.stages[-1].threshold) != is_on).sum())
    return {**counts, "wrong": wrong, "width": network.width, "threshold": network.stages[-1].threshold}


def reads_by_depth(cell: dict) -> dict:
    """The read-offs of one input's three active features and the highest idle one, layer after layer."""
    circuit, active = planted_circuit(jax.random.key(cell["seed"]), cell["m"], S, cell["depth"], 1)
    network = Corrected(S, cell["reset"])(jax.random.key(cell["seed"] + 1), circuit, cell["d"])
    truth, layers = active[0], []
    for layer, (stage, state) in enumerate(
        zip(network.stages, run_network(network, sparse_features(active, cell["m"])), strict=True)
    ):
        if layer:
            truth = np.flatnonzero(np.isin(circuit.layers[layer - 1].inputs, truth).all(1))
        read = (state @ stage.read).toarray()[0]
        highest_idle = float(np.delete(read, truth).max())
        layers.append({"layer": layer, "active": read[truth].astype(float).tolist(), "highest_idle": highest_idle})
    return {"layers": layers, "width": network.width}


def overlaps(cell: dict) -> dict:
    """Pairs of features by the number of units they share: in a compiled network, and with units drawn at random."""
    key, (m, c) = jax.random.key(cell["seed"]), (cell["m"], channel_size(S))
    circuit, _ = planted_circuit(key, m, S, 1, 1)
    network = Channels(S)(key, circuit, cell["d"])
    code = network.stages[-1].code
    if cell["code"] == "random":
        code = index_matrix(np.argsort(host_rng(key).random(code.shape), axis=1)[:, :c], code.shape[1])
    shared = (code @ code.T).toarray()[np.triu_indices(m, 1)].astype(int)
    pairs = np.bincount(shared, minlength=c + 1).tolist()
    return {"pairs": pairs, "units": code.shape[1], "c": c, "width": network.width}


COUNTED = "counted on what is shown, not a statistic"


def findings_of(trie: dict, features: dict, reads: list[dict], codes: list[dict]) -> list[Finding]:
    """The sights in words; "holds" and "fails" are counts of wrong bits or shared units, not statistics."""
    span = f"d = {features['d']}, m = {features['m']}, depth {features['depth']}, {INPUTS} inputs"
    wrong = sum(sum(layer["wrong"].values()) for layer in trie["layers"])
    strings = ", ".join(f"{n:,} {kind}" for kind, n in trie["strings"].items())
    return [
        Finding.counted(
            "A trie of words in half as many neurons: every word told from every other string?",
            f"{trie['m']:,} words, d = {trie['d']:,}; {strings}",
            f"{wrong:,} wrong bits in {len(trie['layers'])} layers", wrong == 0, COUNTED,
        ),
        Finding.counted("Every feature read right after the last layer, m > d?", span,
                        f"{features['wrong']} wrong bits", features["wrong"] == 0, COUNTED),
        *map(depth_finding, reads), *map(overlap_finding, codes),
    ]  # fmt: skip


def depth_finding(network: dict) -> Finding:
    """How far the read-offs of active features stray from one."""
    far = max(abs(read - 1) for layer in network["layers"] for read in layer["active"])
    name = {"round": "with correction", "identity": "without correction (control, must fail)"}[network["reset"]]
    question = f"Active features stay within 1/4 of one, {name}?"
    span = f"d = {network['d']}, m = {network['m']}, depth {network['depth']}, 1 input"
    return Finding.counted(question, span, f"furthest {far:.2f} away", far < 1 / 4, COUNTED)


def overlap_finding(network: dict) -> Finding:
    """The most units that two features share."""
    most = int(np.flatnonzero(network["pairs"]).max())
    name = network["code"] + ("" if network["code"] == "compiled" else " (control, must fail)")
    question = f"Any two features share at most one unit, {name} code?"
    span = f"m = {network['m']} features on {network['c']} units each, d = {network['width']}"
    return Finding.counted(question, span, f"at most {most}", most <= 1, COUNTED)


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """What the pictures show."""
    rows = [row for task in tasks(profile) for row in rows_of(task, seen)]
    tries, features, reads, codes = (
        [r for r in rows if r["kind"] == kind] for kind in ("trie", "features", "depth", "codes")
    )
    table = []
    for r in tries:
        network = {"kind": "trie", **picked(r, "d", "m"), "checked": sum(r["strings"].values())}
        table += [{**network, **layer, "wrong": sum(layer["wrong"].values())} for layer in r["layers"]]
    for r in features:
        network = {"kind": "features", **picked(r, "d", "m", "depth", "inputs", "width", "threshold")}
        table += [
            {**network, "of": of, "read_off": n / 4, "count": count}
            for of in ("idle", "active")
            for n, count in enumerate(r[of])
        ]
    for r in reads:
        network = {"kind": "depth", **picked(r, "d", "m", "width", "reset")}
        table += [
            {**network, "layer": layer["layer"], "of": of, "number": number, "read_off": value}
            for layer in r["layers"]
            for of, values in (("active", layer["active"]), ("highest idle", [layer["highest_idle"]]))
            for number, value in enumerate(values)
        ]
    table += [{"kind": "codes", **picked(r, "d", "m", "code", "units", "c", "width"), "shared": n, "count": count}
              for r in codes for n, count in enumerate(r["pairs"])]  # fmt: skip
    return Analysis(table, findings_of(tries[0], features[0], reads, codes))


def picked(row: dict, *keys: str) -> dict:
    """Some columns of a row."""
    return {key: row[key] for key in keys}


EXPERIMENT = Experiment(
    claim="Compiled networks from inside: a dictionary in half as many neurons as words, more features than neurons, "
    "correction through the depth, the overlap of codes",
    meaning="Looked at from inside, active features stand apart from idle ones although they share neurons. "
    "Two things make that possible: any two features share at most one unit, and every layer corrects its errors.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_gallery,
    size=(12.5, 9.2),
)

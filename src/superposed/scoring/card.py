"""The model card of a compiled network: one page of Markdown that says what it is, and what it is not."""

from itertools import groupby
from pathlib import Path

from superposed.circuits.circuit import Circuit, Op
from superposed.files import write_whole


def model_card(name: str, metadata: dict, circuit: Circuit) -> str:
    """The card of the network in the file `name`, from its metadata and its circuit."""
    check, depth = metadata["check"], metadata["depth"]
    kinds = [Op(op).name for op in sorted({int(op) for gates in circuit.layers for op in set(gates.op.tolist())})]
    features, width = metadata["features"], metadata["width"]
    inputs = f"{check['inputs']:,} {'inputs, all that there are' if check['exhaustive'] else 'inputs, of many'}"
    groups = f" Of each of its {len(circuit.groups)} groups of inputs exactly one is on." if circuit.groups else ""
    return f"""# {name}

A ReLU network with known features and a known circuit, compiled by superposed. It is meant as ground truth for tools
that look for features, circuits or weight components in networks.

| | |
|---|---|
| computes | {depth} layer{"s" * (depth > 1)} of {", ".join(kinds)} gates on {circuit.n_inputs:,} Boolean inputs |
| features m | up to {features:,} in a layer |
| neurons d | {width:,} in the widest layer: {features / width:.3g} features a neuron |
| ReLU layers | {metadata["relu_layers"]} |
| active features s | at most {metadata["s"]} in any layer, at most {metadata["s_inputs"]} inputs |
| template, seed | {metadata["template"]}, {metadata["seed"]} |

**Checked.** {check["wrong_bits"]} wrong bits on {inputs}. Active features read at least {check["lowest_active"]:.3g},
idle ones at most {check["highest_idle"]:.3g}. {certainty(metadata)}

**Valid inputs.** Zeros and ones with at most {metadata["s_inputs"]} ones, on which no layer has more than
{metadata["s"]} active features.{groups} This draws them, with the activations and the features that are on:

    superposed sample {name} --layer {depth} --n 100000 -o acts.safetensors

**Ground truth.** For every layer L of the circuit, `features.L.neurons`, `features.L.directions` and
`features.L.read_off` say where each feature lies and how it is read; `circuit.L.op` and `circuit.L.inputs` are the
gates. `docs/ground-truth.md` of superposed loads, samples and scores it.

**What it is not.** It was not trained, and its features are Boolean, equally important, and stored on a few neurons
each. A tool that fails here misses what is provably there. A tool that succeeds here may still fail on a trained
network. Inputs with more active features than s are outside every claim.
"""


def certainty(metadata: dict) -> str:
    """Which layers are certified, which were only sampled, and what is known to go wrong."""
    check, worst = metadata["check"], metadata["worst_case"]
    if check["exhaustive"]:
        return "So every valid input is right."
    certified = worst["certified"]
    sampled = [layer for layer in range(1, metadata["depth"] + 1) if layer not in certified]
    known = (
        f"\n**Inputs with wrong bits are known**: {worst['wrong']:,} of {worst['tried']:,} that an adversary chose "
        "against layer 1."
        if worst["wrong"]
        else ""
    )
    return (
        "If they are random\ndraws, another one drawn alike has a wrong bit with a chance below "
        f"{check['chance_wrong']:.2g}, at 95% confidence.{known}\n\n"
        f"- Layers certified against any {metadata['s']} active features, if layers before turned no other unit on: "
        f"{spans(certified)}.\n"
        f"- Layers that were only sampled: {spans(sampled)}."
    )


def spans(numbers: list[int]) -> str:
    """Rising numbers in words, those that follow one another as "3 to 7"."""
    in_a_row = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    runs = [[n for _, n in run] for _, run in in_a_row]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs) or "none"


def write_card(path: str | Path, metadata: dict, circuit: Circuit) -> Path:
    """Writes the card beside a network's file, NAME.safetensors.md, and returns its path."""
    path = Path(path)
    return write_whole(path.with_name(f"{path.name}.md"), model_card(path.name, metadata, circuit))

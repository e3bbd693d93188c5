"""The model card of a compiled network: one page of Markdown that says what it is, and what it is not."""

from pathlib import Path

from superposed.circuits.circuit import Circuit, Op
from superposed.files import write_whole


def model_card(name: str, metadata: dict, circuit: Circuit) -> str:
    """The card of the network in the file `name`, from its metadata and its circuit."""
    check, depth = metadata["check"], metadata["depth"]
    kinds = [Op(op).name for op in sorted({int(op) for gates in circuit.layers for op in set(gates.op.tolist())})]
    features, width = metadata["features"], metadata["width"]
    inputs = f"{check['inputs']:,} {'inputs, all that there are' if check['exhaustive'] else 'drawn inputs'}"
    certified = f"{len(metadata['worst_case']['certified'])} of {depth} layers are certified for all inputs."
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
idle ones at most {check["highest_idle"]:.3g}. {certified}

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


def write_card(path: str | Path, metadata: dict, circuit: Circuit) -> Path:
    """Writes the card beside a network's file, NAME.safetensors.md, and returns its path."""
    path = Path(path)
    return write_whole(path.with_name(f"{path.name}.md"), model_card(path.name, metadata, circuit))

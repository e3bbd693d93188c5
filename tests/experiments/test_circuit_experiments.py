"""The experiments of circuits at their tiny size: networks hold, controls fail, a killed run resumes."""

import json

import pytest

from superposed.cli.reproduce import figure
from superposed.cli.run import complete
from superposed.compiler.channels import Channels
from superposed.compiler.corrected import Corrected
from superposed.study.deep_runs import packed, run_piece, unpacked
from superposed.study.experiment import configuration
from superposed.study.loading import load_experiment
from superposed.sweeping.store import Store
from superposed.sweeping.sweep import sweep

NAMES = ("deep_circuits", "true_superposition", "gallery")
HOLD = {
    "deep_circuits": ("Theorem 8, corrected: no wrong bit",),
    "true_superposition": ("Channels, step: no wrong bit",),
    "gallery": (
        "Every feature read right",
        "Active features stay within 1/4 of one, with correction",
        "Any two features share at most one unit, compiled",
    ),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Every experiment measured and drawn once: {name: (experiment, folder, analysis)}."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for name in NAMES:
        experiment = load_experiment(name)[1]
        complete(name, experiment, "tiny", folder / f"{name}-tiny")
        found[name] = (
            experiment,
            folder,
            figure(name, experiment, "tiny", folder / f"{name}-tiny", folder / "figures"),
        )
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOLD))
def test_networks_hold_and_controls_fail(results, name):
    findings = results[name][2].findings
    for start in HOLD[name]:
        assert [f.verdict for f in findings if f.question.startswith(start)] == ["holds"]
    controls = [f.verdict for f in findings if "must fail" in f.question]
    assert controls and set(controls) == {"fails"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deep_circuits", "true_superposition"])
def test_a_killed_run_resumes_to_the_same_rows(results, name, tmp_path):
    experiment, folder, _ = results[name]
    tasks, settings = experiment.tasks(experiment.profiles["tiny"]), configuration(name, experiment, "tiny")
    for stop in (1, 3, None):
        with Store(tmp_path / name, settings) as store:
            for n, _ in enumerate(sweep(tasks, store), start=1):
                if n == stop:
                    break
    lines = (
        sorted(next(path.glob("rows-*")).read_text().splitlines())
        for path in (tmp_path / name, folder / f"{name}-tiny")
    )
    assert next(lines) == next(lines)


@pytest.mark.parametrize(
    "construction", [Channels(3), Channels(3, 8, reset="relu"), Corrected(3), Corrected(3, "identity")]
)
@pytest.mark.parametrize("circuit", ["groups", "paths"])
def test_pieces_are_the_run_in_one_go(construction, circuit):
    cell = {"circuit": circuit, "width": 1024, "m": 700, "s": 3, "depth": 6, "batch": 5, "seed": 3}
    whole = run_piece({**cell, "first": 0, "layers": 6}, None, construction, 1e9)["layers"]
    before, layers = None, []
    for first, n in ((0, 1), (1, 2), (3, 3)):
        before = json.loads(json.dumps(run_piece({**cell, "first": first, "layers": n}, before, construction, 1e9)))
        layers += before["layers"]
    assert layers == whole


def test_states_survive_json():
    from scipy.sparse import random_array

    h = random_array((4, 30), density=0.3, format="csr", dtype="float32", rng=0)
    back = unpacked(json.loads(json.dumps(packed(h))))
    assert (back != h).nnz == 0 and back.dtype == h.dtype

"""What a stranger meets first: the names of the package, the help, the examples and the documents that show them."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import superposed as sp
from superposed.cli import main

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def python(*words, **options):
    """A fresh interpreter; its finished process."""
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120, **options)


def test_every_public_name_exists_and_is_documented():
    for name in sp.__all__:
        assert getattr(sp, name) is not None
        assert name == "__version__" or getattr(sp, name).__doc__, name
    assert set(sp.__all__) <= set(dir(sp))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        sp.nonsense  # noqa: B018


def test_type_checkers_see_the_same_names():
    tree = ast.parse((ROOT / "src/superposed/__init__.py").read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {(f"{node.module}.", alias.name, alias.asname) for node in block.body for alias in node.names}
    places = {name: place.partition(":") for name, place in sp._PLACES.items()}
    assert seen == {(f"superposed.{module}.", there or name, name) for name, (module, _, there) in places.items()}
    assert (ROOT / "src/superposed/py.typed").exists()


def test_help_and_version_need_no_jax():
    found = python("-X", "importtime", "-m", "superposed", "--help")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in found.stderr.splitlines()}
    assert found.returncode == 0 and "reproduce" in found.stdout
    assert not imported & {"jax", "numpy", "scipy", "matplotlib", "rich"}
    assert python("-m", "superposed", "--version").stdout == f"superposed {sp.__version__}\n"
    assert "jax" not in python("-c", "import superposed, sys; print(*sys.modules)").stdout.split()


def test_the_readme_s_table_is_fitted(capsys):
    assert main(["fit", str(EXAMPLES / "data.csv"), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert report["verdict"] == "supported"


def test_the_example_circuit_has_four_times_more_features_than_neurons(capsys, tmp_path):
    out = str(tmp_path / "net.safetensors")
    words = ["compile", str(EXAMPLES / "circuit.json"), "--width", "1536", "--inputs", "2000", "-o", out, "--json"]
    assert main(words) == 0
    metadata = json.loads(capsys.readouterr().out)
    assert metadata["features"] == 4 * 1536 and metadata["width"] <= 1536 and metadata["check"]["wrong_bits"] == 0


def test_the_example_circuit_is_what_the_command_writes(capsys, tmp_path):
    out = tmp_path / "circuit.json"
    words = ["circuit", "groups", "--m", "6144", "--s", "2", "--depth", "1", "-o", str(out)]
    assert main(words) == 0
    assert out.read_text() == (EXAMPLES / "circuit.json").read_text()


def test_your_own_construction_is_measured_where_ours_are(capsys):
    construction = f"{EXAMPLES / 'fixed_fan_in.py'}:FixedFanIn(k=4)"
    words = ["measure", construction, "--m", "32", "--s", "2", "--width", "256", "--seeds", "2", "--json"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["construction"] == {"name": "fixed-fan-in", "k": 4}
    assert result["strata"][2]["max"] == 0  # both of a pair active: every shared neuron says one, none says more


def test_your_own_experiment_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    experiment = str(EXAMPLES / "fan_in_experiment.py")
    assert main(["run", experiment]) == 0
    assert main(["status", "runs/fan_in_experiment-quick"]) == 0
    assert main(["figures", experiment]) == 0
    (finding,) = json.loads(Path("figures/fan_in_experiment.json").read_text())["findings"]
    assert finding["verdict"] in {"supported", "inconclusive", "contradicted"}


def test_the_document_shows_the_files_that_are_tested():
    text = (ROOT / "docs/extend.md").read_text()
    for name in ("fixed_fan_in.py", "fan_in_experiment.py"):
        assert f"```python\n{(EXAMPLES / name).read_text()}```" in text


def test_installed_away_from_the_checkout_it_says_what_to_do(tmp_path):
    copy = tmp_path / "site" / "lib" / "packages"
    copy.mkdir(parents=True)
    subprocess.run(["cp", "-r", str(ROOT / "src/superposed"), str(copy)], check=True)
    environment = os.environ | {"PYTHONPATH": str(copy)}
    found = python("-m", "superposed", "run", "uand_aligned", cwd=tmp_path, env=environment)
    assert found.returncode == 2 and "in a checkout" in found.stderr and len(found.stderr.splitlines()) == 1
    words = ("-m", "superposed", "measure", "naive", "--m", "6", "--s", "2", "--width", "15", "--seeds", "1", "--json")
    found = python(*words, cwd=tmp_path, env=environment)
    assert json.loads(found.stdout)["strata"][0]["max"] == 0

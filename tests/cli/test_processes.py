"""The command line as a process among others: signals, children, failures, and what it says when it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from experiment_file import EXPERIMENT

from superposed.cli import doctor, main
from superposed.cli.main import COMMANDS, Stopped, parser_for
from superposed.cli.progress import Lines
from superposed.measuring.measure import measure
from superposed.sweeping.failures import read_failures

ROOT = Path(__file__).parents[2]


def checkout(folder, **experiments):
    """A checkout of its own with these experiments; the environment in which `superposed` runs from it."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").touch()
    (folder / "experiments").mkdir()
    for name, (n, work) in experiments.items():
        (folder / "experiments" / f"{name}.py").write_text(EXPERIMENT.format(n=n, work=work))
    return os.environ | {"PYTHONPATH": str(folder / "src")}


def start(environment, folder, *words):
    """`superposed WORDS...` as a process that is not waited for."""
    command = [sys.executable, "-m", "superposed", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipes)


def rows_in(folder):
    """The number of rows that are there by now."""
    return sum(len(path.read_bytes().splitlines()) for path in folder.glob("rows-*.jsonl"))


def until(condition, seconds=60):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_reproduce_draws_all_others_when_one_experiment_fails(tmp_path):
    environment = checkout(tmp_path, good=(3, "pass"), failing=(3, "raise ValueError('three is no number')"))
    process = start(environment, tmp_path, "reproduce", "--jobs", "2", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert json.loads(out)["good"][0]["measured"] == "3" and "failing" not in json.loads(out)
    assert "three is no number" in err and "failing: FAILED" in err and "Traceback" not in err
    assert {path.name for path in (tmp_path / "figures").iterdir()} >= {"good.png", "good.csv", "good.json"}
    (failure,) = read_failures(tmp_path / "runs" / "failing-quick")
    assert failure["error"] == "ValueError: three is no number"
    assert "commit" not in (tmp_path / "figures" / "good.json").read_text()


@pytest.fixture(scope="module")
def slow_checkout(tmp_path_factory):
    """An experiment of 4000 steps that takes minutes."""
    folder = tmp_path_factory.mktemp("slow")
    return folder, checkout(folder, slow=(4000, "time.sleep(0.05)"))


TERMINATED = pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), TERMINATED])
def test_a_stopped_run_says_how_to_resume_and_keeps_its_rows(slow_checkout, number, status):
    folder, environment = slow_checkout
    rows = folder / f"rows of {status}"
    process = start(environment, folder, "run", "slow", "--out", str(rows))
    until(lambda: rows_in(rows) > 3)
    process.send_signal(number)
    stopped = time.monotonic()
    _, err = process.communicate(timeout=20)
    assert process.returncode == status and time.monotonic() - stopped < 5
    assert f"To resume: superposed run slow --out '{rows}'" in err and "Traceback" not in err
    before = rows_in(rows)
    again = start(environment, folder, "run", "slow", "--out", str(rows), "--time-limit", "0.3s")
    _, err = again.communicate(timeout=60)
    assert again.returncode == 3 and "run the same command again to resume" in err
    assert rows_in(rows) > before > 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_children_of_reproduce_end_with_it(slow_checkout, number):
    folder, environment = slow_checkout
    rows = folder / f"runs of {number}" / "slow-quick"
    process = start(environment, folder, "reproduce", "--runs", str(rows.parent))
    until(lambda: rows_in(rows) > 0)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    time.sleep(1)
    before = rows_in(rows)
    time.sleep(0.5)
    assert rows_in(rows) == before


EARLY = """
import os, signal, sys, threading
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
from superposed.__main__ import run
sys.argv = ["superposed", "doctor"]
run()
"""


def test_a_signal_while_modules_are_imported_is_answered_with_one_line():
    found = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, timeout=60)
    assert found.returncode == 130 and len(found.stderr.splitlines()) == 1 and "superposed: stopped" in found.stderr


def test_a_command_that_keeps_no_rows_says_that_nothing_was_written(monkeypatch, capsys):
    monkeypatch.setattr(os, "_exit", sys.exit)
    monkeypatch.setattr(doctor, "run_doctor", lambda args: (_ for _ in ()).throw(Stopped(signal.SIGINT)))
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    assert ended.value.code == 130 and "nothing was written" in capsys.readouterr().err


def test_every_command_of_the_help_exists():
    for name in COMMANDS:
        words = [name, "--help"]
        with pytest.raises(SystemExit) as ended:
            parser_for(words).parse_args(words)
        assert ended.value.code == 0


def test_plain_lines_of_progress_come_now_and_then(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("superposed.cli.progress.time.monotonic", lambda: now[0])
    shown = Lines("squares", 10)
    for second, done in ((5, 1), (31, 4), (40, 5), (62, 8)):
        now[0] = second
        shown.update(done, 2 * done)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "squares: question 5 of 10, 8 new rows, about 46 s left"
    assert second.startswith("squares: question 9 of 10, 16 new rows")


@pytest.fixture(scope="module")
def measured_once(module_as_shipped):
    """What `doctor` measures, measured a first time and remembered."""
    kept = {}

    def measure_once(cells, **how):
        key = (tuple(cells), *how.items())
        if key not in kept:
            kept[key] = measure(cells, **how)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "measure", measure_once)
        yield


def test_doctor_finds_this_machine_healthy(capsys, measured_once):
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["healthy"] and found["batches_agree"] and found["sums_are_right"]


def test_doctor_says_when_sums_are_wrong(monkeypatch, capsys, measured_once):
    monkeypatch.setattr(doctor, "sum_error", lambda: 20.5)
    assert main(["doctor"]) == 1
    assert "NOT healthy" in capsys.readouterr().out

"""Rows survive kills, resume, and never mix with another configuration's."""

import os
import signal
import subprocess
import sys
import warnings

import pytest
from child import QUICK

from superposed.constructions import Rademacher
from superposed.measuring.cell import Cell
from superposed.measuring.sampling import Sampling
from superposed.sweeping.record import Record
from superposed.sweeping.store import Store, read_folder, read_manifest, read_rows, read_sessions
from superposed.sweeping.sweep import sweep
from superposed.sweeping.tasks import AtWidths

TASK = AtWidths(Rademacher(), 16, 3, (32, 64), 5, Sampling(16))  # two blocks


def rows_of(folder):
    """The rows of a folder as lines, sorted."""
    return sorted(record.to_line() for record in read_folder(folder))


def fill(folder, most=None):
    """Measure TASK into a folder, at most so many rows."""
    with Store(folder, {"a": 1}) as store:
        for n, _ in enumerate(sweep([TASK], store), 1):
            if n == most:
                return


def test_resuming_gives_the_rows_of_an_uninterrupted_run(tmp_path):
    fill(tmp_path / "whole")
    fill(tmp_path / "parts", most=2)
    assert len(rows_of(tmp_path / "parts")) == 8  # the whole block, though the loop was left after two rows
    fill(tmp_path / "parts")
    assert rows_of(tmp_path / "parts") == rows_of(tmp_path / "whole")
    assert len(rows_of(tmp_path / "whole")) == 10


def test_a_torn_last_line_is_repaired_and_named(tmp_path):
    fill(tmp_path)
    whole = rows_of(tmp_path)
    path = tmp_path / "rows-1of1.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.warns(UserWarning, match=r"rows-1of1\.jsonl, line 10: torn"):
        fill(tmp_path)
    assert rows_of(tmp_path) == whole


def test_a_torn_line_of_another_process_is_left_alone(tmp_path):
    fill(tmp_path)
    other = tmp_path / "rows-2of2.jsonl"
    other.write_bytes(b'{"cell":{"abc')
    with pytest.warns(UserWarning, match="line 1: torn"), Store(tmp_path, {"a": 1}) as store:
        assert len(store.records) == 10
    assert other.read_bytes() == b'{"cell":{"abc'


def test_a_damaged_line_in_the_middle_is_an_error_that_names_it(tmp_path):
    fill(tmp_path)
    path = tmp_path / "rows-1of1.jsonl"
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace('"width":32', '"width":33')
    path.write_text("\n".join(lines) + "\n")
    with pytest.warns(UserWarning, match=r"rows-1of1\.jsonl, line 3: its checksum is not that of its content"):
        assert len(list(read_rows(path))) == 9


def test_another_configuration_is_refused_and_changes_nothing(tmp_path):
    fill(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="differs in a, b"):
        Store(tmp_path, {"a": 2, "b": 0})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"no manifest\.json"):
        Store(tmp_path, {"a": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_manifest_says_what_was_measured_with_what(tmp_path):
    fill(tmp_path)
    assert read_manifest(tmp_path) == {"configuration": {"a": 1}}
    (session,) = read_sessions(tmp_path)
    assert {"code", "packages", "devices", "precision", "first_row"} <= session.keys()


def test_a_cell_has_one_row(tmp_path):
    cell = Cell(Rademacher(), 8, 2, 16, 0, Sampling(16))
    record = Record(cell.to_json(), TASK.measure([cell])[0])
    with Store(tmp_path, {}) as store:
        store.append(record)
        store.append(Record(cell.to_json(), record.seen))
    assert len((tmp_path / "rows-1of1.jsonl").read_text().splitlines()) == 1
    assert record.id == cell.id


TASK_OF_30_ROWS = AtWidths(Rademacher(), 16, 3, tuple(range(20, 30)), 3, Sampling(4))
PROGRAM = f"""{QUICK}
import sys, time
from superposed.constructions import Rademacher
from superposed.measuring.sampling import Sampling
from superposed.sweeping.store import Store
from superposed.sweeping.sweep import sweep
from superposed.sweeping.tasks import AtWidths
tasks = [{TASK_OF_30_ROWS!r}]
with Store(sys.argv[1], {{}}) as store:
    for _ in sweep(tasks, store):
        print(flush=True)
        time.sleep(0.02)
"""


def test_killed_at_any_moment_and_run_again(tmp_path):
    """One process is killed after its first row, and this one finishes what is missing."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, killed], stdout=subprocess.PIPE)
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Store(killed, {}) as store:
            assert 0 < len(rows_of(killed)) < 30
            list(sweep([TASK_OF_30_ROWS], store))
    with Store(whole, {}) as store:
        list(sweep([TASK_OF_30_ROWS], store))
    assert rows_of(killed) == rows_of(whole)
    assert len(rows_of(whole)) == len(set(rows_of(whole))) == 30

"""What happens to rows when disks, processes and people do their worst."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
import warnings

import pytest

from superposed.bad_input import InputError
from superposed.measuring.cell import canonical
from superposed.sweeping import source
from superposed.sweeping import store as store_module
from superposed.sweeping.lock import Lock
from superposed.sweeping.record import Record
from superposed.sweeping.size import _cgroup_limits
from superposed.sweeping.steps import Chain, Steps
from superposed.sweeping.store import SESSIONS, Store, read_folder, read_sessions
from superposed.sweeping.sweep import shard_of, sweep

TASK = Steps(tuple({"n": n} for n in range(4)), lambda cell: {"square": cell["n"] ** 2})


def fill(folder, task=TASK, configuration=None):
    with Store(folder, configuration or {"a": 1}) as store:
        list(sweep([task], store))


def lines_of(folder):
    return sorted(record.to_line() for record in read_folder(folder))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def rows(tmp_path):
    """A finished run and the file of its rows."""
    fill(tmp_path / "run")
    return tmp_path / "run" / "rows-1of1.jsonl"


def test_a_finished_run_run_again_changes_no_byte(rows):
    before = contents(rows.parent)
    fill(rows.parent)
    assert contents(rows.parent) == before


def test_cut_at_every_byte_of_the_last_row_it_is_measured_again(rows):
    whole, content = lines_of(rows.parent), rows.read_bytes()
    last = content.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(last, len(content)):
        rows.write_bytes(content[:length])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fill(rows.parent)
        assert lines_of(rows.parent) == whole, length
    assert rows.read_bytes() == content


def test_every_altered_character_of_a_row_is_noticed(rows):
    line = rows.read_text().splitlines()[0]
    for k in range(len(line)):
        altered = line[:k] + ("1" if line[k] != "1" else "2") + line[k + 1 :]
        with pytest.raises(ValueError, match="checksum|id|not a row|Expecting|Invalid|Unterminated|Extra|char"):
            Record.from_line(altered)


def test_a_row_whose_counts_do_not_add_up_is_refused():
    seen = {"count": [2, 1, 0], "total": [0.0] * 3, "total_sq": [0.0] * 3, "low": [0.0] * 3, "high": [0.0] * 3}
    good = Record({"n": 1}, seen | {"histogram": [{"0": 2}, {"5": 1}, {}]})
    assert Record.from_line(good.to_line()[:-1]) == good
    for bad in ({"histogram": [{"0": 1}, {"5": 1}, {}]}, {"histogram": [{"0": 2}, {"5": 1}]}, {"count": [2, 1]}):
        with pytest.raises(ValueError, match="add up"):
            Record.from_line(Record({"n": 1}, good.seen | bad).to_line()[:-1])


def test_a_damaged_row_is_named_and_set_aside_and_the_rest_kept(rows):
    whole, lines = lines_of(rows.parent), rows.read_bytes().splitlines(keepends=True)
    damaged = lines[1].replace(b'"square":', b'"squire":')
    rows.write_bytes(b"".join([lines[0], damaged, *lines[2:]]))
    with pytest.warns(UserWarning, match=r"rows-1of1\.jsonl, line 2: its checksum"):
        fill(rows.parent)
    assert lines_of(rows.parent) == whole
    assert (rows.parent / "rows-1of1.jsonl.damaged").read_bytes() == damaged


@pytest.mark.parametrize("content", [b"my thesis", b"my thesis\nchapter 2\n", b'{"other": "json"}\n'])
def test_a_foreign_file_is_refused_and_left_as_it_is(rows, content):
    rows.write_bytes(content)
    with pytest.raises(ValueError, match="not a results file"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Store(rows.parent, {"a": 1})
    assert rows.read_bytes() == content
    assert not list(rows.parent.glob(".*"))


def test_a_short_write_is_noticed_and_taken_back(tmp_path, monkeypatch):
    half = lambda file, line: real(file, line[: len(line) // 2] if b"square" in line else line)
    real = os.write
    with Store(tmp_path, {"a": 1}) as store:
        cells = TASK.pending(store.records)
        store.append(Record(cells[0].to_json(), {"square": 0}))
        monkeypatch.setattr(store_module.os, "write", half)
        with pytest.raises(OSError, match="is the disk full") as raised:
            store.append(Record(cells[1].to_json(), {"square": 1}))
        assert raised.value.errno == errno.ENOSPC
    monkeypatch.undo()
    assert len(list(read_folder(tmp_path))) == 1
    fill(tmp_path)
    assert len(lines_of(tmp_path)) == 4


def test_a_second_process_on_the_same_rows_is_refused_and_named(tmp_path):
    with Store(tmp_path, {"a": 1}), pytest.raises(InputError, match=f"process {os.getpid()} on .* is writing here"):
        Store(tmp_path, {"a": 1})
    with Store(tmp_path, {"a": 1}), Store(tmp_path, {"a": 1}, "2of2"):
        pass
    fill(tmp_path)


def test_a_lock_that_a_kill_left_behind_stops_nobody(tmp_path):
    (tmp_path / ".lock").write_text("process 1 on elsewhere")
    Lock(tmp_path / ".lock", "wait").release()
    assert not (tmp_path / ".lock").exists()


def test_other_code_jax_or_backend_warns(rows):
    (line,) = read_sessions(rows.parent)
    for key, value in (("code", {"files": "other"}), ("packages", {"jax": "0.0"}), ("backend", "abacus")):
        (rows.parent / SESSIONS).write_text(canonical(line | {key: value}) + "\n")
        name = {"packages": "jax"}.get(key, key)
        with pytest.warns(UserWarning, match=f"measured with another {name};"):
            Store(rows.parent, {"a": 1}).close()


def test_a_session_is_written_with_the_first_row_only(rows):
    assert len(read_sessions(rows.parent)) == 1
    fill(rows.parent)
    assert len(read_sessions(rows.parent)) == 1
    fill(rows.parent, Steps((*TASK.cells, {"n": 9}), TASK.run))
    assert [session["file"] for session in read_sessions(rows.parent)] == ["rows-1of1.jsonl"] * 2


def test_the_source_of_a_construction_is_compared_by_what_it_does():
    code = '"""About."""\ndef f(x):\n    """Doubles."""\n    return 2 * x  # twice\n'
    same = '"""Another text."""\n\n\ndef f(x):\n    return (2 * x)\n'
    assert source.digest_of_source(code) == source.digest_of_source(same)
    assert source.digest_of_source(code) != source.digest_of_source(code.replace("2 * x", "3 * x"))


def test_memory_limits_of_control_groups_are_found(tmp_path):
    groups, root = tmp_path / "cgroup", tmp_path / "fs"
    (root / "job" / "step").mkdir(parents=True)
    (root / "job" / "memory.max").write_text("1000\n")
    (root / "job" / "step" / "memory.max").write_text("max\n")
    groups.write_text("0::/job/step\n")
    assert _cgroup_limits(groups, root) == [1000]
    (root / "memory" / "slurm").mkdir(parents=True)
    (root / "memory" / "slurm" / "memory.limit_in_bytes").write_text("2000\n")
    groups.write_text("5:cpu,memory:/slurm\n")
    assert _cgroup_limits(groups, root) == [2000]


def test_shards_share_the_work_and_none_is_done_twice():
    chain = Chain(({"k": 0}, {"k": 1}), lambda cell, before: {"ended": False, "seen": True})
    tasks = [Steps(tuple({"n": n} for n in range(10)), TASK.run), chain]
    parts = [shard_of(tasks, index, 3) for index in (1, 2, 3)]
    cells = [canonical(cell) for part in parts for task in part for cell in task.cells]
    assert sorted(cells) == sorted(canonical(cell) for task in tasks for cell in task.cells)
    assert max(sum(len(task.cells) for task in part) for part in parts) <= 4


def test_a_cluster_gives_the_rows_of_one_process(tmp_path):
    distributed = pytest.importorskip("distributed")
    from superposed.sweeping.cluster import sweep_on_cluster

    climb = lambda cell, before: {"height": cell["k"] + (before or {"height": 0})["height"], "ended": cell["k"] == 2}
    tasks = [TASK, TASK, Chain(tuple({"k": k} for k in range(5)), climb)]
    with Store(tmp_path / "alone", {}) as store:
        list(sweep(tasks, store))
    in_threads = distributed.LocalCluster(2, processes=False, dashboard_address=None)
    with in_threads as cluster, Store(tmp_path / "together", {}) as store:
        found = list(sweep_on_cluster(tasks, store, cluster.scheduler_address))
    assert lines_of(tmp_path / "together") == lines_of(tmp_path / "alone")
    assert len(found) == 7


PROGRAM = """
import sys, time
from superposed.sweeping.steps import Steps
from superposed.sweeping.store import Store
from superposed.sweeping.sweep import sweep
task = Steps(tuple({"n": n} for n in range(1000)), lambda cell: time.sleep(0.002) or {"square": cell["n"] ** 2})
with Store(sys.argv[1], {}) as store:
    print("ready", flush=True)
    list(sweep([task], store))
"""


@pytest.mark.slow
def test_killed_at_fifty_random_moments(tmp_path):
    moments, n_killed = random.Random(0), 0
    for _ in range(50):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(moments.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        n_killed += process.wait() == -signal.SIGKILL
    subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], check=True, capture_output=True)
    found = sorted((record.cell["n"], record.seen["square"]) for record in read_folder(tmp_path))
    assert n_killed > 40 and found == [(n, n**2) for n in range(1000)]


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_loses_no_row(tmp_path):
    distributed = pytest.importorskip("distributed")
    from superposed.constructions import Rademacher
    from superposed.measuring.sampling import Sampling
    from superposed.sweeping.cluster import sweep_on_cluster
    from superposed.sweeping.tasks import AtWidths, SmallestWidth

    tasks = [
        AtWidths(Rademacher(), 16, 3, tuple(range(20, 60)), 3, Sampling(16)),
        SmallestWidth(Rademacher(), 16, 2, 3, Sampling(16), "rms", 0.2, most=1024),
    ]
    with Store(tmp_path / "alone", {}) as store:
        list(sweep(tasks, store))
    processes = distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None)
    with processes as cluster, distributed.Client(cluster) as client, Store(tmp_path / "together", {}) as store:
        pids = client.run(os.getpid)
        for n, _ in enumerate(sweep_on_cluster(tasks, store, cluster.scheduler_address)):
            if n == 20:
                os.kill(next(iter(pids.values())), signal.SIGKILL)
    assert lines_of(tmp_path / "together") == lines_of(tmp_path / "alone")

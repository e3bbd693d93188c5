"""The commands through main([...]): what they print, what they refuse, and that refusing changes nothing."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from experiment_file import EXPERIMENT

from superposed.cli import main
from superposed.cli.options import check_folder


def run(capsys, *argv):
    """(status, standard output, standard error) of one command."""
    try:
        status = main([str(word) for word in argv])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


def test_measure_prints_one_json_object(capsys):
    status, out, _ = run(capsys, "measure", "bernoulli", "--m", 20, "--s", 2, "--width", 64, "--inputs", "superposed",
                         "--density", 0.4, "--seeds", 3, "--eps", 0.5, "--json")  # fmt: skip
    result = json.loads(out)
    assert status == 0
    assert {"problem", "construction", "width", "mode", "seeds", "seconds", "strata", "success"} <= result.keys()
    assert [stratum["active"] for stratum in result["strata"]] == [0, 1, 2]
    assert sum(stratum["count"] for stratum in result["strata"]) == 3 * 16 * 190
    assert {"count", "mean", "rms", "std", "max", "q50", "q90", "q99"} <= result["strata"][0].keys()
    assert result["construction"] == {
        "name": "superposed",
        "inner": {"name": "bernoulli", "density": 0.4, "shared": None},
        "d_in": None,
        "code": "random",
    }
    assert result["success"]["seeds"] == 3 and 0 <= result["success"]["passed"] <= 3


def test_drawn_measure_far_beyond_what_can_be_built(capsys):
    problem = ("--m", "1e12", "--s", 2, "--width", 740_000_000, "--inputs", "superposed")
    events = ("--mode", "drawn", "--seeds", 2, "--inputs-per-seed", 2000)
    status, out, _ = run(capsys, "measure", "bernoulli", *problem, *events, "--json")
    strata = json.loads(out)["strata"]
    assert status == 0 and [stratum["count"] for stratum in strata] == [4000] * 3
    assert 0.4 < strata[1]["q99"] < 0.65


def test_width_of_the_naive_construction_is_one_neuron_a_pair(capsys):
    status, out, _ = run(
        capsys, "width", "naive", "--m", 12, "--s", 3, "--eps", 0.5, "--inputs-per-seed", "all", "--seeds", 1, "--json"
    )
    result = json.loads(out)
    assert status == 0 and result["width"]["low"] < 66 <= result["width"]["high"]
    assert {"criterion", "eps", "success", "tried"} <= result.keys()


BAD = [
    (("measure", "bernouli", "--m", 9, "--s", 2, "--width", 8), "did you mean bernoulli"),
    (("measure", "zzz", "--m", 9, "--s", 2, "--width", 8), "one of naive"),
    (
        ("measure", "rademacher", "--m", 9, "--s", 2, "--width", 8, "--density", 0.1),
        "--density 0.1: rademacher has no such field",
    ),
    (("measure", "bernoulli", "--m", 9, "--s", 10, "--width", 8), "--s 10"),
    (("measure", "bernoulli", "--m", 9, "--s", 0, "--width", 8), "--s 0"),
    (("measure", "bernoulli", "--m", 1, "--s", 1, "--width", 8), "--m 1"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 0), "--width 0"),
    (("measure", "bernoulli", "--m", 9.5, "--s", 2, "--width", 8), "'9.5' is no whole number"),
    (("measure", "bernoulli", "--m", "1e99", "--s", 2, "--width", 8), "'1e99' is no whole number"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--density", 1.5), "--density 1.5"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--density", "paper"), "exceeds 1"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--eps", 0), "--eps 0"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--seeds", 0), "--seeds 0"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--inputs-per-seed", 0), "write 1 or more, or all"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--d-in", 4), "--d-in 4"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--inputs", "superposed", "--d-in", 0), "--d-in 0"),
    (("measure", "naive", "--m", 9, "--s", 2, "--width", 8, "--mode", "drawn"), "is not known"),
    (("measure", "naive", "--m", 200, "--s", 9, "--width", 8, "--inputs-per-seed", "all"), "more than 100000"),
    (("measure", "naive", "--m", 10**7, "--s", 2, "--width", 1000), "do not fit"),
    (
        ("measure", "random-init", "--m", 300, "--s", 2, "--width", 8, "--inputs", "superposed", "--d-in", 10**9),
        "do not fit",
    ),
    (("width", "bernoulli", "--m", 10**9, "--s", 2, "--eps", 0.5), "do not fit"),
    (
        ("measure", "bernoulli", "--m", "1e12", "--s", 2, "--width", "1e12", "--density", 0.5, "--mode", "drawn"),
        "shares 2.5e+11 neurons",
    ),
    (("measure", "bernoulli", "--m", "1e12", "--s", "3e9", "--width", 8, "--mode", "drawn"), "events need"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--shared", "paper"), "--shared paper"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--shared", "nan"), "--shared nan"),
    (("measure", "centred-bernoulli", "--m", 9, "--s", 2, "--width", 8, "--density", "paper"), "--density paper"),
    (("width", "naive", "--m", 8, "--s", 2, "--eps", 1e-8), "--eps 1e-08"),
    (("width", "naive", "--m", 8, "--s", 2, "--eps", "inf"), "--eps inf"),
    (("power", "--m", "64:1e300", "--step", 1.0000001), "more than 10000 values"),
    (("width", "bernoulli", "--m", 9, "--s", 2, "--eps", 0.5, "--criterion", "q9"), "did you mean q99"),
    (("width", "bernoulli", "--m", 9, "--s", 2, "--eps", -1), "--eps -1"),
    (("width", "bernoulli", "--m", 9, "--s", 2, "--eps", 0.5, "--success", 2), "--success 2"),
    (("run", "uand_superpose"), "did you mean uand_superposed"),
    (("run", "uand_superposed", "--profile", "quik"), "did you mean quick"),
    (("run", "uand_superposed", "--shard", "3/2"), "'3/2' is no part"),
    (("run", "uand_superposed", "--time-limit", "soon"), "no duration"),
    (("run", "uand_superposed", "--out", "a-file"), "is not a folder"),
    (("figures", "--runs", "nothing"), "no rows of profile quick"),
    (("status", "nothing"), "not the folder of a run"),
    (("status", "foreign"), "names no experiment"),
    (("audit", "nothing"), "not the folder of a run"),
    (("audit", "nothing", "--fraction", 2), "--fraction 2.0"),
    (("run", "./mine.py"), "there is no such Python file"),
    (("run", "./empty.py"), "it defines no EXPERIMENT"),
    (("figures", "./broken.py"), "running it failed with ZeroDivisionError"),
    (("sweep", "rademacher", "--s", 2, "--eps", 0.5, "--out", "new", "--m", "8:9"), "two values of m"),
    (("sweep", "rademacher", "--s", 2, "--eps", 0.5, "--out", "new", "--m", "8:64", "--step", 1), "--step 1.0"),
    (("sweep", "rademacher", "--s", 2, "--eps", 0.5, "--out", "new", "--m", "64:8"), "no range"),
    (("sweep", "rademacher", "--s", 2, "--eps", 0.5, "--out", "new", "--m", "8:64", "--shard", "0/2"), "no part"),
    (("circuit", "pats", "--m", 9, "--depth", 1, "-o", "c.json"), "did you mean paths"),
    (("circuit", "groups", "--m", 9, "--s", 10, "--depth", 1, "-o", "c.json"), "--s 10"),
    (("circuit", "groups", "--m", "1e7", "--depth", 2, "-o", "c.json"), "--depth 2"),
    (("circuit", "groups", "--m", 9, "--inputs", 8, "--depth", 1, "-o", "c.json"), "--inputs 8"),
    (("measure", "mine.py:TopK", "--m", 9, "--s", 2, "--width", 8), "there is no such Python file"),
    (("measure", "empty.py:TopK", "--m", 9, "--s", 2, "--width", 8), "has no dataclass TopK"),
    (("measure", "empty.py:(", "--m", 9, "--s", 2, "--width", 8), "write file.py:Class"),
    (("measure", "no_such_module:TopK", "--m", 9, "--s", 2, "--width", 8), "No module named"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--seeds", "1e12"), "--seeds 1000000000000"),
    (("measure", "bernoulli", "--m", 9, "--s", 2, "--width", 8, "--devices", 99), "--devices 99: this process has"),
    (("plan", "uand_superpose"), "did you mean uand_superposed"),
    (("plan", "uand_superposed", "--profile", "quik"), "did you mean quick"),
    (("measure",), "--m"),
    (("fly",), "invalid choice"),
]


@pytest.mark.parametrize(
    ("argv", "message"), BAD, ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None
)
def test_bad_input_is_one_line_and_changes_nothing(capsys, monkeypatch, tmp_path, argv, message):
    (tmp_path / "a-file").write_text("mine")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "manifest.json").write_text('{"configuration": {}}')
    monkeypatch.chdir(tmp_path)
    before = sorted(str(path) for path in tmp_path.rglob("*") if "__pycache__" not in str(path))
    status, out, err = run(capsys, *argv)
    assert status == 2 and out == ""
    assert message in err and len(err.strip().splitlines()) == 1 and "Traceback" not in err
    assert sorted(str(path) for path in tmp_path.rglob("*") if "__pycache__" not in str(path)) == before


def test_folders_are_checked_by_many_at_once(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: check_folder("--out", tmp_path / "run"), range(400)))
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback(capsys):
    with pytest.raises(ValueError, match="bernouli"):
        run(capsys, "--debug", "measure", "bernouli", "--m", 9, "--s", 2, "--width", 8)


def test_an_experiment_runs_resumes_and_draws(capsys, tmp_path):
    """One experiment through the commands; tests/experiments asks the same of every one through functions."""
    runs, figures = tmp_path / "runs", tmp_path / "figures"
    run_it = ("run", "gallery", "--profile", "tiny", "--out", runs / "gallery-tiny", "--json")
    first = json.loads(run(capsys, *run_it)[1])
    assert first["finished"] and json.loads(run(capsys, *run_it)[1])["rows"] == first["rows"]
    assert json.loads(run(capsys, "status", runs / "gallery-tiny", "--json")[1])["open"] == 0
    status, out, err = run(capsys, "figures", "gallery", "--profile", "tiny", "--runs", runs, "--figures", figures)
    assert status == 0 and "gallery.png" in out, err
    before = {path.suffix: path.read_bytes() for path in figures.iterdir()}
    assert before.keys() == {".png", ".svg", ".csv", ".json", ".html"}
    run(capsys, "figures", "gallery", "--profile", "tiny", "--runs", runs, "--figures", figures)
    assert {path.suffix: path.read_bytes() for path in figures.iterdir()} == before
    (runs / "gallery-tiny").rename(runs / "gallery-quick")
    status, _, err = run(capsys, "figures", "gallery", "--runs", runs, "--figures", figures)
    assert status == 2 and "another configuration" in err and "profile" in err


def test_shards_share_the_work(capsys, tmp_path):
    for part in ("1/2", "2/2"):
        assert run(capsys, "run", "random_init", "--profile", "tiny", "--out", tmp_path, "--shard", part)[0] == 0
    found = json.loads(run(capsys, "status", tmp_path, "--json")[1])
    expected = {"experiment": "random_init", "profile": "tiny", "rows": 8, "questions": 2, "open": 0}
    assert found.items() >= expected.items() and found["seconds_left"] == 0 and found["rows_a_second"] > 0


def test_a_time_limit_stops_and_says_how_to_go_on(capsys, tmp_path):
    status, _, err = run(capsys, "run", "random_init", "--profile", "tiny", "--out", tmp_path, "--time-limit", "0s")
    assert status == 3 and "run the same command again to resume" in err
    assert len((tmp_path / "rows-1of1.jsonl").read_text().splitlines()) == 4  # the whole block that was measured


def test_an_unfinished_run_is_drawn_in_part_and_has_a_rate(capsys, monkeypatch, tmp_path):
    """Two of four squares are measured; then a third one fails."""
    monkeypatch.chdir(tmp_path)
    text = EXPERIMENT.format(n=4, work="if cell['n'] == 2 and not open('go').read(): raise ValueError('two is odd')")
    text = text.replace("n: int = 4", "n: tuple = (0, 1, 2, 3)").replace("range(profile.n)", "profile.n")
    (tmp_path / "squares.py").write_text(text)
    (tmp_path / "go").write_text("")
    status, _, err = run(capsys, "run", "./squares.py", "--out", "runs/squares-quick")
    assert status == 2 and "two is odd" in err
    found = json.loads(run(capsys, "status", "runs/squares-quick", "--json")[1])
    assert (found["rows"], found["open"]) == (2, 2) and found["failures"][0]["error"] == "ValueError: two is odd"
    assert found["rows_a_second"] > 0
    assert found["seconds_left"] == pytest.approx(2 / found["rows_a_second"])
    assert "1 failures, the last one" in run(capsys, "status", "runs/squares-quick")[1]
    status, _, err = run(capsys, "figures", "./squares.py")
    assert status == 2 and "--partial` draws what there is" in err
    status, out, err = run(capsys, "figures", "./squares.py", "--partial")
    assert (status, out) == (0, "figures/squares-partial.png\n") and "squares: without n = 2, 3" in err
    assert "squares-partial" not in (tmp_path / "figures" / "index.html").read_text()
    (tmp_path / "go").write_text("on")
    assert run(capsys, "run", "./squares.py", "--out", "runs/squares-quick")[0] == 0
    assert run(capsys, "figures", "./squares.py", "--partial")[1] == "figures/squares.png\n"


def test_plan_counts_and_times(capsys):
    status, out, _ = run(capsys, "plan", "random_init", "--profile", "tiny", "--json")
    found = json.loads(out)
    (kind,) = found["kinds"]
    assert status == 0 and (kind["questions"], kind["networks"]) == (2, 8)
    assert found["seconds"] == kind["seconds"] > 0
    status, out, _ = run(capsys, "plan", "gallery", "--no-timing")
    assert status == 0 and "steps, whose length is not known ahead" in out


def test_another_profile_in_the_same_folder_is_refused(capsys, tmp_path):
    run(capsys, "run", "random_init", "--profile", "tiny", "--out", tmp_path, "--time-limit", "0s")
    status, _, err = run(capsys, "run", "random_init", "--profile", "quick", "--out", tmp_path)
    assert status == 2 and "another configuration" in err and "profile" in err

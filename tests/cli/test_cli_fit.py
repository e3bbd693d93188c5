"""`superposed fit` and `superposed power` through `main`."""

import json

import numpy as np
import pytest
from synthetic_widths import LADDER, crossing, two_thirds, widths

from superposed.cli import main
from superposed.figures.save import csv_text
from superposed.fitting import through
from superposed.study.series import Series, curve_rows, local_exponents


@pytest.fixture
def table(tmp_path):
    data = widths(two_thirds, m=2.0 ** np.arange(6, 11), seeds=6)
    rows = [
        f"{m:g},{k % 6},{low!r},{high!r}"
        for k, (m, low, high) in enumerate(
            zip(data.covariates["m"], data.low.tolist(), data.high.tolist(), strict=True)
        )
    ]
    path = tmp_path / "widths.csv"
    path.write_text("\n".join(["m,seed,low,high", *rows]) + "\n")
    return path


@pytest.fixture
def mixed(table):
    """The same measurements among other rows, with a closed form, as the files in figures/ have them."""
    header, *rows = table.read_text().splitlines()
    curve = [f"computed,{m},,,,{3 * m ** (2 / 3)!r},0.6666666666666666,q99" for m in (64, 256, 1024, 4096)]
    curve += [f"computed,{m},,,,{float(m)!r},1,max" for m in (64, 4096)]
    others = ["local exponent,90,,0.6,0.7,,,", "claimed slope,,,,,5,,"]
    lines = [f"kind,{header},best,exponent,criterion", *(f"width,{row},,,q99" for row in rows), *curve, *others]
    (table.parent / "mixed.csv").write_text("\n".join(lines) + "\n")
    return table.parent / "mixed.csv"


def test_a_file_of_figures_brings_its_closed_form(table, mixed, capsys):
    """Only measurements are fitted, and the closed form of the same labels competes."""
    assert main(["fit", str(mixed), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["reports"]
    assert main(["fit", str(table), "--json"]) == 0
    (alone,) = json.loads(capsys.readouterr().out)["reports"]
    assert found["rows"] == alone["rows"] == 30
    assert {m["model"] for m in found["models"]} - {m["model"] for m in alone["models"]} == {"closed form"}
    low, best, high = found["formula"]["power"]
    assert low < 0 < high and abs(best) < 0.05 and alone["formula"] is None


def test_the_command_and_the_experiment_agree(tmp_path, capsys):
    """The verdict on a figure's file is the one that the experiment gave from its rows."""
    data = widths(crossing, m=LADDER, seeds=6)
    curve = dict(zip(*(column.tolist() for column in (LADDER, np.exp(crossing(LADDER)))), strict=True))
    columns = data.covariates["m"].tolist(), data.low.tolist(), data.high.tolist()
    records = [
        {"m": m, "seed": k, "low": low, "high": high} for k, (m, low, high) in enumerate(zip(*columns, strict=True))
    ]
    series = Series("q99, s = 2", "m", tuple(records), {"criterion": "q99", "s": 2})
    expected = series.report(2 / 3, closed=through(curve.items(), 2 / 3))
    rows = series.rows() + local_exponents(series.name, expected) + curve_rows(curve, 2 / 3, criterion="q99", s=2)
    (tmp_path / "figure.csv").write_text(csv_text(rows))
    assert main(["fit", str(tmp_path / "figure.csv"), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["reports"]
    assert found["verdict"] == expected.verdict.word and found["why"] == expected.verdict.why
    assert found["exponent"] == list(expected.verdict.exponent)


def test_where_and_from_keep_the_rows_they_name(mixed, capsys):
    assert main(["fit", str(mixed), "--where", "criterion=q99", "--from", "128"]) == 0
    assert "24 rows" in capsys.readouterr().out
    assert main(["fit", str(mixed), "--where", "kind=else"]) == 2
    assert "no row with kind=else; it has the kinds computed, local exponent, width" in capsys.readouterr().err
    assert main(["fit", str(mixed), "--where", "nowhere=1"]) == 2
    assert "no column 'nowhere'" in capsys.readouterr().err
    assert main(["fit", str(mixed), "--from", "1e9"]) == 2
    assert "no row with m >= 1e+09" in capsys.readouterr().err


def test_fit_prints_a_report(table, capsys):
    assert main(["fit", str(table)]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == str(table)
    assert "INCONCLUSIVE: exponent of m = 0.6667, m = 64 to 1024, 30 rows" in shown


def test_fit_prints_json_and_nothing_else(table, capsys):
    assert main(["fit", str(table), str(table), "--json", "--claim", "1/2"]) == 0
    first, second = json.loads(capsys.readouterr().out)["reports"]
    assert first == second
    assert first["file"] == str(table) and first["claim"] == 0.5
    assert {
        "verdict",
        "why",
        "models",
        "bounded_log_power",
        "excluded_exponents",
        "local_exponents",
        "joint_region",
    } <= first.keys()


def test_power_answers_before_measuring(capsys):
    assert main(["power", "--model", "power", "--m", "64:65536", "--seeds", "20"]) == 0
    assert capsys.readouterr().out.startswith("decides: model power, m up to 65536 (11 values), 20 seeds")
    assert main(["power", "--model", "crossover", "--m", "64:4096", "--seeds", "8", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["decides"] is False and found["m"] == [64, 128, 256, 512, 1024, 2048, 4096]
    assert found["largest_needed"] > 4096


@pytest.mark.parametrize(
    "command, says",
    [
        ("fit nowhere.csv", "nowhere.csv: No such file or directory; give a CSV file"),
        ("fit TABLE --along d", "no column 'd'"),
        ("fit TABLE --by eps", "no column 'eps'"),
        ("fit ONE", "one value of m: an exponent is not identified"),
        ("fit BAD", "BAD.csv, line 2: width = 'x' is not a number"),
        ("power --m 64:65536 --step 1", "--step 1: neighbouring values of m need a ratio above 1"),
        ("power --m 64:65536 --rung 0.5", "--rung 0.5: neighbouring widths have a ratio of at least 1"),
        ("power --m 64:65536 --scatter 0", "--scatter 0: needs a standard deviation above 0"),
        ("power --m 64:65536 --seeds 0", "--seeds 0: needs at least one draw"),
        ("power --m 64:65536 --needs 1 0 1", "--needs 1 0 1: widths are above 0"),
        ("power --m 64:65536 --exponents 1/2 0.5", "two different ones are needed"),
        ("power --m 64:128", "2 values of m x 20 seeds do not identify"),
    ],
)
def test_bad_input_is_one_line_and_status_2(table, tmp_path, capsys, command, says):
    (tmp_path / "ONE.csv").write_text("m,width\n64,10\n64,11\n64,12\n")
    (tmp_path / "BAD.csv").write_text("m,width\n64,x\n")
    places = {"TABLE": str(table), "ONE": str(tmp_path / "ONE.csv"), "BAD": str(tmp_path / "BAD.csv")}
    assert main([places.get(word, word) for word in command.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and says in shown.err and shown.err.count("\n") == 1


@pytest.mark.parametrize(
    "command, says",
    [("fit x --claim two", "'two' is no exponent"), ("power --m 5", "'5' is no range"), ("fit x --claim 1/0", "'1/0'")],
)
def test_bad_flags_are_one_line_and_status_2(capsys, command, says):
    with pytest.raises(SystemExit) as left:
        main(command.split())
    shown = capsys.readouterr()
    assert left.value.code == 2 and says in shown.err and shown.err.count("\n") == 1

"""Samples and the files they come from: what is accepted, and what each refusal says."""

import numpy as np
import pytest

from superposed.fitting import from_records, read_csv, sample


def test_records_become_intervals_with_units_and_covariates():
    rows = [
        {"m": 64, "s": 2, "seed": 0, "low": 10, "high": 11, "eps": 0.5},
        {"m": 64, "s": 3, "seed": 0, "low": 12, "high": 13, "eps": 0.5},
        {"m": 128, "s": 2, "seed": 0, "low": 0, "high": 13, "eps": 0.5},
        {"m": 128, "s": 2, "seed": 1, "low": 14, "high": float("inf"), "eps": 0.5},
    ]
    data = from_records(rows)
    assert sorted(data.covariates) == ["m", "s"]  # eps does not vary
    assert data.unit[0] == data.unit[1] and len(set(data.unit.tolist())) == 3  # one seed at one m is one unit
    assert data.log_low[2] == -np.inf and data.log_high[3] == np.inf
    np.testing.assert_allclose(data.log_middle, [np.log(110) / 2, np.log(156) / 2, np.log(13), np.log(14)])


def test_a_width_alone_is_exact_and_rows_without_seeds_are_units():
    data = from_records([{"m": 64, "width": 10.0}, {"m": 128, "width": 20.0}])
    np.testing.assert_array_equal(data.low, data.high)
    assert data.unit[0] != data.unit[1]


def test_points_are_sorted_along_the_covariate_within_each_series():
    data = sample([1.0] * 4, [2.0] * 4, m=[128.0, 64.0, 128.0, 64.0], s=[2.0, 2.0, 1.0, 1.0])
    points, index = data.points, data.point
    np.testing.assert_array_equal(points["s"], [1, 1, 2, 2])
    np.testing.assert_array_equal(points["m"], [64, 128, 64, 128])
    np.testing.assert_array_equal(index, [3, 2, 1, 0])


@pytest.mark.parametrize(
    "low, high, m, says",
    [
        ([], [], [], "rows = 0: nothing to fit"),
        ([1.0, 3.0], [2.0, 2.0], [64.0, 128.0], "0 <= low <= high"),
        ([-1.0], [2.0], [64.0], "0 <= low <= high"),
        ([np.nan], [2.0], [64.0], "NaN is no width"),
        ([1.0, 0.0], [2.0, np.inf], [64.0, 128.0], "open on both sides says nothing"),
        ([1.0], [2.0], [np.inf], "m: needs 1 finite numbers above 0"),
        ([1.0], [2.0], [64.0, 128.0], "m: has 2 values for 1 rows"),
    ],
)
def test_impossible_samples_are_refused(low, high, m, says):
    with pytest.raises(ValueError, match=says):
        sample(low, high, m=m)


def test_the_covariate_in_question_must_be_there():
    with pytest.raises(ValueError, match="along = 'd': no such covariate; choose among m"):
        sample([1.0], [2.0], along="d", m=[64.0])


def test_records_without_a_width_are_refused():
    with pytest.raises(ValueError, match="row 2: no low"):
        from_records([{"m": 64, "width": 3.0}, {"m": 64, "high": 3.0}])


def write(path, text):
    (path / "data.csv").write_text(text)
    return path / "data.csv"


@pytest.mark.parametrize("column", ["s", "seed"])
def test_a_column_that_is_blank_in_some_rows_is_refused(tmp_path, column):
    path = tmp_path / "data.csv"
    path.write_text(f"m,width,{column}\n64,100,2\n64,110,\n128,150,2\n")
    with pytest.raises(ValueError, match=f"row 2: no {column}"):
        read_csv(path)


def test_tables_are_kept_apart_by_their_settings(tmp_path):
    text = (
        "m, criterion, seed, low, high, tried\n64,q99,0,10,11,5\n64,max,0,20,22,5\n\n"
        "128,q99,0,,13,5\n128,q99,1,11,12,5\n128,max,0,30,,5\n"
    )
    tables = read_csv(write(tmp_path, text))
    assert [t.setting for t in tables] == [(("criterion", "q99"),), (("criterion", "max"),)]
    assert tables[0].title.endswith("data.csv, criterion = q99")
    assert tables[0].sample.low.tolist() == [10, 0, 11] and tables[1].sample.high.tolist() == [22, np.inf]


def test_a_setting_that_does_not_vary_is_not_mentioned(tmp_path):
    (table,) = read_csv(write(tmp_path, "criterion,m,width\nq99,64,10\nq99,128,12\n"))
    assert table.setting == ()


def test_any_column_can_split_and_any_can_be_the_response(tmp_path):
    path = write(tmp_path, "d,m,L\n64,10,1\n128,12,1\n64,9,2\n128,11,2\n")
    tables = read_csv(path, along="d", by=("L",), response="m")
    assert [t.setting for t in tables] == [(("L", "1"),), (("L", "2"),)]
    assert list(tables[0].sample.covariates) == ["d"] and tables[0].sample.low.tolist() == [10, 12]


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "line 1: no column 'm'"),
        ("m,width\n", "no row below the header"),
        ("m,low\n64,1\n", "line 1: no column width, nor low and high, among m, low"),
        ("m,width\n64,10\n128,ten\n", "line 3: width = 'ten' is not a number"),
        ("m,width\n64,10\n128\n", "line 3: too few cells"),
        ("m,width\n64,10\n128,-2\n", "line 3: width = -2.0 is not a finite number above 0"),
        ("m,width\n64,10\n,2\n", "line 3: m = '' is not a number"),
        ("m,width\n64,nan\n", "line 2: width = nan"),
        ("m,low,high\n64,3,2\n", "line 2: low = 3.0, high = 2.0"),
        ("m,low,high\n64,3,4\n128,,inf\n", "line 3: open on both sides"),
        ("m,width,high\n64,1,500\n", "line 2: width and low or high"),
        ("m,width\n64,1,024\n", "line 2: 3 cells for 2 columns; write 1024"),
        ("m,width,m\n64,10,64\n", "line 1: two columns named 'm'"),
    ],
)
def test_files_that_are_no_tables_name_line_and_rule(tmp_path, text, says):
    with pytest.raises(ValueError, match=says) as refused:
        read_csv(write(tmp_path, text))
    assert "data.csv" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "options, says",
    [
        ({"by": ("m",)}, "m is the axis of the fit"),
        ({"along": "width"}, "width is the response"),
        ({"response": "m"}, "m is the response"),
    ],
)
def test_columns_that_cannot_be_asked_for_are_refused(tmp_path, options, says):
    with pytest.raises(ValueError, match=says):
        read_csv(write(tmp_path, "m,width\n64,10\n128,20\n"), **options)


def test_a_binary_file_is_no_table(tmp_path):
    (tmp_path / "data.csv").write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="not a CSV file"):
        read_csv(tmp_path / "data.csv")

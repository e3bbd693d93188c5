"""Series: units of independence, medians of intervals with open ends, ranges in words."""

import pytest

from superposed.study.series import Series, number, triple

RECORDS = tuple(
    {"m": m, "seed": seed, "low": 100.0 * m + seed, "high": 100.0 * m + seed + 8} for m in (4, 16) for seed in range(3)
)


def test_a_seed_at_another_m_is_another_unit_unless_draws_are_nested():
    assert len(set(Series("a", "m", RECORDS).sample.unit)) == 6
    assert len(set(Series("a", "m", RECORDS, nested=True).sample.unit)) == 3


def test_covariates_reach_the_fit():
    records = tuple({**record, "d": 2 + record["seed"]} for record in RECORDS)
    assert set(Series("a", "m", records, covariates=("d",)).sample.covariates) == {"m", "d"}


def test_medians_are_those_of_geometric_middles():
    assert Series("a", "m", RECORDS).medians() == pytest.approx({4: (401 * 409) ** 0.5, 16: (1601 * 1609) ** 0.5})


def test_an_open_end_counts_with_its_finite_one():
    open_ends = ({"m": 4, "seed": 0, "low": 0, "high": 9.0}, {"m": 8, "seed": 0, "low": 7.0, "high": float("inf")})
    assert Series("a", "m", open_ends).medians() == pytest.approx({4: 9, 8: 7})


def test_rows_carry_the_series_name_and_labels():
    rows = Series("a", "m", RECORDS, {"s": 2}).rows()
    assert [row["kind"] for row in rows] == ["width"] * 6 + ["median"] * 2
    assert all(row["series"] == "a" and row["s"] == 2 for row in rows)


def test_the_range_in_words():
    series = Series("a", "m", RECORDS)
    assert series.span == "m = 4 to 16, 3 seeds" and series.above(10).span == "m = 16 to 16, 3 seeds"


def test_numbers_in_words():
    assert [number(x) for x in (131072, 0.0625, 1.0995e12)] == ["131,072", "0.0625", "1.1e+12"]
    assert triple((0.1, 0.25, 0.5), ".2f") == "0.25 [0.10, 0.50]"


def test_a_series_of_two_values_gets_no_verdict():
    records = tuple({"m": m, "seed": seed, "low": m * 0.99, "high": m * 1.01} for m in (1e3, 1e9) for seed in range(6))
    series = Series("two", "m", records, {})
    assert series.finding("does it grow as m?", series.report(1.0)).verdict == "measured"

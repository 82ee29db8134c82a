"""Outlines: what a first suite is written from, taken where the table lies."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_text import write_settings

from pavedroad.config import load_config
from pavedroad.engines.duckdb import quantiles as duckdb_quantiles
from pavedroad.engines.duckdb import table as duckdb_table
from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import profile_column
from pavedroad.foundation.data.source import find_source, hold_table
from pavedroad.foundation.validation.judging import Limits
from pavedroad.foundation.validation.outline import FEW, outline_table, require_trainable

RANDOM = np.random.default_rng(1)
ROWS = 20_000
TABLE = pd.DataFrame(
    {
        "whole": RANDOM.integers(-5, 5, ROWS),
        "real": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.normal(size=ROWS)),
        "text": RANDOM.choice(["a", "b", "c"], ROWS),
        "many": [f"n{number}" for number in range(ROWS)],
        "yes": RANDOM.random(ROWS) < 0.5,
        "at": pd.date_range("2020-01-01", periods=ROWS, freq="min"),
        "void": pd.Series([None] * ROWS, dtype="object"),
    }
)


def outline(table, most=100, also=(), **limits):
    source = hold_table(pa.Table.from_pandas(table, preserve_index=False)) if isinstance(table, pd.DataFrame) else table
    return outline_table(source, Limits(**limits), most=most, also=also)


def test_an_outline_says_what_a_profile_says():
    made = outline(TABLE)
    assert made.rows == ROWS
    assert list(made.nulls) == list(TABLE)
    for column in made.columns:
        profile = profile_column(TABLE[column.name])
        assert (column.kind, column.nulls, column.not_finite) == (profile.kind, profile.nulls, profile.not_finite)
        assert column.distinct == pytest.approx(profile.distinct, rel=0.1)
        assert column.estimated == (profile.distinct > FEW)
        if profile.quantiles:
            assert (column.least, column.most) == (profile.quantiles[0], profile.quantiles[-1])
            assert column.mean == pytest.approx(profile.mean)
            assert column.median == pytest.approx(profile.quantiles[50], abs=1e-3)
        if not column.estimated:
            assert list(column.categories) == (sorted(profile.categories) if profile.kind == "category" else [])
        assert (column.earliest, column.latest) == (profile.earliest, profile.latest)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_outline_of_a_large_wide_table_is_that_of_a_narrow_one(tmp_path, monkeypatch, kind):
    path = tmp_path / f"t.{kind}"
    table = TABLE.head(500)
    table.to_parquet(path) if kind == "parquet" else table.to_csv(path, index=False)
    narrow = outline(find_source(path), most=4, also={"void"})
    monkeypatch.setattr(duckdb_table, "WIDE", 3)
    monkeypatch.setattr(duckdb_table, "STREAM_FROM", 10)
    assert outline(find_source(path), most=4, also={"void"}) == narrow
    assert narrow.nulls["void"] == 500


FLOATS = st.lists(st.floats() | st.none() | st.sampled_from([0.0, 5e-324, 1.7e308, -1.7e308, math.inf]), max_size=20)


@given(values=FLOATS)
@settings(max_examples=80, deadline=None)
def test_any_numbers_give_ends_and_a_middle_that_are_among_them_and_a_finite_mean(values):
    (column,) = outline(hold_table(pa.table({"x": pa.array(values, pa.float64())}))).columns
    there = [value for value in values if value is not None and not math.isnan(value)]
    usable = sorted(value for value in there if math.isfinite(value))
    assert (column.nulls, column.not_finite) == (len(values) - len(there), len(there) - len(usable))
    assert column.distinct == len(set(usable))
    if usable:
        middle = usable[(len(usable) - 1) // 2]
        assert (column.least, column.median, column.most) == (usable[0], middle, usable[-1])
        assert math.isfinite(column.mean)
        assert usable[0] <= column.mean * (1 + 1e-9 * np.sign(column.mean)) or column.mean == pytest.approx(usable[0])
    else:
        assert (column.least, column.median, column.most, column.mean) == (None, None, None, None)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_table_has_the_same_outline_however_it_is_read(tmp_path, threads):
    half = ROWS // 2
    table = TABLE.drop(columns="void")
    for number, part in enumerate([table[:half], table[half:]]):
        part.to_csv(tmp_path / f"part-{number}.csv", index=False)
        (tmp_path / "d" / f"half={number}").mkdir(parents=True)
        part.to_parquet(tmp_path / "d" / f"half={number}" / "x.parquet", index=False)
    whole = outline(table)
    for path in (tmp_path / "part-*.csv", tmp_path / "d"):
        made = outline(find_source(path), threads=threads)
        assert made.rows == ROWS
        found = {column.name: column for column in made.columns}
        for column in whole.columns:
            other = found[column.name]
            assert other.mean == pytest.approx(column.mean)
            assert {**vars(other), "mean": 0} == {**vars(column), "mean": 0}
    assert (found["half"].kind, found["half"].distinct) == ("number", 2)


def test_columns_that_do_not_fit_into_memory_have_the_same_outline(monkeypatch):
    whole = outline(TABLE)
    monkeypatch.setattr(duckdb_quantiles, "HELD", 0)
    small = outline(TABLE)
    assert [{**vars(column), "mean": 0} for column in small.columns] == [
        {**vars(column), "mean": 0} for column in whole.columns
    ]


def test_times_with_a_zone_are_told_in_utc_and_infinities_are_counted(tmp_path):
    at = pd.to_datetime(["2020-01-01 09:00", "2020-01-02 00:00"]).tz_localize("Asia/Tokyo")
    pq.write_table(pa.table({"at": at, "x": [1.0, math.inf]}), tmp_path / "t.parquet")
    time, number = outline(find_source(tmp_path / "t.parquet")).columns
    assert (time.earliest, time.latest) == ("2020-01-01 00:00:00+00:00", "2020-01-01 15:00:00+00:00")
    assert (number.not_finite, number.most, number.distinct) == (1, 1.0, 1)


def test_beyond_the_first_columns_only_gaps_are_counted_but_for_those_asked_for():
    table = pd.DataFrame({f"c{number}": [1.0, None, float(number)] for number in range(30)})
    made = outline(table, most=10, also=["c20", "nobody"])
    assert [column.name for column in made.columns] == [*(f"c{number}" for number in range(10)), "c20"]
    assert set(made.nulls.values()) == {1}
    assert len(made.nulls) == 30


def test_a_table_without_rows_has_an_outline(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    made = outline(find_source(tmp_path / "t.csv"))
    assert (made.rows, made.nulls) == (0, {"a": 0, "b": 0})


GOOD = pd.DataFrame({"y": [1.0, 2.0, 3.0], "t": pd.date_range("2020-01-01", periods=3), "k": ["a", "b", "c"]})
CONFIG = write_settings(
    objective='target = "y"',
    data='train = "t.csv"\ntime = "t"\nkeys = ["k"]',
    validation='suite = "suite.json"',
)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (GOOD.head(0), "no rows"),
        (GOOD.head(1), "one row only"),
        (GOOD.drop(columns="y"), "target column 'y' is not in the table"),
        (GOOD.drop(columns="t"), "time column 't'"),
        (GOOD.drop(columns="k"), "key column 'k'"),
        (GOOD.assign(y=np.nan), "empty in every row"),
        (GOOD.assign(y=[1.0, None, 2.0]), "empty in 1 of 3 rows"),
        (GOOD.assign(y=2.5), "same value"),
        (GOOD.assign(t=[None, *GOOD["t"][1:]]), "empty cells"),
        (GOOD.assign(t=["a", "b", "c"]), "holds text"),
    ],
)
def test_a_table_that_nothing_can_be_trained_on_is_refused(tmp_path, table, why):
    (tmp_path / "pavedroad.toml").write_text(CONFIG)
    config = load_config(tmp_path / "pavedroad.toml")
    with pytest.raises(DataError, match=why):
        require_trainable(outline(table, also={"y", "t"}), config.objective, config.data, tmp_path / "t.csv")
    require_trainable(outline(GOOD, also={"y", "t"}), config.objective, config.data, tmp_path / "t.csv")

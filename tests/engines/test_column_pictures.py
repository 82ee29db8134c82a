"""Pictures of columns: DuckDB and pandas give the same bins for the same table, and each kind of column has one."""

import json

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pavedroad.engines.duckdb import validation as by_duckdb
from pavedroad.engines.gx import validation as by_pandas
from pavedroad.foundation.data.source import find_source, hold_table
from pavedroad.foundation.validation.judging import Question
from pavedroad.foundation.validation.suite import load_suite

MADE = """CREATE TABLE t AS SELECT
 TIMESTAMP '2020-01-01' + INTERVAL (hash(i) % 900000) MINUTE AS minutes,
 CASE WHEN i % 7 <> 0 THEN TIMESTAMP '1969-12-31 20:00:00.25' + INTERVAL (hash(i) % 30000) SECOND END AS gaps,
 DATE '1960-01-01' + (hash(i) % 9000)::INT AS days,
 (TIMESTAMP '2024-03-30 20:00' + INTERVAL (hash(i) % 90000) SECOND)::TIMESTAMPTZ AS zoned,
 CASE i % 5 WHEN 0 THEN 'infinity'::TIMESTAMP WHEN 1 THEN '-infinity' WHEN 2 THEN '9999-12-31' WHEN 3 THEN '0001-01-01'
  ELSE TIMESTAMP '2021-03-04 05:06:07.123456' + INTERVAL (i) DAY END AS far,
 CASE WHEN i % 3 = 0 THEN 'infinity'::DATE ELSE DATE '2021-03-04' + (i % 100)::INT END AS far_days,
 '-infinity'::TIMESTAMPTZ AS never,
 NULL::TIMESTAMP AS nothing,
 CASE WHEN i = 3 THEN TIMESTAMP '2020-02-29 12:00' END AS one,
 DATE '2024-02-29' AS constant,
 make_timestamp_ns(-500 * (hash(i) % 1000)::BIGINT) AS nanoseconds,
 (TIMESTAMP '1650-01-01' + INTERVAL (i % 600) YEAR)::TIMESTAMP_S AS centuries,
 TIME '00:00' + INTERVAL (hash(i) % 86400) SECOND AS of_day,
 TIME '06:00' + INTERVAL (i % 3) HOUR AS shift,
 lpad((hash(i) % 24)::VARCHAR, 2, '0') || ':' || lpad((hash(i + 1) % 60)::VARCHAR, 2, '0') || ':00' AS clock,
 i % 3 = 0 AS yes, CASE WHEN i % 4 <> 0 THEN i % 3 = 0 END AS perhaps,
 'id' || i::VARCHAR AS ids, 'k' || (i % 40)::VARCHAR AS many, 'ä' || (i % 4)::VARCHAR AS few,
 hash(i) / 1e19 AS real, i % 50 AS whole
 FROM range(3000) r(i)"""
NAMES = [
    "minutes", "gaps", "days", "zoned", "far", "far_days", "never", "nothing", "one", "constant", "nanoseconds",
    "centuries", "of_day", "shift", "clock", "yes", "perhaps", "ids", "many", "few", "real", "whole",
]  # fmt: skip


@pytest.fixture
def draw(tmp_path):
    """Both engines' pictures of a table, by column; none where there is none."""

    def make(source, names):
        path = tmp_path / "suite.json"
        only = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}
        path.write_text(json.dumps({"expectations": [only]}))
        question = Question(source, load_suite(path), drawn=tuple(names))
        drawn = [{figure.id: figure for figure in by.judge(question).figures} for by in (by_duckdb, by_pandas)]
        return [[figures.get(f"column.{name}") for name in names] for figures in drawn]

    return make


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_both_engines_draw_the_same_bins(draw, tmp_path, kind):
    with duckdb.connect() as connection:
        connection.execute(MADE)
        connection.execute(f"COPY t TO '{tmp_path / 'data'}.{kind}'")
    ours, theirs = draw(find_source(tmp_path / f"data.{kind}"), NAMES)
    assert dict(zip(NAMES, ours, strict=True)) == dict(zip(NAMES, theirs, strict=True))
    found = dict(zip(NAMES, ours, strict=True))
    without = {"nothing"} if kind == "parquet" else {"nothing", "never"}  # in a CSV that is the number -inf
    assert {name for name, figure in found.items() if figure is None} == without
    for name in {*NAMES} - without:
        assert sum(found[name].data["share"]) == pytest.approx(1, abs=1e-4), name
    units = {name: figure.unit for name, figure in found.items() if figure is not None and figure.unit}
    times = ["minutes", "gaps", "days", "one", "constant", "nanoseconds", "centuries"]
    times += ["far", "far_days"] if kind == "parquet" else []
    zoned = ["zoned", "never"] if kind == "parquet" else ["zoned"]
    assert units == (
        dict.fromkeys(times, "time")
        | dict.fromkeys(zoned, "time in UTC")
        | dict.fromkeys(["of_day", "clock"], "time of day")
    )
    assert found["yes"].data["bin"] == ["false", "true"]
    assert found["shift"].data["bin"] == ["06:00:00", "07:00:00", "08:00:00"]
    assert found["many"].data["bin"][-1] == "(29 others)"
    assert found["ids"].title == "ids (length of the text)"
    assert len(found["of_day"].data["bin"]) == 24
    assert found["constant"].data["bin"] == ["2024-02-29 to 2024-03-01"]


def test_times_that_are_infinitely_far_stand_apart(draw, tmp_path):
    with duckdb.connect() as connection:
        connection.execute(MADE)
        connection.execute(f"COPY t TO '{tmp_path / 'data.parquet'}'")
    (far, days, never), _ = draw(find_source(tmp_path / "data.parquet"), ["far", "far_days", "never"])
    apart = {
        name: share
        for name, share, low in zip(*(far.data[key] for key in ("bin", "share", "low")), strict=True)
        if low is None
    }
    assert apart == {"before year 2": 0.4, "year 9999 or later": 0.4}
    assert far.data["bin"][0].startswith("2021-")
    assert dict(zip(days.data["bin"], days.data["share"], strict=True))["year 9999 or later"] == pytest.approx(
        1 / 3, abs=1e-4
    )
    assert never.data == {"bin": ["before year 2"], "share": [1.0], "side": ["current"], "low": [None], "high": [None]}


def test_text_that_is_not_always_a_time_of_day_is_text(draw):
    clock = [f"{number % 24:02d}:{number % 60:02d}:00" for number in range(600)]
    table = pa.table({"clock": clock, "text": [*clock[:-1], "later"], "past": [*clock[:-1], "24:00:00"]})
    for figures in draw(hold_table(table), table.column_names):
        assert [figure.unit for figure in figures] == ["time of day", "", ""]


@pytest.mark.parametrize("seed", range(5))
def test_times_of_any_spread_are_binned_alike(draw, seed):
    random = np.random.default_rng(seed)
    rows = int(random.integers(1, 3000))
    span = 10.0 ** random.uniform(0, 17, 4)
    columns = {
        f"t{n}": (random.normal(size=rows) * wide).astype("int64").astype("datetime64[us]")
        for n, wide in enumerate(span)
    }
    columns["d"] = columns["t0"].astype("datetime64[D]")
    table = pa.Table.from_pandas(pd.DataFrame({name: pd.Series(values) for name, values in columns.items()}))
    ours, theirs = draw(hold_table(table), table.column_names)
    assert ours == theirs
    assert None not in ours


def test_times_that_move_along_many_rows_are_drawn_without_holes(draw):
    rows = 200_000
    moving = pd.Timestamp("2015-01-01").to_datetime64() + np.arange(rows) * np.timedelta64(15, "m")
    (figure,), (whole,) = draw(hold_table(pa.table({"at": moving})), ["at"])
    assert min(figure.data["share"][:-1]) > 0.5 * max(figure.data["share"])
    assert figure.title == "at (20,000 of 200,000 rows)"
    assert whole.title == "at"
    assert figure.data["low"] == whole.data["low"]
    assert figure.data["share"] == pytest.approx(whole.data["share"], abs=0.01)

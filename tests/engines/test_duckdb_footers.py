"""The schema of Parquet files by DuckDB: the very same as by Arrow, which is not imported for it."""

import base64
import struct
from datetime import time

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pavedroad.engines.arrow import schema as arrow
from pavedroad.engines.arrow.reading import read_source
from pavedroad.engines.duckdb.footers import read_types
from pavedroad.engines.duckdb.table import Table
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.validation.judging import Limits

TYPES = [
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float16(),
    pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.large_string(), pa.string_view(), pa.date32(), pa.date64(),
    pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"), pa.timestamp("s"), pa.timestamp("ms"),
    pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("ms", "UTC"), pa.timestamp("us", "Europe/Zurich"),
    pa.timestamp("ns", "Asia/Tokyo"), pa.timestamp("s", "+02:00"), pa.decimal128(10, 2), pa.decimal128(30, 0),
    pa.decimal256(50, 2), pa.null(), pa.dictionary(pa.int8(), pa.string()),
    pa.dictionary(pa.int32(), pa.large_string()), pa.dictionary(pa.int32(), pa.int64()),
    pa.dictionary(pa.int32(), pa.timestamp("us", "Asia/Tokyo")),
]  # fmt: skip


def describe(path):
    with Table(find_source(path), Limits()) as table:
        return table.schema


def read(table, name):
    """The values of a column in the order of the rows."""
    return [value for (value,) in table.ask(f"SELECT {table.columns[name].sql} FROM t ORDER BY r")]  # noqa: S608


def same(path):
    found = describe(path)
    assert found == arrow.describe(find_source(path))
    return found


@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize("rows", [0, 2])
def test_every_type_goes_on_record_as_by_arrow(tmp_path, noted, rows):
    table = pa.table({f"a.{place}": pa.nulls(rows, kind) for place, kind in enumerate(TYPES)})
    pq.write_table(table, tmp_path / "t.parquet", store_schema=noted)
    found = same(tmp_path / "t.parquet")
    assert [column.type for column in found].count("time in Asia/Tokyo") == noted
    assert rows == 0 or {column.missing for column in found} == {True}


@pytest.mark.parametrize("statistics", [True, False, ["b"]])
def test_gaps_are_known_as_far_as_the_footer_tells(tmp_path, statistics):
    table = pa.table({"a": [1, 2, None], "b": [None, 2.5, float("nan")], "c": ["x", "y", "z"], "gone": pa.nulls(3)})
    pq.write_table(table, tmp_path / "t.parquet", write_statistics=statistics, row_group_size=2)
    missing = {column.name: column.missing for column in same(tmp_path / "t.parquet")}
    assert missing["c"] is (False if statistics is True else None)
    assert missing["b"] is (True if statistics else None)
    assert missing["gone"] is True


def test_files_of_other_writers_go_on_record_as_by_arrow(tmp_path):
    times = pd.date_range("2020-01-01", periods=3, tz="Asia/Tokyo")
    frame = pd.DataFrame({"at": times, "n": [1, 2, 3], "s": pd.Categorical(["a", "b", "a"])}, index=[7, 8, 9])
    frame.to_parquet(tmp_path / "pandas.parquet")
    pl.from_pandas(frame).write_parquet(tmp_path / "polars.parquet")
    with Table(find_source(tmp_path / "pandas.parquet"), Limits()) as table:
        table.connection.sql("SELECT * FROM t").write_parquet(str(tmp_path / "duckdb.parquet"))
    for writer in ("pandas", "polars", "duckdb"):
        found = same(tmp_path / f"{writer}.parquet")
        assert found[0].type == ("time in UTC" if writer == "duckdb" else "time in Asia/Tokyo")


@pytest.mark.parametrize(
    "days", [("1", "20"), ("2020-01-01", "a%20b"), ("1", "x"), ("7", "__HIVE_DEFAULT_PARTITION__")]
)
def test_columns_in_the_paths_are_of_one_type_by_every_way(tmp_path, days):
    for day in days:
        (tmp_path / "t" / f"day={day}").mkdir(parents=True)
        pq.write_table(pa.table({"n": [1]}), tmp_path / "t" / f"day={day}" / "p.parquet")
    assert same(tmp_path / "t")[1].type == ("whole number" if days[0] in "17" and days[1] != "x" else "text")
    source = find_source(tmp_path / "t")
    with Table(source, Limits()) as table:
        ours = read(table, "day")
    theirs = read_source(source)["day"]
    assert [None if pd.isna(value) else value for value in theirs.tolist()] == ours


def test_parts_whose_zones_differ_say_so(tmp_path):
    for zone in ("UTC", "Asia/Tokyo"):
        (tmp_path / "t" / zone).mkdir(parents=True)
        pq.write_table(pa.table({"at": pa.array([0], pa.timestamp("us", zone))}), tmp_path / "t" / zone / "p.parquet")
    assert [column.type for column in same(tmp_path / "t")] == ["time in Asia/Tokyo or time in UTC"]


def test_times_of_day_and_zones_mean_the_same_by_every_way(tmp_path):
    clock = [time(12), time(1, 2, 3, 400_000), time(0), None]
    table = {unit: pa.array(clock, kind) for unit, kind in (("ms", pa.time32("ms")), ("us", pa.time64("us")))}
    pq.write_table(pa.table({**table, "ns": table["us"].cast(pa.time64("ns"))}), tmp_path / "t.parquet")
    source = find_source(tmp_path / "t.parquet")
    frame = read_source(source)
    with Table(source, Limits()) as opened:
        for column in opened.columns.values():
            ours = read(opened, column.name)
            assert ours == ["12:00:00", "01:02:03.4", "00:00:00", None]
            assert [None if pd.isna(value) else value for value in frame[column.name].tolist()] == ours


def test_spans_of_time_are_refused_as_arrow_refuses_them(tmp_path):
    pq.write_table(pa.table({"n": [1], "took": pa.array([1], pa.duration("us"))}), tmp_path / "t.parquet")
    for refuse in (describe, lambda path: read_source(find_source(path))):
        with pytest.raises(DataError, match="'took' holds"):
            refuse(tmp_path / "t.parquet")


def make_note():
    schema = pa.schema([("n", pa.int64()), ("at", pa.timestamp("ns", "Asia/Tokyo")), ("took", pa.duration("s"))])
    return schema.serialize().to_pybytes()


def test_a_note_that_is_none_is_refused_and_never_crashes(tmp_path):
    note = make_note()
    assert [noted.zone for noted in read_types(note)] == ["", "Asia/Tokyo", ""]
    random = np.random.default_rng(7)
    refused = 0
    for _ in range(2000):
        torn = bytearray(note[: random.integers(0, len(note))] if random.random() < 0.3 else note)
        for at in random.integers(0, len(torn), 3) if torn else ():
            torn[at] = random.integers(0, 256)
        try:
            assert len(read_types(bytes(torn))) < 1000
        except (ValueError, struct.error):
            refused += 1
    assert refused > 500
    for value in ("no base64", base64.b64encode(note[:20]).decode()):
        into = f"'{tmp_path / 't.parquet'}' (FORMAT parquet, KV_METADATA {{'ARROW:schema': $note}})"
        duckdb.connect().execute(f"COPY (SELECT 1 AS n) TO {into}", {"note": value})
        with pytest.raises(DataError, match="cannot be read"):
            describe(tmp_path / "t.parquet")

"""The schema of a table: read from its files, put on record, and compared in words."""

from datetime import UTC, date, datetime, time

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from pavedroad.engines.arrow import blocks
from pavedroad.engines.arrow import schema as arrow_schema
from pavedroad.errors import DataError, EvidenceError
from pavedroad.foundation.data.source import find_source, hold_table
from pavedroad.foundation.validation.schema import (
    Column,
    compare_schemas,
    describe_table,
    merge_types,
    read_schema,
    write_schema,
)

TABLE = pa.table(
    {
        "id": [1, 2, 3],
        "price": [0.5, None, 1.5],
        "shop": ["a", "b", "c"],
        "open": [True, False, None],
        "day": [date(2020, 1, 1)] * 3,
        "at": [datetime(2020, 1, 1, tzinfo=UTC)] * 3,
        "clock": [time(12)] * 3,
        "gap": pa.nulls(3),
    }
)
EXPECTED = [
    Column("id", "whole number", missing=False),
    Column("price", "number", missing=True),
    Column("shop", "text", missing=False),
    Column("open", "boolean", missing=True),
    Column("day", "time", missing=False),
    Column("at", "time in UTC", missing=False),
    Column("clock", "time of day", missing=False),
    Column("gap", "nothing", missing=True),
]


def test_parquet_and_memory_say_the_same(tmp_path):
    pa.parquet.write_table(TABLE, tmp_path / "t.parquet", row_group_size=1)
    for source in (find_source(tmp_path / "t.parquet"), hold_table(TABLE)):
        assert describe_table(source, "t").columns == EXPECTED


def test_parquet_without_statistics_does_not_claim_that_nothing_is_missing(tmp_path):
    pa.parquet.write_table(TABLE, tmp_path / "t.parquet", write_statistics=False)
    columns = describe_table(find_source(tmp_path / "t.parquet"), "t").columns
    assert {column.missing for column in columns if column.type != "nothing"} == {None}


@pytest.mark.parametrize("streamed", [False, True])
def test_csv_is_read_whole_or_block_by_block_with_the_same_result(tmp_path, monkeypatch, streamed):
    if streamed:
        monkeypatch.setattr(arrow_schema, "STREAM_FROM", 10)
        monkeypatch.setattr(blocks, "BLOCK", 200)
    rows = [f"{number},x" for number in range(100)] + ["0.5,", "7,y"]
    (tmp_path / "t.csv").write_text("n,s\n" + "\n".join(rows) + "\n")
    columns = describe_table(find_source(tmp_path / "t.csv"), "t").columns
    assert columns == [Column("n", "number", missing=False), Column("s", "text", missing=True)]


def test_the_parts_of_a_table_are_one(tmp_path):
    for year, values in (("2020", [1, 2]), ("2021", [0.5, None])):
        folder = tmp_path / "t" / f"year={year}"
        folder.mkdir(parents=True)
        pa.parquet.write_table(pa.table({"n": values}), folder / "p.parquet")
    columns = describe_table(find_source(tmp_path / "t"), "t").columns
    assert columns == [Column("n", "number", missing=True), Column("year", "whole number", missing=False)]


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "t.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="damaged"):
        describe_table(find_source(tmp_path / "t.parquet"), "t")


@pytest.mark.parametrize(
    ("some", "other", "both"),
    [
        ("number", "whole number", "number"),
        ("nothing", "text", "text"),
        ("text", "time", "text or time"),
        ("text or time", "text", "text or time"),
        ("nothing", "nothing", "nothing"),
    ],
)
def test_types_of_parts_are_merged(some, other, both):
    assert merge_types(some, other) == merge_types(other, some) == both


BACK = {"looser": "stricter", "stricter": "looser", "different": "different"}


@pytest.mark.parametrize(
    ("was", "now", "way", "words"),
    [
        (Column("a", "number"), None, "looser", "held numbers and is no longer in the table"),
        (Column("a", "whole number"), Column("a", "number"), "looser", "held whole numbers and holds numbers now"),
        (Column("a", "time"), Column("a", "text"), "looser", "held times and holds text now"),
        (Column("a", "text"), Column("a", "nothing"), "looser", "holds nothing now"),
        (Column("a", "text"), Column("a", "text or time"), "looser", "text or time"),
        (Column("a", "time"), Column("a", "time in UTC"), "different", "holds times in UTC now"),
        (Column("a", "boolean"), Column("a", "number"), "different", "held booleans"),
        (Column("a", "text", missing=False), Column("a", "text", missing=True), "looser", "missing now"),
    ],
)
def test_a_change_is_told_with_its_way_and_the_other_way_round(was, now, way, words):
    before, after = [was], [] if now is None else [now]
    (change,) = compare_schemas(before, after)
    assert change.way == way
    assert words in change.words
    assert [change.way for change in compare_schemas(after, before)] == [BACK[way]]


def test_nothing_is_told_of_what_did_not_change_or_is_not_known():
    assert compare_schemas(EXPECTED, list(reversed(EXPECTED))) == []
    assert compare_schemas([Column("a", "text")], [Column("a", "text", missing=True)]) == []


def test_a_record_is_read_as_it_was_written_and_strictly(tmp_path):
    path = tmp_path / "schema.json"
    made = describe_table(hold_table(TABLE), "t")
    write_schema(path, made)
    assert read_schema(path.read_bytes(), path) == made
    for content in (b"{}", b"[]", b"{", path.read_bytes().replace(b'"id"', b'"shop"'), b'{"schema": 1}'):
        with pytest.raises(EvidenceError):
            read_schema(content, path)

"""Columns read one by one are those of the table read whole, bit by bit, wherever and in however many parts it lies."""

import datetime as dt
import decimal
import resource
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pavedroad.engines.arrow import blocks as arrow_blocks
from pavedroad.engines.arrow import columns as arrow_columns
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.data.tables import load_reader, read_source

SMALL = 65_536


@pytest.fixture
def moved(monkeypatch):
    """Let every CSV above 64 KB count as large; the list says which ones were moved, and how often each began anew."""
    monkeypatch.setattr(arrow_columns, "GUESS_FROM", SMALL)
    monkeypatch.setattr(arrow_blocks, "BLOCK", SMALL)
    found = []
    move = arrow_columns._move
    monkeypatch.setattr(arrow_columns, "_move", lambda path: found.append(move(path)) or found[-1])
    return found


def require_same(path):
    """The columns one by one beside the table read whole: names, rows, kinds and every bit."""
    source = find_source(path)
    whole, columns = read_source(source), load_reader().open_columns(source)
    assert (columns.names, columns.rows) == (list(whole.columns), len(whole))
    for name in reversed(columns.names):
        found = columns.read(name)
        pd.testing.assert_series_equal(found, whole[name], check_exact=True)
        if found.dtype.kind == "f":
            assert found.to_numpy().tobytes() == whole[name].to_numpy().tobytes()  # the sign of 0, and every digit
    return columns


ROWS = 12_000


def write_csv(columns):
    lines = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


def late(early, then):
    return [early] * (ROWS - 1) + [then]


def draw(form):
    rng = np.random.default_rng(0)
    return [form(value) for value in rng.normal(size=ROWS) * 10.0 ** rng.integers(-12, 12, ROWS)]


COLUMNS = {
    "numbers": draw(repr),
    "few digits": draw("{:.3g}".format),
    "signs of 0": ["0.0", "-0.0"] * (ROWS // 2),
    "whole": [str(2**53 + number) for number in range(ROWS)],
    "gaps": ["1.5", "", "7"] * (ROWS // 3),
    "empty": [""] * ROWS,
    "text": ['"a, ""b""\nc"', "", '""', "ä€😀"] * (ROWS // 4),
    "yes or no": ["true", "false", ""] * (ROWS // 3),
    "days": ["2024-02-29", ""] * (ROWS // 2),
    "moments": ["2024-02-29 12:00:01", ""] * (ROWS // 2),
    "fractions of a second": ["2024-02-29 12:00:01.123456789"] * ROWS,
    "times of day": ["12:00:01"] * ROWS,
    "a whole number, later real": late("1", "1.5"),
    "a whole number, later text": late("1", "x"),
    "a whole number, later yes": late("1", "true"),
    "empty, later whole": late("", "7"),
    "empty, later text": late("", "x"),
    "a day, later a moment": late("2024-01-01", "2024-01-02 03:04:05"),
    "a moment, later text": late("2024-01-02 03:04:05", "soon"),
    "yes, later a word": late("true", "maybe"),
}
KEPT = {f"c{number}": ["0.1234567890"] * ROWS for number in range(3)}


@pytest.mark.parametrize("case", COLUMNS)
def test_a_large_csv_gives_the_same_column_by_column(world, moved, case):
    path = world({"a.csv": write_csv({**KEPT, "x": COLUMNS[case]})}) / "a.csv"
    require_same(path)
    assert [part is not None for part in moved] == [True]


def test_many_columns_that_change_their_type_late_are_read_whole(world, moved):
    columns = {f"x{number}": late("1", "1.5") for number in range(arrow_columns.MOST_BEGINNINGS + 1)}
    require_same(world({"a.csv": write_csv({**KEPT, **columns})}) / "a.csv")
    assert moved == [None]


def test_a_small_csv_stays_in_memory(world, moved):
    require_same(world({"a.csv": "a,b\n1,2\n"}) / "a.csv")
    assert moved == []


BROKEN = {
    "a ragged row": (b"1,2\n" * 60_000 + b"1,2,3\n", "Expected 2 columns, got 3"),
    "not UTF-8": (b"1,x\n" * 60_000 + "1,Zürich\n".encode("latin-1"), "'b' holds text that is not UTF-8"),
    "NUL bytes": (b"1,2\n" * 60_000 + b"1,\0\n", "NUL bytes"),
}


@pytest.mark.parametrize(("rows", "why"), BROKEN.values(), ids=BROKEN)
def test_a_large_csv_is_refused_in_the_same_words(world, moved, rows, why):
    path = world({"a.csv": b"a,b\n" + rows}) / "a.csv"
    said = []
    for read in (load_reader().open_columns, read_source):
        with pytest.raises(DataError, match=why) as caught:
            read(find_source(path))
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert moved == [None]


def test_nothing_is_left_of_what_was_moved(world, moved, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    columns = require_same(world({"a.csv": write_csv(KEPT)}) / "a.csv")
    assert list((tmp_path / "scratch").iterdir()) == []
    assert len(columns.read("c1")) == ROWS


def test_without_room_for_the_temporary_file_there_is_memory(world, moved):
    path = world({"a.csv": write_csv(KEPT)}) / "a.csv"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))  # Python ignores the signal; writing then fails
    try:
        columns = load_reader().open_columns(find_source(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert moved == [None]
    pd.testing.assert_series_equal(columns.read("c2"), read_source(find_source(path))["c2"])


# --- in parts -------------------------------------------------------------------------------------------------------

PARTS = {
    "the same kinds": [{"a": [1, 2], "b": ["x", None]}, {"a": [3], "b": ["y"]}],
    "another order of columns": [{"a": [1, 2], "b": ["x", "y"]}, {"b": ["z"], "a": [3]}],
    "whole numbers and real ones": [{"a": [1, 2]}, {"a": [1.5]}],
    "whole numbers of other widths": [{"a": pa.array([1, 2], pa.int8())}, {"a": pa.array([300, None], pa.int64())}],
    "nothing, and text": [{"a": [None, None]}, {"a": ["x"]}],
    "nothing at all": [{"a": [None]}, {"a": [None]}],
    "no rows, and some": [{"a": pa.array([], pa.int64())}, {"a": [1]}],
    "days": [{"a": [dt.date(2024, 1, 2)]}, {"a": [None, dt.date(2024, 1, 3)]}],
    "units of time": [
        {"a": pa.array([1], pa.timestamp("ms"))}, {"a": pa.array([1], pa.timestamp("ns"))},
    ],
    "decimals and real numbers": [{"a": [decimal.Decimal("1.25")]}, {"a": [0.1]}],
    "times of day": [{"a": [dt.time(12, 0, 1)]}, {"a": [dt.time(1, 2, 3, 500_000)]}],
    "categories": [
        {"a": pa.array(["x", "y"]).dictionary_encode()}, {"a": pa.array(["z", "x"]).dictionary_encode()},
    ],
    "a name inside another": [{"a": [1], "a.b": [2]}, {"a": [3], "a.b": [4]}],
    "row numbers": [{"a": [1], "__index_level_0__": [0]}, {"a": [2], "__index_level_0__": [1]}],
}  # fmt: skip


def lay_parts(folder, parts, names=("1.parquet", "2.parquet")):
    for name, part in zip(names, parts, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(part), folder / name, write_page_checksum=True)
    return folder


@pytest.mark.parametrize("case", PARTS)
def test_parts_of_parquet_give_the_same_column_by_column(tmp_path, case):
    folder = lay_parts(tmp_path / "table", PARTS[case])
    require_same(folder)
    require_same(folder / "*.parquet")


@pytest.mark.parametrize(
    "names",
    [
        ("year=2023/shop=n/1.parquet", "year=2024/shop=__HIVE_DEFAULT_PARTITION__/1.parquet"),
        ("a=7/1.parquet", "a=8/1.parquet"),  # the files hold that column themselves
        ("day=2024-01-02/1.parquet", "day=2024%2F01%2F03/1.parquet"),
    ],
)
def test_columns_in_the_paths_are_columns_too(tmp_path, names):
    columns = require_same(lay_parts(tmp_path / "table", PARTS["the same kinds"], names))
    assert set(columns.names) == {"a", "b", *(part.partition("=")[0] for part in names[0].split("/")[:-1])}


def test_parts_of_csv_are_moved_where_they_are_large(world, moved):
    rows = {"a": ["1"] * ROWS, **KEPT}
    root = world({"t/1.csv": write_csv(rows), "t/2.csv": "a,c0,c1,c2\n1.5,1,2,3\n", "t/3.csv": write_csv(rows)})
    require_same(root / "t")
    assert [part is not None for part in moved] == [True, True]


UNFIT = {
    "other columns": ([{"a": [1]}, {"b": [1]}], "other columns than the first one"),
    "kinds that do not fit": ([{"a": [1]}, {"a": ["x"]}], "do not fit together"),
    "days and moments": ([{"a": [dt.date(2024, 1, 2)]}, {"a": [dt.datetime(2024, 1, 2)]}], "do not fit together"),
    "lists": ([{"a": [1]}, {"a": [[1]]}], "holds values of the type list"),
}


@pytest.mark.parametrize(("parts", "why"), UNFIT.values(), ids=UNFIT)
def test_parts_that_do_not_fit_are_refused_before_a_column_is_read(tmp_path, parts, why):
    folder = lay_parts(tmp_path / "table", parts)
    for read in (load_reader().open_columns, read_source):
        with pytest.raises(DataError, match=why):
            read(find_source(folder))


def test_a_damaged_part_is_named_when_its_column_is_read(tmp_path):
    folder = lay_parts(tmp_path / "table", [{"a": list(range(1000))}, {"a": list(range(1000))}])
    path = folder / "2.parquet"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    columns = load_reader().open_columns(find_source(folder))
    with pytest.raises(DataError, match="damaged") as caught:
        columns.read("a")
    assert caught.value.where == str(path)


def test_more_parts_than_a_process_may_open_are_read(tmp_path):
    (tmp_path / "t").mkdir()
    for number in range(100):
        pq.write_table(pa.table({"a": [number]}), tmp_path / "t" / f"{number:03}.parquet")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len([*Path("/proc/self/fd").iterdir()]) + 40, before[1]))
    try:
        columns = require_same(tmp_path / "t")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert columns.read("a").tolist() == list(range(100))

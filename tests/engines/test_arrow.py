"""Tables, read with the real Arrow: what is damaged is refused, what is there arrives whole."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pavedroad.engines.arrow import reading as arrow
from pavedroad.engines.arrow import tables as arrow_tables
from pavedroad.errors import DataError
from pavedroad.foundation.data.integrity import verify_file
from pavedroad.foundation.data.profile import kind_of, profile_table
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.data.tables import read_table, write_table

GOOD = "day,sold,shop\n2012-01-01,3,north\n2012-01-02,,south\n2012-01-03,5,\n"


def refusal(path):
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert caught.value.where == str(path)
    return f"{caught.value.what} {caught.value.next_step}"


def test_a_good_table_arrives_typed_with_its_gaps(world):
    table = read_table(world({"a.csv": GOOD}) / "a.csv")
    assert [kind_of(table[name]) for name in table] == ["time", "number", "category"]
    assert table.isna().sum().tolist() == [0, 1, 1]


BAD = {
    "0 bytes": ("a.csv", b"", "empty (0 bytes)"),
    "only line ends": ("a.csv", b"\n\n\n", "Empty CSV"),
    "a row that is too short": ("a.csv", b"a,b\n1,2\n3\n", "Expected 2 columns, got 1"),
    "a row that is too long": ("a.csv", b"a,b\n1,2\n3,4,5\n", "Expected 2 columns, got 3"),
    "a quote that stays open": ("a.csv", b'a,b\n"x,1\n', "Expected 2 columns, got 1"),
    "Latin-1 in a cell": ("a.csv", "a,b\n1,Zürich\n".encode("latin-1"), "'b' holds text that is not UTF-8"),
    "Latin-1 in one cell of many": (
        "a.csv",
        b"a,b\n" + b"1,x\n" * 500_000 + "1,Zürich\n".encode("latin-1"),
        "'b' holds text that is not UTF-8",
    ),
    "Latin-1 in the header": ("a.csv", "a,größe\n1,2\n".encode("latin-1"), "utf-8"),
    "UTF-16": ("a.csv", "a,b\n1,2\n".encode("utf-16"), "NUL bytes"),
    "NUL bytes": ("a.csv", b"a,b\n1,\0\n", "NUL bytes"),
    "two columns of one name": ("a.csv", b"a,b,a\n1,2,3\n", "Two columns share the name 'a'"),
    "Parquet in name only": ("a.parquet", b"a,b\n1,2\n", "damaged or not what its name says"),
    "CSV in name only": ("a.csv", b"PAR1\x15\x04\x00\x00", "NUL bytes"),
    "another suffix": ("a.xlsx", b"PK", ".csv or .parquet"),
    "no suffix": ("a", b"a,b\n1,2\n", ".csv or .parquet"),
}


@pytest.mark.parametrize(("name", "content", "why"), BAD.values(), ids=BAD)
def test_a_damaged_file_is_refused_in_words(world, name, content, why):
    assert why in refusal(world({name: content}) / name)


def test_a_missing_file_is_refused_with_what_to_do(tmp_path):
    assert "pavedroad data pull" in refusal(tmp_path / "a.csv")


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "a.csv").mkdir()
    assert "This is a folder" in refusal(tmp_path / "a.csv")


def test_a_header_without_rows_is_an_empty_table(world):
    table = read_table(world({"a.csv": "a,b\n"}) / "a.csv")
    assert table.shape == (0, 2)


def test_a_byte_order_mark_is_no_part_of_the_first_name(world):
    assert list(read_table(world({"a.csv": "\ufeffa,b\n1,2\n"}) / "a.csv")) == ["a", "b"]


def test_a_quoted_empty_cell_is_text_and_an_unquoted_one_is_a_gap(world):
    table = read_table(world({"a.csv": 'a,b\n"",x\n,y\nz,w\n'}) / "a.csv")
    assert table["a"].isna().tolist() == [False, True, False]
    assert table["a"][0] == ""


def test_a_line_end_inside_quotes_belongs_to_its_cell(world):
    assert read_table(world({"a.csv": 'a,b\n"x\ny",1\n'}) / "a.csv")["a"][0] == "x\ny"


def test_a_type_that_shows_late_in_a_large_file_counts_for_the_whole_column(world):
    table = read_table(world({"a.csv": "a,b\n" + "1,2\n" * 600_000 + "1.5,2\n"}) / "a.csv")
    assert table["a"].dtype == np.float64
    assert len(table) == 600_001


def test_a_table_of_5000_columns_is_read(world):
    names = [f"a_column_with_a_long_name_{number}" for number in range(5000)]
    text = ",".join(names) + "\n" + "\n".join(",".join(["1.5"] * 5000) for _ in range(3)) + "\n"
    assert read_table(world({"a.csv": text}) / "a.csv").shape == (3, 5000)


def test_yes_and_no_with_a_gap_are_still_booleans(world):
    table = read_table(world({"a.csv": "a,b\ntrue,1\n,2\nfalse,3\n"}) / "a.csv")
    assert kind_of(table["a"]) == "boolean"


# --- Parquet --------------------------------------------------------------------------------------------------------


def parquet(tmp_path, table, **options):
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, **options)
    return path


def test_parquet_arrives_as_it_was_written(tmp_path):
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", None], "c": pd.to_datetime(["2012-01-01", None])})
    found = read_table(parquet(tmp_path, pa.Table.from_pandas(frame)))
    assert [kind_of(found[name]) for name in found] == ["number", "category", "time"]
    assert found.isna().sum().tolist() == [1, 1, 1]


def test_a_truncated_parquet_file_is_refused(tmp_path):
    path = parquet(tmp_path, pa.table({"a": list(range(1000))}))
    path.write_bytes(path.read_bytes()[:-100])
    assert "damaged" in refusal(path)


def test_a_flipped_bit_in_parquet_with_checksums_is_refused(tmp_path):
    path = parquet(
        tmp_path,
        pa.table({"a": np.arange(10_000, dtype="int64")}),
        write_page_checksum=True,
        compression="none",
        use_dictionary=False,
    )
    whole = read_table(path)["a"].tolist()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert whole == list(range(10_000))
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_what_the_road_writes_is_read_back_and_its_pages_can_be_verified(tmp_path, name):
    table = pd.DataFrame({"a": range(1000), "b": ["x", "y"] * 500, "c": np.linspace(0, 1, 1000)}, index=range(5, 1005))
    write_table(table, tmp_path / name)
    _, pages, checked = verify_file(tmp_path / name)
    assert (pages, checked) == ((pages, pages) if name == "t.parquet" else (0, 0))
    assert bool(pages) == (name == "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / name), table.reset_index(drop=True), check_dtype=False)


def test_an_index_that_pandas_kept_is_a_column_again(tmp_path):
    frame = pd.DataFrame({"id": ["a", "b"], "x": [1, 2]}).set_index("id")
    found = read_table(parquet(tmp_path, pa.Table.from_pandas(frame)))
    assert sorted(found) == ["id", "x"]
    assert found.index.tolist() == [0, 1]


def test_row_numbers_that_pandas_kept_are_no_column(tmp_path):
    frame = pd.DataFrame({"x": [1, 2, 3]}).query("x > 1")
    found = read_table(parquet(tmp_path, pa.Table.from_pandas(frame)))
    assert list(found) == ["x"]
    assert found.index.tolist() == [0, 1]


def test_numbers_for_column_names_become_text(tmp_path):
    assert list(read_table(parquet(tmp_path, pa.Table.from_pandas(pd.DataFrame({0: [1]}))))) == ["0"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([decimal.Decimal("1.25"), None]), "number"),
        (pa.array([1, 2]).dictionary_encode(), "number"),
        (pa.array(["x", "y"]).dictionary_encode(), "category"),
        (pa.array([dt.time(10), None]), "category"),
        (pa.array([True, None]), "boolean"),
        (pa.array([dt.datetime(2012, 1, 1, tzinfo=dt.UTC)]), "time"),
        (pa.array([dt.date(2012, 1, 1)]), "time"),
        (pa.array([None, None]), "category"),
    ],
    ids=["decimals", "coded numbers", "coded text", "times of day", "booleans", "times of a zone", "dates", "nothing"],
)
def test_flat_types_arrive_as_one_of_four_kinds_and_can_be_profiled(tmp_path, values, kind):
    found = read_table(parquet(tmp_path, pa.table({"a": values})))
    assert kind_of(found["a"]) == kind
    assert profile_table(found).columns[0].kind == kind


@pytest.mark.parametrize(
    "values",
    [pa.array([[1], [2]]), pa.array([{"x": 1}]), pa.array([b"x"]), pa.array([dt.timedelta(1)])],
    ids=["lists", "structures", "bytes", "durations"],
)
def test_a_type_that_nothing_here_can_judge_is_refused_with_its_column(tmp_path, values):
    assert "The column 'a' holds values of the type" in refusal(parquet(tmp_path, pa.table({"a": values})))


def test_the_reader_is_the_one_the_road_uses(world):
    path = world({"a.csv": GOOD}) / "a.csv"
    pd.testing.assert_frame_equal(arrow.read(path), read_table(path))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(("rows", "most"), [(0, 50), (50, 50), (1000, 100), (1001, 7), (12, 11)])
def test_a_part_of_a_table_is_runs_of_neighbours_from_its_begin_to_its_end(suffix, rows, most, tmp_path):
    table = pd.DataFrame({"n": np.arange(rows), "word": np.arange(rows).astype(str)})
    path = tmp_path / f"table{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, row_group_size=64)
    found, total = arrow.read_spread(find_source(path), most)
    assert total == rows
    numbers = found["n"].to_list()
    assert len(numbers) <= most
    assert numbers == sorted(set(numbers))
    if rows:
        assert (numbers[0], numbers[-1]) == (0, rows - 1)
        assert len(numbers) > 0.7 * min(rows, most)
    assert found.dtypes.to_list() == arrow.read_source(find_source(path)).dtypes.to_list()


def test_a_part_of_a_table_in_several_files_comes_from_all_of_them(tmp_path):
    for number in range(3):
        table = pd.DataFrame({"n": np.arange(100) + 100 * number})
        table.to_parquet(tmp_path / f"part{number}.parquet")
    found, total = arrow.read_spread(find_source(tmp_path), 60)
    assert total == 300
    assert sorted(set(found["n"] // 100)) == [0, 1, 2]
    assert len(found) == 60


def test_a_damaged_file_is_refused_in_parts_too(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"n": np.arange(1000)}).to_parquet(path, row_group_size=100)
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    for damaged in (bytes(content), content[:300], b"nonsense"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="damaged or not what its name says"):
            arrow.read_spread(find_source(path), 50)


LATE = {
    "a whole number, later real": ("1", "1.5", "float64"),
    "a whole number, later text": ("1", "x", "str"),
    "a whole number, later empty": ("1", "", "float64"),
    "empty, later a whole number": ("", "7", "float64"),
    "a time, later a later time": ("2024-01-01 00:00:00", "2024-01-02 03:04:05", "datetime64[s]"),
    "a day, later a moment": ("2024-01-01", "2024-01-02 03:04:05", "datetime64[s]"),
    "yes, later a word": ("true", "maybe", "str"),
}


@pytest.mark.parametrize("case", LATE)
def test_a_large_csv_has_the_types_of_all_of_it(world, monkeypatch, case):
    early, late, dtype = LATE[case]
    path = world({"a.csv": "gone,z,a\n" + f",0,{early}\n" * 60_000 + f",0,{late}\n"}) / "a.csv"
    small = read_table(path)
    monkeypatch.setattr(arrow_tables, "GUESS_FROM", 65_536)
    large = read_table(path)
    pd.testing.assert_frame_equal(large, small)
    assert str(large["a"].dtype) == dtype


def test_a_large_csv_is_refused_as_a_small_one_is(world, monkeypatch):
    monkeypatch.setattr(arrow_tables, "GUESS_FROM", 65_536)
    text = "a,b\n" + "1,2\n" * 60_000 + "1,2,3\n"
    assert "Expected 2 columns, got 3" in refusal(world({"a.csv": text}) / "a.csv")


def test_columns_read_one_by_one_are_those_of_the_whole(tmp_path):
    frame = pd.DataFrame(
        {
            "whole": [1, 2, 3],
            "a": [1.5, None, 2.0],
            "a.b": ["x", None, "z"],
            "day": pd.to_datetime(["2024-01-02", None, "2024-01-01"]),
            "open": [True, None, False],
            "kind": pd.Categorical(["x", "y", "x"]),
        }
    ).set_index("whole")
    for path in (parquet(tmp_path, pa.Table.from_pandas(frame)), tmp_path / "a.csv"):
        if path.suffix == ".csv":
            frame.to_csv(path)
        whole, columns = read_table(path), arrow.open_columns(find_source(path))
        assert (columns.names, columns.rows) == (list(whole.columns), len(whole))
        for name in columns.names:
            pd.testing.assert_series_equal(columns.read(name), whole[name])

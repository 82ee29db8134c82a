"""CSV files with long lines: whoever reads a file comes to the same verdict, in the same words."""

import duckdb
import pytest

from pavedroad.engines.arrow import blocks, reading
from pavedroad.engines.duckdb import loading
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import find_source

MB = 1_000_000


def read_in_blocks(source):
    sizes = []
    blocks.read_blocks(source.files, lambda _: sizes.clear(), lambda _, block: sizes.append(len(block)))
    return sum(sizes)


def load(stream_from):
    def count(source):
        with duckdb.connect() as connection:
            relation = loading.load(connection, source, stream_from)
            return connection.execute(f"SELECT count(*) FROM {relation.origin}").fetchone()[0]  # noqa: S608

    return count


READERS = {
    "whole": lambda source: len(reading.read_source(source)),
    "spread over it": lambda source: reading.read_spread(source, 2)[1],
    "column by column": lambda source: len(reading.open_columns(source).read("b")),
    "in blocks": read_in_blocks,
    "held by DuckDB": load(stream_from=1 << 40),
    "streamed into DuckDB": load(stream_from=0),
}
KEPT = {
    "1.5 MB": "x" * (3 * MB // 2),
    "8 MB": "x" * (8 * MB),
    "16 MB": "x" * (16 * MB),
    "8 MB in many lines": '"' + ("x" * 999 + "\n") * 8_000 + '"',
}
REFUSED = {
    "17 MB": ("x" * (17 * MB), "A line of the data file has more than 16,777,216 bytes (from byte 8 on)."),
    "34 MB in many lines": (
        '"' + ("x" * 999 + "\n") * 34_000 + '"',
        "A row of the data file has more than 16,777,216 bytes. Write one row a line, and close every quote",
    ),
}


@pytest.fixture(scope="module")
def lay(tmp_path_factory):
    """``lay(name, cell)`` is a small CSV of three rows with this cell in the second."""
    folder, made = tmp_path_factory.mktemp("long"), {}

    def write(name, cell):
        if name not in made:
            made[name] = folder / f"{len(made)}.csv"
            made[name].write_text(f"a,b\n1,2\n3,{cell}\n5,6\n")
        return find_source(made[name])

    return write


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", KEPT)
def test_a_long_row_is_read_by_everybody(lay, name, reader):
    assert READERS[reader](lay(name, KEPT[name])) == 3


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_row_that_is_too_long_is_refused_by_everybody_in_the_same_words(lay, name, reader):
    cell, why = REFUSED[name]
    with pytest.raises(DataError) as caught:
        READERS[reader](lay(name, cell))
    assert why in f"{caught.value.what} {caught.value.next_step}"


@pytest.mark.parametrize("reader", ["in blocks", "streamed into DuckDB"])
def test_a_long_text_after_many_numbers_makes_the_column_text(tmp_path, monkeypatch, reader):
    monkeypatch.setattr(blocks, "BLOCK", 4 * MB)
    path = tmp_path / "late.csv"
    path.write_text("a,b\n" + "1,22222222\n" * 450_000 + f"3,{'x' * (3 * MB)}\n")
    assert READERS[reader](find_source(path)) == 450_001


@pytest.mark.parametrize("reader", READERS)
def test_a_header_of_many_columns_is_a_long_line_like_any_other(tmp_path, reader):
    names = [f"{'n' * 5_000}_{number}" for number in range(600)]
    (tmp_path / "wide.csv").write_text(",".join(["b", *names]) + "\n" + "1," * 600 + "1\n")
    assert READERS[reader](find_source(tmp_path / "wide.csv")) == 1

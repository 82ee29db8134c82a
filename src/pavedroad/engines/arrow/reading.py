"""Reading tables with Arrow: strict about ragged rows and encodings, where pandas guesses."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from pavedroad.engines.arrow.tables import ADVICE, add_partitions, flatten, read_csv
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source, hold_table, is_row_number, refuse_duplicates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNS = 10
"""A part of a table is read in so many runs of neighbouring rows."""


def read(path: Path) -> pd.DataFrame:
    """Read one CSV or Parquet file; see :func:`read_source`."""
    return read_source(Source(path=path, files=(path,)))


def read_source(source: Source) -> pd.DataFrame:
    """Read a table, all its parts included; Parquet pages with checksums are verified.

    In CSV, an empty unquoted cell is null in every type of column; a quoted empty cell is an empty string. Columns hold
    numbers, text, booleans or times: decimals become floats, times of day become text, and a column that pandas kept as
    the index is a column like any other.

    Raises:
        DataError: a file is damaged, or a column holds something else, such as lists; the message says how.
    """
    return _to_pandas(read_whole(source))


def read_whole(source: Source) -> "pa.Table":
    """Read a table as :func:`read_source` does, and leave it in Arrow's memory."""
    if not source.files:
        return flatten(source.table, source.path)
    parts = []
    for file in source.files:
        with _blame(file):
            part = flatten(_read_parquet(file) if source.kind == ".parquet" else read_csv(file), file)
        parts.append(part)
    return _join(parts, source)


def read_spread(source: Source, most: int) -> tuple[pd.DataFrame, int]:
    """Read at most so many rows of a table; see ``foundation.data.tables.read_spread``."""
    if source.kind != ".parquet":
        whole = read_whole(source)
        kept = [whole.slice(start, end - start) for start, end in _spread_runs(len(whole), most)]
        return _to_pandas(pa.concat_tables(kept) if kept else whole), len(whole)
    try:
        sizes = [_list_sizes(file) for file in source.files]
    except (pa.ArrowException, OSError):
        return _to_pandas(read_whole(source)), 0  # says what is wrong
    rows = sum(map(sum, sizes))
    if rows <= most:
        return read_source(source), rows
    runs, parts, first = _spread_runs(rows, most), [], 0
    for file, groups in zip(source.files, sizes, strict=True):
        parts.append(flatten(_read_runs(file, groups, [(start - first, end - first) for start, end in runs]), file))
        first += sum(groups)
    return _to_pandas(_join(parts, source)), rows


def open_columns(source: Source) -> "Columns":
    """The table as columns that are read one by one; the same columns that :func:`read_source` gives.

    Of a Parquet file a column is read when it is asked for. Any other table is held in Arrow's memory.

    Raises:
        DataError: see :func:`read_source`.
    """
    if source.kind == ".parquet" and len(source.files) == 1 and not source.partitioned:
        with _blame(source.files[0]):
            file = pa.parquet.ParquetFile(source.files[0], page_checksum_verification=True)
            refuse_duplicates(file.schema_arrow.names, source.files[0])
            flatten(file.schema_arrow.empty_table(), source.files[0])  # refuses types that no column may have
        return Columns(source.files[0], file.schema_arrow.names, file.metadata.num_rows, partial(_read_one, file))
    table = read_whole(source)
    return Columns(source.path, table.column_names, len(table), table.select)


class Columns:
    """Columns of one table, each brought to pandas when it is read."""

    def __init__(self, path: Path, names: list[str], rows: int, select: "Callable[[list[str]], pa.Table]") -> None:
        self.names, self.rows = [name for name in names if not is_row_number(name)], rows
        self._path, self._select = path, select

    def read(self, name: str) -> "pd.Series":
        """One whole column, which may lie in Arrow's memory: nobody may change it."""
        with _blame(self._path):
            column: pd.Series = flatten(self._select([name]), self._path).to_pandas(date_as_object=False)[name]
            return column


def _read_one(file: "pa.parquet.ParquetFile", names: list[str]) -> "pa.Table":
    # By its name alone, "a" would bring "a.b" too, because Parquet joins the names of nested columns by dots.
    return file.read(columns=names).select(names)


def hold(table: pd.DataFrame) -> Source:
    """A source over a pandas table that is in memory already."""
    return hold_table(pa.Table.from_pandas(table, preserve_index=False))


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file with a checksum for every page, so that a flipped bit is noticed when it is read."""
    pa.parquet.write_table(
        pa.Table.from_pandas(table, preserve_index=False), path, write_page_checksum=True, compression="zstd"
    )


@contextmanager
def _blame(file: Path) -> "Iterator[None]":
    """Turn what Arrow says of a file into an error of ours."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise DataError(
            f"The data file is damaged or not what its name says: {reason}.", where=file, next_step=ADVICE
        ) from error


def _read_parquet(path: Path) -> "pa.Table":
    with pa.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        table = file.read()
    refuse_duplicates(table.column_names, path)
    return table


def _join(parts: "list[pa.Table]", source: Source) -> "pa.Table":
    """One table of the parts, with the columns that stand in their paths."""
    for part, file in zip(parts, source.files, strict=True):
        if set(part.column_names) != set(parts[0].column_names):
            raise DataError("This part has other columns than the first one.", where=file)
    partitions = source.find_partitions()
    parts = [add_partitions(part, partitions, place) for place, part in enumerate(parts)]
    if len(parts) == 1:
        return parts[0]
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(f"The parts of the table do not fit together: {error}.", where=source.path) from error


def _spread_runs(rows: int, most: int) -> list[tuple[int, int]]:
    """Where the runs begin and end that are read of so many rows: all of them, or as many as may be."""
    if rows <= most:
        return [(0, rows)] if rows else []
    each = max(1, most // RUNS)
    number = most // each
    return [(start, start + each) for start in (i * (rows - each) // max(1, number - 1) for i in range(number))]


def _list_sizes(path: Path) -> list[int]:
    with pa.parquet.ParquetFile(path) as file:
        return [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]


def _read_runs(path: Path, groups: list[int], runs: list[tuple[int, int]]) -> "pa.Table":
    """The rows of these runs in one file; only row groups that hold some of them are read, one after the other."""
    kept = []
    with _blame(path):
        with pa.parquet.ParquetFile(path, page_checksum_verification=True) as file:
            refuse_duplicates(file.schema_arrow.names, path)
            kept.append(file.schema_arrow.empty_table())
            first = 0
            for number, size in enumerate(groups):
                inside = [(max(0, start - first), min(size, end - first)) for start, end in runs]
                inside = [(start, end) for start, end in inside if start < end]
                if inside:
                    group = file.read_row_group(number)
                    kept += [group.slice(start, end - start) for start, end in inside]
                first += size
        return pa.concat_tables(kept)


def _to_pandas(table: "pa.Table") -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame[[name for name in frame.columns if not is_row_number(name)]]

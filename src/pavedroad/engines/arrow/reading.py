"""Reading tables with Arrow: strict about ragged rows and encodings, where pandas guesses."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from pavedroad.engines.arrow.columns import open_columns
from pavedroad.engines.arrow.tables import add_partitions, blame, flatten, join, read_csv
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source, hold_table, is_row_number, refuse_duplicates

__all__ = ["hold", "open_columns", "read", "read_source", "read_spread", "read_whole", "write"]

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
        with blame(file):
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


def hold(table: pd.DataFrame) -> Source:
    """A source over a pandas table that is in memory already."""
    for pool in (pa.default_memory_pool(), pa.system_memory_pool()):  # who counts the table brings memory of its own
        pool.release_unused()
    return hold_table(pa.Table.from_pandas(table, preserve_index=False))


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file with a checksum for every page, so that a flipped bit is noticed when it is read."""
    pa.parquet.write_table(
        pa.Table.from_pandas(table, preserve_index=False), path, write_page_checksum=True, compression="zstd"
    )


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
    return join([add_partitions(part, partitions, place) for place, part in enumerate(parts)], source.path)


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
    with blame(path):
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

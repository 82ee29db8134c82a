"""Reading tables with Arrow: strict about ragged rows and encodings, where pandas guesses."""

import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from pavedroad.engines.arrow.tables import ADVICE, flatten, read_csv
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source, refuse_duplicates

_ROW_NUMBERS = r"__index_level_\d+__"
"""The name under which pandas keeps row numbers in Parquet; they are no column of the data."""


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
        try:
            part = flatten(_read_parquet(file) if source.kind == ".parquet" else read_csv(file), file)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())[:300].rstrip(".")
            raise DataError(
                f"The data file is damaged or not what its name says: {reason}.", where=file, next_step=ADVICE
            ) from error
        parts.append(_add_partitions(part, source, file) if source.partitioned else part)
    if len(parts) == 1:
        return parts[0]
    for part, file in zip(parts, source.files, strict=True):
        if set(part.column_names) != set(parts[0].column_names):
            raise DataError("This part has other columns than the first one.", where=file)
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(f"The parts of the table do not fit together: {error}.", where=source.path) from error


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file with a checksum for every page, so that a flipped bit is noticed when it is read."""
    pa.parquet.write_table(
        pa.Table.from_pandas(table, preserve_index=False), path, write_page_checksum=True, compression="zstd"
    )


def drop_row_numbers(names: list[str]) -> list[str]:
    """The columns that are data, without the one in which pandas keeps row numbers."""
    return [name for name in names if not re.fullmatch(_ROW_NUMBERS, name)]


def _read_parquet(path: Path) -> "pa.Table":
    with pa.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        table = file.read()
    refuse_duplicates(table.column_names, path)
    return table


def _add_partitions(table: "pa.Table", source: Source, file: Path) -> "pa.Table":
    """Add the columns that stand in the part's path as ``column=value``; numbers where all their digits say so."""
    from urllib.parse import unquote

    for part in file.relative_to(source.path).parent.parts:
        name, equals, text = part.partition("=")
        if equals and name not in table.column_names:
            value: int | str = int(text) if text.isdecimal() and text == str(int(text)) else unquote(text)
            table = table.append_column(name, pa.array([value] * len(table)))
    return table


def _to_pandas(table: "pa.Table") -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame[drop_row_numbers(list(frame.columns))]

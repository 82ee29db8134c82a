"""Reading tables with Arrow: strict about ragged rows and encodings, where pandas guesses."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from pavedroad.engines.arrow.tables import ADVICE, add_partitions, flatten, read_csv
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source, is_row_number, refuse_duplicates


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
        parts.append(part)
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


def _to_pandas(table: "pa.Table") -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame[[name for name in frame.columns if not is_row_number(name)]]

"""A table as columns that are read one by one: memory holds the column that was asked for, and never all of them."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.parquet

from pavedroad.engines.arrow.blocks import read_blocks
from pavedroad.engines.arrow.tables import GUESS_FROM, blame, find_partition, flatten, join, read_csv
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source, is_row_number, refuse_duplicates

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

MOST_BEGINNINGS = 8
"""A CSV whose types have to be widened more often than this is read whole, which finds them all at once."""
AT_ONCE = 8 * 1024 * 1024
"""So many bytes of a CSV's values are gathered before they are written, so that a column lies in few pieces."""


@dataclass(frozen=True)
class _Part:
    """One file of a table: its columns, how many rows it has, and how one of its columns is read."""

    file: Path
    schema: "pa.Schema"
    rows: int
    select: "Callable[[str], pa.Table]"

    def read(self, name: str) -> "pa.Table":
        """One column, as numbers, text, booleans or times."""
        with blame(self.file):
            return flatten(self.select(name), self.file)

    def describe(self) -> "pa.Table":
        """All columns without a row; a type that no column may have is refused."""
        with blame(self.file):
            return flatten(self.schema.empty_table(), self.file)


class Columns:
    """Columns of one table, each brought to pandas when it is read."""

    def __init__(self, source: Source, parts: list[_Part]) -> None:
        self._path, self._parts = source.path, parts
        found = source.find_partitions()
        self._partitions = {name: values for name, values in found.items() if name not in parts[0].schema.names}
        empty = [part.describe() for part in parts]
        for part in parts:
            if set(part.schema.names) != set(parts[0].schema.names):
                raise DataError("This part has other columns than the first one.", where=part.file)
        join(empty, self._path)  # refuses types that do not fit together
        named = [*parts[0].schema.names, *self._partitions]
        self.names = [name for name in named if not is_row_number(name)]
        self.rows = sum(part.rows for part in parts)

    def read(self, name: str) -> "pd.Series":
        """One whole column, which may lie in Arrow's memory: nobody may change it."""
        values = self._partitions.get(name)
        if values is None:
            pieces = [part.read(name) for part in self._parts]
        else:
            pieces = [
                pa.table({name: find_partition(values, place, part.rows)}) for place, part in enumerate(self._parts)
            ]
        column: pd.Series = join(pieces, self._path).to_pandas(date_as_object=False)[name]
        return column


def open_columns(source: Source) -> Columns:
    """The table as columns that are read one by one; the same columns that ``reading.read_source`` gives.

    Of a Parquet file a column is read when it is asked for. A large CSV is first moved, block by block, to a temporary
    file, which is gone with these columns. A small one, and a table in memory, stay there.

    Raises:
        DataError: see ``reading.read_source``.
    """
    if not source.files:
        return Columns(source, [_hold(source.path, source.table)])
    return Columns(
        source, [_open_parquet(file) if source.kind == ".parquet" else _open_csv(file) for file in source.files]
    )


def _hold(file: Path, table: "pa.Table") -> _Part:
    return _Part(file, table.schema, len(table), lambda name: table.select([name]))


def _open_parquet(path: Path) -> _Part:
    with blame(path), pa.parquet.ParquetFile(path) as file:
        metadata, schema = file.metadata, file.schema_arrow
        refuse_duplicates(schema.names, path)

    def select(name: str) -> "pa.Table":
        # Opened for each column, because a table may have more parts than a process may have open files.
        with pa.parquet.ParquetFile(path, metadata=metadata, page_checksum_verification=True) as file:
            # By its name alone, "a" would bring "a.b" too, because Parquet joins the names of nested columns by dots.
            return file.read(columns=[name]).select([name])

    return _Part(path, schema, metadata.num_rows, select)


def _open_csv(path: Path) -> _Part:
    part = _move(path) if path.stat().st_size > GUESS_FROM else None
    if part is not None:
        return part
    with blame(path):
        return _hold(path, read_csv(path))


class _Mover:
    """Writes a CSV to a file column by column, some blocks at a time, and anew whenever a wider type is needed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._beginnings, self._held = file, 0, 0
        self._blocks: list[pa.RecordBatch] = []
        self.schema, self.rows = pa.schema([]), 0
        self.places: list[list[tuple[int, int]]] = []
        """Of each column, where its pieces begin and how many bytes they have."""

    def begin(self, schema: "pa.Schema") -> None:
        self._beginnings += 1
        if self._beginnings > MOST_BEGINNINGS:
            raise DataError("Too many of its columns change their type on the way.")
        self._file.seek(0)
        self._blocks, self._held = [], 0
        self.schema, self.rows, self.places = schema, 0, [[] for _ in schema]

    def take(self, _: int, block: "pa.RecordBatch") -> None:
        self._blocks.append(block)
        self._held += block.nbytes
        self.rows += len(block)
        if self._held > AT_ONCE:
            self.write()

    def write(self) -> None:
        """Write what is held of each column."""
        held = pa.Table.from_batches(self._blocks, self.schema)
        for number, places in enumerate(self.places):
            for batch in held.select([number]).combine_chunks().to_batches():
                content = batch.serialize()
                places.append((self._file.tell(), content.size))
                self._file.write(content)
        self._blocks, self._held = [], 0


def _move(path: Path) -> _Part | None:
    """Move a CSV to where its columns can be read one by one; None when that cannot be, so that it is read whole.

    What is wrong with the file is then said by who reads it whole; without room for the temporary file there is still
    memory.
    """
    file = tempfile.TemporaryFile(prefix="pavedroad-table-")  # noqa: SIM115 - it is there as long as its columns
    mover = _Mover(file)
    try:
        read_blocks([path], mover.begin, mover.take)
        mover.write()
        file.flush()
    except (DataError, OSError):
        return None
    pa.default_memory_pool().release_unused()

    def select(name: str) -> "pa.Table":
        number = mover.schema.get_field_index(name)
        schema = pa.schema([mover.schema.field(number)])
        pieces = [
            pa.ipc.read_record_batch(pa.py_buffer(os.pread(file.fileno(), size, begin)), schema)
            for begin, size in mover.places[number]
        ]
        return pa.Table.from_batches(pieces, schema)

    return _Part(path, mover.schema, mover.rows, select)

"""What DuckDB does not read by itself the way we want it read: CSV files and tables in memory, by way of Arrow."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source, refuse_duplicates
from pavedroad.foundation.validation.schema import Column, describe_partitions, merge_columns

if TYPE_CHECKING:
    import pyarrow as pa

PART = 1 << 40
"""Row numbers of the second part of a table start from here, of the third from twice as much."""


@dataclass(frozen=True)
class Relation:
    """What DuckDB can query, and where in it a table's columns stand, by their places and never by their names."""

    origin: str
    """What follows FROM."""
    places: list[str]
    """Each column of the table as SQL, such as ``#1``."""
    number: str
    """The number of a row as SQL."""
    names: list[str]
    types: list[str]
    schema: list[Column]
    """Its columns as they go on record."""
    held: Any = field(default=None, compare=False)
    """What has to stay in memory meanwhile."""


def load(connection: duckdb.DuckDBPyConnection, source: Source, stream_from: int) -> Relation:
    """Bring a CSV table or one in memory into DuckDB; of more bytes than ``stream_from``, into one that can spill.

    Raises:
        DataError: a file is damaged, its text is not UTF-8, or its parts do not fit together.
    """
    from pavedroad.engines.arrow.tables import blame

    streamed = bool(source.files) and source.bytes > stream_from
    with blame(source.path):
        return _stream(connection, source) if streamed else _hold(connection, source)


def _hold(connection: duckdb.DuckDBPyConnection, source: Source) -> Relation:
    import numpy as np
    import pyarrow as pa

    from pavedroad.engines.arrow.schema import describe_held
    from pavedroad.engines.arrow.tables import add_partitions, flatten, read_csv

    read = [read_csv(file) for file in source.files] or [source.table]
    columns = merge_columns(map(describe_held, read))
    tables = [flatten(table, file) for table, file in zip(read, source.files or [source.path], strict=True)]
    for table, file in zip(tables[1:], source.files[1:], strict=True):
        if set(table.column_names) != set(tables[0].column_names):
            raise DataError("This part has other columns than the first one.", where=file)
    partitions = source.find_partitions()
    tables = [add_partitions(table, partitions, place) for place, table in enumerate(tables)]
    rows = [np.arange(len(table), dtype="int64") + part * PART for part, table in enumerate(tables)]
    table = pa.concat_tables(tables, promote_options="permissive") if len(tables) > 1 else tables[0]
    names = list(table.column_names)
    refuse_duplicates(names, source.path)
    held = table.rename_columns(_number(names)).append_column("r", pa.chunked_array([pa.array(part) for part in rows]))
    connection.register("held", held)
    schema = [*columns, *describe_partitions(source, columns)]
    return _place("held", names, _find_types(connection, "held"), schema, held)


def _stream(connection: duckdb.DuckDBPyConnection, source: Source) -> Relation:
    import numpy as np
    import pyarrow as pa

    from pavedroad.engines.arrow.blocks import read_blocks
    from pavedroad.engines.arrow.schema import describe_field
    from pavedroad.engines.arrow.tables import add_partitions

    partitions = source.find_partitions()
    names: list[str] = []
    rows: dict[int, int] = {}

    def store(block: "pa.Table", how: str) -> None:
        connection.register("block", block)
        try:
            connection.execute(f"{how} SELECT * FROM block")  # noqa: S608 - two texts of ours
        finally:
            connection.unregister("block")

    def shape(part: int, block: "pa.Table") -> "pa.Table":
        start = part * PART + rows.get(part, 0)
        rows[part] = rows.get(part, 0) + len(block)
        numbers = pa.array(np.arange(start, start + len(block), dtype="int64"))
        block = add_partitions(block, partitions, part)
        names[:] = block.column_names
        return block.rename_columns(_number(block.column_names)).append_column("r", numbers)

    def begin(schema: "pa.Schema") -> None:
        rows.clear()
        store(shape(0, schema.empty_table()), "CREATE OR REPLACE TEMP TABLE streamed AS")

    def take(part: int, batch: "pa.RecordBatch") -> None:
        store(shape(part, pa.Table.from_batches([batch])), "INSERT INTO streamed")

    counted = read_blocks(source.files, begin, take)
    columns = merge_columns(
        [describe_field(field, nulls) for field, nulls in zip(part.schema, part.nulls, strict=True)] for part in counted
    )
    schema = [*columns, *describe_partitions(source, columns)]
    return _place("streamed", names, _find_types(connection, "streamed"), schema)


def _place(
    origin: str,
    names: list[str],
    types: list[str],
    schema: list[Column],
    held: Any = None,  # noqa: ANN401 - whatever DuckDB reads from memory
) -> Relation:
    """A relation of the columns in their order, with the number of the row behind them."""
    places = [f"#{place}" for place in range(1, len(names) + 2)]
    return Relation(origin, places[:-1], places[-1], names, types, schema, held)


def _number(names: list[str]) -> list[str]:
    return [f"k{number}" for number in range(len(names))]


def _find_types(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """DuckDB's types of a loaded table's columns, without that of the row's number."""
    return [str(row[1]) for row in connection.execute(f"DESCRIBE {table}").fetchall()[:-1]]

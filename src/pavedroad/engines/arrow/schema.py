"""The schema of a table by Arrow: from the footer of a Parquet file, which costs nothing, and by reading a CSV."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from pavedroad.engines.arrow.blocks import STREAM_FROM, read_blocks
from pavedroad.engines.arrow.tables import blame, read_csv
from pavedroad.foundation.data.source import Source, is_row_number
from pavedroad.foundation.validation.schema import Column, describe_partitions, merge_columns


def describe(source: Source) -> list[Column]:
    """The columns of a table; see ``foundation.validation.schema.Describer``."""
    if not source.files:
        return describe_held(source.table)
    parts = []
    for file in source.files:
        with blame(file):
            parts.append(_describe_parquet(file) if source.kind == ".parquet" else _describe_csv(file))
    columns = merge_columns(parts)
    return [*columns, *describe_partitions(source, columns)]


def describe_held(table: "pa.Table") -> list[Column]:
    """The columns of a table that Arrow holds."""
    return [describe_field(field, table[place].null_count) for place, field in enumerate(table.schema)]


def describe_field(field: "pa.Field", nulls: int | None) -> Column:
    """A column of which so many values are missing; None where nobody counted."""
    known = nulls is not None or pa.types.is_null(field.type)
    return Column(str(field.name), _name_type(field.type), missing=nulls != 0 if known else None)


def _describe_parquet(path: Path) -> list[Column]:
    with pa.parquet.ParquetFile(path) as file:
        schema, metadata = file.schema_arrow, file.metadata
    places = {metadata.schema.column(place).path: place for place in range(metadata.num_columns)}
    columns = []
    for field in schema:
        place = places.get(field.name)
        counts: list[int | None] = [] if place is not None else [None]
        for group in range(metadata.num_row_groups if place is not None else 0):
            statistics = metadata.row_group(group).column(place).statistics
            counts.append(statistics.null_count if statistics is not None and statistics.has_null_count else None)
        some = [count for count in counts if count is not None]
        columns.append(describe_field(field, sum(some) if any(some) or len(some) == len(counts) else None))
    return [column for column in columns if not is_row_number(column.name)]


def _describe_csv(path: Path) -> list[Column]:
    if path.stat().st_size <= STREAM_FROM:
        return describe_held(read_csv(path))
    (counted,) = read_blocks([path], lambda _: None, lambda _, __: None)
    return [describe_field(field, nulls) for field, nulls in zip(counted.schema, counted.nulls, strict=True)]


def _name_type(kind: "pa.DataType") -> str:
    is_ = pa.types
    if is_.is_dictionary(kind):
        return _name_type(kind.value_type)
    if is_.is_timestamp(kind) and kind.tz:
        return f"time in {kind.tz}"
    names = {
        "whole number": is_.is_integer(kind),
        "number": is_.is_floating(kind) or is_.is_decimal(kind),
        "boolean": is_.is_boolean(kind),
        "text": is_.is_string(kind) or is_.is_large_string(kind) or kind == pa.string_view(),
        "time": is_.is_timestamp(kind) or is_.is_date(kind),
        "time of day": is_.is_time(kind),
        "nothing": is_.is_null(kind),
    }
    return next((name for name, holds in names.items() if holds), str(kind))

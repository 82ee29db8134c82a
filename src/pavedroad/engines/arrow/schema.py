"""The schema of a table by Arrow: from the footer of a Parquet file, which costs nothing, and by reading a CSV."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from pavedroad.engines.arrow.tables import ADVICE, open_csv, read_csv, refuse_nul, widen
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.validation.schema import Column, merge_types

STREAM_FROM = 256 * 1024 * 1024
"""A CSV of more bytes than this is read block by block, so that memory does not grow with it."""
BLOCK = 16 * 1024 * 1024


def describe(source: Source) -> list[Column]:
    """The columns of a table; see ``foundation.validation.schema.Describer``."""
    if not source.files:
        return [_describe(field, source.table[field.name].null_count) for field in source.table.schema]
    found: dict[str, Column] = {}
    for number, file in enumerate(source.files):
        try:
            columns = _describe_parquet(file) if source.kind == ".parquet" else _describe_csv(file)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())[:300].rstrip(".")
            raise DataError(
                f"The data file is damaged or not what its name says: {reason}.", where=file, next_step=ADVICE
            ) from error
        columns += _describe_partitions(source, file) if source.partitioned else []
        for column in columns:
            was = found.get(column.name)
            found[column.name] = column if was is None or number == 0 else _merge(was, column)
    return list(found.values())


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
        columns.append(_describe(field, sum(some) if any(some) or len(some) == len(counts) else None))
    return [column for column in columns if not column.name.startswith("__index_level_")]


def _describe_csv(path: Path) -> list[Column]:
    if path.stat().st_size <= STREAM_FROM:
        table = read_csv(path)
        return [_describe(field, table[field.name].null_count) for field in table.schema]
    refuse_nul(path)
    types: dict[str, pa.DataType] = {}
    schema: pa.Schema | None = None
    while True:
        try:
            reader = open_csv(path, types, BLOCK)
            schema = reader.schema
            nulls = dict.fromkeys(reader.schema.names, 0)
            for batch in reader:
                for name, column in zip(nulls, batch.columns, strict=True):
                    nulls[name] += column.null_count
            return [_describe(field, nulls[field.name]) for field in reader.schema]
        except pa.ArrowInvalid as error:
            wider = None if schema is None else widen(types, schema, str(error))
            if wider is None:
                raise
            types = wider


def _describe_partitions(source: Source, file: Path) -> list[Column]:
    """The columns that stand in the part's path as ``column=value``."""
    columns = []
    for part in file.relative_to(source.path).parent.parts:
        name, equals, text = part.partition("=")
        if equals:
            whole = text.isdecimal() and text == str(int(text))
            columns.append(Column(name, "whole number" if whole else "text", missing=False))
    return columns


def _describe(field: "pa.Field", nulls: int | None) -> Column:
    known = nulls is not None or pa.types.is_null(field.type)
    return Column(str(field.name), _name_type(field.type), missing=nulls != 0 if known else None)


def _merge(some: Column, other: Column) -> Column:
    missing = True if some.missing or other.missing else None if None in (some.missing, other.missing) else False
    return Column(some.name, merge_types(some.type, other.type), missing)


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

"""A table as Spark sees it, with the meaning it has in every other engine.

A NaN is a missing value, decimals are floats, dates are times and times of day are text; and columns bear names that
Great Expectations and Spark can spell.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it
from pyspark.sql import types as T  # noqa: N812

from pavedroad.engines.arrow.reading import read_whole
from pavedroad.engines.gx.names import Names
from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.data.source import Source, is_row_number
from pavedroad.foundation.validation.judging import ColumnFacts, TableFacts

_PATH = re.compile(r"[\w./ +=,@~-]+", re.ASCII)
"""Paths in which Spark sees no pattern and no scheme."""

_KINDS: Mapping[type[T.DataType], Kind] = {
    T.BooleanType: "boolean",
    T.TimestampType: "time",
    T.TimestampNTZType: "time",
    T.StringType: "category",
}


@dataclass(frozen=True)
class Table:
    """A table that can be asked: its frame, whose columns are called as ``names`` has them."""

    frame: DataFrame
    names: Names

    def find_facts(self, named: Sequence[str]) -> TableFacts:
        """Count the rows and, of the named columns, the gaps and the infinities, in one scan."""
        types = {field.name: field.dataType for field in self.frame.schema.fields}
        here = [(name, self.names.judged[name]) for name in dict.fromkeys(named) if name in self.names.judged]
        asked = [F.count(F.lit(1))]
        for _, judged in here:
            asked.append(F.count(F.col(judged)))
            infinite = F.col(judged).isin(float("inf"), float("-inf"))
            real = isinstance(types[judged], T.FractionalType)
            asked.append(F.count_if(infinite) if real else F.lit(0))
        [answer] = self.frame.agg(*(column.alias(f"a{number}") for number, column in enumerate(asked))).collect()
        rows, *counts = answer
        columns = {
            name: ColumnFacts(_KINDS.get(type(types[judged]), "number"), rows - known, strange)
            for (name, judged), known, strange in zip(here, counts[::2], counts[1::2], strict=True)
        }
        return TableFacts(rows=rows, names=tuple(self.names.judged), columns=columns)


def open_table(session: SparkSession, source: Source) -> Table:
    """Open a table: Parquet that Spark can read where it lies, and anything else by way of Arrow.

    Raises:
        DataError: a file is damaged, or a column holds something else than numbers, text, booleans or times.
    """
    schema = _find_plain_schema(source)
    frame = _read_with_arrow(session, source) if schema is None else _read_with_spark(session, source)
    fields = [field for field in frame.schema.fields if not is_row_number(field.name)]
    names = Names(field.name for field in fields)
    return Table(frame.select([_read_as(field, source).alias(names.judged[field.name]) for field in fields]), names)


def _find_plain_schema(source: Source) -> "pa.Schema | None":
    """The schema of Parquet files that Spark reads as everyone does; None when Arrow has to read them.

    Spark knows no times in nanoseconds, which pandas writes, takes signs in a path for a pattern, and reads parts of
    different schemas by that of the first.
    """
    if source.kind != ".parquet" or not all(_PATH.fullmatch(str(file.absolute())) for file in source.files):
        return None
    try:
        first, *others = (pa.parquet.read_schema(file) for file in source.files)
    except (pa.ArrowException, OSError):
        return None  # Arrow then says what is wrong with it
    same = all(other.equals(first) for other in others)
    plain = len(set(first.names)) == len(first.names) and all(_is_plain(field.type) for field in first)
    return first if same and plain else None


def _is_plain(kind: "pa.DataType") -> bool:
    is_ = pa.types
    if is_.is_timestamp(kind):
        return bool(kind.unit != "ns")
    signed = is_.is_integer(kind) and not is_.is_uint64(kind)
    real = is_.is_float32(kind) or is_.is_float64(kind) or is_.is_decimal128(kind)
    return bool(signed or real or is_.is_boolean(kind) or is_.is_string(kind) or is_.is_date32(kind))


def _read_with_spark(session: SparkSession, source: Source) -> DataFrame:
    files = [f"file://{file.absolute()}" for file in source.files]
    if not source.partitioned:
        return session.read.parquet(*files)
    frame = session.read.option("basePath", f"file://{source.path.absolute()}").parquet(*files)
    for name, values in source.find_partitions().items():
        kind = T.StringType() if any(isinstance(value, str) for value in values) else T.LongType()
        frame = frame.withColumn(name, F.col(_quote(name)).cast(kind))
    return frame


def _read_with_arrow(session: SparkSession, source: Source) -> DataFrame:
    table = read_whole(source)
    columns, naive = [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = field.type
        if pa.types.is_timestamp(kind):
            naive += [field.name] if kind.tz is None else []
            column = column.cast(pa.timestamp("us", kind.tz), safe=False)  # noqa: PLW2901 - Spark's finest unit
        elif pa.types.is_uint64(kind):
            column = column.cast(pa.decimal128(20))  # noqa: PLW2901
        elif pa.types.is_float16(kind):
            column = column.cast(pa.float32())  # noqa: PLW2901
        elif not _is_plain(kind):
            column = column.cast(pa.string())  # noqa: PLW2901 - categories, texts of other sorts, and nothing at all
        columns.append(column)
    frame = session.createDataFrame(pa.table(columns, names=table.column_names))
    for name in naive:
        frame = frame.withColumn(name, F.col(_quote(name)).cast(T.TimestampNTZType()))
    return frame


def _read_as(field: T.StructField, source: Source) -> Column:
    column, kind = F.col(_quote(field.name)), field.dataType
    if isinstance(kind, T.FloatType | T.DoubleType):
        return F.when(~F.isnan(column), column)
    if isinstance(kind, T.DecimalType):
        return column.cast(T.DoubleType())
    if isinstance(kind, T.DateType):
        return column.cast(T.TimestampNTZType())
    if isinstance(kind, T.IntegralType) or type(kind) in _KINDS:
        return column
    raise DataError(
        f"The column {field.name!r} holds values of the type {kind.simpleString()}.",
        where=source.path,
        next_step="A column holds numbers, text, booleans or times.",
    )


def _quote(name: str) -> str:
    """A column's name as Spark reads it whole; Spark has no way to hand names over but in a text."""
    return f"`{name.replace('`', '``')}`"

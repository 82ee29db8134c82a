"""Spark behind ``foundation.drift.reference``: a table in counts where it outgrows one machine.

The cells, the buckets and the arithmetic are those of every engine, so the counts are DuckDB's to the last row. Many
columns share one pass; what reaches this process are groups, as many as a sketch may hold, and never a row.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from msgspec.structs import replace
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it
from pyspark.sql import types as T  # noqa: N812

from pavedroad.engines.spark.session import open_session
from pavedroad.engines.spark.table import Table, open_table
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.drift.counts import (
    CellCounts,
    Group,
    keep_between,
    keep_cells,
    keep_values,
    make_group,
)
from pavedroad.foundation.drift.grid import FARTHEST, Grid, choose_grid
from pavedroad.foundation.drift.reference import BUCKETS, MOST_CATEGORIES, ColumnSketch, Reference, choose_cells
from pavedroad.foundation.validation.judging import Limits

SAMPLE = 20_000
"""Rows, about, whose distinct values decide how a column is counted where nothing else does; a smaller table is kept
value by value if it can be."""
TOGETHER = 64
"""Columns that share a pass."""
STRIDE = 32
"""Edges between two that are looked at first, where cells lie between edges."""


def measure(
    source: Source, about: str, *, like: Reference | None, relative_to: str, threads: int, memory: str
) -> Reference:
    """Count every column of a table; see ``foundation.drift.reference.measure``.

    Raises:
        ConfigError: the source is a table of a database.
        DataError: the table cannot be read.
        UsageError: there is no Java.
    """
    if source.database is not None:
        raise ConfigError('The engine "spark" counts files, and no table of a database.')
    session = open_session(Limits(threads=threads, memory=memory))
    with _blame_data(source.path):
        table = open_table(session, source)
        columns = _name_columns(table, relative_to)
        counter = _Counter(table.frame, len(columns), {column.name: column for column in like.columns} if like else {})
        found = {**counter.count_numbers([c for c in columns if c.numeric]), **counter.count_categories(columns)}
        return Reference(rows=counter.rows, about=about, columns=[found[column.name] for column in columns])


_One = TypeVar("_One")


@dataclass(frozen=True)
class _Asked:
    """A column: its name in the data, its kind, and what is counted of it: a number, or a text."""

    name: str
    kind: Kind
    value: Column
    zoned: bool = False
    relative_to: str = ""

    @property
    def numeric(self) -> bool:
        return self.kind in {"number", "time"}


class _Counter:
    """Counts the columns of one table, in the cells of what they will be compared with where that has some."""

    def __init__(self, frame: DataFrame, columns: int, known: Mapping[str, ColumnSketch]) -> None:
        self.frame, self.known = frame, known
        self.cells = choose_cells(columns)
        self.rows = frame.count()
        self.few = self.rows <= SAMPLE

    def count_numbers(self, columns: Sequence[_Asked]) -> dict[str, ColumnSketch]:
        """Count columns of numbers and times."""
        grids = {column.name: self._find_grid(column) for column in columns}
        open_ = [column for column in columns if grids[column.name] is None]
        found: dict[str, ColumnSketch] = {}
        groups: dict[str, Group] = {}
        if self.few:
            groups = self._group(self.frame, columns, self.rows)
        elif open_:
            sampled = self._group(self.frame.sample(SAMPLE / self.rows, seed=7), open_, 2 * SAMPLE)
            short = [column for column in open_ if sampled[column.name].values.size <= self.cells]
            groups = self._group(self.frame, short, self.cells + 4)
            for column in open_:
                if column.name not in groups or groups[column.name].values.size > self.cells:
                    grids[column.name] = self._choose_grid(column, sampled[column.name])
        for column in columns:
            grid, group = grids[column.name], groups.get(column.name)
            if self.few and group is not None and grid is None and group.values.size > self.cells:
                grid = choose_grid(group.values, group.counts, self.cells)
            if group is not None and (self.few or grid is None):
                found[column.name] = keep_values(column.name, column.kind, self.rows, group, grid)
        for column, grid, rows in self._list_cells(
            [(c, g) for c in columns if (g := grids[c.name]) and c.name not in found]
        ):
            found[column.name] = self._keep(column, grid, rows)
        return {c.name: replace(found[c.name], zoned=c.zoned, relative_to=c.relative_to) for c in columns}

    def count_categories(self, columns: Sequence[_Asked]) -> dict[str, ColumnSketch]:
        """Count the other columns by name or, where there are too many names, in buckets."""
        texts = [column for column in columns if not column.numeric]
        known = {c.name for c in texts if (like := self.known.get(c.name)) is not None and like.buckets}
        found = {}
        for column, rows in self._list_groups(
            self.frame, [c for c in texts if c.name not in known], MOST_CATEGORIES + 2
        ):
            nulls = sum(row.n for row in rows if row.x is None)
            named = {row.x: row.n for row in sorted(rows, key=lambda row: (-row.n, row.x or "")) if row.x is not None}
            if len(named) <= MOST_CATEGORIES and sum(named.values()) + nulls == self.rows:
                found[column.name] = ColumnSketch(
                    name=column.name,
                    kind=column.kind,
                    rows=self.rows,
                    nulls=nulls,
                    categories=named,
                    distinct=len(named),
                )
        return found | self._count_buckets([column for column in texts if column.name not in found])

    def _find_grid(self, column: _Asked) -> Grid | None:
        like = self.known.get(column.name)
        return like.grid if like is not None and like.kind == column.kind else None

    def _choose_grid(self, column: _Asked, sampled: Group) -> Grid:
        like = self.known.get(column.name)
        if like is not None and like.values:
            return choose_grid(np.array(like.values), np.array(like.counts), self.cells)
        return choose_grid(sampled.values, sampled.counts, self.cells)

    def _group(self, frame: DataFrame, columns: Sequence[_Asked], most: int) -> dict[str, Group]:
        """The distinct values of columns with their counts, of each no more than ``most`` of the least."""
        found = {}
        for column, rows in self._list_groups(frame, columns, most):
            missing = np.array([row.x is None for row in rows], dtype=bool)
            values = np.array([np.nan if row.x is None else row.x for row in rows], dtype="float64")
            found[column.name] = make_group(values, np.array([row.n for row in rows], dtype="int64"), missing)
        return found

    def _list_groups(
        self, frame: DataFrame, columns: Sequence[_Asked], most: int
    ) -> Iterator[tuple[_Asked, list[Row]]]:
        """The groups of each column by value, the empty one first and then the largest, but no more than ``most``."""
        order = Window.partitionBy("i").orderBy(F.col("x").isNotNull(), F.col("n").desc(), F.col("x"))
        for part in _split(columns):
            counted = _stack(frame, [(column.value,) for column in part], ["x"]).groupBy("i", "x").agg(_count())
            ranked = counted.withColumn("rank", F.row_number().over(order)).where(F.col("rank") <= most)
            listed = _collect(ranked)
            yield from ((column, listed[number]) for number, column in enumerate(part))

    def _list_cells(self, columns: Sequence[tuple[_Asked, Grid]]) -> Iterator[tuple[_Asked, Grid, list[Row]]]:
        """What stands in each cell of each column."""
        of_cells = {"known": F.count, "mean": F.avg, "low": F.min, "high": F.max}
        for part in _split(columns):
            keyed = [(_find_place(column.value, grid), column.value) for column, grid in part]
            counted = _stack(self.frame, keyed, ["k", "x"]).groupBy("i", "k")
            listed = _collect(counted.agg(_count(), *(ask("x").alias(name) for name, ask in of_cells.items())))
            yield from ((*asked, listed[number]) for number, asked in enumerate(part))

    def _keep(self, column: _Asked, grid: Grid, rows: list[Row]) -> ColumnSketch:
        outside = [row for row in rows if row.k is None]
        inside = sorted((row for row in rows if row.k is not None), key=lambda row: row.k)
        counts, means, lows, highs = (
            np.array([row[name] for row in inside], dtype=kind)
            for name, kind in (("n", "int64"), ("mean", "float64"), ("low", "float64"), ("high", "float64"))
        )
        places = np.array([row.k for row in inside], dtype="int64")
        nulls, infinite = sum(row.n - row.known for row in outside), sum(row.known for row in outside)
        low, high = lows.min(initial=np.inf), highs.max(initial=-np.inf)
        means = np.clip(means, lows, highs)  # a sum of huge values overflows
        if not grid.edges:
            counted = CellCounts(places, counts, means, low, high, highs / 2 - lows / 2, nulls, infinite)
            return keep_cells(column.name, column.kind, self.rows, grid, counted)
        every = np.zeros(grid.cells, dtype="int64")
        every[places] = counts
        ends = (float(low), float(high), float(np.average(means, weights=counts))) if inside else (None, None, None)
        return keep_between(column.name, column.kind, self.rows, grid, every, nulls, infinite, ends)

    def _count_buckets(self, columns: Sequence[_Asked]) -> dict[str, ColumnSketch]:
        """Count by the hash of ``foundation.drift.reference.bucket_of``: of 256 buckets, the ninth byte of the MD5."""
        found = {}
        byte = F.conv(F.substring(F.md5(F.col("x").cast(T.BinaryType())), 17, 2), 16, 10).cast(T.IntegerType())
        for part in _split(columns):
            named = _stack(self.frame, [(column.value,) for column in part], ["x"]).groupBy("i", "x").agg(_count())
            counted = named.groupBy("i", byte.alias("k")).agg(F.sum("n").alias("n"), F.count("x").alias("names"))
            listed = _collect(counted)
            for number, column in enumerate(part):
                buckets = [0] * BUCKETS
                for row in listed[number]:
                    if row.k is not None:
                        buckets[row.k] = row.n
                found[column.name] = ColumnSketch(
                    name=column.name,
                    kind=column.kind,
                    rows=self.rows,
                    nulls=self.rows - sum(buckets),
                    distinct=sum(row.names for row in listed[number]),
                    buckets=buckets,
                )
        return found


def _name_columns(table: Table, relative_to: str) -> list[_Asked]:
    """The columns of a table; times are microseconds, or seconds after the row's own moment."""
    types = {field.name: field.dataType for field in table.frame.schema.fields}
    moment = table.names.judged.get(relative_to)
    if moment is not None and not isinstance(types[moment], T.TimestampType | T.TimestampNTZType):
        moment = None
    return [
        _name_column(name, judged, types[judged], moment, relative_to) for name, judged in table.names.judged.items()
    ]


def _name_column(name: str, judged: str, kind: T.DataType, moment: str | None, relative_to: str) -> _Asked:
    column = F.col(judged)
    if isinstance(kind, T.StringType):
        return _Asked(name, "category", column)
    if isinstance(kind, T.BooleanType):
        return _Asked(name, "boolean", column.cast(T.StringType()))
    if not isinstance(kind, T.TimestampType | T.TimestampNTZType):
        return _Asked(name, "number", column.cast(T.DoubleType()))
    zoned = isinstance(kind, T.TimestampType)
    if moment is None or moment == judged:
        return _Asked(name, "time", _count_microseconds(column).cast(T.DoubleType()), zoned)
    apart = _count_microseconds(column) - _count_microseconds(F.col(moment))
    return _Asked(name, "time", apart.cast(T.DoubleType()) / F.lit(1_000_000.0), zoned, relative_to)


def _count_microseconds(moment: Column) -> Column:
    return F.unix_micros(moment.cast(T.TimestampType()))  # the session's zone is UTC


def _stack(frame: DataFrame, columns: Sequence[tuple[Column, ...]], names: Sequence[str]) -> DataFrame:
    """The columns one below the other, each with its number ``i``."""
    parts = [
        F.struct(F.lit(number).alias("i"), *(value.alias(name) for value, name in zip(values, names, strict=True)))
        for number, values in enumerate(columns)
    ]
    return frame.select(F.explode(F.array(*parts)).alias("one")).select("one.*")


def _split(columns: Sequence[_One]) -> Iterator[Sequence[_One]]:
    for start in range(0, len(columns), TOGETHER):
        yield columns[start : start + TOGETHER]


def _count() -> Column:
    return F.count(F.lit(1)).alias("n")


def _collect(counted: DataFrame) -> "defaultdict[int, list[Row]]":
    """The groups of each column, by its number."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in counted.collect():
        found[row.i].append(row)
    return found


def _find_place(value: Column, grid: Grid) -> Column:
    """Where a number stands in the counts of a grid, by the arithmetic of ``foundation.drift.grid``; null: nowhere."""
    finite = value.isNotNull() & ~value.isin(float("inf"), float("-inf"))
    if grid.edges:
        return F.when(finite, _count_edges_below(value, grid.edges))
    farthest = F.lit(FARTHEST * grid.scale)
    distance = F.greatest(-farthest, F.least(farthest, value - F.lit(grid.centre)))
    cell = F.floor(F.lit(grid.cells / 2) * (F.lit(1.0) + distance / (F.lit(grid.scale) + F.abs(distance))))
    place = F.greatest(F.lit(0), F.least(F.lit(grid.cells - 1), cell.cast(T.IntegerType())))
    for number, atom in enumerate(grid.atoms):
        place = F.when(value == F.lit(atom), F.lit(grid.cells + number)).otherwise(place)
    return F.when(finite, place)


def _count_edges_below(value: Column, edges: Sequence[float]) -> Column:
    """How many ascending edges are less than a value: first among every 32nd of them, then among those behind it."""
    coarse = F.array(*(F.lit(edge) for edge in edges[::STRIDE]))
    before = F.greatest(F.size(F.filter(coarse, lambda edge: edge < value)) - 1, F.lit(0)) * STRIDE
    behind = F.slice(F.array(*(F.lit(edge) for edge in edges)), before + 1, STRIDE)
    return before + F.size(F.filter(behind, lambda edge: edge < value))


@contextmanager
def _blame_data(path: Path) -> Iterator[None]:
    try:
        yield
    except PySparkException as error:
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise DataError(f"Spark cannot read the table: {reason}.", where=path) from error

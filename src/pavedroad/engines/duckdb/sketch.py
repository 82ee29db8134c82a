"""DuckDB behind ``foundation.drift.reference``: a table in counts, one grouping a column, where the table lies."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import msgspec
import numpy as np

from pavedroad.engines.duckdb.table import KINDS, Column, Table
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.drift.counts import (
    CellCounts,
    Group,
    count_held,
    keep_between,
    keep_cells,
    keep_values,
    lie_at_ends,
    make_group,
)
from pavedroad.foundation.drift.grid import FARTHEST, Grid, choose_grid
from pavedroad.foundation.drift.reference import BUCKETS, MOST_CATEGORIES, ColumnSketch, Reference, choose_cells
from pavedroad.foundation.validation.judging import Limits

SAMPLE = 20_000
"""Rows, in slices spread evenly over the table, that decide how a column is counted; the counts are of all rows."""
SLICES = 5
TOGETHER, MOST_LISTED = 256, 2_000_000
"""Columns of a small table that share a query, and the values that such a query may list."""
IN_MEMORY = {"BIGINT", "DOUBLE", "FLOAT", "INTEGER"}
"""Types whose numbers are the same in Arrow's memory as in DuckDB's."""
HELD = 4_000_000
"""A table of fewer cells than this is read once into memory, which is faster when it has many columns."""


def measure(
    source: Source, about: str, *, like: Reference | None, relative_to: str, threads: int, memory: str
) -> Reference:
    """Count every column of a table; see ``foundation.drift.reference.measure``."""
    with Table(source, Limits(threads=threads, memory=memory)) as table:
        ((rows,),) = table.ask("SELECT count(*) FROM t")
        known = {column.name: column for column in like.columns} if like else {}
        moment = table.columns.get(relative_to)
        counter = _Counter(table, rows, choose_cells(len(table.columns)), known, moment)
        if counter.few:
            numbers = [column for column in table.columns.values() if KINDS[column.sort] in {"number", "time"}]
            counter.waiting = {c.sql: _read_number(c, _choose_moment(c, moment)) for c in reversed(numbers)}
        columns = [counter.count(column) for column in table.columns.values()]
    return Reference(rows=rows, about=about, columns=columns)


class _Counter:
    """Counts the columns of one table, all by the same sample and the same bound on cells."""

    def __init__(
        self, table: Table, rows: int, cells: int, known: Mapping[str, ColumnSketch], moment: Column | None
    ) -> None:
        self.table, self.rows, self.cells, self.known, self.moment = table, rows, cells, known, moment
        self.name = "t"
        if 0 < rows * len(table.columns) <= HELD:
            table.ask("CREATE TEMP TABLE whole AS SELECT * FROM t")
            self.name = "whole"
        self.few = rows <= SAMPLE
        table.ask("SET perfect_ht_threshold = 17")  # bits: keys of two bytes, or none, are positions in an array
        table.ask("SET parquet_metadata_cache = true")  # a file's footer is read once and not once a column
        self.groups: dict[str, Group] = {}
        self.waiting: dict[str, str] = {}
        """Columns of numbers of a small table that were not asked for yet, last first."""
        if not self.few:
            unknown = [c.sql for c in table.columns.values() if not _is_settled(c, known.get(c.name))]
            wanted = dict.fromkeys([*unknown, *([] if moment is None else [moment.sql])])
            chosen = f"SELECT {', '.join(wanted) or 'r'} FROM {self.name}{_choose_slices(table, rows)}"  # noqa: S608
            table.ask(f"CREATE TEMP TABLE sampled AS {chosen}")

    def count(self, column: Column) -> ColumnSketch:
        """Count one column, in the cells of what it will be compared with where that has some."""
        kind = KINDS[column.sort]
        if kind not in {"number", "time"}:
            return self._count_categories(column)
        relative = _choose_moment(column, self.moment)
        sketch = self._count_numbers(column, _read_number(column, relative), self.known.get(column.name))
        return msgspec.structs.replace(
            sketch, zoned=column.sort == "zoned", relative_to="" if relative is None else relative.name
        )

    def _count_numbers(self, column: Column, number: str, like: ColumnSketch | None) -> ColumnSketch:
        grid = like.grid if like is not None and like.kind == KINDS[column.sort] else None
        if self.few:
            found = self._find_group(column, number)
            if grid is None and found.values.size > self.cells:
                grid = choose_grid(found.values, found.counts, self.cells)
            return keep_values(column.name, KINDS[column.sort], self.rows, found, grid)
        if grid is None:
            found = self._group("sampled", number)
            if found.values.size <= self.cells:  # few distinct values in the sample, and mostly in the table as well
                found = self._group(self.name, number)
                if found.values.size <= self.cells:
                    return keep_values(column.name, KINDS[column.sort], self.rows, found, None)
            values, counts = found.values, found.counts
            if like is not None and like.values:
                values, counts = np.array(like.values), np.array(like.counts)
            grid = choose_grid(values, counts, self.cells)
        return self._count_cells(column, number, grid, known=like is not None and like.grid == grid)

    def _find_group(self, column: Column, number: str) -> Group:
        """The group of a column of a small table, which many columns share a query for."""
        if column.sql not in self.groups:
            self.groups.update(self._group_together(column, number))
        return self.groups.pop(column.sql)

    def _group_together(self, column: Column, number: str) -> dict[str, Group]:
        together = {column.sql: number}
        most = max(1, min(TOGETHER, MOST_LISTED // max(1, self.rows)))
        while self.waiting and len(together) < most:
            sql, expression = self.waiting.popitem()
            together.setdefault(sql, expression)
        if len(together) == 1:
            return {column.sql: self._group(self.name, number)}
        found = self.table.fetch(
            f"SELECT i, x, count(*)::BIGINT AS n FROM (SELECT unnest(range({len(together)}))::INTEGER AS i,"  # noqa: S608
            f" unnest([{', '.join(together.values())}]) AS x FROM {self.name}) GROUP BY i, x"
        )
        numbers, missing = np.ma.getdata(found["i"]), np.ma.getmaskarray(found["x"])
        values, counts = np.ma.getdata(found["x"]).astype("float64"), np.asarray(found["n"], dtype="int64")
        order = np.argsort(numbers, kind="stable")
        starts = np.searchsorted(numbers[order], np.arange(len(together) + 1))
        parts = [order[start:end] for start, end in pairwise(starts)]
        return {
            sql: make_group(values[part], counts[part], missing[part])
            for sql, part in zip(together, parts, strict=True)
        }

    def _group(self, table: str, number: str) -> Group:
        found = self.table.fetch(
            f"SELECT x, count(*)::BIGINT AS n FROM (SELECT {number} AS x FROM {table}) GROUP BY x"  # noqa: S608
        )
        values, counts = np.ma.getdata(found["x"]).astype("float64"), np.asarray(found["n"], dtype="int64")
        return make_group(values, counts, np.ma.getmaskarray(found["x"]))

    def _count_cells(self, column: Column, number: str, grid: Grid, *, known: bool) -> ColumnSketch:
        if grid.edges:
            return self._count_between(column, number, grid)
        counted = self._count_held(column, grid)
        if counted is not None:
            return keep_cells(column.name, KINDS[column.sort], self.rows, grid, counted)
        raw = self.table.find_raw(column) if self.name == "t" else ""
        source = f"SELECT {raw}" if raw else f"SELECT {number} AS x FROM {self.name}"  # noqa: S608
        counted = self._count_finite(source, grid, spread=not (raw and known)) or self._count_bounded(number, grid)
        return keep_cells(column.name, KINDS[column.sort], self.rows, grid, counted)

    def _count_held(self, column: Column, grid: Grid) -> CellCounts | None:
        """Count numbers that lie in memory without asking DuckDB, which takes three times as long; None for others."""
        held = self.table.source.table
        if held is None or KINDS[column.sort] != "number" or column.type not in IN_MEMORY:
            return None
        values = held.column(column.name)
        counted = count_held(grid, values.drop_null().to_numpy().astype("float64", copy=False))
        return None if counted is None else replace(counted, nulls=values.null_count)

    def _count_finite(self, source: str, grid: Grid, *, spread: bool) -> CellCounts | None:
        """Count numbers that are finite, and not so far away that the arithmetic overflows; None when some are not.

        Without ``spread`` the ends come from a query of their own, which a Parquet file's statistics answer; and it is
        None as well when these contradict the rows.
        """
        key = f"TRY_CAST({_write_key(grid)} AS USMALLINT)"  # which DuckDB counts by position, without hashing
        ends = ", min(x) AS low, max(x) AS high" if spread else ""
        found = self.table.fetch(
            f"SELECT {key} AS k, count(*)::BIGINT AS n, avg(x) AS mean{ends}"  # noqa: S608
            f" FROM (SELECT x, x - {_write(grid.centre)} AS d FROM ({source})) GROUP BY k"
        )
        missing, unknown = np.ma.getmaskarray(found["k"]), np.ma.getmaskarray(found["mean"])
        rows, inside = np.asarray(found["n"], dtype="int64"), ~missing
        means = np.ma.getdata(found["mean"])[inside].astype("float64")
        if (missing != unknown).any() or not np.isfinite(means).all():
            return None
        if spread:
            lows, highs = (np.ma.getdata(found[name])[inside].astype("float64") for name in ("low", "high"))
            low, high, halves = lows.min(initial=math.inf), highs.max(initial=-math.inf), highs / 2 - lows / 2
        else:
            ((low, high),), halves = self.table.ask(f"SELECT min(x), max(x) FROM ({source})"), None  # noqa: S608
        places = _find_places(grid, np.ma.getdata(found["k"])[inside])
        counted = CellCounts(places, rows[inside], means, low, high, halves, nulls=int(rows[missing].sum()))
        return counted if spread or not means.size or lie_at_ends(grid, counted) else None

    def _count_bounded(self, number: str, grid: Grid) -> CellCounts:
        """Count numbers of any size, with the ends of each cell."""
        farthest = FARTHEST * grid.scale
        distance = f"greatest({_write(-farthest)}, least({_write(farthest)}, x - {_write(grid.centre)}))"
        found = self.table.fetch(
            f"SELECT {_write_key(grid)} AS k, count(*)::BIGINT AS n, count(x)::BIGINT AS known, avg(x) AS mean,"  # noqa: S608
            f" min(x) AS low, max(x) AS high FROM (SELECT x, CASE WHEN isfinite(x) THEN {distance} END AS d"
            f" FROM (SELECT {number} AS x FROM {self.name})) GROUP BY k"
        )
        missing = np.ma.getmaskarray(found["k"])
        rows, known = (np.asarray(found[name], dtype="int64") for name in ("n", "known"))
        mean, low, high = (np.ma.getdata(found[name])[~missing].astype("float64") for name in ("mean", "low", "high"))
        return CellCounts(
            places=_find_places(grid, np.ma.getdata(found["k"])[~missing]),
            rows=rows[~missing],
            means=np.clip(mean, low, high),  # a sum of huge values overflows
            low=low.min(initial=math.inf),
            high=high.max(initial=-math.inf),
            halves=high / 2 - low / 2,
            nulls=int((rows - known)[missing].sum()),
            infinite=int(known[missing].sum()),
        )

    def _count_between(self, column: Column, number: str, grid: Grid) -> ColumnSketch:
        """Count between edges that follow no formula."""
        edges = "[" + ", ".join(_write(edge) for edge in grid.edges) + "]"
        numbers = f"SELECT {number} AS x FROM {self.name}"  # noqa: S608
        ((rows, nulls, infinite, low, high, mean, found),) = self.table.ask(
            f"SELECT count(*), count(*) FILTER (WHERE x IS NULL), count(*) FILTER (WHERE isinf(x)),"  # noqa: S608
            f" min(x) FILTER (WHERE isfinite(x)), max(x) FILTER (WHERE isfinite(x)),"
            f" avg(x) FILTER (WHERE isfinite(x)), histogram(x, {edges}) FILTER (WHERE isfinite(x)) FROM ({numbers})"
        )
        counts = np.zeros(grid.cells, dtype="int64")
        for edge, number_ in (found or {}).items():
            place = int(np.searchsorted(np.array(grid.edges), edge, side="left")) if math.isfinite(edge) else -1
            counts[place] += number_
        counts[-1] += rows - nulls - infinite - counts.sum()
        return keep_between(column.name, KINDS[column.sort], rows, grid, counts, nulls, infinite, (low, high, mean))

    def _count_categories(self, column: Column) -> ColumnSketch:
        table = self.name if self.few else "sampled"
        text = f"{column.sql}::VARCHAR"
        like = self.known.get(column.name)
        if like is not None and like.buckets:
            return self._count_buckets(column, text)
        if not self.few:
            ((distinct,),) = self.table.ask(f"SELECT count(DISTINCT {column.sql}) FROM {table}")  # noqa: S608
            if distinct > MOST_CATEGORIES:
                return self._count_buckets(column, text)
        rows = self.table.ask(
            f"SELECT v, n FROM (SELECT {text} AS v, count(*) AS n FROM {self.name} GROUP BY v)"  # noqa: S608
            f" ORDER BY v IS NULL DESC, n DESC, v LIMIT {MOST_CATEGORIES + 2}"
        )
        if len(rows) > MOST_CATEGORIES + 1:
            return self._count_buckets(column, text)
        nulls = sum(int(count) for value, count in rows if value is None)
        named = {_readable(str(value)): int(count) for value, count in rows if value is not None}
        if len(named) > MOST_CATEGORIES or sum(named.values()) + nulls != self.rows:
            return self._count_buckets(column, text)
        kind = KINDS[column.sort]
        return ColumnSketch(
            name=column.name, kind=kind, rows=self.rows, nulls=nulls, categories=named, distinct=len(named)
        )

    def _count_buckets(self, column: Column, text: str) -> ColumnSketch:
        """Count by a hash that every machine knows, so that no choice of categories favours one of the sides."""
        found = self.table.ask(
            f"SELECT k, sum(n)::BIGINT, count(*) FROM (SELECT CASE WHEN v IS NULL THEN -1 ELSE"  # noqa: S608
            f" (md5_number_lower(v) % {BUCKETS})::INTEGER END AS k, n FROM"
            f" (SELECT {text} AS v, count(*) AS n FROM {self.name} GROUP BY v)) GROUP BY k"
        )
        buckets = [0] * BUCKETS
        for key, number, _ in found:
            if key >= 0:
                buckets[key] = int(number)
        return ColumnSketch(
            name=column.name,
            kind=KINDS[column.sort],
            rows=self.rows,
            nulls=sum(int(number) for key, number, _ in found if key < 0),
            distinct=sum(int(distinct) for key, _, distinct in found if key >= 0),
            buckets=buckets,
        )


def _is_settled(column: Column, like: ColumnSketch | None) -> bool:
    """Whether it is clear from what a column will be compared with how to count it."""
    alike = like is not None and like.kind == KINDS[column.sort]
    return like is not None and alike and (like.grid is not None or bool(like.buckets))


def _choose_slices(table: Table, rows: int) -> str:
    if len(table.source.files) > 1:
        return f" USING SAMPLE reservoir({SAMPLE} ROWS) REPEATABLE (7)"
    each = SAMPLE // SLICES
    starts = [slice_ * (rows - each) // (SLICES - 1) for slice_ in range(SLICES)]
    return " WHERE " + " OR ".join(f"r BETWEEN {start} AND {start + each - 1}" for start in starts)


def _choose_moment(column: Column, moment: Column | None) -> Column | None:
    """The column that a column of times is measured from; None for any other, and for the moment itself."""
    if moment is None or moment.name == column.name:
        return None
    return moment if KINDS[column.sort] == KINDS[moment.sort] == "time" else None


def _read_number(column: Column, relative: Column | None) -> str:
    """A column as a number of double precision."""
    if KINDS[column.sort] == "number":
        return f"{column.sql}::DOUBLE"
    if relative is None:
        return f"epoch_us({column.sql})::DOUBLE"
    return f"((epoch_us({column.sql}) - epoch_us({relative.sql})) / 1000000)::DOUBLE"


def _write_key(grid: Grid) -> str:
    """The place of ``x``, whose distance from the centre is ``d``, by the arithmetic of ``foundation.drift.grid``.

    Where that rounds up to one more than there are cells, the last is meant; the atoms come behind.
    """
    key = f"floor({_write(grid.cells / 2)} * (1::DOUBLE + d / ({_write(grid.scale)} + abs(d))))"
    atoms = "".join(f" WHEN {_write(atom)} THEN {grid.cells + 1 + n}::DOUBLE" for n, atom in enumerate(grid.atoms))
    return f"CASE x{atoms} ELSE {key} END" if atoms else key


def _find_places(grid: Grid, keys: np.ndarray) -> np.ndarray:
    """The positions in a grid's counts that its keys mean."""
    places = keys.astype("int64")
    return np.where(places >= grid.cells, np.maximum(places, grid.cells) - 1, places)


def _write(number: float) -> str:
    return f"{float(number)!r}::DOUBLE" if number >= 0 else f"({float(number)!r})::DOUBLE"


def _readable(text: str) -> str:
    """A text that JSON can hold."""
    return text.encode("utf-8", errors="replace").decode("utf-8")

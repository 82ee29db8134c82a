"""DuckDB behind ``foundation.drift.reference``: a table in counts, one grouping a column, where the table lies."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pavedroad.engines.duckdb.table import KINDS, Column, Table, blame_data
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.drift.grid import MOST_Z, Grid, choose_grid, count_values, find_edges
from pavedroad.foundation.drift.reference import BUCKETS, MOST_CATEGORIES, ColumnSketch, Reference, choose_cells
from pavedroad.foundation.validation.judging import Limits

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 20_000
"""Rows, in slices spread evenly over the table, that decide how a column is counted; the counts are of all rows."""
SLICES = 5
ATOMS = 1 << 20
"""Keys of values that are counted apart start from here, behind every cell."""
TOGETHER, MOST_LISTED = 256, 2_000_000
"""Columns of a small table that share a query, and the values that such a query may list."""
HELD = 4_000_000
"""A table of fewer cells than this is read once into memory, which is faster when it has many columns."""


def measure(
    source: Source, about: str, *, like: Reference | None, relative_to: str, threads: int, memory: str
) -> Reference:
    """Count every column of a table; see ``foundation.drift.reference.measure``."""
    with Table(source, Limits(threads=threads, memory=memory)) as table:
        ((rows,),) = table.ask("SELECT count(*) FROM t")
        known = {column.name: column for column in like.columns} if like else {}
        counter = _Counter(table, rows, choose_cells(len(table.columns)))
        moment = table.columns.get(relative_to)
        if counter.few:
            numbers = [column for column in table.columns.values() if KINDS[column.sort] in {"number", "time"}]
            counter.waiting = {c.sql: _read_number(c, _choose_moment(c, moment)) for c in reversed(numbers)}
        columns = [counter.count(column, known.get(column.name), moment) for column in table.columns.values()]
    return Reference(rows=rows, about=about, columns=columns)


def hold(table: "pd.DataFrame") -> Source:
    """A source over a pandas table that is in memory already."""
    import pyarrow as pa

    from pavedroad.foundation.data.source import hold_table

    return hold_table(pa.Table.from_pandas(table, preserve_index=False))


class _Counter:
    """Counts the columns of one table, all by the same sample and the same bound on cells."""

    def __init__(self, table: Table, rows: int, cells: int) -> None:
        self.table, self.rows, self.cells = table, rows, cells
        self.name = "t"
        if 0 < rows * len(table.columns) <= HELD:
            table.ask("CREATE TEMP TABLE whole AS SELECT * FROM t")
            self.name = "whole"
        self.few = rows <= SAMPLE
        self.groups: dict[str, _Group] = {}
        self.waiting: dict[str, str] = {}
        """Columns of numbers of a small table that were not asked for yet, last first."""
        if not self.few:
            table.ask(f"CREATE TEMP TABLE sampled AS SELECT * FROM {self.name}{_choose_slices(table, rows)}")  # noqa: S608

    def count(self, column: Column, like: ColumnSketch | None, moment: Column | None) -> ColumnSketch:
        """Count one column, in the cells of ``like`` where that has some."""
        kind = KINDS[column.sort]
        if kind not in {"number", "time"}:
            return self._count_categories(column)
        relative = _choose_moment(column, moment)
        sketch = self._count_numbers(column, _read_number(column, relative), like)
        return msgspec.structs.replace(
            sketch, zoned=column.sort == "zoned", relative_to="" if relative is None else relative.name
        )

    def _count_numbers(self, column: Column, number: str, like: ColumnSketch | None) -> ColumnSketch:
        grid = like.grid if like is not None and like.kind == KINDS[column.sort] else None
        if self.few:
            found = self._find_group(column, number)
            if grid is None and found.values.size > self.cells:
                grid = choose_grid(found.values, found.counts, self.cells)
            return _keep_values(column, self.rows, found, grid)
        if grid is None:
            found = self._group("sampled", number)
            if found.values.size <= self.cells:  # few distinct values in the sample, and mostly in the table as well
                found = self._group(self.name, number)
                if found.values.size <= self.cells:
                    return _keep_values(column, self.rows, found, None)
            values, counts = found.values, found.counts
            if like is not None and like.values:
                values, counts = np.array(like.values), np.array(like.counts)
            grid = choose_grid(values, counts, self.cells)
        return self._count_cells(column, number, grid)

    def _find_group(self, column: Column, number: str) -> "_Group":
        """The group of a column of a small table, which many columns share a query for."""
        if column.sql not in self.groups:
            self.groups.update(self._group_together(column, number))
        return self.groups.pop(column.sql)

    def _group_together(self, column: Column, number: str) -> "dict[str, _Group]":
        together = {column.sql: number}
        most = max(1, min(TOGETHER, MOST_LISTED // max(1, self.rows)))
        while self.waiting and len(together) < most:
            sql, expression = self.waiting.popitem()
            together.setdefault(sql, expression)
        if len(together) == 1:
            return {column.sql: self._group(self.name, number)}
        found = self._fetch(
            f"SELECT i, x, count(*)::BIGINT AS n FROM (SELECT unnest(range({len(together)}))::INTEGER AS i,"  # noqa: S608
            f" unnest([{', '.join(together.values())}]) AS x FROM {self.name}) GROUP BY i, x"
        )
        numbers, missing = np.ma.getdata(found["i"]), np.ma.getmaskarray(found["x"])
        values, counts = np.ma.getdata(found["x"]).astype("float64"), np.asarray(found["n"], dtype="int64")
        order = np.argsort(numbers, kind="stable")
        starts = np.searchsorted(numbers[order], np.arange(len(together) + 1))
        parts = [order[start:end] for start, end in pairwise(starts)]
        return {
            sql: _make_group(values[part], counts[part], missing[part])
            for sql, part in zip(together, parts, strict=True)
        }

    def _group(self, table: str, number: str) -> "_Group":
        found = self._fetch(
            f"SELECT x, count(*)::BIGINT AS n FROM (SELECT {number} AS x FROM {table}) GROUP BY x"  # noqa: S608
        )
        values, counts = np.ma.getdata(found["x"]).astype("float64"), np.asarray(found["n"], dtype="int64")
        return _make_group(values, counts, np.ma.getmaskarray(found["x"]))

    def _count_cells(self, column: Column, number: str, grid: Grid) -> ColumnSketch:
        if grid.edges:
            return self._count_between(column, number, grid)
        found = self._group_by_cell(number, grid, "(x - {centre}) / {scale}")
        if any(math.isnan(key) for key in np.ma.getdata(found["k"])[~np.ma.getmaskarray(found["k"])]):
            # Some value is infinite, or so far away that the arithmetic overflows: again with bounds, which is slower.
            bounded = f"greatest({_write(-MOST_Z)}, least({_write(MOST_Z)}, (x - {{centre}}) / {{scale}}))"
            found = self._group_by_cell(number, grid, f"CASE WHEN isfinite(x) THEN {bounded} END")
        missing = np.ma.getmaskarray(found["k"])
        keys = np.where(missing, -1, np.ma.getdata(found["k"])).astype("int64")
        keys = np.where((keys >= grid.cells) & (keys < ATOMS), grid.cells - 1, keys)
        keys = np.where(keys >= ATOMS, keys - ATOMS + grid.cells, keys)
        rows = np.asarray(found["n"], dtype="int64")
        known = np.asarray(found["known"], dtype="int64")
        inside = keys >= 0
        counts = np.zeros(grid.cells + len(grid.atoms), dtype="int64")
        np.add.at(counts, keys[inside], rows[inside])
        mean, low, high = (np.ma.getdata(found[name])[inside].astype("float64") for name in ("mean", "low", "high"))
        return _describe(
            column,
            self.rows,
            int((rows - known)[missing].sum()),
            int(known[missing].sum()),
            grid=grid,
            counts=counts,
            moments=(mean, high / 2 - low / 2, rows[inside]),
            ends=(low.min(initial=math.inf), high.max(initial=-math.inf)),
        )

    def _group_by_cell(self, number: str, grid: Grid, standardised: str) -> dict[str, Any]:
        """Group by cell, by the arithmetic of ``foundation.drift.grid``; values that have no cell have no key."""
        z = standardised.format(centre=_write(grid.centre), scale=_write(grid.scale))
        key = f"floor({_write(grid.cells / 2)} * (1::DOUBLE + z / (1::DOUBLE + abs(z))))"
        if grid.atoms:
            atoms = "".join(f" WHEN {_write(atom)} THEN {ATOMS + n}::DOUBLE" for n, atom in enumerate(grid.atoms))
            key = f"CASE x{atoms} ELSE {key} END"
        return self._fetch(
            f"SELECT {key} AS k, count(*)::BIGINT AS n, count(x)::BIGINT AS known, avg(x) AS mean, min(x) AS low,"  # noqa: S608
            f" max(x) AS high FROM (SELECT x, {z} AS z FROM (SELECT {number} AS x FROM {self.name})) GROUP BY k"
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
        present = rows - nulls - infinite
        counts = np.zeros(grid.cells, dtype="int64")
        for edge, number_ in (found or {}).items():
            place = int(np.searchsorted(np.array(grid.edges), edge, side="left")) if math.isfinite(edge) else -1
            counts[place] += number_
        counts[-1] += present - counts.sum()
        if not present:
            return _describe(column, rows, nulls, infinite, grid=grid, counts=counts)
        bounds = find_edges(grid, low, high)
        middles, halves = bounds[:-1] / 2 + bounds[1:] / 2, np.diff(bounds / 2)
        sketch = _describe(
            column, rows, nulls, infinite, grid=grid, counts=counts, moments=(middles, halves, counts),
            ends=(low, high),
        )  # fmt: skip
        return sketch if mean is None or not math.isfinite(mean) else msgspec.structs.replace(sketch, mean=float(mean))

    def _count_categories(self, column: Column) -> ColumnSketch:
        table = self.name if self.few else "sampled"
        text = f"{column.sql}::VARCHAR"
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

    def _fetch(self, query: str) -> dict[str, Any]:
        with blame_data(self.table.source.path):
            found: dict[str, Any] = self.table.connection.execute(query).fetchnumpy()
            return found


@dataclass(frozen=True)
class _Group:
    """Distinct finite values, ascending, with their counts; how many are missing and how many infinite."""

    values: np.ndarray
    counts: np.ndarray
    nulls: int
    infinite: int


def _make_group(values: np.ndarray, counts: np.ndarray, missing: np.ndarray) -> _Group:
    finite = ~missing & np.isfinite(values)
    infinite, nulls = int(counts[~missing & ~finite].sum()), int(counts[missing].sum())
    values, counts = values[finite], counts[finite]
    order = np.argsort(values, kind="stable")
    return _Group(values[order] + 0.0, counts[order], nulls, infinite)


def _keep_values(column: Column, rows: int, group: _Group, grid: Grid | None) -> ColumnSketch:
    """The sketch of a column whose distinct values are known: kept as they are, or counted in the cells of a grid."""
    values, counts = group.values, group.counts
    kept = values if grid is None else None
    if not values.size:
        empty = np.zeros(0 if grid is None else grid.cells + len(grid.atoms), dtype="int64")
        return _describe(column, rows, group.nulls, group.infinite, grid=grid, counts=empty)
    # Scaled by a power of two, which is exact, no sum and no square overflows.
    _, exponent = math.frexp(max(abs(float(values[0])), abs(float(values[-1]))))
    scaled, weights = np.ldexp(values, -exponent), counts / counts.sum()
    # Seen from a value in their midst, so that numbers far from zero keep their digits.
    midst = float(scaled[values.size // 2])
    apart = scaled - midst
    mean = float((apart * weights).sum())
    std = math.sqrt(float(((apart - mean) ** 2 * weights).sum())) if values.size > 1 else 0.0
    return _describe(
        column,
        rows,
        group.nulls,
        group.infinite,
        counts=counts if grid is None else count_values(grid, values, counts),
        values=kept,
        grid=grid,
        ends=(float(values[0]), float(values[-1])),
        known=_round_both(math.ldexp(midst + mean, exponent), math.ldexp(std, exponent)),
    )


def _describe(
    column: Column,
    rows: int,
    nulls: int,
    infinite: int,
    *,
    counts: np.ndarray,
    values: np.ndarray | None = None,
    grid: Grid | None = None,
    moments: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    ends: tuple[float, float] | None = None,
    known: tuple[float, float] | None = None,
) -> ColumnSketch:
    """Put a sketch together; ``moments`` are the mean, half the width and the rows of each cell."""
    present = rows - nulls - infinite
    if moments is not None and present:
        known = _sum_up(*moments)
    mean, std = known if known is not None and present else (None, None)
    low, high = ends if ends is not None and present else (None, None)
    return ColumnSketch(
        name=column.name,
        kind=KINDS[column.sort],
        rows=rows,
        nulls=nulls,
        infinite=infinite,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        mean=mean,
        std=std,
        values=[] if values is None else [float(value) for value in values],
        counts=[int(count) for count in counts],
        grid=grid,
        distinct=int(np.count_nonzero(counts)),
    )


def _sum_up(means: np.ndarray, halves: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of all from those of the cells, in which values are taken to be spread evenly.

    Rounded to what every order of adding agrees on; scaled by a power of two, which is exact, so nothing overflows.
    """
    filled = rows > 0
    means, halves, weights = means[filled], halves[filled], rows[filled] / rows.sum()
    _, exponent = math.frexp(max(float(np.abs(means).max()), float(halves.max())))
    means, halves = np.ldexp(means, -exponent), np.ldexp(halves, -exponent)
    midst = float(means[means.size // 2])
    apart = means - midst
    mean = float((apart * weights).sum())
    std = math.sqrt(float((((apart - mean) ** 2 + halves**2 / 3) * weights).sum()))
    return _round_both(math.ldexp(midst + mean, exponent), math.ldexp(std, exponent))


def _round_both(mean: float, std: float) -> tuple[float, float]:
    """The spread to nine digits, and the mean to as many places as that leaves."""
    if not std > 0:
        return mean, 0.0
    return round(mean, 8 - math.floor(math.log10(std))), float(f"{std:.9g}")


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


def _write(number: float) -> str:
    return f"{float(number)!r}::DOUBLE" if number >= 0 else f"({float(number)!r})::DOUBLE"


def _readable(text: str) -> str:
    """A text that JSON can hold."""
    return text.encode("utf-8", errors="replace").decode("utf-8")

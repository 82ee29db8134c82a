"""Pictures of columns from DuckDB: of the whole table where it is small, else of slices spread evenly over it."""

import math
from itertools import pairwise

from pavedroad.engines.duckdb.table import KINDS, Column, Table
from pavedroad.foundation.data.profile import BINS, EXACT, MAX_BARS
from pavedroad.report import Figure, Scalar

WHOLE = 50_000
"""Up to so many rows a picture is of all of them; beyond, it is of about as many."""
SLICES = 5
TOLD = 0.05
"""Bars for a few of very many values say nothing when all of them together hold less than this share of the rows."""


def draw(table: Table, rows: int, names: tuple[str, ...]) -> list[Figure]:
    """A picture of the distribution of each named column that has one; a column of times has none."""
    columns = [table.columns[name] for name in names if name in table.columns]
    columns = [column for column in columns if KINDS[column.sort] != "time" and column.sort != "empty"]
    if not columns or not rows:
        return []
    where, note, slices = _choose_slices(table, rows)
    wanted = ", ".join(column.sql for column in columns)
    table.ask(f"CREATE OR REPLACE TEMP TABLE drawn AS SELECT {wanted}, r FROM t{where}")  # noqa: S608
    moving = _find_moving(table, columns, slices)
    if moving:
        wanted = ", ".join(column.sql for column in moving)
        table.ask(f"CREATE TEMP TABLE spread AS SELECT {wanted} FROM t WHERE r % {max(1, rows // WHOLE)} = 0")  # noqa: S608
    figures = []
    for column in columns:
        place = "spread" if column in moving else "drawn"
        drawn = _draw_numbers if KINDS[column.sort] == "number" else _draw_values
        figures.append(drawn(table, column, place, note))
    return [figure for figure in figures if figure is not None]


def _choose_slices(table: Table, rows: int) -> tuple[str, str, list[int]]:
    """Which rows are drawn, a note that says so, and the rows at which slices of them start."""
    if rows <= WHOLE or len(table.source.files) > 1:
        return (f" LIMIT {WHOLE}" if rows > WHOLE else ""), ("" if rows <= WHOLE else f" (first {WHOLE:,} rows)"), []
    each = WHOLE // SLICES
    starts = [slice_ * (rows - each) // (SLICES - 1) for slice_ in range(SLICES)]
    ranges = " OR ".join(f"r BETWEEN {start} AND {start + each - 1}" for start in starts)
    return f" WHERE {ranges}", f" ({WHOLE:,} of {rows:,} rows)", starts


def _find_moving(table: Table, columns: list[Column], starts: list[int]) -> list[Column]:
    """The columns of numbers that move along the rows, such as counted ids, of which slices give a picture with holes.

    A column moves when the middle halves of the values in two slices have nothing in common. Such a column is then
    drawn of single rows all over the table, which takes a scan, though of that column only.
    """
    numbers = [column for column in columns if KINDS[column.sort] == "number"]
    if not numbers or not starts:
        return []
    halves = ", ".join(f"quantile_disc({column.sql}, [0.25, 0.75])" for column in numbers)
    slices = " + ".join(f"(r >= {start})::INTEGER" for start in starts)
    found = table.ask(f"SELECT {halves} FROM drawn GROUP BY {slices}")  # noqa: S608
    moving = []
    for column, ends in zip(numbers, zip(*found, strict=True), strict=True):
        known = [half for half in ends if half]
        if known and max(low for low, _ in known) > min(high for _, high in known):
            moving.append(column)
    return moving


def _draw_numbers(table: Table, column: Column, place: str, note: str) -> Figure | None:
    name = f"{column.sql}::DOUBLE"
    finite = f"SELECT {name} AS v FROM {place} WHERE isfinite({name})"  # noqa: S608
    ((count, ends, low, high, whole),) = table.ask(
        f"SELECT count(*), quantile_cont(v, [0.005, 0.995]), min(v), max(v), bool_and(v = round(v)) FROM ({finite})"  # noqa: S608
    )
    if not count:
        return None
    edges = _choose_edges(ends[0], ends[1], low, high, whole=whole)
    width = edges[1] - edges[0] if len(edges) > 1 else 1.0
    last = len(edges) - 2
    start = edges[-2] - last * width if last > 0 else edges[0]
    found = table.ask(
        f"SELECT greatest(0, least({last}, floor((v - {start!r}::DOUBLE) / {width!r}::DOUBLE)))::INTEGER AS bin,"  # noqa: S608
        f" count(*) FROM ({finite}) GROUP BY bin"
    )
    counts = dict(found)
    edges = [min(edges[0], low), *edges[1:-1], max(edges[-1], high)]
    data: dict[str, list[Scalar]] = {"bin": [], "share": [], "side": [], "low": [], "high": []}
    for number, (left, right) in enumerate(pairwise(edges)):
        data["bin"].append(f"{left:.6g} to {right:.6g}")
        data["share"].append(round(counts.get(number, 0) / count, 6))
        data["side"].append("current")
        data["low"].append(float(left))
        data["high"].append(float(right))
    return Figure(id=f"column.{column.name}", kind="distribution", title=f"{column.name}{note}", data=data)


def _choose_edges(low: float, high: float, least: float, most: float, *, whole: bool) -> list[float]:
    """Equal bins between the 0.5 % and 99.5 % quantiles; the outer ones take the tails, so no outlier hides all."""
    if low == high:
        low, high = least, most
    if low == high:
        low, high = low - 0.5, high + 0.5
    if whole and max(abs(low), abs(high)) < EXACT:  # bins of whole numbers each hold equally many of them
        low, high = math.floor(low) - 0.5, math.ceil(high) + 0.5
        step = math.ceil((high - low) / BINS)
        return [low + step * number for number in range(math.ceil((high - low) / step) + 1)]
    bins = BINS
    width = high / bins - low / bins
    if not math.isfinite(width) or width <= 0:
        return [low, high]
    return [low + width * number for number in range(bins + 1)]


def _draw_values(table: Table, column: Column, place: str, note: str) -> Figure | None:
    rows = table.ask(
        f"SELECT v, n, sum(n) OVER () FROM (SELECT {column.sql}::VARCHAR AS v, count(*) AS n FROM {place}"  # noqa: S608
        f" WHERE {column.sql} IS NOT NULL GROUP BY v) ORDER BY n DESC, v LIMIT {MAX_BARS}"
    )
    if not rows or (len(rows) == MAX_BARS and sum(count for _, count, _ in rows) < TOLD * float(rows[0][2])):
        return None
    data: dict[str, list[Scalar]] = {
        "bin": [value for value, _, _ in rows],
        "share": [round(count / float(total), 6) for _, count, total in rows],
        "side": ["current"] * len(rows),
    }
    return Figure(id=f"column.{column.name}", kind="distribution", title=f"{column.name}{note}", data=data)

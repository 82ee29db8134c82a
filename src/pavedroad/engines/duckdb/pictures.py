"""Pictures of columns from DuckDB: of the whole table where it is small, else of slices spread evenly over it."""

from collections.abc import Sequence

from pavedroad.engines.duckdb.table import KINDS, Column, Table
from pavedroad.foundation.data.histograms import (
    CLOCK,
    FIRST,
    GRAINS,
    LAST,
    MAX_BARS,
    choose_edges,
    choose_moments,
    draw_moments,
    draw_numbers,
    draw_values,
    say_little,
)
from pavedroad.report import Figure

WHOLE = 50_000
"""Up to so many rows a picture is of all of them; beyond, it is of about as many."""
SLICES = 5
_FAR = 2**62
"""Microseconds that stand for a time that is infinitely far."""


def draw(table: Table, rows: int, names: tuple[str, ...]) -> list[Figure]:
    """A picture of the distribution of each named column that has a value."""
    columns = [table.columns[name] for name in names if name in table.columns]
    columns = [column for column in columns if column.sort != "empty"]
    if not columns or not rows:
        return []
    where, note, slices = _choose_slices(table, rows)
    wanted = ", ".join(map(_read, columns))
    table.ask(f"CREATE OR REPLACE TEMP TABLE drawn AS SELECT {wanted}, r FROM t{where}")  # noqa: S608
    moving = _find_moving(table, columns, slices)
    if moving:
        wanted = ", ".join(map(_read, moving))
        table.ask(f"CREATE TEMP TABLE spread AS SELECT {wanted} FROM t WHERE r % {max(1, rows // WHOLE)} = 0")  # noqa: S608
    figures = []
    for column in columns:
        values = f"{column.sql} AS v FROM {'spread' if column in moving else 'drawn'}"
        match KINDS[column.sort]:
            case "number":
                figure = _draw_numbers(table, column.name, values, [note])
            case "time":
                unit = "time in UTC" if column.sort == "zoned" else "time"
                figure = _draw_moments(table, column.name, values, unit, note)
            case _:
                figure = _draw_values(table, column.name, values, note)
        figures.append(figure)
    return [figure for figure in figures if figure is not None]


def _read(column: Column) -> str:
    """A column as it is drawn: numbers of double precision, microseconds since 1970, or text."""
    match KINDS[column.sort]:
        case "number":
            value = f"{column.sql}::DOUBLE"
        case "time":  # an infinity has no number
            far = f"CASE {column.sql}::VARCHAR WHEN 'infinity' THEN {_FAR} WHEN '-infinity' THEN -{_FAR} END"
            value = f"coalesce(epoch_us({column.sql}), {far})"
        case _:
            value = f"{column.sql}::VARCHAR"
    return f"{value} AS {column.sql}"


def _choose_slices(table: Table, rows: int) -> tuple[str, str, list[int]]:
    """Which rows are drawn, a note that says so, and the rows at which slices of them start."""
    if rows <= WHOLE or len(table.source.files) > 1:
        return (f" LIMIT {WHOLE}" if rows > WHOLE else ""), ("" if rows <= WHOLE else f"first {WHOLE:,} rows"), []
    each = WHOLE // SLICES
    starts = [slice_ * (rows - each) // (SLICES - 1) for slice_ in range(SLICES)]
    ranges = " OR ".join(f"r BETWEEN {start} AND {start + each - 1}" for start in starts)
    return f" WHERE {ranges}", f"{WHOLE:,} of {rows:,} rows", starts


def _find_moving(table: Table, columns: list[Column], starts: list[int]) -> list[Column]:
    """The columns of numbers or times that move along the rows, as counted ids do; slices give holes in their pictures.

    A column moves when the middle halves of the values in two slices have nothing in common. Such a column is then
    drawn of single rows all over the table, which takes a scan, though of that column only.
    """
    ordered = [column for column in columns if KINDS[column.sort] in {"number", "time"}]
    if not ordered or not starts:
        return []
    halves = ", ".join(f"quantile_disc({column.sql}, [0.25, 0.75])" for column in ordered)
    slices = " + ".join(f"(r >= {start})::INTEGER" for start in starts)
    found = table.ask(f"SELECT {halves} FROM drawn GROUP BY {slices}")  # noqa: S608
    moving = []
    for column, ends in zip(ordered, zip(*found, strict=True), strict=True):
        known = [half for half in ends if half]
        if known and max(low for low, _ in known) > min(high for _, high in known):
            moving.append(column)
    return moving


def _draw_numbers(table: Table, name: str, values: str, notes: list[str]) -> Figure | None:
    finite = f"SELECT v FROM (SELECT {values}) WHERE isfinite(v)"  # noqa: S608
    ((count, ends, low, high, whole),) = table.ask(
        f"SELECT count(*), quantile_cont(v, [0.005, 0.995]), min(v), max(v), bool_and(v = round(v)) FROM ({finite})"  # noqa: S608
    )
    if not count:
        return None
    edges = choose_edges(ends[0], ends[1], low, high, whole=whole)
    counts = _count(table, finite, [f"{edge!r}::DOUBLE" for edge in edges])
    return draw_numbers(name, notes, [min(edges[0], low), *edges[1:-1], max(edges[-1], high)], counts)


def _draw_moments(table: Table, name: str, values: str, unit: str, note: str) -> Figure | None:
    known = f"SELECT v FROM (SELECT {values}) WHERE v >= {FIRST} AND v < {LAST}"  # noqa: S608
    asked = f"count(v) FILTER (WHERE v < {FIRST}), count(v) FILTER (WHERE v >= {LAST})"
    (beyond,) = table.ask(f"SELECT {asked} FROM (SELECT {values})")  # noqa: S608
    grains = ", ".join(f"bool_and(v % {grain} = 0)" for grain in GRAINS)
    ((count, ends, low, high, *fit),) = table.ask(
        f"SELECT count(*), quantile_disc(v, [0.005, 0.995]), min(v), max(v), {grains} FROM ({known})"  # noqa: S608
    )
    if not count:
        return draw_moments(name, [note], [], {}, unit, beyond) if any(beyond) else None
    grain = next((grain for grain, fits in zip(GRAINS, fit, strict=True) if fits), 1)
    edges = choose_moments(ends[0], ends[1], grain)
    counts = _count(table, known, list(map(str, edges)))
    ends = [min(edges[0], low), *edges[1:-1], max(edges[-1], high)]
    return draw_moments(name, [note], ends, counts, unit, beyond)


def _count(table: Table, values: str, edges: Sequence[str]) -> dict[int, int]:
    """How many of the values ``v`` lie in each bin; the outermost hold all beyond."""
    places = " + ".join(f"(v >= {edge})::INTEGER" for edge in edges[1:-1]) or "0"
    return dict(table.ask(f"SELECT {places} AS bin, count(*) FROM ({values}) GROUP BY bin"))  # noqa: S608


def _draw_values(table: Table, name: str, values: str, note: str) -> Figure | None:
    present = f"SELECT v FROM (SELECT {values}) WHERE v IS NOT NULL"  # noqa: S608
    found = table.ask(
        f"SELECT v, n, sum(n) OVER (), count(*) OVER () FROM (SELECT v, count(*) AS n FROM ({present}) GROUP BY v)"  # noqa: S608
        f" ORDER BY n DESC, v LIMIT {MAX_BARS}"
    )
    if not found:
        return None
    counts, total, distinct = {value: count for value, count, _, _ in found}, int(found[0][2]), found[0][3]
    if distinct > MAX_BARS and all(map(CLOCK.fullmatch, counts)):
        ((all_of_day,),) = table.ask(f"SELECT bool_and(regexp_full_match(v, '{CLOCK.pattern}')) FROM ({present})")  # noqa: S608
        if all_of_day:
            moments = f"epoch_us(v::TIME) AS v FROM ({present})"
            return _draw_moments(table, name, moments, "time of day", note)
    if say_little(counts.values(), total, distinct):
        return _draw_numbers(table, name, f"length(v)::DOUBLE AS v FROM ({present})", ["length of the text", note])
    return draw_values(name, [note], counts, total, distinct)
